//! Charges on PostgreSQL: group commits that any number of nodes make to the same accounts.
//!
//! Callers queue. A few lanes, each with a connection of its own, commit what queued for their accounts while
//! their last commit ran. Nothing lingers: under load groups grow by themselves.
//!
//! # Vocabulary
//!
//! | word | meaning | where |
//! |---|---|---|
//! | call | a charge that waits, and the channel that its caller waits on | `plan` |
//! | lane | a task with a connection; an account always belongs to the same lane of a node, so that its calls keep their order | `lane` |
//! | round | the calls that a lane takes from its queue at once; it ends with a reply to every one of them | `lane` |
//! | group | the calls of one account in a round, in order of arrival | `plan` |
//! | head | the end of an account's chain of entries: balance, and sequence and hash of the last entry | [`crate::head`] |
//! | plan | a group with a verdict on each call, and the head before and after | `plan` |
//! | verdict | `Accept`: the call is charged. `Reply`: nothing is debited, and the caller gets the outcome | `plan` |
//! | step | a statement of the transaction: lock, look charges up, look stored answers up, debit, write entries, store answers | `steps` |
//! | span | whether a transaction has one account (Citus: one shard) or many (one server) | `steps` |
//! | shared | an account that another node charged since this one last saw it | `lane` |
//! | settle | to find out whether a commit went through whose answer was lost | `settle` |
//!
//! # States of a group
//!
//! ```text
//!              head known, not shared, and            debit took
//! queued ──►   all calls accepted   ──────► debit ───────────────► write entries, COMMIT ──► replied
//!              │ no                          │ missed: another         ▲            │
//!              ▼                             ▼ node was first          │            │ no answer
//!              lock the row, read head, charges and stored answers ──► plan, debit  ▼
//!              (always decides: nobody else can charge the account)               settle ──► replied
//! ```
//!
//! - **Optimistic** (`Lane::debit_known`): one conditional `UPDATE` takes the sum where the row still has the
//!   sequence and hash that this node last saw, covers the sum, and none of the calls was charged or answered
//!   before. No read precedes it: two round trips a commit.
//! - **Pessimistic** (`Lane::lock_and_debit`): for accounts that are unknown, shared, or do not cover every
//!   call. The row is locked and read first, then decided on. An account stays shared until a round finds its
//!   head as this node left it.
//!
//! Replies are sent after `COMMIT` was answered, never before.
//!
//! # Who locks what
//!
//! - In the process: the queue's mutex, while calls are pushed or taken. Lanes share nothing else that is
//!   locked.
//! - In the database: rows of `balances`, in ascending order of accounts within a transaction, by `SELECT ...
//!   FOR UPDATE` or by the debit of a single account. Nodes therefore never deadlock. Locks end with the
//!   transaction.
//! - `entries` and `idempotency` need no lock: only a transaction that has the account's row of `balances`
//!   inserts there, and unique indexes refuse anything else.
//! - Waiting is bounded: 2 s for a lock and 10 s for a statement on the server, 4 s for the answer in the lane.
//!
//! # Failures, and what is retried
//!
//! | failure | what happens |
//! |---|---|
//! | too many calls or stored bytes wait | `Overloaded` at once; nothing was queued |
//! | no connection within 2 s | every call of the transaction fails |
//! | the server refuses a statement, and one account may be the cause (constraint, lock timeout, deadlock) | rolled back; each group is tried again in a transaction of its own |
//! | the server refuses a statement for another reason | rolled back; every call of the transaction fails |
//! | the debit misses although the row is locked (Citus moved the shard) | rolled back; each group is tried again alone, at most three times |
//! | the connection breaks before `COMMIT` is sent | every call fails; nothing was written |
//! | `COMMIT` was sent and not answered | never retried: `settle` looks the entries up by their hash for 5 s. Found: receipts. Not found: the error, and a later look-up by request id decides |
//! | a round panics | its callers get an error, and the lane starts afresh without what it knew |
//!
//! After a failure the lane forgets the heads of the accounts concerned: the next round locks and reads them.

mod lane;

mod plan;

mod settle;

mod steps;

mod transaction;

mod values;

use super::connection::Pool;
use super::quotes::Quotes;
use crate::StoreError;
use crate::head::{ANSWER_BYTES_WAITING_MAX, CHARGES_WAITING_MAX};
use crate::ledger::{Charge, ChargeOutcome, LedgerActivity};
use futures_util::FutureExt;
use lane::Lane;
use plan::Call;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steps::Span;
use tokio::sync::{Notify, oneshot};

/// Maximum number of charges in a round, so that it ends well before its time limit.
const ROUND_CHARGES_MAX: usize = 2_000;

/// Calls that wait for the lanes.
#[derive(Default)]
struct Waiting {
    /// By lane.
    calls: Vec<VecDeque<Call>>,
    charges: usize,
    answer_bytes: usize,
    closed: bool,
}

struct Queue {
    waiting: Mutex<Waiting>,
    /// By lane.
    ready: Vec<Notify>,
}

impl Queue {
    fn new(lanes: usize) -> Self {
        let calls = std::iter::repeat_with(VecDeque::new).take(lanes).collect();
        let ready = std::iter::repeat_with(Notify::new).take(lanes).collect();
        Self { waiting: Mutex::new(Waiting { calls, ..Waiting::default() }), ready }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, call: Call) -> Result<(), StoreError> {
        let lane = call.charge.account_id.0.rem_euclid(self.ready.len() as i64) as usize;
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        let answer_bytes = waiting.answer_bytes + call.stored_bytes();
        if waiting.charges >= CHARGES_WAITING_MAX || answer_bytes > ANSWER_BYTES_WAITING_MAX {
            return Err(StoreError::Overloaded);
        }
        waiting.answer_bytes = answer_bytes;
        waiting.charges += 1;
        waiting.calls[lane].push_back(call);
        drop(waiting);
        self.ready[lane].notify_one();
        Ok(())
    }

    /// Takes the calls of a lane as soon as there are any; `None` once closed and empty.
    async fn take(&self, lane: usize) -> Option<Vec<Call>> {
        loop {
            // Tasks about to charge go first and share this commit.
            tokio::task::yield_now().await;
            {
                let mut waiting = self.lock();
                let count = waiting.calls[lane].len().min(ROUND_CHARGES_MAX);
                if count > 0 {
                    let calls: Vec<Call> = waiting.calls[lane].drain(..count).collect();
                    waiting.charges -= count;
                    waiting.answer_bytes -= calls.iter().map(Call::stored_bytes).sum::<usize>();
                    return Some(calls);
                }
                if waiting.closed {
                    return None;
                }
            }
            self.ready[lane].notified().await;
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.ready.iter().for_each(Notify::notify_one);
    }
}

/// Message to the callers of a round that panicked.
const ROUND: &str = "a round of charges panicked";

/// Closes the queue when a lane ends, also by a panic; all calls waiting in it fail with `Closed`.
struct CloseAtEnd(Arc<Queue>, usize);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close();
        let rest = std::mem::take(&mut self.0.lock().calls[self.1]);
        drop(rest);
    }
}

/// Counters behind [`LedgerActivity`].
#[derive(Debug, Default)]
struct Activity {
    commits: AtomicU64,
    charges: AtomicU64,
    commits_failed: AtomicU64,
    /// Failures of all lanes since the last commit that succeeded.
    failed_in_a_row: AtomicU64,
}

impl Activity {
    /// A commit went through.
    fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        if let failed @ 1.. = self.failed_in_a_row.swap(0, Ordering::Relaxed) {
            tracing::info!(failed, "commits of charges work again");
        }
    }
}

/// A handle to the lanes. Dropping it lets them finish what waits.
pub(crate) struct Charges {
    queue: Arc<Queue>,
    activity: Arc<Activity>,
    pub(super) quotes: Arc<Quotes>,
}

impl std::fmt::Debug for Charges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Charges")
    }
}

impl Charges {
    /// Starts the lanes. `one_transaction_per_account` is for clusters, where a transaction over several
    /// accounts would touch several nodes.
    pub(crate) fn start(pool: Pool, one_transaction_per_account: bool) -> Self {
        let span = if one_transaction_per_account { Span::One } else { Span::Many };
        let queue = Arc::new(Queue::new(span.lanes()));
        let charges = Self { queue, activity: Arc::default(), quotes: Arc::default() };
        for number in 0..span.lanes() {
            let quotes = Arc::clone(&charges.quotes);
            let activity = Arc::clone(&charges.activity);
            let pool = pool.clone();
            let fresh = move || Lane::new(pool.clone(), Arc::clone(&quotes), Arc::clone(&activity), span);
            let at_end = CloseAtEnd(Arc::clone(&charges.queue), number);
            tokio::spawn(async move {
                let mut lane = fresh();
                while let Some(calls) = at_end.0.take(number).await {
                    // Callers of a round that panics get an error. The lane's connection is dropped, and with
                    // it what was not committed.
                    if AssertUnwindSafe(lane.round(calls)).catch_unwind().await.is_err() {
                        tracing::error!(lane = number, "a round of charges panicked; its lane restarts");
                        lane = fresh();
                    }
                }
            });
        }
        charges
    }

    pub(super) fn activity(&self) -> LedgerActivity {
        LedgerActivity {
            commits: self.activity.commits.load(Ordering::Relaxed),
            charges: self.activity.charges.load(Ordering::Relaxed),
            commits_failed: self.activity.commits_failed.load(Ordering::Relaxed),
            stopped: false,
        }
    }

    /// Queues for a group commit. The charge is made even if the caller stops waiting.
    pub(super) async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.add(Call { charge, answer })?;
        answered.await.unwrap_or_else(|_| {
            let is_closed = self.queue.lock().closed;
            Err(if is_closed { StoreError::Closed } else { StoreError::Panicked(ROUND.to_owned()) })
        })
    }
}

impl Drop for Charges {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) use steps::{STATEMENTS, STATEMENTS_OF_MANY};

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, Credits, Operation, RequestId, Timestamp};

    fn call(n: u128) -> (Call, oneshot::Receiver<Result<ChargeOutcome, StoreError>>) {
        let at = Timestamp::from_ms(1_800_000_000_000);
        let charge = Charge {
            account_id: AccountId(1),
            request_id: RequestId::new(at, n),
            credits: Credits::ZERO,
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at,
        };
        let (answer, answered) = oneshot::channel();
        (Call { charge, answer }, answered)
    }

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once_and_waits_no_more_once_taken() {
        let queue = Queue::new(2);
        for n in 0..CHARGES_WAITING_MAX as u128 {
            queue.add(call(n).0).expect("there is room");
        }
        assert!(matches!(queue.add(call(0).0), Err(StoreError::Overloaded)));
        let taken = queue.take(1).await.expect("calls");
        assert_eq!(taken.len(), ROUND_CHARGES_MAX);
        queue.add(call(0).0).expect("there is room again");
    }

    #[tokio::test]
    async fn a_lane_that_ends_leaves_nobody_waiting() {
        let queue = Arc::new(Queue::new(2));
        let (waiting, answered) = call(1);
        queue.add(waiting).expect("there is room");
        drop(CloseAtEnd(Arc::clone(&queue), 1));
        assert!(answered.await.is_err(), "dropped");
        assert!(matches!(queue.add(call(2).0), Err(StoreError::Closed)));
        assert!(queue.take(0).await.is_none(), "other lanes end too");
    }
}
