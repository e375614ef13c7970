//! Periods without data: the answer is free, and names the period that has some.

use crate::measure::holdings;
use domain::{Observation, Timestamp};
use serde_json::{Value, json};
use testkit::{Place, TestServer, hashtag, video};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// #cat has readings in March and videos of February; #dog has readings in May and no videos; #fox has no reading time.
fn of_last_year() -> Vec<Observation> {
    let read = |name: &str, id, views, time| hashtag(name).id(id).views(views).observed_at(at(time)).into();
    let posted = |id, time| video(id).tag("cat").author(id).plays(9).created_at(at(time)).into();
    vec![
        read("cat", 1, 100, "2025-03-01T10:00:00Z"),
        read("cat", 1, 200, "2025-03-09T11:00:00Z"),
        read("dog", 2, 300, "2025-05-02T12:00:00Z"),
        hashtag("fox").id(3).views(5).into(),
        posted(11, "2025-02-03T00:00:00Z"),
        posted(12, "2025-02-04T05:06:07Z"),
    ]
}

fn span(from: &str, to: &str) -> Value {
    json!({"from": from, "to": to})
}

async fn an_empty_period_is_free_and_names_the_one_with_data(place: &Place) {
    let server = place.server().await.holding(of_last_year()).start().await;
    let readings = span("2025-03-01T10:00:00Z", "2025-03-09T11:00:00Z");
    let posts = span("2025-02-03T00:00:00Z", "2025-02-04T05:06:07Z");
    let balance = server.balance().await;
    server.fixture().measure().follow_trends().await.expect("trends");
    for (path, available) in [
        ("/v1/hashtags/cat/history?from=2025-06-01", &readings),
        ("/v1/hashtags/cat/history?to=2024-12-31&step=raw&mode=gain", &readings),
        ("/v1/hashtags/cat/history?from=2025-06-01&format=json&fields=points", &readings),
        ("/v1/hashtags/cat/videos?since=2025-06-01", &posts),
        ("/v1/hashtags/cat/videos?until=2025-01-01&sort=newest", &posts),
        ("/v1/hashtags/cat/creators?since=2025-06-01", &posts),
        ("/v1/hashtags/cat/related?since=2025-06-01", &posts),
        ("/v1/hashtags/cat/benchmark?window=30d", &posts),
        ("/v1/compare?tags=cat,dog&from=2025-06-01", &span("2025-02-03T00:00:00Z", "2025-05-02T12:00:00Z")),
        ("/v1/hashtags/fox/history?from=2025-06-01", &Value::Null),
        ("/v1/hashtags/fox/creators", &Value::Null),
        ("/v1/trending?sort=growth&min_views=9000", &span("2025-03-09T11:00:00Z", "2025-03-09T11:00:00Z")),
    ] {
        let answer = server.get(path).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-credits-charged")),
            (200, "0"),
            "{path}: {json}"
        );
        assert_eq!(&json["meta"]["available"], available, "{path}: {json}");
        assert_eq!(json["billing"]["credits_charged"], 0, "{path}");
    }
    let compared = server.get("/v1/compare?tags=cat,fox&from=2025-06-01").await.json();
    let of_each: Vec<&Value> = compared["data"]["hashtags"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["available"])
        .collect();
    assert_eq!(of_each, [&readings, &Value::Null]);
    assert_eq!(server.balance().await, balance);
    assert!(server.get("/v1/hashtags/cat/history.svg?from=2025-06-01").await.text().contains("2025-03-01"));
}

async fn a_period_with_data_is_charged_and_names_no_other(place: &Place) {
    let server = place.server().await.holding(of_last_year()).start().await;
    for path in [
        "/v1/hashtags/cat/history?from=2025-03-01&to=2025-03-01",
        "/v1/hashtags/cat/videos?since=2025-02-04",
        "/v1/hashtags/cat/creators?since=2025-02-04",
        "/v1/hashtags/cat/benchmark",
        "/v1/compare?tags=cat,dog&from=2025-05-01",
        "/v1/compare?tags=cat,dog&from=2025-02-04&to=2025-02-05",
        "/v1/compare?tags=dog,fox",
    ] {
        let answer = server.get(path).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-credits-charged")),
            (200, "1"),
            "{path}: {json}"
        );
        assert_eq!(json["meta"]["available"], Value::Null, "{path}");
    }
}

/// The first question after a start, over a store whose trends were never computed.
async fn the_first_question_for_trends_is_answered_with_trends(place: &Place) {
    for path in ["/v1/trending?sort=velocity", "/v1/hashtags?query=cat&sort=growth", "/v1/hashtags/cat"] {
        let server = place.server().await.start().await;
        let turn = server.fixture().store().trends_turn().await.expect("a turn");
        server.fixture().record(holdings()).await;
        let (answer, ()) = tokio::join!(server.get(path), async {
            tokio::task::yield_now().await;
            drop(turn);
        });
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-credits-charged")),
            (200, "1"),
            "{path}: {json}"
        );
        let first = json["data"].as_array().map_or(&json["data"], |rows| &rows[0]);
        assert_eq!(first["name"], "cat", "{path}: {json}");
        assert!(!path.ends_with("/cat") || first["emerging"]["peers"] == 2, "{json}");
        let caveats = json["meta"]["caveats"].as_array().expect("caveats");
        assert!(caveats.iter().all(|caveat| caveat["code"] != "trends_pending"), "{json}");
    }
}

testkit::test_on_each_backend!(
    an_empty_period_is_free_and_names_the_one_with_data,
    a_period_with_data_is_charged_and_names_no_other,
    the_first_question_for_trends_is_answered_with_trends,
);

/// While another process computes them, as with a large store. The tests of `measure` cover the other questions
/// that need trends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_there_are_no_trends_yet_a_question_for_them_is_refused_and_free() {
    let server = TestServer::start().await;
    let turn = server.fixture().store().trends_turn().await.expect("a turn");
    server.fixture().record(holdings()).await;
    let answer = server.get("/v1/trending").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "unavailable"));
    assert_eq!((answer.header("retry-after"), answer.header("x-credits-charged")), ("5", "0"));
    assert!(answer.text().contains("for the first time"), "{}", answer.text());
    drop(turn);
    assert_eq!(server.get("/v1/trending?sort=velocity").await.json()["data"][0]["name"], "cat");
}
