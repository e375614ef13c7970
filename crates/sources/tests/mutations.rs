//! Bytes nobody meant to be a file: never a panic, and in NDJSON never the loss of a record beside a bad one.

use domain::Observation;
use proptest::prelude::*;
use sources::files::{self, Item, Options};
use std::io::Cursor;
use std::num::NonZeroUsize;

/// Video ids that are read from these bytes. `None` if the content is refused as a whole.
fn ids(bytes: &[u8], threads: usize) -> Option<Vec<u64>> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("x.txt", Box::new(Cursor::new(bytes.to_vec())));
    let options = Options { threads: NonZeroUsize::new(threads).expect("not 0"), ..Options::default() };
    files::read(input, options, &mut items).ok()?;
    let videos = items.into_iter().filter_map(|item| match item {
        Item::Observation(Observation::Video(video)) => Some(video.id.get()),
        _ => None,
    });
    Some(videos.collect())
}

const RECORDS: [&str; 8] = [
    r#"{"id":"11","desc":"a \"b\" \ud83d\ude00","createTime":1700000000,"author":{"id":"3","uniqueId":"me"},"stats":{"playCount":5},"challenges":[{"id":"7551","title":"cat","desc":"x"}],"textExtra":[{"hashtagName":"cat"}]}"#,
    r#"{"id":1,"timestamp_collected":1741350559037,"data":{"id":"11","createTime":1700000000,"statsV2":{"playCount":"500"}}}"#,
    r#"{"_fetched_at":"2025-06-13T00:31:37Z","aweme":{"aweme_id":"11","statistics":{"play_count":16399999},"cha_list":[{"cid":"5","cha_name":"b"}]}}"#,
    r#"{"id":"11","authorMeta":{"id":"1","name":"a"},"hashtags":[{"id":"3","name":"x"}],"playCount":10100}"#,
    r#"{"itemList":[{"id":"11","createTime":1700000000,"stats":{"playCount":5}}],"extra":{"now":1668048634000}}"#,
    r##"{"code":0,"msg":"success","data":{"videos":[{"video_id":"11","title":"a #Cat","play_count":5,"digg_count":"3"}]}}"##,
    r##"{"id":"11","text":"#a\ud83d\ude00","createTimeISO":"2023-11-14T22:13:20.000Z","webVideoUrl":"https://www.tiktok.com/@me/video/","authorMeta.name":"me","playCount":5}"##,
    r##"{"id":"11","extractor_key":"TikTok","title":"a #Cat","timestamp":1700000000,"view_count":5,"epoch":1741350559}"##,
];

/// A change of a record that makes no new lines.
#[derive(Debug, Clone)]
enum Change {
    Replace(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Cut(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = any::<u8>().prop_filter("no new line", |b| *b != b'\n');
    let telling = prop::sample::select(b"{}[]\",:\\0e-".to_vec());
    let byte = prop_oneof![byte, telling];
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (at(), 1..20_usize).prop_map(|(at, len)| Change::Remove(at, len)),
        (at(), prop::collection::vec(byte, 1..8)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        at().prop_map(Change::Cut),
    ]
}

fn changed(record: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = record.as_bytes().to_vec();
    for change in changes {
        match change {
            _ if bytes.is_empty() => {}
            Change::Replace(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Remove(at, len) => {
                let at = at.index(bytes.len());
                bytes.drain(at..bytes.len().min(at + len));
            }
            Change::Insert(at, inserted) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, inserted.iter().copied());
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_changed_record_does_not_touch_its_neighbours(
        which in 0..RECORDS.len(),
        neighbour in 0..RECORDS.len(),
        changes in prop::collection::vec(change(), 1..4),
        is_between: bool,
    ) {
        let good = |id: &str| RECORDS[neighbour].replace("\"11\"", &format!("{id:?}")).into_bytes();
        let bad = changed(RECORDS[which], &changes);
        let lines = if is_between {
            [good("900000001"), bad, good("900000002")]
        } else {
            [bad, good("900000001"), good("900000002")]
        };
        let read = ids(&lines.join(&b"\n"[..]), 1);
        let ours: Vec<_> = read.iter().flatten().copied().filter(|id| *id / 10 == 90_000_000).collect();
        prop_assert_eq!(ours, [900_000_001, 900_000_002]);
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes: Vec<u8>, text in r#"[\[\]{}",:\\ \n0-9ae]{0,60}"#) {
        ids(&bytes, 1);
        ids(text.as_bytes(), 1);
        for magic in [&b"\x1f\x8b\x08\0\0\0\0\0\0\0"[..], b"[", b"{\"itemList\":[", b"snapshot_utc,views,title\n", b"2025-03-25 12:30:23\t1\n"] {
            ids(&[magic, &bytes].concat(), 1);
            ids(&[magic, text.as_bytes()].concat(), 1);
        }
    }

    #[test]
    fn threads_read_the_same_in_the_same_order(
        parts in prop::collection::vec((0..RECORDS.len(), prop::option::of(prop::collection::vec(change(), 1..3))), 1..40),
    ) {
        let lines: Vec<Vec<u8>> = (1..).zip(&parts).map(|(number, (which, changes))| {
            let record = RECORDS[*which].replace("\"11\"", &format!("\"{number}\""));
            changes.as_ref().map_or_else(|| record.clone().into_bytes(), |changes| changed(&record, changes))
        }).collect();
        let bytes = [RECORDS[0].as_bytes(), &lines.join(&b"\n"[..])].join(&b"\n"[..]);
        prop_assert_eq!(ids(&bytes, 3), ids(&bytes, 1));
    }
}
