//! The schema, step by step, the same steps as SQLite's. Everything is in the database's schema `tagmeter`, and every
//! statement names it: no setting of a connection decides what a statement means.

use super::citus;
use super::connection::Pool;
use crate::StoreError;
use crate::error::Doing;
use crate::migration::{Migration, migration, pending};

/// The sets of steps, by the file that holds the same tables on SQLite.
pub(crate) const SETS: [(&str, &[Migration]); 3] = [
    (
        "catalog",
        &[
            migration!("catalog", 1, "0001", "catalog"),
            migration!("catalog", 2, "0002", "identities"),
            migration!("catalog", 3, "0003", "removed"),
        ],
    ),
    (
        "accounts",
        &[
            migration!("accounts", 1, "0001", "accounts"),
            migration!("accounts", 2, "0002", "jobs_that_fail"),
            migration!("accounts", 3, "0003", "attempts_unheard"),
        ],
    ),
    (
        "walks",
        &[
            migration!("walks", 1, "0001", "walks"),
            migration!("walks", 2, "0002", "standings"),
            migration!("walks", 3, "0003", "outlook"),
        ],
    ),
];

/// Held while the schema is brought up to date, so that many nodes may start at once. A number of our own.
const LOCK: i64 = 0x7461_676d_6574_6572;

/// Brings the database to the newest schema, in one transaction. Safe to run from several nodes at once and to be cut
/// off anywhere. On a cluster of Citus the tables are spread too; says whether it is one.
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
        .doing("make the table of migrations")?;
    for (part, steps) in SETS {
        let applied = transaction
            .query_typed(
                "SELECT number, sha256 FROM tagmeter.migrations WHERE part = $1",
                &[(&part, tokio_postgres::types::Type::TEXT)],
            )
            .await
            .doing("read the table of migrations")?;
        let applied: Vec<(u32, Vec<u8>)> = applied
            .iter()
            .map(|row| (u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX), row.get(1)))
            .collect();
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
        .doing("note a migration")
}
