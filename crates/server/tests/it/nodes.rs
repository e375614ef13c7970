//! Several servers on one PostgreSQL database.

use crate::wire::{PATIENCE, holdings};
use domain::{ApiKey, Clock};
use std::sync::Arc;
use std::time::Duration;
use store::DatabaseUrl;
use testkit::postgres::{Cluster, Pooler, TestDatabase};
use testkit::{Connection, Request, TestServer};
use tokio::task::JoinSet;
use tokio::time::Instant;

const CAT: &str = "/challenge-info-id/?id=7551";

/// Starts two nodes; the first one creates the account and the key.
async fn two_nodes(url: &DatabaseUrl) -> (TestServer, TestServer) {
    let first = TestServer::builder().database(url.clone()).holding(holdings()).start().await;
    let second = TestServer::builder().database(url.clone()).start().await;
    (first, second)
}

/// Waits until a node receives notifications.
async fn listens(node: &TestServer) {
    let mut receiver = node.fixture().store().notifications().expect("notifications of a database");
    let listening = tokio::time::timeout(PATIENCE, receiver.wait_for(|now| now.is_listening)).await;
    listening.expect("in time").expect("a listener");
}

/// Sends requests until one has this status, and returns how long that took.
pub(crate) async fn until_status(node: &TestServer, status: u16, within: Duration) -> Duration {
    let begun = Instant::now();
    let mut connection = Connection::open(node.address).await;
    let request = Request::get(CAT).key(&node.key);
    let waiting = tokio::time::timeout(within, async {
        while connection.send(request.clone()).await.expect("an answer").status.as_u16() != status {}
    });
    waiting.await.unwrap_or_else(|_| panic!("{status} within {within:?}"));
    begun.elapsed()
}

async fn revoke(node: &TestServer) {
    let key_id = ApiKey::parse(&node.key).expect("a key").id();
    node.fixture().store().revoke_key(key_id, node.clock.now()).await.expect("revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_on_one_node_is_refused_on_the_other_after_the_notification() {
    let Some(database) = TestDatabase::create().await else { return };
    let first = TestServer::builder().database(database.url()).holding(holdings()).start().await;
    // It never polls, so that only the notification can make it refuse the key.
    let never_polls = |options: &mut server::Options| {
        options.keys_poll_interval = Duration::from_secs(86_400);
        options.keys_poll_interval_heard = Duration::from_secs(86_400);
    };
    let second = TestServer::builder().database(database.url()).options(never_polls).start().await;
    listens(&second).await;
    assert_eq!(second.get(CAT).await.status.as_u16(), 200);
    revoke(&first).await;
    let took = until_status(&second, 401, PATIENCE).await;
    eprintln!("refused {} ms after it was revoked", took.as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_without_a_notification_is_refused_too() {
    let Some(database) = TestDatabase::create().await else { return };
    let (_first, second) = two_nodes(&database.url()).await;
    listens(&second).await;
    assert_eq!(second.get(CAT).await.status.as_u16(), 200);
    // As `revoke_key` does, but without a notification.
    database.sql(
        "UPDATE tagmeter.keys SET revoked_at_ms = 1; UPDATE tagmeter.keys_version SET version = version + 1",
    );
    let took = until_status(&second, 401, PATIENCE).await;
    eprintln!("refused {} ms after it was revoked", took.as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_refused_though_listeners_are_cut_off_again_and_again() {
    let Some(database) = TestDatabase::create().await else { return };
    let (first, second) = two_nodes(&database.url()).await;
    listens(&second).await;
    assert_eq!(second.get(CAT).await.status.as_u16(), 200);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    let cutting = async {
        loop {
            tokio::task::block_in_place(|| database.sql(cut));
            tokio::task::yield_now().await;
        }
    };
    let refused = async {
        revoke(&first).await;
        until_status(&second, 401, PATIENCE).await
    };
    let took = tokio::select! {
        () = cutting => unreachable!("it goes on"),
        took = refused => took,
    };
    eprintln!("refused {} ms after it was revoked", took.as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_polled_where_a_pooler_blocks_notifications() {
    let Some(database) = TestDatabase::create().await else { return };
    let url = format!("{}?prepared_statements=false", database.url_text()).parse().expect("an address");
    let (first, second) = two_nodes(&url).await;
    assert_eq!(second.get(CAT).await.status.as_u16(), 200);
    revoke(&first).await;
    until_status(&second, 401, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_answers_with_records_of_the_other() {
    let Some(database) = TestDatabase::create().await else { return };
    let (first, second) = two_nodes(&database.url()).await;
    listens(&second).await;
    let before = second.get(CAT).await;
    assert_eq!(before.text(), first.get(CAT).await.text());
    let views = |views: u64| {
        let at = first.clock.now();
        testkit::hashtag("cat").id(7551).views(views).observed_at(at).into()
    };
    first
        .fixture()
        .record([views(1_000_681_999_999), testkit::hashtag("quokka").id(9_001).views(5).into()])
        .await;
    let after = first.get(CAT).await;
    assert_ne!(after.text(), before.text());
    // Its clock stands still, so only the notification makes it read the store.
    let following =
        tokio::time::timeout(PATIENCE, async { while second.get(CAT).await.text() != after.text() {} });
    following.await.expect("a notification arrives");
    for path in ["/challenge-info-name/?name=quokka", "/search-challenge/?keyword=quokka"] {
        assert_eq!(second.get(path).await.text(), first.get(path).await.text(), "{path}");
        assert!(second.get(path).await.text().contains("9001"), "{path}");
    }
    // A walk continues on either node.
    let page = first.get("/challenge-posts/?challenge_id=7551&count=30").await.json();
    let next = format!("/challenge-posts/?challenge_id=7551&count=30&cursor={}", page["cursor"]);
    let (here, there) = (first.get(&next).await, second.get(&next).await);
    assert_eq!((here.status.as_u16(), here.text()), (200, there.text()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_through_a_transaction_pooler_are_served_and_charged_exactly() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let Some(pooler) = Pooler::start(&cluster).await else { return };
    let builder = TestServer::builder().database(pooler.url("postgres")).credits(40);
    let node = Arc::new(builder.holding(holdings()).start().await);
    let mut callers = JoinSet::new();
    for number in 0..60 {
        let node = Arc::clone(&node);
        let path = ["/challenge-posts/?challenge_id=7551", CAT, "/search-challenge/?keyword=cat"][number % 3];
        callers.spawn(async move { node.get(path).await.status.as_u16() });
    }
    let statuses = callers.join_all().await;
    let count = |status: u16| statuses.iter().filter(|&&seen| seen == status).count();
    assert_eq!((count(200), count(402)), (40, 20), "{statuses:?}");
    node.fixture().record([testkit::hashtag("quokka").id(9_001).views(5).into()]).await;
    assert_eq!(node.get("/challenge-info-name/?name=quokka").await.status.as_u16(), 402);
    let audit = node.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_noticed_and_nothing_is_charged_meanwhile() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let builder = TestServer::builder().database(cluster.url("postgres")).holding(holdings());
    let node = builder.options(|options| options.request_timeout = Duration::from_secs(1)).start().await;
    assert_eq!(node.get(CAT).await.status.as_u16(), 200);
    let before = node.balance().await;
    cluster.freeze(true);
    let unready = tokio::time::timeout(PATIENCE, async {
        while node.send(Request::get("/readyz")).await.status.as_u16() != 503 {}
    });
    unready.await.expect("it notices");
    for _ in 0..3 {
        let answer = node.get(CAT).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-credits-charged")), (503, "0"));
    }
    cluster.freeze(false);
    let took = until_status(&node, 200, Duration::from_secs(5)).await;
    eprintln!("answered {} ms after the database continued", took.as_millis());
    let balance = node.balance().await;
    let answered = node.get(CAT).await;
    assert_eq!((before - 1, answered.status.as_u16()), (balance, 200), "only the call that was answered");
    let audit = node.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_down_calls_are_refused_free_of_charge_until_it_is_back() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let node = TestServer::builder().database(cluster.url("postgres")).holding(holdings()).start().await;
    assert_eq!(node.get(CAT).await.status.as_u16(), 200);
    let before = node.balance().await;
    tokio::task::block_in_place(|| cluster.stop());
    let unready = tokio::time::timeout(PATIENCE, async {
        while node.send(Request::get("/readyz")).await.status.as_u16() != 503 {}
    });
    unready.await.expect("it notices");
    for path in [CAT, "/challenge-posts/?challenge_id=7551", "/search-challenge/?keyword=cat"] {
        let answer = node.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "unavailable"), "{path}");
        assert_eq!(answer.header("retry-after"), "1", "{path}");
        assert_eq!(answer.header("x-credits-charged"), "0", "{path}");
    }
    assert_eq!(node.send(Request::get("/healthz")).await.status.as_u16(), 200);
    tokio::task::block_in_place(|| cluster.start_again());
    let took = until_status(&node, 200, Duration::from_secs(5)).await;
    let ready = tokio::time::timeout(Duration::from_secs(5).saturating_sub(took), async {
        while node.send(Request::get("/readyz")).await.status.as_u16() != 200 {}
    });
    ready.await.expect("ready within five seconds");
    eprintln!("answered {} ms after the database was back", took.as_millis());
    assert_eq!(node.balance().await, before - 1, "only the call that was answered");
    let audit = node.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}
