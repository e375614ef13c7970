//! Rebuilds all trends beside the current ones: first rows in the order of the table, then each index by one
//! sort, and one transaction replaces the old ones by both. Readers of any process see the old ones until then;
//! an interrupted rebuild leaves a table that nothing reads and the next rebuild drops.

use super::trends::write;
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

/// Table in which rebuilt trends are staged.
const ASIDE: &str = "trends_aside";
/// Suffix of index names, which are unique in a file: the staged table's indexes have it if those of the table
/// in use do not.
const OTHER: &str = "_other";
/// File whose lock is held by the process that computes trends; beside `walks.db`, always empty.
const TURN_FILE: &str = "trends.lock";
const MAKE: &str = "rebuild trends";

impl WalksFile {
    /// Waits until no other process computes trends; dropping the file releases the lock.
    pub(crate) async fn trends_turn(&self) -> Result<File, StoreError> {
        let path = self.readers.path().with_file_name(TURN_FILE);
        let failed = |cause| StoreError::Unusable(format!("{} cannot be locked: {cause}", path.display()));
        let file = private::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        // A thread of its own: one of the runtime's would have to return before the process can end.
        let (send, turn) = oneshot::channel();
        std::thread::Builder::new()
            .name("trends-turn".to_owned())
            .spawn(move || {
                let locked = file.lock().map(|()| file);
                // If the caller stopped waiting, this releases the lock.
                let _ = send.send(locked);
            })
            .map_err(failed)?;
        turn.await.map_err(|_| StoreError::Closed)?.map_err(failed)
    }

    pub(crate) async fn begin_trends_rebuild(&self) -> Result<(), StoreError> {
        self.writer.run(begin).await
    }

    pub(crate) async fn add_rebuilt_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        self.writer.run(move |connection| write(connection, ASIDE, &rows)).await
    }

    pub(crate) async fn end_trends_rebuild(
        &self,
        store: u128,
        peers: Vec<TrendPeers>,
        state: TrendState,
    ) -> Result<(), StoreError> {
        let indexes = self.writer.run(|connection| indexes_to_make(connection).doing(MAKE)).await?;
        for index in indexes {
            // A transaction each, so that other writers get their turn in between.
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

/// Returns the statements that create the indexes of the staged table, like those of the table in use.
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

/// Creates an index. Sorting uses files beyond a few megabytes, not memory for all: that is also faster, since
/// the data compared fits a cache of the processor.
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
