//! Rebuilds of all trends: staged and swapped at once, restarted after an interruption, with readings of many
//! hashtags read together.

use domain::fragment;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, HashtagObservation, HashtagRow, Source, Tag, Timestamp, VideoId};
use std::sync::Arc;
use store::Store;
use store::record::{Prepared, PreparedVideo};
use store::trends::{
    CreatorPlays, HashtagReadings, TrendPeers, TrendRow, TrendSort, TrendState, TrendsQuery,
};
use strum::VariantArray;
use testkit::TestStore;

/// More than are picked by their views one by one.
const MANY: u32 = 1_200;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + ms)
}

/// Returns the trends of hashtags, in another order for each sort and for each rebuild.
fn trends(hashtags: std::ops::RangeInclusive<u32>, time: u32) -> Vec<TrendRow> {
    let value = |hashtag: u32, sort: u32| Some(f64::from((hashtag * (sort * 7 + time * 13 + 1)) % 1_009));
    let row = |hashtag: u32| TrendRow {
        hashtag: HashtagRow(hashtag),
        window: 2,
        read_at: at(i64::from(time)),
        readings: 2 + u64::from(time),
        views: 1_000 * u64::from(hashtag),
        values: std::array::from_fn(|sort| {
            value(hashtag, u32::try_from(sort).expect("a column")).filter(|_| !hashtag.is_multiple_of(11))
        }),
        facts: format!("facts of {hashtag}").into_bytes(),
    };
    hashtags.map(row).collect()
}

fn peers(time: u8) -> Vec<TrendPeers> {
    vec![TrendPeers { window: 2, peers: vec![time], made_of: u64::from(time) }]
}

fn state(sequence: u64) -> TrendState {
    TrendState { sequence, newest_at: Some(at(9)) }
}

async fn rebuild(store: &Store, rows: Vec<TrendRow>, sequence: u64, time: u8) {
    store.begin_trends_rebuild().await.expect("begun");
    for rows in rows.chunks(500) {
        store.add_rebuilt_trends(rows.to_vec()).await.expect("added");
    }
    store.end_trends_rebuild(peers(time), state(sequence)).await.expect("ended");
}

/// Returns the rows with at least so many views, in order.
fn in_order(rows: &[TrendRow], sort: usize, views_min: u64) -> Vec<TrendRow> {
    let shown = |row: &&TrendRow| row.values[sort].is_some() && row.views >= views_min;
    let mut rows: Vec<TrendRow> = rows.iter().filter(shown).cloned().collect();
    rows.sort_by(|a, b| {
        b.values[sort].partial_cmp(&a.values[sort]).expect("numbers").then(a.hashtag.cmp(&b.hashtag))
    });
    rows
}

async fn assert_stored(store: &Store, rows: &[TrendRow]) {
    for &sort in TrendSort::VARIANTS {
        for views_min in [0, 1_000 * u64::from(MANY) / 2, 1_000 * u64::from(MANY) - 50_000] {
            let wanted =
                TrendsQuery { window: 2, sort, views_min, read_since: at(0), after: None, limit: 2 * MANY };
            let found = store.trends(wanted).await.expect("trends");
            assert_eq!(found, in_order(rows, sort.column(), views_min), "{sort:?} from {views_min} views on");
        }
    }
    assert_eq!(store.trends_count(2).await.expect("a count"), rows.len() as u64);
}

fn reading(name: &str, at_ms: i64, views: u64) -> Prepared {
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag: Tag::new(name).expect("a tag"), id: None },
        source: Source::Series,
        observed_at: Some(at(at_ms)),
        counts: HashtagCounts { views: Count::exact(views), creators: None, videos: Count::rounded(3_000) },
        details: HashtagDetails::default(),
    }))
}

fn video(id: u64, author: Option<u64>, plays: Option<u64>, tags: &[&str]) -> Prepared {
    let id = VideoId::try_from(id).expect("an id");
    let counts = VideoCounts { plays: plays.and_then(Count::exact), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest: 1,
        source: Source::WebItem,
        observed_at: Some(at(7)),
        author: author.map(|author| author.try_into().expect("an id")),
        handle: None,
        create_time: None,
        region: None,
        tags: tags.iter().map(|name| TagRef { tag: Tag::new(name).expect("a tag"), id: None }).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

testkit::on_each_backend! {
    async fn rebuilt_trends_are_found_in_order_time_after_time(fixture: &TestStore) {
        let store = fixture.store();
        for time in 1..=3_u8 {
            let rows = trends(1..=MANY, time.into());
            rebuild(store, rows.clone(), time.into(), time).await;
            assert_stored(store, &rows).await;
            assert_stored(&fixture.again().await, &rows).await;
            assert_eq!(store.trend_state().await.expect("a state"), state(time.into()));
            let stored = store.trend_peers(2).await.expect("an answer");
            assert_eq!(stored, Some((vec![time], time.into())));
        }
        let (mut rows, changed) = (trends(1..=MANY, 3), trends(5..=700, 4));
        store.write_trends(changed.clone()).await.expect("stored");
        rows.splice(4..700, changed);
        assert_stored(store, &rows).await;
    }

    async fn what_was_cut_off_is_begun_again(fixture: &TestStore) {
        let store = fixture.store();
        store.begin_trends_rebuild().await.expect("begun");
        store.add_rebuilt_trends(trends(1..=300, 1)).await.expect("added");
        // Interrupted here.
        let again = fixture.again().await;
        assert_eq!(again.trend_state().await.expect("a state"), TrendState::default());
        let rows = trends(1..=MANY, 2);
        rebuild(&again, rows.clone(), 4, 2).await;
        assert_stored(store, &rows).await;
        assert_eq!(store.trend_state().await.expect("a state"), state(4));
    }

    async fn readings_of_many_hashtags_come_in_parts(fixture: &TestStore) {
        let store = fixture.store();
        let mut all = vec![reading("one", 1, 10)];
        all.extend((0..5).map(|n| reading("two", n, 20 + n.unsigned_abs())));
        all.push(video(1, None, Some(5), &["none"]));
        all.extend((0..3).map(|n| reading("four", 9 - n, 30)));
        store.record_all(all).await.expect("recorded");
        let rows = [1, 2, 3, 4, 9].map(HashtagRow);
        let mut expected = Vec::new();
        for hashtag in rows {
            let snapshots = store.hashtag_snapshots(hashtag, None, u32::MAX).await.expect("readings");
            expected.push(HashtagReadings { hashtag, snapshots });
        }
        let counts: Vec<usize> = expected.iter().map(|readings| readings.snapshots.len()).collect();
        assert_eq!(counts, [1, 5, 0, 3, 0]);
        for (snapshots_max, parts) in [(1, vec![1, 1, 1, 1, 1]), (5, vec![1, 2, 2]), (6, vec![3, 2]), (9, vec![5])] {
            let (mut left, mut found, mut sizes) = (&rows[..], Vec::new(), Vec::new());
            while !left.is_empty() {
                let part = store.hashtags_readings(left, snapshots_max).await.expect("readings");
                left = &left[part.len()..];
                sizes.push(part.len());
                found.extend(part);
            }
            assert_eq!(found, expected, "at most {snapshots_max}");
            assert_eq!(sizes, parts, "at most {snapshots_max}");
        }
        assert_eq!(store.hashtags_readings(&[], 5).await.expect("readings"), []);
    }

    async fn plays_are_added_up_by_creator(fixture: &TestStore) {
        let store = fixture.store();
        let videos = vec![
            video(10, Some(7), Some(100), &["cat", "dog"]),
            video(11, Some(7), None, &["cat"]),
            video(12, Some(7), Some(11), &["cat"]),
            video(20, Some(8), None, &["cat", "dog"]),
            video(30, Some(9), Some(0), &["cat"]),
            video(40, None, Some(1_000), &["cat"]),
            video(50, Some(5), None, &["untold"]),
        ];
        store.record_all(videos).await.expect("recorded");
        let all = [1, 2, 3, 9].map(HashtagRow);
        let found = store.creator_plays(&all, 100).await.expect("plays");
        let plays = |hashtag, plays: &[u128]| CreatorPlays { hashtag: HashtagRow(hashtag), plays: plays.to_vec() };
        let cat = plays(1, &[111, 0]);
        assert_eq!(found, [cat.clone(), plays(2, &[100])], "8 has no known plays, and the creator of 40 is unknown");
        assert_eq!(store.creator_plays(&all, 6).await.expect("plays"), [cat, plays(2, &[100])]);
        assert_eq!(store.creator_plays(&all, 5).await.expect("plays"), [plays(2, &[100])], "six videos are too many");
        assert_eq!(store.creator_plays(&[], 5).await.expect("plays"), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_the_old_trends_until_the_end() {
    let fixture = TestStore::sqlite().await.expect("always here");
    let (store, reader) = (fixture.store(), fixture.again().await);
    let before = trends(1..=MANY, 1);
    rebuild(store, before.clone(), 3, 1).await;
    assert_stored(&reader, &before).await;
    let after = trends(100..=MANY, 2);
    store.begin_trends_rebuild().await.expect("begun");
    for rows in after.chunks(300) {
        store.add_rebuilt_trends(rows.to_vec()).await.expect("added");
        assert_stored(&reader, &before).await;
    }
    store.end_trends_rebuild(peers(2), state(3)).await.expect("ended");
    assert_stored(&reader, &after).await;
    store.begin_trends_rebuild().await.expect("begun");
    store.add_rebuilt_trends(before).await.expect("added");
    store.end_trends_rebuild(peers(3), state(2)).await.expect("ended");
    assert_stored(&reader, &after).await;
    assert_eq!(store.trend_state().await.expect("a state"), state(3), "what is further stays");
    assert_eq!(store.trend_peers(2).await.expect("an answer"), Some((vec![2], 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_at_a_time_has_the_turn() {
    let fixture = TestStore::sqlite().await.expect("always here");
    let turn = fixture.store().trends_turn().await.expect("a turn");
    let other = Arc::new(fixture.again().await);
    let waiting = tokio::spawn({
        let other = Arc::clone(&other);
        async move { other.trends_turn().await.expect("a turn") }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished(), "the first one has it");
    drop(turn);
    let turn = waiting.await.expect("its turn");
    drop(turn);
    fixture.store().trends_turn().await.expect("free again");
}
