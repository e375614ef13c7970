//! Quirks of vendors' answers and exports: the contract and tikwm, Apify, yt-dlp; in small made-up
//! files of the same shape.

use domain::{Count, HashtagObservation, Observation, Source, VideoObservation};
use sources::files::{self, FileError, Item, Options, Reject};
use std::io::Cursor;

#[derive(Default)]
struct Out {
    videos: Vec<VideoObservation>,
    hashtags: Vec<HashtagObservation>,
    rejects: Vec<Reject>,
}

fn try_read(text: impl AsRef<[u8]>) -> Result<Out, FileError> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("x", Box::new(Cursor::new(text.as_ref().to_vec())));
    files::read(input, Options::default(), &mut items)?;
    let mut out = Out::default();
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(Observation::Hashtag(hashtag)) => out.hashtags.push(*hashtag),
            Item::Observation(other @ (Observation::Window(_) | Observation::Removed(_))) => {
                panic!("no test here is of these: {other:?}")
            }
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Ok(out)
}

fn read(text: impl AsRef<[u8]>) -> Out {
    try_read(text).expect("a known format")
}

impl Out {
    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    fn reason(&self) -> &str {
        assert_eq!(self.rejects.len(), 1, "{:?}", self.rejects);
        &self.rejects[0].reason
    }
}

fn tags(video: &VideoObservation) -> Vec<(&str, Option<u64>)> {
    video.tags.iter().map(|tag| (tag.tag.name(), tag.id.map(|id| id.get()))).collect()
}

fn exact(value: u64) -> Option<Count> {
    Count::exact(value)
}

const HASHTAG: &str = r#"{"id":"7551","cha_name":"cat","desc":"","user_count":67579511,"view_count":1000681687205,"is_pgcshow":false,"is_commerce":false,"is_challenge":false,"is_strong_music":false,"type":2,"cover":""}"#;

fn contract_video(id: &str, more: &str) -> String {
    format!(
        r##"{{"aweme_id":{id},"video_id":{id},"region":"US","title":"a #Cat #dog","duration":12,"music":"m","music_info":{{"id":"3","title":"t"}},"play_count":46179804,"digg_count":9180341,"comment_count":0,"create_time":1607262185,"author":{{"id":"5","unique_id":"me"}}{more}}}"##
    )
}

#[test]
fn hashtags_of_the_contract_are_read_in_all_their_containers() {
    for text in [
        HASHTAG.to_owned(),
        format!("[{HASHTAG}]"),
        format!("{HASHTAG}\n"),
        format!(r#"{{"code":0,"msg":"success","processed_time":0.1,"data":{HASHTAG}}}"#),
        format!(r#"{{"challenge_list":[{HASHTAG}],"cursor":1,"hasMore":true}}"#),
        format!(r#"{{"code":0,"msg":"success","data":{{"challenge_list":[{HASHTAG}],"hasMore":1}}}}"#),
        HASHTAG.replace("67579511", r#""67579511""#).replace(r#":"7551""#, ":7551"),
    ] {
        let out = read(&text);
        let [hashtag] = &out.hashtags[..] else { panic!("{text}: {:?}", out.rejects) };
        assert_eq!((hashtag.source, hashtag.observed_at), (Source::Contract, None));
        assert_eq!(hashtag.tag.id.map(|id| id.get()), Some(7551));
        assert_eq!(hashtag.counts.views, exact(1_000_681_687_205));
        assert_eq!(hashtag.counts.creators, exact(67_579_511));
        assert_eq!((hashtag.details.kind, &hashtag.details.cover), (Some(2), &None));
    }
    let unknown = read(HASHTAG.replace("67579511", "0"));
    assert_eq!(unknown.hashtags[0].counts.creators, None);
}

#[test]
fn videos_of_the_contract_are_read_in_all_their_containers() {
    let (a, b) = (contract_video(r#""11""#, ""), contract_video("12", r#","collect_count":"7""#));
    let null = contract_video(r#""13""#, "").replace(r##""a #Cat #dog""##, "null");
    for text in [
        format!("{a}\n{b}\n{null}"),
        format!("[{a},{b},{null}]"),
        format!(r#"{{"videos":[{a},{b},{null}],"cursor":3,"hasMore":false}}"#),
        format!(
            r#"{{"code":0,"msg":"success","data":{{"videos":[{a},{b},{null}],"cursor":3,"hasMore":1}}}}"#
        ),
        format!("{{\"videos\":[{a},{b}]}}\n{{\"videos\":[]}}\n{{\"videos\":[{null}]}}\n"),
    ] {
        let out = read(&text);
        assert_eq!((out.ids(), out.rejects.len()), (vec![11, 12, 13], 0), "{text}: {:?}", out.rejects);
        let [first, second, third] = &out.videos[..] else { panic!("three") };
        assert_eq!((first.source, tags(first)), (Source::Contract, vec![("Cat", None), ("dog", None)]));
        assert_eq!((first.counts.plays, first.counts.likes), (exact(46_179_804), exact(9_180_341)));
        // Unreported, and 0 beside millions of plays.
        assert_eq!((first.counts.shares, first.counts.comments), (None, None));
        assert_eq!((second.counts.saves, third.details.title.as_str()), (exact(7), ""));
        assert_eq!(first.author.map(|id| id.get()), Some(5));
        assert_eq!((first.details.duration_seconds, first.details.music.play.as_str()), (12, "m"));
    }
    // tikwm's answer to one link calls the id `id`.
    let single = contract_video(r#""11""#, r#","id":"14","wmplay":"u""#)
        .replace(r#""aweme_id":"11","video_id":"11","#, "");
    assert_eq!(read(format!(r#"{{"code":0,"msg":"success","data":{single}}}"#)).ids(), [14]);
    let few = read(contract_video("15", "").replace("46179804", "3").replace("9180341", "0"));
    assert_eq!((few.videos[0].counts.likes, few.videos[0].counts.comments), (exact(0), exact(0)));
}

#[test]
fn errors_in_place_of_answers_are_rejects_with_their_message() {
    let good = contract_video(r#""11""#, "");
    for (bad, part) in [
        (r#"{"code":-1,"msg":"Free Api Limit: 1 request/second.","processed_time":0.1}"#, "Free Api Limit"),
        (r#"{"code":-1,"msg":"Url parsing is failed!","data":[]}"#, "Url parsing is failed!"),
        (r#"{"code":-1,"msg":"none","data":null}"#, "none"),
        (r#"{"message":"Api-Key is not available"}"#, "Api-Key is not available"),
        (r#"{"status":"error","message":"Not found challenge"}"#, "Not found challenge"),
        (r#"{"video_id":"x","play_count":1}"#, "digits"),
        (r#"{"id":"1","cha_name":"","view_count":1}"#, "cha_name: a tag name must not be empty"),
    ] {
        let out = read(format!("{good}\n{bad}\n{good}"));
        assert_eq!(out.ids(), [11, 11], "{bad}");
        assert!(out.reason().contains(part), "{bad}: {}", out.reason());
        assert_eq!(out.rejects[0].place.line, Some(2));
    }
    // A rounded id is repaired from the text beside it, and refused without one.
    let rounded = contract_video("7622263851152707000", "");
    assert!(read(&rounded).reason().contains("rounded by a tool"));
    let beside = rounded.replacen("7622263851152707000", r#""7622263851152706848""#, 1);
    assert_eq!(read(beside).ids(), [7_622_263_851_152_706_848]);
}

fn apify_item(id: &str, hashtags: &str) -> String {
    format!(
        r##"{{{id}"text":"a #caption","createTime":1700000000,"createTimeISO":"2023-11-14T22:13:20.000Z","authorMeta":{{"id":"5","name":"me","nickName":"Me","avatar":"p"}},"musicMeta":{{"musicName":"s","musicOriginal":true}},"webVideoUrl":"https://www.tiktok.com/@me/video/7622263851152706848","diggCount":10100,"playCount":116800,"collectCount":1765,"videoMeta":{{"duration":7,"coverUrl":"c"}},{hashtags}"isPinned":true,"searchHashtag":{{"views":344000000,"name":"bird"}}}}"##
    )
}

#[test]
fn apify_items_are_read_with_and_without_their_lists() {
    let hashtags = r#""hashtags":[{"id":"7551","name":"Cat","title":"about","cover":""},{"name":""},"dog"],"#;
    let rounded = apify_item(r#""id":7622263851152707000,"#, hashtags);
    let whole = apify_item(r#""id":"7622263851152706848","#, hashtags);
    let without = apify_item("", "");
    for text in [format!("[{rounded},{whole},{without}]"), format!("{rounded}\n{whole}\n{without}\n")] {
        let out = read(text);
        assert_eq!(
            (out.ids(), out.rejects.len()),
            (vec![7_622_263_851_152_706_848; 3], 0),
            "{:?}",
            out.rejects
        );
        assert_eq!(tags(&out.videos[0]), [("Cat", Some(7551)), ("dog", None), ("bird", None)]);
        assert_eq!(tags(&out.videos[2]), [("bird", None), ("caption", None)]);
        let video = &out.videos[1];
        assert_eq!((video.source, video.observed_at), (Source::Apify, None));
        assert_eq!(video.counts.plays.map(|c| (c.value(), c.is_rounded())), Some((116_800, true)));
        assert_eq!((video.counts.saves, video.counts.shares), (exact(1765), None));
        assert_eq!((video.details.create_time, video.details.is_top), (Some(1_700_000_000), true));
        assert_eq!((&*video.details.author.unique_id, &*video.details.cover), ("me", "c"));
        // The total of the hashtag and the description of a tag, each once.
        assert_eq!(out.hashtags.len(), 2);
        let bird = out.hashtags.iter().find(|h| h.tag.tag.name() == "bird").expect("told");
        assert_eq!(bird.counts.views.map(Count::value), Some(344_000_000));
    }
}

#[test]
fn apify_rows_are_items_whatever_their_columns_are_called_like() {
    let link = "https://www.tiktok.com/@me/video/11";
    for text in [
        format!(
            "\u{feff}\"authorMeta.name\",\"text\",\"playCount\",\"createTimeISO\",\"webVideoUrl\"\r\n\"me\",\"a\nb \"\"c\"\" #Cat, #dog\",\"116800\",\"2023-11-14T22:13:20.000Z\",\"{link}\"\r\n"
        ),
        format!(
            "webVideoUrl;createTimeISO;playCount;text;authorMeta/name\n{link};2023-11-14T22:13:20.000Z;116800;\"a\nb \"\"c\"\" #Cat, #dog\";me\n"
        ),
        format!(
            "webVideoUrl,createTimeISO,playCount,text,hashtags/0/name,hashtags/1/name,hashtags/2/name,authorMeta/name,id\n{link},2023-11-14T22:13:20.000Z,116800,\"a\nb \"\"c\"\" #Cat, #dog\",Cat,dog,,me,\n"
        ),
        format!(
            r##"{{"authorMeta.name":"me","text":"a\nb \"c\" #Cat, #dog","playCount":116800,"createTimeISO":"2023-11-14T22:13:20.000Z","webVideoUrl":"{link}"}}"##
        ),
    ] {
        let out = read(&text);
        assert_eq!((out.ids(), out.rejects.len()), (vec![11], 0), "{text}: {:?}", out.rejects);
        let video = &out.videos[0];
        assert_eq!(tags(video), [("Cat", None), ("dog", None)], "{text}");
        assert_eq!(video.details.title, "a\nb \"c\" #Cat, #dog");
        assert_eq!(
            (&*video.details.author.unique_id, video.details.create_time),
            ("me", Some(1_700_000_000))
        );
        assert_eq!((video.counts.plays.map(Count::value), video.counts.likes), (Some(116_800), None));
    }
}

#[test]
fn a_bad_row_of_apify_is_reported_with_its_line() {
    let out = read(concat!(
        "text,playCount,webVideoUrl\n",
        "a #cat,5,https://www.tiktok.com/@me/video/11\n",
        "\"b\nb\",5,https://www.tiktok.com/@me\n",
        "text,playCount,webVideoUrl\n",
        "c,many,https://www.tiktok.com/@me/photo/12\n",
        "d\n",
    ));
    assert_eq!(out.ids(), [11]);
    let rejects: Vec<_> = out.rejects.iter().map(|r| format!("{}: {}", r.place, r.reason)).collect();
    assert_eq!(rejects.len(), 3, "{rejects:?}");
    assert!(rejects[0].starts_with("x line 3: there is no video id in the link"), "{rejects:?}");
    assert_eq!(rejects[1], "x line 6: playCount: \"many\" is not a number");
    assert!(rejects[2].starts_with("x line 7: "), "{rejects:?}");
    // Ways that lead through values, or go on for ever, lead nowhere.
    let deep = format!(
        "webVideoUrl,text,text/0/a,{}\nhttps://www.tiktok.com/@me/video/11,#a,b,c\n",
        "a/".repeat(50_000)
    );
    assert_eq!(tags(&read(deep).videos[0]), [("a", None)]);
}

fn info(more: &str) -> String {
    format!(
        r##"{{"id":"11","extractor_key":"TikTok","webpage_url":"https://www.tiktok.com/@me/video/11","title":"#Cat #do...","description":"#Cat #dog","uploader":"me","uploader_id":"5","channel":"Me","timestamp":1700000000,"duration":7,"view_count":116800,"like_count":5,"thumbnails":[{{"id":"cover","url":"c"}}],"artists":["a","b"],"track":"t"{more}}}"##
    )
}

#[test]
fn info_json_is_read_alone_and_in_playlists() {
    let (plain, timed) = (info(""), info(r#","epoch":1741350559"#));
    for (text, at) in [
        (plain.clone(), None),
        (timed.clone(), Some(1_741_350_559)),
        (format!("{timed}\n"), Some(1_741_350_559)),
        (
            format!(
                r#"{{"_type":"playlist","id":"46294678","extractor_key":"TikTokTag","title":"cat","entries":[{plain}],"epoch":1741350559}}"#
            ),
            Some(1_741_350_559),
        ),
        (
            format!(
                r#"[{{"_extractor":"TikTokIE","url":"x","info_dict":{}}}]"#,
                plain.replace("\"extractor_key\":\"TikTok\",", "")
            ),
            None,
        ),
    ] {
        let out = read(&text);
        assert_eq!((out.ids(), out.rejects.len()), (vec![11], 0), "{text}: {:?}", out.rejects);
        let video = &out.videos[0];
        assert_eq!((video.source, tags(video)), (Source::YtDlp, vec![("Cat", None), ("dog", None)]));
        assert_eq!(video.observed_at.map(|at| at.as_seconds()), at);
        assert_eq!(video.counts.plays.map(|c| (c.value(), c.is_rounded())), Some((116_800, true)));
        assert_eq!((video.counts.likes, video.counts.saves), (exact(5), None));
        assert_eq!((&*video.details.music.author, &*video.details.cover), ("a, b", "c"));
        assert_eq!((&*video.details.author.unique_id, video.author.map(|id| id.get())), ("me", Some(5)));
    }
}

#[test]
fn info_json_that_is_no_video_of_tiktok_is_reported_so() {
    for (bad, part) in [
        (info("").replace("TikTok\"", "Youtube\""), "another site (Youtube)"),
        (info(r#","live_status":"is_live""#), "a live stream"),
        (info("").replace(r#""id":"11""#, r#""id":"MS4wLjABAAAA""#), "digits"),
    ] {
        let out = read(format!("{}\n{bad}\n", info("")));
        assert_eq!(out.ids(), [11], "{bad}");
        assert!(out.reason().contains(part), "{bad}: {}", out.reason());
    }
    let matchers = info("")
        .replace("\"#Cat #dog\"", "\"md5:5e2a23877420bb85ce6521dbee39ba94\"")
        .replace("116800", "\"type:int\"");
    let out = read(matchers.replace("\"c\"", r#""re:^https?://[\\w]+""#));
    let video = &out.videos[0];
    assert_eq!((tags(video), video.counts.plays), (vec![("Cat", None)], None));
    assert_eq!((&*video.details.title, &*video.details.cover), ("#Cat", ""));
}
