//! Quirks of real files that an importer must survive, reproduced in small made-up files.

use domain::{HashtagObservation, Observation, Source, VideoObservation};
use flate2::Compression;
use flate2::write::GzEncoder;
use sources::files::{self, FileError, FileReport, Item, Options, RECORD_BYTES_MAX, Reject};
use std::io::{Cursor, Read, Write};
use std::num::NonZeroUsize;

mod mapped;
mod packings;
mod pages;
mod research_api;

#[derive(Default)]
struct Out {
    videos: Vec<VideoObservation>,
    hashtags: Vec<HashtagObservation>,
    rejects: Vec<Reject>,
    report: FileReport,
}

impl Out {
    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    /// The only reject's reason.
    fn reason(&self) -> &str {
        assert_eq!(self.rejects.len(), 1, "{:?}", self.rejects);
        &self.rejects[0].reason
    }
}

fn try_read(name: &str, stream: impl Read + Send + 'static, threads: usize) -> Result<Out, FileError> {
    let options = Options { threads: NonZeroUsize::new(threads).expect("not 0"), ..Options::default() };
    gather(files::from_reader(name, Box::new(stream)), options)
}

fn gather(input: files::Input, options: Options) -> Result<Out, FileError> {
    let mut items = Vec::new();
    let report = files::read(input, options, &mut items)?;
    let mut out = Out { report, ..Out::default() };
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
    assert_eq!(out.report.rejects, out.rejects.len() as u64);
    assert_eq!(out.report.observations_total(), (out.videos.len() + out.hashtags.len()) as u64);
    Ok(out)
}

fn read(text: impl AsRef<[u8]>) -> Out {
    try_read("x", Cursor::new(text.as_ref().to_vec()), 1).expect("a known format")
}

fn refused(text: impl AsRef<[u8]>) -> String {
    match try_read("x", Cursor::new(text.as_ref().to_vec()), 1) {
        Ok(out) => panic!("read: {:?}", out.report),
        Err(error) => error.to_string(),
    }
}

/// A web item as small as they come.
fn item(id: u64) -> String {
    format!(
        r#"{{"id":"{id}","desc":"d","createTime":1700000000,"stats":{{"playCount":5}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("to memory");
    }
    builder.into_inner().expect("to memory")
}

#[test]
fn web_items_are_read_in_all_their_containers() {
    let (a, b) = (item(11), item(12));
    for text in [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n\r\n{b}"),
        format!("\u{feff}{a}\n{b}\n"),
        format!("[{a},{b}]"),
        format!("[\n{a},\n{b}\n]\n"),
        format!("[\n  {a}\n  ,\n  {b}\n]\n"),
        format!(r#"{{"0":{a},"1":{b}}}"#),
        format!(r#"{{"itemList":[{a},{b}],"hasMore":true}}"#),
        format!(r#"{{"items":[{a},{b}]}}"#),
        format!("{{\n \"statusCode\": 0,\n \"itemList\": [\n{a},\n{b}\n]}}"),
        format!(
            "{{\"itemInfo\":{{\"itemStruct\":{a}}},\"shareMeta\":{{\"title\":\"x\"}}}}\n{{\"itemInfo\":{{\"itemStruct\":{b}}}}}"
        ),
        format!("{{\"itemList\":[{a}]}}\n{{\"itemList\":[{b}]}}\n"),
        format!("[[{a}],[{b}]]"),
        a.replace(',', ",\n") + "\n" + &b.replace(',', ",\n"),
    ] {
        for text in [text.clone().into_bytes(), gzip(text.as_bytes()), tar(&[("x.json", text.as_bytes())])] {
            let out = read(&text);
            assert_eq!(
                (out.ids(), out.rejects.len()),
                (vec![11, 12], 0),
                "{}",
                String::from_utf8_lossy(&text)
            );
            assert_eq!(out.report.bytes_read, text.len() as u64);
        }
    }
}

#[test]
fn lines_of_different_shapes_are_read_each_as_its_own() {
    let lines = [
        item(11),
        format!(r#"{{"id":1,"timestamp_collected":1741350559037,"source_platform":"tiktok.com","data":{}}}"#, item(12)),
        r#"{"_fetched_at":"2025-06-13T00:31:37Z","aweme":{"aweme_id":"13","statistics":{"play_count":16399999}}}"#.into(),
        r#"{"aweme_id":"14","desc":"x","cha_list":null,"text_extra":[{"hashtag_name":"dog","hashtag_id":""}]}"#.into(),
        r#"{"id":"15","authorMeta":{"id":"1","name":"a"},"hashtags":[{"id":"3","name":"x"}],"playCount":10100}"#.into(),
        r#"{"itemInfos":{"id":"16","playCount":36322192},"challengeInfoList":[],"textExtra":[{"HashtagName":"X"}]}"#.into(),
        r#"{"challengeInfo":{"challenge":{"id":"7551","title":"cat"},"stats":{"videoCount":5,"viewCount":"44.5M"},"statsV2":{"viewCount":"44512345","userCount":"0"}}}"#.into(),
        r#"{"data":{"ch_info":{"cid":"8","cha_name":"y","view_count":7,"user_count":3},"extra":{"now":1629096404000}}}"#.into(),
        item(17),
    ];
    for threads in [1, 3] {
        let out = try_read("x", Cursor::new(lines.join("\n")), threads).expect("known");
        assert!(out.rejects.is_empty(), "{:?}", out.rejects);
        assert_eq!(out.ids(), [11, 12, 13, 14, 15, 16, 17]);
        let sources: Vec<_> = out.videos.iter().map(|video| video.source).collect();
        use Source::{MobileAweme, NodeShare, TiktokScraper, WebItem, Zeeschuimer};
        assert_eq!(
            sources,
            [WebItem, Zeeschuimer, MobileAweme, MobileAweme, TiktokScraper, NodeShare, WebItem]
        );
        assert_eq!(out.videos[1].observed_at.map(|at| at.as_ms()), Some(1_741_350_559_037));
        assert_eq!(out.videos[2].observed_at.map(|at| at.as_seconds()), Some(1_749_774_697));
        assert_eq!(
            out.videos[2].counts.plays.map(|c| (c.value(), c.is_rounded())),
            Some((16_399_999, false))
        );
        assert_eq!(out.videos[4].counts.plays.map(|c| c.is_rounded()), Some(true));
        let [cat, y] = &out.hashtags[..] else { panic!("{:?}", out.hashtags) };
        assert_eq!(cat.counts.views.map(|c| (c.value(), c.is_rounded())), Some((44_512_345, false)));
        assert_eq!((cat.counts.creators, cat.counts.videos.map(|c| c.value())), (None, Some(5)));
        assert_eq!((y.counts.creators.map(|c| c.value()), y.observed_at.is_some()), (Some(3), true));
    }
}

#[test]
fn placeholders_are_not_counts() {
    let out = read(concat!(
        r#"{"aweme_id":"1","desc":"","cha_list":[{"cid":"5","cha_name":"a","desc":"about","view_count":0,"user_count":0}],"#,
        r#""statistics":{"play_count":0,"digg_count":0,"comment_count":9,"lose_count":1}}"#,
        "\n",
        r#"{"id":"2","createTime":1700000000,"challenges":[{"id":"5","title":"A","desc":"about it","stats":{"videoCount":0,"viewCount":0}}],"stats":{"playCount":0}}"#,
    ));
    let counts = out.videos[0].counts;
    assert_eq!((counts.plays, counts.likes, counts.comments.map(|c| c.value())), (None, None, Some(9)));
    // A video can have no plays yet.
    assert_eq!(out.videos[1].counts.plays.map(|c| c.value()), Some(0));
    assert_eq!(out.videos[1].counts.likes, None);
    assert_eq!(out.hashtags.len(), 2);
    assert!(out.hashtags.iter().all(|h| h.counts.is_empty() && h.details.description.is_some()));
}

#[test]
fn tags_are_the_union_of_the_lists_and_never_the_caption() {
    let out = read(concat!(
        r##"{"id":"1","desc":"#caption","createTime":1700000000,"challenges":[{"id":"","title":"Cat"},{"id":null,"title":"solo"}],"##,
        r#""textExtra":[{"hashtagName":"cat","hashtagId":"7551"},{"hashtagName":""},{"hashtagName":"\u0000👩‍🍳"}],"#,
        r##""contents":[{"desc":"p","textExtra":[{"hashtagName":"CAT","hashtagId":"0"},{"hashtagName":"مرحبا"},{"hashtagName":"#x"}]}]}"##,
    ));
    let tags: Vec<_> =
        out.videos[0].tags.iter().map(|t| (t.tag.name(), t.id.map(domain::HashtagId::get))).collect();
    assert_eq!(tags, [("Cat", Some(7551)), ("solo", None), ("👩‍🍳", None), ("مرحبا", None), ("x", None)]);
}

#[test]
fn ids_above_2_to_the_53_survive_or_are_refused() {
    let with = |id: &str, more: &str| format!(r#"{{"id":{id},"createTime":1700000000{more}}}"#);
    let out = read(
        [
            with("7622263851152706848", ""),
            with("7622263851152707000", r#","video":{"id":"7622263851152706848"}"#),
            with("7622263851152707000", ""),
            with("18446744073709551617", ""),
            with(r#""18446744073709551617""#, ""),
            item(5),
        ]
        .join("\n"),
    );
    assert_eq!(out.ids(), [7_622_263_851_152_706_848, 7_622_263_851_152_706_848, 5]);
    let lines: Vec<_> = out.rejects.iter().map(|reject| reject.place.line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(5)]);
    assert!(out.rejects[0].reason.contains("rounded by a tool"), "{}", out.rejects[0].reason);
    assert!(out.rejects[1].reason.contains("below 2^63") && out.rejects[2].reason.contains("below 2^63"));
}

#[test]
fn missing_and_mistyped_fields_leave_the_record() {
    let out = read(
        r#"{"id":"1","createTime":"1700000000","desc":null,"author":"name","stats":[],"statsV2":{"playCount":"6800000.0","diggCount":"12.3K","shareCount":-1},"video":null,"music":7,"challenges":{},"textExtra":[null,{"hashtagName":"ok"}],"isAd":"x"}"#,
    );
    let video = &out.videos[0];
    let value = |count: Option<domain::Count>| count.map(|count| (count.value(), count.is_rounded()));
    assert_eq!(value(video.counts.plays), Some((6_800_000, true)));
    assert_eq!(value(video.counts.likes), Some((12_300, true)));
    assert_eq!((video.counts.shares, video.counts.comments), (None, None));
    assert_eq!(video.details.create_time, Some(1_700_000_000));
    assert_eq!(video.tags.len(), 1);
}

#[test]
fn nul_bytes_lone_surrogates_raw_controls_and_impossible_numbers_are_mended() {
    let out = read(
        [
            &br#"{"id":"1","createTime":1700000000,"desc":"a\u0000b"}"#[..],
            br#"{"id":"2","createTime":1700000000,"desc":"a\ud83db"}"#,
            b"{\"id\":\"3\",\"createTime\":1700000000,\"desc\":\"a\tb\"}",
            br#"{"id":"5","createTime":1700000000,"desc":"ab","stats":{"playCount":1e400}}"#,
            br#"{"id":"6","createTime":1700000000,"desc":"ab","stats":{"playCount":NaN}}"#,
        ]
        .join(&b"\n"[..]),
    );
    let titles: Vec<_> = out.videos.iter().map(|video| video.details.title.as_str()).collect();
    assert_eq!(titles, ["ab", "a\u{fffd}b", "a b", "ab", "ab"]);
    assert_eq!(out.videos[3].counts.plays, None);
}

#[test]
fn a_bad_record_is_rejected_with_its_place_and_the_others_are_read() {
    let deep = "[".repeat(1_000_000);
    let twice = r#"{"id":"1","id":"2","createTime":1700000000}"#;
    for (bad, part) in [
        (r#"{"id":"1","createTime":"#, "cut off"),
        (r#"{"id":"1","createTime":1700000000"#, "not JSON: EOF"),
        (r#"{"id":"1","createTime":tru}"#, "not JSON"),
        (r#"{"id":"1","challenges":["#, "not JSON: EOF"),
        ("{", "cut off"),
        ("}", "not a JSON object"),
        ("hello", "not a JSON object"),
        ("<html>", "HTML"),
        (twice, "duplicate field `id`"),
        (deep.as_str(), "nested deeper than 128 levels"),
        (r#"{"id":"1"}"#, "no video's id"),
        (r#"{"code":"10000","type":"verify","subtype":"slide"}"#, "bot-check page"),
        (r#"{"statusCode":10204,"itemInfo":{}}"#, "statusCode 10204"),
        (r#"{"id":"","createTime":1700000000}"#, "closest format web-item"),
    ] {
        for (text, line) in [
            (format!("{bad}\n{}\n{}\n", item(11), item(12)), 1),
            (format!("{}\n{bad}\n{}", item(11), item(12)), 2),
            (format!("{}\r\n{}\r\n{bad}\r\n", item(11), item(12)), 3),
        ] {
            let out = read(&text);
            let start = &bad[..bad.len().min(60)];
            assert_eq!(out.ids(), [11, 12], "{start} on line {line}");
            assert!(out.reason().contains(part), "{start}: {}", out.reason());
            assert_eq!(out.rejects[0].place.line, Some(line), "{start}");
            assert!(out.rejects[0].place.to_string().starts_with(&format!("x line {line}")));
            assert!(out.rejects[0].raw.len() <= files::RAW_BYTES_MAX);
        }
    }
    let out = read(format!(r#"{{"itemList":[{},{{"id":"2","createTime":tru}},{}]}}"#, item(11), item(12)));
    assert_eq!((out.ids(), out.rejects[0].place.record), (vec![11, 12], Some(2)));
}

#[test]
fn depth_in_a_field_that_is_not_read_costs_nothing() {
    let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
    for field in ["x", "desc", "challenges", "video", "stats"] {
        let deep = format!(r#"{{"id":"1","createTime":1700000000,"{field}":{open}{close}}}"#);
        let out = read(deep + "\n" + &item(11));
        assert!(out.ids().ends_with(&[11]), "{field}");
    }
}

#[test]
fn bot_checks_and_pages_say_so() {
    let out =
        read(r#"{"code":"10000","from":"","type":"verify","region":"va","subtype":"slide","detail":"x"}"#);
    assert!(out.reason().contains("bot-check page"));
    assert!(refused("<!DOCTYPE html><html><head><title>verify</title>").contains("HTML page"));
}

#[test]
fn empty_files_are_empty() {
    for text in [&b""[..], b" \n\r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"] {
        for bytes in [text.to_vec(), gzip(text)] {
            let out = read(bytes);
            assert!(out.report.is_empty && out.report.rejects == 0 && out.report.damage.is_none());
        }
    }
    assert!(!read(r#"{"itemList":[],"hasMore":false}"#).report.is_empty);
}

#[test]
fn unknown_content_is_refused_with_the_nearest_shape() {
    assert!(refused(r#"{"foo":1,"bar":2}"#).contains("unrecognised record (keys: foo, bar)"));
    assert!(refused(r#"[{"id":"1","title":"x"}]"#).contains("closest format web-item, but stats"));
    assert!(refused("name;age\n1;2\n").contains("its first line is \"name;age\""));
    assert!(refused("snapshot_utc,view\n").contains("snapshot_utc, views"));
    assert!(refused(b"PK\x03\x04rest").contains("zip archive whose index, at its end, cannot be read"));
    // It is given up after a thousand records, not after all.
    let many = r#"{"foo":1}"#.to_owned() + "\n";
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("x", Box::new(Cursor::new(many.repeat(5000))));
    assert!(files::read(input, Options::default(), &mut items).is_err());
    assert_eq!(items.len() as u64, files::UNKNOWN_RECORDS_MAX);
}

#[test]
fn a_torn_gzip_gives_what_comes_before() {
    let lines: String = (1..=20_000).map(|id| item(id) + "\n").collect();
    let list = format!("[{}]", lines.trim_end().replace('\n', ","));
    for text in [lines, list] {
        let packed = gzip(text.as_bytes());
        for cut in [packed.len() - 5, packed.len() / 2] {
            let out = read(&packed[..cut]);
            assert!(out.report.damage.is_some());
            let last = out.rejects.last().expect("the damage");
            assert!(last.reason.contains("damaged here and ends early"), "{}", last.reason);
            assert!(out.rejects.len() <= 2);
            let ids = out.ids();
            assert!(ids.len() > 1000 && ids.len() >= 20_000 * cut / packed.len() * 9 / 10, "{}", ids.len());
            assert!((1..).zip(&ids).all(|(want, id)| want == *id));
        }
        let twice = [packed.clone(), packed].concat();
        assert_eq!(
            try_read("x", Cursor::new(twice), 1).map(|out| out.ids().len() >= 20_000).ok(),
            Some(true)
        );
    }
}

#[test]
fn series_are_read_from_archives_and_named_by_their_files() {
    let points =
        b"2025-03-25 12:30:23\t4211\n2025-03-25 15:16:42\t16399999\r\nnonsense\n\n2025-03-25 18:20:32\t1\n";
    let csv = b"snapshot_utc,rank,challenge_id,title,views,description\n2024-03-29T15:47:02Z,1,7551,#Cat,4.6B views,\"a, \"\"b\"\"\nc\"\n2024-03-29T15:47:02Z,1,7551,#Cat\nsnapshot_utc,rank,challenge_id,title,views,description\nx,1,7551,#Cat,5,\n";
    let archive = tar(&[
        ("data/good spirits.txt", points),
        ("data/discover.csv", csv),
        ("data/items.ndjson.gz", &gzip(item(11).as_bytes())),
        ("tags.txt", b"cat -- #titles\n"),
    ]);
    for bytes in [gzip(&archive), archive] {
        let out = try_read("a.tar", Cursor::new(bytes), 1).expect("known");
        assert_eq!(out.ids(), [11]);
        let named = |name: &str| out.hashtags.iter().filter(|h| h.tag.tag.name() == name).collect::<Vec<_>>();
        let views: Vec<_> = named("good spirits").iter().map(|h| h.counts.views.map(|c| c.value())).collect();
        assert_eq!(views, [Some(4211), Some(16_399_999), Some(1)]);
        let cat = named("Cat");
        assert_eq!((cat.len(), cat[0].tag.id.map(|id| id.get())), (1, Some(7551)));
        assert_eq!(cat[0].details.description.as_deref(), Some("a, \"b\"\nc"));
        let rejects: Vec<_> = out.rejects.iter().map(|r| format!("{}: {}", r.place, r.reason)).collect();
        assert_eq!(rejects.len(), 4, "{rejects:?}");
        assert!(rejects[0].starts_with("a.tar/data/good spirits.txt line 3: there is no tab"), "{rejects:?}");
        assert!(rejects[1].starts_with("a.tar/data/discover.csv line 4: the row has 4 cells"), "{rejects:?}");
        assert!(rejects[2].contains("line 6: snapshot_utc: \"x\" is not a time"), "{rejects:?}");
        assert!(rejects[3].starts_with("a.tar/tags.txt: neither JSON nor a known text"), "{rejects:?}");
    }
    let error = try_read("-", Cursor::new(points), 1).err().expect("no name").to_string();
    assert!(error.contains("named after its tag"), "{error}");
}

#[test]
fn an_open_quote_costs_no_more_than_a_record() {
    let mut csv = b"snapshot_utc,title,views\n2024-03-29T15:47:02Z,\"cat,5\n".to_vec();
    let row = b"2024-03-29T15:47:02Z,dog,5\n";
    csv.extend(row.repeat(100_000));
    let out = read(&csv);
    assert!(out.reason().contains("a quote may not be closed"));
    assert_eq!(out.hashtags.len(), 100_000);
}

#[test]
fn a_record_that_is_too_long_is_passed_over() {
    let long = format!(
        r#"{{"id":"1","createTime":1700000000,"desc":"{}"}}"#,
        "x".repeat(RECORD_BYTES_MAX + (1 << 20))
    );
    for text in [
        format!("{}\n{long}\n{}\n", item(11), item(12)),
        format!("{long}\n{}\n{}\n", item(11), item(12)),
        format!("[{},{long},{}]", item(11), item(12)),
        format!(r#"{{"x":1,"collector":[{},{long},{}],"zip":"y"}}"#, item(11), item(12)),
    ] {
        for threads in [1, 2] {
            let out = try_read("x", Cursor::new(text.clone()), threads).expect("known");
            assert_eq!(out.ids(), [11, 12]);
            assert!(out.reason().contains("longer than"), "{}", out.reason());
        }
    }
}

/// A document too large to buffer, generated as it is read.
struct Endless {
    made: Vec<u8>,
    next: u64,
    records: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.made.is_empty() && self.next <= self.records {
            self.made = if self.next == 0 {
                br#"{"extra":{"now":1668048634000},"itemList":["#.to_vec()
            } else {
                Vec::new()
            };
            for _ in 0..1000 {
                let comma = if self.next == 0 { "" } else { "," };
                self.next += 1;
                self.made.extend(format!("{comma}{}", item(self.next)).bytes());
            }
            if self.next > self.records {
                self.made.extend(b"]}");
            }
        }
        let bytes = buffer.len().min(self.made.len());
        buffer[..bytes].copy_from_slice(&self.made[..bytes]);
        self.made.drain(..bytes);
        Ok(bytes)
    }
}

#[test]
fn a_document_larger_than_may_be_buffered_streams() {
    let records = 400_000;
    let out = try_read("x", Endless { made: Vec::new(), next: 0, records }, 1).expect("known");
    assert!(out.report.bytes_read > RECORD_BYTES_MAX as u64);
    assert_eq!(out.videos.len() as u64, records + 1000);
    assert!(out.videos.iter().all(|v| v.observed_at.map(|at| at.as_ms()) == Some(1_668_048_634_000)));
}

#[test]
fn the_same_record_has_the_same_digest_and_another_time_another() {
    let at = |time: u64| format!(r#"{{"_fetched_at":{time},"aweme":{{"aweme_id":"13","desc":"x"}}}}"#);
    let out = read([at(1_700_000_000), at(1_700_000_000), at(1_700_000_001)].join("\n"));
    let digests: Vec<_> = out.videos.iter().map(|video| video.digest).collect();
    assert!(digests[0] == digests[1] && digests[1] != digests[2]);
}

#[test]
fn a_sink_can_stop_the_reading() {
    struct Three(u32);
    impl files::Sink for Three {
        fn item(&mut self, _: Item) -> std::ops::ControlFlow<()> {
            self.0 += 1;
            if self.0 == 3 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
        }
    }
    let text: String = (1..=100_000).map(|id| item(id) + "\n").collect();
    for threads in [1, 2] {
        let mut sink = Three(0);
        let options = Options { threads: NonZeroUsize::new(threads).expect("not 0"), ..Options::default() };
        let input = files::from_reader("x", Box::new(Cursor::new(text.clone())));
        let report = files::read(input, options, &mut sink).expect("known");
        assert!(report.is_stopped && sink.0 == 3);
    }
}
