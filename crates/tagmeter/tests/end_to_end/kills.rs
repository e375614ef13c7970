//! `kill -9`, at the worst moments: every answer was charged, and running an interrupted import again completes
//! it.

use crate::binary::{Place, feed};
use domain::{AccountId, Hashtag, RequestId};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Store, StoreOptions};

/// Returns web items, one a line: every video has a tag of its own, one of ten, and `cat`.
fn captures(videos: std::ops::Range<u64>) -> String {
    let mut lines = String::new();
    for n in videos {
        let (id, author, group) =
            (7_000_000_000_000_000_000 + n * 7919, 6_000_000_000_000_000_000 + n % 97, n % 10);
        let tags = format!(
            r#"{{"id":"1","title":"cat"}},{{"id":"{}","title":"group{group}"}},{{"id":"{}","title":"own{n}"}}"#,
            100 + group,
            1000 + n
        );
        writeln!(
            lines,
            r#"{{"id":"{id}","desc":"video {n}","createTime":1700000000,"collectTime":1700001000,"author":{{"id":"{author}","uniqueId":"a{author}","nickname":"A"}},"music":{{"id":"5","title":"m"}},"video":{{"duration":9}},"challenges":[{tags}],"stats":{{"playCount":{},"diggCount":1,"commentCount":1,"shareCount":1}}}}"#,
            n * 13
        )
        .expect("a line");
    }
    lines
}

fn with_store<T>(place: &Place, look: impl AsyncFnOnce(Store) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let folder: &Path = &place.path().join("tagmeter-data");
    runtime
        .block_on(async { look(Store::open(&StoreOptions::in_folder(folder)).await.expect("a store")).await })
}

/// Returns everything stored, except what depends on the order of arrival.
fn stored(place: &Place) -> Vec<(String, Option<u64>, domain::hashtag::Observed, usize)> {
    with_store(place, async |store| {
        let mut all = Vec::new();
        for hashtag in store.hashtags_after(None, 1_000_000).await.expect("hashtags") {
            let Hashtag { row, tag, id, observed, .. } = hashtag;
            let ranking = store.ranking(row, None).await.expect("a ranking");
            all.push((tag.name().to_owned(), id.map(|id| id.get()), observed, ranking.len()));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    })
}

#[test]
fn an_import_that_is_killed_and_run_again_ends_as_one_that_was_not() {
    let (whole, cut) = (Place::new(), Place::new());
    let lines = captures(0..4000);
    whole.write("captures.ndjson", &lines);
    whole.ok(&["import", "captures.ndjson"]);
    // The first part is committed when its source pauses; the rest is under way at the kill.
    let mut import = cut.command(&["import", "-"]);
    let mut child =
        import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(captures(0..1500).as_bytes()).expect("it reads");
    while cut.run(&["lookup", "own100"]).code != Some(0) {
        assert!(child.try_wait().expect("a child").is_none(), "the import goes on");
    }
    stdin.write_all(captures(1500..3500).as_bytes()).expect("it reads");
    child.kill().expect("killed");
    child.wait().expect("ended");
    let partly = stored(&cut);
    assert!(partly.len() < 4011, "it was cut off");
    let again = feed(cut.command(&["import", "-", "--json"]), lines.as_bytes());
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(stored(&cut), stored(&whole));
    let third = feed(cut.command(&["import", "-", "--json"]), lines.as_bytes());
    let report: serde_json::Value = serde_json::from_str(&third.out).expect("JSON");
    assert_eq!((&report["videos"]["new"], &report["videos"]["changed"]), (&0.into(), &0.into()), "{report}");
    assert_eq!(cut.run(&["search", "own3999"]).code, Some(0));
}

#[test]
fn no_answer_that_a_client_had_is_without_its_charge_after_kill_9() {
    const CLIENTS: usize = 8;
    let place = Place::new();
    place.write("captures.ndjson", captures(0..50));
    place.ok(&["import", "captures.ndjson"]);
    let key = place.key();
    place.ok(&["account", "grant", "me@example.com", "1000000"]);
    let mut answered: Vec<RequestId> = Vec::new();
    for round in 1..=6 {
        let serving = place.serve();
        let count = AtomicUsize::new(0);
        let enough = 40 * round;
        let ids: Vec<Vec<RequestId>> = std::thread::scope(|scope| {
            let client = || {
                let agent: ureq::Agent =
                    ureq::Agent::config_builder().http_status_as_error(false).build().into();
                let url = format!("{}/challenge-info-id/?id=1", serving.base);
                let mut ids = Vec::new();
                // Until the server is killed. An answer counts once its last byte has arrived.
                while let Ok(mut answer) = agent.get(&url).header("X-Api-Key", &key).call() {
                    let id = answer
                        .headers()
                        .get("x-request-id")
                        .and_then(|id| id.to_str().ok())
                        .map(str::to_owned);
                    if answer.status() == 200 && answer.body_mut().read_to_string().is_ok() {
                        ids.push(RequestId::parse(&id.expect("a request id")).expect("a UUID"));
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
                ids
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            while count.load(Ordering::Relaxed) < enough {
                std::thread::yield_now();
            }
            serving.signal("KILL");
            clients.into_iter().map(|client| client.join().expect("a client")).collect()
        });
        answered.extend(ids.into_iter().flatten());
    }
    let (missing, report) = with_store(&place, async |store| {
        let account = store.account_by_email(&"me@example.com".parse().expect("an address")).await;
        let account_id: AccountId = account.expect("an answer").expect("an account").account_id;
        let mut missing = 0;
        for id in &answered {
            missing += usize::from(store.charged(account_id, *id).await.expect("an answer").is_none());
        }
        (missing, store.audit().await.expect("a report"))
    });
    assert_eq!(missing, 0, "of {} answers", answered.len());
    assert!(report.ok(), "{report:?}");
    let surplus = report.charges - answered.len() as u64;
    assert!(surplus <= 6 * CLIENTS as u64, "{surplus} charges beyond the calls that were under way");
}
