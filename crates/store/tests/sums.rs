//! Sums of hashtags stay within the largest count, are known for unknown above it, and can be set right from the links; a
//! data folder of a version that stored larger counts opens and takes imports.

use domain::count::COUNT_MAX;
use domain::observation::{TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Caveat, Count, Hashtag, Source, Tag, TagKey, Timestamp, fragment};
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
    // 1,100 of them are more than 63 bits hold, in one transaction and in several.
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
    // What is unknown stays so when a video's count falls, until it is added up again.
    store.record_all((1..1_100).map(|n| video(n, 3_000 + n, 1, &["cat"])).collect()).await.expect("recorded");
    assert_eq!(found(store, "cat").await.observed.views, None);
    let healed = store.heal_sums().await.expect("healed");
    assert_eq!((healed.off, healed.named.len()), (2, 2));
    assert_eq!(found(store, "cat").await.observed.views, Some(1_099 + 5));
    assert!(!found(store, "cat").await.observed.caveats.contains(Caveat::SumTooLarge));
    assert_eq!(found(store, "dog").await.observed.views, Some(1_098));
}

/// `sql` runs statements on the tables, whose names begin with `prefix`.
async fn poisoned_store_is_healed(store: &Store, prefix: &str, sql: impl Fn(&str)) {
    let made = vec![video(1, 1, 10, &["cat", "dog"]), video(2, 2, 20, &["cat"]), video(3, 3, 30, &["bird"])];
    store.record_all(made).await.expect("recorded");
    sql(&format!("UPDATE {prefix}videos SET plays = {POISON} WHERE video <= 2"));
    sql(&format!("UPDATE {prefix}links SET plays = {POISON} WHERE video <= 2"));
    sql(&format!("UPDATE {prefix}hashtags SET held_views = {POISON} WHERE hashtag <= 2"));
    // Imports of its hashtags go through, of the videos themselves, too.
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
    // Again, there is nothing to do, and followers are left alone.
    assert_eq!(store.heal_sums().await.expect("healed").off, 0);
    assert_eq!(store.sequence().await.expect("a sequence"), before + 1);
}

testkit::on_each_backend! {
    async fn a_sum_above_the_limit_is_unknown_until_it_is_healed(held: &testkit::TestStore) {
        sum_is_unknown_above_the_limit(held.store()).await;
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
