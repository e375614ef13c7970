//! Posts from before and after the limit of five hashtags, in tables and JSON.

use crate::binary::Place;
use serde_json::{Value, json};

/// Returns 30 videos under #cat of May 2025, all of them with #dog and 15 with #kitten, and 40 of October 2025,
/// 10 with
/// #kitten and 30 with #dog.
fn place() -> Place {
    let challenge = |name: &str| json!({"id": name.len() * 1_000 + name.len(), "title": name});
    let video = |number: u64, seconds: u64, others: &[&str]| {
        let names = std::iter::once("cat").chain(others.iter().copied());
        json!({
            "id": (seconds << 32 | number).to_string(), "desc": "a cat", "createTime": seconds,
            "author": {"id": (number + 1).to_string(), "uniqueId": format!("cats.{number}"), "nickname": "c"},
            "stats": {"playCount": (number + 1) * 10, "diggCount": number, "commentCount": 0, "shareCount": 0, "collectCount": 0},
            "challenges": names.map(challenge).collect::<Vec<_>>(),
        })
    };
    let (may, october) = (1_746_900_000, 1_760_000_000);
    let before = (0..30).map(|n| video(n, may + n, if n < 15 { &["dogs", "kitten"] } else { &["dogs"] }));
    let after = (0..40).map(|n| match n {
        0..10 => video(100 + n, october + n, &["kitten"]),
        _ => video(100 + n, october + n, &["dogs"]),
    });
    let elsewhere = (0..900).map(|n| {
        let mut video = video(1_000 + n, october + n, &[]);
        video["challenges"] = json!([challenge("elsewhere")]);
        video
    });
    let place = Place::new();
    let items: Vec<Value> = before.chain(after).chain(elsewhere).collect();
    place.write("in/items.json", json!({ "itemList": items }).to_string());
    place.ok(&["import", "in"]);
    place
}

#[test]
fn both_sides_of_the_limit_of_five_hashtags_are_shown() {
    let place = place();
    let related = place.ok(&["related", "cat", "--with-generic"]).out;
    assert!(related.contains("both before") && related.contains("posted before August 2025"), "{related}");
    let line = related.lines().rev().find(|line| line.starts_with("#kitten")).expect("a row").to_owned();
    let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells, ["#kitten", "15", "30", "50.0 %", "10", "40", "25.0 %"]);

    let benchmark = place.ok(&["benchmark", "cat"]).out;
    assert!(benchmark.contains("Posted before August 2025: engagement"), "{benchmark}");
    assert!(benchmark.contains("Posted since September 2025"), "{benchmark}");
    let csv = place.ok(&["benchmark", "cat", "--csv"]).out;
    let sides = |side: &str| csv.lines().filter(|line| line.ends_with(side)).count();
    assert_eq!((sides(",before"), sides(",after")), (6, 6), "{csv}");

    let compare = place.ok(&["compare", "cat", "dogs"]).out;
    assert!(compare.contains("both before"), "{compare}");
    let answer: Value =
        serde_json::from_str(&place.ok(&["compare", "cat", "dogs", "--json"]).out).expect("JSON");
    let sides = &answer["data"]["overlap"][0]["sides"];
    assert_eq!((&sides["before"]["videos"], &sides["after"]["videos"]), (&json!(30), &json!(30)), "{sides}");
    assert_eq!(sides["after"]["share_of_a"], json!(0.75));
    let caveats = answer["meta"]["caveats"].as_array().expect("caveats");
    assert!(caveats.iter().any(|caveat| caveat["code"] == "structural_break"), "{caveats:?}");

    let report = place.ok(&["report", "cat", "dogs", "-o", "-"]).out;
    for words in
        ["Related hashtags by side", "Overlap by side", "posted since September 2025, with at most five"]
    {
        assert!(report.contains(words), "{words}");
    }
}

#[test]
fn posts_of_one_side_have_no_sides() {
    let place = place();
    let text = place.ok(&["benchmark", "elsewhere", "--json"]).out;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["data"]["sides"], Value::Null);
    assert!(!text.contains("structural_break"), "{text}");
}
