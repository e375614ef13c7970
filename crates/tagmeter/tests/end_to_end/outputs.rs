//! Destinations of answers: every command that offers `--output`, `--csv`, `--json` or a format takes it.

use crate::binary::Place;
use crate::measuring;

/// Returns the names of the commands, or of a command's subcommands, as `--help` lists them.
fn commands(place: &Place, path: &[&str]) -> Vec<String> {
    let help = place.ok(&[path, &["--help"]].concat()).out;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Returns the whole names of the commands that can be run, such as `account create`, sorted.
pub(crate) fn leaves(place: &Place) -> Vec<String> {
    let leaves =
        commands(place, &[]).into_iter().flat_map(|name| match commands(place, &[&name]).as_slice() {
            [] => vec![name],
            beneath => beneath.iter().map(|beneath| format!("{name} {beneath}")).collect(),
        });
    let mut leaves: Vec<String> = leaves.collect();
    leaves.sort();
    leaves
}

/// Returns the values that the help of a command offers for `--format`.
fn formats(help: &str) -> Vec<String> {
    let Some((_, of_format)) = help.split_once("--format <FORMAT>") else { return Vec::new() };
    let (_, values) = of_format.split_once("[possible values: ").expect("formats are a closed set");
    let values = values.split(']').next().expect("the end of the list");
    values.split(',').map(|value| value.trim().to_owned()).collect()
}

/// Returns arguments with which a command has an answer.
fn arguments(name: &str) -> &'static [&'static str] {
    match name {
        "history" | "benchmark" | "related" | "creators" | "report" => &["cat"],
        "compare" => &["cat", "dog"],
        "export" => &["hashtags"],
        "trending" => &["--window", "30d"],
        other => panic!("{other} offers a file: say here which arguments it needs"),
    }
}

/// Returns true if bytes are a file of this format.
fn is_of(format: &str, bytes: &[u8]) -> bool {
    let is_json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).is_ok();
    match format {
        "json" => is_json(bytes),
        "ndjson" => bytes.split(|byte| *byte == b'\n').all(|line| line.is_empty() || is_json(line)),
        "csv" => bytes.split(|byte| *byte == b'\n').next().is_some_and(|heading| heading.contains(&b',')),
        "xlsx" | "zip" => bytes.starts_with(b"PK"),
        "pdf" => bytes.starts_with(b"%PDF"),
        "parquet" => bytes.starts_with(b"PAR1"),
        "svg" => bytes.starts_with(b"<svg"),
        "png" => bytes.starts_with(b"\x89PNG"),
        "html" => bytes.to_ascii_lowercase().starts_with(b"<!doctype html>"),
        other => panic!("{other} is a format that this test does not know"),
    }
}

#[test]
fn every_format_that_a_command_offers_is_written_to_a_file_and_to_standard_output() {
    let place = measuring::place();
    let mut with_files = Vec::new();
    for name in commands(&place, &[]) {
        let help = place.ok(&[&name, "--help"]).out;
        if !help.contains("--output <FILE>") {
            assert!(!help.contains("--format <FORMAT>") && !help.contains("--csv"), "{name}: {help}");
            continue;
        }
        let line = [&[name.as_str()][..], arguments(&name)].concat();
        let formats = formats(&help);
        let names = if formats.is_empty() { vec!["html".to_owned()] } else { formats.clone() };
        for format in &names {
            let file = format!("{name}.{format}");
            place.ok(&[&line[..], &["-o", &file]].concat());
            let bytes = std::fs::read(place.path().join(&file)).expect("a file");
            assert!(is_of(format, &bytes), "{file}: {:?}", String::from_utf8_lossy(&bytes));
            if formats.is_empty() {
                continue;
            }
            let by_format = format!("{name}-{format}.file");
            place.ok(&[&line[..], &["-o", &by_format, "--format", format]].concat());
            let again = std::fs::read(place.path().join(&by_format)).expect("a file");
            assert!(is_of(format, &again), "{name} --format {format}");
            let printed = place.command(&[&line[..], &["-o", "-", "--format", format]].concat()).output();
            let printed = printed.expect("the binary runs");
            assert!(printed.status.success() && is_of(format, &printed.stdout), "{name} {printed:?}");
        }
        if help.contains("--csv") {
            let csv = place.ok(&[&line[..], &["--csv"]].concat()).out;
            assert_eq!(
                csv.as_bytes(),
                std::fs::read(place.path().join(format!("{name}.csv"))).expect("a file")
            );
        }
        let own = place.run(&[&line[..], &["-o", "tagmeter-data/catalog.db", "--force"]].concat());
        assert_eq!(own.code, Some(2), "{name}: {own:?}");
        assert!(own.err.contains("is a file of the data folder"), "{name}: {}", own.err);
        with_files.push(name);
    }
    assert_eq!(
        with_files,
        ["history", "trending", "benchmark", "related", "creators", "compare", "export", "report"]
    );
}

#[test]
fn a_chart_is_offered_and_drawn_only_by_commands_that_have_one() {
    let place = measuring::place();
    for name in ["trending", "benchmark", "related", "creators", "export"] {
        let line = [&[name][..], arguments(name)].concat();
        for drawn in [&["-o", "x.svg"][..], &["-o", "x", "--format", "png"]] {
            let refused = place.run(&[&line[..], drawn].concat());
            assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{name}: {refused:?}");
            assert!(!refused.err.contains("svg, png"), "{name} offers none: {}", refused.err);
        }
    }
}

#[test]
fn a_written_file_is_summarised_as_json() {
    let place = measuring::place();
    let export = place.json(&["export", "hashtags", "-o", "all.ndjson"]);
    let text = std::fs::read_to_string(place.path().join("all.ndjson")).expect("a file");
    assert_eq!(export["rows"].as_u64(), Some(text.lines().count() as u64));
    assert_eq!(export["bytes"].as_u64(), Some(text.len() as u64));
    assert_eq!((export["format"].as_str(), export["file"].as_str()), (Some("ndjson"), Some("all.ndjson")));
    let report = place.json(&["report", "cat", "dog", "-o", "pets.html"]);
    let size = std::fs::metadata(place.path().join("pets.html")).expect("a file").len();
    assert_eq!(
        report,
        serde_json::json!({"file": "pets.html", "format": "html", "hashtags": ["cat", "dog"], "is_empty": false, "bytes": size})
    );
    for line in [&["export", "hashtags", "--format", "csv"][..], &["report", "cat"]] {
        let refused = place.run(&[line, &["-o", "-", "--json"]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{refused:?}");
        assert!(refused.err.contains("both print to standard output"), "{}", refused.err);
    }
}
