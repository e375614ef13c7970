//! Snapshots of the output of every command: its help, and its tables and JSON over a small made-up store.

#![cfg(unix)]

mod runs;

use crate::binary::Place;
use crate::outputs::leaves;
use runs::RUNS;
use serde_json::Value;
use std::fmt::Write;

/// Returns a store of twelve videos under #cat by three creators, some under #kitten too, and a month of daily
/// readings of #cat and #dog.
fn place() -> Place {
    let place = Place::new();
    let video = |number: u64| {
        let second = if number.is_multiple_of(3) { r#",{"id":"9001","title":"kitten"}"# } else { "" };
        format!(
            r#"{{"id":"70000000000000000{number:02}","desc":"a #cat","createTime":{},"collectTime":1764547200,"author":{{"id":"{author}","uniqueId":"cats.{author}","nickname":"c"}},"stats":{{"playCount":{},"diggCount":{},"commentCount":3,"shareCount":1,"collectCount":2}},"challenges":[{{"id":"7551","title":"cat"}}{second}]}}"#,
            1_762_000_000 + number * 86_400,
            (number + 1) * 1000,
            (number + 1) * 50,
            author = number % 3 + 1,
        )
    };
    place.write("in/videos.ndjson", (0..12).map(|number| video(number) + "\n").collect::<String>());
    let rows = (1..=30_u64).flat_map(|day| {
        [("7551,cat", 16_000_000 + day * day * 1_003), ("8000,dog", 8_000_000 + day * 100_007)]
            .map(|(tag, views)| format!("2025-11-{day:02} 08:00:00,{tag},{views}\n"))
    });
    let series = format!("snapshot_utc,challenge_id,challenge_name,views\n{}", rows.collect::<String>());
    place.write("in/series.csv", series);
    place.write("broken.ndjson", format!("{}\n{{\"id\":\"no id\",\"stats\":{{}}}}\n", video(1)));
    place.write("gone.txt", "7000000000000000000\n7000000000000000099\n");
    place
}

/// Texts that differ from run to run, and their placeholders in a snapshot.
struct Redaction {
    folder: String,
    /// Ids of the keys that were printed so far.
    keys: Vec<String>,
    /// Ids of trackers, alerts, destinations and campaigns that were printed so far.
    ids: [Vec<String>; IDS.len()],
}

/// Prefix of a secret key; its id follows.
const KEY: &str = "tm_live_";
const KEY_ID_LENGTH: usize = 8;
/// Prefix of each kind of ids, and its placeholder.
const IDS: [(&str, &str); 5] = [
    ("trk_", "tracker"),
    ("alr_", "alert"),
    ("dst_", "destination"),
    ("cmp_", "campaign"),
    ("ann_", "annotation"),
];
const ID_LENGTH: usize = 30;
/// Prefix of the secret of a webhook.
const SECRET: &str = "whsec_";
/// The store has nothing younger than this year: later times are those of the run.
const YEAR_OF_THE_DATA: i32 = 2025;

impl Redaction {
    fn of(&mut self, text: &str) -> String {
        let mut out = text.replace(&self.folder, "[folder]").replace(env!("CARGO_PKG_VERSION"), "[version]");
        self.keys.extend(text.match_indices(KEY).filter_map(|(at, _)| {
            let id = text.get(at + KEY.len()..at + KEY.len() + KEY_ID_LENGTH);
            id.filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit())).map(str::to_owned)
        }));
        while let Some(at) = out.find(KEY) {
            let end =
                out[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(out.len() - at);
            out.replace_range(at..at + end, "[key]");
        }
        while let Some(at) = out.find(SECRET) {
            let is_digit = |c: char| c.is_ascii_alphanumeric() || "_+/=".contains(c);
            let end = out[at..].find(|c: char| !is_digit(c)).unwrap_or(out.len() - at);
            out.replace_range(at..at + end, "[secret]");
        }
        for ((prefix, name), known) in IDS.into_iter().zip(&mut self.ids) {
            for (at, _) in text.match_indices(prefix) {
                let id = text.get(at..at + ID_LENGTH).filter(|id| id.is_ascii() && !id.contains(' '));
                known.extend(id.map(str::to_owned).filter(|id| !known.contains(id)));
            }
            for id in known {
                out = out.replace(id.as_str(), &format!("[{name}]"));
            }
        }
        for id in &self.keys {
            out = out.replace(id, "[key id]");
        }
        let out = without_hours(without_sizes(&without_times(&out)));
        // Columns are as wide as the replaced text.
        if out == text { out } else { out.lines().map(single_spaced).collect::<Vec<_>>().join("\n") }
    }
}

/// Replaces times and days after the data by `[time]` and `[day]`.
fn without_times(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let year = rest.get(..4).and_then(|year| year.parse::<i32>().ok()).filter(|year| *year < 2100);
        let is_day = year.is_some_and(|year| year > YEAR_OF_THE_DATA)
            && rest.get(..10).is_some_and(|day| domain::Timestamp::parse(day).is_some());
        if !is_day {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c))).unwrap_or(rest.len());
        out.push_str(if end > 10 { "[time]" } else { "[day]" });
        rest = &rest[end..];
    }
    out
}

/// Replaces megabytes, such as those free on the disk, and a file's `"bytes"` by `[size]`: a report names the
/// day it was written on.
fn without_sizes(text: &str) -> String {
    const BYTES: &str = "\"bytes\": ";
    let mut files = text.split(BYTES);
    let mut counted = files.next().unwrap_or_default().to_owned();
    for file in files {
        counted.push_str(BYTES);
        counted.push_str("[size]");
        counted.push_str(file.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let text = &counted;
    let mut parts = text.split(" MB");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = out.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',').len();
        out.truncate(number);
        out.push_str("[size] MB");
        out.push_str(part);
    }
    out
}

/// Replaces the lengths of gaps, which last until now, by `[hours]`.
fn without_hours(text: String) -> String {
    if !text.contains("gap_list") && !text.contains("gap of") {
        return text;
    }
    let line = |line: &str| match (line.split_once("\"hours\": "), line.rsplit_once(" h ")) {
        (Some((before, _)), _) => format!("{before}\"hours\": [hours],"),
        (None, Some((before, after))) if before.ends_with(|c: char| c.is_ascii_digit()) => {
            let start = before.rfind(' ').map_or(0, |at| at + 1);
            format!("{}[hours] h {after}", &before[..start])
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Replaces several spaces by one, except at the beginning of a line.
fn single_spaced(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let words: Vec<&str> = line.split_whitespace().collect();
    format!("{}{}", &line[..indent], words.join(" "))
}

/// Runs a command line and returns it for a snapshot: the line, its output and its exit code.
fn shown(place: &Place, redaction: &mut Redaction, line: &str) -> String {
    let mut line_of_run = line.replace("{key}", redaction.keys.first().map_or("", String::as_str));
    let mut line_shown = line.replace("{key}", "[key id]");
    for ((_, name), known) in IDS.into_iter().zip(&redaction.ids) {
        let place = format!("{{{name}}}");
        line_of_run = line_of_run.replace(&place, known.first().map_or("", String::as_str));
        line_shown = line_shown.replace(&place, &format!("[{name}]"));
    }
    let arguments: Vec<&str> = line_of_run.split(' ').collect();
    let mut command = place.command(&arguments);
    // `doctor` checks that the address is free.
    command.env_remove("COLUMNS").env("TAGMETER_LISTEN", "127.0.0.1:0");
    let ended = command.output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (mut out, err) = (text(ended.stdout), text(ended.stderr));
    if line.contains("--json") && !out.is_empty() {
        assert_eq!(out.lines().count(), 1, "{line}: one line of JSON: {out}");
        let value: Value = serde_json::from_str(&out).expect("JSON");
        out = serde_json::to_string_pretty(&value).expect("JSON") + "\n";
    }
    let mut shown = format!("$ tagmeter {line_shown}\n");
    shown.push_str(&redaction.of(out.trim_end()));
    for (number, line) in redaction.of(err.trim_end()).lines().enumerate() {
        let before = if number == 0 && out.is_empty() { "" } else { "\n" };
        write!(shown, "{before}[stderr] {line}").expect("text");
    }
    if let Some(code) = ended.status.code().filter(|code| *code != 0) {
        write!(shown, "\n[exit {code}]").expect("text");
    }
    shown.trim_end().to_owned()
}

#[test]
fn outputs_of_every_command_match_their_snapshots() {
    let place = place();
    let folder = place.path().canonicalize().expect("a folder").display().to_string();
    let mut redaction = Redaction { folder, keys: Vec::new(), ids: Default::default() };
    let mut shot = Vec::new();
    for (name, lines) in RUNS {
        let runs: Vec<String> = lines.iter().map(|line| shown(&place, &mut redaction, line)).collect();
        insta::assert_snapshot!(format!("output of {name}").replace(' ', "_"), runs.join("\n\n"));
        shot.push((*name).to_owned());
    }
    // Servers run until they are stopped, and the default settings are a file of their own.
    shot.extend(["config", "demo", "serve", "worker"].map(str::to_owned));
    shot.sort();
    assert_eq!(shot, leaves(&place), "every command has a snapshot");
}

#[test]
fn the_help_of_every_command_matches_its_snapshot() {
    let place = Place::new();
    for name in [vec![String::new()], leaves(&place)].concat() {
        let arguments: Vec<&str> = name.split_whitespace().chain(["--help"]).collect();
        let help = place.command(&arguments).env_remove("COLUMNS").output().expect("the binary runs").stdout;
        let help = String::from_utf8(help).expect("UTF-8");
        let name = if name.is_empty() { "tagmeter".to_owned() } else { name };
        insta::assert_snapshot!(format!("help of {name}").replace(' ', "_"), help);
    }
}
