//! What upstreams were asked for is remembered, the newest word of it, the same on each backend.

use domain::Timestamp;
use store::asks::{Ask, AskKind, AskOutcome, Asked};
use testkit::TestStore;

fn asked(at_ms: i64, outcome: AskOutcome) -> Asked {
    Asked { at: Timestamp::from_ms(at_ms), outcome, cursor: None, has_more: false }
}

testkit::on_each_backend! {
    async fn the_newest_word_stands_whichever_comes_last(held: &TestStore) {
        let store = held.store();
        let cat = Ask::new(AskKind::InfoByName, "cat");
        assert_eq!(store.asked(&cat).await.expect("an answer"), None);
        let missing = asked(200, AskOutcome::Missing);
        store.note_asked(&cat, missing).await.expect("noted");
        store.note_asked(&cat, asked(100, AskOutcome::Found)).await.expect("not noted");
        assert_eq!(store.asked(&cat).await.expect("an answer"), Some(missing));
        let found = Asked { cursor: Some(i64::MAX as u64), has_more: true, ..asked(300, AskOutcome::Found) };
        store.note_asked(&cat, found).await.expect("noted");
        assert_eq!(store.asked(&cat).await.expect("an answer"), Some(found));
        assert_eq!(held.again().await.asked(&cat).await.expect("an answer"), Some(found));
    }

    async fn kinds_and_keys_are_told_apart(held: &TestStore) {
        let store = held.store();
        let long = "a".repeat(3_000);
        let kinds = [AskKind::InfoById, AskKind::InfoByName, AskKind::Posts, AskKind::Search];
        let keys = ["7551", "cat", "Cat", "", "nul \0 and 🐈", long.as_str()];
        let asks: Vec<Ask> =
            kinds.into_iter().flat_map(|kind| keys.map(|key| Ask::new(kind, key))).collect();
        for (at, ask) in (1..).zip(&asks) {
            store.note_asked(ask, asked(at, AskOutcome::Found)).await.expect("noted");
        }
        for (at, ask) in (1..).zip(&asks) {
            let noted = store.asked(ask).await.expect("an answer").expect("a note");
            assert_eq!(noted.at.as_ms(), at, "{ask:?}");
        }
    }

    async fn old_ones_are_forgotten_oldest_first(held: &TestStore) {
        let store = held.store();
        let ask = |n: i64| Ask::new(AskKind::Posts, &n.to_string());
        for n in 1..=10 {
            store.note_asked(&ask(n), asked(n, AskOutcome::Found)).await.expect("noted");
        }
        let forget = async |before, limit| {
            store.forget_asks_before(Timestamp::from_ms(before), limit).await.expect("a number")
        };
        assert_eq!(forget(8, 3).await, 3);
        assert_eq!(store.asked(&ask(3)).await.expect("an answer"), None);
        assert!(store.asked(&ask(4)).await.expect("an answer").is_some());
        assert_eq!(forget(8, 100).await, 4);
        assert_eq!(forget(8, 100).await, 0);
        assert!(store.asked(&ask(8)).await.expect("an answer").is_some());
    }
}
