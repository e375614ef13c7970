//! The one thread that writes to `accounts.db`: it commits charges in groups and runs every other change as a
//! transaction of its own.
//!
//! A round takes whatever queued while the last one ran; nothing lingers. A disk that fails during a commit
//! stops the ledger for good: only a restart knows its contents then, and retrying a failed sync can report
//! success for lost data. A full disk or a lock is transient: the round fails, and the next one tries again.

use super::charges::{self, HeadCache};
use super::checkpoints::Checkpoints;
use super::ledger::Quotes;
use crate::StoreError;
use crate::head::{ANSWER_BYTES_WAITING_MAX, CHARGES_WAITING_MAX};
use crate::ledger::{Charge, ChargeOutcome, LedgerActivity};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Maximum number of other changes that wait.
const TASKS_WAITING_MAX: usize = 256;

type Answer = oneshot::Sender<Result<ChargeOutcome, StoreError>>;
/// A change; gets an error if the ledger has stopped. Replies to its caller and returns the reason to stop, if
/// any.
type Task = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> Option<String> + Send>;

/// Work that waits for the thread. Charges and their replies have the same positions in two lists.
#[derive(Default)]
struct Waiting {
    charges: Vec<Charge>,
    answers: Vec<Answer>,
    tasks: Vec<Task>,
    answer_bytes: usize,
    /// True while the thread sleeps.
    asleep: bool,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds something by `add`, unless it is refused or the queue is closed, and wakes the thread.
    fn add(&self, add: impl FnOnce(&mut Waiting) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        add(&mut waiting)?;
        let wake = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if wake {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Waits for work and returns all of it; `None` once closed and empty.
    fn take(&self) -> Option<Waiting> {
        // If the cores are busy, callers about to charge go first and share this commit; if one is idle, this
        // costs nothing.
        std::thread::yield_now();
        let mut waiting = self.lock();
        while waiting.charges.is_empty() && waiting.tasks.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting.asleep = true;
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.asleep = false;
        waiting.answer_bytes = 0;
        Some(Waiting {
            charges: std::mem::take(&mut waiting.charges),
            answers: std::mem::take(&mut waiting.answers),
            tasks: std::mem::take(&mut waiting.tasks),
            ..Waiting::default()
        })
    }

    fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }
}

/// Closes the queue when the thread ends, also by a panic; all waiting calls fail with `Closed`.
struct CloseAtEnd(Arc<Queue>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        let rest = std::mem::replace(&mut *waiting, Waiting { closed: true, ..Waiting::default() });
        drop(waiting);
        drop(rest);
    }
}

/// Counters behind [`LedgerActivity`].
#[derive(Default)]
struct Activity {
    commits: AtomicU64,
    charges: AtomicU64,
    commits_failed: AtomicU64,
    stopped: AtomicBool,
}

/// A handle to the thread. Dropping it lets the thread finish what waits, and waits for that.
pub(crate) struct Committer {
    queue: Arc<Queue>,
    activity: Arc<Activity>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Committer")
    }
}

impl Committer {
    /// Starts the thread on a connection that [`super::connection::open_writer`] opened without autocheckpoint.
    pub(crate) fn start(mut connection: Connection, quotes: Arc<Quotes>) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue::default());
        let checkpoints = Checkpoints::watch(&mut connection)?;
        let activity = Arc::new(Activity::default());
        let mut committing = Committing {
            connection,
            heads: HeadCache::new(quotes),
            checkpoints,
            activity: Arc::clone(&activity),
            stopped: None,
            failed_in_a_row: 0,
        };
        let at_end = CloseAtEnd(Arc::clone(&queue));
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                while let Some(waiting) = at_end.0.take() {
                    committing.round(waiting);
                }
            })
            .map_err(|cause| StoreError::Database {
                doing: "start the ledger's thread",
                cause: Box::new(cause),
            })?;
        Ok(Self { queue, activity, thread: Some(thread) })
    }

    pub(crate) fn activity(&self) -> LedgerActivity {
        LedgerActivity {
            commits: self.activity.commits.load(Ordering::Relaxed),
            charges: self.activity.charges.load(Ordering::Relaxed),
            commits_failed: self.activity.commits_failed.load(Ordering::Relaxed),
            stopped: self.activity.stopped.load(Ordering::Relaxed),
        }
    }

    /// Queues for a group commit. The charge is made even if the caller stops waiting.
    pub(crate) async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        let (sender, answer) = oneshot::channel();
        self.queue.add(|waiting| {
            let answer_bytes = charge.idempotency.as_ref().map_or(0, |i| i.answer.body().len());
            let answer_bytes = waiting.answer_bytes + answer_bytes;
            if waiting.charges.len() >= CHARGES_WAITING_MAX || answer_bytes > ANSWER_BYTES_WAITING_MAX {
                return Err(StoreError::Overloaded);
            }
            waiting.answer_bytes = answer_bytes;
            waiting.charges.push(charge);
            waiting.answers.push(sender);
            Ok(())
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `work`, a whole transaction, on the thread, even if the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            let done = connection.and_then(|connection| {
                catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|panic| {
                    let error = StoreError::panicked(panic.as_ref());
                    tracing::error!(%error, "a change of accounts.db panicked; it was rolled back");
                    Err(error)
                })
            });
            let stop = done.as_ref().err().and_then(reason_to_stop);
            // The caller may have stopped waiting: the change is made all the same.
            let _ = sender.send(done);
            stop
        });
        self.queue.add(|waiting| {
            if waiting.tasks.len() >= TASKS_WAITING_MAX {
                return Err(StoreError::Overloaded);
            }
            waiting.tasks.push(task);
            Ok(())
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // After a panic of the thread every caller got `Closed`.
            let _ = thread.join();
        }
    }
}

/// State of the thread.
struct Committing {
    connection: Connection,
    heads: HeadCache,
    checkpoints: Checkpoints,
    activity: Arc<Activity>,
    /// Reason why nothing is written any more.
    stopped: Option<String>,
    /// Failed commits since the last one that succeeded.
    failed_in_a_row: u64,
}

impl Committing {
    fn round(&mut self, waiting: Waiting) {
        for task in waiting.tasks {
            // A change may touch any account.
            self.heads.forget();
            let stop = match &self.stopped {
                Some(reason) => task(Err(StoreError::Stopped(reason.clone()))),
                None => task(Ok(&mut self.connection)),
            };
            self.stop_if(stop);
            // A transaction that panicked was rolled back by unwinding, or is here.
            if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
                self.stop_if(Some("a transaction could not be rolled back".to_owned()));
            }
        }
        if !waiting.charges.is_empty() {
            self.commit(&waiting.charges, waiting.answers);
        }
        // After the replies: callers of the next round wait anyway.
        if self.stopped.is_none()
            && let Err(error) = self.checkpoints.run_if_due(&self.connection)
        {
            tracing::error!(%error, "a checkpoint of the ledger failed");
            self.stop_if(reason_to_stop(&error));
        }
    }

    fn commit(&mut self, charges: &[Charge], answers: Vec<Answer>) {
        if let Some(reason) = &self.stopped {
            for answer in answers {
                let _ = answer.send(Err(StoreError::Stopped(reason.clone())));
            }
            return;
        }
        // It is unknown if it panicked before or after its commit: a restart reads the stored state again.
        let (connection, heads) = (&mut self.connection, &mut self.heads);
        let committed = catch_unwind(AssertUnwindSafe(|| charges::commit(connection, heads, charges)));
        let committed = committed.unwrap_or_else(|panic| {
            let error = StoreError::panicked(panic.as_ref());
            self.stop_if(Some(error.to_string()));
            Err(error)
        });
        match committed {
            Ok(outcomes) => {
                if let failed @ 1.. = std::mem::take(&mut self.failed_in_a_row) {
                    tracing::info!(failed, "commits of the ledger work again");
                }
                let paid =
                    outcomes.iter().filter(|outcome| matches!(outcome, ChargeOutcome::Paid(_))).count();
                self.activity.commits.fetch_add(1, Ordering::Relaxed);
                self.activity.charges.fetch_add(paid as u64, Ordering::Relaxed);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A caller that stopped waiting is charged all the same.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                // One line for an outage: a full disk fails each commit the same way.
                if self.failed_in_a_row == 0 {
                    tracing::error!(%error, charges = charges.len(), "commits of the ledger fail");
                }
                self.failed_in_a_row += 1;
                self.heads.forget();
                self.activity.commits_failed.fetch_add(1, Ordering::Relaxed);
                // A transaction that can be neither committed nor rolled back leaves the connection unusable.
                let stuck =
                    (!self.connection.is_autocommit()).then(|| format!("a rollback failed after: {error}"));
                self.stop_if(reason_to_stop(&error).or(stuck));
                for answer in answers {
                    let _ = answer.send(Err(error.for_another()));
                }
            }
        }
    }

    fn stop_if(&mut self, reason: Option<String>) {
        if let Some(reason) = reason {
            tracing::error!(reason, "the ledger stops: no charge goes through until a restart");
            self.activity.stopped.store(true, Ordering::Relaxed);
            self.stopped.get_or_insert(reason);
        }
    }
}

/// Returns why the ledger must stop after an error, if so.
fn reason_to_stop(error: &StoreError) -> Option<String> {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    use rusqlite::ffi;
    let StoreError::Database { cause, .. } = error else { return None };
    let rusqlite::Error::SqliteFailure(code, _) = cause.downcast_ref::<rusqlite::Error>()? else {
        return None;
    };
    // Errors of the WAL's shared index, which is rebuilt from the WAL: no committed data is in it. A full disk
    // shows here.
    let of_the_index = [ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];
    let of_memory = code.extended_code == ffi::SQLITE_IOERR_NOMEM;
    match code.code {
        SystemIoFailure if of_memory || of_the_index.contains(&code.extended_code) => None,
        SystemIoFailure | DatabaseCorrupt | NotADatabase => Some(error.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Doing;
    use crate::sqlite::{connection, migrations};
    use domain::{AccountId, Credits, Operation, RequestId, Timestamp};
    use std::sync::mpsc;

    fn committer(folder: &std::path::Path) -> Committer {
        let settings = connection::Settings { cache_kib: 2048, autocheckpoint_pages: 0, durable: true };
        let mut connection = connection::open_writer(&folder.join("accounts.db"), settings).expect("a file");
        migrations::apply(&mut connection, crate::schema::ACCOUNTS.sqlite).expect("a schema");
        Committer::start(connection, Arc::new(Quotes::default())).expect("a thread")
    }

    fn charge(n: u128) -> Charge {
        let at = Timestamp::from_ms(1_800_000_000_000);
        Charge {
            account_id: AccountId(1),
            request_id: RequestId::new(at, n),
            credits: Credits::ZERO,
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at,
        }
    }

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once_and_the_rest_is_answered() {
        let folder = tempfile::tempdir().expect("a folder");
        let committer = Arc::new(committer(folder.path()));
        let (go_on, wait) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let slow = Arc::clone(&committer);
        let slow = tokio::spawn(async move {
            let work = move |_: &mut Connection| {
                begun.send(()).expect("somebody waits");
                wait.recv().map_err(|_| StoreError::Closed)
            };
            slow.run(work).await
        });
        has_begun.await.expect("the thread is busy");
        let calls: Vec<_> = (0..CHARGES_WAITING_MAX as u128)
            .map(|n| {
                let committer = Arc::clone(&committer);
                tokio::spawn(async move { committer.charge(charge(n)).await })
            })
            .collect();
        while committer.queue.lock().charges.len() < CHARGES_WAITING_MAX {
            tokio::task::yield_now().await;
        }
        let refused = committer.charge(charge(u128::MAX)).await.expect_err("one too many");
        assert!(matches!(refused, StoreError::Overloaded) && refused.is_passing());
        go_on.send(()).expect("the thread waits");
        slow.await.expect("a task").expect("done");
        for call in calls {
            assert_eq!(call.await.expect("a call").expect("an answer"), ChargeOutcome::NoSuchAccount);
        }
        assert_eq!(committer.activity().commits, 1, "what waited together is committed together");
    }

    #[tokio::test]
    async fn a_change_that_panics_is_rolled_back_and_the_ledger_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let committer = committer(folder.path());
        let panicking = |connection: &mut Connection| -> Result<(), StoreError> {
            connection.execute_batch("BEGIN; UPDATE keys_version SET version = 77").doing("begin")?;
            panic!("on purpose")
        };
        let panicked = committer.run(panicking).await.expect_err("it panicked");
        assert!(matches!(&panicked, StoreError::Panicked(what) if what == "on purpose"), "{panicked}");
        assert_eq!(committer.charge(charge(1)).await.expect("an answer"), ChargeOutcome::NoSuchAccount);
        let version = |connection: &mut Connection| {
            connection
                .query_row("SELECT version FROM keys_version", [], |row| row.get::<_, i64>(0))
                .doing("look")
        };
        assert_eq!(committer.run(version).await.expect("a number"), 1);
        assert!(!committer.activity().stopped);
    }

    #[tokio::test]
    async fn a_sync_that_failed_stops_everything_and_a_full_disk_does_not() {
        use rusqlite::ffi;
        let folder = tempfile::tempdir().expect("a folder");
        let committer = committer(folder.path());
        let fail = async |code: std::ffi::c_int| {
            let cause = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = StoreError::Database { doing: "commit", cause: Box::new(cause) };
            committer.run::<()>(|_| Err(error)).await.expect_err("the error")
        };
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_IOERR_SHMSIZE] {
            fail(code).await;
            assert!(committer.charge(charge(1)).await.is_ok(), "{code} is passing");
        }
        fail(ffi::SQLITE_IOERR_FSYNC).await;
        let stopped = committer.charge(charge(1)).await.expect_err("no more charges");
        assert!(matches!(stopped, StoreError::Stopped(_)) && !stopped.is_passing());
        assert!(matches!(committer.run(|_| Ok(())).await, Err(StoreError::Stopped(_))));
        assert!(committer.activity().stopped);
    }
}
