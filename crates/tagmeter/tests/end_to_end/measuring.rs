//! The measuring commands: tables for people, JSON and files for programs, and pages.

use crate::binary::Place;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

/// Returns videos under #cat of five creators, some of them under #kitten or #dog too.
fn videos() -> String {
    let mut items = Vec::new();
    for number in 0..40_u64 {
        let second = if number % 4 == 0 { r#",{"id":"9001","title":"kitten"}"# } else { "" };
        let generic = if number % 3 == 0 { r#",{"id":"229207","title":"fyp"}"# } else { "" };
        items.push(format!(
            r#"{{"id":"70000000000000000{number:02}","desc":"=a cat","createTime":{},"author":{{"id":"{}","uniqueId":"cats.{}","nickname":"c"}},
"stats":{{"playCount":{},"diggCount":{},"commentCount":3,"shareCount":1,"collectCount":0}},"challenges":[{{"id":"7551","title":"cat"}}{second}{generic}]}}"#,
            1_700_000_000 + number,
            number % 5 + 1,
            number % 5 + 1,
            (number + 1) * 1000,
            (number + 1) * 50,
        ));
    }
    for number in 0..60_u64 {
        items.push(format!(
            r#"{{"id":"71000000000000000{number:02}","desc":"a dog","createTime":1700000000,"author":{{"id":"77","uniqueId":"dogs","nickname":"d"}},
"stats":{{"playCount":10,"diggCount":1,"commentCount":0,"shareCount":0,"collectCount":0}},"challenges":[{{"id":"8000","title":"dog"}}]}}"#
        ));
    }
    format!(r#"{{"itemList":[{}]}}"#, items.join(","))
}

/// Returns daily readings of #cat in November 2026, with one from a lagging replica, a gap and a truncated one;
/// #dog has half of them without faults.
fn series() -> String {
    let mut rows = String::from("snapshot_utc,challenge_id,challenge_name,views\n");
    for day in 1..=20_u64 {
        if !(8..=10).contains(&day) {
            let views = match day {
                5 => 16_200_000,
                12 => 17_199_999,
                _ => 16_000_000 + day * 100_000,
            };
            writeln!(rows, "2026-11-{day:02} 08:00:00,7551,cat,{views}").expect("text");
        }
        writeln!(rows, "2026-11-{day:02} 08:00:00,8000,dog,{}", 8_000_000 + day * 100_000).expect("text");
    }
    rows
}

pub(crate) fn place() -> Place {
    let place = Place::new();
    place.write("in/items.json", videos());
    place.write("in/series.csv", series());
    place.ok(&["import", "in"]);
    place
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn a_history_notes_gaps_repairs_and_rounding() {
    let place = place();
    let ended = place.ok(&["history", "cat", "--from", "2026-11-04", "--to", "2026-11-12"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(lines[0].starts_with("#cat views  ▁"), "{}", ended.out);
    assert!(lines[0].contains(' ') && lines[0].ends_with('█'), "{}", lines[0]);
    let cells = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = lines[1..].iter().map(|line| cells(line)).collect();
    assert_eq!(rows[0], ["day", "views", "note"]);
    assert_eq!(rows[1], ["2026-11-04", "~16,400,000", "rounded to 100,000"]);
    assert_eq!(rows[2][..2], ["2026-11-05", "-"]);
    assert!(rows[2][2].starts_with("bounce: was 16,200,000"), "{:?}", rows[2]);
    let after_gap = rows.iter().find(|row| row[0] == "2026-11-11").expect("a row");
    assert!(after_gap[2].starts_with("gap of 4d"), "{after_gap:?}");
    assert_eq!(rows.last().expect("rows")[..2], ["2026-11-12", "~17,200,000"], "the newest is at the bottom");
    assert!(rows.last().expect("rows")[2].starts_with("off step: was 17,199,999"), "{rows:?}");
    assert!(ended.err.contains("--no-repair shows the originals"), "{}", ended.err);

    let history = place.json(&["history", "cat", "--limit", "3"]);
    assert_eq!(keys(&history), ["data", "has_more", "meta"]);
    assert_eq!(history["has_more"], true);
    assert_eq!(history["data"]["points"].as_array().map(Vec::len), Some(3));
    assert_eq!(history["data"]["points"][2]["at"], "2026-11-20T00:00:00Z");
    assert_eq!(history["meta"]["basis"], "reported");

    let raw = place.json(&["history", "7551", "--step", "raw", "--no-repair"]);
    let points = raw["data"]["points"].as_array().expect("points");
    assert_eq!(points.len(), 17);
    assert_eq!((&points[4]["value"], &points[4]["repair"]), (&json!(16_200_000), &Value::Null));
    let gains = place.json(&["history", "dog", "--mode", "gain", "--step", "week"]);
    assert_eq!(gains["data"]["points"][1]["value"], 700_000);
}

#[test]
fn files_have_the_format_of_their_extension_and_replace_none_without_force() {
    let place = place();
    for (name, start) in [
        ("cat.csv", &b"hashtag_id,hashtag,metric,at,"[..]),
        ("cat.ndjson", b"{\"hashtag_id\":\"7551\""),
        ("cat.json", b"{\"data\":"),
        ("cat.xlsx", b"PK"),
        ("cat.parquet", b"PAR1"),
        ("cat.svg", b"<svg"),
        ("cat.png", b"\x89PNG"),
    ] {
        let done = place.ok(&["history", "cat", "-o", name]);
        assert_eq!(done.out, "", "{name}");
        let bytes = std::fs::read(place.path().join(name)).expect("a file");
        assert!(bytes.starts_with(start), "{name}: {:?}", &bytes[..start.len().min(bytes.len())]);
        let again = place.run(&["history", "cat", "-o", name]);
        assert_eq!(again.code, Some(1), "{again:?}");
        assert!(again.err.contains("hint: --force"), "{}", again.err);
    }
    place.ok(&["history", "cat", "-o", "cat.csv", "--format", "svg", "--force"]);
    assert!(std::fs::read(place.path().join("cat.csv")).expect("a file").starts_with(b"<svg"));
    let csv = place.ok(&["history", "cat", "--csv"]).out;
    assert_eq!(csv, place.ok(&["history", "cat", "-o", "-", "--format", "csv"]).out);
    assert_eq!(csv.lines().count(), 18, "{csv}");
    let json: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path().join("cat.json")).expect("a file"))
            .expect("JSON");
    assert_eq!(json, place.json(&["history", "cat"]), "a .json file is what --json prints");
    for wrong in [
        &["history", "cat", "-o", "cat.txt"][..],
        &["history", "cat", "-o", "-"],
        &["history", "cat", "--json", "--csv"],
        &["history", "cat", "--from", "soon"],
        &["history", "cat", "--from", "2026-11-10", "--to", "2026-11-09"],
        &["trending", "-o", "x.svg"],
        &["trending", "--weights", "luck=1"],
        &["compare", "cat"],
        &["compare", "cat", "#CAT"],
        &["export", "hashtags"],
        &["export", "hashtags", "--hashtag", "cat", "-o", "x.csv"],
        &["benchmark", "cat", "--video", "5"],
    ] {
        let ended = place.run(wrong);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{wrong:?}: {}", ended.err);
    }
    for missing in
        [&["history", "nobody"][..], &["compare", "cat", "nobody"], &["report", "nobody", "-o", "x.html"]]
    {
        assert_eq!(place.run(missing).code, Some(3), "{missing:?}");
    }
    let left: Vec<String> = std::fs::read_dir(place.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("unfinished") || name.starts_with("x."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn videos_are_measured() {
    let place = place();
    let benchmark = place.json(&["benchmark", "cat", "--plays", "20500", "--engagement", "1"]);
    assert_eq!(benchmark["data"]["standing"]["plays_percentile"], 0.5);
    assert_eq!(benchmark["data"]["standing"]["engagement_percentile"], 1.0);
    let ended = place.ok(&["benchmark", "cat", "--video", "7000000000000000039"]);
    assert!(
        ended.out.contains("all plays") && ended.out.contains("40,000 plays: more than 98.8 %"),
        "{}",
        ended.out
    );

    let related = place.json(&["related", "cat"]);
    let names: Vec<&str> =
        related["data"].as_array().expect("rows").iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["kitten"], "a generic one is left out");
    let text = place.ok(&["related", "cat", "--with-generic"]).out;
    assert!(text.contains("#fyp") && text.contains("generic"), "{text}");

    let creators = place.json(&["creators", "cat", "--limit", "2"]);
    assert_eq!((&creators["data"]["creators_count"], &creators["has_more"]), (&json!(5), &json!(true)));
    assert_eq!(creators["data"]["creators"][0]["unique_id"], "cats.5");
    let ended = place.ok(&["creators", "cat", "--limit", "2"]);
    assert!(ended.out.contains("@cats.5") && ended.err.contains("3 more creators"), "{ended:?}");

    let compared = place.json(&["compare", "cat", "dog", "--index", "100"]);
    assert_eq!(compared["data"]["videos_unique"], 100);
    assert_eq!(compared["data"]["hashtags"][1]["indexed"][0]["value"], 100.0);
    let text = place.ok(&["compare", "cat", "kitten"]).out;
    assert!(text.contains("10 (25.0 %)") && text.contains("10 (100 %)"), "{text}");
    assert!(text.contains("40 videos under any of them"), "{text}");
    place.ok(&["compare", "cat", "dog", "--index", "100", "-o", "pets.svg"]);
}

#[test]
fn trends_have_an_outlook_on_the_next_week() {
    let place = place();
    let trending = place.json(&["trending", "--sort", "growth"]);
    let names: Vec<&str> =
        trending["data"].as_array().expect("rows").iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["dog", "cat"], "what gains as much from less grows faster");
    assert_eq!(trending["data"][0]["trend"]["gain"], 700_000);
    assert_eq!(trending["data"][0]["emerging"]["components"].as_array().map(Vec::len), Some(6));
    let ended = place.ok(&["trending", "--sort", "growth", "--limit", "1"]);
    let row = ended.out.lines().nth(1).expect("a row");
    assert!(row.starts_with("1  #dog") && row.contains("~10,000,000"), "{row}");
    assert!(row.contains(" % ") && row.contains('▄'), "{row}");
    assert!(
        ended.err.contains("There are more") && ended.err.contains("learned on 377 book hashtags"),
        "{}",
        ended.err
    );
    let pace = "the least of a moving average (half-life 7 days) and the growth over 14 and 28 days";
    assert!(ended.err.contains(&format!("pace: {pace} up to the newest reading")), "{}", ended.err);
    assert!(place.ok(&["lookup", "dog"]).out.contains(pace));
    let found = place.json(&["trending", "--query", "cat", "--weights", "growth=1,zscore=0"]);
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(place.json(&["trending", "--min-views", "9999999999"])["data"], json!([]));

    let played = place.json(&["backtest"]);
    assert_eq!((&played["series"], &played["readings"]), (&json!(2), &json!(37)));
    assert_eq!(
        keys(&played),
        [
            "breakouts",
            "calibration",
            "cover",
            "every_days",
            "growth",
            "last_year",
            "probabilities",
            "readings",
            "series",
            "warnings",
            "weights",
            "window"
        ]
    );
    assert_eq!(played["growth"].as_array().map(Vec::len), Some(2 * 2 * 3));
    assert_eq!(played["growth"][0]["ranking"], "pace");
    assert_eq!(played["calibration"][1]["outcome"], "triple");
    assert_eq!(played["probabilities"]["learned_on"], "learned on 377 book hashtags");
    let refused = place.run(&["backtest", "--renew"]);
    assert!(refused.code == Some(1) && refused.err.contains("10,000"), "{}", refused.err);
    assert!(place.ok(&["backtest", "--published"]).out.contains("Published probabilities"));
    let metrics = place.json(&["metrics"]);
    assert_eq!(keys(&metrics["metrics"][0]), ["caveats", "formula", "name", "paths", "title", "unit"]);
    assert!(place.ok(&["metrics"]).out.contains("velocity: Velocity\n  dV / dt\n"));
}

#[test]
fn everything_is_exported_once() {
    let place = place();
    let rows = |arguments: &[&str]| {
        let line = [&["export"], arguments, &["-o", "-", "--format", "ndjson"]].concat();
        let out = place.ok(&line).out;
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    assert_eq!(rows(&["hashtags"]).len(), 4);
    let videos = rows(&["videos"]);
    let ids: std::collections::BTreeSet<&str> = videos.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!((videos.len(), ids.len()), (100, 100));
    assert_eq!(rows(&["videos", "--hashtag", "kitten"]).len(), 10);
    let readings = rows(&["history"]);
    assert_eq!(readings.len(), 37);
    let cut = readings.iter().find(|row| row["views"] == 17_199_999).expect("the original reading");
    assert_eq!((&cut["hashtag_id"], &cut["observed_at"]), (&json!("7551"), &json!("2026-11-12T08:00:00Z")));
    assert_eq!(rows(&["history", "--hashtag", "#dog"]).len(), 20);
    for format in ["csv", "ndjson", "json", "xlsx", "parquet"] {
        let mut command = place.command(&["export", "videos", "-o", "-", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        drop(child.stdout.take());
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0), "{format}: a reader that went away is no failure");
    }
    let done = place.ok(&["export", "videos", "-o", "videos.xlsx"]);
    assert!(done.err.contains("100 rows in videos.xlsx"), "{}", done.err);
    assert!(place.path().join("videos.xlsx").is_file());
}

#[test]
fn a_report_is_one_page_with_its_method() {
    let place = place();
    let done = place.ok(&["report", "cat", "dog", "-o", "pets.html", "--title", "Cats & dogs"]);
    assert_eq!(done.out, "");
    let page = std::fs::read_to_string(place.path().join("pets.html")).expect("a page");
    for part in [
        "<h1>Cats &amp; dogs</h1>",
        "Side by side",
        "Share of voice",
        "Benchmark: plays of videos",
        "Related hashtags",
        "@cats.5",
        "Band of the 7-day gain",
        "learned on 377 book hashtags",
        "Z-score of the velocity",
        "The series has gaps",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.matches("<svg").count() >= 6, "charts of both, and together");
    assert!(!page.contains("<script") && !page.contains("src="), "it loads nothing");
    assert_eq!(place.run(&["report", "cat", "-o", "pets.html"]).code, Some(1), "it is there");
    let printed = place.ok(&["report", "cat", "dog", "-o", "-", "--title", "Cats & dogs"]);
    assert!(
        printed.out.starts_with("<!") && printed.out.trim_end().ends_with("</html>"),
        "one page, nothing else"
    );
    assert!(printed.out.contains("<h1>Cats &amp; dogs</h1>"));
    assert_eq!(printed.err, "", "no file is named");
    assert!(!place.path().join("-").exists());
}

#[test]
fn the_real_series_are_measured() {
    let series = "series/hashtag-views-2022-2026.tar.gz";
    let Some(captures) = crate::captures::captures() else { return };
    let place = Place::new();
    let path = |name: &str| captures.join(name).display().to_string();
    place.ok(&["import", &path(series), &path("tiktok-web/creators-2024.ndjson.gz")]);
    let trending = place.json(&["trending", "--limit", "100"]);
    let rows = trending["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 100);
    let of = |part: &str, name: &str| -> Vec<f64> {
        rows.iter().filter_map(|row| row["outlook"][part][name].as_f64()).collect()
    };
    let paces = of("pace", "value");
    assert!(paces.len() > 50 && paces.is_sorted_by(|a, b| a >= b), "{paces:?}");
    let places = of("pace", "percentile");
    assert!(places.is_sorted_by(|a, b| a >= b), "percentiles of one list are on one scale: {places:?}");
    let ends = of("forecast", "low").into_iter().zip(of("forecast", "high"));
    assert!(ends.into_iter().all(|(low, high)| low <= high));
    let first = rows[0]["name"].as_str().expect("a name");
    let history = place.json(&["history", first]);
    let points = history["data"]["points"].as_array().expect("points");
    let values: Vec<u64> = points.iter().filter_map(|point| point["value"].as_u64()).collect();
    assert!(values.len() > 7, "{first}");
    place.ok(&["history", first, "-o", "first.png"]);
    place.ok(&["report", first, "ancungtiktok", "-o", "report.html"]);
    let ended = place.ok(&["export", "history", "-o", "history.parquet"]);
    assert!(ended.err.contains("1,458,"), "{}", ended.err);
    assert!(Path::new(&place.path().join("history.parquet")).is_file());
}

/// Runs Chromium on a page, without a window; `None`, with a note, if it is not installed (in CI it must be).
fn browse(folder: &Path, page: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let run = |name: &str| {
        std::process::Command::new(name)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", folder.join("browser").display()))
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
    };
    let Some(done) = names.iter().find_map(|name| run(name).ok()) else {
        let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!is_ci, "chromium is not installed");
        // If standard error is closed, nobody reads the message.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: chromium is not installed\n");
        return None;
    };
    assert!(done.status.success(), "{}", done.status);
    Some(done.stdout)
}

#[test]
fn a_report_is_shown_and_printed_by_a_browser() {
    let place = place();
    place.ok(&["report", "cat", "dog", "-o", "pets.html", "--title", "Cats & dogs"]);
    let page = place.path().join("pets.html");
    let Some(shown) = browse(place.path(), &page, &["--dump-dom"]) else { return };
    let shown = String::from_utf8(shown).expect("UTF-8");
    let written = std::fs::read_to_string(&page).expect("a page");
    for (part, least) in [("<svg", 4), ("<table", 3), ("<h2", 4)] {
        let drawn = shown.matches(part).count();
        assert!(drawn >= least, "{drawn} of {part}");
        assert_eq!(drawn, written.matches(part).count(), "the browser reads what was written: {part}");
    }
    let (picture, print) = (place.path().join("pets.png"), place.path().join("pets.pdf"));
    let to = |option: &str, path: &Path| format!("--{option}={}", path.display());
    browse(place.path(), &page, &[&to("screenshot", &picture), "--window-size=1000,1400"]);
    assert!(std::fs::read(&picture).expect("a picture").starts_with(b"\x89PNG"));
    browse(place.path(), &page, &[&to("print-to-pdf", &print), "--no-pdf-header-footer"]);
    let print = std::fs::read(&print).expect("a print");
    assert!(print.starts_with(b"%PDF") && print.len() > 20_000, "{} bytes", print.len());
}
