//! A clock that was a year ahead and was corrected: data stored meanwhile is neither lost nor retained for a
//! year.

use catalog::{Catalog, CatalogError, HashtagRef, WalkPage, WalkRequest};
use domain::metrics::TrendWindow;
use domain::{Clock, Observation, TagKey, Timestamp, WalkCursor};
use measure::parameters::Number;
use measure::{Measure, TrendingQuery};
use std::collections::BTreeSet;
use std::time::Duration;
use store::trends::TrendSort;
use testkit::{FixedClock, Place, hashtag, video};

const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Lifetime of a cursor.
const WALK: Duration = Duration::from_secs(48 * 3600);
/// Enough walks for PostgreSQL to delete old ones.
const OTHERS: u64 = 40;

testkit::test_on_each_backend! {
    a_walk_continues_and_expires_on_time,
    trends_follow_the_corrected_clock,
}

async fn page(catalog: &Catalog, name: &str, cursor: WalkCursor) -> Result<WalkPage, CatalogError> {
    let reference = HashtagRef::Key(TagKey::new(name).expect("a tag"));
    let request = WalkRequest { cursor, count: 20, region: None };
    catalog.walk(&reference, request).await.map(|page| page.expect("a hashtag"))
}

fn under(name: &str, ids: std::ops::Range<u64>) -> Vec<Observation> {
    ids.map(|id| video(id).tag(name).plays(id).into()).collect()
}

async fn a_walk_continues_and_expires_on_time(place: &Place) {
    let clock = FixedClock::default();
    let temp = place.catalog(&clock).await;
    temp.record(under("cat", 1..101)).await;
    for n in 0..OTHERS {
        temp.record(under(&format!("dog{n}"), 1_000 * (n + 1)..1_000 * (n + 1) + 21)).await;
    }
    let correct = clock.now();
    clock.advance(YEAR);
    let first = page(temp.catalog(), "cat", WalkCursor::START).await.expect("a page");
    clock.set(correct);
    // Other walks begin, and expired ones are deleted.
    for n in 0..OTHERS {
        page(temp.catalog(), &format!("dog{n}"), WalkCursor::START).await.expect("a page");
    }
    let mut ids: BTreeSet<Vec<u8>> = first.videos.iter().map(|video| video.to_vec()).collect();
    let mut cursor = first.cursor;
    loop {
        let next = page(temp.catalog(), "cat", cursor).await.expect("the walk goes on");
        ids.extend(next.videos.iter().map(|video| video.to_vec()));
        cursor = next.cursor;
        if !next.has_more {
            break;
        }
    }
    assert_eq!(ids.len(), 100, "each once");
    clock.advance(WALK - Duration::from_millis(1));
    page(temp.catalog(), "cat", first.cursor).await.expect("the cursor lasts as long as any other");
    clock.advance(Duration::from_millis(2));
    for catalog in [temp.catalog(), &temp.again("again.idx", &clock).await] {
        let expired = page(catalog, "cat", first.cursor).await;
        assert!(matches!(expired, Err(CatalogError::CursorUnknown)), "it expires");
    }
}

/// Daily views of some hashtags, until now.
fn readings(clock: &FixedClock, days: i64) -> Vec<Observation> {
    let at = |ago: i64| Timestamp::from_ms(clock.now().as_ms() - ago * 86_400_000);
    let reading = |n: u64, ago: i64| {
        let views = 1_000_000 * n + (days - ago).unsigned_abs() * 20_000 * n;
        hashtag(&format!("tag{n}")).views(views).observed_at(at(ago)).into()
    };
    (0..days).flat_map(|ago| (1..=5).map(move |n| (n, ago))).map(|(n, ago)| reading(n, ago)).collect()
}

async fn moving(measure: &Measure) -> usize {
    let query = TrendingQuery {
        window: TrendWindow::Week,
        sort: TrendSort::Pace,
        min_views: Number::default(),
        query: None,
        weights: None,
        limit: 10,
        after: None,
    };
    let trending = measure.trending(&query).await.expect("trends");
    trending.data.iter().filter(|row| row.outlook.as_ref().is_some_and(|it| it.pace.value.is_some())).count()
}

async fn trends_follow_the_corrected_clock(place: &Place) {
    let clock = FixedClock::default();
    let temp = place.catalog(&clock).await;
    temp.record(readings(&clock, 30)).await;
    temp.measure().follow_trends().await.expect("trends");
    assert_eq!(moving(temp.measure()).await, 5);
    let correct = clock.now();
    clock.advance(YEAR);
    let ahead = |views| hashtag("early").views(views).observed_at(clock.now()).into();
    temp.record([ahead(5_000)]).await;
    clock.advance(DAY);
    temp.record([hashtag("early").views(9_000).observed_at(clock.now()).into()]).await;
    temp.measure().follow_trends().await.expect("trends");
    assert_eq!(moving(temp.measure()).await, 0, "by this clock all others are stale");
    clock.set(correct);
    temp.measure().follow_trends().await.expect("trends");
    assert_eq!(moving(temp.measure()).await, 5, "at once, without another reading");
    let newest = temp.store().trend_state().await.expect("a state").newest_at;
    assert_eq!(newest, Some(correct));
}
