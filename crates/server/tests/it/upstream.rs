//! A server with an upstream: fresh, stale and missing answers, and their charges.

use catalog::upstream::Allowed;
use std::time::Duration;
use testkit::upstream::{ContractStandIn, Fault, Habits, UpstreamHashtag};
use testkit::{Request, TestServer};

const CALL: Duration = Duration::from_millis(300);
const NO_LIMIT: Allowed = Allowed { requests_per_minute: 0, daily_requests: None };
const CAT: &str = "/challenge-info-name/?name=cat";

async fn server() -> (ContractStandIn, TestServer) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 60);
    let server = TestServer::builder().upstreams(upstream.upstreams(NO_LIMIT, CALL)).start().await;
    (upstream, server)
}

#[tokio::test]
async fn an_answer_states_its_reading_time_and_whether_it_is_stale() {
    let (upstream, server) = server().await;
    let fresh = server.get(CAT).await;
    assert_eq!((fresh.status.as_u16(), fresh.header("age"), fresh.header("x-stale")), (200, "0", ""));
    assert_eq!(fresh.header("x-observed-at"), "2026-01-01T00:00:00Z");
    assert_eq!(
        (fresh.header("x-credits-charged"), &*fresh.json()["view_count"].to_string()),
        ("1", "1000000")
    );
    server.clock.advance(Duration::from_secs(90));
    assert_eq!(server.get(CAT).await.header("age"), "90");
    assert_eq!(upstream.received().len(), 1);
    assert_eq!(server.get("/challenge-info-name/?name=cat&fresh=true").await.header("age"), "0");
    let old = Request::get(CAT).key(&server.key);
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(server.send(old.clone().header("cache-control", "max-age=60")).await.header("age"), "30");
    assert_eq!(server.send(old.header("cache-control", "max-age=10")).await.header("age"), "0");
    assert_eq!(upstream.received().len(), 3);
    upstream.always(Some(Fault::reply(500, "")));
    server.clock.advance(Duration::from_secs(3600));
    let stale = server.get(CAT).await;
    assert_eq!((stale.status.as_u16(), stale.header("age"), stale.header("x-stale")), (200, "3600", "true"));
    assert_eq!(server.get("/challenge-info-name/?name=cat&fresh=perhaps").await.json()["param"], "fresh");
}

#[tokio::test]
async fn failures_of_the_upstream_are_reported_and_not_charged() {
    let (upstream, server) = server().await;
    let before = server.balance().await;
    let missing = server.get("/challenge-info-name/?name=dog").await;
    assert_eq!((missing.status.as_u16(), &*missing.code()), (404, "hashtag_not_found"));
    for (name, fault, status, code) in [
        ("a", Fault::body("<html>"), 502, "upstream_error"),
        ("b", Fault::Hang, 504, "upstream_timeout"),
        ("c", Fault::too_many(None), 503, "upstream_unavailable"),
    ] {
        upstream.always(Some(fault));
        let answer = server.get(&format!("/challenge-info-name/?name={name}")).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code));
        assert_eq!((answer.header("retry-after"), answer.header("x-credits-charged")), ("5", "0"));
        assert!(!answer.text().contains("html"), "the cause is not sent: {}", answer.text());
    }
    assert_eq!(server.balance().await, before);
}

#[tokio::test]
async fn a_client_walks_through_the_upstream_as_if_all_were_stored() {
    let (upstream, server) = server().await;
    upstream.habits(Habits { errors_in_200: true, repeats: 5, ..Habits::default() });
    let (mut cursor, mut ids, mut pages) = (0, std::collections::BTreeSet::new(), 0);
    loop {
        let page =
            server.get(&format!("/challenge-posts/?challenge_id=7551&count=35&cursor={cursor}")).await.json();
        let videos = page["videos"].as_array().expect("videos");
        ids.extend(videos.iter().map(|video| video["video_id"].to_string()));
        pages += 1;
        cursor = page["cursor"].as_u64().expect("a cursor");
        if page["hasMore"] == false {
            break;
        }
        assert_eq!(videos.len(), 35, "full until the last");
    }
    assert_eq!((ids.len(), pages), (60, 2));
    let found = server.get("/search-challenge/?keyword=cat").await.json();
    assert_eq!(found["challenge_list"][0]["cha_name"], "cat");
}

async fn rejects(server: &TestServer) -> u64 {
    let answer = server.get("/metrics").await;
    let metrics = answer.text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("tagmeter_upstream_rejects_total{upstream=\"original\"} "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().expect("a number")
}

#[tokio::test]
async fn rejects_of_an_upstream_are_counted_and_the_rest_is_served() {
    let (upstream, server) = server().await;
    assert_eq!(rejects(&server).await, 0);
    let mut videos = upstream.held_videos(7551);
    videos[1].plays = u64::MAX;
    let cat = UpstreamHashtag { id: 7551, name: "cat".to_owned(), views: 5, creators: 5, videos };
    upstream.hold_hashtag(cat.clone());
    upstream.hold_hashtag(UpstreamHashtag { id: 7552, name: "cattle".to_owned(), views: 1 << 54, ..cat });
    let page = server.get("/challenge-posts/?challenge_id=7551&count=35").await.json();
    assert_eq!(page["videos"].as_array().map(Vec::len), Some(35), "{page}");
    assert_eq!(rejects(&server).await, 1);
    // A search returns the valid records.
    let found = server.get("/search-challenge/?keyword=cat").await.json();
    assert_eq!((&found["challenge_list"][0]["cha_name"], rejects(&server).await), (&"cat".into(), 2));
    // A rejected record that is requested alone makes an error. It is fetched once, and the upstream stays in
    // use.
    for n in 1..=8 {
        let calls = upstream.received().len();
        let answer = server.get("/challenge-info-name/?name=cattle").await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (502, "upstream_error"), "{}", answer.text());
        assert_eq!((rejects(&server).await, upstream.received().len()), (2 + n, calls + 1));
    }
    assert_eq!(server.get("/challenge-info-name/?name=cat&fresh=true").await.header("age"), "0");
}
