//! A series as of a moment is the series that was stored then: after each step of an import, in any order, with readings that
//! fill and clear earlier ones, on each backend.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef};
use domain::{Count, HashtagObservation, HashtagRow, Source, Tag, Timestamp};
use proptest::prelude::*;
use store::Store;
use store::record::Prepared;
use store::snapshots::Snapshot;
use testkit::TestStore;

const SOURCES: [Source; 2] = [Source::WebItem, Source::Series];
const CAT: HashtagRow = HashtagRow(1);

/// Hour, source, views and creators of a reading.
type Reading = (i64, usize, [Option<u64>; 2]);

/// Milliseconds of the clock since the step before (it may be set back), and readings that come in together.
type Step = (i64, Vec<Reading>);

fn any_step() -> impl Strategy<Value = Step> {
    let count = || prop_oneof![5 => Just(Some(5)), 1 => Just(Some(6)), 1 => Just(Some(0)), 2 => Just(None)];
    let reading = (0_i64..30, 0..SOURCES.len(), [count(), count()]);
    (-2_i64..10, proptest::collection::vec(reading, 1..12))
}

fn prepared((hour, source, counts): &Reading) -> Prepared {
    let [views, creators] = counts.map(|count| count.and_then(Count::exact));
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag: Tag::new("cat").expect("a tag"), id: None },
        source: SOURCES[*source],
        observed_at: Some(Timestamp::from_ms(1_703_980_800_000 + hour * 3_600_000)),
        counts: HashtagCounts { views, creators, videos: None },
        details: HashtagDetails::default(),
    }))
}

async fn series(store: &Store) -> Vec<Snapshot<HashtagCounts>> {
    store.hashtag_snapshots(CAT, None, u32::MAX).await.expect("a series")
}

/// Records the steps, and compares the series that was stored after each with the one as of then.
async fn each_step_is_known_later(store: &Store, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut clock = 1_704_100_000_000_i64;
    let mut seen: Vec<(Timestamp, Vec<Snapshot<HashtagCounts>>)> = Vec::new();
    for (later, readings) in steps {
        clock += later;
        let readings = readings.iter().map(prepared).collect();
        let recorded = store.record_at(readings, Timestamp::from_ms(clock)).await.expect("recorded");
        let at = store.arrived_at().await.expect("a time");
        prop_assert!(at.is_some() || recorded.sequence == 0);
        if let Some(at) = at {
            prop_assert!(seen.last().is_none_or(|(last, _)| *last <= at));
            seen.push((at, series(store).await));
        }
    }
    for (at, series) in &seen {
        prop_assert_eq!(&store.hashtag_snapshots_as_of(CAT, *at).await.expect("a series"), series);
    }
    if let Some((first, _)) = seen.first() {
        let before = Timestamp::from_ms(first.as_ms() - 1);
        prop_assert_eq!(store.hashtag_snapshots_as_of(CAT, before).await.expect("a series"), []);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_series_as_of_each_step_is_what_was_stored_then(steps in prop::collection::vec(any_step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = TestStore::sqlite().await.expect("always here");
            each_step_is_known_later(fixture.store(), &steps).await
        })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a file.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_series_as_of_each_step_is_what_postgres_had_then(steps in prop::collection::vec(any_step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let Some(fixture) = TestStore::postgres().await else { return Ok(()) };
            each_step_is_known_later(fixture.store(), &steps).await
        })?;
    }
}

testkit::on_each_backend! {
    /// Readings of an older version count from when they were taken.
    async fn a_reading_without_an_arrival_is_known_from_its_time_on(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![prepared(&(3, 0, [Some(5), None]))]).await.expect("recorded");
        assert_eq!(store.arrived_at().await.expect("an answer"), None);
        let [reading] = series(store).await[..] else { panic!("one reading") };
        let before = Timestamp::from_ms(reading.observed_at.as_ms() - 1);
        assert_eq!(store.hashtag_snapshots_as_of(CAT, before).await.expect("a series"), []);
        assert_eq!(store.hashtag_snapshots_as_of(CAT, reading.observed_at).await.expect("a series"), [reading]);
        // Filled later, it is what it was until then.
        let at = Timestamp::from_ms(1_704_100_000_000);
        store.record_at(vec![prepared(&(3, 0, [None, Some(7)]))], at).await.expect("recorded");
        let last = Timestamp::from_ms(at.as_ms() - 1);
        assert_eq!(store.hashtag_snapshots_as_of(CAT, last).await.expect("a series"), [reading]);
        assert_eq!(store.hashtag_snapshots_as_of(CAT, at).await.expect("a series"), series(store).await);
        assert_ne!(series(store).await, [reading]);
    }

    /// Rows of an older version have come in by the first start of one that stores when they do.
    async fn rows_from_before_are_noted_once(fixture: &TestStore) {
        let store = fixture.store();
        let at = |later: i64| Timestamp::from_ms(1_704_100_000_000 + later);
        store.note_rows_from_before(at(-5)).await.expect("noted");
        assert_eq!(store.videos_known_from().await.expect("an answer"), None, "of an empty store all is known");
        store.record_all(vec![prepared(&(3, 0, [Some(5), None]))]).await.expect("recorded");
        for later in [0, 5] {
            store.note_rows_from_before(at(later)).await.expect("noted");
            assert_eq!(store.videos_known_from().await.expect("an answer"), Some(at(0)));
        }
        let Prepared::Hashtag(mut dog) = prepared(&(3, 0, [Some(5), None])) else { panic!("a hashtag") };
        dog.tag.tag = Tag::new("dog").expect("a tag");
        store.record_at(vec![Prepared::Hashtag(dog)], at(10)).await.expect("recorded");
        for (hashtag, moment, is_there) in [(1, -10_000, true), (1, 0, true), (2, 9, false), (2, 10, true)] {
            let had_come_in = store.had_come_in(HashtagRow(hashtag), at(moment)).await;
            assert_eq!(had_come_in.expect("an answer"), is_there, "{hashtag} at {moment}");
        }
    }
}
