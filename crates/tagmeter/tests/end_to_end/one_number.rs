//! One number everywhere: tables, notes, JSON, files, charts and reports of the command line show the last
//! reading that counts of a hashtag's repaired series, and name the newest reading if it differs.

use crate::binary::Place;
use calamine::{Data, Reader, Xlsx, open_workbook};
use domain::Timestamp;
use serde_json::Value;
use testkit::cuts::{CSV_HEADER, Cut, captured, made_up};
#[cfg(unix)]
use testkit::postgres::TestDatabase;

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

fn end() -> Timestamp {
    Timestamp::parse("2025-06-01T00:00:00Z").expect("a time")
}

/// Imports the series, and a video under each that is under #elsewhere too.
fn import(place: &Place, cuts: &[Cut]) {
    let rows: String = cuts.iter().map(Cut::csv).collect();
    place.write("in/series.csv", format!("{CSV_HEADER}{rows}"));
    let video = |(number, cut): (usize, &Cut)| {
        format!(
            r#"{{"id":"70000000000000{number:05}","desc":"x","createTime":1700000000,"author":{{"id":"{}","uniqueId":"a{number}","nickname":"n"}},"stats":{{"playCount":{},"diggCount":1,"commentCount":1,"shareCount":1}},"challenges":[{{"id":"8888","title":"elsewhere"}},{{"id":"{}","title":"{}"}}]}}"#,
            number + 1,
            number + 10,
            number + 100,
            cut.name
        )
    };
    place.write("in/videos.ndjson", cuts.iter().enumerate().map(video).collect::<Vec<_>>().join("\n"));
    place.ok(&["import", "in"]);
}

/// Checks a record of an answer: its views, and the newest reading beside them.
fn assert_record(surface: &str, record: &Value, cut: &Cut) {
    let (views, read) = (&record["views"]["value"], record["views"]["as_read"]["value"].as_u64());
    assert_eq!(
        (views.as_u64(), read),
        (Some(cut.views), cut.as_read),
        "{surface} of #{}: {record}",
        cut.name
    );
}

/// Checks a text: the number, and the newest reading if it differs. `beside` is the stream of notes.
fn assert_said(surface: &str, shown: &str, beside: &str, cut: &Cut) {
    let tag = format!("#{}", cut.name);
    let row = shown.lines().find(|row| row.split_whitespace().any(|word| word == tag));
    let row = row.unwrap_or_else(|| panic!("{surface} has no row of {tag}: {shown}"));
    let views = grouped(cut.views);
    let has = |word: &str| word.trim_start_matches('~') == views;
    assert!(row.split_whitespace().any(has), "{surface} of {tag} has no {views}: {row}");
    if let Some(read) = cut.as_read {
        assert!(beside.contains(&grouped(read)), "{surface} of {tag} names no {}: {beside}", grouped(read));
    }
}

fn named<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array().expect("rows").iter().find(|row| row["name"] == name).expect("a row")
}

/// Returns the rows of the sheet that has a column of this name, by the name of the hashtag.
fn cells(place: &Place, file: &str, sheet: &str, column: &str) -> Vec<(String, Option<u64>)> {
    let mut book: Xlsx<_> = open_workbook(place.path().join(file)).expect("a workbook");
    let range = book.worksheet_range(sheet).expect("a sheet");
    let mut rows = range.rows();
    let headings: Vec<String> = rows.next().expect("headings").iter().map(Data::to_string).collect();
    let at = |name: &str| headings.iter().position(|heading| heading == name).expect("a column");
    let (name, value) = (at("name"), at(column));
    rows.map(|row| (row[name].to_string(), row[value].to_string().parse().ok())).collect()
}

fn check(place: &Place, cuts: &[Cut]) {
    for cut in cuts {
        let name = cut.name.as_str();
        assert_record("lookup --json", &place.json(&["lookup", name]), cut);
        let shown = place.ok(&["lookup", name]).out;
        let line = shown.lines().find(|line| line.starts_with("views")).expect("a line");
        assert!(line.contains(&grouped(cut.views)), "{line}");
        if let Some(read) = cut.as_read {
            assert!(line.contains(&format!("the newest reading, {}", grouped(read))), "{line}");
        }
        let found = place.json(&["search", name]);
        assert_record("search --json", named(&found["hashtags"], name), cut);
        let found = place.ok(&["search", name]);
        assert_said("search", &found.out, &found.err, cut);

        let history = place.json(&["history", name, "--step", "raw"]);
        let points = history["data"]["points"].as_array().expect("points").iter().rev();
        let last = points.map(|point| &point["value"]).find_map(Value::as_u64);
        assert_eq!(
            (last, history["data"]["as_read"]["value"].as_u64()),
            (Some(cut.views), cut.as_read),
            "#{name}"
        );
        let shown = place.ok(&["history", name, "--step", "raw"]);
        if let Some(read) = cut.as_read {
            assert!(shown.out.contains(&grouped(read)), "history of #{name}: {}", shown.out);
            assert!(
                shown.err.contains(&format!("views of #{name} read as {}", grouped(read))),
                "{}",
                shown.err
            );
        }
        place.ok(&["history", name, "-o", "h.svg", "--force"]);
        let picture = std::fs::read_to_string(place.path().join("h.svg")).expect("a picture");
        let read = cut.as_read.map(|read| format!("newest reading {}", grouped(read)));
        assert!(read.is_none_or(|read| picture.contains(&read)), "the chart of #{name}: {picture}");
    }
    let trending = place.json(&["trending", "--window", "24h", "--limit", "100"]);
    let shown = place.ok(&["trending", "--window", "24h", "--limit", "100"]);
    let related = place.json(&["related", "elsewhere", "--with-generic", "--limit", "100"]);
    let beside = place.ok(&["related", "elsewhere", "--with-generic", "--limit", "100"]);
    for cut in cuts {
        let row = named(&trending["data"], &cut.name);
        assert_record("trending --json", row, cut);
        assert_eq!(row["trend"]["views"], cut.views);
        assert!(row["trend"]["gain"].as_u64().unwrap_or(0) <= cut.views, "{row}");
        assert_said("trending", &shown.out, &shown.err, cut);
        assert_record("related --json", named(&related["data"], &cut.name), cut);
        assert_said("related", &beside.out, &beside.err, cut);
    }
    for some in cuts.chunks(4).filter(|some| some.len() > 1) {
        let names: Vec<&str> = some.iter().map(|cut| cut.name.as_str()).collect();
        let compare = [&["compare"], &names[..]].concat();
        let compared = place.json(&compare);
        let shown = place.ok(&compare);
        place.ok(&[&compare[..], &["-o", "c.xlsx", "--force"]].concat());
        place.ok(&[&["report"], &names[..], &["-o", "r.html", "--force"]].concat());
        let page = std::fs::read_to_string(place.path().join("r.html")).expect("a page");
        for cut in some {
            assert_record("compare --json", named(&compared["data"]["hashtags"], &cut.name), cut);
            assert_said("compare", &shown.out, &shown.out, cut);
            let row = (cut.name.clone(), Some(cut.views));
            assert!(cells(place, "c.xlsx", "hashtags", "views").contains(&row));
            assert!(cells(place, "c.xlsx", "hashtags", "views_as_read").contains(&(row.0, cut.as_read)));
            assert!(page.contains(&grouped(cut.views)), "the report has no {}", grouped(cut.views));
            if let Some(read) = cut.as_read {
                // In the tile, in the table of bases, and below the chart.
                for said in ["the newest reading, ", "(read as ", "newest reading "] {
                    assert!(
                        page.contains(&format!("{said}{}", grouped(read))),
                        "{said}{read} of #{}",
                        cut.name
                    );
                }
            }
        }
    }
    place.ok(&["export", "hashtags", "-o", "all.xlsx", "--force"]);
    place.ok(&["related", "elsewhere", "--with-generic", "--limit", "100", "-o", "related.xlsx", "--force"]);
    place.ok(&["trending", "--window", "24h", "--limit", "100", "-o", "trending.xlsx", "--force"]);
    for file in ["all.xlsx", "related.xlsx", "trending.xlsx"] {
        let (views, read) =
            (cells(place, file, "data", "views"), cells(place, file, "data", "views_as_read"));
        for cut in cuts {
            assert!(views.contains(&(cut.name.clone(), Some(cut.views))), "{file}: #{}", cut.name);
            assert!(read.contains(&(cut.name.clone(), cut.as_read)), "{file}: #{}", cut.name);
        }
    }
}

#[test]
fn the_command_line_shows_one_number() {
    let place = Place::new();
    let cuts = made_up(23, 12, end());
    assert!(cuts.iter().filter(|cut| cut.as_read.is_some()).count() >= 4);
    import(&place, &cuts);
    check(&place, &cuts);
}

#[test]
#[cfg(unix)]
fn the_command_line_shows_one_number_on_a_database() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let Some(database) = runtime.block_on(TestDatabase::create()) else { return };
    let place = Place::new();
    place.write("tagmeter.toml", format!("database_url = {:?}\n", database.url_text()));
    let cuts = made_up(29, 6, end());
    import(&place, &cuts);
    check(&place, &cuts);
}

#[test]
fn the_command_line_shows_one_number_of_real_series() {
    let Some(cuts) = captured(31, 12, end()) else { return };
    let place = Place::new();
    import(&place, &cuts);
    check(&place, &cuts);
}
