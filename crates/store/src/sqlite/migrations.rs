//! The schema, step by step: numbered files, each applied once, in order, in a transaction of its own. A step that has
//! been released is never edited; its checksum is kept and compared.

use crate::error::{Doing, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};

/// One step of a file's schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Names a step's file once: `migration!("catalog", 1, "hashtags")` is `migrations/catalog/0001_hashtags.sql`.
macro_rules! migration {
    ($file:literal, $number:literal, $digits:literal, $name:literal) => {
        $crate::sqlite::migrations::Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("migrations/", $file, "/", $digits, "_", $name, ".sql")),
        }
    };
}

/// Steps of `catalog.db`.
pub(crate) const CATALOG: &[Migration] = &[migration!("catalog", 1, "0001", "catalog")];
/// Steps of `accounts.db`.
pub(crate) const ACCOUNTS: &[Migration] = &[migration!("accounts", 1, "0001", "accounts")];
/// Steps of `walks.db`.
pub(crate) const WALKS: &[Migration] = &[migration!("walks", 1, "0001", "walks")];

/// Brings a file to the newest schema. Safe to run from several processes at once and to be cut off anywhere.
pub(crate) fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a migration")?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migrations (
                 number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT",
        )
        .doing("make the table of migrations")?;
    let applied: Vec<(u32, Vec<u8>)> = transaction
        .prepare("SELECT number, sha256 FROM migrations ORDER BY number")
        .and_then(|mut s| s.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .doing("read the table of migrations")?;
    if let Some((number, _)) = applied.iter().find(|(n, _)| !migrations.iter().any(|m| m.number == *n)) {
        return Err(StoreError::Unusable(format!(
            "this data was written by a newer Tagmeter (schema step {number}); use that version or newer"
        )));
    }
    for step in migrations {
        let sha256 = Sha256::digest(step.sql);
        match applied.iter().find(|(number, _)| *number == step.number) {
            Some((_, known)) if known.as_slice() == sha256.as_slice() => {}
            Some(_) => {
                return Err(StoreError::Unusable(format!(
                    "schema step {} ({}) differs from the one this data was made with",
                    step.number, step.name
                )));
            }
            None => {
                transaction.execute_batch(step.sql).doing("migrate the schema")?;
                transaction
                    .execute(
                        "INSERT INTO migrations (number, name, sha256) VALUES (?1, ?2, ?3)",
                        (step.number, step.name, sha256.as_slice()),
                    )
                    .doing("note a migration")?;
            }
        }
    }
    transaction.commit().doing("commit a migration")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_migrates_from_nothing_and_once() {
        for migrations in [CATALOG, ACCOUNTS, WALKS] {
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
