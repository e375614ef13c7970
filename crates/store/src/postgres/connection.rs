//! Connections to the database: a pool, time limits, and statements that are prepared once a connection or,
//! behind a pooler that does not support that, sent with their types each time.

use super::tls;
use crate::error::Doing;
use crate::{DatabaseUrl, StoreError};
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::TryStreamExt;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, RowStream, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connections of one node.
pub(crate) const CONNECTIONS_MAX: usize = 16;
/// Time that a caller waits for a free connection, and for a new one.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Time limits of statements and locks for everything that answers a request. Imports, audits and migrations
/// set their own. Set when a connection is opened, except through a transaction pooler, where the session is
/// shared.
const SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET TIME ZONE 'UTC';
    SET idle_in_transaction_session_timeout = '60s'";

/// Time limit for the answer to one statement. The server's own limit is shorter, if it responds at all.
const ANSWER_MAX: Duration = Duration::from_secs(12);

/// A value and its type, as statements take them.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// These limits for one transaction, in a shared session.
const LOCAL_SETTINGS: &str = "SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '5s';
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// A connection outside the pool, and its driver, which must be polled.
pub(crate) type Apart<S> = (tokio_postgres::Client, tokio_postgres::Connection<Socket, S>);

/// The connections of one node.
#[derive(Clone)]
pub(crate) struct Pool {
    pool: deadpool_postgres::Pool,
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    prepared_statements: bool,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration contains the password.
        f.debug_struct("Pool").field("status", &self.pool.status()).finish_non_exhaustive()
    }
}

/// A connection lent by the pool.
pub(crate) struct Client {
    pub(crate) object: Object,
    prepared_statements: bool,
}

impl Pool {
    /// Creates a pool, without a connection yet.
    pub(crate) fn new(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let mut config = url.config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(WAIT_MAX);
        }
        let tls = tls::connector(&url.trust)?;
        let manager = Manager::from_config(
            config.clone(),
            tls.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let mut builder = deadpool_postgres::Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(WAIT_MAX), create: Some(WAIT_MAX), recycle: Some(WAIT_MAX) });
        if url.prepared_statements {
            builder = builder.post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
            }));
        }
        let pool = builder.build().map_err(|error| {
            StoreError::Unusable(format!("cannot create the pool of connections: {error}"))
        })?;
        Ok(Self { pool, config, tls, prepared_statements: url.prepared_statements })
    }

    /// Opens a connection outside the pool.
    pub(crate) async fn connect_apart(
        &self,
    ) -> Result<Apart<impl TlsStream + Unpin + Send + use<>>, tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }

    /// Returns true if a connection is one session for its whole life, which it is not through a transaction
    /// pooler.
    pub(crate) fn has_sessions(&self) -> bool {
        self.prepared_statements
    }

    /// Lends a connection.
    pub(crate) async fn get(&self) -> Result<Client, StoreError> {
        // The futures of pool and driver take kilobytes, and would be part of the future of every request, also of
        // those that are answered without a query.
        let object = Box::pin(self.pool.get()).await.doing("connect")?;
        Ok(Client { object, prepared_statements: self.prepared_statements })
    }

    /// Reads rows by one statement, on any connection.
    pub(crate) async fn query(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.get().await?;
        let answer = timeout(ANSWER_MAX, Box::pin(client.query(doing, sql, parameters))).await;
        answer.unwrap_or_else(|_| {
            let waited = ANSWER_MAX.as_secs();
            Err(StoreError::Unreachable(format!("no answer within {waited} s on trying to {doing}")))
        })
    }

    /// Reads the row that a statement returns, if any.
    pub(crate) async fn query_opt(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(doing, sql, parameters).await?.into_iter().next())
    }

    /// Reads the row that a statement always returns.
    pub(crate) async fn query_one(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, StoreError> {
        let row = self.query_opt(doing, sql, parameters).await?;
        row.ok_or_else(|| StoreError::Database { doing, cause: "a required row is missing".into() })
    }
}

impl Client {
    /// Reads the rows of one statement, outside a transaction.
    pub(crate) async fn query(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.stream(doing, sql, parameters).await?.try_collect().await.doing(doing)
    }

    /// Reads the rows of one statement one by one, for large results.
    pub(crate) async fn stream(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<RowStream, StoreError> {
        if !self.prepared_statements {
            return self.object.query_typed_raw(sql, parameters.iter().cloned()).await.doing(doing);
        }
        let types: Vec<Type> = parameters.iter().map(|(_, kind)| kind.clone()).collect();
        let statement = self.object.prepare_typed_cached(sql, &types).await.doing(doing)?;
        let values = parameters.iter().map(|(value, _)| *value);
        self.object.query_raw(&statement, values).await.doing(doing)
    }

    /// Begins a transaction. Its statements go through tokio-postgres' own methods; `query_typed` and
    /// `execute_typed` need no preparing.
    pub(crate) async fn transaction(
        &mut self,
    ) -> Result<tokio_postgres::Transaction<'_>, tokio_postgres::Error> {
        let prepared_statements = self.prepared_statements;
        let client: &mut tokio_postgres::Client = &mut self.object;
        let transaction = Box::pin(client.transaction()).await?;
        if !prepared_statements {
            transaction.batch_execute(LOCAL_SETTINGS).await?;
        }
        Ok(transaction)
    }
}
