//! Answers of an empty store, and stored rankings: the same on each backend.

use domain::cursor::GENERATION_MAX;
use domain::{HashtagRow, Region, TagKey, Timestamp};
use store::hashtags::{CatalogSize, Changes};
use store::videos::VideoRow;
use testkit::TestStore;

const CAT: HashtagRow = HashtagRow(1);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

testkit::on_each_backend! {
    async fn an_empty_store_answers_with_nothing(fixture: &TestStore) {
        let store = fixture.store();
        let key = TagKey::new("cat").expect("a tag");
        let id = 7551_u64.try_into().expect("an id");
        assert_eq!(store.hashtag_by_key(&key).await.expect("an answer"), None);
        assert_eq!(store.hashtag_by_id(id).await.expect("an answer"), None);
        assert_eq!(store.hashtags(&[CAT, HashtagRow(2)]).await.expect("an answer"), []);
        assert_eq!(store.hashtags_after(None, 10).await.expect("an answer"), []);
        assert_eq!(store.catalog_size().await.expect("a size"), CatalogSize::default());
        assert_eq!(store.sequence().await.expect("a sequence"), 0);
        let none = Changes::Hashtags { hashtags: Vec::new(), sequence: 0 };
        assert_eq!(store.changes_since(0).await.expect("changes"), none);
        assert_eq!(store.changes_since(3).await.expect("changes"), Changes::Gap);
        assert_eq!(store.ranking(CAT, None).await.expect("a ranking"), []);
        assert_eq!(store.ranking(CAT, "DE".parse().ok()).await.expect("a ranking"), []);
        assert_eq!(store.packed(&[]).await.expect("nothing"), Vec::<Vec<u8>>::new());
        assert!(store.packed(&[VideoRow(1)]).await.is_err(), "a video that a ranking names must be there");
        assert_eq!(store.hashtag_snapshots(CAT, None, 5).await.expect("a series"), []);
        assert_eq!(store.hashtag_snapshots_count(CAT).await.expect("a count"), 0);
        let video = 9_u64.try_into().expect("an id");
        assert_eq!(store.video_snapshots(video, Some(at(7)), 5).await.expect("a series"), []);
    }

    async fn rankings_are_found_by_hashtag_region_and_slot(fixture: &TestStore) {
        let store = fixture.store();
        let region: Region = "DE".parse().expect("a region");
        let write = |hashtag, region, changed, built_at| {
            store.write_generation(hashtag, region, changed, at(built_at), at(0), Vec::new())
        };
        let first = write(CAT, None, 1, 100).await.expect("stored");
        let german = write(CAT, Some(region), 1, 101).await.expect("stored");
        let later = write(CAT, None, 2, 102).await.expect("stored");
        let other = write(HashtagRow(2), None, 2, 103).await.expect("stored");
        assert_eq!([first.slot, german.slot, later.slot, other.slot], [1, 2, 3, 4]);
        assert!(other.slot < GENERATION_MAX);
        let newest = |region| store.newest_generation(CAT, region);
        assert_eq!(newest(None).await.expect("an answer"), Some(later));
        assert_eq!(newest(Some(region)).await.expect("an answer"), Some(german));
        assert_eq!(newest("US".parse().ok()).await.expect("an answer"), None);
        assert_eq!(store.generation(CAT, 1).await.expect("an answer"), Some(first));
        assert_eq!(store.generation(CAT, 9).await.expect("an answer"), None);
        assert_eq!(store.first_page(CAT, 1, 35).await.expect("an answer"), Some(Vec::new()));
        assert_eq!(store.first_page(CAT, 1, 36).await.expect("an answer"), None, "more than is stored");
        assert_eq!(store.ranked(CAT, 1, 0, 10).await.expect("an answer"), []);
        assert_eq!(fixture.again().await.generation(CAT, 3).await.expect("an answer"), Some(later));
    }

    async fn expired_rankings_are_dropped_a_few_at_a_time(fixture: &TestStore) {
        let store = fixture.store();
        let mut first_gone_at = None;
        for number in 1..=100_i64 {
            let written = store.write_generation(CAT, None, 1, at(number), at(number - 10), Vec::new());
            written.await.expect("stored");
            if first_gone_at.is_none() && store.generation(CAT, 1).await.expect("an answer").is_none() {
                first_gone_at = Some(number);
            }
        }
        assert!(first_gone_at.is_some_and(|number| (12..=32).contains(&number)), "{first_gone_at:?}");
        for (slot, is_required) in [(50, false), (80, false), (90, true), (100, true)] {
            let found = store.generation(CAT, slot).await.expect("an answer");
            assert_eq!(found.is_some(), is_required, "{slot}");
        }
    }
}
