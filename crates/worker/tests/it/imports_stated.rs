//! Uploads of which something is stated, and what their imports say they kept.

use crate::shared::{LEASE_OVER, data, ended, location};
use domain::{Clock, Timestamp};
use serde_json::{Value, json};
use store::jobs::{JobKind, Lease};
use testkit::{Place, Request, TestServer};

testkit::test_on_each_backend! {
    what_is_stored_and_what_is_lacking_is_reported,
    a_stated_time_makes_a_history_and_untimed_counts_never_replace_timed_ones,
    what_is_stated_stays_with_the_job,
    what_cannot_be_understood_is_refused_before_the_body,
    the_same_upload_is_skipped_unless_it_is_to_be_read_again,
}

/// A video of a web feed under #cat; `more` is more members of its object.
fn item(id: u64, plays: u64, more: &str) -> String {
    format!(
        r#"{{"id":"700000000000000000{id}","desc":"d #cat","createTime":1700000000,"stats":{{"playCount":{plays}}},"challenges":[{{"id":"7551","title":"cat"}}]{more}}}"#
    ) + "\n"
}

async fn imported(server: &TestServer, key: &str, query: &str, body: impl Into<Vec<u8>>) -> Value {
    let path = format!("/v1/imports{query}");
    let made = server.send(Request::post(&path, body.into()).key(key)).await;
    ended(server, key, &location(&made)).await
}

async fn what_is_stored_and_what_is_lacking_is_reported(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let bare = |id: u64| {
        format!(
            r#"{{"id":"700000000000000000{id}","desc":"d #cat","createTime":1700000000,"stats":{{}},"Aufrufe":9,"challenges":[{{"title":"cat"}}]}}"#
        ) + "\n"
    };
    let import = imported(&server, &key, "?file_name=cats.ndjson", bare(1) + &bare(2)).await;
    assert_eq!(import["state"], "done", "{import}");
    let videos = json!({"records": 2, "plays": 0, "hashtags": 2, "creator": 0, "posted_at": 2, "read_at": 0});
    assert_eq!(import["kept"]["videos"], videos);
    assert_eq!(
        import["kept"]["formats"],
        json!([{"format": "web-item", "videos": videos, "hashtags": null, "windows": null}])
    );
    let text = "web-item: 0 of 2 videos have plays; the key \"Aufrufe\" looks like it: --map Aufrufe=plays";
    assert_eq!(
        import["warnings"],
        json!([{
            "format": "web-item", "of": "videos", "field": "plays", "records": 2, "have": 0, "looks_like": "Aufrufe",
            "map": "Aufrufe=plays", "text": text
        }])
    );
    assert_eq!(import["problem"], text);
    assert_eq!((&import["maps"][0], &import["maps"][1]), (&json!("id=video_id"), &json!("Aufrufe=plays")));
    assert_eq!(import["reading_times"], json!({"unknown": 2, "stated": 0}));

    let nothing =
        r#"{"id":"7000000000000000003","desc":"no tag","createTime":1700000000,"stats":{},"challenges":[]}"#;
    let import = imported(&server, &key, "", nothing).await;
    assert_eq!(import["state"], "failed", "{import}");
    let problem = import["problem"].as_str().expect("a reason");
    assert!(problem.starts_with("nothing that can be measured was kept"), "{problem}");
    worker.stopped().await;
}

/// The plays of the video and the readings of its hashtag.
async fn plays(server: &TestServer) -> u64 {
    let posts = server.get("/challenge-posts/?challenge_id=7551&count=1&cursor=0").await.json();
    posts["videos"][0]["play_count"].as_u64().expect("a count")
}

async fn a_stated_time_makes_a_history_and_untimed_counts_never_replace_timed_ones(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let untimed = imported(&server, &key, "", item(1, 900, "")).await;
    assert_eq!(untimed["counts"]["snapshots_new"], 0);
    assert_eq!(plays(&server).await, 900);
    // A reading with a time is newer, though it came later and is smaller.
    let day = server.clock.now().as_ms() / 86_400_000 * 86_400_000;
    let at = |days: i64| Timestamp::from_ms(day - days * 86_400_000).to_rfc3339()[..10].to_owned();
    let first = imported(&server, &key, &format!("?observed_at={}", at(2)), item(1, 100, "")).await;
    assert_eq!(
        (&first["counts"]["snapshots_new"], &first["observed_at"]),
        (&json!(1), &json!(format!("{}T00:00:00Z", at(2))))
    );
    assert_eq!(first["reading_times"], json!({"unknown": 0, "stated": 1}));
    assert_eq!(plays(&server).await, 100);
    // The same record a day later is another reading, and dated by its name.
    let name = format!("?observed_at=file-name&file_name=cats_{}.json", at(1));
    let second = imported(&server, &key, &name, item(1, 100, "")).await;
    assert_eq!(
        (&second["counts"]["snapshots_new"], &second["observed_at"]),
        (&json!(1), &json!("file-name"))
    );
    let again = imported(&server, &key, "", item(1, 950, "")).await;
    assert_eq!((&again["counts"]["videos_changed"], plays(&server).await), (&json!(0), 100), "{again}");
    let own = imported(
        &server,
        &key,
        &format!("?observed_at={}", at(0)),
        item(1, 70, ",\"collect_time\":1709251200"),
    )
    .await;
    assert_eq!(own["state"], "done", "{own}");
    let undated = imported(&server, &key, "?observed_at=file-name&file_name=cats.json", item(2, 5, "")).await;
    assert_eq!(undated["state"], "failed", "{undated}");
    let problem = undated["problem"].as_str().expect("a reason");
    assert!(
        problem.starts_with("cats.json: its name has no time of reading; looked for a date such as"),
        "{problem}"
    );
    worker.stopped().await;
}

async fn what_is_stated_stays_with_the_job(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let day = Timestamp::from_ms(server.clock.now().as_ms() - 86_400_000).to_rfc3339()[..10].to_owned();
    let path = format!("/v1/imports?observed_at={day}T01:00%2B01:00&encoding=latin1&sheet=Posts");
    let location = location(&server.send(Request::post(&path, item(1, 5, "")).key(&key)).await);
    // A worker takes it and is killed; the next reads it as it was stated.
    let from = server.clock.now();
    let until = Timestamp::from_ms(from.as_ms() + 60_000);
    let claimed =
        server.fixture().store().claim_job(&[JobKind::Import], "node-1", Lease { from, until }).await;
    assert!(claimed.expect("an answer").is_some(), "it waits");
    server.clock.advance(LEASE_OVER);
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!(import["state"], "done", "{import}");
    assert_eq!(
        (&import["observed_at"], &import["encoding"], &import["sheet"]),
        (&json!(format!("{day}T00:00:00Z")), &json!("windows-1252"), &json!("Posts"))
    );
    assert_eq!(
        (&import["counts"]["snapshots_new"], &import["kept"]["videos"]["read_at"]),
        (&json!(1), &json!(1))
    );
    worker.stopped().await;
}

async fn what_cannot_be_understood_is_refused_before_the_body(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    for (query, param, part) in [
        ("observed_at=yesterday", "observed_at", "neither a time such as 2026-11-01T12:00Z"),
        ("observed_at=2026-01-01T12:00", "observed_at", "has no zone"),
        ("observed_at=2099-01-01", "observed_at", "is in the future"),
        ("observed_at=2001-01-01", "observed_at", "before 2014"),
        ("observed_at=modified", "observed_at", "an upload has no time of its file's last change"),
        ("observed_at=file-name", "observed_at", "there is no file_name"),
        ("encoding=ebcdic", "encoding", "there is no encoding \"ebcdic\"; utf-8,"),
        ("sheet=a%07b", "sheet", "no control characters"),
    ] {
        let refused =
            server.send(Request::post(format!("/v1/imports?{query}"), item(1, 5, "")).key(&key)).await;
        let problem = refused.json();
        assert_eq!(
            (refused.status.as_u16(), problem["param"].as_str()),
            (422, Some(param)),
            "{query}: {problem}"
        );
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(part)), "{problem}");
    }
    let list = server.send(Request::get("/v1/imports").key(&key)).await.json();
    assert_eq!(list["data"], json!([]), "no job was made");
    let one = data(
        &server,
        &key,
        &location(&server.send(Request::post("/v1/imports", item(1, 5, "")).key(&key)).await),
    )
    .await;
    assert_eq!((&one["observed_at"], &one["kept"]["formats"]), (&Value::Null, &json!([])));
}

async fn the_same_upload_is_skipped_unless_it_is_to_be_read_again(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let body = || item(1, 5, "") + &item(2, 6, "");
    let first = imported(&server, &key, "?file_name=a.ndjson", body()).await;
    assert_eq!((&first["counts"]["videos_new"], &first["notes"]), (&json!(2), &json!([])));
    let skipped = imported(&server, &key, "?file_name=a.ndjson", body()).await;
    assert_eq!(
        skipped["notes"],
        json!(["the file was imported before, so it was not read; \"again\" reads it"])
    );
    assert_eq!((&skipped["state"], &skipped["counts"]["videos_new"]), (&json!("done"), &json!(0)));
    for field in ["kept", "warnings", "maps", "reading_times", "rejects", "problem"] {
        assert_eq!(skipped[field], first[field], "{field}");
    }
    assert_eq!(skipped["progress"]["records"], first["progress"]["records"]);
    for query in ["?file_name=a.ndjson&again=true", "?file_name=b.ndjson"] {
        let read = imported(&server, &key, query, body()).await;
        assert_eq!((&read["notes"], &read["counts"]["videos_changed"]), (&json!([]), &json!(0)), "{query}");
    }
    worker.stopped().await;
}
