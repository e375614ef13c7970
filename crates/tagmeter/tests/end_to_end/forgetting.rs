//! Removed and forgotten videos on the command line.

use crate::binary::Place;
use serde_json::json;

/// A web item of the creator `@user` and its number, with two hashtags.
fn item(number: usize) -> String {
    let author = number % 3;
    format!(
        r#"{{"id":"746454216016819{number:04}","createTime":1737986000,"desc":"a caption #cat","author":{{"id":"6812345678901{author:04}","uniqueId":"user{author}"}},"stats":{{"playCount":{}}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#,
        number * 10
    )
}

fn id(number: usize) -> String {
    format!("746454216016819{number:04}")
}

/// A place with nine videos by three creators.
fn filled() -> Place {
    let place = Place::new();
    place.write("all.ndjson", (1..=9).map(|n| item(n) + "\n").collect::<String>());
    assert_eq!(place.json(&["import", "all.ndjson"])["held"]["videos"], 9);
    place
}

fn views(place: &Place) -> serde_json::Value {
    place.json(&["lookup", "cat"])["views"].clone()
}

#[test]
fn bare_ids_mark_stored_videos_as_removed() {
    let place = filled();
    let whole = views(&place);
    place.write("gone.json", format!(r#"[{{"id":"{}"}},{{"id":"{}"}}]"#, id(9), id(99)));
    let done = place.run(&["import", "gone.json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("Removed on TikTok: 2 videos; 1 marked now, 1 not stored."), "{}", done.out);
    assert!(!done.out.contains("No history:"), "{}", done.out);
    assert!(done.out.contains("stored now: 8 videos, 1 hashtag."), "{}", done.out);
    let again = place.json(&["import", "gone.json"]);
    assert_eq!(again["removed"], json!({"records": 2, "marked": 0, "unknown": 1}));
    assert_ne!(views(&place), whole);
    let videos = place.json(&["videos", "cat", "--limit", "0"]);
    assert!(!videos.to_string().contains(&id(9)), "{videos}");
    let doctor = place.run(&["doctor"]);
    assert!(doctor.out.contains("8 videos, 1 more removed on TikTok"), "{}", doctor.out);
}

#[test]
fn forgetting_needs_yes_and_later_imports_skip_what_was_forgotten() {
    let place = filled();
    place
        .write("gone.txt", format!("{}\nhttps://www.tiktok.com/@user0/video/{}\n{}\n", id(1), id(3), id(50)));
    let plan = place.json(&["forget", "--ids", "gone.txt", "--dry-run"]);
    let wanted =
        json!({"done": false, "asked": 3, "videos": 2, "snapshots": 0, "creators": 0, "creators_unknown": 0});
    assert_eq!(plan, wanted);
    let unsure = place.run(&["forget", "--ids", "gone.txt"]);
    assert_eq!(unsure.code, Some(1), "{unsure:?}");
    assert!(unsure.out.starts_with("Would forget 2 stored videos of 3 named"), "{}", unsure.out);
    assert_eq!(unsure.err, "error: nothing was forgotten\nhint: --yes forgets it for good\n");
    let done = place.json(&["forget", "--ids", "gone.txt", "--yes"]);
    assert_eq!(
        (&done["done"], &done["videos"], &done["rest"]["hashtags"]),
        (&json!(true), &json!(2), &json!(1))
    );
    assert_eq!(done["rest"]["logs_empty"], true);
    let again = place.run(&["import", "all.ndjson"]);
    assert!(again.out.contains("Skipped 2 records of forgotten videos or creators."), "{}", again.out);
    assert_eq!(place.json(&["import", "all.ndjson"])["held"]["videos"], 7);
    assert_eq!(place.json(&["forget", "--ids", "gone.txt", "--allow-again"]), json!({"allowed": 3}));
    assert_eq!(place.json(&["import", "all.ndjson"])["videos"]["new"], 2);

    let done = place.run(&["forget", "@User1", "@nobody", "--yes", "--rewrite"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("Forgot 3 stored videos of 3"), "{}", done.out);
    assert!(done.out.contains("2 creators, 1 without stored data."), "{}", done.out);
    assert_eq!(place.json(&["import", "all.ndjson"])["held"]["videos"], 6);
    assert_eq!(place.run(&["audit", "--heal"]).code, Some(0));
    let healed = place.json(&["audit", "--heal"]);
    assert_eq!(healed["sums"]["healed"], 0);
}

#[test]
fn implausible_lists_are_refused_and_change_nothing() {
    let place = filled();
    let ids = |numbers: std::ops::RangeInclusive<usize>| numbers.map(|n| id(n) + "\n").collect::<String>();
    place.write("asked.txt", ids(1..=300));
    place.write("empty.txt", "");
    place.write("page.txt", "<!DOCTYPE html><title>502</title>");
    place.write("error.txt", r#"{"error":{"code":"invalid_params","message":"x"}}"#);
    place.write("half.txt", ids(1..=200));
    place.write("other.txt", ids(299..=301));
    place.write("bad.txt", "7464542160168190001\n7.46E+18\n");
    for (arguments, code, part) in [
        (
            &["--asked", "asked.txt", "--valid", "empty.txt"][..],
            4,
            "the list of valid ids is empty, and 300 were asked about",
        ),
        (&["--asked", "asked.txt", "--valid", "empty.txt", "--complete"], 4, "is empty"),
        (&["--asked", "asked.txt", "--valid", "page.txt"], 4, "an HTML page"),
        (&["--asked", "asked.txt", "--valid", "error.txt"], 4, "invalid_params x"),
        (&["--asked", "asked.txt", "--valid", "half.txt"], 4, "the last 100 ids"),
        (&["--asked", "asked.txt", "--valid", "other.txt"], 4, "1 of the valid ids were not asked about"),
        (&["--ids", "bad.txt"], 2, "line 2, \"7.46E+18\""),
        (&["--ids", "none.txt"], 2, "none.txt: it cannot be read"),
        (&["ids.txt"], 2, "no handle with @"),
        (&[], 2, "required"),
        (&["--asked", "asked.txt"], 2, "--valid"),
    ] {
        let refused = place.run(&[&["forget", "--yes"][..], arguments].concat());
        assert_eq!(refused.code, Some(code), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains(part), "{arguments:?}: {}", refused.err);
    }
    assert_eq!(place.json(&["import", "all.ndjson"])["held"]["videos"], 9);
    let valid = ids(1..=280);
    place.write("valid.txt", valid.replace(&(id(4) + "\n"), ""));
    let done = place.json(&["forget", "--asked", "asked.txt", "--valid", "valid.txt", "--complete", "--yes"]);
    assert_eq!((&done["asked"], &done["videos"]), (&json!(21), &json!(1)));
}
