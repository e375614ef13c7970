//! The newest reading of each source, on each backend: by the time at which it was taken, whatever comes in later.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef, WindowObservation};
use domain::{Count, HashtagObservation, Source, Tag, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::Store;
use store::record::Prepared;
use store::source_readings::SourceReading;
use testkit::TestStore;

const SOURCES: [Source; 3] = [Source::WebItem, Source::Series, Source::CreativeCenter];
const BEGIN_MS: i64 = 1_703_980_800_000;

/// Source, hour if it is known, and whether it is a window.
type Reading = (usize, Option<i64>, bool);

fn time(hour: i64) -> Timestamp {
    Timestamp::from_ms(BEGIN_MS + hour * 3_600_000)
}

fn prepared(&(source, hour, is_window): &Reading) -> Prepared {
    let tag = TagRef { tag: Tag::new("cat").expect("a tag"), id: None };
    let (source, observed_at) = (SOURCES[source], hour.map(time));
    match observed_at.filter(|_| is_window) {
        Some(observed_at) => Prepared::Window(Box::new(WindowObservation {
            tag,
            source,
            observed_at,
            country: "DE".to_owned(),
            window_days: Some(7),
            views: Some(5),
            posts: None,
            rank: None,
            industry: String::new(),
        })),
        None => {
            let counts = HashtagCounts { views: Count::exact(5), creators: None, videos: None };
            let details = HashtagDetails::default();
            Prepared::Hashtag(Box::new(HashtagObservation { tag, source, observed_at, counts, details }))
        }
    }
}

/// Records the steps, and compares what is known after each with a naive count.
async fn the_newest_are_known(store: &Store, steps: &[Vec<Reading>]) -> Result<(), TestCaseError> {
    let mut expected: BTreeMap<Source, SourceReading> = BTreeMap::new();
    for (number, readings) in (1..).zip(steps) {
        let now = time(1_000 + number);
        store.record_at(readings.iter().map(prepared).collect(), now).await.expect("recorded");
        for (source, at) in
            readings.iter().filter_map(|(source, hour, _)| Some((SOURCES[*source], time((*hour)?))))
        {
            let reading = SourceReading { source, observed_at: at, arrived_at: Some(now) };
            let known = expected.entry(source).or_insert(reading);
            if known.observed_at < at {
                *known = reading;
            }
        }
        let mut newest: Vec<SourceReading> = expected.values().copied().collect();
        newest.sort_by_key(|one| (std::cmp::Reverse(one.observed_at), one.source.number()));
        prop_assert_eq!(store.source_readings().await.expect("sources"), newest);
    }
    Ok(())
}

fn any_reading() -> impl Strategy<Value = Reading> {
    (0..SOURCES.len(), prop::option::weighted(0.8, 0_i64..30), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_newest_reading_of_each_source_is_by_its_own_time(
        steps in prop::collection::vec(prop::collection::vec(any_reading(), 0..8), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = TestStore::sqlite().await.expect("always here");
            the_newest_are_known(fixture.store(), &steps).await
        })?;
    }
}

testkit::on_each_backend! {
    async fn the_newest_reading_counts_when_it_comes_in(fixture: &TestStore) {
        let steps = [
            vec![(0, Some(5), false), (1, Some(9), false), (2, Some(7), true), (1, None, false)],
            vec![(0, Some(4), false), (1, Some(9), false)],
            vec![(0, Some(6), true)],
        ];
        the_newest_are_known(fixture.store(), &steps).await.expect("as counted");
    }
}
