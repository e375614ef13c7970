//! Files of answers with several tables, of empty answers, and with an extension of another format.

use crate::binary::Place;
use crate::measuring::place;
use calamine::{Data, Reader, Xlsx, open_workbook};
use std::path::Path;

/// Returns the sheets of a workbook, with their rows as text.
fn sheets(path: &Path) -> Vec<(String, Vec<Vec<String>>)> {
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let names = book.sheet_names().to_vec();
    let read = |name: String| {
        let range = book.worksheet_range(&name).expect("a sheet");
        let rows = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
        (name, rows)
    };
    names.into_iter().map(read).collect()
}

fn rows<'a>(sheets: &'a [(String, Vec<Vec<String>>)], name: &str) -> &'a [Vec<String>] {
    let sheet = sheets.iter().find(|(sheet, _)| sheet == name);
    &sheet.unwrap_or_else(|| panic!("no sheet {name}")).1
}

fn names(sheets: &[(String, Vec<Vec<String>>)]) -> Vec<&str> {
    sheets.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_workbook_contains_every_table_of_an_answer() {
    let place = place();
    let book = |arguments: &[&str], name: &str| {
        let done = place.ok(&[arguments, &["-o", name]].concat());
        assert!(!done.err.contains("left out"), "{}", done.err);
        sheets(&place.path().join(name))
    };
    let compared = book(&["compare", "cat", "kitten"], "both.xlsx");
    assert_eq!(names(&compared), ["data", "hashtags", "share_of_voice", "overlap", "videos", "about"]);
    let voice = rows(&compared, "share_of_voice");
    assert_eq!(voice[0], ["base", "basis", "hashtag", "share"]);
    let videos: Vec<&Vec<String>> = voice.iter().filter(|row| row[0] == "videos").collect();
    assert_eq!(videos.len(), 2);
    // 40 videos of #cat, of which 10 are under #kitten too and count half for each.
    assert_eq!((&*videos[0][2], &*videos[0][3]), ("cat", "0.875"));
    let overlap = &rows(&compared, "overlap")[1];
    assert_eq!(overlap[..5], ["cat", "kitten", "10", "0.25", "1"]);
    assert_eq!((overlap.len(), overlap[5..].concat()), (11, String::new()), "too few videos of either side");
    assert_eq!(rows(&compared, "videos")[1], ["40"]);
    assert_eq!(rows(&compared, "hashtags").len(), 3);
    let history = book(&["history", "cat"], "cat.xlsx");
    assert_eq!(names(&history), ["data", "repairs", "about"]);
    assert!(rows(&history, "repairs").iter().any(|row| row[0] == "bounce"));
    let benchmark = book(&["benchmark", "cat", "--plays", "20500"], "usual.xlsx");
    assert_eq!(names(&benchmark), ["data", "engagement", "standing", "about"]);
    assert_eq!(rows(&benchmark, "standing")[1][3], "0.5");
    let creators = book(&["creators", "cat"], "who.xlsx");
    assert_eq!(names(&creators), ["data", "concentration", "about"]);
    assert_eq!(rows(&creators, "concentration").len(), 1, "five creators are too few for one");
}

#[test]
fn a_format_of_one_table_names_what_is_left_out() {
    let place = place();
    for format in ["csv", "ndjson", "parquet"] {
        let done = place.ok(&["compare", "cat", "kitten", "-o", &format!("both.{format}")]);
        let said = format!(
            "{format} contains one table; hashtags, share_of_voice, overlap and videos are left out."
        );
        assert!(done.err.contains(&said) && done.err.contains(".xlsx and .json contain all"), "{}", done.err);
    }
    let piped = place.ok(&["compare", "cat", "kitten", "--csv"]);
    assert!(piped.err.contains("left out") && !piped.out.contains("left out"), "{}", piped.err);
    for whole in [&["compare", "cat", "kitten", "-o", "both.json"][..], &["related", "cat", "-o", "cat.csv"]]
    {
        let done = place.ok(whole);
        assert!(!done.err.contains("left out"), "{whole:?}: {}", done.err);
    }
}

#[test]
fn an_empty_answer_is_reported_whatever_its_destination() {
    let place = place();
    let early = ["--from", "2020-01-01", "--to", "2020-01-02"];
    let empty: [(&str, Vec<&str>); 6] = [
        ("history", [&["history", "cat"][..], &early].concat()),
        ("compare", [&["compare", "cat", "dog"][..], &early].concat()),
        ("trending", vec!["trending", "--min-views", "9999999999"]),
        ("benchmark", vec!["benchmark", "cat", "--window", "1h"]),
        ("related", vec!["related", "dog"]),
        ("creators", vec!["creators", "cat", "--since", "1h"]),
    ];
    // A benchmark has a row for each age even without videos.
    let said = |name: &str, file: &str| match name {
        "benchmark" => "No videos under #cat".to_owned(),
        _ => format!(". {file} has no rows."),
    };
    for (name, command) in empty {
        for extension in ["csv", "json", "xlsx", "parquet"] {
            let file = format!("{name}.{extension}");
            let done = place.ok(&[&command[..], &["-o", &file]].concat());
            assert!(done.err.contains(&said(name, &file)), "{file}: {}", done.err);
            assert!(place.path().join(&file).is_file(), "{file}");
        }
        let piped = place.ok(&[&command[..], &["--csv"]].concat());
        assert!(piped.err.contains(&said(name, "The output")), "{name}: {}", piped.err);
        let rows = if name == "benchmark" { 6 } else { 0 };
        assert_eq!(piped.out.lines().count(), 1 + rows, "{name}: the header alone");
    }
    let bare = Place::new();
    bare.write(
        "in/series.csv",
        "snapshot_utc,challenge_id,challenge_name,views\n2026-11-01 08:00:00,1,a,5\n",
    );
    bare.ok(&["import", "in"]);
    let done = bare.ok(&["export", "videos", "-o", "videos.csv"]);
    assert!(
        done.err.contains("No videos are stored.") && done.err.contains("0 rows in videos.csv"),
        "{}",
        done.err
    );
    let done = bare.ok(&["export", "videos", "-o", "a.csv", "--hashtag", "a"]);
    assert!(done.err.starts_with("No videos of #a are stored.\n"), "{}", done.err);
    let done = place.ok(&["export", "history", "-o", "kitten.csv", "--hashtag", "kitten"]);
    assert!(done.err.starts_with("No readings of #kitten are stored.\n"), "{}", done.err);
    let said = |arguments: &[&str]| place.ok(&[&["trending"], arguments].concat()).err;
    let none = said(&["--query", "zzzz"]);
    assert!(none.starts_with("No hashtag matches \"zzzz\".\n"), "{none}");
    let few = said(&["--query", "cat", "--min-views", "9999999999"]);
    assert!(
        few.starts_with("No hashtag of 9,999,999,999 views or more that matches \"cat\" has a trend"),
        "{few}"
    );
    for chart in ["history cat -o none.svg", "compare cat dog -o none.svg", "compare cat dog -o none.png"] {
        let line = [&chart.split(' ').collect::<Vec<_>>()[..], &early].concat();
        let refused = place.run(&line);
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{chart}");
        let whole =
            refused.err.starts_with("error: there is nothing to draw. No views of #cat in this period;");
        assert!(whole && refused.err.lines().count() == 1, "{chart}: {}", refused.err);
        let left = std::fs::read_dir(place.path()).expect("a folder");
        let mut names = left.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        assert!(!names.any(|name| name.starts_with("none.") || name.ends_with(".unfinished")), "{chart}");
    }
}

#[test]
fn an_extension_of_another_format_is_refused() {
    let place = place();
    for name in ["pets.docx", "pets.PPTX", "pets.csv", "pets.html.gz"] {
        let refused = place.run(&["report", "cat", "-o", name]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{name}");
        let extension = name.rsplit('.').next().unwrap_or_default();
        let said = format!("no report is written as .{extension} ({name})");
        assert!(
            refused.err.contains(&said) && refused.err.contains(".pdf, .xlsx or .zip"),
            "{}",
            refused.err
        );
        assert!(!place.path().join(name).exists(), "{name}");
    }
    for name in ["pets.html", "pets.HTM", "pets"] {
        place.ok(&["report", "cat", "-o", name]);
    }
    for command in [
        &["export", "hashtags", "-o", "x.pdf"][..],
        &["history", "cat", "-o", "x.jpg"],
        &["compare", "cat", "dog", "-o", "x.html"],
        &["trending", "-o", "x.xls"],
    ] {
        let refused = place.run(command);
        let extension = command.last().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
        assert_eq!(refused.code, Some(2), "{command:?}");
        assert!(refused.err.contains(&format!("does not write .{extension} files")), "{}", refused.err);
        assert!(refused.err.contains("formats are json, ndjson, csv, xlsx, parquet"), "{}", refused.err);
        assert!(!place.path().join(command.last().expect("a name")).exists());
    }
}
