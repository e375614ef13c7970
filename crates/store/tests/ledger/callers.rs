//! Callers that charge without end and record the outcomes, while the database under them fails.

use crate::support::{account, audited, charge, is_paid, request};
use domain::AccountId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::Store;
use store::ledger::ChargeOutcome;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Concurrent callers, each with calls of its own.
const CALLERS: u64 = 16;
/// Accounts they share.
const ACCOUNTS: usize = 5;

/// Outcomes of a caller.
#[derive(Default)]
struct Journal {
    paid: Vec<(AccountId, u64)>,
    failed: Vec<(AccountId, u64)>,
    slowest: Duration,
}

/// Running callers.
pub(crate) struct Callers {
    tasks: Vec<JoinHandle<Journal>>,
    /// Charges of each account.
    paid: Arc<[AtomicU64; ACCOUNTS]>,
    paid_more: Arc<Notify>,
    is_over: Arc<AtomicBool>,
}

/// Outcomes of all their calls.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pub(crate) paid: usize,
    pub(crate) failed: usize,
    /// Calls that failed and were charged all the same: the commit was not confirmed in time.
    pub(crate) failed_and_charged: usize,
    /// Longest time of a call.
    pub(crate) slowest: Duration,
}

impl Callers {
    /// Starts them on several nodes.
    pub(crate) async fn start(nodes: &[Store]) -> Self {
        let mut ids = Vec::new();
        for n in 0..ACCOUNTS {
            ids.push(account(&nodes[0], n, 1 << 40).await);
        }
        let mut callers = Self {
            tasks: Vec::new(),
            paid: Arc::default(),
            paid_more: Arc::default(),
            is_over: Arc::default(),
        };
        for caller in 0..CALLERS {
            let store = nodes[caller as usize % nodes.len()].clone();
            let which = caller as usize % ids.len();
            let id = ids[which];
            let (paid, paid_more) = (Arc::clone(&callers.paid), Arc::clone(&callers.paid_more));
            let is_over = Arc::clone(&callers.is_over);
            callers.tasks.push(tokio::spawn(async move {
                let mut journal = Journal::default();
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let call = caller * 1_000_000 + n;
                    let begun = Instant::now();
                    let outcome = store.charge(charge(id, call, 1)).await;
                    journal.slowest = journal.slowest.max(begun.elapsed());
                    match outcome {
                        Ok(ChargeOutcome::Paid(_)) => {
                            journal.paid.push((id, call));
                            paid[which].fetch_add(1, Ordering::Relaxed);
                            paid_more.notify_waiters();
                        }
                        Ok(other) => panic!("{other:?}"),
                        Err(error) => {
                            assert!(error.is_passing(), "{error}");
                            journal.failed.push((id, call));
                            // A refused client retries a little later.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
                journal
            }));
        }
        callers
    }

    fn paid_so_far(&self) -> [u64; ACCOUNTS] {
        std::array::from_fn(|which| self.paid[which].load(Ordering::Relaxed))
    }

    async fn until(&self, is_reached: impl Fn([u64; ACCOUNTS]) -> bool) {
        loop {
            let notified = self.paid_more.notified();
            if is_reached(self.paid_so_far()) {
                return;
            }
            notified.await;
        }
    }

    /// Waits until so many more charges were paid.
    pub(crate) async fn paid(&self, more: u64) {
        let wanted = self.paid_so_far().iter().sum::<u64>() + more;
        self.until(|paid| paid.iter().sum::<u64>() >= wanted).await;
    }

    /// Waits until so many more charges of every account were paid.
    pub(crate) async fn each_paid(&self, more: u64) {
        let wanted = self.paid_so_far().map(|paid| paid + more);
        self.until(|paid| paid.iter().zip(&wanted).all(|(paid, wanted)| paid >= wanted)).await;
    }

    /// Stops them and compares the outcomes with the ledger: no reported charge is lost, nothing is charged
    /// twice, and the ledger knows of each failed call if it was charged.
    pub(crate) async fn settled(self, node: &Store) -> Outcomes {
        self.is_over.store(true, Ordering::Relaxed);
        let mut outcomes = Outcomes { paid: 0, failed: 0, failed_and_charged: 0, slowest: Duration::ZERO };
        for task in self.tasks {
            let journal = task.await.expect("a caller");
            for (id, call) in &journal.paid {
                let entry = node.charged(*id, request(*call)).await.expect("an answer");
                assert!(entry.is_some(), "a reported charge is lost: call {call}");
            }
            for (id, call) in &journal.failed {
                let entry = node.charged(*id, request(*call)).await.expect("an answer");
                outcomes.failed_and_charged += usize::from(entry.is_some());
            }
            outcomes.paid += journal.paid.len();
            outcomes.failed += journal.failed.len();
            outcomes.slowest = outcomes.slowest.max(journal.slowest);
        }
        let report = audited(node).await;
        assert_eq!(report.charges as usize, outcomes.paid + outcomes.failed_and_charged, "{outcomes:?}");
        outcomes
    }
}

/// Charges one credit, repeatedly with new request ids, until it is paid. Returns the number of tries.
pub(crate) async fn paid_at_last(store: &Store, id: AccountId, first_call: u64) -> u64 {
    for call in first_call.. {
        if store.charge(charge(id, call, 1)).await.is_ok_and(|outcome| is_paid(&outcome)) {
            return call - first_call + 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("numbers do not end")
}
