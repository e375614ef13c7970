//! Detects a transaction pooler between this node and the server, and whether it follows prepared statements.
//!
//! A statement is prepared in one transaction and executed in the next, while another client occupies the
//! server connection of the first: through a transaction pooler the second transaction is then on another one.

use super::connection::Pool;
use crate::check::Pooling;
use crate::{DatabaseUrl, StoreError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Time that the second transaction may wait for a server connection: a pool of one has none left.
const FREE_CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// Time limit of the detection.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Detects how connections of this URL reach the server.
pub(crate) async fn inspect(url: &DatabaseUrl) -> Result<Pooling, StoreError> {
    let looked = timeout(ANSWER_MAX, across_transactions(url)).await;
    looked.unwrap_or_else(|_| Err(StoreError::Unreachable("no answer about pooling in time".to_owned())))
}

async fn across_transactions(url: &DatabaseUrl) -> Result<Pooling, StoreError> {
    let pool = Pool::new(url)?;
    // Their connections end with the clients.
    let mut driving = JoinSet::new();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (client, connection) = pool.connect_apart().await.map_err(unreachable)?;
        driving.spawn(connection);
        clients.push(client);
    }
    let [first, other] = clients.as_slice() else { return Err(StoreError::Closed) };
    first.batch_execute("BEGIN").await.map_err(unreachable)?;
    let before = backend(first).await.map_err(unreachable)?;
    let prepared = first.prepare("SELECT 1").await;
    first.batch_execute("COMMIT").await.map_err(unreachable)?;
    let statement = match prepared {
        Ok(statement) => statement,
        Err(error) => return Ok(Pooling::Unprepared(message_of(&error))),
    };
    other.batch_execute("BEGIN; SELECT 1").await.map_err(unreachable)?;
    let began = timeout(FREE_CONNECTION_WAIT, first.batch_execute("BEGIN")).await;
    other.batch_execute("ROLLBACK").await.map_err(unreachable)?;
    if began.is_err() {
        // The pooler has one server connection, which is free again now.
        first.batch_execute("BEGIN").await.map_err(unreachable)?;
    }
    let after = backend(first).await.map_err(unreachable)?;
    let executed = first.query(&statement, &[]).await;
    Ok(match executed {
        Err(error) => Pooling::Unprepared(message_of(&error)),
        Ok(_) if before != after || began.is_err() => Pooling::Transactions,
        Ok(_) => Pooling::Sessions,
    })
}

/// Returns the server process of a connection.
async fn backend(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    let messages = client.simple_query("SELECT pg_backend_pid()").await?;
    Ok(messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

fn unreachable(error: tokio_postgres::Error) -> StoreError {
    StoreError::Unreachable(message_of(&error))
}

/// Returns the message of the server.
fn message_of(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}
