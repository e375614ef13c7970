//! Read connections to one file, lent for the length of a query. Queries are short and run on the calling
//! thread: switching to another one costs more than the query.

use super::connection;
use crate::error::{Doing, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Page cache of each read connection. Small: the operating system caches the file once for all of them.
const CACHE_KIB: u32 = 2 * 1024;

/// A pool that opens a connection whenever none is idle.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lends a connection to `query`. A connection whose query failed is closed rather than lent again.
    pub(crate) fn with<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open_reader(&self.path, CACHE_KIB)?,
        };
        let answer = query(&connection)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer)
    }

    /// Like [`Self::with`], for several statements: all see one snapshot, and the file is locked and its size
    /// read once instead of for each.
    pub(crate) fn with_snapshot<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let run = |sql| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
            run("BEGIN").doing("begin to read")?;
            // After an error the connection is closed, and with it the transaction.
            let answer = query(connection)?;
            run("COMMIT").doing("end reading")?;
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connection::{Settings, open_writer};

    #[test]
    fn a_snapshot_sees_one_state_and_the_next_one_sees_what_was_written_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let settings = Settings { cache_kib: 1024, autocheckpoint_pages: 1000, durable: false };
        let writer = open_writer(&path, settings).expect("a file");
        writer.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)").expect("a table");
        let readers = Readers::new(&path);
        let sum = |connection: &Connection| {
            let sum: i64 =
                connection.query_row("SELECT sum(n) FROM t", [], |row| row.get(0)).doing("add up")?;
            Ok(sum)
        };
        let seen = readers.with_snapshot(|connection| {
            let before = sum(connection)?;
            writer.execute_batch("INSERT INTO t VALUES (2)").expect("a row");
            Ok((before, sum(connection)?))
        });
        assert_eq!(seen.expect("two sums"), (1, 1));
        let failed: Result<(), _> = readers.with_snapshot(|_| Err(StoreError::Closed));
        assert!(matches!(failed, Err(StoreError::Closed)));
        assert_eq!(readers.with_snapshot(sum).expect("a sum"), 3);
    }
}
