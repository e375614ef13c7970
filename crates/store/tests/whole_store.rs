//! Iterating over everything stored, part by part: readings of many hashtags, and all videos.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, HashtagObservation, HashtagRow, Source, Tag, Timestamp, fragment};
use std::ops::RangeInclusive;
use store::Store;
use store::record::{Prepared, PreparedVideo};
use store::snapshots::HashtagReading;
use store::videos::{VideoRow, VideoUnder};
use testkit::TestStore;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + seconds * 1000)
}

fn tag(name: &str) -> TagRef {
    TagRef { tag: Tag::new(name).expect("a tag"), id: None }
}

fn reading(name: &str, at_s: i64, source: Source, views: u64) -> Prepared {
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: tag(name),
        source,
        observed_at: Some(at(at_s)),
        counts: HashtagCounts { views: Count::rounded(views), ..HashtagCounts::default() },
        details: HashtagDetails::default(),
    }))
}

fn video(id: u64, author: Option<u64>, plays: u64, tags: &[&str]) -> Prepared {
    let (id, digest) = (id.try_into().expect("an id"), id);
    let counts = VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest,
        source: Source::WebItem,
        observed_at: Some(at(1)),
        author: author.map(|author| author.try_into().expect("an id")),
        handle: None,
        create_time: Some(1_700_000_000),
        region: "DE".parse().ok(),
        tags: tags.iter().map(|name| tag(name)).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

async fn record(store: &Store, prepared: impl IntoIterator<Item = Prepared>) {
    store.record_all(prepared.into_iter().collect()).await.expect("recorded");
}

/// Returns the readings of a range, read in parts of so many.
async fn in_parts(store: &Store, hashtags: RangeInclusive<HashtagRow>, limit: u32) -> Vec<HashtagReading> {
    let mut all: Vec<HashtagReading> = Vec::new();
    loop {
        let part = store.hashtag_readings(hashtags.clone(), all.last(), limit).await.expect("readings");
        let is_last = part.len() < limit as usize;
        all.extend(part);
        if is_last {
            return all;
        }
    }
}

async fn one_by_one(store: &Store, hashtags: RangeInclusive<u32>) -> Vec<HashtagReading> {
    let mut all = Vec::new();
    for hashtag in hashtags.map(HashtagRow) {
        let series = store.hashtag_snapshots(hashtag, None, u32::MAX).await.expect("a series");
        all.extend(series.into_iter().map(|snapshot| HashtagReading { hashtag, snapshot }));
    }
    all
}

async fn rows(store: &Store, rows: RangeInclusive<u64>) -> Vec<VideoUnder> {
    let rows = VideoRow(*rows.start())..=VideoRow(*rows.end());
    store.videos_of_rows(rows).await.expect("videos")
}

testkit::on_each_backend! {
    async fn readings_of_many_hashtags_are_those_of_each_whatever_the_parts(fixture: &TestStore) {
        let store = fixture.store();
        let range = |first, last| HashtagRow(first)..=HashtagRow(last);
        assert_eq!(in_parts(store, range(1, 9), 10).await, []);
        // One after another, so that they get the rows 1 to 5.
        for (id, name) in (1..).zip(["cat", "dog", "silent", "fox", "owl"]) {
            record(store, [video(id, None, 1, &[name])]).await;
        }
        // Two sources have readings of one moment, and hashtags alternate over many months.
        let month_s = 31 * 86_400;
        for turn in 0..4 {
            let read = ["fox", "cat", "dog", "owl"].into_iter().flat_map(|name| {
                [Source::WebChallenge, Source::Series]
                    .map(|source| reading(name, turn * month_s, source, 12_345_678 + turn.unsigned_abs()))
            });
            record(store, read).await;
        }
        let all = one_by_one(store, 1..=5).await;
        assert_eq!(all.len(), 4 * 4 * 2);
        for limit in [1, 2, 3, 7, 31, 32, 33, u32::MAX] {
            assert_eq!(in_parts(store, range(1, 5), limit).await, all, "{limit}");
        }
        assert_eq!(in_parts(store, range(2, 4), 3).await, one_by_one(store, 2..=4).await);
        assert_eq!(in_parts(store, range(3, 3), 3).await, []);
        assert_eq!(in_parts(store, range(6, 9), 3).await, []);
    }

    async fn all_videos_are_read_in_storage_order(fixture: &TestStore) {
        let store = fixture.store();
        assert_eq!(rows(store, 1..=10).await, []);
        let videos = [
            video(30, Some(7), 300, &["cat", "dog"]),
            video(10, None, 100, &[]),
            video(20, Some(5), 200, &["cat"]),
            video(40, None, 400, &["dog"]),
        ];
        record(store, videos).await;
        assert_eq!(store.catalog_size().await.expect("a size").videos, 4);
        let all = rows(store, 1..=4).await;
        let ids: Vec<u64> = all.iter().map(|video| video.id.get()).collect();
        assert_eq!(ids, [30, 10, 20, 40], "one without a hashtag is among them");
        assert_eq!((all[1].author, &all[1].tags[..]), (None, &[][..]));
        assert_eq!(all[1].counts.plays, Count::exact(100));
        assert_eq!([rows(store, 1..=2).await, rows(store, 3..=9).await].concat(), all);
        assert_eq!(rows(store, 5..=9).await, []);
        for hashtag in [HashtagRow(1), HashtagRow(2)] {
            let under = store.videos_under(hashtag, None, 10).await.expect("videos").videos;
            assert_eq!(under.len(), 2);
            for video in under {
                assert!(all.contains(&video), "{video:?} is the same either way");
            }
        }
    }
}
