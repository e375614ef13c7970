//! The life of shares: created, found by their token, opened, changed, revoked, the same on each backend.

use domain::{AccountId, Handle, ShareId, ShareToken, Slug, Timestamp};
use std::collections::HashSet;
use store::Store;
use store::forget::Named;
use store::idempotency::Fingerprint;
use store::shares::{NewShare, Share, ShareCreated, ShareKind};
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const DAY_MS: i64 = 86_400_000;
const DOCUMENT: &str =
    r#"{"report":{"sections":[{"tables":[{"rows":[["7001","@ann"],["7002","@bob"]]}]}]},"left_out":0}"#;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn new(n: i64, account_id: AccountId, token: u128) -> NewShare {
    NewShare {
        id: ShareId::new(at(n), 7),
        account_id,
        digest: ShareToken::new(token).digest(),
        kind: ShareKind::Page,
        slug: Slug::of_title("Summer"),
        title: "Summer".to_owned(),
        settings: r#"{"subject":{"campaign":"summer"}}"#.to_owned(),
        is_frozen: true,
        document: DOCUMENT.to_owned(),
        at: at(n),
        expires_at: at(n + 90 * DAY_MS),
        idempotency: None,
    }
}

async fn create(store: &Store, share: NewShare) -> Share {
    match store.create_share(share).await.expect("an answer") {
        ShareCreated::Created(share) => share,
        other => panic!("{other:?}"),
    }
}

async fn of_token(store: &Store, token: u128) -> Option<(AccountId, ShareId)> {
    store.share_of_token(ShareToken::new(token).digest()).await.expect("an answer")
}

async fn document(store: &Store, share: &Share) -> Option<String> {
    store.share_document(share.account_id, share.id).await.expect("an answer")
}

testkit::on_each_backend! {
    async fn a_share_is_found_by_its_token_alone(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, 11)).await;
        let live = NewShare { is_frozen: false, document: "{}".to_owned(), kind: ShareKind::Embed, ..new(2, ME, 12) };
        let live = create(store, live).await;
        let theirs = create(store, new(1, OTHER, 13)).await;
        assert!(first.is_frozen && !live.is_frozen && live.kind == ShareKind::Embed);
        let again = fixture.again().await;
        assert_eq!(of_token(&again, 11).await, Some((ME, first.id)));
        assert_eq!(of_token(&again, 13).await, Some((OTHER, theirs.id)));
        assert_eq!(of_token(&again, 14).await, None, "a guessed token");
        assert_eq!(again.share(ME, first.id).await.expect("an answer"), Some(first.clone()));
        assert_eq!(again.share(OTHER, live.id).await.expect("an answer"), None, "it is not theirs");
        assert_eq!(document(&again, &first).await.as_deref(), Some(DOCUMENT));
        assert_eq!(document(&again, &live).await.as_deref(), Some("{}"));
        let listed = again.shares(ME, None, 9).await.expect("an answer");
        assert_eq!(listed, [live.clone(), first.clone()]);
        assert_eq!(again.shares(ME, Some(live.id), 9).await.expect("an answer"), [first]);
    }

    async fn neither_a_token_nor_an_id_is_given_out_twice(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, 11)).await;
        let same_token = store.create_share(new(2, OTHER, 11)).await.expect("an answer");
        assert_eq!(same_token, ShareCreated::Taken);
        let same_id = store.create_share(new(1, ME, 12)).await.expect("an answer");
        assert_eq!(same_id, ShareCreated::Taken);
        assert_eq!(of_token(store, 11).await, Some((ME, first.id)), "the first stays");
        assert_eq!(of_token(store, 12).await, None, "a token that was not given out opens nothing");
        assert_eq!(store.shares(OTHER, None, 9).await.expect("an answer"), []);
    }

    async fn a_request_repeated_under_its_key_creates_one_share(fixture: &TestStore) {
        let store = fixture.store();
        let keyed = |n: i64, order: &[u8]| {
            let key = "once".parse().expect("a key");
            let token = 20 + u128::from(n.unsigned_abs());
            NewShare { idempotency: Some((key, Fingerprint::of(order))), ..new(n, ME, token) }
        };
        let first = create(store, keyed(1, b"order")).await;
        let same = store.create_share(keyed(2, b"order")).await.expect("an answer");
        assert_eq!(same, ShareCreated::Same(first.clone()));
        let other = store.create_share(keyed(3, b"other")).await.expect("an answer");
        assert_eq!(other, ShareCreated::OtherRequest);
        assert_eq!(store.shares(ME, None, 9).await.expect("an answer"), [first]);
        assert_eq!((of_token(store, 22).await, of_token(store, 23).await), (None, None));
    }

    async fn openings_are_counted_and_a_revoked_share_loses_its_document(fixture: &TestStore) {
        let store = fixture.store();
        let share = create(store, new(1, ME, 11)).await;
        assert!(share.is_open(at(1)) && !share.is_open(at(1 + 90 * DAY_MS)));
        for n in [5, 6] {
            store.count_opening(ME, share.id, at(n)).await.expect("counted");
        }
        store.count_opening(OTHER, share.id, at(9)).await.expect("nothing to count");
        let opened = store.share(ME, share.id).await.expect("an answer").expect("a share");
        assert_eq!((opened.opened, opened.last_opened_at), (2, Some(at(6))));
        let longer = store.change_share(&share, "{}".to_owned(), at(100 * DAY_MS)).await.expect("an answer");
        let longer = longer.expect("changed");
        assert_eq!((&*longer.settings, longer.expires_at, longer.opened), ("{}", at(100 * DAY_MS), 2));
        let stale = store.change_share(&share, "[]".to_owned(), at(DAY_MS)).await.expect("an answer");
        assert_eq!(stale, None, "it was changed since");
        assert_eq!(store.revoke_share(OTHER, share.id, at(7)).await.expect("an answer"), None);
        let revoked = store.revoke_share(ME, share.id, at(7)).await.expect("an answer").expect("a share");
        assert_eq!(revoked.revoked_at, Some(at(7)));
        assert!(!revoked.is_open(at(8)));
        assert_eq!(document(store, &share).await, None);
        let twice = store.revoke_share(ME, share.id, at(8)).await.expect("an answer");
        assert_eq!(twice.and_then(|share| share.revoked_at), Some(at(7)), "the first time counts");
        let changed = store.change_share(&revoked, "[]".to_owned(), at(DAY_MS)).await.expect("an answer");
        assert_eq!(changed, None, "it stays revoked");
    }

    async fn what_is_forgotten_leaves_the_documents_of_all_accounts(fixture: &TestStore) {
        let store = fixture.store();
        let mut shares = Vec::new();
        for (account, n) in [(ME, 1), (ME, 2), (OTHER, 3)] {
            shares.push(create(store, new(n, account, 30 + u128::from(n.unsigned_abs()))).await);
        }
        let other = NewShare { document: DOCUMENT.replace("7001", "7003").replace("ann", "eve"), ..new(4, ME, 34) };
        let other = create(store, other).await;
        let named = Named { ids: HashSet::from([7001]), handles: Handle::new("nobody").into_iter().collect() };
        assert_eq!(store.forget_in_shares(named.clone()).await.expect("forgotten"), 3);
        for share in &shares {
            let rest = document(store, share).await.expect("a document");
            assert!(!rest.contains("7001") && !rest.contains("@ann") && rest.contains("7002"), "{rest}");
            assert!(rest.contains(r#""left_out":1"#), "{rest}");
        }
        assert!(document(store, &other).await.expect("a document").contains("7003"));
        assert_eq!(store.forget_in_shares(named).await.expect("forgotten"), 0);
    }
}
