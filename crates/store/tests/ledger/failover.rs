//! The primary is killed under load and its synchronous standby takes over: no reported charge is lost, none is
//! made twice.

use crate::callers::Callers;
use std::time::Duration;
use store::{Store, StoreOptions};
use testkit::postgres::Cluster;
use tokio::time::timeout;

/// Time limit for charges to continue after the standby was promoted.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_standby_has_every_reported_charge() {
    let Some(primary) = Cluster::start(&[]) else { return };
    let standby = primary.standby();
    // Both addresses, whichever accepts writes.
    let hosts = [&primary, &standby].map(|server| server.folder().display().to_string().replace('/', "%2F"));
    let url =
        format!("postgres://postgres@{},{}/postgres?target_session_attrs=read-write", hosts[0], hosts[1]);
    let options = StoreOptions::at_url("", url.parse().expect("an address"));
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Store::open(&options).await.expect("a store"));
    }
    let callers = Callers::start(&nodes).await;
    callers.paid(300).await;
    primary.kill();
    standby.promote();
    timeout(RECOVERY_MAX, callers.paid(100)).await.expect("soon");
    let outcomes = callers.settled(&nodes[0]).await;
    assert!(outcomes.failed > 0, "the kill was noticed: {outcomes:?}");
    println!("{outcomes:?}");
}
