//! Whatever a server of the contract answers: an error that says what it is or a sound answer, within the deadline, in
//! bounded memory, and the next call is none the worse.

use super::{CAT, NOW, cat, connector, page_at, stand_in};
use sources::upstream::{ContractUpstream, Http, PageReject, UpstreamError};
use std::net::Ipv4Addr;
use std::time::Duration;
use testkit::upstream::{Fault, Habits, Hostile, RETRY_AFTER, hostile_answers, hostile_silences};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Ample for what is answered at once, on a machine that is busy.
const AMPLE: Duration = Duration::from_secs(20);
/// Short for what is never answered.
const SHORT: Duration = Duration::from_millis(300);
/// Memory limit of the largest answers: the 8 MiB that are read, again while the buffer grows, what the server
/// needs itself, and what tests beside this one need where they share the process. Alone it is 11 MB.
const MEMORY_KB_MAX: u64 = 64 * 1024;

/// Returns the results of the four calls as labels.
async fn all(upstream: &ContractUpstream) -> [Result<(), UpstreamError>; 4] {
    let (tag, id) = cat();
    [
        upstream.hashtag_by_id(id, NOW).await.map(|_| ()),
        upstream.hashtag_by_name(tag.tag.key(), NOW).await.map(|_| ()),
        upstream.posts(&tag, id, page_at(0), NOW).await.map(|_| ()),
        upstream.search("cat", 0, 10, NOW).await.map(|_| ()),
    ]
}

async fn survives((name, fault, errors): Hostile, timeout: Duration) {
    let stand_in = stand_in(Habits::default()).await;
    let upstream = connector(&stand_in).with_timeout(timeout);
    stand_in.always(Some(fault));
    for (method, outcome) in all(&upstream).await.into_iter().enumerate() {
        let error = outcome.expect_err(&name);
        assert!(errors.contains(&error.name()), "{name}, method {method}: {error:?}");
    }
    stand_in.always(None);
    for outcome in all(&upstream.with_timeout(AMPLE)).await {
        assert_eq!(outcome, Ok(()), "after {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_answered_is_an_error_of_the_right_kind() {
    let mut running = JoinSet::new();
    hostile_answers().into_iter().for_each(|hostile| {
        running.spawn(survives(hostile, AMPLE));
    });
    hostile_silences().into_iter().for_each(|hostile| {
        running.spawn(survives(hostile, SHORT));
    });
    while let Some(done) = running.join_next().await {
        done.expect("it survived");
    }
}

#[tokio::test]
async fn a_wait_that_is_requested_is_reported_if_it_makes_sense() {
    const DAY_MS: u64 = 86_400_000;
    let waits = [None, Some(0), None, None, None, Some(DAY_MS), Some(0), Some(DAY_MS), None, None];
    let stand_in = stand_in(Habits::default()).await;
    let upstream = connector(&stand_in).with_timeout(AMPLE);
    let (_, id) = cat();
    for (value, wait) in RETRY_AFTER.into_iter().zip(waits) {
        stand_in.script([Some(Fault::too_many(value))]);
        let error = upstream.hashtag_by_id(id, NOW).await.expect_err("too many");
        assert_eq!(error, UpstreamError::RateLimited { retry_after_ms: wait }, "{value:?}");
    }
}

/// Fetches a hashtag whose record is `body`: views and creators, or the name of the error.
async fn hashtag(body: &str) -> Result<(Option<u64>, Option<u64>), &'static str> {
    let stand_in = stand_in(Habits::default()).await;
    stand_in.script([Some(Fault::body(body))]);
    let found = connector(&stand_in).with_timeout(AMPLE).hashtag_by_id(cat().1, NOW).await;
    let found = found.map_err(|error| error.name())?.expect("a hashtag");
    assert_eq!(found.tag.id.map(|id| id.get()), Some(CAT));
    assert!(found.details.description.is_none_or(|text| !text.contains('\0')));
    Ok((found.counts.views.map(|c| c.value()), found.counts.creators.map(|c| c.value())))
}

#[tokio::test]
async fn a_hashtag_s_record_is_read_soundly_or_not_at_all() {
    let cat = |more: &str| format!(r#"{{"id":"7551","cha_name":"cat",{more}}}"#);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, wanted) in [
        (cat(r#""view_count":5,"user_count":"6""#), Ok((Some(5), Some(6)))),
        (format!("\u{feff}{}", cat(r#""view_count":5"#)), Ok((Some(5), None))),
        (cat(r#""desc":"a\u0000b","view_count":5"#), Ok((Some(5), None))),
        (cat(r#""view_count":-5,"user_count":-6"#), Ok((None, None))),
        (cat(r#""view_count":18446744073709551615"#), Err("rejected")),
        (cat(r#""user_count":1e300"#), Err("rejected")),
        (cat(r#""view_count":9007199254740992,"user_count":1"#), Ok((Some(9_007_199_254_740_992), Some(1)))),
        (
            cat(r#""view_count":"many","user_count":[],"desc":5,"type":{},"is_commerce":"x""#),
            Ok((None, None)),
        ),
        (cat(&format!(r#""desc":{deep},"more":{deep},"view_count":5"#)), Ok((Some(5), None))),
        (cat(r#""view_count":1e400"#), Err("malformed")),
        (cat(r#""desc":"\ud800""#), Err("malformed")),
        (cat(r#""view_count":5,"view_count":6"#), Err("malformed")),
        (r#"{"id":7.551e3,"cha_name":"cat"}"#.to_owned(), Err("malformed")),
        (r#"{"id":"9223372036854775808","cha_name":"cat"}"#.to_owned(), Err("malformed")),
        (r#"{"id":"9","cha_name":"caterpillar","view_count":5}"#.to_owned(), Err("malformed")),
        (r#"{"id":["7551"],"cha_name":{"a":1}}"#.to_owned(), Err("malformed")),
        (r#"{"videos":[],"cursor":0,"hasMore":false}"#.to_owned(), Err("malformed")),
        (r#"{"code":0,"msg":"success","data":[]}"#.to_owned(), Err("malformed")),
    ] {
        let shown: String = body.chars().take(200).collect();
        assert_eq!(hashtag(&body).await, wanted, "{shown}");
    }
}

/// Fetches a page of videos with this body: records, rejects, cursor, `has_more`; or the name of the error.
async fn posts(body: &str) -> Result<(usize, u64, u64, bool), &'static str> {
    let stand_in = stand_in(Habits::default()).await;
    stand_in.script([Some(Fault::body(body))]);
    let (tag, id) = cat();
    let page = connector(&stand_in).with_timeout(AMPLE).posts(&tag, id, page_at(0), NOW).await;
    let page = page.map_err(|error| error.name())?.expect("a page");
    Ok((page.records.len(), page.rejects.count(), page.cursor, page.has_more))
}

#[tokio::test]
async fn a_page_is_read_soundly_or_not_at_all() {
    let page = |videos: &str, rest: &str| format!(r#"{{"videos":{videos},{rest}}}"#);
    let end = r#""cursor":35,"hasMore":false"#;
    let video = r#"{"video_id":"7000000000000000001","title":null,"play_count":"12"}"#;
    let deep = format!(
        r#"[{{"video_id":"7","play_count":1,"title":{}1{}}}]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (body, wanted) in [
        (page(&format!("[{video}]"), end), Ok((1, 0, 35, false))),
        (
            page(&format!(r#"[null,1,"x",[],{{}},{video},{{"video_id":7.0e18,"play_count":1}}]"#), end),
            Ok((1, 6, 35, false)),
        ),
        (page(r#"[{"video_id":9223372036854775808,"play_count":1}]"#, end), Ok((0, 1, 35, false))),
        (
            page(r#"[{"video_id":"7","play_count":1e400},{"video_id":"7","play_count":-4}]"#, end),
            Ok((1, 1, 35, false)),
        ),
        (page(r#"[{"video_id":"7","title":"\ud800","play_count":1}]"#, end), Ok((0, 1, 35, false))),
        (page(r#"[{"video_id":"7","video_id":"8","play_count":1}]"#, end), Ok((0, 1, 35, false))),
        (page(&deep, end), Ok((1, 0, 35, false))),
        (page("null", end), Ok((0, 0, 35, false))),
        (page("[]", r#""cursor":"70","hasMore":"true""#), Ok((0, 0, 70, true))),
        (page("[]", r#""cursor":70,"hasMore":1"#), Ok((0, 0, 70, true))),
        (page("[]", r#""cursor":-1,"hasMore":false"#), Ok((0, 0, 0, false))),
        (page("[]", r#""cursor":-1,"hasMore":true"#), Err("malformed")),
        (page("[]", r#""cursor":"next","hasMore":true"#), Err("malformed")),
        (page("[]", r#""hasMore":true"#), Err("malformed")),
        (page("{}", end), Err("malformed")),
        (page(r#""none""#, end), Err("malformed")),
        (r#"{"challenge_list":[],"cursor":0,"hasMore":false}"#.to_owned(), Err("malformed")),
        (r#"{"id":"7551","cha_name":"cat"}"#.to_owned(), Err("malformed")),
    ] {
        let shown: String = body.chars().take(200).collect();
        assert_eq!(posts(&body).await, wanted, "{shown}");
    }
}

#[tokio::test]
async fn a_reject_of_a_page_keeps_its_place_and_its_reason() {
    let stand_in = stand_in(Habits::default()).await;
    let video = |id: u64, plays: &str| format!(r#"{{"video_id":"{id}","play_count":{plays}}}"#);
    let videos = [video(11, "5"), video(12, "9007199254740993"), video(13, "9007199254740992")].join(",");
    let body = format!(r#"{{"videos":[{videos}],"cursor":35,"hasMore":false}}"#);
    stand_in.script([Some(Fault::body(&body))]);
    let (tag, id) = cat();
    let page = connector(&stand_in).with_timeout(AMPLE).posts(&tag, id, page_at(0), NOW).await;
    let page = page.expect("an answer").expect("a page");
    assert_eq!(page.records.iter().map(|video| video.id.get()).collect::<Vec<_>>(), [11, 13]);
    let reason = "play_count: 9007199254740993 is above 9007199254740992 (2^53), the largest count";
    assert_eq!(page.rejects.first(), [PageReject { record: 2, reason: reason.to_owned() }]);
    assert_eq!(page.rejects.count(), 1);
}

/// Returns the peak memory of this process, if the system reports it.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[tokio::test]
async fn the_largest_answers_take_little_memory() {
    let record = r#"{"video_id":"7","play_count":1},"#;
    let records =
        Fault::body(&format!(r#"{{"videos":[{}1],"cursor":1,"hasMore":false}}"#, record.repeat(100_000)));
    let stand_in = stand_in(Habits::default()).await;
    let upstream = connector(&stand_in).with_timeout(AMPLE);
    let (tag, id) = cat();
    let before = peak_kb();
    for (fault, name) in [
        (records, "malformed"),
        (Fault::Endless, "too_large"),
        (Fault::Huge, "too_large"),
        (Fault::GzipBomb, "too_large"),
        (Fault::EndlessHeaders, "connect"),
    ] {
        stand_in.script([Some(fault)]);
        let error = upstream.posts(&tag, id, page_at(0), NOW).await.expect_err(name);
        assert_eq!(error.name(), name);
    }
    if let (Some(before), Some(after)) = (before, peak_kb()) {
        assert!(after - before < MEMORY_KB_MAX, "{} MB more", (after - before) / 1024);
    }
}

/// A server that answers whatever it is greeted with by these bytes, and hangs up.
async fn hangs_up_after(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // What it is greeted with does not matter, nor whether the other side still listens.
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(answer).await;
        }
    });
    format!("https://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_connection_that_breaks_off_is_an_error_of_the_connection() {
    let half_a_hello = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";
    let refused = b"\x15\x03\x03\x00\x02\x02\x28";
    for (name, answer) in [
        ("nothing", &b""[..]),
        ("plain text", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("an alert", refused),
        ("half a greeting", half_a_hello),
        ("a record that is too long", b"\x16\x03\x03\xff\xff"),
    ] {
        let base_url = hangs_up_after(answer).await;
        let http = Http::new().expect("TLS");
        let upstream = ContractUpstream::new("original", &base_url, "k", http).expect("settings");
        for outcome in all(&upstream.with_timeout(AMPLE)).await {
            let error = outcome.expect_err(name);
            assert_eq!(error.name(), "connect", "{name}: {error:?}");
        }
    }
}
