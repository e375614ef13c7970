//! Trends are the same rows whether rebuilt, updated step by step or interrupted; readers meanwhile see
//! complete lists.

use domain::metrics::TrendWindow;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, HashtagObservation, HashtagRow, Source, Tag, Timestamp, VideoId, fragment};
use measure::parameters::Number;
use measure::{HashtagSort, HashtagsQuery, Measure, MeasureError, Meta, TrendingQuery};
use store::Store;
use store::record::{Prepared, PreparedVideo};
use store::trends::{TrendRow, TrendSort};
use testkit::{FixedClock, Place, TemporaryCatalog};

const DAY_MS: i64 = 86_400_000;
/// Readings of a hashtag, one a day and a bit.
const DAYS: i64 = 30;
/// Enough for several pieces, which are computed in parallel.
const HASHTAGS: u32 = 1_300;

fn clock() -> FixedClock {
    FixedClock::at(at(i64::from(HASHTAGS), DAYS))
}

/// Differs for each hashtag, so that no two readings have the same time.
fn at(hashtag: i64, day: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + day * DAY_MS + hashtag * 1_000)
}

fn tag(hashtag: u32) -> TagRef {
    TagRef { tag: Tag::new(&format!("tag{hashtag}")).expect("a tag"), id: None }
}

/// Hashtags of all sizes and speeds. One in ten has creators, one in seven is stale, one in a hundred falls.
fn reading(hashtag: u32, day: i64) -> Option<Prepared> {
    if hashtag.is_multiple_of(7) && day > DAYS / 3 || hashtag.is_multiple_of(5) && day % 3 == 0 {
        return None;
    }
    let (number, passed) = (u64::from(hashtag), day.unsigned_abs());
    let first = 7 * number * number * number + 100;
    let gained = passed * (number % 97) * (first / 2_000 + 1) + passed * passed * (number % 13);
    let fallen = if hashtag.is_multiple_of(100) && day == 12 { first } else { 0 };
    let creators = (number % 10 == 3).then(|| Count::exact(50 + passed * (number % 11)));
    Some(Prepared::Hashtag(Box::new(HashtagObservation {
        tag: tag(hashtag),
        source: Source::Series,
        observed_at: Some(at(hashtag.into(), day)),
        counts: HashtagCounts {
            views: Count::exact(first + gained - fallen),
            creators: creators.flatten(),
            videos: Count::exact(10 + passed * (number % 5)),
        },
        details: HashtagDetails::default(),
    })))
}

/// Readings of these hashtags on these days.
fn readings(hashtags: std::ops::RangeInclusive<u32>, days: std::ops::Range<i64>) -> Vec<Prepared> {
    days.flat_map(|day| hashtags.clone().filter_map(move |hashtag| reading(hashtag, day))).collect()
}

fn videos() -> Vec<Prepared> {
    let video = |number: u32| {
        let id = VideoId::try_from(u64::from(number) + 1).expect("an id");
        let plays = Count::exact(u64::from(number % 89)).filter(|_| !number.is_multiple_of(17));
        let counts = VideoCounts { plays, ..VideoCounts::default() };
        Prepared::Video(Box::new(PreparedVideo {
            id,
            digest: 1,
            source: Source::WebItem,
            observed_at: Some(at(0, 1)),
            author: u64::from(number % 23 + 1).try_into().ok(),
            handle: None,
            create_time: None,
            region: None,
            tags: vec![tag(number % HASHTAGS + 1), tag(number % 50 + 1)],
            counts,
            has_caption_tags: false,
            packed: fragment::pack(id, &VideoDetails::default(), &counts),
        }))
    };
    (0..2_000).map(video).collect()
}

async fn record(store: &Store, observations: Vec<Prepared>) {
    store.record_all(observations).await.expect("recorded");
}

/// All stored trends.
async fn trend_rows(store: &Store) -> (Vec<TrendRow>, Vec<Option<(Vec<u8>, u64)>>) {
    let all: Vec<HashtagRow> = (1..=HASHTAGS + 100).map(HashtagRow).collect();
    let rows = store.trends_of(&all).await.expect("trends");
    let mut peers = Vec::new();
    for window in 1..=3 {
        peers.push(store.trend_peers(window).await.expect("an answer"));
        let of_window = rows.iter().filter(|row| row.window == window).count() as u64;
        assert_eq!(store.trends_count(window).await.expect("a count"), of_window);
    }
    (rows, peers)
}

/// The expected trends: computed at once, in a separate catalog.
async fn at_once(place: &Place) -> TemporaryCatalog {
    let temp = place.catalog(&clock()).await;
    record(temp.store(), videos()).await;
    record(temp.store(), readings(1..=HASHTAGS, 0..DAYS)).await;
    let done = temp.measure().follow_trends().await.expect("trends");
    assert_eq!((done.hashtags, done.computed), (HASHTAGS.into(), HASHTAGS.into()));
    temp
}

fn query(limit: u32) -> TrendingQuery {
    TrendingQuery {
        window: TrendWindow::Week,
        sort: TrendSort::Velocity,
        min_views: Number::default(),
        query: None,
        weights: None,
        limit,
        after: None,
    }
}

/// Returns no names while there are no trends.
async fn names(measure: &Measure, limit: u32) -> Vec<String> {
    match measure.trending(&query(limit)).await {
        Ok(trending) => trending.data.into_iter().map(|row| row.hashtag.name).collect(),
        Err(MeasureError::TrendsPending) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

/// The runtime's clock is paused and advances when all tasks wait, which ends the wait for trends.
#[tokio::test(start_paused = true)]
async fn the_first_trends_are_reported_as_pending() {
    let temp = Place::folders().catalog(&clock()).await;
    record(temp.store(), readings(1..=40, 0..DAYS)).await;
    let measure = temp.measure();
    let turn = temp.store().trends_turn().await.expect("a turn");
    let by_growth = HashtagsQuery {
        query: "tag".to_owned(),
        sort: HashtagSort::Growth,
        min_views: Number::default(),
        limit: 5,
        after: None,
    };
    let one = measure.measured_hashtag("tag3").await.expect("a hashtag");
    let is_pending = |meta: &Meta| meta.caveats.iter().any(|caveat| caveat.code == "trends_pending");
    for _ in 0..2 {
        let trending = measure.trending(&query(5)).await.map(|trending| trending.data.len());
        assert!(matches!(trending, Err(MeasureError::TrendsPending)), "{trending:?}");
        let sorted = measure.hashtags(&by_growth).await.map(|found| found.data.len());
        assert!(matches!(sorted, Err(MeasureError::TrendsPending)), "{sorted:?}");
        let overview = measure.overview(&one).await.expect("an overview");
        assert!(is_pending(&overview.meta) && overview.data.emerging.is_none());
    }
    drop(turn);
    measure.follow_trends().await.expect("trends");
    assert_eq!(names(measure, 5).await.len(), 5);
    assert_eq!(measure.hashtags(&by_growth).await.expect("a list").data.len(), 5);
    let overview = measure.overview(&one).await.expect("an overview");
    assert!(!is_pending(&overview.meta) && overview.data.emerging.is_some());
}

async fn incremental_trends_equal_a_rebuild(place: &Place) {
    let all = at_once(place).await;
    let (rows, peers) = trend_rows(all.store()).await;
    let months = rows.iter().filter(|row| row.window == 3).count();
    assert_eq!(months, HASHTAGS as usize);
    assert!(rows.len() < 3 * months, "stale hashtags have no trend of a day");
    assert!(rows.iter().filter(|row| row.values[0].is_some()).count() > months, "most have a score");
    let temp = place.catalog(&clock()).await;
    record(temp.store(), videos()).await;
    let follow = async |hashtags, days| {
        record(temp.store(), readings(hashtags, days)).await;
        temp.measure().follow_trends().await.expect("trends")
    };
    follow(1..=HASHTAGS - 200, 0..5).await;
    follow(1..=HASHTAGS - 200, 5..20).await;
    follow(1..=300, 20..21).await;
    // Enough for a rebuild, where that is cheaper.
    follow(1..=HASHTAGS - 200, 21..DAYS).await;
    assert_eq!(follow(1..=300, 20..21).await.hashtags, 0, "read before");
    follow(301..=HASHTAGS - 200, 20..21).await;
    // Enough new ones to change the peers of all.
    follow(HASHTAGS - 199..=HASHTAGS, 0..DAYS).await;
    assert_eq!(trend_rows(temp.store()).await, (rows, peers));
}

async fn interrupted_updates_resume(place: &Place) {
    let expected = trend_rows(at_once(place).await.store()).await;
    let temp = place.catalog(&clock()).await;
    record(temp.store(), videos()).await;
    record(temp.store(), readings(1..=HASHTAGS, 0..DAYS)).await;
    for steps in [1, 2, 5, 20, 100, 1_000] {
        let cut = async {
            for _ in 0..steps {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = cut => {}
            done = temp.measure().follow_trends() => { done.expect("trends"); }
        }
    }
    temp.measure().follow_trends().await.expect("trends");
    assert_eq!(trend_rows(temp.store()).await, expected);
}

async fn concurrent_updates_leave_readers_consistent(place: &Place) {
    let all = at_once(place).await;
    let (expected, first) = (trend_rows(all.store()).await, names(all.measure(), 20).await);
    assert_eq!(first.len(), 20);
    let temp = place.catalog(&clock()).await;
    record(temp.store(), videos()).await;
    record(temp.store(), readings(1..=HASHTAGS, 0..DAYS)).await;
    let other = Measure::new(temp.again("other.idx", &clock()).await);
    let working: Vec<_> = [temp.measure().clone(), other.clone()]
        .map(|measure| tokio::spawn(async move { measure.follow_trends().await.expect("trends") }))
        .into();
    while !working.iter().all(tokio::task::JoinHandle::is_finished) {
        let listed = names(&other, 20).await;
        assert!(listed.is_empty() || listed == first, "nothing, or the complete list: {listed:?}");
    }
    assert_eq!(names(&other, 20).await, first);
    assert_eq!(trend_rows(temp.store()).await, expected);
}

testkit::test_on_each_backend! {
    incremental_trends_equal_a_rebuild,
    interrupted_updates_resume,
    concurrent_updates_leave_readers_consistent,
}
