//! A 0 beside a known number is unknown, in whatever order and transactions readings arrive; and a repeated
//! reading changes nothing.

use domain::fragment;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, HashtagObservation, Source, Tag, TagKey, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use store::Store;
use store::record::{Prepared, PreparedVideo, Recorded};
use testkit::TestStore;

const SOURCES: [Source; 2] = [Source::WebItem, Source::Series];
const VIDEO: u64 = 7;

/// A reading of the hashtag and of the video: second, source, three counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Reading {
    second: i64,
    source: usize,
    counts: [Option<u64>; 3],
}

/// The stored readings by second and source.
type Series = BTreeMap<(i64, u8), [Option<u64>; 3]>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + second * 1000)
}

fn tag() -> TagRef {
    TagRef { tag: Tag::new("cat").expect("a tag"), id: None }
}

fn prepared(reading: &Reading) -> [Prepared; 2] {
    let Reading { second, source, counts } = *reading;
    let [first, other, third] = counts.map(|count| count.and_then(Count::exact));
    let id = VIDEO.try_into().expect("an id");
    let of_video = VideoCounts { plays: first, likes: other, downloads: third, ..VideoCounts::default() };
    let mut hasher = DefaultHasher::new();
    reading.hash(&mut hasher);
    [
        Prepared::Hashtag(Box::new(HashtagObservation {
            tag: tag(),
            source: SOURCES[source],
            observed_at: Some(at(second)),
            counts: HashtagCounts { views: first, creators: other, videos: third },
            details: HashtagDetails::default(),
        })),
        Prepared::Video(Box::new(PreparedVideo {
            id,
            handle: None,
            digest: hasher.finish(),
            source: SOURCES[source],
            observed_at: Some(at(second)),
            author: None,
            create_time: None,
            region: None,
            tags: vec![tag()],
            counts: of_video,
            has_caption_tags: false,
            packed: fragment::pack(id, &VideoDetails::default(), &of_video),
        })),
    ]
}

/// Computes the expected rows from all readings at once.
fn naive(readings: &BTreeSet<Reading>) -> Series {
    let is_unknown = |reading: &Reading, n: usize| {
        reading.counts[n] == Some(0)
            && readings.iter().any(|earlier| earlier.second < reading.second && earlier.counts[n] > Some(0))
    };
    let stored = readings.iter().map(|reading| {
        let counts = std::array::from_fn(|n| reading.counts[n].filter(|_| !is_unknown(reading, n)));
        ((reading.second, SOURCES[reading.source].number()), counts)
    });
    stored.filter(|(_, counts)| counts.iter().any(Option::is_some)).collect()
}

async fn record(store: &Store, readings: &[Reading], cut: usize) -> Recorded {
    let mut recorded = Recorded::default();
    for part in readings.chunks(cut) {
        let observations = part.iter().flat_map(prepared).collect();
        recorded.add(&store.record_all(observations).await.expect("recorded"));
    }
    recorded
}

/// Returns the stored readings of the hashtag and of the video.
async fn stored(store: &Store) -> [Series; 2] {
    let key = TagKey::new("cat").expect("a tag");
    let hashtag = store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag").row;
    let second = |at: Timestamp| (at.as_ms() - 1_700_000_000_000) / 1000;
    let of_hashtag = store.hashtag_snapshots(hashtag, None, 1000).await.expect("a series").into_iter();
    let of_hashtag = of_hashtag.map(|s| {
        let HashtagCounts { views, creators, videos } = s.counts;
        ((second(s.observed_at), s.source.number()), [views, creators, videos].map(|c| c.map(Count::value)))
    });
    let id = VIDEO.try_into().expect("an id");
    let of_video = store.video_snapshots(id, None, 1000).await.expect("a series").into_iter();
    let of_video = of_video.map(|s| {
        let VideoCounts { plays, likes, downloads, .. } = s.counts;
        ((second(s.observed_at), s.source.number()), [plays, likes, downloads].map(|c| c.map(Count::value)))
    });
    [of_hashtag.collect(), of_video.collect()]
}

/// Readings with distinct pairs of second and source.
fn any_readings() -> impl Strategy<Value = Vec<Reading>> {
    let counts = || proptest::array::uniform3(proptest::option::weighted(0.8, 0_u64..3));
    let readings = proptest::collection::btree_map((0_i64..12, 0..SOURCES.len()), counts(), 1..20);
    readings
        .prop_map(|readings| {
            let reading = |((second, source), counts)| Reading { second, source, counts };
            readings.into_iter().map(reading).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

async fn zeros_are_judged_as_by_the_model(
    store: &TestStore,
    readings: &[Reading],
    cut: usize,
) -> Result<(), TestCaseError> {
    let store = store.store();
    record(store, readings, cut).await;
    let expected = naive(&readings.iter().copied().collect());
    let [of_hashtag, of_video] = stored(store).await;
    prop_assert_eq!(&of_hashtag, &expected, "the hashtag's");
    prop_assert_eq!(&of_video, &expected, "the video's");
    let before = store.sequence().await.expect("a sequence");
    let mut turned = readings.to_vec();
    turned.reverse();
    let again = record(store, &turned, cut).await;
    prop_assert_eq!(again.snapshots_new, 0, "all of it was stored");
    prop_assert_eq!(stored(store).await, [expected.clone(), expected]);
    // The video's record differs from the last one, so that it may count as changed; the hashtag alone does
    // not.
    let alone = readings.iter().map(|reading| prepared(reading).into_iter().next().expect("the hashtag's"));
    let sequence = store.sequence().await.expect("a sequence");
    store.record_all(alone.collect()).await.expect("recorded");
    prop_assert_eq!(store.sequence().await.expect("a sequence"), sequence, "nothing changed");
    prop_assert!(sequence >= before);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn zeros_are_unknown_in_any_order(readings in any_readings(), cut in 1_usize..8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let store = TestStore::sqlite().await.expect("always here");
            zeros_are_judged_as_by_the_model(&store, &readings, cut).await
        })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a file.
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn zeros_are_unknown_on_postgres_too(readings in any_readings(), cut in 1_usize..8) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let Some(store) = TestStore::postgres().await else { return Ok(()) };
            zeros_are_judged_as_by_the_model(&store, &readings, cut).await
        })?;
    }
}

/// Several readings of one moment and source, in any number of transactions.
async fn readings_of_one_moment_become_one(
    store: &TestStore,
    readings: &[Reading],
    cut: usize,
) -> Result<(), TestCaseError> {
    let one_by_one = TestStore::sqlite().await.expect("always here");
    record(one_by_one.store(), readings, 1).await;
    record(store.store(), readings, cut).await;
    prop_assert_eq!(stored(store.store()).await, stored(one_by_one.store()).await);
    Ok(())
}

fn any_repeats() -> impl Strategy<Value = Vec<Reading>> {
    let counts = proptest::array::uniform3(proptest::option::weighted(0.7, 0_u64..3));
    let reading = (0_i64..3, 0..SOURCES.len(), counts);
    let reading = reading.prop_map(|(second, source, counts)| Reading { second, source, counts });
    proptest::collection::vec(reading, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn repeats_are_filled_however_they_are_cut(readings in any_repeats(), cut in 2_usize..12) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let store = TestStore::sqlite().await.expect("always here");
            readings_of_one_moment_become_one(&store, &readings, cut).await
        })?;
    }
}

#[cfg(unix)]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn repeats_are_filled_on_postgres_too(readings in any_repeats(), cut in 1_usize..12) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let Some(store) = TestStore::postgres().await else { return Ok(()) };
            readings_of_one_moment_become_one(&store, &readings, cut).await
        })?;
    }
}

#[tokio::test]
async fn a_reading_is_filled_by_the_next_of_its_moment() {
    let reading = |counts| Reading { second: 5, source: 0, counts };
    let readings = [
        reading([Some(0), Some(0), None]),
        reading([None, Some(7), None]),
        reading([Some(9), Some(9), Some(9)]),
    ];
    let expected: Series = [((5, SOURCES[0].number()), [Some(9), Some(7), Some(9)])].into();
    for cut in 1..=readings.len() {
        let store = TestStore::sqlite().await.expect("always here");
        let recorded = record(store.store(), &readings, cut).await;
        assert_eq!(recorded.snapshots_new, 2, "one of the hashtag, one of the video");
        assert_eq!(stored(store.store()).await, [expected.clone(), expected.clone()]);
    }
}

/// Returns a reading of the hashtag alone.
fn of_hashtag(second: Option<i64>, counts: [Option<u64>; 3]) -> Prepared {
    let [views, creators, videos] = counts.map(|count| count.and_then(Count::exact));
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: tag(),
        source: SOURCES[0],
        observed_at: second.map(at),
        counts: HashtagCounts { views, creators, videos },
        details: HashtagDetails::default(),
    }))
}

testkit::on_each_backend! {
    /// A number without a time makes a 0 unknown, and is dropped when one with a time arrives. Recorded again,
    /// the 0 is thus filled and cleared within one transaction.
    async fn a_zero_filled_and_cleared_again_is_no_change(fixture: &TestStore) {
        let store = fixture.store();
        let records = || {
            vec![
                of_hashtag(Some(5), [Some(0), Some(0), None]),
                of_hashtag(None, [Some(2), None, None]),
                of_hashtag(Some(7), [Some(3), None, None]),
            ]
        };
        let expected: Series =
            [((5, SOURCES[0].number()), [None, Some(0), None]), ((7, SOURCES[0].number()), [Some(3), None, None])].into();
        store.record_all(records()).await.expect("recorded");
        assert_eq!(stored(store).await[0], expected);
        let again = store.record_all(records()).await.expect("recorded");
        assert_eq!((again.hashtags_changed, again.snapshots_new), (0, 0));
        assert_eq!(stored(store).await[0], expected);
    }

    /// A 0 that is added and cleared within one transaction leaves the stored readings unchanged, whatever is
    /// stored of its moment.
    async fn a_zero_added_and_cleared_is_no_change(fixture: &TestStore) {
        let store = fixture.store();
        let stored = vec![of_hashtag(Some(5), [None, Some(4), None]), of_hashtag(Some(7), [Some(3), None, None])];
        store.record_all(stored).await.expect("recorded");
        for second in [5, 6] {
            let zero = of_hashtag(Some(second), [Some(0), None, None]);
            let cleared = vec![zero, of_hashtag(None, [Some(2), None, None])];
            let recorded = store.record_all(cleared).await.expect("recorded");
            assert_eq!((recorded.hashtags_changed, recorded.snapshots_new), (0, 0), "second {second}");
        }
    }

    /// A 0 that is filled and stays is a change.
    async fn a_zero_that_is_filled_is_a_change(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![of_hashtag(Some(5), [None, Some(0), None])]).await.expect("recorded");
        let filled = store.record_all(vec![of_hashtag(Some(5), [Some(0), Some(0), None])]).await.expect("recorded");
        assert_eq!((filled.hashtags_changed, filled.snapshots_new), (1, 0));
        // Cleared in another transaction, and together with an older 0.
        let cleared = vec![of_hashtag(Some(3), [Some(1), None, None])];
        let cleared = store.record_all(cleared).await.expect("recorded");
        assert_eq!((cleared.hashtags_changed, cleared.snapshots_new), (1, 1));
        let both = vec![of_hashtag(Some(5), [None, Some(0), Some(0)]), of_hashtag(Some(4), [None, Some(1), Some(1)])];
        let both = store.record_all(both).await.expect("recorded");
        assert_eq!((both.hashtags_changed, both.snapshots_new), (1, 0), "one is new, one is gone");
    }
}
