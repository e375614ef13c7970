//! Uploads become imports.

use crate::shared::{LEASE_OVER, PATIENCE, data, ended, location};
use domain::{Clock, KeyScope, Timestamp};
use std::io::Write;
use std::time::Duration;
use store::jobs::{Claim, JobKind, Lease};
use testkit::{Place, Request, TestServer, UPLOADS_AT_ONCE, poison};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Items of a web feed under #cat, one a line.
fn lines(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let line = |n: u64| {
        let id = 7_000_000_000_000_000_000 + n;
        format!(
            r#"{{"id":"{id}","desc":"d #cat","createTime":1700000000,"stats":{{"playCount":{n}}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#
        ) + "\n"
    };
    numbers.map(line).collect::<String>().into_bytes()
}

fn files_in(server: &TestServer) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(server.fixture().folder().join("uploads")) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

testkit::test_on_each_backend! {
    a_file_is_uploaded_imported_and_gone,
    a_file_that_is_none_of_ours_fails_and_says_why,
    an_import_goes_on_after_its_worker_was_killed,
    an_import_whose_process_ends_three_times_has_failed,
    an_import_that_is_interrupted_again_and_again_is_done_in_the_end,
    an_import_that_panics_the_writer_fails_alone,
    a_worker_goes_on_after_its_look_for_jobs_panicked,
    an_import_goes_on_after_a_clock_that_stood_a_year_ahead,
    counts_that_are_too_large_are_rejects_and_harm_nothing,
    an_import_whose_records_are_all_rejected_says_so,
    the_same_upload_twice_under_one_key_is_one_import,
    an_upload_that_is_cut_off_leaves_nothing_behind,
    more_uploads_at_once_than_there_is_room_for_are_put_off,
    what_is_too_large_is_refused_with_and_without_a_length,
    keys_without_the_scope_and_other_accounts_are_kept_out,
    an_import_that_waits_is_called_off_at_once,
}

async fn a_file_is_uploaded_imported_and_gone(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let balance = server.balance().await;
    let mut file = lines(1..301);
    file.extend_from_slice(b"{\"id\":\"x\"}\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&file).expect("memory");
    let packed = packed.finish().expect("memory");
    let bytes = packed.len() as u64;
    let upload = Request::post("/v1/imports?file_name=cats.ndjson.gz", packed).key(&key);
    let made = server.send(upload).await;
    assert_eq!(made.header("x-credits-charged"), "0");
    let import = ended(&server, &key, &location(&made)).await;
    assert_eq!(import["state"], "done", "{import}");
    assert_eq!(import["file_name"], "cats.ndjson.gz");
    assert_eq!(import["progress"]["bytes_total"], bytes);
    assert_eq!(import["progress"]["bytes_read"], bytes);
    assert_eq!(import["counts"]["videos_new"], 300);
    assert_eq!(import["counts"]["hashtags_new"], 1);
    assert_eq!(import["rejects"]["count"], 1);
    let reject = &import["rejects"]["first"][0];
    assert_eq!((reject["file"].as_str(), reject["line"].as_u64()), (Some("cats.ndjson.gz"), Some(301)));
    assert!(!import.to_string().contains(&*server.fixture().folder().to_string_lossy()), "{import}");
    worker.stopped().await;
    assert_eq!(files_in(&server), Vec::<String>::new());
    assert_eq!(server.balance().await, balance, "it is free");
    let found = server.get("/challenge-info-name/?name=cat").await;
    assert_eq!(found.status.as_u16(), 200);
    let list = server.send(Request::get("/v1/imports").key(&key)).await.json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["pagination"], serde_json::json!({"has_more": false, "next_cursor": null}));
}

async fn a_file_that_is_none_of_ours_fails_and_says_why(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let made = server.send(Request::post("/v1/imports/", "neither one nor the other").key(&key)).await;
    let import = ended(&server, &key, &location(&made)).await;
    assert_eq!(import["state"], "failed", "{import}");
    assert!(import["problem"].is_string() || import["rejects"]["count"] != 0, "{import}");
    worker.stopped().await;
    assert_eq!(files_in(&server), Vec::<String>::new());
}

async fn an_import_goes_on_after_its_worker_was_killed(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let made = server.send(Request::post("/v1/imports", lines(1..20_001)).key(&key)).await;
    let location = location(&made);
    assert_eq!(data(&server, &key, &location).await["state"], "queued");
    let worker = server.worker();
    while data(&server, &key, &location).await["state"] == "queued" {}
    worker.killed().await;
    server.clock.advance(LEASE_OVER);
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!(import["state"], "done", "{import}");
    worker.stopped().await;
    let size = server.fixture().store().catalog_size().await.expect("a size");
    assert_eq!((size.videos, size.hashtags), (20_000, 1));
    assert_eq!(files_in(&server), Vec::<String>::new());
}

/// Takes the job as a worker does.
async fn claimed(server: &TestServer) -> Claim {
    let from = server.clock.now();
    let until = Timestamp::from_ms(from.as_ms() + 60_000);
    let store = server.fixture().store();
    let claimed = store.claim_job(&[JobKind::Import], "node-1", Lease { from, until }).await;
    claimed.expect("an answer").expect("it waits").1
}

/// Takes the job as a worker does that is killed before it gets anywhere.
async fn killed_at_once(server: &TestServer) {
    claimed(server).await;
}

async fn an_import_whose_process_ends_three_times_has_failed(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let location = location(&server.send(Request::post("/v1/imports", lines(1..11)).key(&key)).await);
    for _ in 0..3 {
        killed_at_once(&server).await;
        server.clock.advance(LEASE_OVER);
    }
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!(import["state"], "failed", "{import}");
    let problem = import["problem"].as_str().expect("a reason");
    assert!(problem.contains("3 attempts") && problem.contains("the process ended"), "{problem}");
    worker.stopped().await;
    assert_eq!(files_in(&server), Vec::<String>::new());
}

async fn an_import_that_is_interrupted_again_and_again_is_done_in_the_end(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let location = location(&server.send(Request::post("/v1/imports", lines(1..11)).key(&key)).await);
    // Far more often than a job may fail, a worker begins and is stopped, or loses its connection.
    for _ in 0..10 {
        let claim = claimed(&server).await;
        let now = server.clock.now();
        let lease = Lease { from: now, until: now };
        let store = server.fixture().store();
        assert!(store.job_interrupted(&claim, None, lease).await.expect("an answer"));
    }
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!(import["state"], "done", "{import}");
    worker.stopped().await;
}

async fn an_import_that_panics_the_writer_fails_alone(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let poison = String::from_utf8(lines(1..3)).expect("UTF-8");
    let poison = poison.replace("7000000000000000001", &poison::VIDEO.to_string());
    let poisoned = location(&server.send(Request::post("/v1/imports", poison).key(&key)).await);
    let failed = async {
        loop {
            let import = data(&server, &key, &poisoned).await;
            if import["state"] == "failed" {
                return import;
            }
            // Its writer panics again and again, and everything else goes on.
            assert_eq!(server.send(Request::get("/readyz")).await.status.as_u16(), 200);
            server.clock.advance(Duration::from_secs(1));
        }
    };
    let import = tokio::time::timeout(PATIENCE, failed).await.expect("it is given up");
    let problem = import["problem"].as_str().expect("a reason");
    assert!(
        problem.contains("3 attempts") && problem.contains("a video that panics on purpose"),
        "{problem}"
    );
    let sound = location(&server.send(Request::post("/v1/imports", lines(1..11)).key(&key)).await);
    let import = ended(&server, &key, &sound).await;
    assert_eq!((import["state"].as_str(), &import["counts"]["videos_new"]), (Some("done"), &10.into()));
    assert_eq!(server.get("/challenge-info-name/?name=cat").await.status.as_u16(), 200);
    assert_eq!(server.send(Request::get("/readyz")).await.status.as_u16(), 200);
    worker.stopped().await;
}

async fn a_worker_goes_on_after_its_look_for_jobs_panicked(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    // Nothing else reads the clock meanwhile.
    tokio::time::timeout(PATIENCE, server.clock.panic_once()).await.expect("it looks for jobs");
    let uploaded = location(&server.send(Request::post("/v1/imports", lines(1..11)).key(&key)).await);
    let import = ended(&server, &key, &uploaded).await;
    assert_eq!((import["state"].as_str(), &import["counts"]["videos_new"]), (Some("done"), &10.into()));
    worker.stopped().await;
}

async fn an_import_goes_on_after_a_clock_that_stood_a_year_ahead(place: &Place) {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let location = location(&server.send(Request::post("/v1/imports", lines(1..11)).key(&key)).await);
    let now = server.clock.now();
    server.clock.advance(YEAR);
    killed_at_once(&server).await;
    server.clock.set(now);
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!(import["state"], "done", "{import}");
    worker.stopped().await;
}

async fn counts_that_are_too_large_are_rejects_and_harm_nothing(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let mut file = lines(1..11);
    for n in [11, 12] {
        let large = String::from_utf8(lines(n..n + 1)).expect("UTF-8");
        let large = large.replace(&format!(r#""playCount":{n}"#), r#""playCount":9223372036854775807"#);
        file.extend_from_slice(large.as_bytes());
    }
    let import = async || {
        let made = server.send(Request::post("/v1/imports", file.clone()).key(&key)).await;
        ended(&server, &key, &location(&made)).await
    };
    let first = import().await;
    assert_eq!(
        (first["state"].as_str(), &first["counts"]["videos_new"]),
        (Some("done"), &10.into()),
        "{first}"
    );
    assert_eq!(first["rejects"]["count"], 2);
    let reason = first["rejects"]["first"][0]["reason"].as_str().expect("a reason");
    assert_eq!(
        reason,
        "stats.playCount: 9223372036854775807 is above 9007199254740992 (2^53), the largest count"
    );
    assert_eq!(import().await["state"], "done", "its hashtag takes imports");
    assert_eq!(server.get("/challenge-info-name/?name=cat").await.status.as_u16(), 200);
    worker.stopped().await;
}

async fn an_import_whose_records_are_all_rejected_says_so(place: &Place) {
    let server = place.server().await.start().await;
    let (key, worker) = (server.admin_key().await, server.worker());
    let file = String::from_utf8(lines(1..3)).expect("UTF-8");
    let file = file.replace(r#""playCount":"#, r#""playCount":922337203685477580"#);
    let made = server.send(Request::post("/v1/imports", file).key(&key)).await;
    let import = ended(&server, &key, &location(&made)).await;
    worker.stopped().await;
    assert_eq!(
        (import["state"].as_str(), &import["rejects"]["count"]),
        (Some("failed"), &2.into()),
        "{import}"
    );
    let reason = import["rejects"]["first"][0]["reason"].as_str().expect("a reason");
    assert_eq!(import["problem"], format!("every record was rejected; the first: {reason}"));
}

async fn the_same_upload_twice_under_one_key_is_one_import(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let upload = |body: Vec<u8>| {
        let request = Request::post("/v1/imports", body).key(&key).header("idempotency-key", "k1");
        server.send(request)
    };
    let first = upload(lines(1..11)).await;
    let second = upload(lines(1..11)).await;
    assert_eq!(location(&first), location(&second));
    assert_eq!(files_in(&server).len(), 1);
    let other = upload(lines(1..12)).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(files_in(&server).len(), 1);
}

async fn an_upload_that_is_cut_off_leaves_nothing_behind(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head =
        format!("POST /v1/imports HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Length: 900000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&lines(1..1_000)).await.expect("sent");
    while files_in(&server).is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while !files_in(&server).is_empty() {
        tokio::task::yield_now().await;
    }
    let list = server.send(Request::get("/v1/imports").key(&key)).await.json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(0), "no job was made");
}

async fn more_uploads_at_once_than_there_is_room_for_are_put_off(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let mut under_way = Vec::new();
    for n in 1..=UPLOADS_AT_ONCE {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let head = format!(
            "POST /v1/imports HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Length: 900000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        while files_in(&server).len() < n {
            tokio::task::yield_now().await;
        }
        under_way.push(stream);
    }
    let upload = || server.send(Request::post("/v1/imports", lines(1..3)).key(&key));
    let refused = upload().await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "unavailable"));
    assert_ne!(refused.header("retry-after"), "");
    drop(under_way);
    while !files_in(&server).is_empty() {
        tokio::task::yield_now().await;
    }
    location(&upload().await);
}

async fn what_is_too_large_is_refused_with_and_without_a_length(place: &Place) {
    let server = place.server().await.options(|options| options.upload_bytes_max = 1_000).start().await;
    let key = server.admin_key().await;
    let told = server.send(Request::post("/v1/imports", vec![b' '; 1_001]).key(&key)).await;
    assert_eq!((told.status.as_u16(), told.code().as_str()), (413, "body_too_large"));
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /v1/imports HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1_001));
    stream.write_all((head + &chunk).as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert_eq!(files_in(&server), Vec::<String>::new());
}

async fn keys_without_the_scope_and_other_accounts_are_kept_out(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let made = server.send(Request::post("/v1/imports", lines(1..3)).key(&key)).await;
    let location = location(&made);
    for request in [
        Request::post("/v1/imports", lines(1..3)),
        Request::get("/v1/imports"),
        Request::get(location.clone()),
        Request::new("DELETE".parse().expect("a method"), location.clone()),
    ] {
        let refused = server.send(request.key(&server.key)).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "forbidden"));
    }
    let (_, other) = server.other_account("other@example.com", KeyScope::Admin).await;
    for path in [location.as_str(), "/v1/imports/job_0", "/v1/imports/job_01kb3x8m7q0000000000000000"] {
        let absent = server.send(Request::get(path).key(&other)).await;
        assert_eq!((absent.status.as_u16(), absent.code().as_str()), (404, "import_not_found"));
    }
    let listed = server.send(Request::get("/v1/imports").key(&other)).await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(0));
    let none = server.send(Request::post("/v1/imports", "")).await;
    assert_eq!(none.status.as_u16(), 401);
}

async fn an_import_that_waits_is_called_off_at_once(place: &Place) {
    let server = place.server().await.start().await;
    let key = server.admin_key().await;
    let made = server.send(Request::post("/v1/imports", lines(1..3)).key(&key)).await;
    let cancel = Request::new("DELETE".parse().expect("a method"), location(&made)).key(&key);
    let cancelled = server.send(cancel).await;
    assert_eq!(cancelled.json()["data"]["state"], "cancelled", "{}", cancelled.text());
    assert_eq!(files_in(&server), Vec::<String>::new());
    let worker = server.worker();
    worker.stopped().await;
    assert_eq!(server.fixture().store().catalog_size().await.expect("a size").videos, 0);
}

/// A full disk, on which the ledger alone still has room: claims and their notes go through, imports do not.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_outlives_a_full_disk_however_often_it_is_tried() {
    let Some(disk) = testkit::SmallDisk::mount("48m") else { return };
    let roomy = tempfile::tempdir().expect("a folder");
    let folder = disk.path().join("data");
    std::fs::create_dir(&folder).expect("a folder");
    std::os::unix::fs::symlink(roomy.path().join("accounts.db"), folder.join("accounts.db")).expect("a link");
    let server = TestServer::builder().folder(folder).start().await;
    let key = server.admin_key().await;
    let location = location(&server.send(Request::post("/v1/imports", lines(1..20_001)).key(&key)).await);
    let id = location.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    disk.fill();
    for attempt in 1..=5 {
        let worker = server.worker();
        let noted = async {
            loop {
                let job = server.fixture().store().job(server.account_id, id).await.expect("an answer");
                let job = job.expect("a job");
                if job.attempts == attempt && job.unheard == 0 {
                    return job;
                }
                tokio::task::yield_now().await;
            }
        };
        let job = tokio::time::timeout(PATIENCE, noted).await.expect("the attempt is interrupted");
        assert_eq!((job.failures, job.failure), (0, None));
        worker.stopped().await;
        server.clock.advance(LEASE_OVER);
    }
    assert_eq!(data(&server, &key, &location).await["state"], "running");
    disk.make_room();
    let worker = server.worker();
    let import = ended(&server, &key, &location).await;
    assert_eq!((import["state"].as_str(), &import["counts"]["videos_new"]), (Some("done"), &20_000.into()));
    worker.stopped().await;
}
