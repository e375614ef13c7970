//! The demo and the server, started and stopped from the command line.

use crate::binary::{Place, Serving};
use serde_json::json;

#[test]
fn the_demo_serves_the_example_of_the_contract_and_leaves_real_data_alone() {
    let place = Place::new();
    place.write("tagmeter-data/precious", "mine");
    let mut demo = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    assert!(demo.greeting.starts_with("SYNTHETIC DATA."), "{}", demo.greeting);
    let key = demo.key();
    let calls = demo.read_until("Ctrl-C stops it.");
    let paths: Vec<&str> = calls
        .lines()
        .filter_map(|line| line.split(&demo.base).nth(1))
        .map(|p| p.trim_end_matches('\''))
        .collect();
    assert_eq!(paths.len(), 4, "{calls}");
    let answers: Vec<_> = paths.iter().map(|path| demo.get(path, &key)).collect();
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    let cat = json!({
        "id": "7551", "cha_name": "cat", "desc": "", "user_count": 67_579_511, "view_count": 1_000_681_687_205_u64,
        "is_pgcshow": false, "is_commerce": false, "is_challenge": false, "is_strong_music": false, "type": 2,
        "cover": "https://example.com/tagmeter-demo/cover/7551.jpg"
    });
    assert_eq!((&answers[0].1, &answers[1].1), (&cat, &cat));
    assert_eq!(answers[2].1["videos"].as_array().map(Vec::len), Some(2));
    assert_eq!(answers[3].1["challenge_list"][0], cat);
    let folder = demo
        .greeting
        .split(" in ")
        .nth(1)
        .and_then(|rest| rest.split(" (").next())
        .expect("a folder")
        .to_owned();
    assert!(std::path::Path::new(&folder).is_dir());
    let (code, _) = demo.stop();
    assert_eq!(code, Some(0));
    assert!(!std::path::Path::new(&folder).exists(), "the temporary folder is removed");
    let names: Vec<_> = std::fs::read_dir(place.path().join("tagmeter-data")).expect("a folder").collect();
    assert_eq!(names.len(), 1, "real data was not touched");
    let refused = place.run(&["demo", "--data-dir", "tagmeter-data"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn the_demo_answers_what_the_readme_shows() {
    let readme = include_str!("../../../../README.md");
    let place = Place::new();
    let demo = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    let key = demo.key();
    let mut shown = 0;
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let Some(path) = line.strip_prefix("$ curl ").and_then(|rest| rest.split(":8080").nth(1)) else {
            continue;
        };
        let answer = lines.next().expect("an answer below the call");
        let (status, body) = demo.get_text(path.trim_end_matches('\''), &key);
        assert_eq!(status, 200, "{path}");
        // The README omits the middle of a long answer.
        let parts: Vec<&str> = answer.split(" ... ").collect();
        assert!(body.starts_with(parts[0]), "{path}: {body}");
        assert!(body.ends_with(parts[parts.len() - 1]), "{path}: {body}");
        shown += 1;
    }
    assert_eq!(shown, 3);
}

#[test]
fn a_server_answers_charges_and_stops_at_a_signal() {
    let place = Place::new();
    place.write("tag.json", r#"{"challengeInfo":{"challenge":{"id":"7551","title":"cat","desc":""},"statsV2":{"viewCount":"12","videoCount":"3"},"stats":{"viewCount":12,"videoCount":3}}}"#);
    place.ok(&["import", "tag.json"]);
    let key = place.key();
    let serving = place.serve();
    let (status, cat) = serving.get("/challenge-info-name/?name=%23Cat", &key);
    assert_eq!((status, &cat["id"], &cat["view_count"]), (200, &json!("7551"), &json!(12)));
    assert_eq!(serving.get("/challenge-info-id/?id=1", &key).0, 404);
    assert_eq!(serving.get("/challenge-info-id/?id=7551", "tm_live_wrong").0, 401);
    assert_eq!(place.json(&["account", "show", "me@example.com"])["charged"], 1, "an error costs nothing");

    let taken = place.run(&["serve", "--listen", serving.base.trim_start_matches("http://")]);
    assert_eq!(taken.code, Some(1));
    assert!(taken.err.contains("hint: choose another address with --listen"), "{}", taken.err);

    // A key created while it serves works at once.
    let second = place.json(&["key", "create", "me@example.com"]);
    let secret = second["api_key"].as_str().expect("a key");
    assert_eq!(serving.get("/challenge-info-id/?id=7551", secret).0, 200);

    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("off a terminal the log is JSON: {line}"))
        })
        .collect();
    let logged = |message: &str| lines.iter().any(|line| line["message"] == message);
    assert!(logged("serving") && logged("stopping: calls under way are answered first"), "{log}");
    assert!(!log.contains(&key) && !log.contains(&key[16..48]), "a key is never logged");
    assert_eq!(place.json(&["audit"])["ok"], true);
}
