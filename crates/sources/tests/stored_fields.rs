//! The report of an import: stored fields, lacking fields, and the stated reading time.

use domain::{Clock, Observation, Source, Timestamp};
use sources::files::{self, FileReport, Item, Mapping, Options, RecordKind, StoredField, TimeOf};
use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

const ID: &str = "7000000000000000001";

fn read_as(name: &str, bytes: impl Into<Vec<u8>>, options: Options) -> (FileReport, Vec<Item>) {
    let input = files::from_reader(name, Box::new(std::io::Cursor::new(bytes.into())));
    let mut items = Vec::new();
    let report = files::read(input, options, &mut items).expect("a known format");
    (report, items)
}

fn read(text: &str) -> FileReport {
    read_as("t", text, Options::default()).0
}

fn mapped(columns: &[&str]) -> Options {
    let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
    let mapping = Mapping::parse(&columns, &[]).expect("sense");
    Options { mapping: Some(Arc::new(mapping)), ..Options::default() }
}

/// A web item; `more` is more members of its object.
fn item(id: u64, more: &str) -> String {
    format!(r##"{{"id":"{id}","desc":"d","createTime":1700000000,"challenges":[]{more}}}"##)
}

fn warnings(report: &FileReport) -> Vec<String> {
    report.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_stored_is_counted_by_format() {
    let full = r##","stats":{"playCount":5},"author":{"id":"1","uniqueId":"c"},"textExtra":[{"hashtagName":"cat"}]"##;
    let text =
        format!("{}\n{}\n", item(7_000_000_000_000_000_001, full), item(7_000_000_000_000_000_002, ""));
    let kept = read(&text).kept[&Source::WebItem];
    let videos = kept.videos;
    assert_eq!(
        (videos.records, videos.plays, videos.hashtags, videos.creator, videos.posted_at, videos.read_at),
        (2, 1, 1, 1, 2, 0)
    );
    assert!(!kept.is_nothing());
    let series = read("snapshot_utc,challenge_id,challenge_name,views\n2024-03-01 00:00:00,7551,cat,12\n");
    let hashtags = series.kept[&Source::Series].hashtags;
    assert_eq!((hashtags.records, hashtags.views, hashtags.read_at, hashtags.videos), (1, 1, 1, 0));
    let window = read("hashtag_name,video_views,crawl_date\ncat,12,2024-03-01\n");
    let windows = window.kept[&Source::CreativeCenter].windows;
    assert_eq!((windows.records, windows.views, windows.posts), (1, 1, 0));
}

#[test]
fn a_key_that_looks_like_what_is_lacking_is_named_with_the_map_that_reads_it() {
    let more = r#","stats":{"diggCount":5},"Aufrufe":12,"scrapedAt":"2024-03-01T00:00:00Z""#;
    let text =
        format!("{}\n{}\n", item(7_000_000_000_000_000_001, more), item(7_000_000_000_000_000_002, more));
    for threads in [1, 2] {
        let options = Options { threads: NonZeroUsize::new(threads).expect("not 0"), ..Options::default() };
        let (report, _) = read_as("t", text.as_str(), options);
        assert_eq!(
            warnings(&report),
            [
                "web-item: 0 of 2 videos have plays; the key \"Aufrufe\" looks like it: --map Aufrufe=plays",
                "web-item: 0 of 2 videos have a reading time; the key \"scrapedAt\" looks like it: --map \
                 scrapedAt=observed_at",
            ]
        );
        let first = &report.warnings[0];
        assert_eq!(
            (first.of, first.field, first.records, first.have),
            (RecordKind::Videos, StoredField::Plays, 2, 0)
        );
        assert!(first.is_grave() && !report.warnings[1].is_grave());
        assert_eq!(
            report.maps,
            ["id=video_id", "Aufrufe=plays", "createTime=create_time", "scrapedAt=observed_at"]
        );
    }
    // One in ten is enough for no warning.
    let known = item(7_000_000_000_000_000_003, r#","stats":{"playCount":5},"Aufrufe":12"#);
    assert_eq!(read(&format!("{known}\n{text}")).warnings.len(), 1);
}

#[test]
fn columns_that_are_not_mapped_are_named() {
    let text = format!("id,Wiedergaben,Etiketten,Gesammelt am\n{ID},12,\"cat, dog\",2024-03-01\n");
    let (report, _) = read_as("t", text.as_str(), mapped(&["id=video_id", "Etiketten=caption"]));
    assert_eq!(report.rejects, 0);
    let texts = warnings(&report);
    assert!(
        texts[0].ends_with("the column \"Wiedergaben\" looks like it: --map Wiedergaben=plays"),
        "{texts:?}"
    );
    assert!(texts.iter().any(|texts| texts.ends_with("--map 'Gesammelt am=observed_at'")), "{texts:?}");
    assert!(report.maps.is_empty(), "the others are mapped already");
    assert!(!report.warnings.iter().any(|warning| warning.is_grave()), "who maps columns may leave some out");
    assert!(report.stores_nothing(), "a caption without a hashtag measures nothing");
}

#[test]
fn a_record_of_which_nothing_could_be_stored_is_a_reject() {
    let text = format!("id,plays\n{ID},\n7000000000000000002,5\n");
    let (report, items) = read_as("t", text.as_str(), mapped(&["id=video_id", "plays=plays"]));
    assert_eq!((report.observations_total(), report.rejects), (1, 1));
    let Some(Item::Reject(reject)) = items.first() else { panic!("a reject") };
    assert!(reject.reason.starts_with("nothing to keep of this video"), "{}", reject.reason);
    assert_eq!((reject.place.line, &*reject.raw), (Some(2), format!("{ID},").as_bytes()));
    let object =
        read_as("t", format!("{{\"id\":\"{ID}\",\"plays\":null}}"), mapped(&["id=video_id", "plays=plays"]));
    assert_eq!((object.0.observations_total(), object.0.rejects), (0, 1));
}

#[test]
fn a_list_inside_an_envelope_is_named_as_what_map_does_not_reach() {
    let items =
        [item(7_000_000_000_000_000_001, ",\"vistas\":12"), item(7_000_000_000_000_000_002, ",\"vistas\":9")];
    let report = read(&format!("{{\"itemList\":[{}]}}", items.join(",")));
    let texts = warnings(&report);
    assert_eq!(
        texts,
        [
            "web-item: 0 of 2 videos have plays; the key \"itemList[].vistas\" looks like it; --map reads it when the \
          records of \"itemList\" are in a file of their own, one a line"
        ]
    );
    assert!(report.maps.is_empty());
}

#[test]
fn the_same_lack_of_many_entries_is_reported_once() {
    let mut archive = tar::Builder::new(Vec::new());
    for number in 0..100_u64 {
        let text = item(7_000_000_000_000_000_001 + number, ",\"views\":12");
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_700_000_000 + number);
        archive.append_data(&mut header, format!("d/{number}.json"), text.as_bytes()).expect("memory");
    }
    let archive = archive.into_inner().expect("memory");
    let (report, _) = read_as("t.tar", archive.clone(), Options::default());
    assert_eq!(report.warnings.len(), 1);
    assert_eq!((report.warnings[0].records, report.warnings[0].have), (100, 0));
    let options = Options { time_of: Some(TimeOf::Modified), ..Options::default() };
    let (report, items) = read_as("t.tar", archive, options);
    assert_eq!((report.times_stated, times(&items).len()), (100, 100));
    assert_eq!(times(&items)[99].to_rfc3339(), "2023-11-14T22:14:59Z");
}

fn times(items: &[Item]) -> Vec<Timestamp> {
    let at = |item: &Item| match item {
        Item::Observation(observation) => observation.observed_at(),
        Item::Reject(_) => None,
    };
    items.iter().filter_map(at).collect()
}

fn digest(items: &[Item]) -> u64 {
    match items {
        [Item::Observation(Observation::Video(video)), ..] => video.digest,
        other => panic!("no video first: {other:?}"),
    }
}

#[test]
fn a_stated_time_is_used_where_a_record_has_none_and_makes_another_reading() {
    let stated = |text: &str| Options { observed_at: Timestamp::parse(text), ..Options::default() };
    let bare = item(7_000_000_000_000_000_001, r#","stats":{"playCount":5}"#);
    let (first, items) = read_as("t", bare.as_str(), stated("2026-11-01T12:00Z"));
    assert_eq!(times(&items)[0].to_rfc3339(), "2026-11-01T12:00:00Z");
    assert_eq!((first.times_stated, first.kept[&Source::WebItem].videos.read_at), (1, 1));
    let (_, again) = read_as("t", bare.as_str(), stated("2026-11-01T12:00Z"));
    let (_, next) = read_as("t", bare.as_str(), stated("2026-11-02T12:00Z"));
    assert_eq!(digest(&items), digest(&again));
    assert_ne!(digest(&items), digest(&next), "the same record a day later is another reading");
    let page = format!("{{\"_fetched_at\":1709251200,\"itemList\":[{bare}]}}");
    let (own, items) = read_as("t", page, stated("2026-11-01T12:00Z"));
    assert_eq!((times(&items)[0].to_rfc3339().as_str(), own.times_stated), ("2024-03-01T00:00:00Z", 0));
    let table = format!("id,plays,at\n{ID},5,2024-03-01\n7000000000000000002,5,\n");
    let options = Options {
        observed_at: Timestamp::parse("2026-11-01"),
        ..mapped(&["id=video_id", "plays=plays", "at=observed_at"])
    };
    let (report, items) = read_as("t", table.as_str(), options);
    let texts: Vec<_> = times(&items).into_iter().map(Timestamp::to_rfc3339).collect();
    assert_eq!(texts, ["2024-03-01T00:00:00Z", "2026-11-01T00:00:00Z"]);
    assert_eq!(report.times_stated, 1);
}

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-30").expect("a day")
    }
}

fn named() -> Options {
    Options { time_of: Some(TimeOf::FileName), clock: Some(Arc::new(Now)), ..Options::default() }
}

#[test]
fn a_file_is_dated_by_its_name_and_refused_without_a_date_in_it() {
    let bare = item(7_000_000_000_000_000_001, r#","stats":{"playCount":5}"#);
    let (_, items) = read_as("2025-01-01/tiktok_2026-11-01T12_00.json", bare.as_str(), named());
    assert_eq!(times(&items)[0].to_rfc3339(), "2026-11-01T12:00:00Z");
    for (name, part) in [
        ("2026-11-01/items.json", "its name has no time of reading; looked for a date such as 2026-11-01"),
        (
            "2026-10-01_2026-11-01.json",
            "several times of reading (2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z)",
        ),
        ("2027-01-01.json", "is in the future"),
        ("-", "has neither a name nor a time of change"),
    ] {
        let input = files::from_reader(name, Box::new(std::io::Cursor::new(bare.clone().into_bytes())));
        let refused = files::read(input, named(), &mut Vec::new()).expect_err(name).to_string();
        assert!(refused.contains(part), "{refused}");
    }
    let called = files::from_reader("job_1", Box::new(std::io::Cursor::new(bare.into_bytes())));
    let mut items = Vec::new();
    files::read(called.called("cats 2026-11-02.json"), named(), &mut items).expect("a time");
    assert_eq!(times(&items)[0].to_rfc3339(), "2026-11-02T00:00:00Z");
}

#[test]
fn entries_of_an_archive_are_dated_by_their_own_names_or_else_by_that_of_the_archive() {
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, id) in [("d/2026-11-02.json", 1_u64), ("d/rest.json", 2), ("d/2026-11-02_2026-11-03.json", 3)]
    {
        let text = item(7_000_000_000_000_000_000 + id, r#","stats":{"playCount":5}"#);
        let (mut entry, config) = zip.new_file(name).start().expect("memory");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(text.as_bytes()).expect("memory");
        let (_, output) = writer.finish().expect("memory");
        entry.finish(output).expect("memory");
    }
    let bytes = zip.finish().expect("memory");
    let (report, items) = read_as("dumps_20261101.zip", bytes, named());
    let texts: Vec<_> = times(&items).into_iter().map(Timestamp::to_rfc3339).collect();
    assert_eq!(texts, ["2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"]);
    assert_eq!((report.rejects, report.times_stated), (1, 2));
}

#[test]
fn a_file_is_dated_by_when_it_was_changed() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(item(7_000_000_000_000_000_001, r#","stats":{"playCount":5}"#).as_bytes())
        .expect("the disk");
    let at = Timestamp::parse("2026-11-01T08:00:00Z").expect("a time");
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(at.as_seconds().unsigned_abs());
    file.as_file().set_modified(modified).expect("the disk");
    let options = Options { time_of: Some(TimeOf::Modified), ..Options::default() };
    let mut items = Vec::new();
    files::read(files::open(file.path()).expect("a file"), options.clone(), &mut items).expect("web items");
    assert_eq!(times(&items), [at]);
    let input = files::open(file.path()).expect("a file").called("upload.json");
    let refused =
        files::read(input, options, &mut Vec::new()).expect_err("an upload was not changed").to_string();
    assert!(refused.contains("nothing says when it was last changed"), "{refused}");
}

#[test]
fn encodings_are_known_by_the_names_of_browsers() {
    for (label, name) in [
        ("windows-1252", "windows-1252"),
        (" LATIN1 ", "windows-1252"),
        ("utf8", "UTF-8"),
        ("sjis", "Shift_JIS"),
    ] {
        assert_eq!(files::encoding(label).map(|encoding| encoding.name()), Ok(name));
    }
    for label in ["", "ebcdic", "utf-7", "replacement"] {
        assert!(files::encoding(label).expect_err(label).to_string().contains("windows-1252, windows-1251"));
    }
}
