//! Text that is not UTF-8, in every kind of text file.

use super::{Out, mapping, read, refused, try_read};
use sources::files::Options;

const ID: u64 = 7_576_322_311_435_845_632;

fn encoded(label: &str, text: &str) -> Vec<u8> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("an encoding");
    match label {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => encoding.encode(text).0.into_owned(),
    }
}

fn stated(label: &str, bytes: &[u8], columns: &[&str]) -> Out {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
    try_read(bytes, Options { encoding, ..mapping(columns) }).expect("read")
}

const COLUMNS: [&str; 3] = ["id=video_id", "caption=caption", "plays=plays"];

#[test]
fn a_table_is_read_in_the_encoding_that_is_stated() {
    for (label, tag) in [
        ("windows-1252", "café"),
        ("iso-8859-1", "Málaga"),
        ("windows-1251", "кошка"),
        ("windows-1250", "kočka"),
        ("shift_jis", "猫"),
        ("euc-kr", "고양이"),
        ("gbk", "猫咪"),
        ("utf-16le", "fútbol🐈"),
        ("utf-16be", "fútbol🐈"),
        ("utf-8", "café"),
    ] {
        let text = format!("id,caption,plays\r\n{ID},un #{tag} x,1200\r\n");
        let out = stated(label, &encoded(label, &text), &COLUMNS);
        assert_eq!((out.tags(), out.plays()), (vec![vec![tag]], vec![Some(1200)]), "{label}");
        let json = format!(r##"[{{"id":"{ID}","caption":"#{tag}","plays":5}}]"##);
        assert_eq!(stated(label, &encoded(label, &json), &COLUMNS).tags(), [[tag]], "{label}");
        let lines =
            format!("{{\"id\":\"{ID}\",\"caption\":\"#{tag}\"}}\n{{\"id\":\"1\",\"caption\":\"#{tag}\"}}\n");
        assert_eq!(stated(label, &encoded(label, &lines), &COLUMNS[..2]).tags(), [[tag], [tag]], "{label}");
    }
}

#[test]
fn utf_16_says_so_itself() {
    for (mark, label) in [([0xff, 0xfe], "utf-16le"), ([0xfe, 0xff], "utf-16be")] {
        for text in [
            format!("id\tcaption\tplays\n{ID}\t#café\t1200\n"),
            format!(r##"[{{"id":{ID},"caption":"#café","plays":1200}}]"##),
        ] {
            let bytes = [&mark[..], &encoded(label, &text)].concat();
            let out = read(&bytes, &COLUMNS);
            assert_eq!((out.tags(), out.plays()), (vec![vec!["café"]], vec![Some(1200)]));
        }
    }
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_line_and_the_advice() {
    let advice = |out: &Out, line: u64| {
        let [(at, reason)] = out.reasons()[..] else { panic!("{:?}", out.reasons()) };
        assert_eq!(at, Some(line));
        assert!(
            reason.starts_with("not UTF-8 (byte 0xe9)") && reason.contains("--encoding windows-1252"),
            "{reason}"
        );
    };
    for (end, quote) in [("\n", ""), ("\r\n", "\""), ("\r", "")] {
        let mut bytes = format!("id,caption,plays{end}{ID},{quote}un #caf").into_bytes();
        bytes.extend([0xe9]);
        bytes.extend(format!("{quote},1{end}{ID},#caf,7{end}").into_bytes());
        let out = read(&bytes, &COLUMNS);
        advice(&out, 2);
        assert_eq!(
            (out.tags(), out.plays()),
            (vec![vec!["caf"]], vec![Some(7)]),
            "the tag of the second row only"
        );
    }
    let json = [
        &b"{\"id\":\"5\",\"createTime\":1700000000,\"desc\":\"#caf"[..],
        b"\xe9\"}\n{\"id\":\"6\",\"createTime\":1700000000,\"desc\":\"#caf\"}\n",
    ]
    .concat();
    let out = read(&json, &[]);
    advice(&out, 1);
    assert_eq!(out.ids(), [6]);
    let out = read(&json, &["id=video_id", "desc=caption"]);
    advice(&out, 1);
    let series = [
        &b"snapshot_utc,challenge_id,challenge_name,views\n2024-01-01,1,caf"[..],
        b"\xe9,5\n2024-01-01,1,caf,6\n",
    ]
    .concat();
    let out = read(&series, &[]);
    advice(&out, 2);
    assert_eq!(out.hashtags.len(), 1);
    let apify =
        [&b"id,text,webVideoUrl,playCount\n5,#caf"[..], b"\xe9,https://www.tiktok.com/@a/video/5,1\n"]
            .concat();
    advice(&read(&apify, &[]), 2);
    let header = b"id,l\xe9gende,plays\n5,a,1\n";
    assert!(refused(header, &["id=video_id"]).contains("line 1: not UTF-8 (byte 0xe9)"));
}

#[test]
fn bytes_that_are_not_of_the_stated_encoding_refuse_their_record() {
    let mut bytes = format!("id,caption,plays\n{ID},#").into_bytes();
    bytes.extend([0x81, 0xff]);
    bytes.extend(format!(",5\n{ID},#b,6\n").into_bytes());
    let out = stated("shift_jis", &bytes, &COLUMNS);
    assert_eq!(
        (out.plays(), out.reasons()),
        (vec![Some(6)], vec![(Some(2), "bytes that are not Shift_JIS, as --encoding says")])
    );
}
