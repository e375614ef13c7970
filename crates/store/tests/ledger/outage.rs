//! The PostgreSQL server, or one of a cluster, is stopped, killed or frozen, and returns: calls fail soon and
//! are not charged, no reported charge is lost, and charging resumes by itself.

use crate::callers::{Callers, Outcomes, paid_at_last};
use crate::support::{account, audited, charge};
use domain::AccountId;
use std::time::Duration;
use store::{Store, StoreOptions};
use testkit::postgres::{CitusCluster, Cluster};
use tokio::time::timeout;

/// Time limit for a call to fail.
const FAIL_MAX: Duration = Duration::from_secs(10);
/// Time limit for charging to resume once the server answers again.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

async fn open(cluster: &Cluster) -> Store {
    Store::open(&StoreOptions::at_url("", cluster.url("postgres"))).await.expect("a store")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_stopped_calls_fail_soon_and_are_not_charged() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let store = open(&cluster).await;
    let id = account(&store, 0, 1_000).await;
    store.charge(charge(id, 0, 1)).await.expect("a charge");
    cluster.stop();
    for call in 1..50 {
        let failed = timeout(FAIL_MAX / 4, store.charge(charge(id, call, 1))).await.expect("soon");
        let error = failed.expect_err("there is no server");
        assert!(error.is_passing(), "{error}");
    }
    cluster.start_again();
    timeout(RECOVERY_MAX, paid_at_last(&store, id, 100)).await.expect("soon");
    for call in 1..50 {
        assert_eq!(store.charged(id, crate::support::request(call)).await.expect("an answer"), None);
    }
    assert_eq!(audited(&store).await.charges, 2, "one before and one after");
}

/// Kills these servers one after the other, starting each again, while nodes charge.
async fn loses_nothing(nodes: &[Store], killed: &[&Cluster]) -> Outcomes {
    let callers = Callers::start(nodes).await;
    for server in killed {
        callers.paid(100).await;
        server.kill();
        server.start_again();
        timeout(RECOVERY_MAX, callers.each_paid(1)).await.expect("soon");
    }
    let outcomes = timeout(FAIL_MAX, callers.settled(&nodes[0])).await.expect("soon");
    assert!(outcomes.failed > 0, "the kills were noticed: {outcomes:?}");
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_loses_no_reported_charge() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let nodes = [open(&cluster).await, open(&cluster).await, open(&cluster).await];
    println!("{:?}", loses_nothing(&nodes, &[&cluster; 3]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_which_each_server_is_killed_loses_no_reported_charge() {
    let Some(cluster) = CitusCluster::start() else { return };
    let nodes = [cluster.open().await, cluster.open().await, cluster.open().await];
    let workers = cluster.workers();
    let outcomes = loses_nothing(&nodes, &[&workers[0], &workers[1], cluster.coordinator()]).await;
    println!("{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_it_holds_nobody_for_long() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let nodes = [open(&cluster).await];
    let callers = Callers::start(&nodes).await;
    callers.paid(100).await;
    cluster.freeze(true);
    // This account does not exist, so this call is never charged.
    let failed = timeout(FAIL_MAX, nodes[0].charge(charge(AccountId(99), 0, 1))).await.expect("soon");
    assert!(failed.expect_err("nobody answers").is_passing());
    cluster.freeze(false);
    timeout(RECOVERY_MAX, callers.paid(100)).await.expect("soon");
    let outcomes = timeout(FAIL_MAX, callers.settled(&nodes[0])).await.expect("soon");
    assert!(outcomes.failed > 0, "it was noticed: {outcomes:?}");
    println!("{outcomes:?}");
}
