//! Ids as clients of the challenge endpoints use them: they take one from a search, look its record up, and
//! walk its videos. That works for each hashtag of the captures, with TikTok's id or without.

use crate::binary::Place;
use crate::captures::captures;
use serde_json::Value;
use std::collections::HashSet;
use testkit::postgres::TestDatabase;

/// The captures without the archive of series: its hashtags have no videos, and it takes as long as all others
/// together.
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
/// One in so many hashtags is walked.
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

/// Returns posts under #kitten and #cat in Apify's format: without ids of hashtags.
fn posts() -> String {
    let post = |number: u64| {
        let cat = if number.is_multiple_of(2) { r#",{"name":"cat"}"# } else { "" };
        format!(
            r##"{{"id":"{}","text":"a #kitten","createTimeISO":"2024-03-0{}T00:00:00.000Z","webVideoUrl":"https://www.tiktok.com/@a/video/{number}","authorMeta":{{"id":"{}","name":"a{number}"}},"playCount":{},"diggCount":1,"shareCount":1,"commentCount":1,"collectCount":1,"hashtags":[{{"name":"kitten"}}{cat}]}}"##,
            7_000_000_000_000_000_000 + number,
            number % 9 + 1,
            number % 5 + 1,
            number * 10
        ) + "\n"
    };
    (1..=20).map(post).collect()
}

/// Runs the commands that take a hashtag and returns the output of each.
fn printed(place: &Place, hashtag: &str) -> Vec<(&'static str, String)> {
    let run = |line: &[&str]| place.ok(line).out;
    let mut all: Vec<(&str, String)> = ["lookup", "videos", "history", "benchmark", "related", "creators"]
        .map(|command| (command, run(&[command, hashtag, "--json"])))
        .to_vec();
    all.push(("compare", run(&["compare", hashtag, "cat", "--json"])));
    for what in ["videos", "history"] {
        all.push((what, run(&["export", what, "--hashtag", hashtag, "-o", "-", "--format", "ndjson"])));
    }
    run(&["report", hashtag, "-o", "report.html", "--force"]);
    let page = std::fs::read_to_string(place.path().join("report.html")).expect("a page");
    assert!(page.contains("#kitten"), "{hashtag}");
    all
}

fn every_command_takes_the_assigned_id(place: &Place) {
    place.write("posts.ndjson", posts());
    place.ok(&["import", "posts.ndjson"]);
    let readings: String = (1..=9)
        .flat_map(|day| [("kitten", day), ("cat", day)])
        .map(|(name, day)| format!("{name},{day}00,2024-03-0{day}\n"))
        .collect();
    place.write("views.csv", format!("Tag,Views,Read\n{readings}"));
    let maps = ["--map", "Tag=hashtag_name", "--map", "Views=views", "--map", "Read=observed_at"];
    place.ok(&[&["import", "views.csv"][..], &maps].concat());
    let record = place.json(&["lookup", "kitten"]);
    let id = text(&record, "assigned_id").to_owned();
    assert!(id.starts_with('9') && id.len() == 19 && record["id"].is_null(), "{record}");
    assert_eq!(printed(place, &id), printed(place, "kitten"));
    // TikTok's id becomes known.
    place.write("known.csv", "Tag,Id,Views,Read\nkitten,42,1000,2024-03-10\n");
    place.ok(&[&["import", "known.csv"][..], &maps, &["--map", "Id=hashtag_id"]].concat());
    assert_eq!(place.json(&["lookup", &id])["id"], "42");
    assert_eq!(printed(place, &id), printed(place, "kitten"));
    assert_eq!(printed(place, "42"), printed(place, "kitten"));
}

#[test]
fn every_command_takes_the_assigned_id_over_files() {
    every_command_takes_the_assigned_id(&Place::new());
}

#[test]
fn every_command_takes_the_assigned_id_over_a_database() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let Some(database) = runtime.block_on(TestDatabase::create()) else { return };
    let place = Place::new();
    place.write("tagmeter.toml", format!("database_url = {:?}\n", database.url_text()));
    every_command_takes_the_assigned_id(&place);
}
