//! When a record was read: what it says, what stands around it, and what the user says.

use super::{item, read, read_with, tags};
use domain::Timestamp;
use sources::files::Options;

fn at(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
}

#[test]
fn an_item_is_of_the_last_time_it_was_seen() {
    let item = item(11);
    for (times, want) in [
        (r#""timestamp_collected":1767225600000"#, "2026-01-01T00:00:00Z"),
        (r#""timestamp_collected":1767225600000,"last_updated":1767398400000"#, "2026-01-03T00:00:00Z"),
        (r#""timestamp_collected":1767225600000,"last_updated":null"#, "2026-01-01T00:00:00Z"),
        (r#""timestamp_collected":1767225600000,"last_updated":0"#, "2026-01-01T00:00:00Z"),
        (r#""timestamp_collected":"1767225600000","last_updated":"1767398400000""#, "2026-01-03T00:00:00Z"),
        (r#""last_updated":1767398400000"#, "2026-01-03T00:00:00Z"),
    ] {
        let envelope = format!(r#"{{{times},"source_platform":"tiktok.com","data":{item}}}"#);
        let imported = format!(
            r#"{},"__import_meta":{{{times},"source_platform":"tiktok.com"}}}}"#,
            item.strip_suffix('}').expect("an object")
        );
        for text in [envelope, imported] {
            let out = read(&text);
            assert_eq!(out.times(), [Some(want.to_owned())], "{text}");
            assert_eq!(out.videos[0].source, domain::Source::Zeeschuimer);
        }
    }
}

#[test]
fn a_time_that_the_user_gives_is_for_what_has_none() {
    let given = Options { observed_at: at("2026-11-01T12:00:00Z"), ..Options::default() };
    let want = Some("2026-11-01T12:00:00Z".to_owned());
    let other = Options { observed_at: at("2026-11-02T12:00:00Z"), ..Options::default() };
    let text = format!("[{}]", item(11));
    let (out, again) = (read_with(&text, given.clone()), read_with(&text, given.clone()));
    let (out, again) = (out.expect("videos"), again.expect("videos"));
    let later = read_with(&text, other).expect("videos");
    assert_eq!(out.times()[0], want);
    // The same at the same time is the same, and at another time another reading.
    assert_eq!(out.videos[0].digest, again.videos[0].digest);
    assert_ne!(out.videos[0].digest, later.videos[0].digest);
    assert_ne!(out.videos[0].digest, read(&text).videos[0].digest);
    for (own, has_own) in [
        (format!(r#"{{"extra":{{"now":1764099999000}},"itemList":[{}]}}"#, item(11)), true),
        (format!(r#"{{"timestamp_collected":1764099999000,"data":{}}}"#, item(11)), true),
        (item(11).replace(r#""desc""#, r#""collectTime":1764099999,"desc""#), true),
        (r#"{"id":"11","extractor_key":"TikTok","webpage_url":"https://www.tiktok.com/@a/video/11","view_count":5,"epoch":1764099999}"#.to_owned(), true),
        (r#"{"code":0,"data":{"videos":[{"video_id":"11","title":"a","play_count":5}]}}"#.to_owned(), false),
        (r#"{"aweme_id":"11","desc":"a","statistics":{"play_count":5}}"#.to_owned(), false),
    ] {
        let out = read_with(&own, given.clone()).expect("videos");
        let expected = if has_own { Some("2025-11-25T19:46:39Z".to_owned()) } else { want.clone() };
        assert_eq!(out.times(), [expected], "{own}");
    }
    let hashtag = r#"{"challengeInfo":{"challenge":{"id":"77","title":"kale"},"stats":{"viewCount":7,"videoCount":5}}}"#;
    let out = read_with(hashtag, given.clone()).expect("a hashtag");
    assert_eq!(out.hashtags[0].observed_at, at("2026-11-01T12:00:00Z"));
    let window = r#"{"hashtag_name":"kale","video_views":5,"publish_cnt":1}"#;
    let out = read_with(window, given).expect("a window");
    assert_eq!(out.windows[0].observed_at.to_rfc3339(), "2026-11-01T12:00:00Z");
}

#[test]
fn a_window_is_of_the_last_day_of_its_curve_under_either_name() {
    for point in ["time", "date"] {
        let text = format!(
            r#"[{{"hashtag_name":"kale","video_views":5,"trend":[{{"{point}":1763510400,"value":1}},{{"{point}":1763424000,"value":0.2}}]}}]"#
        );
        let out = read(&text);
        assert_eq!(out.windows[0].observed_at.to_rfc3339(), "2025-11-19T00:00:00Z", "{text}");
    }
}

/// A snowflake of this second.
fn id(second: u64) -> u64 {
    (second << 32) | 12_345
}

fn posted(hours: i64, videos: u64) -> String {
    let line = |n: u64| {
        let second = 1_700_000_000 + n * 5000;
        let stated = i64::try_from(second).expect("a time") + hours * 3600 + 40;
        format!(
            "{{\"id\":\"{}\",\"desc\":\"x\",\"createTime\":{stated},\"stats\":{{\"playCount\":5}}}}\n",
            id(second)
        )
    };
    (0..videos).map(line).collect()
}

#[test]
fn times_of_posting_in_local_time_are_noted() {
    assert_eq!(read(posted(0, 50)).notes, Vec::<String>::new());
    for (hours, text) in [(8, "8 h after"), (-5, "5 h before")] {
        let out = read(posted(hours, 50));
        assert_eq!((out.videos.len(), out.rejects.len()), (50, 0));
        assert!(out.notes.len() == 1 && out.notes[0].contains(text), "{:?}", out.notes);
        assert!(out.notes[0].contains("50 of 50"), "{:?}", out.notes);
    }
    // A draft that waited is one of many.
    assert!(read(posted(0, 50) + &posted(3, 2)).notes.is_empty());
    assert_eq!(tags(&read(posted(0, 1)).videos[0]), Vec::<&str>::new());
}
