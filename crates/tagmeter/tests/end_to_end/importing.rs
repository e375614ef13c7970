//! Imports of many files and of tables, as a user sees them.

use crate::binary::Place;
use serde_json::json;

fn item(id: usize) -> String {
    format!(
        r#"{{"id":"{id}","createTime":1700000000,"stats":{{"playCount":5}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#
    )
}

#[test]
fn thousands_of_files_are_summed_up_and_json_has_them_all() {
    let place = Place::new();
    for id in 1..=3000 {
        place.write(&format!("captures/{:02}/{id}.json", id % 100), item(id));
    }
    for number in 0..50 {
        place.write(&format!("captures/bad/{number}.csv"), "name;age\n1;2\n");
    }
    let told = place.run(&["import", "captures"]);
    assert_eq!(told.code, Some(5), "{}", told.err);
    let row = told.out.lines().find(|line| line.trim_start().starts_with("web-item")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["web-item", "3,000", "3,000"]);
    assert!(told.out.contains("Read 3,050 files; held now: 3,000 videos, 1 hashtag."), "{}", told.out);
    assert!(told.out.lines().count() < 30 && told.err.lines().count() < 15, "{}\n{}", told.out, told.err);
    assert!(told.err.contains("... and 40 files more; --json lists all"), "{}", told.err);
    assert!(told.err.contains("--map COLUMN=FIELD; this one has the columns name, age"), "{}", told.err);

    let all = place.run(&["import", "captures", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&all.out).expect("JSON");
    assert_eq!(all["files"].as_array().map(Vec::len), Some(3050));
    assert_eq!(all["videos"], json!({"records": 3000, "new": 0, "changed": 0, "unchanged": 3000}));
}

#[test]
fn a_table_is_imported_as_its_columns_are_named() {
    let place = Place::new();
    place.write("t.csv", "Video;Visninger;Tags\n7000000000000000001;1.234;kat, hund\n");
    let refused = place.run(&["import", "t.csv"]);
    assert_eq!(refused.code, Some(5));
    let columns = ["--map", "Video=video_id", "--map", "Visninger=plays", "--map", "Tags=hashtags"];
    let line = |more: &[&'static str]| [&["import", "t.csv"][..], &columns[..], more].concat();
    let done = place.json(&line(&["--map-constant", "observed_at=2024-03-01"]));
    assert_eq!(done["held"], json!({"videos": 1, "hashtags": 2}));
    assert_eq!(done["files"][0]["observations"], json!({"mapped": 1}));
    assert_eq!(place.json(&["lookup", "hund"])["name"], "hund");
    for (more, part) in [
        (&["--map", "x=playcount"][..], "no field \"playcount\""),
        (&["--map-constant", "observed_at=soon"], "observed_at: \"soon\" is not a time"),
    ] {
        let wrong = place.run(&line(more));
        assert_eq!(wrong.code, Some(2), "{}", wrong.err);
        assert!(wrong.err.contains(part), "{}", wrong.err);
    }
    let missing = place.run(&["import", "t.csv", "--map", "Vido=video_id"]);
    assert!(missing.err.contains("the nearest is \"Video\""), "{}", missing.err);
}

#[test]
fn control_characters_of_files_and_their_names_never_reach_the_terminal() {
    let place = Place::new();
    place.write("in/b\u{1b}[2J\n.csv", "a\u{1b}[31m;b\u{7}\n1;2\n");
    let wrong = format!("{}\n{{\"some\":\"\u{9b}31m\"}}\n", item(3));
    place.write("in/c\u{1b}[5m.ndjson", wrong);
    place.write("in/d\u{202e}.csv", "");
    let told = place.run(&["import", "in"]);
    assert_eq!(told.code, Some(5), "{told:?}");
    let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!told.err.contains(is_raw) && !told.out.contains(is_raw), "{told:?}");
    assert!(told.err.contains(r"warning: in/b\u{1b}[2J\n.csv: "), "{}", told.err);
    assert!(told.err.contains("this one has the columns a\u{fffd}[31m, b\u{fffd}"), "{}", told.err);
    assert!(told.err.contains(r"warning: in/d\u{202e}.csv: the file is empty"), "{}", told.err);
    assert!(told.out.contains(r"  in/c\u{1b}[5m.ndjson"), "a rejected record: {}", told.out);
    let refused = place.run(&["import", "no\u{1b}[31m.json"]);
    assert_eq!(refused.err, "error: no\\u{1b}[31m.json: no such file or folder\n");
}

#[test]
fn a_record_that_panics_the_writer_ends_its_import_and_no_other() {
    let place = Place::new();
    let line = |id: u64| {
        format!(
            r#"{{"id":"{id}","desc":"d #cat","createTime":1700000000,"stats":{{"playCount":5}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#
        )
    };
    place.write("sound.ndjson", line(7_000_000_000_000_000_001));
    place.write("poison.ndjson", line(testkit::poison::VIDEO));
    place.ok(&["import", "sound.ndjson"]);
    let failed = place.run(&["import", "poison.ndjson"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.err.contains("a video that panics on purpose"), "{}", failed.err);
    place.write("more.ndjson", line(7_000_000_000_000_000_002));
    assert_eq!(place.json(&["import", "more.ndjson"])["videos"]["new"], 1);
    assert_eq!(place.json(&["lookup", "cat"])["observed"]["videos"], 2);
}
