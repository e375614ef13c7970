//! Types, lists and structs, and how they become the columns of a table.

use super::{column, file, mapped, read_mapped, try_read_with};
use domain::Source;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use sources::files::Options;
use std::io::Write;

fn bytes(texts: &[&str]) -> Vec<ByteArray> {
    texts.iter().map(|text| ByteArray::from(*text)).collect()
}

/// Ids as unsigned numbers, captions of which one is missing, and plays as doubles; in two row groups.
fn posts(compression: Compression) -> Vec<u8> {
    let schema =
        "required int64 id (INTEGER(64,false)); optional binary caption (STRING); optional double plays;";
    file(schema, compression, 2, &|number, group| {
        let first = 7_476_450_316_014_498_871 + 3 * number as i64;
        column::<Int64Type>(group, &[first, first + 1, first + 2], None, None);
        column::<ByteArrayType>(group, &bytes(&["a #cat", "🐈 #dog"]), Some(&[1, 0, 1]), None);
        column::<DoubleType>(group, &[458_700.0, 17.0, 1e6], Some(&[1, 1, 1]), None);
    })
}

const COLUMNS: [&str; 3] = ["id=video_id", "caption=caption", "plays=plays"];

#[test]
fn rows_are_read_in_their_order_from_all_codecs() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::BROTLI(Default::default()),
    ] {
        let out = read_mapped(&posts(compression), &COLUMNS);
        assert_eq!(out.ids(), (7_476_450_316_014_498_871..).take(6).collect::<Vec<_>>(), "{compression:?}");
        assert_eq!(out.captions(), ["a #cat", "", "🐈 #dog", "a #cat", "", "🐈 #dog"]);
        assert_eq!(out.plays()[..3], [Some(458_700), Some(17), Some(1_000_000)]);
        assert_eq!(out.rejects, []);
    }
}

#[test]
fn a_file_is_read_from_disk_and_through_packings() {
    let parquet = posts(Compression::SNAPPY);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&parquet).expect("to memory");
    assert_eq!(read_mapped(&gzip.finish().expect("to memory"), &COLUMNS).videos.len(), 6);
    let mut disk = tempfile::NamedTempFile::new().expect("room");
    disk.write_all(&parquet).expect("room");
    let mut items = Vec::new();
    let input = sources::files::open(disk.path()).expect("it is there");
    let report = sources::files::read(input, mapped(&COLUMNS), &mut items).expect("a table");
    assert_eq!((report.observations_total(), report.rejects), (6, 0));
    assert!(report.bytes_read > 0);
}

#[test]
fn a_row_that_cannot_be_used_is_rejected_by_its_number() {
    let schema = "required int64 id; required binary caption (STRING);";
    let parquet = file(schema, Compression::SNAPPY, 2, &|_, group| {
        column::<Int64Type>(group, &[7_100_000_000_000_000_011, -5], None, None);
        column::<ByteArrayType>(
            group,
            &[ByteArray::from("ok"), ByteArray::from(&b"caf\xe9"[..])],
            None,
            None,
        );
    });
    let out = read_mapped(&parquet, &["id=video_id", "caption=caption"]);
    assert_eq!(out.ids(), [7_100_000_000_000_000_011; 2]);
    let places: Vec<_> = out.rejects.iter().map(|reject| (reject.place.line, reject.place.record)).collect();
    assert_eq!(places, [(None, Some(2)), (None, Some(4))]);
    assert!(out.rejects[0].reason.contains("caption: not UTF-8"), "{}", out.rejects[0].reason);
}

#[test]
fn structs_are_taken_apart_and_lists_become_json() {
    let schema = "
        required int64 id;
        optional group stats { optional int64 playCount; optional group more { required int32 n; } }
        optional group tags (LIST) { repeated group list { optional binary element (STRING); } }
        optional group challenges (LIST) { repeated group list { optional group element {
            optional int64 id; optional binary title (STRING); } } }
        repeated int32 plain;
        optional group old (LIST) { repeated binary array (STRING); }
        optional group map (MAP) { repeated group key_value { required binary key (STRING); optional double value; } }
        optional group nested (LIST) { repeated group list { optional group element (LIST) {
            repeated group list { optional boolean element; } } } }";
    let parquet = file(schema, Compression::SNAPPY, 1, &|_, group| {
        column::<Int64Type>(
            group,
            &[7_100_000_000_000_000_011, 7_100_000_000_000_000_012, 7_100_000_000_000_000_013],
            None,
            None,
        );
        // Of the third, the struct itself is missing.
        column::<Int64Type>(group, &[17], Some(&[2, 1, 0]), None);
        column::<Int32Type>(group, &[5], Some(&[2, 1, 0]), None);
        // Two texts with one that is missing between them; an empty list; no list.
        column::<ByteArrayType>(
            group,
            &bytes(&["cat", "do\"g"]),
            Some(&[3, 2, 3, 1, 0]),
            Some(&[0, 1, 1, 0, 0]),
        );
        column::<Int64Type>(group, &[1, 2], Some(&[4, 4, 2, 0, 1]), Some(&[0, 1, 1, 0, 0]));
        column::<ByteArrayType>(group, &bytes(&["a"]), Some(&[4, 3, 2, 0, 1]), Some(&[0, 1, 1, 0, 0]));
        column::<Int32Type>(group, &[1, 2, 3], Some(&[1, 1, 0, 1]), Some(&[0, 1, 0, 0]));
        column::<ByteArrayType>(group, &bytes(&["x"]), Some(&[2, 0, 1]), Some(&[0, 0, 0]));
        column::<ByteArrayType>(group, &bytes(&["k", "l"]), Some(&[2, 2, 1, 0]), Some(&[0, 1, 0, 0]));
        column::<DoubleType>(group, &[1.5], Some(&[3, 2, 1, 0]), Some(&[0, 1, 0, 0]));
        // [[true, null], []], [null], null
        column::<BoolType>(group, &[true], Some(&[5, 4, 3, 2, 0]), Some(&[0, 2, 1, 0, 0]));
    });
    let cells = |name: &str| {
        let out = read_mapped(&parquet, &["id=video_id", &format!("{name}=caption")]);
        assert_eq!(out.videos.len(), 3, "{:?}", out.rejects);
        out.videos.into_iter().map(|video| video.details.title).collect::<Vec<_>>()
    };
    assert_eq!(cells("stats.playCount"), ["17", "", ""]);
    assert_eq!(cells("stats.more.n"), ["5", "", ""]);
    assert_eq!(cells("tags"), ["[\"cat\",null,\"do\\\"g\"]", "[]", ""]);
    assert_eq!(
        cells("challenges"),
        ["[{\"id\":1,\"title\":\"a\"},{\"id\":2,\"title\":null},null]", "", "[]"]
    );
    assert_eq!(cells("plain"), ["[1,2]", "[]", "[3]"]);
    assert_eq!(cells("old"), ["[\"x\"]", "", "[]"]);
    assert_eq!(cells("map"), ["{\"k\":1.5,\"l\":null}", "{}", ""]);
    assert_eq!(cells("nested"), ["[[true,null],[]]", "[null]", ""]);
}

#[test]
fn lists_of_tags_are_tags() {
    let schema = "required int64 id; optional group tags (LIST) { repeated group list { optional binary element (STRING); } }";
    let parquet = file(schema, Compression::ZSTD(ZstdLevel::default()), 1, &|_, group| {
        column::<Int64Type>(group, &[7_100_000_000_000_000_011, 7_100_000_000_000_000_012], None, None);
        column::<ByteArrayType>(group, &bytes(&["cat", "thánhai"]), Some(&[3, 3, 1]), Some(&[0, 1, 0]));
    });
    let out = read_mapped(&parquet, &["id=video_id", "tags=hashtags"]);
    let tags: Vec<Vec<_>> =
        out.videos.iter().map(|video| video.tags.iter().map(|tag| tag.tag.name()).collect()).collect();
    assert_eq!(tags, [vec!["cat", "thánhai"], vec![]]);
}

#[test]
fn a_known_table_is_read_without_a_mapping() {
    let schema =
        "required binary webVideoUrl (STRING); required binary text (STRING); required int64 playCount;
        optional binary createTimeISO (STRING); required binary authorMeta.name (STRING);";
    let parquet = file(schema, Compression::SNAPPY, 1, &|_, group| {
        column::<ByteArrayType>(
            group,
            &bytes(&["https://www.tiktok.com/@a/video/7100000000000000011"]),
            None,
            None,
        );
        column::<ByteArrayType>(group, &bytes(&["bed 1 #gardening"]), None, None);
        column::<Int64Type>(group, &[1_200], None, None);
        column::<ByteArrayType>(group, &[], Some(&[0]), None);
        column::<ByteArrayType>(group, &bytes(&["a"]), None, None);
    });
    let out = try_read_with(&parquet, Options::default()).expect("Apify's columns");
    assert_eq!((out.ids(), out.plays()), (vec![7_100_000_000_000_000_011], vec![Some(1_200)]));
    assert_eq!((out.videos[0].source, out.videos[0].details.author.unique_id.as_str()), (Source::Apify, "a"));
    let unknown = try_read_with(&posts(Compression::SNAPPY), Options::default()).expect_err("no known table");
    let why = unknown.to_string();
    assert!(
        why.contains("a Parquet file; ") && why.contains("--map") && why.contains("id, caption, plays"),
        "{why}"
    );
}
