//! Copies the WAL of `accounts.db` back into the file at times, so that it stays bounded, on the writing
//! connection, between commits. Failures are noticed; SQLite's own automatic checkpoint would not report them.

use crate::StoreError;
use crate::error::Doing;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Pages in the WAL that trigger a checkpoint. Rare checkpoints are faster, as a page that was written often is
/// copied back once.
const CHECKPOINT_PAGES: i32 = 10_000;
/// Pages in the WAL that trigger a checkpoint that waits for readers, which would otherwise keep the file
/// growing.
const CHECKPOINT_WAITING_PAGES: i32 = 4 * CHECKPOINT_PAGES;
/// Pause between two tries for a lock of another process.
const LOCK_RETRY: Duration = Duration::from_micros(500);
/// Tries for the write lock: ten seconds.
const LOCK_TRIES: i32 = 20_000;
/// Tries of a checkpoint that waits for readers while charges wait: 50 ms.
const CHECKPOINT_TRIES: i32 = 100;

/// Schedule of checkpoints.
pub(super) struct Checkpoints {
    /// Pages in the WAL after the last commit.
    pages: Arc<AtomicI32>,
    /// Tries for a lock before giving up, read by the busy handler.
    tries: Arc<AtomicI32>,
    /// Pages at which the next one is due.
    due: i32,
}

impl Checkpoints {
    /// Watches the WAL of a connection without autocheckpoint, and makes the connection wait for locks
    /// patiently.
    pub(super) fn watch(connection: &mut Connection) -> Result<Self, StoreError> {
        let pages = Arc::new(AtomicI32::new(0));
        let tries = Arc::new(AtomicI32::new(LOCK_TRIES));
        let seen = Arc::clone(&pages);
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
                seen.store(count, Ordering::Relaxed);
                Ok(())
            }))
            .doing("watch the WAL")?;
        let limit = Arc::clone(&tries);
        connection
            .busy_handler(Some(move |tried| {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "another process holds the lock: there is no event to wait for"
                )]
                std::thread::sleep(LOCK_RETRY);
                tried < limit.load(Ordering::Relaxed)
            }))
            .doing("set the busy handler")?;
        Ok(Self { pages, tries, due: CHECKPOINT_PAGES })
    }

    /// Runs a checkpoint if the WAL has grown enough.
    pub(super) fn run_if_due(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            // The WAL was restarted.
            self.due = CHECKPOINT_PAGES;
        }
        if pages < self.due {
            return Ok(());
        }
        // Readers may prevent a restart of the WAL; then try again after as many pages more.
        self.due = pages + CHECKPOINT_PAGES;
        let wait = pages >= CHECKPOINT_WAITING_PAGES;
        self.tries.store(CHECKPOINT_TRIES, Ordering::Relaxed);
        let sql = if wait { "PRAGMA wal_checkpoint(RESTART)" } else { "PRAGMA wal_checkpoint(PASSIVE)" };
        let done = connection.query_row(sql, [], |_| Ok(()));
        self.tries.store(LOCK_TRIES, Ordering::Relaxed);
        done.doing("copy the WAL back")
    }
}
