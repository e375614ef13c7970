//! First uses by a newcomer: folders with anything in them, mistyped names, Ctrl-C, pasted links.

#![cfg(unix)]

use crate::binary::{Ended, Place, feed};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

fn item(id: u64) -> String {
    format!(
        r#"{{"id":"{id}","createTime":1700000000,"stats":{{"playCount":5}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#
    )
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

/// Returns the notes on skipped inputs.
fn notes(ended: &Ended) -> Vec<&str> {
    ended.out.lines().filter(|line| line.starts_with("Skipped")).collect()
}

#[test]
fn a_folder_with_pipes_links_and_devices_is_imported_and_each_file_once() {
    let place = Place::new();
    let file = place.write("captures/a.json", item(11));
    place.write("captures/.DS_Store", "x");
    let captures = place.path().join("captures");
    make_pipe(&captures.join("pipe"));
    symlink("/dev/zero", captures.join("zero")).expect("a link");
    symlink("..", captures.join("up")).expect("a circle");
    symlink("me", captures.join("me")).expect("a link to itself");
    std::fs::hard_link(&file, captures.join("b.json")).expect("a link");
    let imported = place.ok(&["import", "captures", "captures/a.json"]);
    assert_eq!(
        notes(&imported),
        [
            "Skipped 1 hidden file, 3 links to files that are read already, 2 pipes, sockets or devices, 1 broken link."
        ]
    );
    assert!(imported.out.contains("Read 1 file; stored now: 1 video, 1 hashtag."), "{}", imported.out);
    let json = place.json(&["import", "captures"]);
    assert_eq!(json["passed_over"]["special"], 2);
    assert_eq!(json["passed_over"]["repeated"], 2);
}

#[test]
fn a_pipe_that_is_named_is_read_to_its_end() {
    let place = Place::new();
    place.write("a.json", item(11));
    let line = format!("{} import <(cat a.json)", env!("CARGO_BIN_EXE_tagmeter"));
    let ended = place.program("bash").args(["-c", &line]).output().expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(out.contains("stored now: 1 video, 1 hashtag."), "{out}");
    assert_eq!((ended.status.code(), &*err), (Some(0), ""));
}

#[test]
fn links_and_devices_in_archives_are_passed_over() {
    let place = Place::new();
    place.write("in/a.json", item(11));
    symlink("/etc/hostname", place.path().join("in/link.json")).expect("a link");
    make_pipe(&place.path().join("in/pipe"));
    let packed = Command::new("tar").args(["-czf", "in.tar.gz", "in"]).current_dir(place.path()).status();
    assert!(packed.expect("tar runs").success());
    let ended = place.ok(&["import", "in.tar.gz"]);
    assert_eq!(notes(&ended), ["Skipped 2 links, devices, hidden or media files in archives."]);
}

#[test]
fn a_missing_input_is_refused_and_creates_no_data_folder() {
    let place = Place::new();
    place.write("there.json", item(11));
    for line in [
        &["import", "nosuch.json"][..],
        &["import", "there.json/x", "nosuch.json"],
        &["import", "there.json", "nosuch.json"],
        &["import", "nosuch.json", "there.json", "--rejects", "rejects.ndjson"],
    ] {
        let refused = place.run(line);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{line:?}");
        assert!(refused.err.starts_with("error: "), "{}", refused.err);
        assert!(refused.err.trim_end().ends_with("nosuch.json: no such file or folder"), "{}", refused.err);
    }
    for device in ["/dev/zero", "/dev/null"] {
        let refused = place.run(&["import", "there.json", device]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{device}");
        assert_eq!(refused.err, format!("error: {device}: a device, not a file\n"));
    }
    assert!(!place.path().join("rejects.ndjson").exists());
    std::fs::create_dir(place.path().join("empty")).expect("a folder");
    let refused = place.run(&["import", "empty"]);
    assert_eq!(refused.code, Some(5));
    assert_eq!(refused.err, "error: nothing to import: empty holds no files\n");
    assert!(!place.path().join("tagmeter-data").exists());
    let ended = place.ok(&["import", "empty", "there.json"]);
    assert!(ended.err.starts_with("warning: empty: the folder holds no files\n"), "{}", ended.err);
}

#[test]
fn only_empty_files_are_nothing_to_read() {
    let place = Place::new();
    place.write("in/a.json", "");
    place.write("in/b.csv", "");
    let ended = place.run(&["import", "in", "in/a.json", "--json"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    let report: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(report["ok"], false);
    assert!(ended.err.contains("warning: in/a.json: the file is empty"), "{}", ended.err);
    place.write("in/c.json", item(11));
    assert!(place.ok(&["import", "in"]).err.contains("in/b.csv: the file is empty"), "one was not");
}

#[test]
fn rejects_never_overwrite_an_input() {
    let place = Place::new();
    place.write("captures/a.json", item(11));
    symlink("a.json", place.path().join("captures/b.json")).expect("a link");
    let lines = [
        &["import", "captures", "--rejects", "captures/a.json"][..],
        &["import", "captures/a.json", "--rejects", "captures/b.json"],
        &["import", "captures/a.json", "--rejects", "tagmeter-data/catalog.db"],
    ];
    place.ok(&["account", "create", "me@example.com"]);
    for line in lines {
        let refused = place.run(line);
        assert_eq!(refused.code, Some(2), "{line:?}: {}", refused.err);
        assert_eq!(std::fs::read_to_string(place.path().join("captures/a.json")).expect("a file"), item(11));
    }
    let refused =
        place.run(&["export", "videos", "-o", "tagmeter-data/accounts.db", "--format", "csv", "--force"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    place.ok(&["audit"]);
    place.ok(&["import", "captures", "--rejects", "captures/rejected.ndjson"]);
}

#[test]
fn an_interrupted_import_keeps_what_it_read_and_says_how_to_go_on() {
    let place = Place::new();
    let mut command = place.command(&["import", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    let mut lines = String::new();
    for id in 1..=20_000 {
        writeln!(lines, "{}", item(id)).expect("a line");
    }
    // The buffer of a pipe is far smaller: when all of it is written, most of it is read.
    stdin.write_all(lines.as_bytes()).expect("it reads");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let ended = child.wait_with_output().expect("it ends, though its input does not");
    drop(stdin);
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(130), "{err}");
    assert!(err.contains("Interrupted: everything read so far is stored."), "{err}");
    assert!(err.contains("hint: run the same command again to continue"), "{err}");
    let stored = out.lines().find(|line| line.contains("stored now")).expect("a line").to_owned();
    assert!(!stored.contains("stored now: 0 videos"), "{stored}");
    let again = feed(place.command(&["import", "-"]), lines.as_bytes());
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("stored now: 20,000 videos"), "{}", again.out);
}

#[test]
fn an_import_without_times_says_why_there_is_no_history() {
    let place = Place::new();
    place.write("a.json", item(11));
    let ended = place.ok(&["import", "a.json"]);
    assert!(ended.out.contains("No history: the records have no reading time."), "{}", ended.out);
    place.write("t.csv", "Tag,Views\ncat,5\n");
    let line = ["import", "t.csv", "--map", "Tag=hashtag_name", "--map", "Views=views"];
    assert!(place.ok(&line).out.contains("No history:"));
    let dated = [&line[..], &["--map-constant", "observed_at=2024-03-01"]].concat();
    assert!(!place.ok(&dated).out.contains("No history:"));
}

#[test]
fn a_reading_of_the_future_is_rejected_with_its_reason() {
    let place = Place::new();
    place.write("t.csv", "Tag,Views,Read\ncat,5,2024-03-01\ndog,6,2099-01-01T00:00:00Z\n");
    let line = ["import", "t.csv", "--map", "Tag=hashtag_name", "--map", "Views=views"];
    let ended = place.ok(&[&line[..], &["--map", "Read=observed_at", "--rejects", "r.ndjson"]].concat());
    assert!(
        ended.out.contains("line 3: read in the future: at 2099-01-01T00:00:00Z, and it is 20"),
        "{}",
        ended.out
    );
    let rejects = std::fs::read_to_string(place.path().join("r.ndjson")).expect("a file");
    assert!(rejects.contains(r#""raw":"dog,6,2099-01-01T00:00:00Z""#), "{rejects}");
    let all = place.run(&[&line[..], &["--map-constant", "observed_at=2099-01-01"]].concat());
    assert_eq!(all.code, Some(5), "{}", all.err);
    place.write("b.ndjson", format!(r#"{{"_fetched_at":"2099-01-01","data":{}}}"#, item(11)));
    let ended = place.run(&["import", "b.ndjson"]);
    assert!(ended.out.contains("read in the future"), "{}", ended.out);
}

#[test]
fn pasted_links_are_understood_or_refused_for_what_they_are() {
    let place = Place::new();
    place.write("a.json", item(7_622_263_851_152_706_848));
    place.ok(&["import", "a.json"]);
    for typed in [
        "https://www.tiktok.com/tag/cat",
        "tiktok.com/tag/Cat?lang=en",
        "https://m.tiktok.com/h5/share/tag/7551.html",
    ] {
        assert_eq!(place.json(&["lookup", typed])["name"], "cat", "{typed}");
        assert_eq!(place.json(&["videos", typed])["hashtag"]["name"], "cat", "{typed}");
    }
    assert_eq!(place.json(&["search", "https://www.tiktok.com/tag/cat"])["hashtags"][0]["name"], "cat");
    let video = "https://www.tiktok.com/@a/video/7622263851152706848";
    place.ok(&["benchmark", "cat", "--video", video]);
    let refused = place.run(&["lookup", video]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("this is a link to a video"), "{}", refused.err);
    let refused = place.run(&["benchmark", "cat", "--video", "https://www.tiktok.com/tag/cat"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("this is a link to a hashtag"), "{}", refused.err);
}

#[test]
fn times_are_read_alike_everywhere() {
    let place = Place::new();
    place.write("a.json", item(11));
    place.ok(&["import", "a.json"]);
    for time in ["90min", "30d", "-30d", "6mo", "1y", "2024-03-01"] {
        place.ok(&["history", "cat", "--from", time]);
        place.ok(&["related", "cat", "--since", time]);
    }
    place.ok(&["benchmark", "cat", "--window", "6mo"]);
    for line in [&["history", "cat", "--from", "3m"][..], &["benchmark", "cat", "--window", "3m"]] {
        let refused = place.run(line);
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.err.contains("3m is ambiguous: write 3min for minutes or 3mo for months"),
            "{}",
            refused.err
        );
    }
}

/// Mode of a file or folder, without its kind.
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_data_folder_and_a_backup_are_for_their_owner_alone() {
    let place = Place::new();
    place.write("a.json", item(11));
    let key =
        place.json(&["account", "create", "me@example.com"])["api_key"].as_str().expect("a key").to_owned();
    let admin = place.json(&["key", "create", "me@example.com", "--admin"])["api_key"]
        .as_str()
        .expect("a key")
        .to_owned();
    place.ok(&["import", "a.json"]);
    let serving = place.serve();
    assert_eq!(serving.get("/challenge-info-name/?name=cat", &key).0, 200);
    let posted =
        ureq::post(format!("{}/v1/imports", serving.base)).header("X-Api-Key", &admin).send(item(12));
    assert_eq!(posted.expect("an answer").status(), 202);
    place.ok(&["trending"]);
    let data = place.path().join("tagmeter-data");
    let mut seen = Vec::new();
    let mut folders = vec![data.clone()];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            // A file of SQLite may be removed meanwhile.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) if entry.path().exists() => {
                    assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
                    seen.push(entry.file_name().to_string_lossy().into_owned());
                }
                _ => {}
            }
        }
    }
    for name in [
        "catalog.db",
        "accounts.db",
        "accounts.db-wal",
        "accounts.db-shm",
        "walks.db",
        "search.idx",
        "node.id",
    ] {
        assert!(seen.iter().any(|file| file == name), "{name}: {seen:?}");
    }
    place.ok(&["backup", "copy"]);
    let copy = place.path().join("copy");
    assert_eq!(
        [mode(&copy), mode(&copy.join("catalog.db")), mode(&copy.join("accounts.db"))],
        [0o700, 0o600, 0o600]
    );
    place.ok(&["export", "videos", "-o", "out.csv"]);
    assert_ne!(mode(&place.path().join("out.csv")) & 0o044, 0, "what is exported is a file like others");
}

/// Returns the state and the hint of `doctor`'s check of permissions.
fn permissions(place: &Place) -> (String, Option<String>) {
    let report = place.json(&["doctor"]);
    let findings = report["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["what"] == "permissions").expect("a finding");
    (finding["state"].as_str().expect("a state").to_owned(), finding["hint"].as_str().map(str::to_owned))
}

#[test]
fn doctor_warns_of_files_that_others_can_read_and_suggests_the_fix() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("a.json", item(11));
    place.ok(&["import", "a.json"]);
    assert_eq!(permissions(&place), ("ok".to_owned(), None));
    let file = place.path().join("tagmeter-data/catalog.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("permissions");
    let (state, hint) = permissions(&place);
    assert_eq!(state, "note");
    let mended = Command::new("sh").args(["-c", &hint.expect("a hint")]).current_dir(place.path()).status();
    assert!(mended.expect("sh runs").success());
    assert_eq!(permissions(&place), ("ok".to_owned(), None));
}

#[test]
fn two_servers_over_one_folder_charge_once_and_see_each_other() {
    let place = Place::new();
    place.write("a.json", item(11));
    place.ok(&["import", "a.json"]);
    let key = place.key();
    let admin = place.json(&["key", "create", "me@example.com", "--admin"])["api_key"]
        .as_str()
        .expect("a key")
        .to_owned();
    let servers = [place.serve(), place.serve()];
    let path = "/challenge-info-name/?name=cat";
    std::thread::scope(|scope| {
        for serving in &servers {
            for _ in 0..4 {
                let key = &key;
                scope.spawn(move || (0..50).for_each(|_| assert_eq!(serving.get(path, key).0, 200)));
            }
        }
    });
    assert_eq!(place.json(&["account", "show", "me@example.com"])["credits"], 600);
    // A file uploaded to one of them is imported once, by either, and both answer from it.
    let posted =
        ureq::post(format!("{}/v1/imports", servers[0].base)).header("X-Api-Key", &admin).send(item(12));
    assert_eq!(posted.expect("an answer").status(), 202);
    for serving in &servers {
        loop {
            let (status, job) = serving.get("/v1/imports", &admin);
            assert_eq!(status, 200);
            match job["data"][0]["state"].as_str().expect("a state") {
                "done" => break,
                state => assert!(matches!(state, "queued" | "running"), "{job}"),
            }
        }
        let (status, page) = serving.get("/challenge-posts/?challenge_id=7551&count=5", &key);
        assert_eq!((status, page["videos"].as_array().map(Vec::len)), (200, Some(2)));
        let (status, found) = serving.get("/search-challenge/?keyword=cat", &key);
        assert_eq!((status, &found["challenge_list"][0]["cha_name"]), (200, &"cat".into()));
    }
    // A revoked key is refused by both, and credits spent on one are spent on the other.
    place.ok(&["audit"]);
    for serving in servers {
        assert_eq!(serving.stop().0, Some(0));
    }
    assert_eq!(place.json(&["account", "show", "me@example.com"])["credits"], 596);
    place.ok(&["audit"]);
    place.ok(&["doctor"]);
}
