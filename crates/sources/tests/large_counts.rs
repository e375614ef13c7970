//! A count above 2^53 is a reject in every format, with its field, its value and the limit; one of 2^53 is a count.

use domain::count::COUNT_MAX;
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{Count, Observation};
use sources::files::{self, Item, Options};
use std::io::Cursor;

/// A file's name, its text with `§` in the place of a count, and what the source calls that count.
const FILES: [(&str, &str, &str); 21] = [
    (
        "x",
        r##"{"id":"11","desc":"#cat","createTime":1700000000,"stats":{"playCount":§},"challenges":[{"id":"7551","title":"cat"}]}"##,
        "stats.playCount",
    ),
    (
        "x",
        r##"{"id":"11","desc":"#cat","createTime":1700000000,"stats":{"playCount":1},"statsV2":{"collectCount":"§"},"challenges":[]}"##,
        "stats.collectCount",
    ),
    (
        "x",
        r##"{"challengeInfo":{"challenge":{"id":"7551","title":"cat"},"stats":{"viewCount":§,"videoCount":5}}}"##,
        "stats.viewCount",
    ),
    (
        "x",
        r##"{"challengeInfo":{"challenge":{"id":"7551","title":"cat"},"statsV2":{"viewCount":"5","videoCount":"§"}}}"##,
        "stats.videoCount",
    ),
    ("x", r##"{"data":{"ch_info":{"cid":"8","cha_name":"y","view_count":§,"user_count":3}}}"##, "view_count"),
    ("x", r##"{"data":{"ch_info":{"cid":"8","cha_name":"y","view_count":3,"user_count":§}}}"##, "user_count"),
    ("x", r##"{"id":"8","cha_name":"y","view_count":3,"user_count":§}"##, "user_count"),
    (
        "x",
        r##"{"videos":[{"video_id":"7","title":"\#cat","play_count":5,"digg_count":§}],"cursor":1,"hasMore":false}"##,
        "digg_count",
    ),
    (
        "x",
        r##"{"_fetched_at":"2025-06-13T00:31:37Z","aweme":{"aweme_id":"13","statistics":{"play_count":§},"cha_list":[{"cid":"5","cha_name":"b"}]}}"##,
        "play_count",
    ),
    (
        "x",
        r##"{"aweme":{"aweme_id":"13","statistics":{"play_count":5,"download_count":§},"cha_list":[]}}"##,
        "download_count",
    ),
    (
        "x",
        r##"{"body":[{"exploreList":[{"cardItem":{"type":3,"id":"1","title":"\#a","cover":"c","extraInfo":{"views":§}}}]}]}"##,
        "extraInfo.views",
    ),
    (
        "x",
        r##"{"itemInfos":{"id":"16","playCount":§},"challengeInfoList":[],"textExtra":[{"HashtagName":"X"}]}"##,
        "playCount",
    ),
    (
        "x",
        r##"{"data":{"videos":[{"id":7320768196569599275,"view_count":§,"hashtag_names":["cat"]}],"cursor":100},"error":{"code":"ok"}}"##,
        "view_count",
    ),
    (
        "x",
        r##"{"collector":[{"id":"15","authorMeta":{"id":"1","name":"a"},"hashtags":[{"id":"3","name":"x"}],"playCount":§}]}"##,
        "playCount",
    ),
    (
        "x",
        r##"{"id":"15","webVideoUrl":"https://www.tiktok.com/@a/video/15","createTimeISO":"2025-01-01T00:00:00.000Z","hashtags":[],"shareCount":§,"playCount":1}"##,
        "shareCount",
    ),
    (
        "x",
        r##"{"extractor":"TikTok","extractor_key":"TikTok","id":"15","webpage_url":"https://www.tiktok.com/@a/video/15","timestamp":1700000000,"view_count":§,"like_count":1,"uploader_id":"1"}"##,
        "view_count",
    ),
    (
        "x",
        r##"{"hashtag_name":"a","video_views":§,"publish_cnt":1,"crawl_date":"2025-01-01"}"##,
        "video_views",
    ),
    (
        "x",
        r##"{"hashtag_name":"a","video_views":1,"publish_cnt":§,"crawl_date":"2025-01-01"}"##,
        "publish_cnt",
    ),
    ("x.csv", "hashtag_name,video_views,crawl_date\na,§,2025-01-01\n", "video_views"),
    ("x.csv", "snapshot_utc,challenge_id,challenge_name,views\n2025-01-01 00:00:00,1,cat,§\n", "views"),
    ("cat.txt", "2025-01-01 00:00:00\t§\n", "views"),
];

fn read(name: &str, text: String) -> (Vec<Observation>, Vec<String>) {
    let (mut items, mut observations, mut rejects) = (Vec::new(), Vec::new(), Vec::new());
    let input = files::from_reader(name, Box::new(Cursor::new(text.into_bytes())));
    files::read(input, Options::default(), &mut items).expect("a known format");
    for item in items {
        match item {
            Item::Observation(observation) => observations.push(observation),
            Item::Reject(reject) => rejects.push(reject.reason),
        }
    }
    (observations, rejects)
}

fn largest(observation: &Observation) -> Option<u64> {
    let values = |counts: &[Option<Count>]| counts.iter().flatten().map(|count| count.value()).max();
    match observation {
        Observation::Video(video) => values(&VideoCounts::to_array(video.counts)),
        Observation::Hashtag(hashtag) => {
            let HashtagCounts { views, creators, videos } = hashtag.counts;
            values(&[views, creators, videos])
        }
        Observation::Window(window) => window.views.max(window.posts),
        Observation::Removed(_) => None,
    }
}

#[test]
fn every_format_refuses_a_count_above_the_limit_and_takes_the_limit() {
    for (name, text, field) in FILES {
        let text = text.replace("\\#", "#");
        let (observations, rejects) = read(name, text.replace('§', &COUNT_MAX.to_string()));
        assert!(rejects.is_empty(), "{text}: {rejects:?}");
        assert!(
            observations.iter().filter_map(largest).any(|most| most == COUNT_MAX),
            "{text}: {observations:?}"
        );
        for value in ["9007199254740993", "9223372036854775807", "18446744073709551615"] {
            let (observations, rejects) = read(name, text.replace('§', value));
            let reason = format!("{field}: {value} is above 9007199254740992 (2^53), the largest count");
            assert_eq!(rejects, [reason], "{text}");
            assert!(observations.is_empty(), "{text}: {observations:?}");
        }
    }
}
