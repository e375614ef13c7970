//! Output on a terminal: tables at 80 columns and fewer, without colours where none are wanted, and the hints.

#![cfg(unix)]

use crate::binary::Place;

/// Runs on a terminal this wide, by `script`, and returns the screen.
fn on_terminal(place: &Place, variables: &[(&str, &str)], columns: u32, line: &str) -> String {
    let line = format!("stty cols {columns} rows 50; {} {line}", env!("CARGO_BIN_EXE_tagmeter"));
    let mut command = place.program("script");
    command.args(["-qec", &line, "/dev/null"]).env_remove("NO_COLOR");
    let ended = command.envs(variables.iter().copied()).output().expect("script runs");
    String::from_utf8(ended.stdout).expect("UTF-8").replace('\r', "")
}

fn with_data() -> Place {
    let place = Place::new();
    let mut lines = String::from("Tag,Views,Creators,Read\n");
    for day in 1..=28_u64 {
        for (number, tag) in ["cat", "averyveryveryverylonghashtagofthirtyletters", "dog"].iter().enumerate()
        {
            // Up to 16 digits.
            let [first, step] =
                [[1_000_681_687_205, 1_000_003], [8_000_000_000_000_000, 7_000_000_007], [12_345, 1]][number];
            let views = first + day * day * step;
            lines.push_str(&format!("{tag},{views},{},2026-02-{day:02}\n", 67_000_000 + day));
        }
    }
    place.write("t.csv", lines);
    let map = ["Tag=hashtag_name", "Views=views", "Creators=creators", "Read=observed_at"];
    let line: Vec<&str> =
        ["import", "t.csv"].into_iter().chain(map.iter().flat_map(|map| ["--map", *map])).collect();
    place.ok(&line);
    let video = |id: u64| {
        format!(
            r##"{{"id":"{}","desc":"{}","createTime":{},"author":{{"id":"{}","uniqueId":"somebody.with.a.long.name{id}","nickname":"A nickname that goes on and on"}},"stats":{{"playCount":{},"diggCount":123456789,"commentCount":1234567,"shareCount":1234567}},"challenges":[{{"id":"7551","title":"cat"}},{{"id":"7552","title":"dog"}}]}}"##,
            7_000_000_000_000_000_000 + id,
            "a caption of many words that does not fit into any table at all ".repeat(3).trim(),
            1_700_000_000 + id * 86_400,
            6_000_000_000_000_000_000 + id,
            1_234_567_890 * id
        )
    };
    place.write("v.ndjson", (1..=40).map(video).collect::<Vec<_>>().join("\n"));
    place.ok(&["import", "v.ndjson"]);
    place.ok(&["account", "create", "somebody.with.a.rather.long.address@subdomain.example.com"]);
    place
}

/// Every command that prints a table.
const TABLES: [&str; 27] = [
    "import v.ndjson",
    "lookup cat",
    "search cat",
    "videos cat",
    "history cat",
    "history cat --mode gain",
    "trending",
    "trending --window 24h --sort growth",
    "trending --window 30d --weights zscore=1,pace=2,novelty=1",
    "backtest --every 7",
    "lookup averyveryveryverylonghashtagofthirtyletters",
    "search averyvery",
    "videos cat --limit 40",
    "history averyveryveryverylonghashtagofthirtyletters --limit 0 --step raw",
    "benchmark cat --video 7000000000000000001",
    "related dog --with-generic",
    "benchmark cat",
    "benchmark cat --plays 25000",
    "related cat",
    "creators cat",
    "compare cat dog averyveryveryverylonghashtagofthirtyletters",
    "metrics",
    "doctor",
    "audit",
    "account list",
    "account show somebody.with.a.rather.long.address@subdomain.example.com",
    "key list somebody.with.a.rather.long.address@subdomain.example.com",
];

/// Returns grouped numbers and ids in a text: those that may not be cut.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == ',';
    text.split(|c: char| !is_part(c)).filter(|part| part.len() > 6).map(str::to_owned).collect()
}

#[test]
fn no_table_is_wider_than_the_terminal_and_no_number_is_cut() {
    use unicode_width::UnicodeWidthStr;
    let place = with_data();
    for line in TABLES {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = |columns: Option<&str>| {
            let mut command = place.command(&arguments);
            command.env_remove("COLUMNS");
            if let Some(columns) = columns {
                command.env("COLUMNS", columns);
            }
            String::from_utf8(command.output().expect("it runs").stdout).expect("UTF-8")
        };
        let whole = numbers(&run(None));
        for columns in [80, 60, 40] {
            let shown = run(Some(&columns.to_string()));
            for number in numbers(&shown) {
                assert!(whole.contains(&number), "{line} at {columns}: {number} is cut\n{shown}");
            }
            let is_long_word = |line: &str| line.trim().split(' ').any(|word| word.width() + 8 > columns);
            let wide = shown.lines().find(|row| row.width() > columns && !is_long_word(row));
            assert_eq!(wide, None, "{line} at {columns}\n{shown}");
        }
    }
}

#[test]
fn the_sorted_column_is_shown_at_any_width_and_the_legend_explains_shown_columns() {
    let place = with_data();
    // The month before: a surge needs more than 28 days.
    let january = (1..=31_u64).flat_map(|day| {
        [("cat", 1_000_681_687_000), ("dog", 12_300)]
            .map(|(tag, views)| format!("{tag},{},2026-01-{day:02}\n", views + day))
    });
    place.write("january.csv", format!("Tag,Views,Read\n{}", january.collect::<String>()));
    place.ok(&[
        "import",
        "january.csv",
        "--map",
        "Tag=hashtag_name",
        "--map",
        "Views=views",
        "--map",
        "Read=observed_at",
    ]);
    let run = |columns: &str, arguments: &[&str]| {
        let mut command = place.command(&[&["trending"], arguments].concat());
        let ended = command.env("COLUMNS", columns).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(ended.stdout), text(ended.stderr))
    };
    for columns in ["40", "60", "80", "200"] {
        for (sort, heading) in [
            ("emerging", "pace/day"),
            ("pace", "pace/day"),
            ("surge", "surge"),
            ("velocity", "velocity"),
            ("growth", "growth"),
            ("acceleration", "acceleration"),
        ] {
            let (out, err) = run(columns, &["--sort", sort]);
            let headings = out.lines().next().unwrap_or_else(|| panic!("--sort {sort} at {columns}: {err}"));
            assert!(
                headings.contains("hashtag") && headings.contains(heading),
                "--sort {sort} at {columns}:\n{out}"
            );
        }
        let (out, err) = run(columns, &["--sort", "growth"]);
        let headings = out.lines().next().expect("headings");
        for (heading, explained) in [("pace/day", "pace: "), ("top 10 %", "top 10 %: "), ("surge", "surge: ")]
        {
            assert_eq!(
                headings.contains(heading),
                err.contains(explained),
                "{heading} at {columns}: {err}\n{out}"
            );
        }
        let (out, _) = run(columns, &["--weights", "zscore=1"]);
        assert!(out.lines().next().is_some_and(|headings| headings.contains("score")), "{columns}:\n{out}");
    }
    assert!(!run("40", &["--sort", "growth"]).1.contains("surge: "), "there is no room for it");
}

#[test]
fn the_width_of_a_terminal_is_detected() {
    use unicode_width::UnicodeWidthStr;
    let place = with_data();
    for columns in [80, 64] {
        let shown = on_terminal(&place, &[("TERM", "xterm-256color")], columns, "trending");
        assert!(
            shown.contains("hashtag") && shown.lines().all(|row| row.width() <= columns as usize),
            "{shown}"
        );
    }
}

#[test]
fn there_are_no_colours_where_none_are_wanted() {
    let place = with_data();
    let colourful = [("TERM", "xterm-256color")];
    assert!(
        on_terminal(&place, &colourful, 80, "--help").contains('\u{1b}'),
        "help has colours on a terminal"
    );
    // Log lines of a server that starts and stops.
    let serve = "serve --listen 127.0.0.1:0 > out & until grep -q Listening out; do :; done; kill $!; wait";
    assert!(on_terminal(&place, &colourful, 80, serve).contains('\u{1b}'), "log lines have colours");
    for variables in [[("TERM", "xterm-256color"), ("NO_COLOR", "1")], [("TERM", "dumb"), ("LANG", "C")]] {
        assert!(!on_terminal(&place, &variables, 80, serve).contains('\u{1b}'), "{variables:?}");
        for line in [
            "--help",
            "lookup",
            "nonsense",
            "import v.ndjson",
            "trending",
            "history cat",
            "doctor",
            "serve --listen 192.0.2.1:80",
        ] {
            let shown = on_terminal(&place, &variables, 80, line);
            assert!(!shown.is_empty() && !shown.contains('\u{1b}'), "{variables:?} {line}: {shown:?}");
        }
    }
}

#[test]
fn a_hashtag_that_the_shell_took_for_a_comment_is_hinted_at() {
    let place = with_data();
    for line in
        ["lookup #cat", "videos #cat --limit 5", "compare cat #dog", "export videos --hashtag #cat -o x.csv"]
    {
        let line = format!("{} {line}", env!("CARGO_BIN_EXE_tagmeter"));
        let ended = place.program("sh").args(["-c", &line]).output().expect("sh runs");
        let message = String::from_utf8(ended.stderr).expect("UTF-8");
        assert_eq!(ended.status.code(), Some(2), "{message}");
        assert!(
            message.starts_with("error: ") && message.contains("hint: a shell takes what follows #"),
            "{line}: {message}"
        );
    }
}

#[test]
fn an_empty_answer_names_the_period_with_data() {
    let place = with_data();
    for (line, message) in [
        (
            "history cat --to 2020-01-01",
            "No views of #cat in this period; readings are from 2026-02-01 to 2026-02-28.",
        ),
        (
            "compare cat dog --to 2020-01-01",
            "No views of #dog in this period; readings are from 2026-02-01 to 2026-02-28.",
        ),
        (
            "creators cat --since 2026-01-01",
            "No creators under #cat in this period; the stored videos were posted from 2023-11-15 to 2023-12-24.",
        ),
        (
            "related cat --since 2026-01-01",
            "No related hashtags under #cat in this period; the stored videos were posted from 2023-11-15",
        ),
        (
            "benchmark cat --window 1h",
            "No videos under #cat in this period; the stored videos were posted from 2023-11-15",
        ),
    ] {
        let ended = place.ok(&line.split(' ').collect::<Vec<_>>());
        assert!(ended.err.contains(message), "{line}: {}", ended.err);
    }
    place.ok(&["report", "cat", "-o", "r.html", "--to", "2020-01-01"]);
    let page = std::fs::read_to_string(place.path().join("r.html")).expect("a page");
    assert!(page.contains("No views of #cat in this period; readings are from 2026-02-01 to 2026-02-28."));
    assert!(page.contains("of videos posted at any time, also after "), "these tables know no end");
    let bare = "averyveryveryverylonghashtagofthirtyletters";
    let notes = place.ok(&["report", bare, "-o", "bare.html", "--to", "2020-01-01"]).err;
    let said =
        format!("note: the report is empty: no readings and no videos of #{bare} in this period are stored.");
    assert!(notes.lines().any(|line| line == said), "{notes}");
    let notes = place.ok(&["report", bare, "-o", "whole.html"]).err;
    assert!(!notes.contains("empty"), "{notes}");
    let key = place.json(&["key", "create", "somebody.with.a.rather.long.address@subdomain.example.com"]);
    let key = key["api_key"].as_str().expect("a key").to_owned();
    let serving = place.serve();
    for (line, path) in [
        ("history cat --to 2020-01-01", "/v1/hashtags/cat/history?to=2020-01-01"),
        ("compare cat dog --to 2020-01-01", "/v1/compare?tags=cat,dog&to=2020-01-01"),
        ("creators cat --since 2026-01-01", "/v1/hashtags/cat/creators?since=2026-01-01"),
        ("related cat --since 2026-01-01", "/v1/hashtags/cat/related?since=2026-01-01"),
        ("benchmark cat --window 1h", "/v1/hashtags/cat/benchmark?window=1h"),
        ("trending --min-views 9000000000000000", "/v1/trending?min_views=9000000000000000"),
    ] {
        let printed = place.json(&line.split(' ').collect::<Vec<_>>());
        let (status, answered) = serving.get(path, &key);
        assert_eq!((status, &answered["billing"]["credits_charged"]), (200, &0.into()), "{path}: {answered}");
        let available = &answered["meta"]["available"];
        assert!(available["from"].is_string() && available["to"].is_string(), "{path}: {answered}");
        assert_eq!(&printed["meta"]["available"], available, "{line}");
    }
    let (status, refused) = serving.get("/v1/hashtags/cat/history.svg?to=2020-01-01", &key);
    assert_eq!(status, 422, "{refused}");
    assert!(
        refused["detail"]
            .as_str()
            .is_some_and(|message| message.contains("readings are from 2026-02-01 to 2026-02-28"))
    );
}
