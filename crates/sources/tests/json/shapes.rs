//! Shapes that tools of today write: searches, pages, flat objects, dumps, exports of vendors and databases.

use super::{Out, item, read, tags, together};
use domain::Source;

fn check(text: &str, ids: &[u64]) -> Out {
    let out = read(text);
    assert_eq!((out.ids(), out.rejects.len()), (ids.to_vec(), 0), "{text}: {:?}", out.rejects);
    out
}

#[test]
fn videos_of_a_search_stand_in_items() {
    let (a, b) = (item(11), item(12));
    let people =
        r#"{"type":4,"common":{"doc_id_str":"1"},"user_list":[{"user_info":{"uid":"6","unique_id":"m"}}]}"#;
    for text in [
        format!(
            r#"{{"status_code":0,"data":[{people},{{"type":1,"item":{a},"common":{{}}}},{{"type":1,"item":{b}}}],"cursor":12,"extra":{{"now":1764099999000}}}}"#
        ),
        format!(r#"{{"data":[{{"type":1,"item":{a}}},{people},{{"type":1,"item":{b}}}]}}"#),
        format!(r#"[{{"item":{a}}},{{"item":{b}}},{people}]"#),
        format!("{{\"item\":{a}}}\n{{\"item\":{b}}}\n{people}\n"),
    ] {
        let out = check(&text, &[11, 12]);
        assert_eq!(out.notes.len(), 1, "{:?}", out.notes);
        assert!(out.notes[0].contains("an entry of a search that is no video"), "{:?}", out.notes);
        assert_eq!(tags(&out.videos[0]), ["kale"]);
    }
    check(&format!(r#"{{"item_list":[{a},{b}],"log_pb":{{}},"has_more":1}}"#), &[11, 12]);
}

#[test]
fn scopes_of_a_page_are_looked_at_whatever_their_names() {
    let page = |json: &str| {
        format!(
            r#"<!DOCTYPE html><html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{json}</script></html>"#
        )
    };
    let aside = r#""webapp.app-context":{"language":"en","user":null},"webapp.i18n-translation":{"a":"b"},"webapp.a-b":{"vid":[]}"#;
    let detail = |id: u64| format!(r#"{{"itemInfo":{{"itemStruct":{}}},"statusCode":0}}"#, item(id));
    for (scopes, ids) in [
        (format!(r#""webapp.updated-items":[{},{}]"#, item(11), item(12)), vec![11, 12]),
        (format!(r#""webapp.updated-items":{{"itemList":[{}]}}"#, item(11)), vec![11]),
        (format!(r#""webapp.video-detail":{}"#, detail(11)), vec![11]),
        (format!(r#""webapp.reflow.video.detail":{}"#, detail(11)), vec![11]),
        (
            format!(r#""webapp.video-detail":{},"webapp.updated-items":[{}]"#, detail(11), item(12)),
            vec![11, 12],
        ),
    ] {
        let json = format!(r#"{{"__DEFAULT_SCOPE__":{{{aside},{scopes}}}}}"#);
        check(&page(&json), &ids);
        // The data alone, as scripts save it.
        check(&json, &ids);
    }
    let user = r#"{"__DEFAULT_SCOPE__":{"webapp.user-detail":{"userInfo":{"user":{"id":"1"},"stats":{"followerCount":5}}}}}"#;
    assert!(super::refused(page(user)).contains("the profile of a user"));
}

#[test]
fn flat_objects_are_read_as_what_they_were() {
    let web = |mark: &str| {
        r##"{"id":"11","createTime":1700000000,"desc":"bed #kale","challenges":[{"id":"77","title":"kale"}],"author~id":"6800000000000000123","author~uniqueId":"maker","author~nickname":"M","stats~playCount":5,"stats~diggCount":2,"stats~collectCount":null,"statsV2~playCount":"5","music~id":"7","video~id":"11","video~duration":9}"##.replace('~', mark)
    };
    for mark in [".", "_", "/", "__"] {
        let line = web(mark);
        for text in [line.clone(), format!("[{line}]"), format!("{line}\n{line}\n")] {
            let out = read(&text);
            assert!(out.rejects.is_empty(), "{text}: {:?}", out.rejects);
            let video = &out.videos[0];
            assert_eq!((video.source, out.plays()[0]), (Source::WebItem, Some(5)), "{text}");
            assert_eq!(video.details.author.unique_id, "maker", "{text}");
        }
    }
    let mobile = r##"{"aweme_id":"11","desc":"bed #kale","create_time":1700000000,"cha_list":[{"cid":"77","cha_name":"kale"}],"statistics.play_count":5,"statistics.digg_count":2,"author.uid":"6800000000000000123","author.unique_id":"maker","author.avatar_thumb.url_list":["u"],"video.duration":9000}"##;
    for text in [
        mobile.to_owned(),
        mobile.replace("statistics.", "statistics_").replace("author.unique", "author_unique"),
    ] {
        let out = check(&text, &[11]);
        assert_eq!((out.videos[0].source, out.plays()), (Source::MobileAweme, vec![Some(5)]), "{text}");
        assert_eq!(out.videos[0].details.author.unique_id, "maker");
    }
    let collected = r##"{"timestamp_collected":1767225600000,"source_platform":"tiktok.com","data.id":"11","data.desc":"x","data.createTime":1700000000,"data.stats.playCount":5,"data.author.uniqueId":"maker"}"##;
    let out = check(collected, &[11]);
    assert_eq!((out.plays(), out.videos[0].source), (vec![Some(5)], Source::Zeeschuimer));
}

#[test]
fn lists_and_objects_that_a_program_printed_are_read() {
    let printed = r##"{"id":"11","webVideoUrl":"https://www.tiktok.com/@maker/video/11","text":"bed #pea","createTimeISO":"2023-11-14T22:13:20.000Z","playCount":"50","isAd":"True","diggCount":"nan","hashtags":"[{'id': '77', 'name': 'kale', 'title': ''}]","authorMeta":"{'id': '6800000000000000123', 'name': 'maker', 'verified': False}","videoMeta":"{'duration': 9}"}"##;
    let out = check(printed, &[11]);
    let video = &out.videos[0];
    assert_eq!((video.source, tags(video), out.plays()), (Source::Apify, vec!["kale"], vec![Some(50)]));
    assert_eq!((video.details.author.unique_id.as_str(), video.details.duration_seconds), ("maker", 9));
    assert_eq!((video.counts.likes, video.details.is_ad), (None, true));
    let item = r##"{"id":"11","createTime":1700000000,"desc":"bed","challenges":"[{\"title\":\"kale\"}]","stats":"{\"playCount\":50}","author":"maker"}"##;
    let out = check(item, &[11]);
    assert_eq!((tags(&out.videos[0]), out.plays()), (vec!["kale"], vec![Some(50)]));
    // A text that is no list is none.
    let broken = r##"{"id":"11","createTime":1700000000,"desc":"bed #pea","challenges":"[...","stats":{"playCount":50}}"##;
    assert_eq!(tags(&check(broken, &[11]).videos[0]), ["pea"]);
}

#[test]
fn a_detail_that_cannot_be_read_costs_the_detail() {
    let with = |duration: &str| DISPLAY.replace(r#""duration":42"#, &format!(r#""duration":{duration}"#));
    for (duration, want) in [(r#""00:31""#, 31), (r#""PT1M""#, 60), ("31.4", 31), ("null", 0)] {
        let out = check(&with(duration), &[11]);
        assert_eq!((out.videos[0].details.duration_seconds, out.notes.len()), (want, 0), "{duration}");
    }
    let out = check(&with(r#""half a minute""#), &[11]);
    assert_eq!((out.videos[0].details.duration_seconds, out.plays()), (0, vec![Some(50)]));
    assert!(out.notes.len() == 1 && out.notes[0].contains("half a minute"), "{:?}", out.notes);
    let out = check(&BRIGHT.replace(r#""2023-11-14T22:13:20.000Z""#, "20240805"), &[11]);
    assert_eq!((out.videos[0].details.create_time, out.plays()), (None, vec![Some(50)]));
}

#[test]
fn a_dump_of_gallery_dl_has_each_post_once() {
    let photo = item(12)
        .replace(r#""video":"#, r#""imagePost":{"images":[{"imageURL":{"urlList":["u"]}}]},"video":"#);
    let dump = format!(
        "[\n[2,{a}],\n[3,\"https://v.example.com/1.mp4\",{a}],\n[2,{b}],\n[3,\"u1\",{b}],\n[3,\"u2\",{b}],\n[3,\"u3\",{b}],\n[6,\"https://www.tiktok.com/@m\",{{\"n\":1}}]\n]",
        a = item(11),
        b = photo
    );
    let out = check(&dump, &[11, 12]);
    assert_eq!((out.videos[1].details.duration_seconds, out.notes.len()), (0, 0));
    // A message a line.
    let lines =
        format!("[2,{a}]\n[3,\"u\",{a}]\n[2,{b}]\n[3,\"u1\",{b}]\n[3,\"u2\",{b}]\n", a = item(11), b = photo);
    check(&lines, &[11, 12]);
    // A file whose post did not come before it is a reading by itself.
    check(&format!("[[3,\"u\",{}]]", item(13)), &[13]);
}

const BRIGHT: &str = r##"{"url":"https://www.tiktok.com/@maker/video/11","post_id":"11","description":"bed #kale #pea","create_time":"2023-11-14T22:13:20.000Z","digg_count":2,"share_count":"3","collect_count":4,"comment_count":1,"play_count":50,"video_duration":9,"hashtags":["#kale","#pea"],"profile_id":"6800000000000000123","profile_username":"M","profile_url":"https://www.tiktok.com/@maker","post_type":"video","account_id":"maker","region":"NL","music":{"id":"7","title":"S"}}"##;

#[test]
fn posts_of_bright_data_are_read() {
    for text in [BRIGHT.to_owned(), format!("[{BRIGHT}]"), format!("{BRIGHT}\n")] {
        let out = check(&text, &[11]);
        let video = &out.videos[0];
        assert_eq!((video.source, tags(video)), (Source::BrightData, vec!["kale", "pea"]));
        let counts = video.counts.to_array().map(|count| count.map(|count| count.value()));
        assert_eq!(counts, [Some(50), Some(2), Some(1), Some(3), Some(4), None]);
        assert_eq!(video.details.create_time, Some(1_700_000_000));
        let author = &video.details.author;
        assert_eq!((author.unique_id.as_str(), author.nickname.as_str()), ("maker", "M"));
        assert!(!video.has_caption_tags);
    }
    let photo = BRIGHT.replace(r#""post_type":"video""#, r#""post_type":"image","carousel_images":["u"]"#);
    assert_eq!(check(&photo, &[11]).videos[0].details.duration_seconds, 0);
    let bare = BRIGHT.replace(r##"["#kale","#pea"]"##, "null").replace(r#""account_id":"maker","#, "");
    let out = check(&bare, &[11]);
    assert_eq!((tags(&out.videos[0]), out.videos[0].has_caption_tags), (vec!["kale", "pea"], true));
    assert_eq!(out.videos[0].details.author.unique_id, "maker");
    let timed =
        BRIGHT.replace(r#"{"url""#, r#"{"timestamp":"2025-11-29T12:00:00.000Z","input":{"url":"x"},"url""#);
    assert_eq!(check(&timed, &[11]).times(), [Some("2025-11-29T12:00:00Z".to_owned())]);
}

const DISPLAY: &str = r##"{"id":"11","create_time":1700000000,"cover_image_url":"c","share_url":"https://www.tiktok.com/@maker/video/11?utm_campaign=tt4d_open_api","video_description":"bed #kale","duration":42,"title":"bed #kale","embed_link":"https://www.tiktok.com/player/v1/11","like_count":2,"comment_count":1,"share_count":3,"view_count":50}"##;

#[test]
fn videos_of_the_display_api_are_no_research() {
    let without = |part: &str| DISPLAY.replace(part, "");
    for video in [
        DISPLAY.to_owned(),
        without(r##""video_description":"bed #kale","##),
        without(r#""cover_image_url":"c","#),
        without(r#","embed_link":"https://www.tiktok.com/player/v1/11""#)
            .replace(r##","title":"bed #kale""##, ""),
    ] {
        for text in [
            video.clone(),
            format!("[{video}]"),
            format!(
                r#"{{"data":{{"videos":[{video}],"cursor":1,"has_more":false}},"error":{{"code":"ok","message":"","log_id":"20251201101112AA"}}}}"#
            ),
            format!(r#"{{"videos":[{video}]}}"#),
        ] {
            let out = check(&text, &[11]);
            let video = &out.videos[0];
            assert_eq!(
                (video.source, tags(video), out.plays()),
                (Source::DisplayApi, vec!["kale"], vec![Some(50)]),
                "{text}"
            );
            assert_eq!(
                (video.details.duration_seconds, video.details.author.unique_id.as_str()),
                (42, "maker")
            );
        }
    }
}

#[test]
fn every_list_of_the_research_api_is_read() {
    let video = r##"{"id":7622263851152706848,"create_time":1700000000,"video_description":"bed #kale","region_code":"NL","view_count":50,"username":"maker"}"##;
    for list in ["videos", "user_liked_videos", "pinned_videos_list", "reposted_videos"] {
        for text in [
            format!(
                r#"{{"data":{{"{list}":[{video}],"cursor":1,"has_more":false}},"error":{{"code":"ok","message":"","log_id":"20260113024658F0"}}}}"#
            ),
            format!(r#"{{"{list}":[{video}],"cursor":1}}"#),
        ] {
            let out = check(&text, &[7_622_263_851_152_706_848]);
            assert_eq!((out.videos[0].source, out.plays()), (Source::ResearchApi, vec![Some(50)]));
            assert!(out.videos[0].has_caption_tags);
        }
    }
    // Nothing was found: no record, and no error.
    let none = r#"{"data":{"cursor":0,"has_more":false},"error":{"code":"ok","message":"","log_id":"20260113024658F0"}}"#;
    assert!(read(none).videos.is_empty());
}

#[test]
fn numbers_and_dates_of_a_database_are_read() {
    let text = r##"{"_id":{"$oid":"65f0"},"id":"11","createTime":{"$numberInt":"1700000000"},"desc":"bed","author":{"uniqueId":"maker","id":{"$numberLong":"6800000000000000123"}},"stats":{"playCount":{"$numberLong":"5000000123"},"diggCount":{"$numberInt":"7"},"shareCount":{"$numberDouble":"3.0"}},"collectTime":{"$date":{"$numberLong":"1764417600000"}}}"##;
    for text in [
        text.to_owned(),
        text.replace(r#"{"$numberInt":"1700000000"}"#, r#"{"$date":"2023-11-14T22:13:20Z"}"#),
    ] {
        let out = check(&text, &[11]);
        let video = &out.videos[0];
        assert_eq!(out.plays(), [Some(5_000_000_123)]);
        assert_eq!(
            (video.counts.likes.map(|c| c.value()), video.counts.shares.map(|c| c.value())),
            (Some(7), Some(3))
        );
        assert_eq!(video.details.create_time, Some(1_700_000_000));
        assert_eq!(video.author.map(|id| id.get()), Some(6_800_000_000_000_000_123));
        assert_eq!(out.times(), [Some("2025-11-29T12:00:00Z".to_owned())]);
    }
    let aweme = r##"{"aweme_id":{"$numberLong":"7622263851152706848"},"desc":"x","create_time":{"$numberLong":"1700000000"},"statistics":{"play_count":{"$numberLong":"50"}}}"##;
    assert_eq!(check(aweme, &[7_622_263_851_152_706_848]).plays(), [Some(50)]);
}

#[test]
fn captions_lose_what_tools_escaped_in_them() {
    let escaped = r##"{"id":"11","desc":"tom &amp; jerry don&#39;t #kale &quot;x&quot;","createTime":1700000000,"stats":{"playCount":5}}"##;
    let out = check(escaped, &[11]);
    assert_eq!(out.videos[0].details.title, "tom & jerry don't #kale \"x\"");
    assert_eq!((tags(&out.videos[0]), out.videos[0].has_caption_tags), (vec!["kale"], true));
}

#[test]
fn where_lists_name_no_tag_the_caption_does() {
    for (lists, want, is_of_caption) in [
        (r#""challenges":[{"id":"77","title":"kale"}]"#, vec!["kale"], false),
        (r#""challenges":[]"#, vec!["pea"], true),
        (r#""challenges":null,"textExtra":null"#, vec!["pea"], true),
        (r#""textExtra":[{"hashtagName":"","userId":"5"}]"#, vec!["pea"], true),
        (r#""duetInfo":{}"#, vec!["pea"], true),
    ] {
        let text = format!(
            r##"{{"id":"11","desc":"bed #pea","createTime":1700000000,"stats":{{"playCount":5}},{lists}}}"##
        );
        for out in [read(&text), together(format!("{text}\n{text}\n"))] {
            assert_eq!(
                (tags(&out.videos[0]), out.videos[0].has_caption_tags),
                (want.clone(), is_of_caption),
                "{text}"
            );
        }
    }
    let aweme = r##"{"aweme_id":"11","desc":"bed #pea","statistics":{"play_count":5},"cha_list":null,"text_extra":[]}"##;
    assert_eq!(tags(&check(aweme, &[11]).videos[0]), ["pea"]);
    let plain = r##"{"id":"11","desc":"bed","createTime":1700000000,"challenges":[]}"##;
    assert!(!check(plain, &[11]).videos[0].has_caption_tags);
}
