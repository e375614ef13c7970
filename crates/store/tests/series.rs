//! The real series, 377 hashtags over four years: at most a quarter of their readings is a row, and each reading is answered
//! as the files have it. They lie in `../shared/data` beside the repository where it is developed.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef};
use domain::{Count, HashtagObservation, Source, Tag, Timestamp};
use std::io::Read;
use std::path::Path;
use std::sync::mpsc;
use store::record::Prepared;
use store::snapshots::Snapshot;
use store::{Store, StoreOptions};

/// A hashtag's readings as its file has them.
struct Captured {
    tag: Tag,
    readings: Vec<(Timestamp, Count)>,
}

#[expect(clippy::print_stdout, reason = "what is skipped says so")]
fn captured() -> Option<Vec<Captured>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/series/hashtag-views-2022-2026.tar.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        println!("skipped: no series at {}", file.display());
        return None;
    };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut found = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").into_owned();
        if path.starts_with("data") && path.extension().is_some_and(|extension| extension == "txt") {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let readings = text.lines().map(reading).collect();
            found.push(Captured { tag: Tag::new(&name).expect("a tag"), readings });
        }
    }
    Some(found)
}

fn reading(line: &str) -> (Timestamp, Count) {
    let (at, views) = line.split_once('\t').expect("a tab");
    let views = views.trim().parse().ok().and_then(Count::displayed);
    (Timestamp::parse(at).expect("a time"), views.expect("views"))
}

fn prepared(tag: &Tag, (at, views): (Timestamp, Count)) -> Prepared {
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag: tag.clone(), id: None },
        source: Source::Series,
        observed_at: Some(at),
        counts: HashtagCounts { views: Some(views), ..HashtagCounts::default() },
        details: HashtagDetails::default(),
    }))
}

/// Records everything in transactions of a hashtag each.
async fn record(store: &Store, captured: &[Captured]) {
    for Captured { tag, readings } in captured {
        let (send, chunks) = mpsc::sync_channel(readings.len() / 1_000 + 1);
        for part in readings.chunks(1_000) {
            send.send(part.iter().map(|reading| prepared(tag, *reading)).collect()).expect("room");
        }
        drop(send);
        store.record(chunks, u64::MAX, Timestamp::from_ms(1)).await.expect("recorded");
    }
}

#[tokio::test]
async fn a_quarter_of_the_real_readings_is_rows_and_each_is_answered() {
    let Some(captured) = captured() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    record(&store, &captured).await;
    let mut readings = 0;
    for Captured { tag, readings: of_file } in &captured {
        let hashtag = store.hashtag_by_key(tag.key()).await.expect("an answer").expect("a hashtag").row;
        // Of two readings of a moment the first stays.
        let mut expected = of_file.clone();
        expected.sort_by_key(|(at, _)| *at);
        expected.dedup_by_key(|(at, _)| *at);
        let series = store.hashtag_snapshots(hashtag, None, u32::MAX).await.expect("a series");
        let views = |s: &Snapshot<HashtagCounts>| (s.observed_at, s.counts.views.expect("views"));
        assert!(series.iter().map(views).eq(expected.iter().copied()), "{}", tag.name());
        assert_eq!(store.hashtag_snapshots_count(hashtag).await.expect("a count"), expected.len() as u64);
        readings += expected.len();
    }
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    let rows: u32 =
        catalog.query_row("SELECT count(*) FROM hashtag_snapshots", [], |row| row.get(0)).expect("a number");
    assert!(rows as usize * 4 <= readings, "{rows} rows of {readings} readings");
}
