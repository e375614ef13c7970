//! Callers that charge without end and write down what they were told, while the database under them fails.

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

/// Callers at once, each with calls of its own.
const CALLERS: u64 = 16;
/// Accounts they share.
const ACCOUNTS: usize = 5;

/// What a caller was told.
#[derive(Default)]
struct Journal {
    paid: Vec<(AccountId, u64)>,
    failed: Vec<(AccountId, u64)>,
    slowest: Duration,
}

/// Callers at work.
pub(crate) struct Callers {
    tasks: Vec<JoinHandle<Journal>>,
    /// Charges of each account.
    paid: Arc<[AtomicU64; ACCOUNTS]>,
    paid_more: Arc<Notify>,
    is_over: Arc<AtomicBool>,
}

/// What became of all their calls.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) paid: usize,
    pub(crate) failed: usize,
    /// Calls that failed and were charged all the same: they were not known to be in time.
    pub(crate) failed_and_charged: usize,
    /// The longest time that a call took.
    pub(crate) slowest: Duration,
}

impl Callers {
    /// Sets them to work on several nodes.
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
                            // A client that was turned away comes again a little later.
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

    /// Until so many more charges were paid.
    pub(crate) async fn paid(&self, more: u64) {
        let wanted = self.paid_so_far().iter().sum::<u64>() + more;
        self.until(|paid| paid.iter().sum::<u64>() >= wanted).await;
    }

    /// Until so many more charges of every account were paid.
    pub(crate) async fn each_paid(&self, more: u64) {
        let wanted = self.paid_so_far().map(|paid| paid + more);
        self.until(|paid| paid.iter().zip(&wanted).all(|(paid, wanted)| paid >= wanted)).await;
    }

    /// Stops them and compares what they were told with the ledger: nothing told is lost, nothing is charged twice, and
    /// of each failed call the ledger knows whether it was charged.
    pub(crate) async fn settled(self, node: &Store) -> Told {
        self.is_over.store(true, Ordering::Relaxed);
        let mut told = Told { paid: 0, failed: 0, failed_and_charged: 0, slowest: Duration::ZERO };
        for task in self.tasks {
            let journal = task.await.expect("a caller");
            for (id, call) in &journal.paid {
                let entry = node.charged(*id, request(*call)).await.expect("an answer");
                assert!(entry.is_some(), "a charge that was told is lost: call {call}");
            }
            for (id, call) in &journal.failed {
                let entry = node.charged(*id, request(*call)).await.expect("an answer");
                told.failed_and_charged += usize::from(entry.is_some());
            }
            told.paid += journal.paid.len();
            told.failed += journal.failed.len();
            told.slowest = told.slowest.max(journal.slowest);
        }
        let report = audited(node).await;
        assert_eq!(report.charges as usize, told.paid + told.failed_and_charged, "{told:?}");
        told
    }
}

/// Charges one credit, again and again with new request ids, until it is paid. Gives the number of tries.
pub(crate) async fn paid_at_last(store: &Store, id: AccountId, first_call: u64) -> u64 {
    for call in first_call.. {
        if store.charge(charge(id, call, 1)).await.is_ok_and(|outcome| is_paid(&outcome)) {
            return call - first_call + 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("numbers do not end")
}
