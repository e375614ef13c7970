//! A worker with nothing to do does nothing.

use catalog::jobs::Spool;
use domain::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::{FixedClock, TemporaryCatalog, policy};
use tokio::sync::oneshot;
use worker::{Parts, Worker};

/// Durable writes during which the worker is watched.
const WRITES: u64 = 300;
/// Readings of the clock by two looks for work, with room to spare: a worker that looks again and again makes thousands.
const LOOKS_MAX: u64 = 100;

/// A clock that counts how often it is read.
struct Counting {
    clock: FixedClock,
    reads: AtomicU64,
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.clock.now()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_worker_looks_seldom() {
    let clock = FixedClock::default();
    let fixture = TemporaryCatalog::open(&clock).await;
    let counting = Arc::new(Counting { clock: clock.clone(), reads: AtomicU64::new(0) });
    let parts = Parts {
        clock: Arc::clone(&counting) as Arc<dyn Clock>,
        node: "node-1".to_owned(),
        spool: Spool::of(fixture.folder()),
        alerting: testkit::alerting(fixture.measure(), policy([])),
        outgoing: testkit::outgoing(&clock, policy([])),
        scheduling: testkit::scheduling(fixture.measure(), policy([])),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(Worker::new(fixture.catalog().clone(), parts).run(async {
        // Dropped or sent, it is time to stop.
        let _ = stopped.await;
    }));
    let store = fixture.store();
    for number in 0..WRITES {
        let email = format!("{number}@example.com").parse().expect("an address");
        store.create_account(&email, domain::Credits::ZERO, clock.now()).await.expect("an account");
    }
    let reads = counting.reads.load(Ordering::Relaxed);
    assert!((1..=LOOKS_MAX).contains(&reads), "{reads} readings of the clock in {WRITES} writes");
    drop(stop);
    running.await.expect("a worker that stopped by itself");
}
