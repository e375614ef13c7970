//! The main job on real captures: what is imported, served, walked and found agrees with an independent
//! reading.
//!
//! The captures are not part of the repository; developers have them in `../shared/data` beside it. Without
//! them these tests print so and pass, unless CI is true and WITHOUT_CAPTURES is not set.

use crate::binary::{Place, Serving};
use serde_json::json;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The captures that the figures below were counted in.
const FOUR: [&str; 4] = [
    "tiktok-scraper/trending-2020-12.json",
    "zeeschuimer/envelope.ndjson",
    "tiktok-mobile/feed-2025-2026.ndjson.gz",
    "tiktok-web/creators-2024.ndjson.gz",
];

/// Returns the folder of the captures, if it exists.
pub(crate) fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    let is_set =
        |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    assert!(!is_set("CI") || is_set("WITHOUT_CAPTURES"), "the captures are not in {}", folder.display());
    // If standard error is closed, nobody reads the message.
    let _ = writeln!(std::io::stderr(), "skipped: the captures are not in {}", folder.display());
    None
}

/// Imports files of the captures.
fn import(place: &Place, captures: &Path, files: &[&str]) -> serde_json::Value {
    let paths: Vec<String> = files.iter().map(|file| captures.join(file).display().to_string()).collect();
    place.json(&["import"].into_iter().chain(paths.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// Walks to the end and returns the ids in order. Every page but the last is full, and cursors grow.
fn walk(serving: &Serving, key: &str, id: &str, count: usize, each_page: impl Fn(usize)) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), 0);
    for page_number in 0.. {
        let path = format!("/challenge-posts/?challenge_id={id}&count={count}&cursor={cursor}&region=");
        let (status, page) = serving.get(&path, key);
        assert_eq!(status, 200, "{page}");
        let videos = page["videos"].as_array().expect("videos");
        ids.extend(videos.iter().map(|video| video["video_id"].as_str().expect("an id").to_owned()));
        each_page(page_number);
        if page["hasMore"] != true {
            break;
        }
        assert_eq!(videos.len(), count, "every page is full until the last");
        let next = page["cursor"].as_u64().expect("a cursor");
        assert!(next > cursor && next < 1 << 53, "{next} after {cursor}");
        cursor = next;
    }
    ids
}

fn distinct(ids: &[String]) -> usize {
    ids.iter().collect::<HashSet<_>>().len()
}

#[test]
fn four_captures_are_imported_served_walked_and_found() {
    let Some(captures) = captures() else { return };
    let place = Place::new();
    let first = import(&place, &captures, &FOUR);
    assert_eq!(first["held"], json!({"videos": 5525, "hashtags": 6913}));
    assert_eq!((&first["videos"]["new"], &first["hashtags"]["new"]), (&json!(5525), &json!(6913)));

    let second = import(&place, &captures, &FOUR);
    assert_eq!(second["held"], first["held"]);
    for (what, field) in [
        ("videos", "new"),
        ("videos", "changed"),
        ("hashtags", "new"),
        ("hashtags", "changed"),
        ("snapshots", "new"),
    ] {
        assert_eq!(second[what][field], 0, "a second import changes nothing: {what} {field}");
    }

    let key = place.key();
    let serving = place.serve();
    let (_, found) = serving.get("/search-challenge/?keyword=fyp&count=10", &key);
    assert_eq!(found["challenge_list"][0]["id"], "229207");
    let (_, fyp) = serving.get("/challenge-info-name/?name=FYP", &key);
    assert_eq!((&fyp["id"], &fyp["cha_name"]), (&json!("229207"), &json!("fyp")));
    assert_eq!(place.json(&["search", "fyp"])["hashtags"][0]["id"], "229207");

    let fyp = walk(&serving, &key, "229207", 35, |_| {});
    assert_eq!((fyp.len(), distinct(&fyp)), (816, 816));
    let (_, tag) = serving.get("/challenge-info-name/?name=ancungtiktok", &key);
    let ancung = walk(&serving, &key, tag["id"].as_str().expect("an id"), 30, |_| {});
    assert_eq!((ancung.len(), distinct(&ancung)), (1018, 1018));

    assert_eq!(serving.stop().0, Some(0));
    let account = place.json(&["account", "show", "me@example.com"]);
    let calls = 3 + 816_u64.div_ceil(35) + 1018_u64.div_ceil(30);
    assert_eq!(account["charged"], calls, "a credit for each answer, none for importing");
    assert_eq!(place.json(&["audit"])["ok"], true);
}

#[test]
fn a_walk_during_an_import_sees_what_was_stored_when_it_began() {
    let Some(captures) = captures() else { return };
    let place = Place::new();
    import(&place, &captures, &FOUR);
    let key = place.key();
    let serving = place.serve();
    let files = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| captures.join(name).display().to_string()).collect()
    };
    // More videos under #fyp, with more plays than any before, so that they belong on the first page of the
    // next walk.
    let newcomers = newcomers(&captures.join("tiktok-mobile/feed-2025-2026.ndjson.gz"), 50);
    let newcomers = place.write("newcomers.ndjson", newcomers).display().to_string();
    let others = files(&[
        "tiktok-web/item-list.json",
        "tiktok-web/trending.json",
        "series/discover-us-2025-2026.csv.gz",
    ]);
    let mut imports: Vec<std::process::Child> = Vec::new();
    let imports_cell = std::cell::RefCell::new(&mut imports);
    let ids = walk(&serving, &key, "229207", 35, |page| {
        let mut imports = imports_cell.borrow_mut();
        let mut start = |paths: &[String]| {
            let arguments: Vec<&str> =
                ["import"].into_iter().chain(paths.iter().map(String::as_str)).collect();
            let mut command = place.command(&arguments);
            let quiet = std::process::Stdio::null;
            imports.push(command.stdout(quiet()).stderr(quiet()).spawn().expect("an import"));
        };
        match page {
            0 => start(&others),
            1 => start(std::slice::from_ref(&newcomers)),
            // The rest of the walk follows the import of the newcomers.
            2 => assert!(imports[1].wait().expect("it ends").success()),
            _ => {}
        }
    });
    assert_eq!((ids.len(), distinct(&ids)), (816, 816), "exactly what was there when the walk began");
    for mut import in imports {
        assert!(import.wait().expect("it ends").success());
    }
    let again = walk(&serving, &key, "229207", 35, |_| {});
    assert_eq!(again.len(), distinct(&again));
    assert!(again.len() >= 816 + 50, "a new walk sees the newcomers too: {}", again.len());
    assert!(ids.iter().all(|id| again.contains(id)));
    assert!(again[..50].iter().all(|id| !ids.contains(id)), "the newcomers have the most plays");
}

/// Returns copies of a mobile record under other ids, with #fyp and more plays than all others.
fn newcomers(feed: &Path, number: u64) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(feed).expect("the feed"))
        .read_to_string(&mut text)
        .expect("text");
    let line = text
        .lines()
        .find(|line| line.contains("\"229207\"") && line.contains("\"aweme_id\""))
        .expect("a record under #fyp");
    let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let copy = |n: u64| {
        let mut record = record.clone();
        record["aweme"]["aweme_id"] = json!((7_900_000_000_000_000_000 + n).to_string());
        record["aweme"]["statistics"]["aweme_id"] = json!((7_900_000_000_000_000_000 + n).to_string());
        record["aweme"]["statistics"]["play_count"] = json!(9_000_000_000_u64 + n);
        format!("{record}\n")
    };
    (0..number).map(copy).collect()
}

#[test]
fn the_series_give_lange_its_last_reading_and_all_its_points() {
    let Some(captures) = captures() else { return };
    let place = Place::new();
    import(&place, &captures, &["series/discover-us-2025-2026.csv.gz"]);
    let lange = place.json(&["lookup", "1029860"]);
    assert_eq!(lange["name"], "lange");
    // "509.7M views" on a page that rounds.
    let views = json!({
        "value": 509_700_000, "basis": "reported", "rounded": true, "step": 100_000,
        "read_at": "2025-08-18T09:10:19Z", "as_read": null
    });
    assert_eq!(lange["views"], views);
    assert_eq!(lange["reported_at"], "2025-08-18T09:10:19Z");
    assert_eq!(lange["snapshots"], 1096, "every point of the file");
    assert!(place.ok(&["lookup", "lange"]).out.contains("~509,700,000 reported"));
    let again = import(&place, &captures, &["series/discover-us-2025-2026.csv.gz"]);
    assert_eq!(again["snapshots"]["new"], 0);
}
