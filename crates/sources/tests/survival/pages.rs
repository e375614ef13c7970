//! Pages that a browser saved, and answers of vendors that wrap TikTok's own records.

use super::{gzip, item, read, refused, tar};
use domain::Source;

const CHALLENGE: &str = r#"{"challengeInfo":{"challenge":{"id":"7551","title":"cat","desc":"a\u002Fb"},"stats":{"videoCount":5,"viewCount":44500000},"statsV2":{"viewCount":"44512345","videoCount":"5"}},"statusCode":0}"#;

fn page(id: &str, json: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><style>a{{}}</style><script src=\"x.js\"></script></head><body><script id=\"{id}\" type=\"application/json\">{json}</script><script>{{}}</script></body></html>"
    )
}

#[test]
fn pages_of_today_state_their_hashtag_and_video() {
    let scope = |inner: String| {
        format!(
            r#"{{"__DEFAULT_SCOPE__":{{"webapp.app-context":{{"language":"en","user":{{"uid":"1"}}}},{inner}}}}}"#
        )
    };
    let challenge = scope(format!(r#""webapp.challenge-detail":{CHALLENGE}"#));
    let out = read(page("__UNIVERSAL_DATA_FOR_REHYDRATION__", &challenge));
    assert!(out.rejects.is_empty(), "{:?}", out.rejects);
    let [cat] = &out.hashtags[..] else { panic!("{:?}", out.hashtags) };
    assert_eq!((cat.source, cat.tag.id.map(|id| id.get())), (Source::WebChallenge, Some(7551)));
    assert_eq!(cat.counts.views.map(|c| (c.value(), c.is_rounded())), Some((44_512_345, false)));
    assert_eq!(cat.details.description.as_deref(), Some("a/b"));

    let video = scope(format!(
        r#""webapp.video-detail":{{"itemInfo":{{"itemStruct":{}}},"statusCode":0}}"#,
        item(11)
    ));
    let page_of_video = page("__UNIVERSAL_DATA_FOR_REHYDRATION__", &video).into_bytes();
    for bytes in [gzip(&tar(&[("a.html", &page_of_video)])), page_of_video] {
        assert_eq!(read(bytes).ids(), [11]);
    }
    let gone =
        scope(r#""webapp.video-detail":{"statusCode":10204,"statusMsg":"item doesn't exist"}"#.to_owned());
    assert!(read(page("__UNIVERSAL_DATA_FOR_REHYDRATION__", &gone)).reason().contains("statusCode 10204"));
}

#[test]
fn older_pages_state_theirs() {
    let old = |id: u64| {
        item(id).replace(r#""desc""#, r#""author":"someone","authorId":"42","nickname":"Some One","desc""#)
    };
    let state = format!(
        r#"{{"AppContext":{{"lang":"en"}},"ItemList":{{"challenge":{{"list":["11","12"]}}}},"ItemModule":{{"11":{},"12":{}}},"ChallengePage":{CHALLENGE}}}"#,
        old(11),
        old(12)
    );
    let assigned =
        format!("<html><script>window['SIGI_STATE']={state};window['SIGI_RETRY']={{}};</script></html>");
    for text in [page("SIGI_STATE", &state), assigned, state.clone()] {
        let out = read(&text);
        assert_eq!((out.ids(), out.hashtags.len(), out.rejects.len()), (vec![11, 12], 1, 0), "{text}");
        let author = &out.videos[0].details.author;
        assert_eq!(
            (author.id.as_str(), author.unique_id.as_str(), author.nickname.as_str()),
            ("42", "someone", "Some One")
        );
        assert_eq!(out.videos[0].author.map(|id| id.get()), Some(42));
    }
    let next = format!(
        r#"{{"props":{{"pageProps":{{"itemInfo":{{"itemStruct":{}}},"serverCode":200}}}},"page":"/x"}}"#,
        item(13)
    );
    assert_eq!(read(page("__NEXT_DATA__", &next)).ids(), [13]);
}

#[test]
fn pages_without_data_say_what_they_are() {
    for text in ["<!DOCTYPE html><html><title>verify</title></html>", "<html>SIGI_STATE</html>", "<"] {
        assert!(refused(text).contains("an HTML page, not data: a bot check, a login page"), "{text}");
    }
    let empty =
        page("__UNIVERSAL_DATA_FOR_REHYDRATION__", r#"{"__DEFAULT_SCOPE__":{"webapp.app-context":{"x":1}}}"#);
    assert!(refused(empty).contains("without hashtag or video data"));
    let torn = page("SIGI_STATE", &format!(r#"{{"ItemModule":{{"11":{},"12":{{"id":"12""#, item(11)));
    let out = read(torn);
    assert_eq!((out.ids(), out.rejects.len()), (vec![11], 1), "{:?}", out.rejects);
    let long = page("SIGI_STATE", "{}") + &" ".repeat(sources::files::RECORD_BYTES_MAX);
    assert!(refused(long).contains("longer than"));
}

#[test]
fn answers_of_vendors_are_read_as_what_they_wrap() {
    let aweme = |id: u64| {
        format!(
            r#"{{"aweme_id":"{id}","desc":"x","statistics":{{"play_count":7}},"cha_list":[{{"cid":"5","cha_name":"a"}}]}}"#
        )
    };
    let (a, b) = (aweme(11), aweme(12));
    for text in [
        format!(r#"{{"data":{{"data":[{a},{b}],"nextCursor":20}},"units_charged":1}}"#),
        format!(
            r#"{{"data":{{"data":[{{"type":1,"aweme_info":{a}}},{{"type":1,"aweme_info":{b}}}],"nextCursor":20}}}}"#
        ),
        format!(r#"{{"data":[{a},{b}]}}"#),
        format!(
            r#"{{"code":200,"request_id":"x","router":"/api/v1","params":{{"ch_id":"5"}},"data":{{"aweme_list":[{a},{b}],"has_more":1,"cursor":20}}}}"#
        ),
        format!(
            r#"{{"code":200,"data":{{"search_item_list":[{{"aweme_info":{a}}},{{"aweme_info":{b}}}]}}}}"#
        ),
        format!(r#"{{"code":200,"data":{{"aweme_details":[{a},{b}],"status_code":0}}}}"#),
        format!(r#"{{"data":{{"aweme_detail":{a}}}}}{{"data":{{"aweme_info":{b}}}}}"#),
        format!(r#"[{{"aweme_info":{a}}},{{"aweme_detail":{b}}}]"#),
    ] {
        let out = read(&text);
        assert_eq!((out.ids(), out.rejects.len()), (vec![11, 12], 0), "{text}: {:?}", out.rejects);
        assert!(out.videos.iter().all(|video| video.source == Source::MobileAweme && video.tags.len() == 1));
    }
    let ch_info = r#"{"cid":"8","cha_name":"y","view_count":7,"user_count":3}"#;
    for text in [
        format!(r#"{{"code":200,"data":{{"ch_info":{ch_info},"status_code":0}}}}"#),
        format!(
            r#"{{"data":{{"challenge_list":[{{"challenge_info":{ch_info},"items":null}}],"has_more":1}}}}"#
        ),
        format!(r#"{{"data":[{{"challenge_info":{ch_info}}}]}}"#),
    ] {
        let out = read(&text);
        assert_eq!((out.hashtags.len(), out.rejects.len()), (1, 0), "{text}: {:?}", out.rejects);
        assert_eq!(out.hashtags[0].counts.views.map(|c| c.value()), Some(7));
    }
}
