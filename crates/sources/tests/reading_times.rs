//! A reading in the future or before 2014, and a video of the future, are rejects in every format, with their time; 0
//! means that none is known.

use domain::{Observation, Timestamp};
use sources::files::{self, Item, Options};
use std::io::Cursor;
use std::sync::Arc;
use testkit::FixedClock;

/// A file's name and its text with `§` in the place of the time, which is a number.
const OF_NUMBERS: [(&str, &str); 5] = [
    (
        "x",
        r##"{"id":"11","desc":"a","createTime":1700000000,"collectTime":§,"stats":{"playCount":1},"challenges":[{"id":"7551","title":"cat"}]}"##,
    ),
    (
        "x",
        r##"{"timestamp_collected":§,"source_platform":"tiktok.com","data":{"id":"11","desc":"a","createTime":1700000000,"stats":{"playCount":1},"challenges":[]}}"##,
    ),
    (
        "x",
        r##"{"extractor":"TikTok","extractor_key":"TikTok","id":"15","webpage_url":"https://www.tiktok.com/@a/video/15","timestamp":1700000000,"epoch":§,"view_count":5,"like_count":1,"uploader_id":"1"}"##,
    ),
    ("x", r##"{"_fetched_at":"§","data":{"id":"8","cha_name":"y","view_count":3,"user_count":3}}"##),
    (
        "x",
        r##"{"extra":{"now":§},"challengeInfo":{"challenge":{"id":"7551","title":"cat"},"stats":{"viewCount":7,"videoCount":5}}}"##,
    ),
];

/// The same where the time is a date.
const OF_DATES: [(&str, &str); 6] = [
    ("x", r##"{"_fetched_at":"§","data":{"id":"8","cha_name":"y","view_count":3,"user_count":3}}"##),
    ("x", r##"{"_fetched_at":"§","aweme":{"aweme_id":"13","statistics":{"play_count":5},"cha_list":[]}}"##),
    ("x", r##"{"hashtag_name":"a","video_views":1,"publish_cnt":1,"crawl_date":"§"}"##),
    ("x.csv", "hashtag_name,video_views,crawl_date\na,1,§\n"),
    ("x.csv", "snapshot_utc,challenge_id,challenge_name,views\n§,1,cat,5\n"),
    ("cat.txt", "§ 00:00:00\t5\n"),
];

const NOW: &str = "2026-11-29T12:00:00Z";

fn read(name: &str, text: String) -> (Vec<Option<String>>, Vec<String>) {
    let now = Timestamp::parse(NOW).expect("a time");
    let options = Options { clock: Some(Arc::new(FixedClock::at(now))), ..Options::default() };
    let (mut items, mut times, mut rejects) = (Vec::new(), Vec::new(), Vec::new());
    let input = files::from_reader(name, Box::new(Cursor::new(text.into_bytes())));
    files::read(input, options, &mut items).expect("a known format");
    for item in items {
        match item {
            Item::Observation(observation) => {
                times.push(Observation::observed_at(&observation).map(Timestamp::to_rfc3339));
            }
            Item::Reject(reject) => rejects.push(reject.reason),
        }
    }
    (times, rejects)
}

#[test]
fn a_number_is_a_time_in_whatever_unit_or_a_reject() {
    for (name, text) in OF_NUMBERS {
        for number in ["1764417600", "1764417600000", "1764417600000000", "1764417600000000000"] {
            let (times, rejects) = read(name, text.replace('§', number));
            assert!(rejects.is_empty(), "{text} {number}: {rejects:?}");
            assert_eq!(times[0].as_deref(), Some("2025-11-29T12:00:00Z"), "{text} {number}");
        }
        for (number, at) in [
            ("1795960800", "2026-11-29T14:00:00Z"),
            ("4102444800", "2100-01-01T00:00:00Z"),
            ("99999999999999", "5138-11-16T09:46:39.999Z"),
            ("9223372036854775807", "9999-12-31T23:59:59Z"),
        ] {
            let (times, rejects) = read(name, text.replace('§', number));
            let reason = format!(
                "read in the future: at {at}, and it is {NOW} now; check the time in the record, and the clock"
            );
            assert_eq!(rejects, [reason], "{text} {number}");
            assert!(times.is_empty(), "{text}: {times:?}");
        }
        let (times, rejects) = read(name, text.replace('§', "0"));
        assert!(rejects.is_empty() && times[0].is_none(), "{text}: {times:?} {rejects:?}");
    }
}

#[test]
fn a_date_that_cannot_be_is_a_reject() {
    for (name, text) in OF_DATES {
        let (times, rejects) = read(name, text.replace('§', "2025-11-29"));
        assert!(rejects.is_empty(), "{text}: {rejects:?}");
        assert_eq!(times[0].as_deref(), Some("2025-11-29T00:00:00Z"), "{text}");
        for (date, reason) in [
            ("1970-01-01", "read at 1970-01-01T00:00:00Z, before 2014"),
            ("0001-01-01", "read at 0001-01-01T00:00:00Z, before 2014"),
            ("2026-11-30", "read in the future: at 2026-11-30T00:00:00Z"),
            ("2100-01-01", "read in the future: at 2100-01-01T00:00:00Z"),
        ] {
            let (times, rejects) = read(name, text.replace('§', date));
            assert!(rejects.len() == 1 && rejects[0].starts_with(reason), "{text} {date}: {rejects:?}");
            assert!(times.is_empty(), "{text}: {times:?}");
        }
    }
}

#[test]
fn a_video_of_the_future_is_a_reject() {
    for (time, at) in [("1795960800", "2026-11-29T14:00:00Z"), ("99999999999", "5138-11-16T09:46:39Z")] {
        for text in [
            r##"{"id":"11","desc":"a","createTime":§,"stats":{"playCount":1},"challenges":[]}"##,
            r##"{"aweme":{"aweme_id":"13","create_time":§,"statistics":{"play_count":5},"cha_list":[]}}"##,
            r##"{"videos":[{"video_id":"7","title":"a","play_count":5,"create_time":§}],"cursor":1,"hasMore":false}"##,
        ] {
            let (times, rejects) = read("x", text.replace('§', time));
            let reason = format!(
                "posted in the future: at {at}, and it is {NOW} now; check the time in the record, and the clock"
            );
            assert_eq!((times.len(), rejects), (0, vec![reason]), "{text}");
            let (times, rejects) = read("x", text.replace('§', "1764417600"));
            assert_eq!((times.len(), rejects.len()), (1, 0), "{text}");
        }
    }
}
