//! The commands as scripts use them: streams, exit codes and JSON.

use crate::binary::{Place, feed};
use serde_json::{Value, json};

/// Two videos of a web capture: one under #cat and #Dog, one under #cat.
const ITEMS: &str = r#"{"itemList":[
{"id":"7000000000000000001","desc":"a #cat","createTime":1700000000,"author":{"id":"11","uniqueId":"misty.otter","nickname":"o"},
 "stats":{"playCount":900,"diggCount":9,"commentCount":3,"shareCount":1},
 "challenges":[{"id":"7551","title":"cat"},{"id":"9001","title":"Dog"}]},
{"id":"7000000000000000002","desc":"another #cat","createTime":1700000100,"author":{"id":"12","uniqueId":"lucky.heron","nickname":"h"},
 "stats":{"playCount":100,"diggCount":1,"commentCount":0,"shareCount":0},
 "challenges":[{"id":"7551","title":"cat"}]}]}"#;

fn with_items() -> Place {
    let place = Place::new();
    place.write("captures/items.json", ITEMS);
    place.ok(&["import", "captures"]);
    place
}

#[test]
fn help_and_version_exist_and_a_wrong_command_line_ends_with_2() {
    let place = Place::new();
    assert!(place.ok(&["--help"]).out.contains("Exit codes:"));
    assert!(place.ok(&["import", "--help"]).out.contains("Examples:"));
    assert_eq!(place.ok(&["--version"]).out.trim(), concat!("tagmeter ", env!("CARGO_PKG_VERSION")));
    for line in
        [&["nonsense"][..], &["import"], &["account", "create", "nobody"], &["search", "cat", "--limit", "0"]]
    {
        let ended = place.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{line:?}");
        assert!(ended.err.starts_with("error: "), "{line:?}: {}", ended.err);
    }
    assert!(std::fs::read_dir(place.path()).expect("a folder").next().is_none(), "nothing was made");
}

#[test]
fn a_wrong_database_url_and_an_unknown_setting_are_refused() {
    let place = Place::new();
    let refused = place.run(&["--database-url", "mysql://me:secret@localhost/x", "account", "list"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("a database is given as postgres://"), "{}", refused.err);
    let refused = place.run(&["--database-url", "postgres://me:secret@127.0.0.1:1/x", "account", "list"]);
    assert_eq!(refused.code, Some(1), "nobody answers there: {}", refused.err);
    assert!(!refused.err.contains("secret"), "{}", refused.err);
    let refused = place.run(&["--database-url", "postgres://me:secret@127.0.0.1:1/x", "demo"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    place.write("tagmeter.toml", "# mine\nlisten_on = \"127.0.0.1:1\"\n");
    let refused = place.run(&["account", "list"]);
    assert_eq!(refused.code, Some(2));
    assert_eq!(
        refused.err,
        "error: tagmeter.toml, line 2: there is no setting \"listen_on\"\nhint: did you mean listen?\n"
    );
}

#[test]
fn the_default_file_that_is_printed_is_accepted_and_changes_nothing() {
    let place = Place::new();
    let before = place.json(&["doctor"]);
    let printed = place.ok(&["config"]).out;
    place.write("tagmeter.toml", printed);
    let after = place.json(&["doctor"]);
    let values = |report: &Value| -> Vec<Value> {
        report["settings"].as_array().expect("settings").iter().map(|s| s["value"].clone()).collect()
    };
    assert_eq!(values(&before), values(&after));
    let from = |report: &Value| report["settings"][0]["from"].clone();
    assert_eq!(from(&before), "default");
    assert!(
        from(&after).as_str().is_some_and(|from| from.starts_with("tagmeter.toml line ")),
        "{}",
        from(&after)
    );
}

#[test]
fn accounts_are_created_granted_and_listed() {
    let place = Place::new();
    let made = place.ok(&["account", "create", "Me@Example.com", "--json"]);
    let account: Value = serde_json::from_str(&made.out).expect("JSON");
    let key = account["api_key"].as_str().expect("a key");
    assert_eq!(
        account,
        json!({"account_id": "acct_1", "email": "me@example.com", "api_key": key, "credits": 100})
    );
    assert!(domain::ApiKey::parse(key).is_ok());
    assert!(made.err.contains("shown only once"), "{}", made.err);

    let again = place.run(&["account", "create", "me@example.com"]);
    assert_eq!((again.code, again.out.as_str()), (Some(1), ""));
    assert!(again.err.contains("\nhint: "), "{}", again.err);

    let granted = place.json(&["account", "grant", "me@example.com", "50", "--cause", "invoice 17"]);
    assert_eq!((&granted["granted"], &granted["credits"]), (&json!(50), &json!(150)));
    let repeated = place.json(&["account", "grant", "me@example.com", "50", "--cause", "invoice 17"]);
    assert_eq!((&repeated["granted"], &repeated["credits"]), (&json!(0), &json!(150)));
    assert_eq!(place.json(&["account", "grant", "me@example.com", "1"])["credits"], 151);
    assert_eq!(place.run(&["account", "grant", "me@example.com", "0"]).code, Some(2));

    let shown = place.json(&["account", "show", "me@example.com"]);
    assert_eq!(
        (&shown["credits"], &shown["granted"], &shown["charged"]),
        (&json!(151), &json!(151), &json!(0))
    );
    assert_eq!(shown["keys"].as_array().map(Vec::len), Some(1));
    assert!(!shown.to_string().contains(key), "a key is shown once");
    assert_eq!(place.json(&["account", "list"])["accounts"].as_array().map(Vec::len), Some(1));
    let missing = place.run(&["account", "show", "nobody@example.com"]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(3), ""));
}

#[test]
fn keys_are_created_listed_and_revoked() {
    let place = Place::new();
    place.key();
    let made =
        place.json(&["key", "create", "me@example.com", "--name", "laptop", "--requests-per-minute", "60"]);
    let id = made["key_id"].as_str().expect("an id");
    assert!(made["api_key"].as_str().expect("a key").starts_with(&format!("tm_live_{id}")));
    assert_eq!(place.json(&["key", "revoke", id])["key_id"], id);
    let first = place.json(&["key", "revoke", id]);
    assert_eq!(place.json(&["key", "revoke", id]), first, "revoking again changes nothing");
    let keys = place.json(&["key", "list", "me@example.com"]);
    let laptop =
        keys["keys"].as_array().expect("keys").iter().find(|key| key["name"] == "laptop").expect("it");
    assert_eq!((&laptop["requests_per_minute"], &laptop["revoked_at"]), (&json!(60), &first["revoked_at"]));
    let admin = place.json(&["key", "create", "me@example.com", "--name", "imports", "--admin"]);
    assert_eq!(
        (&made["scope"], &admin["scope"], &laptop["scope"]),
        (&json!("call"), &json!("admin"), &json!("call"))
    );
    let listed = place.ok(&["key", "list", "me@example.com"]).out;
    let has =
        |name: &str, scope: &str| listed.lines().any(|line| line.contains(name) && line.contains(scope));
    assert!(has("imports", "admin") && has("laptop", "call"), "{listed}");
    assert_eq!(place.run(&["key", "revoke", "00000000"]).code, Some(3));
    assert_eq!(place.run(&["key", "revoke", "laptop"]).code, Some(2));
}

#[test]
fn an_import_is_summarised_and_the_second_one_changes_nothing() {
    let place = Place::new();
    place.write("captures/.hidden.json", "not read");
    place.write("captures/items.json", ITEMS);
    let first = place.json(&["import", "captures"]);
    assert_eq!(first["videos"], json!({"records": 2, "new": 2, "changed": 0, "unchanged": 0}));
    assert_eq!(first["held"], json!({"videos": 2, "hashtags": 2}));
    assert_eq!((&first["ok"], first["files"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    let second = place.json(&["import", "captures/items.json"]);
    assert_eq!(second["videos"], json!({"records": 2, "new": 0, "changed": 0, "unchanged": 2}));
    assert_eq!((&second["hashtags"]["new"], &second["snapshots"]["new"]), (&json!(0), &json!(0)));

    let from_stdin = feed(place.command(&["import", "-", "--data-dir", "other", "--json"]), ITEMS.as_bytes());
    assert_eq!(from_stdin.code, Some(0), "{from_stdin:?}");
    let from_stdin: Value = serde_json::from_str(&from_stdin.out).expect("JSON");
    assert_eq!(from_stdin["held"], first["held"]);
    assert!(place.ok(&["import", "captures"]).err.is_empty(), "off a terminal there is no progress bar");
}

#[test]
fn rejects_are_reported_and_written_and_the_exit_code_is_5() {
    let place = Place::new();
    let wrong = "{\"id\":\"7000000000000000003\",\"stats\":{}}\n{\"some\":\"thing\"}\n";
    place.write("good.json", ITEMS);
    place.write("wrong.ndjson", wrong);
    place.write("utf16.txt", b"\xff\xfea\0");
    let ended = place.run(&[
        "import",
        "good.json",
        "wrong.ndjson",
        "utf16.txt",
        "--rejects",
        "rejects.ndjson",
        "--json",
    ]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(
        (&report["ok"], &report["videos"]["new"]),
        (&json!(false), &json!(2)),
        "the good file went in"
    );
    assert!(ended.err.contains("warning: utf16.txt: "), "{}", ended.err);
    let rejects = std::fs::read_to_string(place.path().join("rejects.ndjson")).expect("the reject file");
    let rejected = report["rejected"]["records"].as_u64().expect("a number");
    assert!(rejected > 0);
    assert_eq!(rejects.lines().count() as u64, rejected);
    for line in rejects.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
    }
}

#[test]
fn what_was_imported_can_be_looked_up_searched_and_listed() {
    let place = with_items();
    for typed in ["cat", "#CAT", "7551"] {
        let cat = place.json(&["lookup", typed]);
        assert_eq!((&cat["id"], &cat["name"]), (&json!("7551"), &json!("cat")), "{typed}");
        let observed = |value| json!({"value": value, "basis": "observed", "rounded": false, "step": 1, "read_at": null, "as_read": null});
        assert_eq!((&cat["views"], &cat["creators"]), (&observed(1000), &observed(2)));
        assert_eq!(cat["description"], Value::Null, "unknown is not empty");
    }
    let shown = place.ok(&["lookup", "cat"]).out;
    assert!(shown.contains("views     1,000 observed"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours");

    let found = place.json(&["search", "do"]);
    assert_eq!(found["hashtags"][0]["name"], "Dog");
    let none = place.ok(&["search", "zebra"]);
    assert_eq!(none.out, "");

    let all = place.json(&["videos", "cat", "--limit", "0"]);
    let ids: Vec<&str> =
        all["videos"].as_array().expect("videos").iter().filter_map(|v| v["video_id"].as_str()).collect();
    assert_eq!(ids, ["7000000000000000001", "7000000000000000002"], "most plays first");
    let one = place.json(&["videos", "cat", "--limit", "1"]);
    assert_eq!(
        (one["videos"].as_array().map(Vec::len), &one["held"], &one["has_more"]),
        (Some(1), &json!(2), &json!(true))
    );

    for line in [["lookup", "zebra"], ["videos", "zebra"]] {
        let missing = place.run(&line);
        assert_eq!((missing.code, missing.out.as_str()), (Some(3), ""), "{line:?}");
        assert!(missing.err.contains("\nhint: "), "{}", missing.err);
    }
    assert_eq!(place.run(&["lookup", "#"]).code, Some(2));
    let elsewhere = place.run(&["lookup", "cat", "--data-dir", "nowhere"]);
    assert_eq!(elsewhere.code, Some(1));
    assert!(!place.path().join("nowhere").exists(), "looking makes no folder");
}

#[test]
fn the_audit_is_sound_and_finds_a_changed_balance() {
    let place = Place::new();
    place.key();
    let sound = place.json(&["audit"]);
    assert_eq!(
        (&sound["ok"], &sound["accounts"], &sound["credits_held"]),
        (&json!(true), &json!(1), &json!(1000))
    );
    let file = place.path().join("tagmeter-data/accounts.db");
    let database = rusqlite::Connection::open(file).expect("the ledger");
    database
        .execute("UPDATE balances SET balance = balance + 1, granted = granted + 1", [])
        .expect("a forgery");
    drop(database);
    let ended = place.run(&["audit", "--json"]);
    assert_eq!(ended.code, Some(4));
    let found: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0]["account_id"], "acct_1");
}

#[test]
fn the_doctor_shows_where_settings_are_from_and_what_is_wrong() {
    let place = with_items();
    place.write("tagmeter.toml", "log = \"warn\"\nlisten = \"127.0.0.1:0\"\n");
    let mut command = place.command(&["doctor", "--json"]);
    let output = command
        .env("TAGMETER_REQUESTS_PER_MINUTE", "7")
        .env("TAGMETER_DATADIR", "x")
        .output()
        .expect("a run");
    assert_eq!(output.status.code(), Some(4), "a variable that is no setting is a problem");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let setting = |name: &str| {
        let settings = report["settings"].as_array().expect("settings");
        settings.iter().find(|s| s["name"] == name).expect("it is listed").clone()
    };
    assert_eq!(setting("log")["from"], "tagmeter.toml line 1");
    assert_eq!(
        setting("requests_per_minute"),
        json!({"name": "requests_per_minute", "value": "7", "from": "environment TAGMETER_REQUESTS_PER_MINUTE"})
    );
    let healthy = place.json(&["doctor"]);
    assert_eq!(healthy["ok"], true);
    let state = |what: &str| {
        let findings = healthy["findings"].as_array().expect("findings");
        findings.iter().find(|f| f["what"] == what).map(|f| f["state"].clone())
    };
    assert_eq!(state("catalog.db"), Some(json!("ok")));
    assert_eq!(state("accounts"), Some(json!("note")), "nobody can call yet");

    std::fs::write(place.path().join("tagmeter-data/walks.db"), "no database").expect("a file");
    let damaged = place.run(&["doctor"]);
    assert_eq!(damaged.code, Some(4));
    assert!(damaged.out.contains("problem  walks.db"), "{}", damaged.out);
}
