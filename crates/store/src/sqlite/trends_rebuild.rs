//! Rebuilds all trends beside the current ones: rows in the order of the table first, each index by one sort then, and
//! both put in place of the old ones by one transaction. Readers see the old ones until then, of whichever process they
//! are; whoever is cut off leaves a table that nobody reads and the next one drops.

use super::trends::keep;
use super::walks::WalksFile;
use crate::StoreError;
use crate::error::Doing;
use crate::private;
use crate::row;
use crate::trends::{TrendPeers, TrendRow, TrendState};
use domain::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::fs::{File, TryLockError};
use tokio::sync::oneshot;

/// Table in which trends are set aside.
const ASIDE: &str = "trends_aside";
/// Names of indexes are those of a file, not of a table: those of the table set aside end in this where those of the table
/// in use do not.
const OTHER: &str = "_other";
/// Locked by whoever works trends out; beside `walks.db`, and always empty.
const TURN_FILE: &str = "trends.lock";
const MAKE: &str = "make trends anew";

impl WalksFile {
    /// Waits until no other process works trends out; what is locked is free when the file is dropped.
    pub(crate) async fn trends_turn(&self) -> Result<File, StoreError> {
        let path = self.readers.path().with_file_name(TURN_FILE);
        let failed = |cause| StoreError::Unusable(format!("{} cannot be locked: {cause}", path.display()));
        let file = private::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        // A thread of its own: one of the runtime's would have to come back before the process can end.
        let (send, turn) = oneshot::channel();
        std::thread::Builder::new()
            .name("trends-turn".to_owned())
            .spawn(move || {
                let locked = file.lock().map(|()| file);
                // Who waited for it may have gone: it is free again then.
                let _ = send.send(locked);
            })
            .map_err(failed)?;
        turn.await.map_err(|_| StoreError::Closed)?.map_err(failed)
    }

    pub(crate) async fn begin_trends_rebuild(&self) -> Result<(), StoreError> {
        self.writer.run(begin).await
    }

    pub(crate) async fn add_rebuilt_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        self.writer.run(move |connection| keep(connection, ASIDE, &rows)).await
    }

    pub(crate) async fn end_trends_rebuild(
        &self,
        store: u128,
        peers: Vec<TrendPeers>,
        state: TrendState,
    ) -> Result<(), StoreError> {
        let indexes = self.writer.run(|connection| indexes_to_make(connection).doing(MAKE)).await?;
        for index in indexes {
            // A transaction each, so that other writers have their turn between.
            self.writer.run(move |connection| sorted(connection, &index).doing(MAKE)).await?;
        }
        self.writer.run(move |connection| put_in_place(connection, store, &peers, state).doing(MAKE)).await
    }
}

fn begin(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(MAKE)?;
    let sql: String = transaction
        .query_row("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'trends'", [], |row| {
            row.get(0)
        })
        .doing(MAKE)?;
    let columns = body(&sql);
    transaction
        .execute_batch(&format!("DROP TABLE IF EXISTS {ASIDE}; CREATE TABLE {ASIDE} {columns}"))
        .doing(MAKE)?;
    transaction.commit().doing(MAKE)
}

/// Returns the part of a `CREATE` statement after the names.
fn body(sql: &str) -> &str {
    sql.find('(').map_or("", |start| &sql[start..])
}

/// Statements that make the indexes of the table set aside, as those of the table in use are.
fn indexes_to_make(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'trends' AND sql IS NOT NULL",
    )?;
    let made = |row: &Row<'_>| {
        let (name, sql): (String, &str) = row::read(row)?;
        let name = name.strip_suffix(OTHER).map_or_else(|| format!("{name}{OTHER}"), str::to_owned);
        Ok(format!("CREATE INDEX IF NOT EXISTS {name} ON {ASIDE} {}", body(sql)))
    };
    statement.query_map([], made)?.collect()
}

/// Makes an index. What is sorted for it goes to files beyond a few megabytes, not all of it to memory: that is also the
/// quicker way, since a cache of the processor holds what is compared.
fn sorted(connection: &Connection, index: &str) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA temp_store = FILE")?;
    let made = connection.execute_batch(index);
    connection.execute_batch("PRAGMA temp_store = MEMORY")?;
    made
}

fn put_in_place(
    connection: &mut Connection,
    store: u128,
    peers: &[TrendPeers],
    state: TrendState,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let store = store.to_be_bytes();
    let known: Option<i64> = transaction
        .query_row("SELECT sequence FROM trend_state WHERE store = ?1", [store], |row| row.get(0))
        .optional()?;
    if known.is_some_and(|known| known.unsigned_abs() > state.sequence) {
        transaction.execute_batch(&format!("DROP TABLE {ASIDE}"))?;
        return transaction.commit();
    }
    transaction.execute_batch(&format!(
        "DROP TABLE trends; ALTER TABLE {ASIDE} RENAME TO trends; DELETE FROM trend_peers;"
    ))?;
    for TrendPeers { window, peers, made_of } in peers {
        transaction.execute(
            "INSERT INTO trend_peers (trend_window, peers, made_of) VALUES (?1, ?2, ?3)",
            params![window, peers, made_of.cast_signed()],
        )?;
    }
    transaction.execute(
        "INSERT OR REPLACE INTO trend_state (one, store, sequence, newest_at) VALUES (1, ?1, ?2, ?3)",
        params![store, state.sequence.cast_signed(), state.newest_at.map(Timestamp::as_ms)],
    )?;
    transaction.commit()
}
