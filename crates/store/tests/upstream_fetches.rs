//! The newest fetch of each thing from an upstream is stored, the same on each backend.

use domain::Timestamp;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};
use testkit::TestStore;

fn fetched(at_ms: i64, outcome: FetchOutcome) -> LastFetch {
    LastFetch { at: Timestamp::from_ms(at_ms), outcome, cursor: None, has_more: false }
}

testkit::on_each_backend! {
    async fn the_newest_fetch_stays_in_whatever_order(fixture: &TestStore) {
        let store = fixture.store();
        let cat = Fetch::new(FetchKind::InfoByName, "cat");
        assert_eq!(store.last_fetch(&cat).await.expect("an answer"), None);
        let missing = fetched(200, FetchOutcome::Missing);
        store.note_fetch(&cat, missing).await.expect("noted");
        store.note_fetch(&cat, fetched(100, FetchOutcome::Found)).await.expect("not noted");
        assert_eq!(store.last_fetch(&cat).await.expect("an answer"), Some(missing));
        let found = LastFetch { cursor: Some(i64::MAX as u64), has_more: true, ..fetched(300, FetchOutcome::Found) };
        store.note_fetch(&cat, found).await.expect("noted");
        assert_eq!(store.last_fetch(&cat).await.expect("an answer"), Some(found));
        assert_eq!(fixture.again().await.last_fetch(&cat).await.expect("an answer"), Some(found));
    }

    async fn kinds_and_keys_are_distinct(fixture: &TestStore) {
        let store = fixture.store();
        let long = "a".repeat(3_000);
        let kinds = [FetchKind::InfoById, FetchKind::InfoByName, FetchKind::Posts, FetchKind::Search];
        let keys = ["7551", "cat", "Cat", "", "nul \0 and 🐈", long.as_str()];
        let asks: Vec<Fetch> =
            kinds.into_iter().flat_map(|kind| keys.map(|key| Fetch::new(kind, key))).collect();
        for (at, ask) in (1..).zip(&asks) {
            store.note_fetch(ask, fetched(at, FetchOutcome::Found)).await.expect("noted");
        }
        for (at, ask) in (1..).zip(&asks) {
            let noted = store.last_fetch(ask).await.expect("an answer").expect("a note");
            assert_eq!(noted.at.as_ms(), at, "{ask:?}");
        }
    }

    async fn old_ones_are_forgotten_oldest_first(fixture: &TestStore) {
        let store = fixture.store();
        let ask = |n: i64| Fetch::new(FetchKind::Posts, &n.to_string());
        for n in 1..=10 {
            store.note_fetch(&ask(n), fetched(n, FetchOutcome::Found)).await.expect("noted");
        }
        let forget = async |before, limit| {
            store.forget_fetches_before(Timestamp::from_ms(before), limit).await.expect("a number")
        };
        assert_eq!(forget(8, 3).await, 3);
        assert_eq!(store.last_fetch(&ask(3)).await.expect("an answer"), None);
        assert!(store.last_fetch(&ask(4)).await.expect("an answer").is_some());
        assert_eq!(forget(8, 100).await, 4);
        assert_eq!(forget(8, 100).await, 0);
        assert!(store.last_fetch(&ask(8)).await.expect("an answer").is_some());
    }
}
