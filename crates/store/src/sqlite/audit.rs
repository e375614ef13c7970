//! The audit of `accounts.db`: feeds the auditor, and checks the file itself (pages, indexes, schema).
//!
//! It reads on a connection of its own and does not block the writer. Entries are read in batches, each a
//! transaction of its own, so that the WAL does not grow during the whole audit: entries never change, and only
//! the last batch is read together with the balances.

use super::accounts::AccountsFile;
use super::{connection, migrations};
use crate::StoreError;
use crate::audit::{AuditReport, AuditedEntry, Auditor, StoredBalance, audited_columns, balance_columns};
use crate::error::Doing;
use crate::row;
use rusqlite::{Connection, Row};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tokio::sync::oneshot;

/// Page cache of the audit's connection.
const CACHE_KIB: u32 = 16 * 1024;
/// Entries read in one transaction.
const PIECE: usize = 100_000;
/// Maximum number of reported problems of the file's pages and indexes.
const FILE_PROBLEMS_MAX: usize = 100;

impl AccountsFile {
    pub(crate) async fn audit(&self) -> Result<AuditReport, StoreError> {
        let path: PathBuf = self.readers.path().to_owned();
        let (done, report) = oneshot::channel();
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || {
                // The caller may have stopped waiting.
                let audited = catch_unwind(AssertUnwindSafe(|| audit(&path)));
                let _ = done.send(audited.unwrap_or_else(|panic| Err(StoreError::panicked(panic.as_ref()))));
            })
            .map_err(|cause| StoreError::Database {
                doing: "start the audit's thread",
                cause: Box::new(cause),
            })?;
        report.await.map_err(|_| StoreError::Closed)?
    }
}

fn audit(path: &Path) -> Result<AuditReport, StoreError> {
    let connection = connection::open_reader(path, CACHE_KIB)?;
    let mut auditor = Auditor::default();
    schema(&connection, &mut auditor)?;
    file(&connection, &mut auditor)?;
    ledger(&connection, &mut auditor)?;
    Ok(auditor.finish())
}

/// Checks that the file has the tables, indexes and triggers that the schema's steps create: without a unique
/// index a call could be charged twice.
fn schema(connection: &Connection, auditor: &mut Auditor) -> Result<(), StoreError> {
    let read = |connection: &Connection| -> Result<Vec<(String, Option<String>)>, StoreError> {
        connection
            .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1")
            .and_then(|mut s| s.query_map([], row::sqlite)?.collect())
            .doing("read the schema")
    };
    let mut fresh = Connection::open_in_memory().doing("create a schema to compare with")?;
    migrations::apply(&mut fresh, crate::schema::ACCOUNTS.sqlite)?;
    let (stored, wanted) = (read(connection)?, read(&fresh)?);
    for (name, _) in wanted.iter().filter(|item| !stored.contains(item)) {
        auditor.problem(None, format!("the schema lacks the {name}"));
    }
    for (name, _) in stored.iter().filter(|(name, _)| !wanted.iter().any(|(n, _)| n == name)) {
        auditor.problem(None, format!("the schema has an unknown {name}"));
    }
    Ok(())
}

/// Runs SQLite's own checks of pages, indexes, constraints and references.
fn file(connection: &Connection, auditor: &mut Auditor) -> Result<(), StoreError> {
    let found: Vec<String> = connection
        .prepare(&format!("PRAGMA integrity_check({FILE_PROBLEMS_MAX})"))
        .and_then(|mut s| s.query_map([], row::sqlite)?.collect())
        .doing("check the file")?;
    for what in found.into_iter().filter(|what| what != "ok") {
        auditor.problem(None, format!("the file is damaged: {what}"));
    }
    let dangling: Vec<String> = connection
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut s| s.query_map([], row::sqlite)?.collect())
        .doing("check references")?;
    for table in dangling.into_iter().take(FILE_PROBLEMS_MAX) {
        auditor.problem(None, format!("a row of {table} belongs to no account"));
    }
    each(
        connection,
        "SELECT account_id FROM accounts WHERE account_id NOT IN (SELECT account_id FROM balances)",
        |row| {
            auditor.problem(Some(row::read(row)?), "the account has no balance");
            Ok(())
        },
    )?;
    each(
        connection,
        "SELECT account_id, count(*) FROM idempotency AS stored WHERE NOT EXISTS (
             SELECT 1 FROM entries WHERE entries.request_id = stored.request_id AND entries.account_id = stored.account_id)
         GROUP BY account_id",
        |row| {
            let (account, count): (i64, i64) = row::read(row)?;
            auditor.problem(Some(account), format!("{count} stored answers were not charged"));
            Ok(())
        },
    )
}

/// Feeds every entry in order, and then the balances from the snapshot of the last batch.
fn ledger(connection: &Connection, auditor: &mut Auditor) -> Result<(), StoreError> {
    let mut last = i64::MIN;
    loop {
        let snapshot = connection.unchecked_transaction().doing("begin to read entries")?;
        let count = piece(&snapshot, &mut last, auditor)?;
        if count < PIECE {
            balances(&snapshot, auditor)?;
            return Ok(());
        }
    }
}

fn piece(connection: &Connection, last: &mut i64, auditor: &mut Auditor) -> Result<usize, StoreError> {
    let mut statement = connection
        .prepare_cached(concat!(
            "SELECT entry_id, previous, ",
            audited_columns!(),
            " FROM entries WHERE entry_id > ?1 ORDER BY entry_id LIMIT ?2"
        ))
        .doing("read entries")?;
    let mut rows = statement.query((*last, crate::ledger::limit(PIECE))).doing("read entries")?;
    let mut count = 0;
    while let Some(row) = rows.next().doing("read entries")? {
        let (number, previous, entry): (i64, i64, AuditedEntry<'_>) =
            row::read(row).doing("read an entry")?;
        *last = number;
        auditor.entry(&entry.at(number, previous));
        count += 1;
    }
    Ok(count)
}

fn balances(connection: &Connection, auditor: &mut Auditor) -> Result<(), StoreError> {
    each(
        connection,
        concat!(
            "SELECT ",
            balance_columns!(),
            ", last_entry FROM balances b LEFT JOIN accounts a ON a.account_id = b.account_id"
        ),
        |row| {
            let (balance, last_entry): (StoredBalance<'_>, i64) = row::read(row)?;
            auditor.balance(&balance, last_entry);
            Ok(())
        },
    )
}

fn each(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql).doing("audit")?;
    let mut rows = statement.query([]).doing("audit")?;
    while let Some(row) = rows.next().doing("audit")? {
        take(row).doing("audit")?;
    }
    Ok(())
}
