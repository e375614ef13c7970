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
    let ended = place.run(&["import", "captures"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    let row = ended.out.lines().find(|line| line.trim_start().starts_with("web-item")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["web-item", "3,000", "3,000"]);
    assert!(ended.out.contains("Read 3,050 files; stored now: 3,000 videos, 1 hashtag."), "{}", ended.out);
    assert!(ended.out.lines().count() < 30 && ended.err.lines().count() < 15, "{}\n{}", ended.out, ended.err);
    assert!(ended.err.contains("... and 40 files more; --json lists all"), "{}", ended.err);
    assert!(ended.err.contains("--map COLUMN=FIELD; this one has the columns name, age"), "{}", ended.err);

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
    let ended = place.run(&["import", "in"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ended.err.contains(is_raw) && !ended.out.contains(is_raw), "{ended:?}");
    assert!(ended.err.contains(r"warning: in/b\u{1b}[2J\n.csv: "), "{}", ended.err);
    assert!(ended.err.contains("this one has the columns a\u{fffd}[31m, b\u{fffd}"), "{}", ended.err);
    assert!(ended.err.contains(r"warning: in/d\u{202e}.csv: the file is empty"), "{}", ended.err);
    assert!(ended.out.contains(r"  in/c\u{1b}[5m.ndjson"), "a rejected record: {}", ended.out);
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

#[test]
fn a_file_that_was_imported_is_skipped_until_it_or_its_options_change() {
    let place = Place::new();
    let lines = |ids: std::ops::Range<usize>| ids.map(item).collect::<Vec<_>>().join("\n");
    let note = "the file was imported before, so it was not read; \"again\" reads it";
    place.write("in/a.ndjson", lines(1..40));
    place.write("in/b.ndjson", lines(40..50));
    let first = place.json(&["import", "in"]);
    assert_eq!(first["videos"], json!({"records": 49, "new": 49, "changed": 0, "unchanged": 0}));
    assert_eq!(first["files"][0]["imported_at"], json!(null));

    let second = place.json(&["import", "in"]);
    assert_eq!(second["videos"], json!({"records": 49, "new": 0, "changed": 0, "unchanged": 49}));
    assert_eq!(second["snapshots"], json!({"new": 0, "without_time": 49, "time_stated": 0}));
    for (before, after) in
        [(&first["files"][0], &second["files"][0]), (&first["files"][1], &second["files"][1])]
    {
        assert!(after["imported_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{after}");
        assert_eq!(after["notes"], json!([note]));
        for field in ["file", "observations", "kept", "warnings", "rejected"] {
            assert_eq!(after[field], before[field], "{field}");
        }
    }
    assert_eq!((&second["kept"], &second["ok"]), (&first["kept"], &first["ok"]));
    let shown = place.ok(&["import", "in"]);
    assert!(shown.out.contains(&format!("Note on in/a.ndjson and 1 file more: {note}")), "{}", shown.out);

    let is_read = |arguments: &[&'static str], file: usize| {
        let read = place.json(&[&["import", "in"], arguments].concat());
        read["files"][file]["imported_at"].is_null()
    };
    assert!(is_read(&["--again"], 0) && !is_read(&[], 0), "--again reads it, and it is imported again");
    assert!(is_read(&["--observed-at", "2026-01-01"], 0), "other options");
    place.write("in/b.ndjson", lines(41..51));
    assert!(!is_read(&[], 0) && !is_read(&[], 1), "the second of the two skips both");
    assert_eq!(place.json(&["lookup", "cat"])["observed"]["videos"], 50);

    // Forgotten videos come back only by reading, once they are allowed.
    place.write("ids.txt", "7\n");
    place.ok(&["forget", "--ids", "ids.txt", "--yes"]);
    assert!(is_read(&[], 0) && is_read(&[], 0), "a file with forgotten records is read each time");
    place.ok(&["forget", "--allow-again", "--ids", "ids.txt"]);
    let back = place.json(&["import", "in"]);
    assert_eq!(back["videos"]["new"], 1);
}

#[test]
fn a_skipped_file_reports_its_rejects_and_one_that_may_still_change_something_is_read() {
    let place = Place::new();
    let import = |arguments: &[&'static str]| -> serde_json::Value {
        serde_json::from_str(&place.run(&[&["import", "--json"], arguments].concat()).out).expect("JSON")
    };
    place.write("rejects.ndjson", format!("{}\n{{\"id\":\"x\"}}\n", item(1)));
    let first = import(&["rejects.ndjson"]);
    assert_eq!(first["rejected"]["records"], 1, "{first}");
    let skipped = import(&["rejects.ndjson"]);
    assert!(skipped["files"][0]["imported_at"].is_string(), "{skipped}");
    assert_eq!(skipped["rejected"], first["rejected"]);
    let out = place.write("out.ndjson", "");
    let wanted = import(&["rejects.ndjson", "--rejects", "out.ndjson"]);
    assert!(wanted["files"][0]["imported_at"].is_null(), "{wanted}");
    let written = std::fs::read_to_string(out).expect("the rejected records");
    assert!(written.contains("rejects.ndjson"), "{written}");

    // A time ahead of the clock may pass later, and a removal may concern a video that is imported later.
    place.write("ahead.ndjson", format!("{}\n{}\n", item(2), item(3).replace("1700000000", "9900000000")));
    place.write("removed.ndjson", format!("{}\n{{\"id\":\"7000000000000000009\"}}\n", item(4)));
    for (file, rejected) in [("ahead.ndjson", 1), ("removed.ndjson", 0)] {
        for _ in 0..2 {
            let read = import(&[file]);
            let found = (&read["rejected"]["records"], &read["files"][0]["imported_at"]);
            assert_eq!(found, (&json!(rejected), &json!(null)), "{file}: {read}");
        }
    }
}
