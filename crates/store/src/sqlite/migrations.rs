//! Applies the steps of the schema to a file, in one transaction.

use crate::error::{Doing, StoreError};
use crate::migration::{Migration, pending};
use crate::row;
use rusqlite::{Connection, TransactionBehavior};

/// Migrates a file to the newest schema. Safe to run from several processes at once and to interrupt.
pub(crate) fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a migration")?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migrations (
                 number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT",
        )
        .doing("create the table of migrations")?;
    for step in pending(migrations, &applied(&transaction)?)? {
        transaction.execute_batch(step.sql).doing("migrate the schema")?;
        transaction
            .execute(
                "INSERT INTO migrations (number, name, sha256) VALUES (?1, ?2, ?3)",
                (step.number, step.name, step.checksum()),
            )
            .doing("record a migration")?;
    }
    transaction.commit().doing("commit a migration")
}

/// Returns the steps that were applied to a file: number and checksum of each.
pub(crate) fn applied(connection: &Connection) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
    connection
        .prepare("SELECT number, sha256 FROM migrations ORDER BY number")
        .and_then(|mut s| s.query_map([], row::sqlite)?.collect())
        .doing("read the table of migrations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_migrates_from_nothing_and_once() {
        for migrations in crate::schema::SETS.map(|set| set.sqlite) {
            let mut connection = Connection::open_in_memory().expect("a database");
            apply(&mut connection, migrations).expect("a schema");
            apply(&mut connection, migrations).expect("the same schema");
            assert!(migrations.iter().zip(1..).all(|(m, number)| m.number == number));
        }
    }

    #[test]
    fn an_edited_or_newer_step_is_refused() {
        let mut connection = Connection::open_in_memory().expect("a database");
        let step = Migration { number: 1, name: "a", sql: "CREATE TABLE a (x) " };
        apply(&mut connection, &[step]).expect("a schema");
        let edited = Migration { sql: "CREATE TABLE b (x)", ..step };
        assert!(apply(&mut connection, &[edited]).expect_err("edited").to_string().contains("differs"));
        assert!(apply(&mut connection, &[]).expect_err("newer").to_string().contains("newer"));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().expect("a database");
        let broken = Migration { number: 1, name: "a", sql: "CREATE TABLE a (x); CREATE TABLE a (x);" };
        assert!(apply(&mut connection, &[broken]).is_err());
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(tables, 0);
    }
}
