//! Walks are exact: each video stored at the beginning once, whatever is imported meanwhile.

use catalog::forget::ForgetOrder;
use catalog::{Catalog, CatalogError, HashtagRef, WalkRequest};
use domain::{Observation, RemovedObservation, Source, TagKey, Timestamp, WalkCursor};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::{FixedClock, Place, video};

fn clock() -> FixedClock {
    FixedClock::at(Timestamp::from_ms(1_790_000_000_000))
}

fn cat() -> HashtagRef {
    HashtagRef::Key(TagKey::new("cat").expect("a tag"))
}

fn under_cat(id: u64, plays: u64, version: u64) -> Observation {
    let at = Timestamp::from_ms(1_780_000_000_000 + version.cast_signed());
    video(id).tag("cat").plays(plays).observed_at(at).version(version).into()
}

fn ids_of(page: &catalog::WalkPage) -> Vec<u64> {
    let id = |json: &bytes::Bytes| {
        let video: serde_json::Value = serde_json::from_slice(json).expect("JSON");
        video["video_id"].as_str().expect("an id").parse().expect("digits")
    };
    page.videos.iter().map(id).collect()
}

async fn page(catalog: &Catalog, cursor: WalkCursor, count: u32) -> catalog::WalkPage {
    let request = WalkRequest { cursor, count, region: None };
    catalog.walk(&cat(), request).await.expect("a page").expect("a hashtag")
}

/// Walks to the end; every page but the last is full, and the cursor grows.
async fn walk(catalog: &Catalog, count: u32) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut cursor = WalkCursor::START;
    loop {
        let page = page(catalog, cursor, count).await;
        ids.extend(ids_of(&page));
        if !page.has_more {
            return ids;
        }
        assert_eq!(page.videos.len(), count as usize, "pages are full until the last");
        assert!(page.cursor.to_wire() > cursor.to_wire(), "the cursor grows");
        cursor = page.cursor;
    }
}

async fn a_walk_gives_every_video_once_most_plays_first(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=103).map(|id| under_cat(id, id * 10, 0))).await;
    let down: Vec<u64> = (1..=103).rev().collect();
    for count in [1, 7, 35, 100] {
        assert_eq!(walk(fixture.catalog(), count).await, down, "{count} a page");
    }
}

async fn a_page_with_all_videos_is_the_last(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=35).map(|id| under_cat(id, id, 0))).await;
    let all = page(fixture.catalog(), WalkCursor::START, 35).await;
    assert_eq!((all.videos.len(), all.has_more), (35, false));
    let first = page(fixture.catalog(), WalkCursor::START, 34).await;
    assert_eq!((first.videos.len(), first.has_more), (34, true));
    let last = page(fixture.catalog(), first.cursor, 34).await;
    assert_eq!((last.videos.len(), last.has_more), (1, false));
}

async fn what_comes_in_during_a_walk_neither_repeats_nor_skips(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=60).map(|id| under_cat(id, id * 10, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 20).await;
    // The last becomes the first, the first the last, and new ones are added at both ends.
    fixture
        .record([
            under_cat(1, 1_000_000, 1),
            under_cat(60, 1, 1),
            under_cat(61, 2_000_000, 0),
            under_cat(62, 2, 0),
        ])
        .await;
    let mut ids = ids_of(&first);
    let mut cursor = first.cursor;
    loop {
        let next = page(fixture.catalog(), cursor, 20).await;
        ids.extend(ids_of(&next));
        cursor = next.cursor;
        if !next.has_more {
            break;
        }
    }
    assert_eq!(ids, (1..=60).rev().collect::<Vec<_>>(), "the order and the videos of the beginning");
    let fresh = walk(fixture.catalog(), 20).await;
    assert_eq!((fresh.len(), &fresh[..2]), (62, &[61, 1][..]), "a new walk sees the new order");
}

async fn walkers_beside_another_process_that_imports_see_each_video_once(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=400).map(|id| under_cat(id, id * 7 % 400, 0))).await;
    let importer = fixture.again("other.idx", &clock()).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let importing = tokio::spawn({
        let is_done = Arc::clone(&is_done);
        async move {
            let mut round = 0;
            while !is_done.load(Ordering::Relaxed) {
                round += 1;
                let moved = (1..=400).step_by(3).map(|id| under_cat(id, id * (round + 13) % 997, round));
                let new = (0..20).map(|n| under_cat(1000 + round * 20 + n, n * 50, round));
                importer.record(moved.chain(new).collect()).await.expect("recorded");
            }
            round
        }
    });
    let walkers: Vec<_> = [3, 10, 35]
        .into_iter()
        .map(|count| {
            let catalog = fixture.catalog().clone();
            tokio::spawn(async move {
                for _ in 0..6 {
                    let before =
                        catalog.hashtag(&cat()).await.expect("an answer").expect("a hashtag").observed.videos;
                    let ids = walk(&catalog, count).await;
                    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
                    assert_eq!(distinct.len(), ids.len(), "no video twice");
                    assert!((1..=400).all(|id| distinct.contains(&id)), "none left out");
                    assert!(ids.len() as u64 >= before, "nothing stored at the beginning is missing");
                }
            })
        })
        .collect();
    for walker in walkers {
        walker.await.expect("a walker");
    }
    is_done.store(true, Ordering::Relaxed);
    assert!(importing.await.expect("an importer") > 1, "imports went on during the walks");
}

async fn a_cursor_of_another_walk_or_an_expired_one_is_refused(place: &Place) {
    let clock = clock();
    let fixture = place.catalog(&clock).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    fixture.record((101..=150).map(|id| video(id).tag("dog").plays(id).into())).await;
    let catalog = fixture.catalog();
    let of_cat = page(catalog, WalkCursor::START, 10).await.cursor;
    let dog = HashtagRef::Key(TagKey::new("dog").expect("a tag"));
    let request = WalkRequest { cursor: of_cat, count: 10, region: None };
    assert!(matches!(catalog.walk(&dog, request).await, Err(CatalogError::CursorUnknown)));
    let of_nobody = WalkCursor::new(4711, 10).expect("in range");
    let unknown = WalkRequest { cursor: of_nobody, ..request };
    assert!(matches!(catalog.walk(&cat(), unknown).await, Err(CatalogError::CursorUnknown)));
    let in_region = WalkRequest { region: "US".parse().ok(), ..request };
    assert!(matches!(catalog.walk(&cat(), in_region).await, Err(CatalogError::CursorUnknown)));
    // A day later the cursor is still valid, but no new walk begins with its ranking; two days later it has
    // expired.
    clock.advance(Duration::from_secs(26 * 3600));
    assert_eq!(page(catalog, of_cat, 10).await.videos.len(), 10);
    let fresh = page(catalog, WalkCursor::START, 10).await;
    assert_ne!(fresh.cursor.generation(), of_cat.generation(), "an old ranking begins no new walk");
    clock.advance(Duration::from_secs(48 * 3600));
    assert!(matches!(catalog.walk(&cat(), request).await, Err(CatalogError::CursorUnknown)));
}

async fn a_plain_offset_goes_on_from_there(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    let offset = WalkCursor::from_wire(20).expect("in range");
    let page = page(fixture.catalog(), offset, 10).await;
    assert_eq!(ids_of(&page), (21..=30).rev().collect::<Vec<_>>());
    assert!(page.has_more && page.cursor.generation() > 0);
}

async fn cursors_outlive_a_restart(place: &Place) {
    let clock = clock();
    let fixture = place.catalog(&clock).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 20).await;
    let again = fixture.again("other.idx", &clock).await;
    assert_eq!(ids_of(&page(&again, first.cursor, 20).await), (11..=30).rev().collect::<Vec<_>>());
}

async fn the_first_page_has_the_newest_counts_even_when_the_order_stays(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=50).map(|id| under_cat(id, id * 10, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 30).await;
    assert!(first.has_more);
    let at = Timestamp::from_ms(1_780_000_000_001);
    let liked = video(50).tag("cat").plays(500).counts(77, 1, 1, 1).observed_at(at).version(1);
    fixture.record([liked.into()]).await;
    let again = page(fixture.catalog(), WalkCursor::START, 30).await;
    let top: serde_json::Value = serde_json::from_slice(&again.videos[0]).expect("JSON");
    assert_eq!((top["video_id"].as_str(), top["digg_count"].as_u64()), (Some("50"), Some(77)));
    // The walk that began before continues where it was.
    assert_eq!(ids_of(&page(fixture.catalog(), first.cursor, 30).await), (1..=20).rev().collect::<Vec<_>>());
}

async fn a_removed_video_stays_in_walks_that_began_before(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 20).await;
    let at = Some(Timestamp::from_ms(1_785_000_000_000));
    let id = 25.try_into().expect("an id");
    let removed = RemovedObservation { id, source: Source::WebItem, observed_at: at };
    fixture.record([Observation::Removed(removed)]).await;
    assert_eq!(ids_of(&page(fixture.catalog(), first.cursor, 20).await), (11..=30).rev().collect::<Vec<_>>());
    let rest: Vec<u64> = (1..=50).rev().filter(|id| *id != 25).collect();
    assert_eq!(walk(fixture.catalog(), 20).await, rest, "the next one begins without it");
    assert_eq!(
        fixture.store().video_snapshots(id, None, 10).await.expect("a series").len(),
        1,
        "history stays"
    );
}

async fn a_walk_with_a_forgotten_video_is_refused_and_begins_again(place: &Place) {
    let clock = clock();
    let fixture = place.catalog(&clock).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 20).await;
    // Another process forgets; this one has cached the ranking.
    let other = fixture.again("other.idx", &clock).await;
    let order = ForgetOrder { videos: vec![25.try_into().expect("an id")], ..ForgetOrder::default() };
    let plan = other.would_forget(order.clone(), &|_, _| {}).await.expect("a plan");
    assert_eq!((plan.asked, plan.videos, plan.snapshots), (1, 1, 1));
    let report = other.forget(order, &|_, _| {}).await.expect("forgotten");
    assert_eq!((report.videos, report.hashtags), (1, 1));
    let request = WalkRequest { cursor: first.cursor, count: 20, region: None };
    let refused = fixture.catalog().walk(&cat(), request).await;
    assert!(matches!(refused, Err(CatalogError::CursorUnknown)), "{refused:?}");
    let rest: Vec<u64> = (1..=50).rev().filter(|id| *id != 25).collect();
    assert_eq!(walk(fixture.catalog(), 20).await, rest);
    assert!(!fixture.store().is_forgetting().await.expect("an answer"));
}

async fn a_forget_that_was_cut_off_is_finished_by_the_next(place: &Place) {
    let fixture = place.catalog(&clock()).await;
    fixture.record((1..=50).map(|id| under_cat(id, id, 0))).await;
    let first = page(fixture.catalog(), WalkCursor::START, 20).await;
    // Interrupted after its last transaction: the rankings still to drop are unknown.
    fixture.store().forget_videos(vec![99.try_into().expect("an id")]).await.expect("forgotten");
    assert_eq!(page(fixture.catalog(), first.cursor, 20).await.videos.len(), 20, "not of this hashtag");
    let report = fixture.catalog().forget(ForgetOrder::default(), &|_, _| {}).await.expect("finished");
    assert_eq!(report.videos, 0);
    let request = WalkRequest { cursor: first.cursor, count: 20, region: None };
    assert!(matches!(fixture.catalog().walk(&cat(), request).await, Err(CatalogError::CursorUnknown)));
    assert!(!fixture.store().is_forgetting().await.expect("an answer"));
    // Without an interruption only named rankings are dropped.
    let again = page(fixture.catalog(), WalkCursor::START, 20).await;
    fixture.catalog().forget(ForgetOrder::default(), &|_, _| {}).await.expect("nothing to do");
    assert_eq!(page(fixture.catalog(), again.cursor, 20).await.videos.len(), 20);
}

testkit::test_on_each_backend!(
    a_walk_gives_every_video_once_most_plays_first,
    a_page_with_all_videos_is_the_last,
    what_comes_in_during_a_walk_neither_repeats_nor_skips,
    walkers_beside_another_process_that_imports_see_each_video_once,
    a_cursor_of_another_walk_or_an_expired_one_is_refused,
    a_plain_offset_goes_on_from_there,
    cursors_outlive_a_restart,
    the_first_page_has_the_newest_counts_even_when_the_order_stays,
    a_removed_video_stays_in_walks_that_began_before,
    a_walk_with_a_forgotten_video_is_refused_and_begins_again,
    a_forget_that_was_cut_off_is_finished_by_the_next,
);
