//! The id of a hashtag while TikTok's is unknown: every path accepts it, also once TikTok's is known, and
//! answers as for the name.

use domain::assigned_id::ASSIGNED_ID_MIN;
use domain::{Observation, Timestamp};
use serde_json::Value;
use testkit::{Answer, Place, TestServer, hashtag, video};

/// TikTok's id of #kitten, which comes later.
const TIKTOK_ID: u64 = 42;

fn day(day: u32) -> Timestamp {
    Timestamp::parse(&format!("2025-12-{day:02}T00:00:00Z")).expect("a time")
}

/// #kitten without an id and #cat with one: readings and videos of both.
fn holdings() -> impl Iterator<Item = Observation> {
    let readings = (1..=20_u32).flat_map(|number| {
        let views = u64::from(number) * 1_000;
        [
            hashtag("kitten").views(views).observed_at(day(number)).into(),
            hashtag("cat").id(7551).views(views * 9).observed_at(day(number)).into(),
        ]
    });
    let videos = (1..=30_u64).map(|id| {
        let made = video(id).tag("kitten").author(id % 7 + 1).plays(id * 10).created_at(day(10));
        if id % 2 == 0 { made.tag_with_id("cat", 7551).into() } else { made.into() }
    });
    readings.chain(videos)
}

/// Lists every path that names a hashtag: with its id, and with its name.
fn paths(id: &str, name: &str) -> Vec<[String; 2]> {
    let mut paths: Vec<[String; 2]> = [
        "/v1/hashtags/{}",
        "/v1/hashtags/{}/videos?sort=newest",
        "/v1/hashtags/{}/history?step=raw",
        "/v1/hashtags/{}/history.svg",
        "/v1/hashtags/{}/history.png",
        "/v1/hashtags/{}/benchmark",
        "/v1/hashtags/{}/related?generic=true",
        "/v1/hashtags/{}/creators",
        "/v1/hashtags/cat/videos?also={}",
        "/v1/hashtags/kitten/videos?not={}&limit=1",
        "/v1/compare?tags=cat,{}",
        "/v1/export?of=videos&hashtag={}",
        "/v1/export?of=history&hashtag={}&format=csv",
        "/v1/export?of=hashtags&hashtag={}",
    ]
    .map(|path| [id, name].map(|reference| path.replace("{}", reference)))
    .to_vec();
    paths.push([format!("/challenge-info-id/?id={id}"), format!("/challenge-info-name/?name={name}")]);
    paths
}

/// Returns the part of an answer that is about the hashtag.
fn content(answer: &Answer) -> Value {
    let is_json = answer.header("content-type") == "application/json";
    if !is_json {
        return Value::String(format!("{:?}", answer.body));
    }
    let mut json = answer.json();
    let members = json.as_object_mut().expect("an object");
    // A cursor belongs to one path.
    members.retain(|name, _| name != "billing" && name != "pagination");
    json
}

async fn every_path_answers_to_the_id_as_to_the_name(server: &TestServer, id: &str) {
    for [by_id, by_name] in paths(id, "kitten") {
        let (one, other) = (server.get(&by_id).await, server.get(&by_name).await);
        assert_eq!(one.status.as_u16(), other.status.as_u16(), "{by_id}: {}", one.text());
        assert!(one.status.as_u16() == 200 || by_name.contains("of=hashtags"), "{by_id}: {}", one.text());
        if one.status.as_u16() == 200 {
            assert_eq!(content(&one), content(&other), "{by_id} and {by_name}");
        }
    }
    let posts = server.get(&format!("/challenge-posts/?challenge_id={id}&count=35")).await.json();
    assert_eq!(posts["videos"].as_array().map(Vec::len), Some(30), "{posts}");
}

/// Every answer about #kitten has both ids, of which one is `null`.
async fn every_answer_has_both_ids(server: &TestServer, id: &Value, assigned_id: &Value) {
    let both = [id, assigned_id];
    for path in ["history?step=raw", "creators", "benchmark"] {
        let answer = server.get(&format!("/v1/hashtags/kitten/{path}")).await.json();
        let data = &answer["data"];
        assert!(data.get("assigned_id").is_some(), "{path}: {answer}");
        assert_eq!([&data["hashtag_id"], &data["assigned_id"]], both, "{path}");
    }
    let compared = server.get("/v1/compare?tags=kitten,cat").await.json();
    let kitten = &compared["data"]["hashtags"][0];
    assert_eq!([&kitten["id"], &kitten["assigned_id"]], both, "{compared}");
    assert_eq!([&kitten["series"]["hashtag_id"], &kitten["series"]["assigned_id"]], both, "{compared}");
    let related = server.get("/v1/hashtags/cat/related?generic=true").await.json();
    let rows = related["data"].as_array().expect("a list");
    let kitten = rows.iter().find(|row| row["name"] == "kitten").expect("#kitten is related to #cat");
    assert_eq!([&kitten["id"], &kitten["assigned_id"]], both, "{related}");
}

async fn an_assigned_id_is_accepted_everywhere_and_for_good(place: &Place) {
    let server = place.server().await.holding(holdings()).start().await;
    server.fixture().measure().follow_trends().await.expect("trends");
    let record = server.get("/v1/hashtags/kitten").await.json();
    let id = record["data"]["assigned_id"].as_str().expect("an id").to_owned();
    assert!(id.parse::<u64>().expect("digits") >= ASSIGNED_ID_MIN && record["data"]["id"].is_null());
    every_path_answers_to_the_id_as_to_the_name(&server, &id).await;
    every_answer_has_both_ids(&server, &Value::Null, &id.as_str().into()).await;
    server
        .fixture()
        .record(vec![hashtag("kitten").id(TIKTOK_ID).views(20_001).observed_at(day(21)).into()])
        .await;
    server.fixture().measure().follow_trends().await.expect("trends");
    let record = server.get(&format!("/v1/hashtags/{id}")).await.json();
    assert_eq!((&record["data"]["id"], &record["data"]["assigned_id"]), (&"42".into(), &Value::Null));
    every_answer_has_both_ids(&server, &"42".into(), &Value::Null).await;
    for id in [&id, "42"] {
        every_path_answers_to_the_id_as_to_the_name(&server, id).await;
    }
}

testkit::test_on_each_backend!(an_assigned_id_is_accepted_everywhere_and_for_good);
