//! An outage of the database for half a minute, under load: calls are refused soon, only answered ones are
//! charged, and the server recovers soon after.

use crate::nodes::until_status;
use crate::wire::{PATIENCE, holdings};
use domain::RequestId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::postgres::Cluster;
use testkit::{Answer, Connection, Request, TestServer};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// Length of the outage.
const OUTAGE: Duration = Duration::from_secs(30);
/// Time for calls to be answered again once the database is back.
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// Timeout of clients: no call may take that long.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);
/// Pause of a client that was refused.
const PAUSE: Duration = Duration::from_millis(20);
/// Callers at once, each on a connection of its own.
const CALLERS: usize = 8;
/// Answered calls of the test besides its callers: one before, one after.
const PROBES: usize = 2;
const PATHS: [&str; 4] = [
    "/challenge-info-id/?id=7551",
    "/challenge-info-name/?name=cat",
    "/challenge-posts/?challenge_id=7551",
    "/search-challenge/?keyword=cat",
];

/// Progress of the test, for the callers.
#[derive(Default)]
struct Phase {
    /// True while the database is certainly down: it was stopped and is not being started.
    is_away: AtomicBool,
    is_over: AtomicBool,
}

/// Answers to a caller.
#[derive(Default)]
struct Journal {
    paid: Vec<RequestId>,
    shed: usize,
    /// Longest time of a call that began during the outage.
    slowest: Duration,
}

/// Calls until the test ends, and checks each answer.
async fn calls(node: Arc<TestServer>, phase: Arc<Phase>, first: usize) -> Journal {
    let mut journal = Journal::default();
    let mut connection = Connection::open(node.address).await;
    for path in PATHS.iter().cycle().skip(first) {
        if phase.is_over.load(Ordering::SeqCst) {
            break;
        }
        let (was_away, begun) = (phase.is_away.load(Ordering::SeqCst), Instant::now());
        let call = connection.send(Request::get(*path).key(&node.key));
        let answer = timeout(CLIENT_PATIENCE, call).await.expect("no call hangs").expect("an answer");
        let is_away = was_away && phase.is_away.load(Ordering::SeqCst);
        if was_away {
            journal.slowest = journal.slowest.max(begun.elapsed());
        }
        match answer.status.as_u16() {
            200 if !is_away => journal.paid.push(request_id(&answer)),
            503 => {
                is_shed(&answer, path);
                journal.shed += 1;
                sleep(PAUSE).await;
            }
            other => panic!("{path}: {other} while away is {is_away}: {}", answer.text()),
        }
    }
    journal
}

fn request_id(answer: &Answer) -> RequestId {
    RequestId::parse(answer.header("x-request-id")).expect("an id")
}

/// Checks that a call was refused with `Retry-After`, free of charge.
fn is_shed(answer: &Answer, path: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "unavailable"), "{path}");
    assert_eq!(answer.header("retry-after"), "1", "{path}");
    assert_eq!(answer.header("x-credits-charged"), "0", "{path}");
}

/// The ledger has an entry for each answer, and no other one.
async fn charged_are_the_answered(node: &TestServer, journals: &[Journal], granted: u64) {
    let store = node.fixture().store();
    for id in journals.iter().flat_map(|journal| &journal.paid) {
        let entry = store.charged(node.account_id, *id).await.expect("an answer");
        assert!(entry.is_some(), "{id} was answered, and its charge is lost");
    }
    let answered: usize = journals.iter().map(|journal| journal.paid.len()).sum();
    let answered = (answered + PROBES) as u64;
    let audit = store.audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
    assert_eq!((audit.charges, node.balance().await), (answered, granted - answered));
}

async fn is_ready(node: &TestServer) -> bool {
    let answer = timeout(CLIENT_PATIENCE, node.send(Request::get("/readyz"))).await.expect("no hang");
    answer.status.as_u16() == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_minute_without_the_database_costs_no_credit_and_recovery_takes_five_seconds() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let builder = TestServer::builder().database(cluster.url("postgres")).holding(holdings());
    let node = Arc::new(builder.start().await);
    let granted = node.balance().await;
    let phase = Arc::new(Phase::default());
    let mut callers = JoinSet::new();
    for first in 0..CALLERS {
        callers.spawn(calls(Arc::clone(&node), Arc::clone(&phase), first));
    }
    until_status(&node, 200, PATIENCE).await;

    tokio::task::block_in_place(|| cluster.stop());
    phase.is_away.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    timeout(RECOVERY_MAX, async { while is_ready(&node).await {} }).await.expect("it notices");
    while begun.elapsed() < OUTAGE {
        assert!(!is_ready(&node).await, "there is no database");
        assert_eq!(node.send(Request::get("/healthz")).await.status.as_u16(), 200);
        sleep(PAUSE).await;
    }
    phase.is_away.store(false, Ordering::SeqCst);
    tokio::task::block_in_place(|| cluster.start_again());

    let took = until_status(&node, 200, RECOVERY_MAX).await;
    let left = RECOVERY_MAX.saturating_sub(took);
    timeout(left, async { while !is_ready(&node).await {} }).await.expect("ready within five seconds");
    phase.is_over.store(true, Ordering::SeqCst);
    let journals = timeout(PATIENCE, callers.join_all()).await.expect("callers end");
    for journal in &journals {
        assert!(!journal.paid.is_empty() && journal.shed > 0, "each caller saw both");
    }
    charged_are_the_answered(&node, &journals, granted).await;
    let shed: usize = journals.iter().map(|journal| journal.shed).sum();
    let slowest = journals.iter().map(|journal| journal.slowest).max().expect("callers");
    eprintln!("{shed} calls shed, the slowest after {slowest:?}; answered again {took:?} after the start");
}
