//! Records of other kinds are named for what they are, once a file, and give nothing.

use super::{item, read, read_with, refused, together};
use sources::files::Options;

const COMMENTS: [&str; 9] = [
    // The app's and the web's.
    r##"{"cid":"91","aweme_id":"11","text":"so good #spam","create_time":1700000001,"digg_count":3,"reply_comment_total":0,"reply_id":"0","text_extra":[{"hashtag_name":"spam","hashtag_id":"5"}],"user":{"uid":"1","unique_id":"a"}}"##,
    r##"{"cid":"91","aweme_id":"11","text":"x","desc":"","statistics":{},"reply_id":"0","reply_to_reply_id":"0"}"##,
    r##"{"cid":"91","id":"91","text":"x #spam","createTime":1700000001,"author":{"uniqueId":"a"},"reply_comment_total":2}"##,
    // Apify's.
    r##"{"text":"x","diggCount":1,"replyCommentTotal":0,"createTimeISO":"2025-01-01T00:00:00.000Z","uniqueId":"a","videoWebUrl":"https://www.tiktok.com/@a/video/11","uid":"1","cid":"91","repliesToId":null}"##,
    // tikwm's.
    r##"{"id":"91","video_id":"11","text":"x","create_time":1700000001,"digg_count":3,"reply_total":0,"user":{"id":"1"},"status":1}"##,
    // The Research API's.
    r##"{"id":91,"video_id":11,"text":"x","like_count":3,"create_time":1700000001}"##,
    r##"{"id":91,"video_id":11,"text":"x","parent_comment_id":11,"reply_count":3}"##,
    // Bright Data's.
    r##"{"url":"https://www.tiktok.com/@a/video/11","post_id":"11","post_url":"u","comment_text":"x","num_likes":1,"commenter_user_name":"a","comment_id":"91"}"##,
    // Zeeschuimer's.
    r##"{"timestamp_collected":1767225600000,"source_platform":"tiktok-comments","data":{"cid":"91","id":"91","aweme_id":"11","text":"x"}}"##,
];

#[test]
fn comments_are_named_once_in_whatever_they_stand() {
    for comment in COMMENTS {
        for text in [
            comment.to_owned(),
            format!("[{comment}]"),
            format!(r#"{{"comments":[{comment}],"cursor":20,"has_more":1,"total":1}}"#),
            format!(
                r#"{{"data":{{"comments":[{comment}],"cursor":20}},"error":{{"code":"ok","log_id":"x"}}}}"#
            ),
            format!(r#"{{"code":0,"msg":"success","data":{{"comments":[{comment}],"hasMore":true}}}}"#),
        ] {
            let why = refused(&text);
            assert!(why.contains("a comment on a video, not a video: "), "{text}: {why}");
        }
        let many = format!("{comment}\n").repeat(2500);
        for out in [refused(&many), refused(format!("[{}]", vec![comment; 2500].join(",\n")))] {
            assert!(out.contains("2,500 comments on videos, not videos: "), "{out}");
        }
    }
}

#[test]
fn videos_among_others_are_read_and_the_others_named_once() {
    for comment in COMMENTS {
        let text = format!("{}\n{comment}\n{}\n{comment}\n{comment}\n", item(11), item(12));
        for out in [read(&text), together(&text)] {
            assert_eq!(out.ids(), [11, 12], "{comment}");
            assert!(out.reason().starts_with("skipped: 3 comments on videos"), "{}", out.reason());
            assert_eq!(out.rejects[0].place.line, Some(2));
        }
    }
    // After videos of the app the keys alone tell a comment.
    let aweme = r#"{"aweme_id":"13","desc":"x","statistics":{"play_count":5},"text_extra":[]}"#;
    let out = read(format!("{aweme}\n{}\n", COMMENTS[0]));
    assert_eq!((out.ids(), out.rejects.len()), (vec![13], 1));
}

const OTHERS: [(&str, &str); 31] = [
    (
        "profile",
        r##"{"userInfo":{"user":{"id":"1","uniqueId":"a","createTime":1700000000},"stats":{"followerCount":1}},"statusCode":0}"##,
    ),
    ("profile", r##"{"id":"1","uniqueId":"a","nickname":"A","createTime":1700000000,"secUid":"x"}"##),
    ("profile", r##"{"user":{"uid":"1","unique_id":"a"},"stats":{"followerCount":1}}"##),
    ("profile", r##"{"uid":"1","unique_id":"a","nickname":"A","follower_count":3,"aweme_count":4}"##),
    (
        "profile",
        r##"{"data":{"display_name":"x","bio_description":"","is_verified":true,"follower_count":1},"error":{"code":"ok","message":"","log_id":"x"}}"##,
    ),
    ("profile", r##"{"account_id":"a","nickname":"A","biography":"b","followers":1,"top_videos_data":[]}"##),
    (
        "list of followers",
        r##"{"data":{"user_followers":[{"username":"a","display_name":"b"}],"cursor":1,"has_more":false},"error":{"code":"ok","message":"","log_id":"x"}}"##,
    ),
    (
        "X (Twitter)",
        r##"{"created_at":"Mon Nov 24 16:00:00 +0000 2025","id":1,"id_str":"1","full_text":"#kale","retweet_count":1,"favorite_count":2,"user":{"id":5}}"##,
    ),
    (
        "X (Twitter)",
        r##"{"id":"1","text":"#kale","edit_history_tweet_ids":["1"],"public_metrics":{"like_count":1},"author_id":"5"}"##,
    ),
    (
        "X (Twitter)",
        r##"{"type":"tweet","id":"1","url":"https://x.com/a/status/1","text":"#kale","retweetCount":1,"likeCount":2,"createdAt":"x","author":{"id":"5","userName":"a"},"video":{"duration":3}}"##,
    ),
    ("X (Twitter)", r##"{"tweet":{"id":"1","full_text":"#kale"}}"##),
    (
        "X (Twitter)",
        r##"{"timestamp_collected":1767225600000,"source_platform":"twitter.com","data":{"rest_id":"1","id":"1","legacy":{}}}"##,
    ),
    (
        "X (Twitter)",
        r##"{"id":"1","legacy":{},"rest_id":"1","__import_meta":{"source_platform":"twitter.com","timestamp_collected":1}}"##,
    ),
    (
        "Douyin",
        r##"{"aweme_id":"11","desc":"x","statistics":{"digg_count":3},"share_url":"https://www.iesdouyin.com/share/video/11/"}"##,
    ),
    (
        "Douyin",
        r##"{"aweme_id":"11","desc":"x","statistics":{"digg_count":3},"danmaku_control":{},"text_extra":[{"hashtag_name":"kale"}]}"##,
    ),
    (
        "Douyin",
        r##"{"aweme_id":"11","desc":"x","statistics":{"digg_count":3},"video":{"play_addr":{"url_list":["https://v3-web.douyinvod.com/x"]}}}"##,
    ),
    (
        "Douyin",
        r##"{"timestamp_collected":1767225600000,"source_platform":"douyin.com","data":{"awemeId":"11"}}"##,
    ),
    (
        "Vimeo",
        r##"{"uri":"/videos/1","name":"x","link":"https://vimeo.com/1","duration":3,"stats":{"plays":4}}"##,
    ),
    (
        "Vimeo",
        r##"{"id":1,"title":"x","url":"https://vimeo.com/1","stats_number_of_plays":3,"user_name":"a"}"##,
    ),
    (
        "YouTube",
        r##"{"kind":"youtube#video","etag":"x","id":"a","snippet":{"title":"#kale"},"statistics":{"viewCount":"3"}}"##,
    ),
    (
        "YouTube",
        r##"{"id":"a","title":"#kale","url":"https://www.youtube.com/watch?v=a","viewCount":3,"channelName":"c","numberOfSubscribers":5}"##,
    ),
    (
        "Instagram",
        r##"{"pk":1,"id":"1_2","media_type":2,"code":"a","caption":{"text":"#kale"},"play_count":3,"like_count":1,"user":{"pk":2}}"##,
    ),
    (
        "Instagram",
        r##"{"__typename":"GraphImage","id":"1","shortcode":"a","edge_media_to_caption":{},"taken_at_timestamp":1}"##,
    ),
    (
        "Instagram",
        r##"{"id":"1","type":"Video","shortCode":"a","caption":"#kale","hashtags":["kale"],"likesCount":1,"ownerUsername":"a"}"##,
    ),
    (
        "another platform (linkedin.com)",
        r##"{"timestamp_collected":1767225600000,"source_platform":"linkedin.com","data":{"id":"1"}}"##,
    ),
    (
        "another site (Youtube)",
        r##"{"id":"a","extractor":"youtube","extractor_key":"Youtube","webpage_url":"https://www.youtube.com/watch?v=a","view_count":3}"##,
    ),
    (
        "user_data_tiktok.json",
        r##"{"Activity":{"Favorite Hashtags":{},"Video Browsing History":{"VideoList":[]}},"App Settings":{},"Profile":{},"Video":{"Videos":{}}}"##,
    ),
    ("GeoJSON", r##"{"type":"FeatureCollection","features":[{"type":"Feature","id":"1","geometry":{}}]}"##),
    ("OpenAPI", r##"{"openapi":"3.1.0","info":{"title":"x"},"paths":{"/items":{}}}"##),
    ("Postman", r##"{"info":{"name":"x"},"item":[{"name":"y","request":{},"response":[]}]}"##),
    ("settings of a", r##"{"hashtags":["kale"],"resultsPerPage":100,"proxyConfiguration":{}}"##),
];

#[test]
fn what_is_of_another_kind_is_named_for_what_it_is() {
    for (what, json) in OTHERS {
        for text in [json.to_owned(), format!("[{json}]"), format!("{json}\n{json}\n")] {
            let why = refused(&text);
            assert!(why.contains(what), "{text}\n{why}");
            assert!(why.contains(": ") && !why.contains("unrecognised record"), "{why}");
        }
        let out = read(format!("{}\n{json}\n{json}\n", item(11)));
        assert_eq!(out.ids(), [11], "{json}");
        assert!(out.reason().starts_with("skipped: "), "{json}: {}", out.reason());
    }
}

#[test]
fn ten_thousand_posts_of_another_site_are_one_line() {
    let line = r##"{"id_str":"1","full_text":"#kale","retweet_count":1}"##;
    let why = refused(format!("{line}\n").repeat(10_000));
    assert_eq!(
        why,
        "x: 10,000 posts of X (Twitter), not of TikTok: not data of TikTok; export TikTok's posts and import those"
    );
}

#[test]
fn what_is_of_no_kind_says_what_to_do_and_has_no_control_characters() {
    let why = refused("{\"a\\u001b[31m\":1,\"b\u{1b}[2J\":2,\"c\u{202e}\":3}");
    assert!(why.contains("--map KEY=FIELD"), "{why}");
    assert!(!why.contains(char::is_control) && !why.contains('\u{202e}'), "{why:?}");
    // Names that nobody knows are no video, whatever stands beside them.
    for json in [
        r##"{"id":"7576337773318119151","title":"x","plays_total":5,"video":{"duration":9}}"##,
        r##"{"id":"7576337773318119151","author":{"id":"5"},"reach":5}"##,
        r##"{"id":"7576337773318119151","stats":{"impressions":5}}"##,
        r##"{"id":"1","contents":[{"x":1}],"createTime":"soon"}"##,
    ] {
        let why = refused(json);
        assert!(why.contains("unrecognised record"), "{json}: {why}");
    }
}

#[test]
fn keys_that_kinds_share_decide_nothing_where_there_are_plays() {
    for json in [
        r##"{"key":"11","username":"a","follower_count":5,"plays":50}"##,
        r##"{"video_id":"11","text":"bed","like_count":3,"views":50}"##,
        r##"{"key":"11","music_info":{},"view_count":50}"##,
        r##"{"key":"11","media_type":"video","views":50}"##,
        r##"{"key":"11","channel_id":"5","viewCount":50}"##,
    ] {
        let why = refused(json);
        assert!(why.contains("--map KEY=FIELD"), "{json}: {why}");
    }
    // An item into which somebody put its author's handle is one.
    let out = read(
        r##"{"id":"11","desc":"bed","createTime":1700000000,"stats":{"playCount":5},"uniqueId":"a","nickname":"A","followerCount":3}"##,
    );
    assert_eq!((out.ids(), out.rejects.len()), (vec![11], 0));
}

#[test]
fn a_table_written_by_columns_is_named() {
    for text in [
        r##"{"id":{"0":"11","1":"12"},"desc":{"0":"a","1":"b"},"stats.playCount":{"0":5,"1":6}}"##,
        r##"{"columns":["id","desc"],"index":[0,1],"data":[["11","a"],["12","b"]]}"##,
    ] {
        let why = refused(text);
        assert!(why.contains("pandas wrote column by column") && why.contains("orient=\"records\""), "{why}");
    }
}

#[test]
fn what_a_link_leads_to_names_the_site() {
    for (link, what) in [
        ("https://www.youtube.com/watch?v=a", "YouTube"),
        ("https://www.instagram.com/reel/a/", "Instagram"),
        ("https://x.com/a/status/1", "X (Twitter)"),
        ("https://www.douyin.com/video/11", "Douyin"),
        ("https://vimeo.com/1", "Vimeo"),
    ] {
        for text in [
            format!(r##"{{"video_id":"a","title":"#kale","views":5,"link":"{link}"}}"##),
            format!(r##"{{"post_id":"11","play_count":5,"url":"{link}"}}"##),
        ] {
            let why = refused(&text);
            assert!(why.contains(what), "{text}: {why}");
        }
    }
    for (json, what) in [
        (
            r##"{"data":{"user":{"display_name":"x","open_id":"z"}},"error":{"code":"ok","message":"","log_id":"x"}}"##,
            "profile",
        ),
        (r##"{"data":{"comments":[]},"error":{"code":"ok","message":"","log_id":"x"}}"##, "comment"),
        (r##"{"Activity":{"Like List":{}}}"##, "user_data_tiktok.json"),
        (
            r##"{"data":[{"id":"1","text":"#kale","public_metrics":{"like_count":1}}],"meta":{}}"##,
            "X (Twitter)",
        ),
    ] {
        assert!(refused(json).contains(what), "{json}: {}", refused(json));
    }
}

#[test]
fn errors_of_tools_are_rejects_with_their_words() {
    let errors = [
        r##"{"timestamp":"2025-11-29T12:00:00Z","input":{"url":"u"},"error":"dead page","error_code":"dead_page"}"##,
        r##"{"url":"https://www.tiktok.com/@a","error":"dead page","errorCode":"NOT_FOUND"}"##,
        r##"[-1,{"error":"dead page","message":"log in"}]"##,
    ];
    for error in errors {
        let out = read(format!("{}\n{error}\n", item(11)));
        assert_eq!((out.ids(), out.reason()), (vec![11], "an error in place of a record: dead page"));
    }
}

#[test]
fn a_record_that_says_nothing_is_a_reject() {
    let out = read(format!(
        "{}\n{}\n{}\n",
        item(11),
        r##"{"id":"12","author":{"uniqueId":"a"},"stats":{},"challenges":[]}"##,
        r##"{"aweme_id":"13","desc":"","statistics":{},"cha_list":null}"##
    ));
    assert_eq!((out.ids(), out.rejects.len()), (vec![11], 2), "{:?}", out.rejects);
    assert!(out.rejects.iter().all(|reject| reject.reason.contains("nothing to keep of this video")));
    // One of these is enough.
    for part in [
        r##""desc":"x""##,
        r##""createTime":1700000000"##,
        r##""stats":{"playCount":0}"##,
        r##""challenges":[{"title":"kale"}]"##,
    ] {
        let out = read(format!(r##"{{"id":"12","author":{{"uniqueId":"a"}},{part}}}"##));
        assert_eq!((out.ids(), out.rejects.len()), (vec![12], 0), "{part}");
    }
}

#[test]
fn bare_values_are_no_records() {
    assert!(refused("[1,2,3]").contains("3 bare values, no records"));
    assert!(refused(r#"["7576337773318119151","7576353235200392670"]"#).contains("tagmeter forget"));
    let out = read(format!("[null,{},null]", item(11)));
    assert_eq!((out.ids(), out.rejects.len(), out.notes.len()), (vec![11], 0, 0));
    let out = read(format!("[5,{},\"x\"]", item(11)));
    assert_eq!((out.ids(), out.rejects.len(), out.notes.len()), (vec![11], 0, 1));
    assert!(read_with("5", Options::default()).is_err());
}
