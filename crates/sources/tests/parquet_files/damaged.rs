//! Files that are cut off, damaged, encrypted, or claim more than they hold.

use super::{column, file, mapped, read_mapped, try_read_with};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};

const COLUMNS: [&str; 2] = ["id=video_id", "caption=caption"];

/// Two row groups of a thousand rows.
fn posts() -> Vec<u8> {
    let schema = "required int64 id; required binary caption (STRING);";
    file(schema, Compression::SNAPPY, 2, &|number, group| {
        let first = 7_100_000_000_000_000_000 + 1_000 * number as i64;
        let ids: Vec<i64> = (first..first + 1_000).collect();
        let captions: Vec<_> = ids.iter().map(|id| ByteArray::from(format!("{id} #cat").as_str())).collect();
        column::<Int64Type>(group, &ids, None, None);
        column::<ByteArrayType>(group, &captions, None, None);
    })
}

fn refusal(bytes: &[u8]) -> String {
    try_read_with(bytes, mapped(&COLUMNS)).expect_err("it is refused").to_string()
}

#[test]
fn what_is_cut_off_or_encrypted_is_named() {
    let whole = posts();
    for (bytes, want) in [
        (&whole[..whole.len() - 1], "its end is missing, where the file says what is in it: copy it again"),
        (&whole[..1000], "its end is missing"),
        (b"PAR1", "it is too short to be one"),
        (b"PAR1\xff\xff\xff\xffPAR1", "longer than can be"),
        (b"PAR1\x00\x00\x00\x00PARE", "it is encrypted; write it again without encryption"),
        (b"PARE\x00\x00\x00\x00PARE", "it is encrypted"),
        (b"PAR1\x00\x00\x00\x00PAR1", "its footer is damaged"),
    ] {
        let why = refusal(bytes);
        assert!(why.contains("a Parquet file that cannot be read: ") && why.contains(want), "{why}");
    }
}

#[test]
fn a_damaged_page_keeps_what_is_before() {
    let whole = posts();
    assert_eq!(read_mapped(&whole, &COLUMNS).videos.len(), 2_000);
    // In the second row group.
    let mut broken = whole.clone();
    let place = whole.len() / 2 + 2_000;
    broken[place..place + 64].fill(0xff);
    let out = read_mapped(&broken, &COLUMNS);
    assert!((1_000..2_000).contains(&out.videos.len()), "{}", out.videos.len());
    assert!(out.report.damage.is_some_and(|why| why.contains("damaged here and ends early")));
    assert_eq!(out.rejects.len(), 1);
}

#[test]
fn any_changed_byte_gives_rows_rejects_or_a_reason() {
    let schema = "required int64 id; optional group tags (LIST) { repeated group list { optional binary element (STRING); } }";
    let whole = file(schema, Compression::UNCOMPRESSED, 1, &|_, group| {
        column::<Int64Type>(group, &[7_100_000_000_000_000_011, 7_100_000_000_000_000_012], None, None);
        let tags = ["cat", "dog"].map(ByteArray::from);
        column::<ByteArrayType>(group, &tags, Some(&[3, 3, 1]), Some(&[0, 1, 0]));
    });
    let options = || mapped(&["id=video_id", "tags=hashtags"]);
    assert_eq!(try_read_with(&whole, options()).expect("a table").videos.len(), 2);
    let mut refused = 0;
    for place in 4..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= change;
            match try_read_with(&bytes, options()) {
                Ok(out) => assert!(out.videos.len() <= 2, "byte {place}"),
                Err(why) => {
                    assert!(!why.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}
