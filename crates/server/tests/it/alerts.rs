//! Previews and templates of alerts: free, described, and refused with what would be right.

use crate::measure::holdings;
use domain::{Clock, Observation, Timestamp};
use serde_json::{Value, json};
use testkit::{Answer, Description, FixedClock, Request, TestServer, hashtag};

const DAY_MS: i64 = 86_400_000;
const PREVIEW: &str = "/v1/alerts/preview";

/// Returns daily readings of #steady over a year before TikTok limited posts to five hashtags: 1,000 to 2,500 views a day,
/// and on each seventh day 50,000.
fn year() -> Vec<Observation> {
    let now = FixedClock::default().now().as_ms() - 160 * DAY_MS;
    let mut views = 1_000_000;
    let day = |ago: i64| {
        views += if ago % 7 == 3 { 50_000 } else { 1_000 + ago.unsigned_abs() % 4 * 500 };
        hashtag("steady").id(4_000).views(views).observed_at(Timestamp::from_ms(now - ago * DAY_MS)).into()
    };
    (0..=364).rev().map(day).collect()
}

async fn server() -> TestServer {
    let young = (0..9).map(|ago| {
        let at = Timestamp::from_ms(FixedClock::default().now().as_ms() - ago * DAY_MS);
        hashtag("young").id(4_001).views(1_000).observed_at(at).into()
    });
    TestServer::builder().holding([holdings(), year(), young.collect()].concat()).start().await
}

async fn preview(server: &TestServer, body: Value) -> Answer {
    server.send(Request::post_json(PREVIEW, &body).key(&server.key)).await
}

#[tokio::test]
async fn a_preview_has_all_that_a_page_needs_and_is_free() {
    let server = server().await;
    let description = Description::of(&server).await;
    let operation = description.operation("post", PREVIEW);
    let balance = server.balance().await;
    let body = json!({"hashtag": "#Steady", "rule": "velocity", "about": "1/week", "window": "24h", "cooldown": "10d"});
    let answer = preview(&server, body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    operation.assert_describes(&answer);
    let data = &answer.json()["data"];
    assert_eq!((data["count"].as_u64(), data["messages"].as_u64()), (Some(52), Some(26)), "{data}");
    assert_eq!(data["coverage"]["readings"], 365);
    assert_eq!((&data["coverage"]["gaps"], &data["coverage"]["enough"]), (&json!(0), &json!(true)));
    assert_eq!((&data["rule"]["unit"], &data["rule"]["about"]), (&json!("views a day"), &json!("1/week")));
    let fired = data["fired"].as_array().expect("episodes");
    assert_eq!(fired.len(), 52);
    for one in fired {
        assert_eq!((&one["value"], &one["late_ms"]), (&json!(50_000.0), &json!(DAY_MS)), "{one}");
        assert_eq!((&one["at"], &one["threshold"]), (&one["episode"], &data["rule"]["above"]));
        assert!(one["ended"].is_string(), "{one}");
    }
    let sentence = data["sentence"].as_str().expect("a sentence");
    assert!(sentence.ends_with("a day would have fired 52 times in a year"), "{sentence}");

    // The threshold that was found fires as often when it is given.
    let above = &data["rule"]["above"];
    let again =
        preview(&server, json!({"hashtag": "steady", "rule": "velocity", "above": above, "window": "24h"}))
            .await;
    operation.assert_describes(&again);
    assert_eq!(again.json()["data"]["fired"].as_array().map(Vec::len), Some(52));
    assert_eq!(server.balance().await, balance);
    assert_eq!((again.header("x-credits-charged"), again.header("cache-control")), ("0", "no-store"));
}

#[tokio::test]
async fn what_is_no_question_is_refused_with_what_would_be_right() {
    let server = server().await;
    let description = Description::of(&server).await;
    let operation = description.operation("post", PREVIEW);
    let steady = |more: Value| {
        let mut body = json!({"hashtag": "steady", "above": 2});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    for (body, status, code, param) in [
        (json!({"above": 2}), 422, "invalid_parameter", Some("hashtag")),
        (json!({"hashtag": "steady"}), 422, "invalid_parameter", Some("above")),
        (steady(json!({"about": "1/week"})), 422, "invalid_parameter", Some("about")),
        (steady(json!({"rule": "surge"})), 422, "invalid_parameter", Some("rule")),
        (steady(json!({"above": "2"})), 422, "invalid_parameter", Some("above")),
        (steady(json!({"for": "1mo"})), 422, "invalid_parameter", Some("for")),
        (steady(json!({"cooldown": "367d"})), 422, "invalid_parameter", Some("cooldown")),
        (steady(json!({"recovers_at": 3})), 422, "invalid_parameter", Some("recovers_at")),
        (steady(json!({"window": "1d"})), 422, "invalid_parameter", Some("window")),
        (steady(json!({"webhook": "x"})), 422, "invalid_parameter", Some("webhook")),
        (json!({"hashtag": "steady", "about": "1/year"}), 422, "invalid_parameter", Some("about")),
        (
            json!({"hashtag": "steady", "about": "1/week", "recovers_at": 1}),
            422,
            "invalid_parameter",
            Some("recovers_at"),
        ),
        (json!({"hashtag": "a b", "above": 2}), 404, "hashtag_not_found", None),
        (json!({"hashtag": "nosuchhashtag", "above": 2}), 404, "hashtag_not_found", None),
        (json!({"hashtag": "young", "above": 2}), 422, "insufficient_history", None),
        (json!({"hashtag": "young", "about": "1/week"}), 422, "insufficient_history", None),
        (json!({"hashtag": "elsewhere", "above": 2}), 422, "insufficient_history", None),
        (json!(["steady"]), 400, "invalid_body", None),
    ] {
        let answer = preview(&server, body.clone()).await;
        let given = answer.json()["param"].as_str().map(str::to_owned);
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str(), given.as_deref()),
            (status, code, param),
            "{body}: {}",
            answer.text()
        );
        operation.assert_describes(&answer);
    }
    // Nine daily readings until now: five more, on each of the next days.
    let young = preview(&server, json!({"hashtag": "young", "above": 2})).await.json();
    let day = Timestamp::from_ms(FixedClock::default().now().as_ms() + 5 * DAY_MS).to_rfc3339();
    let detail = young["detail"].as_str().expect("a detail");
    assert!(detail.contains("9 readings") && detail.contains(&day[..10]), "{detail}");
}

#[tokio::test]
async fn every_template_is_the_body_of_its_preview() {
    let server = server().await;
    let description = Description::of(&server).await;
    let answer = server.get("/v1/alerts/templates?hashtag=steady").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    description.operation("get", "/v1/alerts/templates").assert_describes(&answer);
    let answer = answer.json();
    let templates = answer["data"]["templates"].as_array().expect("templates");
    assert_eq!(templates.len(), 6);
    for template in templates {
        let whole = preview(&server, template["request"].clone()).await;
        let mut expected = whole.json()["data"].clone();
        let fired = expected["fired"].as_array_mut().expect("episodes");
        fired.drain(..fired.len().saturating_sub(3));
        assert_eq!(template["preview"], expected, "{template}");
    }
    let young = server.get("/v1/alerts/templates?hashtag=young").await;
    assert_eq!((young.status.as_u16(), young.code().as_str()), (422, "insufficient_history"));
}
