//! Large answers over the wire: they state their length, interrupted downloads resume free of charge, and their
//! number is limited.

use crate::wire::{PATIENCE, exchange};
use domain::{Clock, KeyScope, Observation, Timestamp};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use testkit::{
    Answer, Connection, FixedClock, Place, Request, TestServer, TestServerBuilder, hashtag, video,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Readings of #cat: an export of them is a few times what sockets buffer.
const READINGS: u64 = 12_000;
pub(crate) const EXPORT: &str = "/v1/export?of=history";
/// Credits for an export of them.
const PRICE: u64 = 12;
pub(crate) const HISTORY: &str = "/v1/hashtags/cat/history?step=raw&points=12000";

pub(crate) fn holdings() -> impl Iterator<Item = Observation> {
    let now = FixedClock::default().now().as_ms();
    let reading = move |number: u64| {
        let minutes_ago = i64::try_from(READINGS - number).expect("few");
        let at = Timestamp::from_ms(now - minutes_ago * 60_000);
        Observation::from(hashtag("cat").id(7551).views(1_000_000 + number * 1_000).observed_at(at))
    };
    let videos = (1..=30_u64).map(|id| video(id).tag("cat").plays(id).into());
    (0..READINGS).map(reading).chain(videos)
}

pub(crate) async fn holding(place: &Place) -> TestServerBuilder {
    place.server().await.holding(holdings())
}

pub(crate) fn ask(server: &TestServer, path: &str) -> Request {
    Request::get(path).key(&server.key)
}

/// Returns status, code and charge of an error response.
pub(crate) fn refusal(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.code(), answer.header("x-credits-charged").to_owned())
}

pub(crate) fn refused(status: u16, code: &str) -> (u16, String, String) {
    (status, code.to_owned(), "0".to_owned())
}

async fn every_body_has_its_length(place: &Place) {
    let server = holding(place).await.start().await;
    for path in [
        "/challenge-info-id/?id=7551",
        "/challenge-posts/?challenge_id=7551&count=35",
        "/v1/hashtags/cat",
        HISTORY,
        "/v1/hashtags/cat/history?step=raw&points=12000&format=xlsx",
        "/v1/hashtags/cat/history?step=raw&points=12000&format=parquet",
        "/v1/hashtags/cat/history.svg?width=4000&height=4000",
        "/v1/hashtags/cat/history.png?width=4000&height=4000",
        "/v1/compare?tags=cat,cat2",
        "/v1/export?of=hashtags&format=csv",
        "/v1/export?of=history&format=parquet",
        EXPORT,
        "/v1/export?of=nothing",
        "/v1/me",
        "/openapi.json",
        "/metrics",
        "/nothing",
    ] {
        for coding in ["", "Accept-Encoding: gzip\r\n", "Accept-Encoding: zstd\r\n"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: {}\r\n{coding}\r\n",
                server.key
            );
            let answer = read_raw(server.address, request.as_bytes()).await;
            let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a header") + 4;
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = format!("content-length: {}\r\n", answer.len() - end);
            assert!(head.contains(&length), "{path}: {head}");
            assert!(!head.contains("transfer-encoding"), "{path}: {head}");
        }
    }
}

async fn read_raw(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("sent");
    let mut read = Vec::new();
    let reading = stream.read_to_end(&mut read);
    tokio::time::timeout(PATIENCE, reading).await.expect("an end in time").expect("an answer");
    read
}

async fn an_interrupted_export_resumes_free_of_charge(place: &Place) {
    let server = holding(place).await.start().await;
    let whole = server.get(EXPORT).await;
    let (etag, bytes) = (whole.header("etag").to_owned(), whole.body.len());
    assert!(etag.starts_with('"'), "a strong tag: {etag}");
    assert_eq!((whole.header("accept-ranges"), whole.header("x-credits-charged")), ("bytes", "12"));
    let paid = server.balance().await;
    for name in ["if-match", "range"] {
        let wrong = ask(&server, "/v1/export?of=nothing").header(name, "bytes=5-");
        assert_eq!(refusal(&server.send(wrong).await), refused(422, "invalid_parameter"), "{name}");
    }
    for (range, first, last) in [
        ("bytes=1000-".to_owned(), 1000, bytes - 1),
        (format!("bytes={}-", bytes - 1), bytes - 1, bytes - 1),
        ("bytes=0-99".to_owned(), 0, 99),
        ("bytes=-100".to_owned(), bytes - 100, bytes - 1),
        (format!("bytes=5-{}", u64::MAX), 5, bytes - 1),
    ] {
        for with in [None, Some("if-range"), Some("if-match")] {
            let mut request = ask(&server, EXPORT).header("range", &range);
            if let Some(name) = with {
                request = request.header(name, &etag);
            }
            let part = server.send(request).await;
            assert_eq!(part.status.as_u16(), 206, "{range} {with:?}: {}", part.text());
            assert_eq!(part.header("content-range"), format!("bytes {first}-{last}/{bytes}"));
            assert_eq!((part.header("x-credits-charged"), part.header("etag")), ("0", &*etag));
            assert_eq!(part.header("content-type"), whole.header("content-type"));
            assert_eq!(part.header("content-disposition"), whole.header("content-disposition"));
            assert!(part.body == whole.body.slice(first..=last), "{range}");
        }
    }
    let again = server.send(ask(&server, EXPORT).header("if-match", &etag)).await;
    assert!(again.status.as_u16() == 200 && again.body == whole.body);
    let behind = server.send(ask(&server, EXPORT).header("range", &format!("bytes={bytes}-"))).await;
    assert_eq!(refusal(&behind), refused(416, "range_not_satisfiable"));
    assert_eq!(behind.header("content-range"), format!("bytes */{bytes}"));
    let known = server.send(ask(&server, EXPORT).header("if-none-match", &etag)).await;
    assert_eq!((known.status.as_u16(), known.header("x-credits-charged")), (304, "0"));
    // A malformed range and a range of another file are ignored: the answer is new, and paid.
    assert_eq!(server.balance().await, paid);
    let other = ask(&server, EXPORT).header("range", "bytes=5-").header("if-range", "\"another\"");
    let other = server.send(other).await;
    assert_eq!((other.status.as_u16(), other.header("x-credits-charged")), (200, "12"));
    let several = server.send(ask(&server, EXPORT).header("range", "bytes=0-1,5-6")).await;
    assert_eq!((several.status.as_u16(), several.header("x-credits-charged")), (200, "12"));
    assert_eq!(server.balance().await, paid - 2 * PRICE);
}

async fn a_download_that_is_not_stored_is_not_resumed(place: &Place) {
    let server = holding(place).await.start().await;
    let part = |path: &str| ask(&server, path).header("range", "bytes=100-");
    assert_eq!(refusal(&server.send(part(EXPORT)).await), refused(410, "download_expired"));
    let matched = ask(&server, EXPORT).header("if-match", "\"another\"");
    assert_eq!(refusal(&server.send(matched).await), refused(412, "precondition_failed"));
    assert_eq!(server.balance().await, 1_000_000);
    // The first request of a client that fetches only ranges: paid once.
    let first = server.send(ask(&server, EXPORT).header("range", "bytes=0-99")).await;
    assert_eq!(
        (first.status.as_u16(), first.header("x-credits-charged"), first.body.len()),
        (206, "12", 100)
    );
    assert_eq!(server.send(part(EXPORT)).await.status.as_u16(), 206);
    assert_eq!(server.balance().await, 1_000_000 - PRICE);
    // Another question, another account, and after the retention.
    let other = "/v1/export?of=history&format=csv";
    assert_eq!(refusal(&server.send(part(other)).await), refused(410, "download_expired"));
    let (_, stranger) = server.other_account("you@example.com", KeyScope::Call).await;
    let theirs = Request::get(EXPORT).key(&stranger).header("range", "bytes=100-");
    assert_eq!(refusal(&server.send(theirs).await), refused(410, "download_expired"));
    server.clock.advance(Duration::from_secs(3_599));
    assert_eq!(server.send(part(EXPORT)).await.status.as_u16(), 206);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal(&server.send(part(EXPORT)).await), refused(410, "download_expired"));
    assert!(files(&server).is_empty(), "{:?}", files(&server));
}

pub(crate) fn folder(server: &TestServer) -> PathBuf {
    server.fixture().folder().join("downloads")
}

fn files(server: &TestServer) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(server)).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// As through Caddy, which accepts gzip on behalf of a client that accepts nothing, but not of one that sends
/// `Range`.
async fn an_export_resumes_whatever_coding_is_accepted(place: &Place) {
    let server = holding(place).await.start().await;
    let whole = server.send(ask(&server, EXPORT).header("accept-encoding", "gzip")).await;
    for coding in ["identity", "zstd", "gzip"] {
        let rest = ask(&server, EXPORT).header("accept-encoding", coding).header("range", "bytes=100-");
        let rest = server.send(rest).await;
        assert!(
            rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..),
            "{coding}: {}",
            rest.text()
        );
        assert_eq!((rest.header("content-encoding"), rest.header("x-credits-charged")), ("", "0"));
    }
    // The bytes of a compressed answer differ.
    let packed = server.send(ask(&server, HISTORY).header("accept-encoding", "gzip")).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let rest = ask(&server, HISTORY).header("accept-encoding", "identity").header("range", "bytes=100-");
    assert_eq!(refusal(&server.send(rest).await), refused(410, "download_expired"));
}

async fn an_account_without_credits_still_gets_the_rest(place: &Place) {
    let server = holding(place).await.credits(PRICE).start().await;
    let whole = server.get(EXPORT).await;
    assert_eq!(whole.header("x-credits-remaining"), "0");
    let rest = server.send(ask(&server, EXPORT).header("range", "bytes=100-")).await;
    assert!(rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..));
    assert_eq!(server.get(EXPORT).await.status.as_u16(), 402);
}

async fn a_restart_does_not_lose_paid_answers(place: &Place) {
    let server = holding(place).await.start().await;
    let whole = server.get(EXPORT).await;
    let keyed = || ask(&server, "/v1/export?of=history&format=csv").header("idempotency-key", "one");
    let csv = server.send(keyed()).await;
    let paid = server.balance().await;
    let (folder, again) = (folder(&server), keyed());
    let address = second(&server, folder.clone()).await;
    let rest = ask(&server, EXPORT).header("range", "bytes=100-").send(address).await;
    assert!(rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..), "{}", rest.text());
    let replayed = again.send(address).await;
    assert!(replayed.status.as_u16() == 200 && replayed.body == csv.body);
    assert_eq!(replayed.header("x-credits-charged"), "0");
    assert_eq!(server.balance().await, paid);
}

/// Starts another server over the same store and folder, as after a restart.
pub(crate) async fn second(server: &TestServer, folder: PathBuf) -> SocketAddr {
    let measure = server.fixture().measure().clone();
    let clock = std::sync::Arc::new(server.clock.clone());
    let alerting = testkit::alerting(&measure, testkit::policy([]));
    let sharing = testkit::sharing(&measure);
    let scheduling = testkit::scheduling(&measure, testkit::policy([]));
    let parts = server::Parts { measure, alerting, sharing, scheduling, clock, seed: 8 };
    let (folder, node) = (Some(folder), "node-1".to_owned());
    let downloads = server::Downloads { folder, node, ..server::Downloads::default() };
    let options = server::Options { downloads, ..server::Options::default() };
    let bound = server::Server::bind(([127, 0, 0, 1], 0).into(), parts, options).await.expect("a server");
    let address = bound.local_addr();
    tokio::spawn(bound.run(std::future::pending()));
    address
}

async fn an_export_under_an_idempotency_key_is_charged_once(place: &Place) {
    let server = holding(place).await.start().await;
    let keyed = || ask(&server, EXPORT).header("idempotency-key", "one");
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (request, address) = (keyed(), server.address);
        callers.spawn(async move { request.send(address).await });
    }
    let answers = callers.join_all().await;
    for answer in &answers {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        assert!(answer.body == answers[0].body && answer.header("etag") == answers[0].header("etag"));
    }
    assert_eq!(server.balance().await, 1_000_000 - PRICE);
    let rest = server.send(keyed().header("range", "bytes=100-")).await;
    assert!(rest.status.as_u16() == 206 && rest.body == answers[0].body.slice(100..));
    let other = ask(&server, "/v1/export?of=hashtags").header("idempotency-key", "one");
    assert_eq!(refusal(&server.send(other).await), refused(422, "idempotency_key_reused"));
    server.clock.advance(Duration::from_secs(3_600));
    assert_eq!(refusal(&server.send(keyed()).await), refused(410, "download_expired"));
    assert_eq!(server.balance().await, 1_000_000 - PRICE);
}

async fn a_large_answer_is_a_file_too(place: &Place) {
    let server = holding(place).await.start().await;
    for (path, coding) in [
        (HISTORY.to_owned(), "identity"),
        (HISTORY.to_owned(), "gzip"),
        (format!("{HISTORY}&format=xlsx"), "gzip"),
        (format!("{HISTORY}&format=csv"), "zstd"),
    ] {
        let ask = || ask(&server, &path).header("accept-encoding", coding);
        let whole = server.send(ask()).await;
        let etag = whole.header("etag").to_owned();
        assert!(whole.body.len() > 10_000, "{path} is {} bytes", whole.body.len());
        assert!(etag.starts_with('"') && whole.header("accept-ranges") == "bytes", "{path}: {etag}");
        assert_eq!(whole.header("x-credits-charged"), "1");
        let rest = server.send(ask().header("range", "bytes=100-").header("if-range", &etag)).await;
        assert!(rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..), "{path}");
        assert_eq!(rest.header("content-encoding"), whole.header("content-encoding"));
        for answer in [&whole, &rest] {
            assert!(answer.header("vary").contains("accept-encoding"), "{path} {coding}");
        }
        assert_eq!(rest.header("x-credits-charged"), "0");
        let known = server.send(ask().header("if-none-match", &etag)).await;
        assert_eq!((known.status.as_u16(), known.header("x-credits-charged")), (304, "0"), "{path}");
    }
    let json = server.get(HISTORY).await.json();
    assert_eq!(json["data"]["points"].as_array().map(Vec::len), Some(12_000));
    assert_eq!(json["billing"]["credits_charged"], 1);
    assert_eq!(json["billing"]["balance_remaining"], server.balance().await);
}

/// The ledger stores at most 1 MiB for a key.
async fn json_of_any_size_is_charged_once_under_an_idempotency_key(place: &Place) {
    let server = holding(place).await.start().await;
    let keyed = |coding: &str| {
        ask(&server, HISTORY).header("idempotency-key", "one").header("accept-encoding", coding)
    };
    let mut callers = tokio::task::JoinSet::new();
    for coding in ["identity", "gzip", "zstd"] {
        let (request, address) = (keyed(coding), server.address);
        callers.spawn(async move { request.send(address).await });
    }
    let answers = callers.join_all().await;
    let first = &answers[0];
    assert!(first.body.len() > 1 << 20, "{} bytes", first.body.len());
    assert_eq!(first.json()["billing"], json!({"credits_charged": 1, "balance_remaining": 999_999}));
    for answer in &answers {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        assert!(answer.body == first.body && answer.header("etag") == first.header("etag"));
    }
    assert_eq!(server.balance().await, 999_999);
    // Byte for byte, also when the balance is another one, in parts, and after a restart.
    server.get("/v1/hashtags/cat").await;
    let bytes = first.body.len();
    for (range, from, to) in [
        ("bytes=0-", 0, bytes),
        ("bytes=100-", 100, bytes),
        ("bytes=-5", bytes - 5, bytes),
        ("bytes=-200", bytes - 200, bytes),
        (&format!("bytes={}-", bytes - 70), bytes - 70, bytes),
        (&format!("bytes=9-{}", bytes - 60), 9, bytes - 59),
    ] {
        let part = server.send(keyed("identity").header("range", range)).await;
        assert_eq!((part.status.as_u16(), part.header("x-credits-charged")), (206, "0"), "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{bytes}", to - 1));
        assert!(part.body == first.body.slice(from..to), "{range}");
    }
    let address = second(&server, folder(&server)).await;
    let again = keyed("identity").send(address).await;
    assert_eq!((again.status.as_u16(), again.header("x-credits-charged")), (200, "0"), "{}", again.text());
    assert!(again.body == first.body && again.header("etag") == first.header("etag"));
    let other =
        ask(&server, "/v1/hashtags/cat/history?step=raw&points=11999").header("idempotency-key", "one");
    assert_eq!(refusal(&server.send(other).await), refused(422, "idempotency_key_reused"));
    assert_eq!(server.balance().await, 999_998);
    server.clock.advance(Duration::from_secs(3_600));
    assert_eq!(refusal(&server.send(keyed("identity")).await), refused(410, "download_expired"));
}

/// As if killed between the charge and the update of the record: the answer still ends with its cost.
async fn json_whose_record_lacks_the_charge_is_answered_whole(place: &Place) {
    let server = holding(place).await.start().await;
    let keyed = || ask(&server, HISTORY).header("idempotency-key", "one");
    let first = server.send(keyed()).await;
    let path = files(&server).into_iter().find(|path| path.extension().is_some()).expect("a record");
    let mut record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
    record["is_paid"] = false.into();
    std::fs::write(&path, record.to_string()).expect("written");
    let address = second(&server, folder(&server)).await;
    let again = keyed().send(address).await;
    assert_eq!((again.status.as_u16(), again.header("x-credits-charged")), (200, "0"));
    assert!(again.body == first.body && again.json()["billing"]["credits_charged"] == 1);
    // Only the ledger knows that it is paid, so it needs the key.
    let part = ask(&server, HISTORY).header("range", "bytes=9-").send(address).await;
    assert_eq!(refusal(&part), refused(410, "download_expired"));
    assert_eq!(server.balance().await, 999_999);
}

/// Sends a request and reads only the first bytes of the answer.
async fn begin(server: &TestServer, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let request = format!("GET {EXPORT} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut head = [0; 15];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("in time").expect("a head");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stream
}

async fn a_key_and_the_server_send_a_limited_number_at_once(place: &Place) {
    let options = |options: &mut server::Options| {
        (options.downloads.per_key, options.downloads.at_once) = (2, 3);
    };
    let server = holding(place).await.options(options).start().await;
    let (_, other) = server.other_account("you@example.com", KeyScope::Call).await;
    let (_, third) = server.other_account("they@example.com", KeyScope::Call).await;
    let slow = (begin(&server, &server.key).await, begin(&server, &server.key).await);
    let paid = server.balance().await;
    for path in [EXPORT, HISTORY] {
        let refusal_of_key = server.get(path).await;
        assert_eq!(refusal(&refusal_of_key), refused(429, "rate_limited"), "{path}");
        assert!(refusal_of_key.header("retry-after").parse::<u32>().is_ok());
    }
    let rest = server.send(ask(&server, EXPORT).header("range", "bytes=100-")).await;
    assert_eq!(refusal(&rest), refused(429, "rate_limited"));
    assert_eq!(server.get("/v1/hashtags/cat").await.status.as_u16(), 200, "small answers do not count");
    let _slow_too = begin(&server, &other).await;
    for path in [EXPORT, HISTORY] {
        let refusal_of_all = server.send(Request::get(path).key(&third)).await;
        assert_eq!(refusal(&refusal_of_all), refused(503, "unavailable"), "{path}");
        assert!(refusal_of_all.header("retry-after").parse::<u32>().is_ok());
    }
    assert_eq!(server.balance().await, paid - 1);
    drop(slow);
    let until_there_is_room = async {
        while server.send(Request::get(EXPORT).key(&third)).await.status.as_u16() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, until_there_is_room).await.expect("slots are given back");
}

async fn a_full_folder_refuses_and_charges_nothing(place: &Place) {
    let options = |options: &mut server::Options| options.downloads.bytes_max = 10_000;
    let server = holding(place).await.options(options).start().await;
    let formats = ["csv", "ndjson", "parquet"].map(|format| format!("{EXPORT}&format={format}"));
    for path in formats.iter().map(String::as_str).chain([HISTORY]) {
        let full = server.get(path).await;
        if path == HISTORY {
            // Paid before it is written, so it is sent from memory.
            assert_eq!((full.status.as_u16(), full.header("x-credits-charged")), (200, "1"));
        } else {
            assert_eq!(refusal(&full), refused(503, "unavailable"), "{path}");
            assert!(full.text().contains("disk space") && !full.header("retry-after").is_empty());
        }
    }
    assert_eq!(server.balance().await, 999_999);
    assert!(files(&server).is_empty(), "{:?}", files(&server));
}

async fn stored_answers_make_room_for_new_ones(place: &Place) {
    let server = holding(place).await.start().await;
    let bytes = server.get(EXPORT).await.body.len() as u64;
    let options = |options: &mut server::Options| options.downloads.bytes_max = bytes * 3 / 2;
    let server = holding(place).await.options(options).start().await;
    let first = server.get(EXPORT).await;
    let part = |etag: &str| ask(&server, EXPORT).header("range", "bytes=9-").header("if-match", etag);
    assert_eq!(server.send(part(first.header("etag"))).await.status.as_u16(), 206);
    let csv = "/v1/export?of=history&format=csv";
    assert_eq!(server.get(csv).await.status.as_u16(), 200);
    assert_eq!(refusal(&server.send(part(first.header("etag"))).await), refused(412, "precondition_failed"));
    assert_eq!(server.send(ask(&server, csv).header("range", "bytes=9-")).await.status.as_u16(), 206);
    assert_eq!(files(&server).len(), 2, "a file and its record");
}

async fn a_file_that_became_shorter_ends_the_connection(place: &Place) {
    let server = holding(place).await.start().await;
    server.get(EXPORT).await;
    let path = files(&server).into_iter().find(|path| path.extension().is_none()).expect("a file");
    let file = std::fs::File::options().write(true).open(path).expect("a file");
    file.set_len(100_000).expect("shorter");
    let mut connection = Connection::open(server.address).await;
    let cut = connection.send(ask(&server, EXPORT).header("range", "bytes=0-")).await;
    assert!(cut.is_err(), "a client sees that something is missing");
    // A client sees it by the length alone.
    let request =
        format!("GET {EXPORT} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\nRange: bytes=0-\r\n\r\n", server.key);
    let read = exchange(server.address, request.as_bytes()).await;
    assert!(read.starts_with("HTTP/1.1 206") && read.len() < 200_000);
}

testkit::test_on_each_backend! {
    every_body_has_its_length,
    an_interrupted_export_resumes_free_of_charge,
    an_export_resumes_whatever_coding_is_accepted,
    a_download_that_is_not_stored_is_not_resumed,
    an_account_without_credits_still_gets_the_rest,
    a_restart_does_not_lose_paid_answers,
    an_export_under_an_idempotency_key_is_charged_once,
    a_large_answer_is_a_file_too,
    json_of_any_size_is_charged_once_under_an_idempotency_key,
    json_whose_record_lacks_the_charge_is_answered_whole,
    a_key_and_the_server_send_a_limited_number_at_once,
    a_full_folder_refuses_and_charges_nothing,
    stored_answers_make_room_for_new_ones,
    a_file_that_became_shorter_ends_the_connection,
}
