//! Previews and templates of alerts over HTTP and on the command line: the same answers, and the same refusals.

use crate::binary::{Place, Serving};
use serde_json::{Value, json};
use std::fmt::Write;

/// Returns a store of a year of readings of #cat, which grows faster once a week, and nine readings of #dog.
fn place() -> Place {
    let place = Place::new();
    let mut rows = String::from("snapshot_utc,challenge_id,challenge_name,views\n");
    let mut views = 1_000_000_u64;
    for day in 0..360_u64 {
        let at =
            domain::Timestamp::from_ms(1_730_000_000_000 + i64::try_from(day).expect("a day") * 86_400_000);
        views += if day % 7 == 3 { 60_000 } else { 2_000 + day };
        writeln!(rows, "{},7551,cat,{views}", at.to_rfc3339()).expect("text");
        if day < 9 {
            writeln!(rows, "{},8000,dog,{}", at.to_rfc3339(), 5_000 + day).expect("text");
        }
    }
    place.write("in/series.csv", rows);
    place.ok(&["import", "in"]);
    place
}

/// Returns a body as arguments.
fn arguments(body: &Value) -> Vec<String> {
    let mut arguments = vec!["alert".to_owned(), "preview".to_owned()];
    for (name, value) in body.as_object().expect("an object") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if name != "hashtag" {
            arguments.push(format!("--{}", name.replace('_', "-")));
        }
        arguments.push(value);
    }
    arguments
}

fn preview(server: &Serving, key: &str, body: &Value) -> (u16, Value) {
    server.post("/v1/alerts/preview", key, body)
}

#[test]
fn previews_are_the_same_over_http_and_on_the_command_line() {
    let place = place();
    let key = place.key();
    let server = place.serve();
    let mut counts = Vec::new();
    for body in [
        json!({"hashtag": "cat", "about": "1/week", "window": "24h"}),
        json!({"hashtag": "cat", "about": "1/month", "for": "2d", "keep_firing": "1d", "cooldown": "1w"}),
        json!({"hashtag": "cat", "rule": "velocity", "above": 50_000, "recovers_at": 4_000, "window": "24h"}),
        json!({"hashtag": "7551", "rule": "breakout", "above": 1.5}),
        json!({"hashtag": "cat", "rule": "fell", "above": 0, "window": "30d"}),
    ] {
        let (status, sent) = preview(&server, &key, &body);
        assert_eq!(status, 200, "{body}: {sent}");
        let printed = place.json(&arguments(&body).iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(printed["data"], sent["data"], "{body}");
        counts.push(sent["data"]["count"].as_u64().expect("a number"));
    }
    assert!(counts[0] > 40 && counts[2] > 40 && counts[4] == 0, "{counts:?}");
    for (body, http, exit) in [
        (json!({"hashtag": "cat"}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "above": 1, "about": "1/week"}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "above": 1, "recovers_at": 2}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "about": "1/week", "recovers_at": 2}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "about": "weekly"}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "above": 1, "for": "1mo"}), "invalid_parameter", 2),
        (json!({"hashtag": "cat", "above": 1, "rule": "surge"}), "invalid_parameter", 2),
        (json!({"hashtag": "nobody", "above": 1}), "hashtag_not_found", 3),
        (json!({"hashtag": "dog", "above": 1}), "insufficient_history", 1),
    ] {
        let (_, problem) = preview(&server, &key, &body);
        assert_eq!(problem["code"], http, "{body}: {problem}");
        let ended = place.run(&arguments(&body).iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ended.code, Some(exit), "{body}: {ended:?}");
        if http == "insufficient_history" {
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(ended.err.contains(detail), "{} has not: {detail}", ended.err);
        }
    }
    let (status, sent) = server.get("/v1/alerts/templates?hashtag=cat", &key);
    assert_eq!(status, 200, "{sent}");
    assert_eq!(place.json(&["alert", "templates", "cat"])["data"], sent["data"]);
}

#[test]
fn the_command_of_a_template_has_its_preview() {
    let place = place();
    let printed = place.ok(&["alert", "templates", "cat"]).out;
    let commands: Vec<&str> =
        printed.lines().filter_map(|line| line.trim().strip_prefix("tagmeter ")).collect();
    assert_eq!(commands.len(), 6, "{printed}");
    for command in commands {
        let preview = place.ok(&command.split(' ').collect::<Vec<_>>()).out;
        let sentence = preview.lines().find(|line| line.contains("would ")).expect("a sentence");
        let sentence = sentence.trim_end_matches('.');
        assert!(printed.contains(sentence), "{command}: {sentence}\n{printed}");
    }
}
