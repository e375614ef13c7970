//! Tests for a cluster of Citus: charges that must stay on one shard, interrupted transactions over several
//! servers, shards that move while they are used.

use crate::callers::Callers;
use crate::support::{NOW, account, audited, charge, credits, email, is_paid};
use domain::AccountId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::Store;
use store::accounts::AccountCreated;
use testkit::postgres::CitusCluster;
use tokio::time::timeout;

/// Time limit for recovery after an interruption.
const RECOVERY_MAX: Duration = Duration::from_secs(30);
/// Time limit for charges to continue after a shard has moved.
const MOVE_MAX: Duration = Duration::from_secs(10);

async fn three_nodes(cluster: &CitusCluster) -> [Store; 3] {
    [cluster.open().await, cluster.open().await, cluster.open().await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_statement_of_a_race_goes_to_one_shard() {
    const HELD: u64 = 50;
    let Some(cluster) = CitusCluster::start() else { return };
    let id = account(&cluster.open().await, 0, HELD).await;
    cluster.note_plans();
    let nodes = three_nodes(&cluster).await;
    let before = cluster.plans().len();
    let calls = (0..3 * HELD).map(|n| {
        let store = nodes[n as usize % 3].clone();
        tokio::spawn(async move { store.charge(charge(id, n, 1)).await.expect("an answer") })
    });
    let mut paid = 0;
    for call in calls.collect::<Vec<_>>() {
        paid += u64::from(is_paid(&call.await.expect("a call")));
    }
    assert_eq!(paid, HELD);
    let plans: BTreeSet<_> = cluster.plans().split_off(before).into_iter().collect();
    for table in ["balances", "entries"] {
        let is_planned = plans.iter().any(|plan| plan.statement.contains(&format!("tagmeter.{table}")));
        assert!(is_planned, "{table}: {plans:#?}");
    }
    assert!(plans.iter().all(|plan| plan.shards <= 1), "{plans:#?}");
    assert_eq!(audited(&nodes[0]).await.charges, HELD);
}

/// Nodes that create accounts without end and record them.
#[derive(Default)]
struct Makers {
    is_over: AtomicBool,
    made: AtomicU64,
}

impl Makers {
    /// Creates accounts of every third address on one of three nodes.
    async fn make(&self, store: Store, first: usize) -> Vec<(usize, AccountId)> {
        let mut made = Vec::new();
        for number in (first..).step_by(3) {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            match store.create_account(&email(number), credits(3), NOW).await {
                Ok(AccountCreated::Created(id)) => {
                    made.push((number, id));
                    self.made.fetch_add(1, Ordering::Relaxed);
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    assert!(error.is_passing(), "{error}");
                    // A refused client retries a little later.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        made
    }

    /// Waits until so many more were created.
    async fn made(&self, more: u64) {
        let wanted = self.made.load(Ordering::Relaxed) + more;
        while self.made.load(Ordering::Relaxed) < wanted {
            tokio::task::yield_now().await;
        }
    }
}

/// Creating an account writes to every server, in a transaction that is prepared on each before it is committed
/// on any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_made_while_a_worker_is_killed_are_whole_or_not_there() {
    let Some(cluster) = CitusCluster::start() else { return };
    let nodes = three_nodes(&cluster).await;
    let makers = Arc::new(Makers::default());
    let tasks = nodes.clone().into_iter().enumerate().map(|(first, store)| {
        let makers = Arc::clone(&makers);
        tokio::spawn(async move { makers.make(store, first).await })
    });
    let tasks: Vec<_> = tasks.collect();
    for worker in [0, 1, 0] {
        makers.made(20).await;
        cluster.workers()[worker].kill();
        cluster.workers()[worker].start_again();
        timeout(RECOVERY_MAX, makers.made(1)).await.expect("accounts are made again");
    }
    makers.is_over.store(true, Ordering::Relaxed);
    for task in tasks {
        for (number, id) in task.await.expect("a maker") {
            let found = nodes[0].account_by_email(&email(number)).await.expect("an answer");
            assert_eq!(found.map(|account| account.account_id), Some(id));
            assert_eq!(nodes[0].balance(id).await.expect("an answer"), Some(credits(3)));
        }
    }
    let recovered = async {
        while cluster.prepared() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(RECOVERY_MAX, recovered).await.expect("Citus ends what was left prepared");
    audited(&nodes[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charges_go_on_while_their_accounts_move_to_a_new_server() {
    let Some(mut cluster) = CitusCluster::start() else { return };
    let nodes = three_nodes(&cluster).await;
    let callers = Callers::start(&nodes).await;
    callers.each_paid(5).await;
    cluster.add_worker();
    for which in 0..2 {
        let id = account(&nodes[0], which, 0).await;
        cluster.move_to_newest_worker("balances", id.0);
        timeout(MOVE_MAX, callers.each_paid(5)).await.expect("charges go on");
    }
    let outcomes = callers.settled(&nodes[0]).await;
    assert!(outcomes.slowest < MOVE_MAX, "{outcomes:?}");
    println!("{outcomes:?}");
}
