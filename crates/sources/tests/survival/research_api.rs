//! Pages of the Research API, as it answers and as its clients keep them.

use super::{read, refused, try_read};
use domain::Source;
use std::io::Cursor;

const VIDEO: &str = r#"{"id":7320768196569599275,"music_id":7159460238003800066,"create_time":1704499196,"username":"some\u0000one","region_code":"US","view_count":4,"like_count":6,"comment_count":0,"share_count":1,"favorites_count":2,"video_duration":14,"video_description":"a #cat","hashtag_names":["cat","Duet"],"hashtag_info_list":[{"hashtag_id":7551,"hashtag_name":"cat","hashtag_description":"about cats"},{"hashtag_id":1652484531221509,"hashtag_name":"duet"}]}"#;

fn page(videos: &str) -> String {
    format!(
        r#"{{"data":{{"videos":[{videos}],"cursor":100,"has_more":true,"search_id":"7201388525814961198"}},"error":{{"code":"ok","message":"","log_id":"20230113024658F0D7C5D6CA3A9B79C5B9"}}}}"#
    )
}

#[test]
fn a_page_is_read_with_the_time_it_was_made() {
    let out = read(page(VIDEO));
    assert!(out.rejects.is_empty(), "{:?}", out.rejects);
    let [video] = &out.videos[..] else { panic!("{:?}", out.videos) };
    assert_eq!((video.id.get(), video.source), (7_320_768_196_569_599_275, Source::ResearchApi));
    assert_eq!(video.observed_at.map(|at| at.to_rfc3339()).as_deref(), Some("2023-01-13T02:46:58Z"));
    let counts = video.counts.to_array().map(|count| count.map(|c| (c.value(), c.is_rounded())));
    assert_eq!(
        counts,
        [Some((4, false)), Some((6, false)), Some((0, false)), Some((1, false)), Some((2, false)), None]
    );
    let tags: Vec<_> = video.tags.iter().map(|t| (t.tag.name(), t.id.map(|id| id.get()))).collect();
    assert_eq!(tags, [("cat", Some(7551)), ("Duet", Some(1_652_484_531_221_509))]);
    let details = &video.details;
    assert_eq!((details.author.unique_id.as_str(), details.title.as_str()), ("someone", "a #cat"));
    assert_eq!((details.duration_seconds, details.create_time), (14, Some(1_704_499_196)));
    assert_eq!(
        (details.region.map(|r| r.to_string()).as_deref(), details.music.id.as_str()),
        (Some("US"), "7159460238003800066")
    );
    assert_eq!(out.hashtags.len(), 1);
    assert_eq!(out.hashtags[0].details.description.as_deref(), Some("about cats"));
}

#[test]
fn videos_are_read_in_all_their_containers() {
    let other =
        VIDEO.replace("\"id\":7320768196569599275", "\"video_id\":\"12\"").replace("favorites", "favourites");
    for text in [
        page(&format!("{VIDEO},{other}")),
        format!(r#"{{"videos":[{VIDEO},{other}],"cursor":2}}"#),
        format!("[{VIDEO},{other}]"),
        format!("{VIDEO}\n{other}\n"),
        format!("[{},{}]", page(VIDEO), page(&other)),
        format!("{}\n{}\n", page(VIDEO), page(&other)),
    ] {
        for threads in [1, 2] {
            let out = try_read("x", Cursor::new(text.clone()), threads).expect("known");
            assert_eq!((out.ids(), out.rejects.len()), (vec![7_320_768_196_569_599_275, 12], 0), "{text}");
            let saves: Vec<_> = out.videos.iter().map(|v| v.counts.saves.map(|c| c.value())).collect();
            assert_eq!(saves, [Some(2), Some(2)]);
        }
    }
}

#[test]
fn what_is_missing_is_not_reported_and_what_is_impossible_is_rejected_alone() {
    let missing = r#"{"id":5,"view_count":7,"hashtag_names":[],"share_count":-1}"#;
    let too_large = VIDEO.replace("7320768196569599275", "18446744073709551617");
    let out = read(page(&format!("{missing},{too_large},{VIDEO}")));
    assert_eq!(out.ids(), [5, 7_320_768_196_569_599_275]);
    let counts = out.videos[0].counts;
    assert_eq!((counts.plays.map(|c| c.value()), counts.likes, counts.shares), (Some(7), None, None));
    assert!(out.reason().contains("below 2^63"), "{}", out.reason());
    assert_eq!(out.rejects[0].place.record, Some(2));
}

#[test]
fn an_id_that_looks_rounded_is_believed_where_another_id_shows_that_none_were() {
    let with = |id: &str, music: &str| {
        VIDEO.replace("7320768196569599275", id).replace("7159460238003800066", music)
    };
    // A multiple of 1024 by chance, beside a sound whose id is none.
    let out = read(page(&with("7622263851152706560", "7159460238003800066")));
    assert_eq!(out.ids(), [7_622_263_851_152_706_560]);
    let out = read(page(&with("7622263851152707000", "7159460238003800000")));
    assert!(out.reason().contains("rounded by a tool"), "{}", out.reason());
}

#[test]
fn answers_that_are_errors_say_what_the_error_was() {
    for (text, want) in [
        (
            r#"{"error":{"code":"daily_quota_limit_exceeded","message":"Please try again later.","log_id":"202301130246580101"}}"#,
            "an error in place of an answer: daily_quota_limit_exceeded: Please try again later.",
        ),
        (r#"{"data":{},"error":{"code":"internal_error","message":"","log_id":"x"}}"#, "internal_error"),
        (
            r#"{"error":"invalid_client","error_description":"Client key or secret is incorrect.","log_id":"2022"}"#,
            "invalid_client: Client key or secret is incorrect.",
        ),
    ] {
        let out = read(format!("{text}\n{}", page(VIDEO)));
        assert_eq!(out.videos.len(), 1);
        assert!(out.reason().contains(want), "{}", out.reason());
    }
    for empty in [
        page(""),
        r#"{"data":{"has_more":false},"error":{"code":"ok","message":"","log_id":"2023"}}"#.into(),
        r#"{"data":{"videos":null},"error":{"code":"ok"}}"#.into(),
    ] {
        let out = read(&empty);
        assert!(out.videos.is_empty() && out.rejects.is_empty(), "{empty}: {:?}", out.rejects);
    }
    assert!(refused(r#"{"error":"x"}"#).contains("unrecognised record"));
}
