//! Sums of hashtags stay within the largest count, are unknown above it, and can be corrected from the links; a
//! data folder of a version that stored larger counts opens and accepts imports.

use domain::count::{COUNT_MAX, checked_sum};
use domain::observation::{TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Caveat, Count, Hashtag, Source, Tag, TagKey, Timestamp, fragment};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use store::hashtags::Changes;
use store::record::{Prepared, PreparedVideo};
use store::{Store, StoreOptions};

const POISON: i64 = i64::MAX;

fn video(id: u64, digest: u64, plays: u64, tags: &[&str]) -> Prepared {
    let id = id.try_into().expect("an id");
    let counts = VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() };
    let tag = |name: &&str| TagRef { tag: Tag::new(name).expect("a tag"), id: None };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest,
        source: Source::WebItem,
        observed_at: Some(Timestamp::from_ms(1_700_000_000_000 + digest.cast_signed())),
        author: Some((digest % 2 + 1).try_into().expect("an id")),
        handle: None,
        create_time: None,
        region: None,
        tags: tags.iter().map(tag).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

async fn found(store: &Store, name: &str) -> Hashtag {
    let key = TagKey::new(name).expect("a tag");
    store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag")
}

async fn sum_is_unknown_above_the_limit(store: &Store) {
    store.record_all(vec![video(1, 1, COUNT_MAX, &["cat"])]).await.expect("recorded");
    assert_eq!(found(store, "cat").await.observed.views, Some(COUNT_MAX));
    // 1,100 of them exceed 63 bits, in one transaction and in several.
    let more: Vec<Prepared> = (2..1_100).map(|n| video(n, n, COUNT_MAX, &["cat", "dog"])).collect();
    store.record_all(more).await.expect("recorded");
    for name in ["cat", "dog"] {
        let hashtag = found(store, name).await;
        assert_eq!((hashtag.observed.views, hashtag.views()), (None, None), "{name}");
        assert!(hashtag.observed.caveats.contains(Caveat::SumTooLarge), "{name}");
    }
    store.record_all(vec![video(2_000, 2_000, 5, &["cat"])]).await.expect("recorded");
    assert_eq!(found(store, "cat").await.observed.videos, 1_100);
    assert_eq!(store.check_sums().await.expect("a report").off, 0, "unknown is right");
    // An unknown sum stays so when a video's count falls, until it is recomputed.
    store.record_all((1..1_100).map(|n| video(n, 3_000 + n, 1, &["cat"])).collect()).await.expect("recorded");
    assert_eq!(found(store, "cat").await.observed.views, None);
    let healed = store.heal_sums().await.expect("healed");
    assert_eq!((healed.off, healed.named.len()), (2, 2));
    assert_eq!(found(store, "cat").await.observed.views, Some(1_099 + 5));
    assert!(!found(store, "cat").await.observed.caveats.contains(Caveat::SumTooLarge));
    assert_eq!(found(store, "dog").await.observed.views, Some(1_098));
}

/// A batch of readings: the number of a video, its plays and whether it is under one or two hashtags.
fn batches() -> impl Strategy<Value = Vec<Vec<(u64, u64, bool)>>> {
    let plays = prop_oneof![0..1_000_u64, COUNT_MAX / 3..=COUNT_MAX / 2, COUNT_MAX - 3..=COUNT_MAX];
    let reading = (1_u64..12, plays, any::<bool>());
    prop::collection::vec(prop::collection::vec(reading, 1..6), 1..8)
}

/// Stored videos by number: plays, and true for a video under both hashtags.
type Stored = BTreeMap<u64, (u64, bool)>;

/// Adds the plays under a hashtag up the simple way: of all videos, and of those with even and with odd
/// numbers, which are two creators'.
fn naive(stored: &Stored, is_cat: bool) -> (u128, Vec<u128>) {
    let under: Vec<(u64, u128)> = stored
        .iter()
        .filter(|(_, (_, is_of_both))| is_cat || *is_of_both)
        .map(|(n, (plays, _))| (n % 2, u128::from(*plays)))
        .collect();
    let of = |parity| {
        let plays: Vec<u128> =
            under.iter().filter(|(by, _)| *by == parity).map(|(_, plays)| *plays).collect();
        (!plays.is_empty()).then(|| plays.iter().sum())
    };
    (under.iter().map(|(_, plays)| plays).sum(), [0, 1].into_iter().filter_map(of).collect())
}

async fn sums_are_those_of_the_definition(store: &Store, batches: Vec<Vec<(u64, u64, bool)>>, round: u64) {
    let (cat, dog) = (format!("cat{round}"), format!("dog{round}"));
    let (mut stored, mut time, mut was_above) = (Stored::new(), 0, [false; 2]);
    for batch in batches {
        let made = batch.iter().map(|(n, count, is_of_both)| {
            time += 1;
            let tags: &[&str] = if *is_of_both { &[&cat, &dog] } else { &[&cat] };
            video(round * 1_000 + n, 2 * time + n % 2, *count, tags)
        });
        store.record_all(made.collect()).await.expect("recorded");
        for (n, count, is_of_both) in batch {
            let (plays, was_of_both) = stored.get(&n).copied().unwrap_or_default();
            // A 0 after a number that is not 0 is unknown, and once under a hashtag a video stays there.
            stored.insert(n, (if count == 0 { plays } else { count }, was_of_both || is_of_both));
        }
        for (n, name) in [&cat, &dog].into_iter().enumerate() {
            let key = TagKey::new(name).expect("a tag");
            let Some(hashtag) = store.hashtag_by_key(&key).await.expect("an answer") else { continue };
            let (sum, by_creator) = naive(&stored, n == 0);
            was_above[n] |= sum > COUNT_MAX.into();
            match hashtag.observed.views {
                Some(views) => assert_eq!(u128::from(views), sum, "{name}"),
                None => assert!(was_above[n], "{name}: {sum}"),
            }
            let found = store.creator_plays(&[hashtag.row], 100).await.expect("plays");
            assert_eq!(found.into_iter().next().map(|found| found.plays), Some(by_creator), "{name}");
        }
    }
    store.heal_sums().await.expect("healed");
    for (n, name) in [&cat, &dog].into_iter().enumerate() {
        let key = TagKey::new(name).expect("a tag");
        let Some(hashtag) = store.hashtag_by_key(&key).await.expect("an answer") else { continue };
        assert_eq!(
            hashtag.observed.views,
            checked_sum(naive(&stored, n == 0).0),
            "{name} after it was healed"
        );
    }
}

/// `sql` runs statements on the tables, whose names begin with `prefix`.
async fn poisoned_store_is_healed(store: &Store, prefix: &str, sql: impl Fn(&str)) {
    let made = vec![video(1, 1, 10, &["cat", "dog"]), video(2, 2, 20, &["cat"]), video(3, 3, 30, &["bird"])];
    store.record_all(made).await.expect("recorded");
    sql(&format!("UPDATE {prefix}videos SET plays = {POISON} WHERE video <= 2"));
    sql(&format!("UPDATE {prefix}links SET plays = {POISON} WHERE video <= 2"));
    sql(&format!("UPDATE {prefix}hashtags SET held_views = {POISON} WHERE hashtag <= 2"));
    // Imports of its hashtags succeed, and of the videos, too.
    let more = vec![video(4, 4, 40, &["cat"]), video(1, 6, 11, &["cat", "dog"])];
    store.record_all(more).await.expect("recorded");
    assert_eq!(found(store, "cat").await.observed.views, None);
    sql(&format!("UPDATE {prefix}hashtags SET held_videos = 9, held_creators = 9 WHERE name = 'dog'"));

    let report = store.check_sums().await.expect("a report");
    let names: Vec<&str> = report.named.iter().map(|off| off.name.as_str()).collect();
    assert_eq!((report.hashtags, report.off, names), (3, 2, vec!["cat", "dog"]));
    let (before, bird) = (store.sequence().await.expect("a sequence"), found(store, "bird").await);
    let healed = store.heal_sums().await.expect("healed");
    assert_eq!(healed, report, "what was off is what was set right");
    let cat = found(store, "cat").await;
    assert_eq!((cat.observed.videos, cat.observed.views, cat.observed.creators), (3, Some(51), 2));
    let dog = found(store, "dog").await;
    assert_eq!((dog.observed.videos, dog.observed.views, dog.observed.creators), (1, Some(11), 1));
    assert_eq!(found(store, "bird").await, bird, "nothing else is changed");
    let changed = store.changes_since(before).await.expect("changes");
    assert_eq!(changed, Changes::Hashtags { hashtags: vec![cat.row, dog.row], sequence: before + 1 });
    // The second time nothing is off, and followers are not notified.
    assert_eq!(store.heal_sums().await.expect("healed").off, 0);
    assert_eq!(store.sequence().await.expect("a sequence"), before + 1);
}

testkit::on_each_backend! {
    async fn a_sum_above_the_limit_is_unknown_until_it_is_healed(stored: &testkit::TestStore) {
        sum_is_unknown_above_the_limit(stored.store()).await;
    }

    async fn sums_are_those_that_large_integers_give(stored: &testkit::TestStore) {
        let mut runner = TestRunner::deterministic();
        for round in 1..=24 {
            let batches = batches().new_tree(&mut runner).expect("batches").current();
            sums_are_those_of_the_definition(stored.store(), batches, round).await;
        }
    }

    async fn plays_of_a_creator_add_up_beyond_64_bits(stored: &testkit::TestStore) {
        let store = stored.store();
        let videos = |from: u64| (from..from + 700).map(|n| video(n, 2 * n, COUNT_MAX, &["cat"])).collect();
        for from in [1, 701, 1_401] {
            store.record_all(videos(from)).await.expect("recorded");
        }
        let found = store.creator_plays(&[found(store, "cat").await.row], 10_000).await.expect("plays");
        assert_eq!(found[0].plays, [2_100 * u128::from(COUNT_MAX)]);
    }
}

#[tokio::test]
async fn a_folder_poisoned_by_an_old_version_is_healed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    let path = folder.path().join("catalog.db");
    let sql = |sql: &str| {
        let catalog = rusqlite::Connection::open(&path).expect("a file");
        catalog.execute_batch(sql).expect(sql);
    };
    poisoned_store_is_healed(&store, "", sql).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_poisoned_by_an_old_version_is_healed() {
    let Some(database) = testkit::postgres::TestDatabase::create().await else { return };
    let store = database.open().await;
    poisoned_store_is_healed(&store, "tagmeter.", |sql| {
        database.sql(sql);
    })
    .await;
}
