//! Keys, credits and idempotency under load.

use crate::wire::{PATIENCE, holding_at};
use domain::Clock;
use domain::{ApiKey, KeyId, KeyScope};
use std::sync::Arc;
use store::keys::{KeyCreated, NewKey};
use testkit::{Connection, Place, Request, TestServer};
use tokio::task::JoinSet;

const CAT: &str = "/challenge-info-id/?id=7551";

/// Sends many calls at once on few credits: exactly as many are served.
async fn storm(place: &Place, credits: u64, connections: u64, calls_each: u64) {
    let server = holding_at(place).await.credits(credits).start().await;
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        let (address, key) = (server.address, server.key.clone());
        callers.spawn(async move {
            let mut connection = Connection::open(address).await;
            let (mut served, mut refused) = (0_u64, 0_u64);
            for _ in 0..calls_each {
                let answer = connection.send(Request::get(CAT).key(&key)).await.expect("an answer");
                match answer.status.as_u16() {
                    200 => served += 1,
                    402 => refused += 1,
                    other => panic!("{other}: {}", answer.text()),
                }
            }
            (served, refused)
        });
    }
    let all = callers.join_all().await;
    let (served, refused) = all.iter().fold((0, 0), |(s, r), (served, refused)| (s + served, r + refused));
    assert_eq!((served, refused), (credits, connections * calls_each - credits));
    assert_eq!(server.balance().await, 0);
    let audit = server.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

async fn a_storm_of_calls_on_few_credits_is_served_exactly(place: &Place) {
    storm(place, 100, 64, 8).await;
    storm(place, 1, 200, 1).await;
}

async fn a_revoked_key_is_refused_soon_and_a_new_one_works(place: &Place) {
    let server = holding_at(place).await.start().await;
    let mut connection = Connection::open(server.address).await;
    let request = Request::get(CAT).key(&server.key);
    assert_eq!(connection.send(request.clone()).await.expect("an answer").status.as_u16(), 200);
    let key_id = ApiKey::parse(&server.key).expect("a key").id();
    server.fixture().store().revoke_key(key_id, server.clock.now()).await.expect("revoked");
    let refused = tokio::time::timeout(PATIENCE, async {
        while connection.send(request.clone()).await.expect("an answer").status.as_u16() != 401 {}
    });
    refused.await.expect("a revoked key is refused");
    let key = ApiKey::new(KeyId::new(77), [9; 16]);
    // With a wider scope than paid calls need.
    let made = |digest| NewKey {
        key_id: key.id(),
        digest,
        name: String::new(),
        scope: KeyScope::Admin,
        requests_per_minute: None,
    };
    let request = Request::get(CAT).key(&key.reveal());
    let unknown = connection.send(request.clone()).await.expect("an answer");
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (401, "invalid_api_key"));
    let created =
        server.fixture().store().create_key(server.account_id, made(key.digest()), server.clock.now()).await;
    assert_eq!(created.expect("an answer"), KeyCreated::Created);
    let accepted = tokio::time::timeout(PATIENCE, async {
        while connection.send(request.clone()).await.expect("an answer").status.as_u16() != 200 {}
    });
    accepted.await.expect("a new key works within a second, also when it was tried before");
}

async fn a_key_with_another_secret_is_refused(place: &Place) {
    let server = holding_at(place).await.start().await;
    let right = ApiKey::parse(&server.key).expect("a key");
    for key in [ApiKey::new(right.id(), [0; 16]), ApiKey::new(KeyId::new(1), [0; 16])] {
        let answer = server.send(Request::get(CAT).key(&key.reveal())).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "invalid_api_key"));
        assert_eq!(answer.header("x-credits-remaining"), "", "a stranger learns nothing about the account");
    }
    let bearer = format!("Bearer {}", server.key);
    assert_eq!(server.send(Request::get(CAT).header("authorization", &bearer)).await.status.as_u16(), 200);
}

async fn the_server_s_limit_is_for_keys_without_their_own(place: &Place) {
    let server = holding_at(place).await.options(|options| options.requests_per_minute = 3).start().await;
    assert_eq!(server.get(CAT).await.header("ratelimit-policy"), "\"minute\";q=3;w=60");
    let server =
        holding_at(place).await.options(|options| options.requests_per_minute = 3).key_limit(0).start().await;
    for _ in 0..5 {
        let answer = server.get(CAT).await;
        assert_eq!((answer.status.as_u16(), answer.header("ratelimit-policy")), (200, ""));
    }
}

async fn a_repeated_idempotency_key_returns_the_same_answer_for_one_charge(place: &Place) {
    let server = holding_at(place).await.credits(1).start().await;
    let request = |path: &str, key: &str| Request::get(path).key(&server.key).header("idempotency-key", key);
    let first = server.send(request(CAT, "a")).await;
    assert_eq!((first.status.as_u16(), first.header("x-credits-charged")), (200, "1"));
    // The hashtag has changed and the account is empty: the paid answer is returned nevertheless.
    let changed = testkit::hashtag("cat").id(7551).views(2_000_000_000_000).observed_at(server.clock.now());
    server.fixture().record([changed.into()]).await;
    let again = server.send(request("/challenge-info-id?id=7551", "a")).await;
    assert_eq!((again.status.as_u16(), again.text()), (200, first.text()));
    assert_eq!((again.header("x-credits-charged"), again.header("x-credits-remaining")), ("0", "0"));
    let other = server.send(request("/challenge-info-id/?id=8001", "a")).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(server.send(request(CAT, "b")).await.status.as_u16(), 402);
}

async fn one_idempotency_key_sent_many_times_at_once_is_charged_once(place: &Place) {
    let server = Arc::new(holding_at(place).await.start().await);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let server = Arc::clone(&server);
        callers.spawn(async move {
            let request = Request::get(CAT).key(&server.key).header("idempotency-key", "once");
            let answer = server.send(request).await;
            assert_eq!(answer.status.as_u16(), 200);
            answer.header("x-credits-charged").parse::<u64>().expect("a number")
        });
    }
    assert_eq!(callers.join_all().await.iter().sum::<u64>(), 1);
    assert_eq!(server.balance().await, 999_999);
}

/// Two servers on one store: neither overspends the account.
async fn credits_that_another_server_spent_are_gone(place: &Place) {
    let server = holding_at(place).await.credits(2).start().await;
    let other = second(&server).await;
    assert_eq!(server.get(CAT).await.header("x-credits-remaining"), "1");
    assert_eq!(Request::get(CAT).key(&server.key).send(other).await.header("x-credits-remaining"), "0");
    let answer = server.get(CAT).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-credits-remaining")), (402, "0"));
}

async fn second(server: &TestServer) -> std::net::SocketAddr {
    let measure = server.fixture().measure().clone();
    let alerting = testkit::alerting(&measure, testkit::policy([]));
    let sharing = testkit::sharing(&measure);
    let scheduling = testkit::scheduling(&measure, testkit::policy([]));
    let parts = server::Parts {
        measure,
        alerting,
        sharing,
        scheduling,
        clock: Arc::new(server.clock.clone()),
        seed: 8,
    };
    let bound = server::Server::bind(([127, 0, 0, 1], 0).into(), parts, server::Options::default()).await;
    let other = bound.expect("a server");
    let address = other.local_addr();
    tokio::spawn(other.run(std::future::pending()));
    address
}

testkit::test_on_each_backend!(
    a_storm_of_calls_on_few_credits_is_served_exactly,
    a_revoked_key_is_refused_soon_and_a_new_one_works,
    a_key_with_another_secret_is_refused,
    the_server_s_limit_is_for_keys_without_their_own,
    a_repeated_idempotency_key_returns_the_same_answer_for_one_charge,
    one_idempotency_key_sent_many_times_at_once_is_charged_once,
    credits_that_another_server_spent_are_gone,
);
