//! The summary of `tagmeter import`: stored fields, missing fields, and stated reading times.

use crate::binary::Place;
use serde_json::json;

/// Returns a video of a web feed; `more` is more members of its object.
fn item(id: u64, more: &str) -> String {
    format!(
        r#"{{"id":"700000000000000000{id}","desc":"d","createTime":1700000000,"challenges":[{{"id":"7551","title":"cat"}}]{more}}}"#
    ) + "\n"
}

#[test]
fn the_summary_names_stored_fields_and_what_looks_like_missing_ones() {
    let place = Place::new();
    place.write("cats.ndjson", item(1, r#","stats":{},"vues":7"#) + &item(2, r#","stats":{},"vues":9"#));
    place.write(
        "series.csv",
        "snapshot_utc,challenge_id,challenge_name,views\n2024-03-01 00:00:00,7551,cat,12\n",
    );
    let ended = place.run(&["import", "cats.ndjson", "series.csv"]);
    assert_eq!(ended.code, Some(5), "it has plays and none were stored: {ended:?}");
    let want = concat!(
        "           records  new  changed  unchanged\n",
        "videos           2    2        0          0\n",
        "hashtags         1    1        0\n",
        "snapshots             1\n",
        "format    observations  files\n",
        "series               1      1\n",
        "web-item             2      1\n",
        "videos with  records  plays  hashtags  creator  posted  read at\n",
        "web-item           2   none       all     none     all     none\n",
        "hashtags with  records  views  videos  creators  read at\n",
        "series               1    all    none      none      all\n",
        "Read 2 files; stored now: 2 videos, 1 hashtag.\n",
        "No history: 2 records have no reading time. Their counts are stored without a time; \
         --observed-at states one.\n",
    );
    assert_eq!(ended.out, want);
    let want = "\
warning: cats.ndjson: web-item: 0 of 2 videos have plays; the key \"vues\" looks like it: --map vues=plays
hint: tagmeter import cats.ndjson --map id=video_id --map vues=plays --map challenges=hashtags --map createTime=create_time reads it by its columns
";
    assert_eq!(ended.err, want);
    let maps = ["id=video_id", "vues=plays", "challenges=hashtags", "createTime=create_time"];
    let line = ["import", "cats.ndjson"].into_iter().chain(maps.into_iter().flat_map(|map| ["--map", map]));
    let mapped = place.run(&line.collect::<Vec<_>>());
    assert_eq!((mapped.code, mapped.err.as_str()), (Some(0), ""), "{mapped:?}");

    let all = place.run(&["import", "cats.ndjson", "series.csv", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&all.out).expect("JSON");
    assert_eq!(all["ok"], false);
    let videos = json!({"records": 2, "plays": 0, "hashtags": 2, "creator": 0, "posted_at": 2, "read_at": 0});
    assert_eq!(all["kept"]["videos"], videos);
    assert_eq!(all["files"][0]["kept"]["formats"][0]["format"], "web-item");
    assert_eq!(all["files"][0]["warnings"][0]["map"], "vues=plays");
    assert_eq!(all["files"][1]["warnings"], json!([]));
    assert_eq!(all["snapshots"]["without_time"], 2);
}

#[test]
fn a_file_without_anything_measurable_is_no_success() {
    let place = Place::new();
    let text =
        r#"{"id":"7000000000000000001","desc":"no tag","createTime":1700000000,"stats":{},"challenges":[]}"#;
    place.write("cats.json", text);
    let ended = place.run(&["import", "cats.json"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let part = "warning: cats.json: nothing that can be measured was kept: none of its 1 records has a count or a hashtag";
    assert!(ended.err.contains(part), "{}", ended.err);
    place.write("ids.csv", "id,plays\n7000000000000000001,\n");
    let ended = place.run(&["import", "ids.csv", "--map", "id=video_id", "--map", "plays=plays"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.out.contains("nothing to keep of this video: no count, caption, hashtag or posting time"),
        "{ended:?}"
    );
}

#[test]
fn daily_dumps_become_a_series_by_their_names() {
    let place = Place::new();
    for (day, views) in [("2024-03-01", 100), ("20240302", 150), ("3-Mar-2024", 300)] {
        let text = format!(
            r#"{{"challengeInfo":{{"challenge":{{"id":"7551","title":"cat"}},"stats":{{"viewCount":{views},"videoCount":5}}}}}}"#
        );
        place.write(&format!("dumps/cat_{day}.json"), text);
    }
    let untimed = place.json(&["import", "dumps"]);
    assert_eq!((&untimed["snapshots"]["new"], &untimed["snapshots"]["without_time"]), (&json!(0), &json!(3)));
    let dated = place.json(&["import", "dumps", "--observed-at", "file-name"]);
    assert_eq!((&dated["snapshots"]["new"], &dated["snapshots"]["time_stated"]), (&json!(3), &json!(3)));
    let history = place.json(&["history", "cat", "--no-repair"]);
    let values: Vec<_> =
        history["data"]["points"].as_array().expect("points").iter().map(|point| &point["value"]).collect();
    assert_eq!(values, [&json!(100), &json!(150), &json!(300)]);
    let again = place.json(&["import", "dumps", "--observed-at", "file-name"]);
    assert_eq!(again["snapshots"]["new"], 0);

    place.write(
        "cat.json",
        "{\"challengeInfo\":{\"challenge\":{\"id\":\"7551\",\"title\":\"cat\"},\"stats\":{\"viewCount\":7}}}",
    );
    let refused = place.run(&["import", "cat.json", "--observed-at", "file-name"]);
    assert_eq!(refused.code, Some(5));
    assert!(
        refused.err.contains("cat.json: its name has no time of reading; looked for a date such as"),
        "{}",
        refused.err
    );
    let changed = place.json(&["import", "cat.json", "--observed-at", "modified"]);
    assert_eq!(changed["snapshots"]["new"], 1);
}

#[test]
fn what_cannot_be_stated_is_refused_before_anything_is_read() {
    let place = Place::new();
    place.write("cats.ndjson", item(1, ""));
    for (option, value, part) in [
        ("--observed-at", "yesterday", "neither a time such as 2026-11-01T12:00Z"),
        ("--observed-at", "2024-03-01T12:00", "has no zone"),
        ("--observed-at", "2099-01-01", "is in the future"),
        ("--encoding", "ebcdic", "there is no encoding \"ebcdic\"; utf-8"),
        ("--sheet", "", "1 to 255 characters"),
    ] {
        let refused = place.run(&["import", "cats.ndjson", option, value]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    let refused = place.run(&["history", "cat", "--limit", "10001"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(!place.path().join("tagmeter-data").exists(), "nothing was made");
}
