//! Equal readings that follow one another are one row, and every reading is answered as if it were a row of its own: in
//! whatever order readings arrive, on each backend, and in a store that an older version wrote.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef};
use domain::{Count, HashtagObservation, HashtagRow, Source, Tag, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::ops::Bound;
use store::record::Prepared;
use store::snapshots::{HashtagReading, Snapshot};
use store::trends::{HashtagReadings, SeriesFacts};
use store::{Store, StoreOptions};
use testkit::TestStore;

const NAMES: [&str; 3] = ["cat", "dog", "fox"];
const SOURCES: [Source; 2] = [Source::WebItem, Source::Series];

/// Hashtag, time in milliseconds and source of a reading, and its views and creators.
type Reading = ((u32, i64, Source), [Option<u64>; 2]);
/// Stored readings by row of the hashtag, time and number of the source.
type Model = BTreeMap<(u32, i64, u8), [Option<u64>; 2]>;

/// Hours from the last of 2023 on: many in a month, and some in the months around it.
fn any_time() -> impl Strategy<Value = i64> {
    let hour = prop_oneof![6 => 20_i64..60, 1 => 0_i64..20, 1 => 700_i64..760];
    hour.prop_map(|hour| 1_703_980_800_000 + hour * 3_600_000)
}

/// Readings, each of another moment or source, most of them equal, in any order.
fn any_readings(most: usize) -> impl Strategy<Value = Vec<Reading>> {
    let count = || prop_oneof![24 => Just(Some(5)), 1 => Just(Some(6)), 1 => Just(Some(0)), 1 => Just(None)];
    let key = (1_u32..=3, any_time(), 0..SOURCES.len());
    let readings = proptest::collection::btree_map(key, [count(), count()], 1..most);
    let named = |((hashtag, at, source), counts)| ((hashtag, at, SOURCES[source]), counts);
    readings.prop_map(move |readings| readings.into_iter().map(named).collect::<Vec<_>>()).prop_shuffle()
}

fn prepared(((hashtag, at, source), counts): &Reading) -> Prepared {
    let [views, creators] = counts.map(|count| count.and_then(Count::exact));
    let tag = Tag::new(NAMES[*hashtag as usize - 1]).expect("a tag");
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag, id: None },
        source: *source,
        observed_at: Some(Timestamp::from_ms(*at)),
        counts: HashtagCounts { views, creators, videos: None },
        details: HashtagDetails::default(),
    }))
}

/// Computes what is stored of readings: a 0 after a number is unknown.
fn model(readings: &[Reading]) -> Model {
    let is_unknown = |((of, at, _), counts): &Reading, n: usize| {
        counts[n] == Some(0)
            && readings
                .iter()
                .any(|((hashtag, earlier, _), counts)| hashtag == of && earlier < at && counts[n] > Some(0))
    };
    let stored = readings.iter().map(|reading| {
        let ((hashtag, at, source), counts) = reading;
        let counts = std::array::from_fn(|n| counts[n].filter(|_| !is_unknown(reading, n)));
        ((*hashtag, *at, source.number()), counts)
    });
    stored.filter(|(_, counts)| counts.iter().any(Option::is_some)).collect()
}

fn key(reading: &HashtagReading) -> (u32, i64, u8) {
    let Snapshot { observed_at, source, .. } = reading.snapshot;
    (reading.hashtag.0, observed_at.as_ms(), source.number())
}

fn counts(counts: HashtagCounts) -> [Option<u64>; 2] {
    [counts.views, counts.creators].map(|count| count.map(Count::value))
}

/// Makes the hashtags, so that they have the rows 1 to 3, and records readings.
async fn record(store: &Store, readings: &[Reading], cut: usize) {
    for name in NAMES {
        let tag = TagRef { tag: Tag::new(name).expect("a tag"), id: None };
        let (source, details) = (Source::WebItem, HashtagDetails::default());
        let (observed_at, counts) = (None, HashtagCounts::default());
        let made = HashtagObservation { tag, source, observed_at, counts, details };
        store.record_all(vec![Prepared::Hashtag(Box::new(made))]).await.expect("recorded");
    }
    for part in readings.chunks(cut) {
        store.record_all(part.iter().map(prepared).collect()).await.expect("recorded");
    }
}

/// Compares each way to read readings with the model.
async fn reads_are_those_of(store: &Store, model: &Model, limit: u32) -> Result<(), TestCaseError> {
    for row in 1..=3 {
        let hashtag = HashtagRow(row);
        let of_hashtag: Vec<_> = model.iter().filter(|((of, ..), _)| *of == row).collect();
        let series = store.hashtag_snapshots(hashtag, None, u32::MAX).await.expect("a series");
        let all: Vec<_> = series
            .iter()
            .map(|s| ((row, s.observed_at.as_ms(), s.source.number()), counts(s.counts)))
            .collect();
        prop_assert_eq!(all, of_hashtag.iter().map(|(key, counts)| (**key, **counts)).collect::<Vec<_>>());
        let count = store.hashtag_snapshots_count(hashtag).await.expect("a count");
        prop_assert_eq!(count, of_hashtag.len() as u64);
        for ((_, at, _), _) in of_hashtag {
            let after = store.hashtag_snapshots(hashtag, Some(Timestamp::from_ms(*at)), limit);
            let expected: Vec<_> =
                series.iter().filter(|s| s.observed_at.as_ms() > *at).take(limit as usize).copied().collect();
            prop_assert_eq!(after.await.expect("a series"), expected);
        }
    }
    pages_are_those_of(store, model, limit).await?;
    summaries_are_those_of(store, model, limit).await
}

async fn pages_are_those_of(store: &Store, model: &Model, limit: u32) -> Result<(), TestCaseError> {
    let all_rows = || HashtagRow(1)..=HashtagRow(3);
    let all = store.hashtag_readings(all_rows(), None, u32::MAX).await.expect("readings");
    let read: Vec<_> = all.iter().map(|reading| (key(reading), counts(reading.snapshot.counts))).collect();
    prop_assert_eq!(read, model.iter().map(|(key, counts)| (*key, *counts)).collect::<Vec<_>>());
    for after in &all {
        let page = store.hashtag_readings(all_rows(), Some(after), limit).await.expect("readings");
        let range = (Bound::Excluded(key(after)), Bound::Unbounded);
        let expected: Vec<_> = model.range(range).take(limit as usize).map(|(key, _)| *key).collect();
        prop_assert_eq!(page.iter().map(key).collect::<Vec<_>>(), expected);
    }
    Ok(())
}

async fn summaries_are_those_of(store: &Store, model: &Model, most: u32) -> Result<(), TestCaseError> {
    let rows = [1, 2, 3].map(HashtagRow);
    let facts = rows.iter().filter_map(|hashtag| {
        let with_views = model.iter().filter(|((of, ..), [views, _])| *of == hashtag.0 && views.is_some());
        let times: Vec<i64> = with_views.map(|((_, at, _), _)| *at).collect();
        let newest_at = Timestamp::from_ms(*times.last()?);
        let readings = times.len() as u64;
        (readings >= 2).then_some(SeriesFacts { hashtag: *hashtag, readings, newest_at })
    });
    prop_assert_eq!(store.series_facts(&rows).await.expect("facts"), facts.collect::<Vec<_>>());
    let mut left = &rows[..];
    while let Some(first) = left.first() {
        let found: Vec<HashtagReadings> = store.hashtags_readings(left, most).await.expect("readings");
        let number = |hashtag: &HashtagRow| model.keys().filter(|(of, ..)| *of == hashtag.0).count();
        let mut room = most as usize;
        let fits = left.iter().take_while(|hashtag| {
            let (is_first, readings) = (*hashtag == first, number(hashtag));
            let is_there = readings <= room || is_first;
            room = room.saturating_sub(readings);
            is_there
        });
        let lengths: Vec<_> = found.iter().map(|found| (found.hashtag, found.snapshots.len())).collect();
        prop_assert_eq!(lengths, fits.map(|hashtag| (*hashtag, number(hashtag))).collect::<Vec<_>>());
        left = &left[found.len()..];
    }
    Ok(())
}

async fn readings_are_all_there(
    fixture: &TestStore,
    readings: &[Reading],
    cut: usize,
    limit: u32,
) -> Result<(), TestCaseError> {
    record(fixture.store(), readings, cut).await;
    reads_are_those_of(fixture.store(), &model(readings), limit).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_reading_is_answered(readings in any_readings(120), cut in 1_usize..50, limit in 1_u32..9) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = TestStore::sqlite().await.expect("always here");
            readings_are_all_there(&fixture, &readings, cut, limit).await
        })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a file.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_reading_is_answered_on_postgres(readings in any_readings(120), cut in 1_usize..50, limit in 1_u32..9) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let Some(fixture) = TestStore::postgres().await else { return Ok(()) };
            readings_are_all_there(&fixture, &readings, cut, limit).await
        })?;
    }
}

/// Some hundred readings, the same in each run of the tests.
fn some_readings() -> Vec<Reading> {
    any_readings(400).new_tree(&mut TestRunner::deterministic()).expect("readings").current()
}

/// SQL that makes a row of each reading, as an older version had them.
fn rows_of_single_readings(table: &str, model: &Model) -> String {
    let value = |count: &Option<u64>| count.map_or("NULL".to_owned(), |count| count.to_string());
    let rows = model.iter().map(|((hashtag, at, source), [views, creators])| {
        format!("({hashtag}, {at}, {source}, {}, {}, 0)", value(views), value(creators))
    });
    format!(
        "DELETE FROM {table}; INSERT INTO {table} (hashtag, observed_at, source, views, creators, rounded) VALUES {};",
        rows.collect::<Vec<_>>().join(", ")
    )
}

/// SQL that takes the step of the schema back that made runs.
fn without_runs(schema: &str, of_step: &str) -> String {
    format!(
        "ALTER TABLE {schema}hashtag_snapshots DROP COLUMN readings;
         ALTER TABLE {schema}hashtag_snapshots DROP COLUMN last_at;
         ALTER TABLE {schema}hashtag_snapshots DROP COLUMN later;
         ALTER TABLE {schema}store DROP COLUMN backfill_runs;
         DELETE FROM {schema}migrations WHERE {of_step};"
    )
}

#[tokio::test]
async fn a_store_of_an_older_version_is_merged_when_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = StoreOptions::in_folder(folder.path());
    let (readings, expected) = (some_readings(), model(&some_readings()));
    let store = Store::open(&options).await.expect("a store");
    record(&store, &readings, 50).await;
    let sequence = store.sequence().await.expect("a sequence");
    drop(store);
    let rows = || {
        let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
        let sql = "SELECT hashtag, observed_at, source, readings, last_at, hex(later) FROM hashtag_snapshots";
        let mut statement = catalog.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| {
            Ok(format!("{:?}", (0..6).map(|n| row.get::<_, rusqlite::types::Value>(n)).collect::<Vec<_>>()))
        });
        rows.expect("rows").collect::<Result<Vec<String>, _>>().expect("rows")
    };
    let runs = rows();
    assert!(runs.len() < expected.len() / 2, "{} rows of {} readings", runs.len(), expected.len());

    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    catalog.execute_batch(&rows_of_single_readings("hashtag_snapshots", &expected)).expect("written");
    catalog.execute_batch(&without_runs("", "number = 5")).expect("an older schema");
    drop(catalog);
    let store = Store::open(&options).await.expect("a store");
    reads_are_those_of(&store, &expected, 7).await.expect("the same answers");
    assert_eq!(store.sequence().await.expect("a sequence"), sequence, "no reading changed");
    assert_eq!(rows(), runs, "the rows that the readings make today");
}

#[tokio::test]
async fn single_readings_that_are_not_merged_yet_are_read_and_merged_by_new_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    let (readings, expected) = (some_readings(), model(&some_readings()));
    record(&store, &readings, 50).await;
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    catalog.execute_batch(&rows_of_single_readings("hashtag_snapshots", &expected)).expect("written");
    reads_are_those_of(&store, &expected, 7).await.expect("the same answers");
    // The same readings again change nothing, and a new one is a reading more.
    record(&store, &readings, 50).await;
    let more: Vec<Reading> =
        (1..=3).map(|row| ((row, 1_704_153_600_001, Source::Series), [Some(5), Some(5)])).collect();
    record(&store, &more, 50).await;
    let expected = model(&[readings, more].concat());
    reads_are_those_of(&store, &expected, 7).await.expect("the same answers");
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_of_an_older_version_is_merged_when_it_is_opened() {
    let Some(database) = testkit::postgres::TestDatabase::create().await else { return };
    let expected = model(&some_readings());
    record(&database.open().await, &some_readings(), 50).await;
    let rows = "SELECT hashtag, observed_at, source, readings, last_at, later FROM tagmeter.hashtag_snapshots
        ORDER BY 1, 2, 3";
    let runs = database.sql(rows);
    assert!(runs.lines().count() < expected.len() / 2);
    database.sql(&rows_of_single_readings("tagmeter.hashtag_snapshots", &expected));
    database.sql(&without_runs("tagmeter.", "part = 'catalog' AND number = 5"));
    let store = database.open().await;
    reads_are_those_of(&store, &expected, 7).await.expect("the same answers");
    assert_eq!(database.sql(rows), runs);
}
