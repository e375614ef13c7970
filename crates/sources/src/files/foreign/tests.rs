//! Records of other kinds are named, and those of TikTok are not.

use super::*;

fn named(json: &str) -> Option<String> {
    let keys = Keys::of(json.as_bytes());
    of_file(&keys).or(of(&keys)).map(|kind| kind.message(1, None))
}

#[test]
fn kinds_are_recognised_by_keys_that_only_they_have() {
    for (json, part) in [
        (r#"{"cid":"1","aweme_id":"2","text":"x","reply_id":"0"}"#, "comment on a video"),
        (r#"{"cid":"1","text":"x","videoWebUrl":"u","repliesToId":null}"#, "comment on a video"),
        (r#"{"id":1,"video_id":2,"text":"x","like_count":3,"create_time":4}"#, "comment on a video"),
        (r#"{"id":"1","video_id":"2","text":"x","digg_count":3,"reply_total":4}"#, "comment on a video"),
        (r#"{"url":"u","post_id":"1","comment_text":"x","num_likes":1}"#, "comment on a video"),
        (r#"{"userInfo":{"user":{}},"statusCode":0}"#, "profile of a user"),
        (r#"{"user":{"id":"1"},"stats":{"followerCount":1}}"#, "profile of a user"),
        (r#"{"uid":"1","unique_id":"a","nickname":"b","follower_count":1}"#, "profile of a user"),
        (r#"{"display_name":"x","bio_description":"","is_verified":true}"#, "profile of a user"),
        (r#"{"username":"a","display_name":"b"}"#, "list of followers"),
        (r#"{"id_str":"1","full_text":"x","entities":{}}"#, "X (Twitter)"),
        (r#"{"id":"1","text":"x","edit_history_tweet_ids":["1"]}"#, "X (Twitter)"),
        (r#"{"kind":"youtube#video","id":"a","snippet":{}}"#, "YouTube"),
        (r#"{"id":"1","pk":"1","taken_at":1,"media_type":2}"#, "Instagram"),
        (r#"{"uri":"/videos/1","name":"x","link":"l","stats":{"plays":1}}"#, "Vimeo"),
        (r#"{"Activity":{"Favorite Videos":{}},"App Settings":{}}"#, "user_data_tiktok.json"),
        (r#"{"type":"FeatureCollection","features":[]}"#, "GeoJSON"),
        (r#"{"openapi":"3.1.0","info":{},"paths":{}}"#, "OpenAPI"),
        (r#"{"__import_meta":{"source_platform":"twitter.com"},"id":"1"}"#, "X (Twitter)"),
    ] {
        let named = named(json).unwrap_or_default();
        assert!(named.contains(part), "{json}: {named}");
    }
    for json in [r#"{"id":"1"}"#, r#"{"a":1,"b":2}"#, r#"{"text":"x"}"#, "{}"] {
        assert_eq!(named(json), None, "{json}");
    }
}

#[test]
fn numbers_are_grouped_and_one_is_no_number() {
    assert_eq!(grouped(10_000), "10,000");
    assert_eq!(grouped(999), "999");
    assert!(TWEETS.message(10_000, None).starts_with("10,000 posts of X (Twitter), not of TikTok: "));
    assert!(OTHER_SITE.message(1, Some("Vimeo")).starts_with("a video of another site (Vimeo): "));
}

#[test]
fn platforms_are_distinguished() {
    for (platform, kind) in [
        ("tiktok.com", None),
        ("tiktok", None),
        ("", None),
        ("tiktok-comments", Some(&COMMENTS)),
        ("douyin.com", Some(&DOUYIN)),
        ("twitter.com", Some(&TWEETS)),
        ("instagram.com", Some(&INSTAGRAM)),
        ("linkedin.com", Some(&OTHER_PLATFORM)),
    ] {
        assert_eq!(of_platform(platform), kind, "{platform}");
    }
}
