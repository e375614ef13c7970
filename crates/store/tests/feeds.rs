//! The life of feeds: created, found by their token, counted, named, given another token, revoked, the same on each backend.

use domain::{AccountId, FeedId, ShareToken, Timestamp};
use store::Store;
use store::feeds::{FEEDS_MAX, Feed, FeedCreated, NewFeed};
use store::idempotency::Fingerprint;
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const QUESTION: &str = "/v1/hashtags/cat/history?step=day";

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn new(n: i64, account_id: AccountId, token: u128) -> NewFeed {
    NewFeed {
        id: FeedId::new(at(n), 7),
        account_id,
        name: "Cats".parse().expect("a name"),
        question: QUESTION.to_owned(),
        digest: ShareToken::new(token).digest(),
        idempotency: None,
        at: at(n),
    }
}

async fn create(store: &Store, feed: NewFeed) -> Feed {
    match store.create_feed(feed).await.expect("an answer") {
        FeedCreated::Created(feed) => feed,
        other => panic!("{other:?}"),
    }
}

async fn open(store: &Store, token: u128) -> Option<FeedId> {
    store.open_feed(ShareToken::new(token).digest()).await.expect("an answer").map(|feed| feed.id)
}

async fn rotate(store: &Store, seen: &Feed, token: u128) -> Option<Feed> {
    store.rotate_feed(seen, ShareToken::new(token).digest()).await.expect("an answer")
}

testkit::on_each_backend! {
    async fn a_feed_is_found_by_its_token_alone(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, 11)).await;
        let second = create(store, new(2, ME, 12)).await;
        let theirs = create(store, new(1, OTHER, 13)).await;
        let again = fixture.again().await;
        assert_eq!(open(&again, 11).await, Some(first.id));
        assert_eq!(open(&again, 13).await, Some(theirs.id));
        assert_eq!(open(&again, 14).await, None, "a guessed token");
        assert_eq!(again.feed(ME, first.id).await.expect("an answer"), Some(first.clone()));
        assert_eq!(again.feed(OTHER, second.id).await.expect("an answer"), None, "it is not theirs");
        assert_eq!(again.feeds(ME, None, 9).await.expect("an answer"), [second.clone(), first.clone()]);
        assert_eq!(again.feeds(ME, Some(second.id), 9).await.expect("an answer"), [first]);
        assert_eq!((second.question.as_str(), second.name.as_str(), second.opened), (QUESTION, "Cats", 0));
    }

    async fn a_rotated_or_revoked_feed_opens_with_no_old_token(fixture: &TestStore) {
        let store = fixture.store();
        let feed = create(store, new(1, ME, 11)).await;
        create(store, new(2, ME, 12)).await;
        assert_eq!(rotate(store, &feed, 12).await, None, "the token is another feed's");
        assert_eq!(open(store, 11).await, Some(feed.id));
        let rotated = rotate(store, &feed, 21).await.expect("a feed");
        assert_eq!((open(store, 11).await, open(store, 21).await), (None, Some(feed.id)));
        assert_eq!(rotate(store, &feed, 31).await, None, "it was rotated meanwhile");
        assert_eq!((open(store, 31).await, open(store, 21).await), (None, Some(feed.id)));
        store.count_feed_opening(ME, feed.id, at(5)).await.expect("counted");
        let named = store.rename_feed(ME, feed.id, "Dogs".parse().expect("a name")).await.expect("an answer");
        let named = named.expect("a feed");
        assert_eq!((named.name.as_str(), named.opened, named.last_opened_at), ("Dogs", 1, Some(at(5))));
        assert_eq!(store.revoke_feed(OTHER, feed.id, at(6)).await.expect("an answer"), None);
        for ms in [6, 7] {
            let revoked = store.revoke_feed(ME, feed.id, at(ms)).await.expect("an answer").expect("a feed");
            assert_eq!(revoked.revoked_at, Some(at(6)), "the first time stays");
        }
        assert_eq!(open(store, 21).await, None);
        assert_eq!(rotate(store, &rotated, 41).await, None, "revoked is for good");
        assert_eq!(open(store, 41).await, None);
        assert_eq!(open(&fixture.again().await, 12).await, Some(FeedId::new(at(2), 7)), "the other one stays");
    }

    async fn a_repeated_request_creates_one_feed(fixture: &TestStore) {
        let store = fixture.store();
        let key = |print: &[u8]| Some(("once".parse().expect("a key"), Fingerprint::of(print)));
        let first = create(store, NewFeed { idempotency: key(b"a"), ..new(1, ME, 11) }).await;
        let same = NewFeed { idempotency: key(b"a"), ..new(2, ME, 12) };
        assert_eq!(store.create_feed(same).await.expect("an answer"), FeedCreated::Same(first));
        let other = NewFeed { idempotency: key(b"b"), ..new(3, ME, 13) };
        assert_eq!(store.create_feed(other).await.expect("an answer"), FeedCreated::OtherRequest);
        assert_eq!((open(store, 12).await, open(store, 13).await), (None, None));
        for taken in [new(4, OTHER, 11), new(1, ME, 14)] {
            assert_eq!(store.create_feed(taken).await.expect("an answer"), FeedCreated::Taken);
        }
        assert_eq!(open(store, 14).await, None);
    }

    async fn an_account_has_so_many_feeds(fixture: &TestStore) {
        let store = fixture.store();
        let most = i64::try_from(FEEDS_MAX).expect("a number");
        for n in 0..most {
            create(store, new(n, ME, 1_000 + u128::from(n.unsigned_abs()))).await;
        }
        let more = || new(most, ME, 1);
        assert_eq!(store.create_feed(more()).await.expect("an answer"), FeedCreated::TooMany);
        create(store, new(0, OTHER, 2)).await;
        store.revoke_feed(ME, FeedId::new(at(0), 7), at(9)).await.expect("an answer").expect("a feed");
        create(store, more()).await;
    }
}
