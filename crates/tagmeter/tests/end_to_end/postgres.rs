//! The same binary on PostgreSQL and on a cluster of Citus: nothing changes but `--database-url`; and stores
//! that move there and back.

use crate::binary::{Place, Serving};
use serde_json::Value;
use std::process::Stdio;
use testkit::postgres::{CitusCluster, TestDatabase};

/// Two videos of a web capture and, a day later, one of them again.
const ITEMS: &str = r#"{"itemList":[
{"id":"7000000000000000001","desc":"a #cat","createTime":1700000000,"collectTime":1700001000,"author":{"id":"11","uniqueId":"misty.otter","nickname":"o"},
 "stats":{"playCount":900,"diggCount":9,"commentCount":3,"shareCount":1},
 "challenges":[{"id":"7551","title":"cat"},{"id":"9001","title":"Dog"}]},
{"id":"7000000000000000002","desc":"another #cat","createTime":1700000100,"collectTime":1700001000,"author":{"id":"12","uniqueId":"lucky.heron","nickname":"h"},
 "stats":{"playCount":100,"diggCount":1,"commentCount":0,"shareCount":0},
 "challenges":[{"id":"7551","title":"cat"}]}]}"#;

const CALLS: [&str; 5] = [
    "/challenge-info-name/?name=cat",
    "/challenge-info-id/?id=7551",
    "/challenge-posts/?challenge_id=7551&count=1",
    "/challenge-posts/?challenge_id=9001&count=30",
    "/search-challenge/?keyword=cat&count=3",
];

fn database() -> Option<TestDatabase> {
    runtime().block_on(TestDatabase::create())
}

/// Starts a cluster with an empty schema, like a database of the tests.
fn cluster() -> Option<CitusCluster> {
    let cluster = CitusCluster::start()?;
    runtime().block_on(async { drop(cluster.open().await) });
    Some(cluster)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Makes every later command work on the database.
fn on(place: &Place, url: &str) {
    place.write("tagmeter.toml", format!("database_url = {url:?}\n"));
}

fn off(place: &Place) {
    std::fs::remove_file(place.path().join("tagmeter.toml")).expect("a file");
}

/// Returns the answers to calls, without cursors: these name a frozen ranking, which every store makes for
/// itself.
fn answers(serving: &Serving, key: &str) -> Vec<(u16, Value)> {
    let mut answers: Vec<_> = CALLS.iter().map(|call| serving.get(call, key)).collect();
    for (_, body) in &mut answers {
        if body["videos"].is_array() {
            body["cursor"] = Value::Null;
        }
    }
    answers
}

/// Returns the answers of commands and calls on what was imported.
fn shown(place: &Place, key: &str) -> (Vec<Value>, Vec<(u16, Value)>) {
    let commands: [&[&str]; 3] = [&["lookup", "cat"], &["search", "cat"], &["videos", "cat", "--limit", "0"]];
    (commands.iter().map(|arguments| place.json(arguments)).collect(), answers(&place.serve(), key))
}

/// Returns these answers for the same captures on SQLite.
fn shown_on_sqlite() -> (Vec<Value>, Vec<(u16, Value)>) {
    let place = Place::new();
    place.write("captures/items.json", ITEMS);
    place.ok(&["import", "captures"]);
    shown(&place, &place.key())
}

#[test]
fn every_command_works_on_a_database() {
    let Some(database) = database() else { return };
    every_command_works(&database.url_text());
}

#[test]
fn every_command_works_on_a_cluster() {
    let Some(cluster) = cluster() else { return };
    every_command_works(&cluster.url_text());
}

fn every_command_works(url: &str) {
    let place = Place::new();
    on(&place, url);
    let nothing = place.run(&["lookup", "cat"]);
    // A database of the tests has the schema already, so the store exists and the hashtag does not.
    assert_eq!(nothing.code, Some(3), "{nothing:?}");
    place.write("captures/items.json", ITEMS);
    let imported = place.json(&["import", "captures"]);
    assert_eq!((&imported["videos"]["new"], &imported["held"]["hashtags"]), (&2.into(), &2.into()));
    let again = place.json(&["import", "captures"]);
    assert_eq!((&again["videos"]["new"], &again["videos"]["changed"]), (&0.into(), &0.into()));
    let key = place.key();
    assert_eq!(shown(&place, &key), shown_on_sqlite());
    let serving = place.serve();
    let answered = answers(&serving, &key);
    assert!(answered.iter().all(|(status, _)| *status == 200), "{answered:?}");
    assert_eq!(answered[2].1["hasMore"], true);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("postgres://postgres@"), "the log names the database: {log}");
    let audit = place.json(&["audit"]);
    assert_eq!((&audit["ok"], &audit["charges"]), (&true.into(), &(2 * CALLS.len()).into()));
    let doctor = place.json(&["doctor"]);
    assert_eq!(doctor["ok"], true, "{doctor}");
    let found: Vec<_> = doctor["findings"].as_array().expect("findings").iter().map(|f| &f["what"]).collect();
    assert!(
        ["database", "connections", "schema", "catalog"].iter().all(|what| found.iter().any(|f| f == what))
    );
    let files = std::fs::read_dir(place.path().join("tagmeter-data")).expect("a folder");
    let names: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".db")), "no SQLite: {names:?}");
    let refused = place.run(&["backup", "copy"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("pg_dump"), "{}", refused.err);
}

#[test]
fn a_store_moves_to_a_database_and_back_and_answers_the_same() {
    let Some(database) = database() else { return };
    moves_there_and_back_and_answers_the_same(&database.url_text());
}

#[test]
fn a_store_moves_to_a_cluster_and_back_and_answers_the_same() {
    let Some(cluster) = cluster() else { return };
    moves_there_and_back_and_answers_the_same(&cluster.url_text());
}

fn moves_there_and_back_and_answers_the_same(url: &str) {
    let place = Place::new();
    place.write("captures/items.json", ITEMS);
    place.ok(&["import", "captures"]);
    let key = place.key();
    let at_home = answers(&place.serve(), &key);
    let audit = place.json(&["audit"]);

    let there = place.json(&["migrate", "--from", "tagmeter-data", "--to", url]);
    assert_eq!((&there["ok"], &there["audit"]), (&true.into(), &audit));
    on(&place, url);
    assert_eq!(answers(&place.serve(), &key), at_home);
    let audit = place.json(&["audit"]);
    assert_eq!(audit["charges"], 2 * CALLS.len());
    off(&place);

    let refused = place.run(&["migrate", "--from", url, "--to", "tagmeter-data"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("contains data already"), "{}", refused.err);
    let back = place.json(&["migrate", "--from", url, "--to", "back"]);
    assert_eq!(back["audit"], audit);
    let serving = Serving::start(place.command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "back"]));
    assert_eq!(answers(&serving, &key), at_home);
}

#[test]
fn a_migration_to_a_database_that_is_killed_is_finished_by_running_it_again() {
    let Some(database) = database() else { return };
    killed_it_is_finished_by_running_it_again(&database.url_text(), |sql| database.sql(sql));
}

#[test]
fn a_migration_to_a_cluster_that_is_killed_is_finished_by_running_it_again() {
    let Some(cluster) = cluster() else { return };
    killed_it_is_finished_by_running_it_again(&cluster.url_text(), |sql| cluster.sql(sql));
}

fn killed_it_is_finished_by_running_it_again(url: &str, sql: impl Fn(&str) -> String) {
    let place = Place::new();
    let items: String = (0..30_000).map(item).collect();
    place.write("captures.ndjson", items);
    place.ok(&["import", "captures.ndjson"]);
    place.key();
    let arguments = ["migrate", "--from", "tagmeter-data", "--to", url];
    let mut child =
        place.command(&arguments).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
    // Killed as soon as some of the videos are copied.
    while sql("SELECT 1 FROM tagmeter.videos LIMIT 1").is_empty() {
        assert!(child.try_wait().expect("a child").is_none(), "it goes on");
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    on(&place, url);
    let refused = place.run(&["account", "list"]);
    assert_eq!(refused.code, Some(1), "half a store is not used: {refused:?}");
    assert!(refused.err.contains("run the same `tagmeter migrate` again"), "{}", refused.err);
    off(&place);
    let finished = place.json(&arguments);
    assert_eq!((&finished["ok"], &finished["tables"]["videos"]), (&true.into(), &30_000.into()));
    assert!(finished["rows_before"].as_u64().is_some_and(|rows| rows > 0), "{finished}");
    assert_eq!(finished["audit"], place.json(&["audit"]));
    let videos = place.json(&["videos", "cat", "--limit", "100"]);
    on(&place, url);
    assert_eq!(place.json(&["videos", "cat", "--limit", "100"]), videos);
}

fn item(n: u64) -> String {
    let (id, author) = (7_000_000_000_000_000_000 + n * 7919, 6_000_000_000_000_000_000 + n % 97);
    format!(
        r#"{{"id":"{id}","desc":"video {n}","createTime":1700000000,"collectTime":1700001000,"author":{{"id":"{author}","uniqueId":"a{author}","nickname":"A"}},"music":{{"id":"5","title":"m"}},"video":{{"duration":9}},"challenges":[{{"id":"1","title":"cat"}},{{"id":"{}","title":"group{}"}}],"stats":{{"playCount":{},"diggCount":1,"commentCount":1,"shareCount":1}}}}"#,
        100 + n % 10,
        n % 10,
        n * 13
    ) + "\n"
}

#[test]
fn invalid_places_are_refused() {
    let place = Place::new();
    for (arguments, code, message) in [
        (
            &["migrate", "--from", "a", "--to", "mysql://x/y"][..],
            2,
            "--to: a database is given as postgres://",
        ),
        (&["migrate", "--from", "a", "--to", "b", "--data-dir", "c"], 2, "migrate uses only --from and --to"),
        (&["migrate", "--from", "a", "--to", "b"], 1, "there is no catalog.db in a"),
        (&["migrate", "--from", "a"], 2, "--to"),
        (&["backup", "b"], 1, "there is no "),
    ] {
        let refused = place.run(arguments);
        assert_eq!(refused.code, Some(code), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains(message), "{arguments:?}: {}", refused.err);
    }
    assert!(std::fs::read_dir(place.path()).expect("a folder").next().is_none(), "nothing was made");
}

#[test]
fn a_database_that_does_not_answer_is_reported_without_its_password() {
    let place = Place::new();
    let url = "postgres://me:secret@127.0.0.1:1/tagmeter";
    place.write("tagmeter.toml", format!("database_url = {url:?}\n"));
    for (arguments, code) in [
        (&["doctor"][..], 4),
        (&["doctor", "--json"], 4),
        (&["serve", "--listen", "127.0.0.1:0"], 1),
        (&["lookup", "cat"], 1),
        (&["backup", "copy"], 1),
        (&["migrate", "--from", url, "--to", "copy"], 1),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        let text = format!("{}{}", ended.out, ended.err);
        assert!(text.contains("127.0.0.1") || text.contains("reached") || text.contains("connect"), "{text}");
        assert!(!text.contains("secret"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_backup_made_while_serving_is_a_data_folder() {
    let place = Place::new();
    place.write("captures/items.json", ITEMS);
    place.ok(&["import", "captures"]);
    let key = place.key();
    let serving = place.serve();
    let answered = answers(&serving, &key);
    let report = place.json(&["backup", "copies/one"]);
    assert_eq!((&report["ok"], &report["audit"]["charges"]), (&true.into(), &CALLS.len().into()));
    assert_eq!(answers(&serving, &key), answered, "serving goes on");
    let copy =
        Serving::start(place.command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "copies/one"]));
    assert_eq!(answers(&copy, &key), answered);
    let refused = place.run(&["backup", "copies/one"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("is not an empty folder"), "{}", refused.err);
}
