//! HARs: the answers that a browser had, each read for what it is.

use super::{item, read, refused, together};
use base64::Engine;
use std::fmt::Write;

fn entry(url: &str, started: &str, content: &str) -> String {
    format!(
        r#"{{"startedDateTime":"{started}","time":250.7,"request":{{"method":"GET","url":"{url}","headers":[]}},"response":{{"status":200,"headers":[],"content":{content}}}}}"#
    )
}

fn text(body: &str) -> String {
    format!(
        r#"{{"size":{},"mimeType":"application/json","text":{}}}"#,
        body.len(),
        serde_json::Value::from(body)
    )
}

fn base64(body: &str) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(body);
    format!(r#"{{"size":5,"mimeType":"application/json","encoding":"base64","text":"{body}"}}"#)
}

fn har(entries: &[String]) -> String {
    format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"a browser","version":"1"}},"pages":[{{"id":"p"}}],"entries":[{}]}}}}"#,
        entries.join(",")
    )
}

const LIST: &str = "https://www.tiktok.com/api/challenge/item_list/?x=1";
const DAY: &str = "2025-11-24T16:00:00.000Z";

#[test]
fn answers_are_read_in_order_as_text_and_as_base64() {
    let list = |ids: [u64; 2]| {
        format!(r#"{{"statusCode":0,"itemList":[{},{}],"hasMore":true}}"#, item(ids[0]), item(ids[1]))
    };
    let page = format!(
        r#"<!DOCTYPE html><html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">{{"__DEFAULT_SCOPE__":{{"webapp.video-detail":{{"itemInfo":{{"itemStruct":{}}}}}}}}}</script></html>"#,
        item(15)
    );
    let entries = [
        entry("https://www.tiktok.com/tag/kale", DAY, &text(&page)),
        entry(LIST, "2025-11-24T16:00:10.000Z", &text(&list([11, 12]))),
        entry("https://www.tiktok.com/x.js", DAY, r#"{"size":3,"mimeType":"text/javascript","text":"var"}"#),
        entry(
            "https://v.example.com/1.mp4",
            DAY,
            r#"{"size":3,"mimeType":"video/mp4","encoding":"base64","text":"AAAA"}"#,
        ),
        entry(
            "https://ads.example.com/x",
            DAY,
            &text(r#"{"error":{"code":"x","message":"y"},"log_id":"1"}"#),
        ),
        entry("https://www.tiktok.com/api/other/", DAY, &text(r#"{"abTest":{},"statusCode":0}"#)),
        entry(LIST, "2025-11-24T17:00:20+01:00", &base64(&list([13, 14]))),
        entry("https://www.tiktok.com/x", DAY, r#"{"size":0,"mimeType":""}"#),
    ];
    let whole = har(&entries);
    for text in [
        whole.clone(),
        format!("{{\n\"log\":{}", whole.strip_prefix(r#"{"log":"#).expect("a HAR")),
        format!("{whole}\n"),
    ] {
        for out in [read(&text), together(&text)] {
            assert_eq!((out.ids(), out.rejects.len()), (vec![15, 11, 12, 13, 14], 0), "{:?}", out.rejects);
            let times: Vec<_> = out.times().into_iter().flatten().collect();
            assert_eq!(times[0], "2025-11-24T16:00:00.250Z");
            assert_eq!(times[1], "2025-11-24T16:00:10.250Z");
            assert_eq!(times[4], "2025-11-24T16:00:20.250Z");
            assert_eq!(
                out.notes,
                ["skipped: 5 resources of a HAR that are no data of TikTok's hashtags and videos"]
            );
        }
    }
}

#[test]
fn an_answer_was_read_when_it_came_whatever_it_says_itself() {
    let own = format!(r#"{{"data":[{{"type":1,"item":{}}}],"extra":{{"now":1764099999000}}}}"#, item(11));
    let entries = [entry(LIST, DAY, &text(&own)), entry(LIST, "no time", &text(&own))];
    let times = read(har(&entries)).times();
    let want = ["2025-11-24T16:00:00.250Z", "2025-11-25T19:46:39Z"].map(|at| Some(at.to_owned()));
    assert_eq!(times, want);
}

#[test]
fn what_a_session_has_beside_videos_is_named() {
    let comment = r#"{"comments":[{"cid":"1","aweme_id":"2","text":"x","reply_id":"0"},{"cid":"2","aweme_id":"2","text":"x","reply_id":"0"}],"has_more":1}"#;
    let list = format!(r#"{{"itemList":[{}]}}"#, item(11));
    let out = read(har(&[
        entry(LIST, DAY, &text(comment)),
        entry(LIST, DAY, &text(&list)),
        entry(LIST, DAY, &text(comment)),
    ]));
    assert_eq!(
        (out.ids(), out.reason()),
        (
            vec![11],
            "skipped: 4 comments on videos, not videos: comments are not read; import the videos themselves"
        )
    );
}

#[test]
fn a_har_without_data_says_that_it_is_one() {
    let script = entry("https://www.tiktok.com/x.js", DAY, r#"{"text":"var"}"#);
    let why = refused(har(&[script.clone(), script]));
    assert!(why.contains("2 resources of a HAR"), "{why}");
    let bare = entry(LIST, DAY, r#"{"size":5000,"mimeType":"application/json"}"#);
    let why = refused(har(&[bare]));
    assert!(
        why.contains("HAR that was saved without contents") && why.contains("save the HAR with contents"),
        "{why}"
    );
}

#[test]
fn an_answer_that_is_cut_off_is_a_reject_and_the_others_are_read() {
    let cut = format!(r#"{{"itemList":[{},{{"id":"12","#, item(11));
    let whole = format!(r#"{{"itemList":[{}]}}"#, item(13));
    let out = read(har(&[entry(LIST, DAY, &text(&cut)), entry(LIST, DAY, &text(&whole))]));
    assert_eq!((out.ids(), out.rejects.len()), (vec![11, 13], 1), "{:?}", out.rejects);
}

#[test]
fn a_har_that_is_too_large_to_hold_is_read_entry_by_entry() {
    let mut entries = Vec::new();
    let filler =
        format!(r#"{{"mimeType":"video/mp4","encoding":"base64","text":"{}"}}"#, "A".repeat(6 << 20));
    for number in 0..7_u64 {
        entries.push(entry("https://v.example.com/1.mp4", DAY, &filler));
        let list = format!(r#"{{"itemList":[{}]}}"#, item(11 + number));
        entries.push(entry(LIST, DAY, &text(&list)));
    }
    // A resource that no memory should hold.
    let mut huge = String::from(
        r#"{"startedDateTime":"2025-11-24T16:00:00.000Z","request":{"url":"https://v.example.com/2.mp4"},"response":{"content":{"text":""#,
    );
    write!(huge, "{}\"}}}}}}", "A".repeat(sources::files::RECORD_BYTES_MAX)).expect("room");
    entries.push(huge);
    entries.push(entry(LIST, DAY, &text(&format!(r#"{{"itemList":[{}]}}"#, item(99)))));
    let out = read(har(&entries));
    assert_eq!(
        (out.ids(), out.rejects.len()),
        (vec![11, 12, 13, 14, 15, 16, 17, 99], 0),
        "{:?}",
        out.rejects.iter().map(|r| &r.reason).collect::<Vec<_>>()
    );
    assert_eq!(out.notes.len(), 1, "{:?}", out.notes);
    assert!(out.notes[0].contains("8 resources"), "{:?}", out.notes);
}
