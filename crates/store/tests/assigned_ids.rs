//! Every hashtag has an id that leads to it, on each backend, whatever was recorded first.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef};
use domain::{Count, Hashtag, HashtagId, HashtagObservation, Source, Tag, TagKey};
use store::Store;
use store::record::Prepared;
use testkit::TestStore;

fn reading(name: &str, id: Option<HashtagId>) -> Prepared {
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag: Tag::new(name).expect("a tag"), id },
        source: Source::Contract,
        observed_at: None,
        counts: HashtagCounts { views: Count::exact(7), ..HashtagCounts::default() },
        details: HashtagDetails::default(),
    }))
}

fn assigned(name: &str, attempt: u32) -> HashtagId {
    HashtagId::assigned(&TagKey::new(name).expect("a tag"), attempt)
}

async fn by_id(store: &Store, id: HashtagId) -> Option<Hashtag> {
    store.hashtag_by_id(id).await.expect("an answer")
}

async fn name_of(store: &Store, id: HashtagId) -> Option<String> {
    by_id(store, id).await.map(|hashtag| hashtag.tag.name().to_owned())
}

testkit::on_each_backend! {
    async fn an_assigned_id_leads_to_its_hashtag_before_and_after_the_true_one_is_known(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![reading("Cat", None), reading("dog", None)]).await.expect("recorded");
        let cat = by_id(store, assigned("cat", 0)).await.expect("a hashtag");
        assert_eq!((cat.tag.name(), cat.id, cat.public_id()), ("Cat", None, assigned("cat", 0)));
        let own: HashtagId = "7551".parse().expect("an id");
        store.record_all(vec![reading("cat", Some(own))]).await.expect("recorded");
        for id in [own, assigned("cat", 0)] {
            assert_eq!(by_id(store, id).await.map(|cat| cat.public_id()), Some(own));
        }
        // A hashtag recorded with its id has the assigned one, too: another node may have returned that.
        store.record_all(vec![reading("bird", "99".parse().ok())]).await.expect("recorded");
        assert_eq!(name_of(store, assigned("bird", 0)).await.as_deref(), Some("bird"));
        assert_eq!(name_of(store, assigned("fish", 0)).await, None);
    }

    async fn an_assigned_id_in_a_record_is_not_stored_as_the_true_one(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![reading("cat", Some(assigned("cat", 0)))]).await.expect("recorded");
        store.record_all(vec![reading("dog", Some(assigned("cat", 0)))]).await.expect("recorded");
        for name in ["cat", "dog"] {
            let hashtag = by_id(store, assigned(name, 0)).await.expect("a hashtag");
            assert_eq!((hashtag.tag.name(), hashtag.id), (name, None));
        }
        store.record_all(vec![reading("cat", "7551".parse().ok())]).await.expect("recorded");
        let cat = by_id(store, assigned("cat", 0)).await.expect("a hashtag");
        assert_eq!(cat.id, "7551".parse().ok(), "the true id is still free to come");
    }

    async fn a_hashtag_whose_assigned_id_is_taken_gets_the_next_one(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![reading("dog", None)]).await.expect("recorded");
        for attempt in [0, 1] {
            let id = assigned("cat", attempt);
            fixture.sql(&format!("INSERT INTO tagmeter.hashtag_ids (id, hashtag) VALUES ({id}, 1)"));
        }
        store.record_all(vec![reading("cat", None)]).await.expect("recorded");
        let key = TagKey::new("cat").expect("a tag");
        let cat = store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag");
        assert_eq!(cat.public_id(), assigned("cat", 2));
        assert_eq!(name_of(store, assigned("cat", 2)).await.as_deref(), Some("cat"));
        assert_eq!(name_of(store, assigned("cat", 0)).await.as_deref(), Some("dog"));
    }

    async fn data_from_before_gets_its_ids_when_it_is_opened(fixture: &TestStore) {
        let store = fixture.store();
        let names = ["cat", "dog", "bird"];
        let readings = names.map(|name| reading(name, (name == "dog").then(|| "8".parse().expect("an id"))));
        store.record_all(readings.into()).await.expect("recorded");
        // The state before hashtags had assigned ids; and one of them is taken meanwhile.
        fixture.sql("DELETE FROM tagmeter.hashtag_ids WHERE id >= 9100000000000000000");
        fixture.sql("UPDATE tagmeter.store SET backfill_hashtag = 3");
        let taken = assigned("bird", 0);
        fixture.sql(&format!("INSERT INTO tagmeter.hashtag_ids (id, hashtag) VALUES ({taken}, 1)"));
        assert_eq!(name_of(store, assigned("cat", 0)).await, None);
        let again = fixture.again().await;
        for (name, attempt) in [("cat", 0), ("dog", 0), ("bird", 1)] {
            let hashtag = by_id(&again, assigned(name, attempt)).await.expect(name);
            assert_eq!(hashtag.tag.name(), name);
            let own = hashtag.id.unwrap_or(assigned(name, attempt));
            assert_eq!(hashtag.public_id(), own);
        }
        let once_more = fixture.again().await;
        assert_eq!(name_of(&once_more, assigned("bird", 1)).await.as_deref(), Some("bird"));
        assert_eq!(name_of(&once_more, assigned("bird", 2)).await, None, "it is done once");
    }
}

/// Creates a folder with the schema and rows of the first release.
#[tokio::test]
async fn a_folder_of_the_first_schema_opens_and_has_ids() {
    use sha2::{Digest, Sha256};
    const FIRST: &str = include_str!("../src/sqlite/migrations/catalog/0001_catalog.sql");
    let folder = tempfile::tempdir().expect("a folder");
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    catalog
        .execute_batch(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT",
        )
        .and_then(|()| catalog.execute_batch(FIRST))
        .expect("the first schema");
    let checksum: [u8; 32] = Sha256::digest(FIRST).into();
    catalog.execute("INSERT INTO migrations VALUES (1, 'catalog', ?1)", [checksum]).expect("noted");
    catalog
        .execute_batch(
            "INSERT INTO hashtags (hashtag, name, changed, views) VALUES (1, 'Cat', 1, 7);
             INSERT INTO hashtag_keys (key, hashtag) VALUES ('cat', 1);
             UPDATE store SET sequence = 1; INSERT INTO changes VALUES (1, x'01000000')",
        )
        .expect("rows");
    drop(catalog);
    let store = Store::open(&store::StoreOptions::in_folder(folder.path())).await.expect("a store");
    assert_eq!(name_of(&store, assigned("cat", 0)).await.as_deref(), Some("Cat"));
}
