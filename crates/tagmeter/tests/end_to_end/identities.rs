//! What clients of the challenge endpoints do with ids: they take one from a search, ask for its record, and walk its
//! videos. It works for each hashtag of the captures, whether TikTok's id of it is known or not.

use crate::binary::Place;
use crate::captures::captures;
use serde_json::Value;
use std::collections::HashSet;

/// The captures, but the archive of series: its hashtags have no videos, and it takes as long as all others together.
const FOLDERS: [&str; 9] = [
    "apify",
    "creative-center",
    "csv",
    "research-api",
    "tiktok-mobile",
    "tiktok-scraper",
    "tiktok-web",
    "tikwm",
    "zeeschuimer",
];
/// One hashtag of so many is walked.
const EACH: usize = 40;

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

#[test]
fn every_hashtag_of_the_captures_is_walked_from_a_search_by_its_id() {
    let Some(captures) = captures() else { return };
    let place = Place::new();
    let folders: Vec<String> =
        FOLDERS.iter().map(|folder| captures.join(folder).display().to_string()).collect();
    let line: Vec<&str> = ["import"].into_iter().chain(folders.iter().map(String::as_str)).collect();
    // 5: one of the captures is a list of deleted videos, every one of which is rejected.
    assert_eq!(place.run(&line).code, Some(5));
    let exported = place.ok(&["export", "hashtags", "-o", "-", "--format", "ndjson"]).out;
    let hashtags: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let id_of = |row: &Value| [text(row, "id"), text(row, "assigned_id")].concat();
    let ids: HashSet<String> = hashtags.iter().map(id_of).collect();
    assert_eq!(ids.len(), hashtags.len(), "no two hashtags have one id");
    assert!(ids.iter().all(|id| id.parse::<u64>().is_ok_and(|id| id > 0)));
    let assigned = hashtags.iter().filter(|row| !text(row, "assigned_id").is_empty()).count();
    assert!(assigned > 1_000 && assigned < hashtags.len(), "{assigned} of {}", hashtags.len());

    let key = place.key();
    let serving = place.serve();
    let get = |path: String| {
        let (status, answer) = serving.get(&path, &key);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    };
    let mut walked = [0, 0];
    for row in hashtags.iter().step_by(EACH) {
        let keyword: String = form_urlencoded::byte_serialize(text(row, "name").as_bytes()).collect();
        let found = get(format!("/search-challenge/?keyword={keyword}&count=5"));
        let id = text(&found["challenge_list"][0], "id").to_owned();
        assert_eq!(id, id_of(row), "the exact tag comes first: {found}");
        assert_eq!(get(format!("/challenge-info-id/?id={id}")), found["challenge_list"][0]);
        let posts = get(format!("/challenge-posts/?challenge_id={id}&count=35"));
        let stored = row["observed_videos"].as_u64().expect("a number");
        assert_eq!(posts["videos"].as_array().map(Vec::len), Some(stored.min(35) as usize), "{row}");
        walked[usize::from(!text(row, "assigned_id").is_empty())] += 1;
    }
    assert!(walked.iter().all(|count| *count > 10), "of both kinds: {walked:?}");
    // The same id on the command line.
    let without = hashtags.iter().find(|row| !text(row, "assigned_id").is_empty()).expect("one");
    let looked_up = place.json(&["lookup", text(without, "assigned_id")]);
    assert_eq!((&looked_up["name"], &looked_up["id"]), (&without["name"], &Value::Null));
    assert_eq!(serving.stop().0, Some(0));
}
