//! Questions as of a moment over the wire: the answer that was given then, beside the live one and never in its place.

use domain::{Clock, Timestamp};
use serde_json::Value;
use std::time::Duration;
use testkit::{Answer, Place, Request, TestServer, hashtag, video};

const HOUR: Duration = Duration::from_secs(3_600);

/// A server with a reading of 1,000 views that came in an hour ago, and one of 1,010 views that came in now.
async fn server(place: &Place) -> TestServer {
    let server = place.server().await.start().await;
    for views in [1_000, 1_010] {
        server.clock.advance(HOUR);
        server.fixture().record([hashtag("cat").views(views).observed_at(server.clock.now()).into()]).await;
    }
    server
}

fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.json()["data"].clone()
}

fn values(answer: &Answer) -> Vec<u64> {
    let data = data(answer);
    let points = data["points"].as_array().expect("points").iter();
    points.map(|point| point["value"].as_u64().expect("a value")).collect()
}

async fn a_moment_and_the_present_are_never_mixed(place: &Place) {
    let server = server(place).await;
    let live = "/v1/hashtags/cat/history?step=raw";
    let then = "/v1/hashtags/cat/history?step=raw&as_of=30min";
    for _ in 0..2 {
        let answer = server.get(live).await;
        assert_eq!(values(&answer), [1_000, 1_010], "{}", answer.text());
        assert_eq!(answer.json()["meta"]["as_of"], Value::Null);
        let answer = server.get(then).await;
        assert_eq!(values(&answer), [1_000]);
        assert_eq!(answer.json()["meta"]["as_of"], "2026-01-01T01:30:00Z");
    }
    assert_eq!(server.balance().await, 1_000_000 - 4, "a moment costs what the present costs");
    // Neither stands in for the other under one key, nor by its validator.
    let keyed = |path: &str| Request::get(path).key(&server.key).header("idempotency-key", "one");
    let first = server.send(keyed(live)).await;
    assert_eq!(values(&first), [1_000, 1_010]);
    let other = server.send(keyed(then)).await;
    assert_ne!(other.status.as_u16(), 200, "{}", other.text());
    let etag = first.header("etag").to_owned();
    if !etag.is_empty() {
        let answer = server.send(Request::get(then).key(&server.key).header("if-none-match", &etag)).await;
        assert_eq!(values(&answer), [1_000]);
    }
}

async fn what_is_refused_costs_nothing(place: &Place) {
    let server = server(place).await;
    for (path, expected) in [
        (
            "/v1/hashtags/cat/history?as_of=2026-01-02",
            "in the future; give a moment up to 2026-01-01T02:00:00Z",
        ),
        ("/v1/hashtags/cat/history?as_of=soon", "as_of"),
        ("/v1/trending?as_of=1h", "as_of is not accepted here"),
        ("/v1/hashtags?query=cat&as_of=1h", "as_of is not accepted here"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status.as_u16(), 422, "{path}: {}", answer.text());
        assert!(answer.text().contains(expected), "{path}: {}", answer.text());
    }
    assert_eq!(server.balance().await, 1_000_000);
    for path in ["", "/history", "/history.svg", "/videos", "/creators", "/benchmark"] {
        let answer = server.get(&format!("/v1/hashtags/cat{path}?as_of=3h")).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.text());
        assert!(
            answer.text().contains("no hashtag cat had come in by 2025-12-31T23:00:00Z"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(server.balance().await, 1_000_000);
}

async fn a_preview_replays_the_readings_of_then(place: &Place) {
    let server = place.server().await.start().await;
    for day in 0..40_u64 {
        server.clock.advance(24 * HOUR);
        let views = 1_000 + day * 100;
        server.fixture().record([hashtag("cat").views(views).observed_at(server.clock.now()).into()]).await;
    }
    let preview = async |as_of: Option<&str>| {
        let mut asked = serde_json::json!({"hashtag": "cat", "rule": "velocity", "above": 10});
        if let Some(as_of) = as_of {
            asked["as_of"] = as_of.into();
        }
        let answer = server.send(Request::post_json("/v1/alerts/preview", &asked).key(&server.key)).await;
        data(&answer)["coverage"]["readings"].as_u64().expect("a number")
    };
    assert_eq!([preview(None).await, preview(Some("10d")).await, preview(None).await], [40, 30, 40]);
}

/// A tracker that watches imports: the file of the second day comes on the fourth and closes a gap.
async fn a_tracker_had_the_gaps_of_then(place: &Place) {
    let server = place.server().await.start().await;
    let first = server.clock.now();
    let day = |n: i64| Timestamp::from_ms(first.as_ms() + n * 86_400_000);
    let order = serde_json::json!({"hashtags": ["cat"], "source": "none", "every": "day"});
    let created = server.send(Request::post_json("/v1/trackers", &order).key(&server.key)).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    let id = created.json()["data"]["id"].as_str().expect("an id").to_owned();
    for (now, read) in [(1, 0), (3, 2), (4, 1)] {
        server.clock.set(day(now));
        server.fixture().record([hashtag("cat").views(1_000).observed_at(day(read)).into()]).await;
    }
    let series = async |as_of: &str| {
        let data = data(&server.get(&format!("/v1/trackers/{id}/series{as_of}")).await);
        ["readings", "gaps"].map(|name| data[name].as_array().expect("a list").len())
    };
    let live = series("").await;
    let then = series("?as_of=12h").await;
    assert_eq!((live[0], then[0]), (3, 2));
    assert!(then[1] > 0, "the day between is a gap: {then:?}");
    assert_eq!(series("").await, live);
    let ahead = server.get(&format!("/v1/trackers/{id}/series?as_of=2026-02-01")).await;
    assert_eq!(ahead.status.as_u16(), 422, "{}", ahead.text());
}

async fn a_campaign_is_measured_as_of_a_moment(place: &Place) {
    let server = place.server().await.start().await;
    let first = server.clock.now();
    let day = |n: i64| Timestamp::from_ms(first.as_ms() + n * 86_400_000);
    let order = serde_json::json!({"name": "summer", "hashtags": ["cat"], "from": "2026-01-01"});
    let created = server.send(Request::post_json("/v1/campaigns", &order).key(&server.key)).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    for n in 1..=3_i64 {
        server.clock.set(day(n));
        let clip = video(n.unsigned_abs()).tag("cat").plays(100).created_at(day(n)).observed_at(day(n));
        let again =
            video(1).version(n.unsigned_abs()).tag("cat").plays(100 * n.unsigned_abs()).created_at(day(1));
        server.fixture().record([clip.into(), again.observed_at(day(n)).into()]).await;
    }
    let seen = async |as_of: &str| {
        let data = data(&server.get(&format!("/v1/campaigns/summer{as_of}")).await);
        let seen = &data["participation"];
        (data["measured_at"].clone(), seen["videos"].as_u64(), seen["plays"].as_u64())
    };
    let live = seen("").await;
    assert_eq!((live.1, live.2), (Some(3), Some(500)));
    let then = seen("?as_of=2026-01-03T12:00:00Z").await;
    assert_eq!(then, ("2026-01-03T12:00:00Z".into(), Some(2), Some(300)));
    assert_eq!(seen("").await, live);
}

testkit::test_on_each_backend! {
    a_tracker_had_the_gaps_of_then,
    a_campaign_is_measured_as_of_a_moment,
    a_moment_and_the_present_are_never_mixed,
    what_is_refused_costs_nothing,
    a_preview_replays_the_readings_of_then,
}
