//! Applies the steps of the schema. Everything is in the database's schema `tagmeter`, and every statement
//! names it: statements do not depend on a connection's settings.

use super::citus;
use super::connection::Pool;
use crate::StoreError;
use crate::error::Doing;
use crate::migration::{Migration, Set, pending};
use crate::row;
use crate::schema::SETS;

/// Advisory lock while the schema is brought up to date, so that many nodes may start at once. A number of our
/// own.
const LOCK: i64 = 0x7461_676d_6574_6572;

/// Migrates the database to the newest schema, in one transaction. Safe to run from several nodes at once and
/// to interrupt. On a Citus cluster it also distributes the tables. Returns true for a cluster.
pub(super) async fn apply(pool: &Pool) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await.doing("begin a migration")?;
    transaction
        .batch_execute(&format!(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})"
        ))
        .await
        .doing("wait for another node's migration")?;
    transaction
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS tagmeter;
             CREATE TABLE IF NOT EXISTS tagmeter.migrations (
                 part text NOT NULL, number bigint NOT NULL, name text NOT NULL, sha256 bytea NOT NULL,
                 PRIMARY KEY (part, number))",
        )
        .await
        .doing("create the table of migrations")?;
    for Set { name: part, postgres: steps, .. } in SETS {
        let applied = transaction
            .query_typed(
                "SELECT number, sha256 FROM tagmeter.migrations WHERE part = $1",
                &[(&part, tokio_postgres::types::Type::TEXT)],
            )
            .await
            .doing("read the table of migrations")?;
        let applied: Vec<(u32, Vec<u8>)> = applied
            .iter()
            .map(row::postgres)
            .collect::<Result<_, _>>()
            .doing("read the table of migrations")?;
        for step in pending(steps, &applied)? {
            transaction.batch_execute(step.sql).await.doing("migrate the schema")?;
            note(&transaction, part, step).await?;
        }
    }
    let is_cluster = citus::is_present(&transaction).await?;
    if is_cluster {
        citus::distribute(&transaction).await?;
    }
    transaction.commit().await.doing("commit a migration")?;
    Ok(is_cluster)
}

async fn note(
    transaction: &tokio_postgres::Transaction<'_>,
    part: &str,
    step: &Migration,
) -> Result<(), StoreError> {
    use tokio_postgres::types::Type;
    transaction
        .execute_typed(
            "INSERT INTO tagmeter.migrations (part, number, name, sha256) VALUES ($1, $2, $3, $4)",
            &[
                (&part, Type::TEXT),
                (&i64::from(step.number), Type::INT8),
                (&step.name, Type::TEXT),
                (&step.checksum().as_slice(), Type::BYTEA),
            ],
        )
        .await
        .map(|_| ())
        .doing("record a migration")
}
