//! A data folder made by commit cf1c70c opens: its numbers, balances and answers stay what they were.
//!
//! The folder in `tests/fixtures` holds 12 made-up videos, 56 readings of two hashtags and an account with six charges.

use crate::binary::Place;
use flate2::read::GzDecoder;
use serde_json::json;

const FOLDER: &[u8] = include_bytes!("../fixtures/folder_of_0_1_0.tar.gz");
/// Answer to `/challenge-info-name/?name=cat`. cf1c70c added its own count of creators, 4, to the reported views; all counts
/// of an answer have one basis since.
const INFO_OF_CAT: &str = r#"{"id":"7551","cha_name":"cat","desc":"","user_count":0,"view_count":1140000,"is_pgcshow":false,"is_commerce":false,"is_challenge":false,"is_strong_music":false,"type":0,"cover":""}"#;

#[test]
fn a_folder_of_an_older_version_opens_with_the_same_numbers() {
    let place = Place::new();
    let data = place.path().join("tagmeter-data");
    tar::Archive::new(GzDecoder::new(FOLDER)).unpack(&data).expect("a data folder");

    let audit = place.json(&["audit"]);
    assert_eq!(
        (&audit["ok"], &audit["charges"], &audit["credits_granted"], &audit["credits_charged"]),
        (&json!(true), &json!(6), &json!(50), &json!(6))
    );
    let doctor = place.ok(&["doctor"]);
    assert!(!doctor.out.contains("FAIL"), "{}", doctor.out);
    let cat = place.json(&["lookup", "cat"]);
    assert_eq!(
        (&cat["id"], &cat["observed"]["videos"], &cat["observed"]["creators"]),
        (&json!("7551"), &json!(12), &json!(4))
    );
    let history = place.json(&["history", "cat", "--from", "2024-02-01", "--to", "2024-02-28"]);
    let points = history["data"]["points"].as_array().expect("points");
    assert_eq!((points.len(), &points[27]["value"]), (28, &json!(1_140_000)));

    let server = place.serve();
    let key = place.json(&["key", "create", "me@example.com"]);
    let key = key["api_key"].as_str().expect("a key").to_owned();
    assert_eq!(server.get_text("/challenge-info-name/?name=cat", &key), (200, INFO_OF_CAT.to_owned()));
    let (status, posts) = server.get("/challenge-posts/?challenge_id=7551&count=35", &key);
    assert_eq!((status, posts["videos"].as_array().map(Vec::len)), (200, Some(12)));
    assert_eq!(server.get("/v1/balance", &key).1["data"]["credits"], 42);
    drop(server);

    // It did not store when anything came in: readings count from when they were taken, and of videos nothing is known before
    // this version.
    let then = place.json(&["history", "cat", "--from", "2024-02-01", "--as-of", "2024-02-10"]);
    assert_eq!(then["data"]["points"].as_array().map(Vec::len), Some(10));
    let refused = place.run(&["lookup", "cat", "--as-of", "2024-02-10"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("it is not stored when they came in"), "{refused:?}");
    let before = place.json(&["history", "cat", "--as-of", "1ms"])["meta"]["as_of"].clone();
    let before = before.as_str().expect("a moment");

    place.write(
        "more.ndjson",
        r#"{"id":"7000000000000000099","desc":"x","createTime":1700000000,"author":{"id":"6500000000000000009","uniqueId":"c"},"stats":{"playCount":5},"challenges":[{"id":"7551","title":"cat"}]}"#,
    );
    place.ok(&["import", "more.ndjson"]);
    assert_eq!(place.json(&["lookup", "cat"])["observed"]["videos"], 13);
    assert_eq!(place.json(&["lookup", "cat", "--as-of", before])["observed"]["videos"], 12);
    assert_eq!(place.json(&["audit"])["ok"], true);
}
