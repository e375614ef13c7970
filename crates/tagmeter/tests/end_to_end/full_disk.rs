//! A server on a disk that fills up and has room again later: `/readyz` names what cannot be written, and the
//! log has one line when that begins and one when it ends, however many calls are refused.

use crate::binary::{Place, Serving};
use std::collections::BTreeMap;
use testkit::SmallDisk;

/// Maximum number of requests to `/readyz`: the server notices long before.
const TRIES_MAX: usize = 100_000;
const CAT: &str = "/challenge-info-name/?name=cat";
/// Calls that are refused while the disk is full.
const REFUSED: usize = 400;
const FILES: [&str; 5] = [
    "the ledger cannot be written",
    "the catalog cannot be written",
    "walks cannot be written",
    "uploads cannot be written",
    "downloads cannot be written",
];

/// Polls `/readyz` until it answers so.
fn until_ready(serving: &Serving, is_wanted: impl Fn(u16, &str) -> bool) {
    let mut last = None;
    for _ in 0..TRIES_MAX {
        let (status, body) = serving.get_text("/readyz", "");
        if is_wanted(status, &body) {
            return;
        }
        last = Some((status, body));
    }
    panic!("{last:?}");
}

#[test]
fn a_full_disk_is_named_by_readyz_and_is_a_line_in_the_log_where_it_begins_and_ends() {
    let Some(disk) = SmallDisk::mount("64m") else { return };
    let place = Place::new();
    let data = disk.path().join("data");
    let data = data.to_str().expect("UTF-8");
    place.write("tag.json", r#"{"challengeInfo":{"challenge":{"id":"7551","title":"cat","desc":""},"statsV2":{"viewCount":"12","videoCount":"3"},"stats":{"viewCount":12,"videoCount":3}}}"#);
    place.ok(&["import", "tag.json", "--data-dir", data]);
    let account =
        place.json(&["account", "create", "me@example.com", "--credits", "10000", "--data-dir", data]);
    let key = account["api_key"].as_str().expect("a key");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--requests-per-minute", "0", "--data-dir", data];
    let serving = Serving::start(place.command(&serve));
    assert_eq!(serving.get_text("/readyz", "").0, 200);
    assert_eq!(serving.get(CAT, key).0, 200);

    disk.fill();
    let (mut refused, mut paid) = (0, 1);
    while refused < REFUSED {
        match serving.get(CAT, key) {
            (503, problem) => {
                assert_eq!(problem["code"], "unavailable", "{problem}");
                refused += 1;
            }
            // Charges that fit into existing pages still succeed.
            (200, _) => paid += 1,
            other => panic!("{other:?}"),
        }
    }
    until_ready(&serving, |status, body| status == 503 && FILES.iter().all(|file| body.contains(file)));

    disk.make_room();
    until_ready(&serving, |status, _| status == 200);
    assert_eq!(serving.get(CAT, key).0, 200);
    paid += 1;
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    let shown = place.json(&["account", "show", "me@example.com", "--data-dir", data]);
    assert_eq!(shown["charged"], paid, "who was refused paid nothing");

    // A line for each file when it begins to fail and one when it works again, and one for the calls; not one
    // for each call.
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        // Without the numbers of the requests that were the first to fail.
        let message = line["message"].as_str().expect("a message").split(" failed: ").last().expect("a text");
        *lines.entry(message.to_owned()).or_default() += 1;
    }
    for what in ["the ledger", "the catalog", "walks", "uploads", "downloads"] {
        assert_eq!(lines.get(&format!("writing {what} fails")), Some(&1), "{log}");
    }
    assert!(lines.values().all(|count| *count <= 2), "{log}");
    assert!(log.lines().count() <= 40, "{} lines for {refused} refused calls: {log}", log.lines().count());
}
