//! The one thread that writes to a file. Work is sent to it as closures; each is a whole transaction.
//!
//! Work that panics is rolled back and answered with an error; the thread continues. A connection that is stuck
//! in a transaction after a panic is reopened.

use super::connection::{self, Settings};
use crate::error::{Doing, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, TrySendError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Transactions that may queue for the thread before callers have to wait.
const QUEUE_MAX: usize = 64;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread. Dropping it lets the thread finish what is queued and waits for it.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
}

/// State of the thread.
struct Writing {
    connection: Connection,
    /// Reopens the file.
    opened: Option<(PathBuf, Settings)>,
}

impl Writer {
    /// Starts the thread on a connection that is not reopened.
    pub(crate) fn start(name: &str, connection: Connection) -> Result<Self, StoreError> {
        Self::spawn(name, Writing { connection, opened: None })
    }

    /// Starts the thread on a connection that [`connection::open_writer`] opened with these settings.
    pub(crate) fn start_on(
        name: &str,
        connection: Connection,
        path: &Path,
        settings: Settings,
    ) -> Result<Self, StoreError> {
        Self::spawn(name, Writing { connection, opened: Some((path.to_owned(), settings)) })
    }

    fn spawn(name: &str, mut writing: Writing) -> Result<Self, StoreError> {
        let (queue, work) = mpsc::sync_channel::<Work>(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Ok(transaction) = work.recv() {
                    transaction(&mut writing.connection);
                    writing.leave_transaction();
                }
            })
            .map_err(|cause| StoreError::Database {
                doing: "start its writer thread",
                cause: Box::new(cause),
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `work` on the thread, to its end even if the caller stops waiting. Work that panics returns
    /// [`StoreError::Panicked`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (transaction, answer) = answering(work);
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(transaction).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes to the file, to check that this works. `None` while the thread has other work waiting, which
    /// shows it, too.
    pub(crate) async fn probe(&self) -> Option<Result<(), StoreError>> {
        let (transaction, answer) = answering(write_once);
        match self.queue.as_ref().map(|queue| queue.try_send(transaction)) {
            Some(Ok(())) => Some(answer.await.unwrap_or(Err(StoreError::Closed))),
            Some(Err(TrySendError::Full(_))) => None,
            Some(Err(TrySendError::Disconnected(_))) | None => Some(Err(StoreError::Closed)),
        }
    }
}

/// Wraps work for the thread; returns it with the receiver of its result.
fn answering<T: Send + 'static>(
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> (Work, oneshot::Receiver<Result<T, StoreError>>) {
    let (done, answer) = oneshot::channel();
    let transaction: Work = Box::new(move |connection| {
        // A panic rolls the transaction back while unwinding: no partial work is left.
        let result = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|panic| {
            let error = StoreError::panicked(panic.as_ref());
            tracing::error!(%error, "a writer panicked; its transaction was rolled back");
            Err(error)
        });
        // The caller may have stopped waiting: the transaction is committed all the same.
        let _ = done.send(result);
    });
    (transaction, answer)
}

impl Writing {
    /// Ends any transaction after work on a file. A copy of a store reads in one that spans several pieces of
    /// work, on a connection that is not reopened.
    fn leave_transaction(&mut self) {
        let Some((path, settings)) = &self.opened else { return };
        if self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok() {
            return;
        }
        match connection::open_writer(path, *settings) {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "a writer cannot be reopened"),
        }
    }
}

/// Writes one page, durably: the file's `user_version`, which nothing else uses.
pub(super) fn write_once(connection: &mut Connection) -> Result<(), StoreError> {
    const DOING: &str = "write to the file";
    let now: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).doing(DOING)?;
    connection.pragma_update(None, "user_version", now.wrapping_add(1).max(0)).doing(DOING)
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // After a panic of the thread every caller got `Closed`.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { cache_kib: 2048, autocheckpoint_pages: 1000, durable: true };

    fn writer(folder: &Path) -> Writer {
        let path = folder.join("a.db");
        let connection = connection::open_writer(&path, SETTINGS).expect("a file");
        connection.execute_batch("CREATE TABLE t (n INTEGER) STRICT").expect("a table");
        Writer::start_on("test", connection, &path, SETTINGS).expect("a thread")
    }

    async fn rows(writer: &Writer) -> i64 {
        let count = |connection: &mut Connection| {
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).doing("count")
        };
        writer.run(count).await.expect("a count")
    }

    #[tokio::test]
    async fn work_that_panics_is_rolled_back_and_the_writer_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(folder.path());
        let panicked = writer
            .run::<()>(|connection| {
                let transaction = connection.transaction().doing("begin")?;
                transaction.execute("INSERT INTO t VALUES (1)", []).doing("insert")?;
                panic!("sum of views overflows");
            })
            .await
            .expect_err("it panicked");
        assert!(matches!(&panicked, StoreError::Panicked(what) if what.contains("overflows")), "{panicked}");
        assert!(!panicked.is_passing());
        assert_eq!(rows(&writer).await, 0, "nothing of it is there");
        // Also from a transaction that was not rolled back.
        let left = |connection: &mut Connection| -> Result<(), StoreError> {
            connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)").doing("begin")?;
            panic!("within");
        };
        assert!(writer.run(left).await.is_err());
        assert_eq!(rows(&writer).await, 0);
        assert!(writer.probe().await.is_some_and(|probe| probe.is_ok()));
    }

    #[tokio::test]
    async fn a_probe_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = writer(folder.path());
        let wal = || std::fs::metadata(folder.path().join("a.db-wal")).expect("a log").len();
        let before = wal();
        writer.probe().await.expect("it is free").expect("written");
        assert!(wal() > before);
    }
}
