//! Campaigns over HTTP and on the command line: the same answers, and the same refusals.

use crate::binary::Place;
use calamine::{Reader, Xlsx, open_workbook};
use serde_json::{Value, json};
use std::fmt::Write;

/// Returns a store of 60 daily readings of #drop, which grows faster since 1 October 2025, and of #rival.
fn place() -> Place {
    let place = Place::new();
    let mut rows = String::from("snapshot_utc,challenge_id,challenge_name,views\n");
    let (mut drop, mut rival) = (1_000_000_u64, 4_000_000_u64);
    for day in 0..60_u64 {
        // 1 September 2025.
        let at = 1_756_684_800_000 + i64::try_from(day).expect("a day") * 86_400_000;
        let at = domain::Timestamp::from_ms(at).to_rfc3339();
        drop += if day < 31 { 1_000 + day % 3 } else { 9_000 };
        rival += 2_000;
        writeln!(rows, "{at},7551,drop,{drop}\n{at},8000,rival,{rival}").expect("text");
    }
    place.write("in/series.csv", rows);
    place.ok(&["import", "in"]);
    place
}

/// Removes what depends on the moment of the measurement.
fn still(mut answer: Value) -> Value {
    answer["data"]["measured_at"] = Value::Null;
    answer
}

#[test]
fn a_campaign_is_the_same_over_http_and_on_the_command_line() {
    let place = place();
    let key = place.key();
    let line = "campaign create Summer --tags drop --against #rival --from 2025-10-01 --to 2025-10-20 --baseline 4w \
                --goal views=1M --not-tags giveaway --not-creators @brand";
    let created = place.json(&line.split_whitespace().collect::<Vec<_>>());
    let server = place.serve();
    let (status, sent) = server.get("/v1/campaigns/summer", &key);
    assert_eq!(status, 200, "{sent}");
    assert_eq!(sent["data"]["campaign"], created["data"]);
    let printed = place.json(&["campaign", "show", "summer"]);
    assert_eq!(still(printed)["data"], still(sent.clone())["data"]);
    let increment = &sent["data"]["hashtags"][0]["increment"];
    assert_eq!((&increment["gained"], &increment["clear"]), (&json!(171_000), &json!(true)), "{increment}");

    // Created over HTTP, it is the same campaign for the command line.
    let body = json!({
        "name": "other", "hashtags": ["drop"], "from": "2025-10-01", "to": "2025-10-20", "goals": {"creators": 5},
    });
    let (status, made) = server.post("/v1/campaigns", &key, &body);
    assert_eq!(status, 201, "{made}");
    let listed = place.json(&["campaign", "list"]);
    assert_eq!(listed["campaigns"], json!([made["data"], created["data"]]));
    let edited = place.json(&["campaign", "edit", "other", "--against", "rival", "--open"]);
    assert_eq!((&edited["data"]["to"], &edited["data"]["against"]), (&Value::Null, &json!(["rival"])));
    let (_, listed) = server.get("/v1/campaigns", &key);
    assert_eq!(listed["data"][0], edited["data"]);
    place.ok(&["campaign", "delete", "other", "summer"]);
    assert_eq!(server.get("/v1/campaigns/summer", &key).0, 404);
}

#[test]
fn a_report_is_written_in_each_format_in_somebodys_name() {
    let place = place();
    let key = place.key();
    place.ok(&[
        "campaign",
        "create",
        "summer",
        "--tags",
        "drop",
        "--from",
        "2025-10-01",
        "--to",
        "2025-10-20",
    ]);
    let look = ["--color", "#004d40", "--accent", "#00796b", "--sender", "Example Agency"];
    for (format, begin) in
        [("html", &b"<!DOCTYPE html>"[..]), ("pdf", b"%PDF"), ("xlsx", b"PK"), ("zip", b"PK")]
    {
        let file = format!("summer.{format}");
        let line =
            [&["campaign", "report", "summer", "-o", &file, "--title", "October & co"][..], &look].concat();
        assert!(place.ok(&line).err.contains(&file), "{format}");
        assert!(std::fs::read(place.path().join(&file)).expect("a file").starts_with(begin), "{format}");
    }
    let page = std::fs::read_to_string(place.path().join("summer.html")).expect("a page");
    for part in
        ["October &amp; co", "Prepared by Example Agency", "--brand:#004d40", "How do we know?", "171,000"]
    {
        assert!(page.contains(part), "{part}");
    }
    let mut book: Xlsx<_> = open_workbook(place.path().join("summer.xlsx")).expect("a workbook");
    let summary = book.worksheet_range("Summary").expect("a sheet");
    let cells: Vec<String> = summary.cells().map(|(_, _, cell)| cell.to_string()).collect();
    let (_, sent) = place.serve().get("/v1/campaigns/summer", &key);
    let sentences = sent["data"]["sentences"].as_array().expect("sentences");
    assert!(!sentences.is_empty());
    for sentence in sentences {
        let sentence = sentence["sentence"].as_str().expect("a sentence");
        assert!(cells.iter().any(|cell| cell.contains(sentence)), "{sentence}: {cells:?}");
    }
    let own = place.run(&["campaign", "report", "summer", "-o", "tagmeter-data/accounts.db", "--force"]);
    assert!(own.code == Some(2) && own.err.contains("is a file of the data folder"), "{own:?}");
}

#[test]
fn a_link_is_printed_once_and_opens_until_it_is_revoked() {
    let place = place();
    place.key();
    place.write("tagmeter.toml", "public_url = \"https://tags.example.com\"\n");
    place.ok(&[
        "campaign",
        "create",
        "summer",
        "--tags",
        "drop",
        "--from",
        "2025-10-01",
        "--to",
        "2025-10-20",
    ]);
    let logo = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="6"><rect width="20" height="6"/></svg>"#;
    place.write("logo.svg", logo);
    let line = ["campaign", "report", "summer", "--frozen-link", "--logo", "logo.svg", "--title", "October"];
    let printed = place.ok(&line);
    let path = printed.out.trim().strip_prefix("https://tags.example.com").expect("a link").to_owned();
    assert!(path.starts_with("/share/october/") && path.len() == 47, "{path}");
    let live = place.json(&["campaign", "report", "summer", "--live-link", "--days", "7"]);
    assert_eq!((&live["data"]["mode"], &live["data"]["title"]), (&json!("live"), &json!("Campaign summer")));
    let of_tags = place.json(&["share", "create", "drop", "rival", "--from", "2025-09-15"]);
    assert_eq!(of_tags["data"]["hashtags"], json!(["drop", "rival"]));
    place.ok(&["share", "revoke", of_tags["data"]["id"].as_str().expect("an id")]);
    let server = place.serve();
    let (status, page) = server.get_text(&path, "");
    assert_eq!(status, 200, "{page}");
    for part in ["<h1>October</h1>", "171,000", "Frozen: shows the state of", "data:image/svg+xml"] {
        assert!(page.contains(part), "{part}");
    }
    let listed = place.json(&["share", "list"]);
    let shares = listed["shares"].as_array().expect("shares");
    let states: Vec<_> =
        shares.iter().map(|share| (share["mode"].clone(), share["opened"].clone())).collect();
    assert_eq!(states, [(json!("frozen"), json!(0)), (json!("live"), json!(0)), (json!("frozen"), json!(1))]);
    assert!(shares.iter().all(|share| share["url"].is_null()), "{listed}");
    let id = shares[2]["id"].as_str().expect("an id");
    assert!(place.ok(&["share", "show", id]).out.contains("frozen"));
    place.ok(&["share", "revoke", id]);
    assert_eq!(server.get_text(&path, "").0, 404);
}

#[test]
fn a_campaign_needs_an_account() {
    let place = Place::new();
    let refused = place.run(&["campaign", "list"]);
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    assert!(refused.err.contains("campaigns belong to one"), "{}", refused.err);
}
