//! The life of trackers: created once, changed, queued, read under a claim, paid within a budget, the same on each backend.

use domain::tracking::{
    Cadence, GapReason, Interval, Month, OnEmpty, Slot, Slots, Span, SpanKind, Target, TargetKey,
    TrackerSource,
};
use domain::{AccountId, Credits, Tag, TagKey, Timestamp, TrackerId};
use store::Store;
use store::idempotency::Fingerprint;
use store::jobs::Lease;
use store::tracked::{ReadingClaim, ReadingReserved, Requeued, SpansOf, Subscription, TrackedUpdate};
use store::trackers::{
    NewTracked, NewTracker, Tracker, TrackerChange, TrackerChanged, TrackerCreated, TrackerSettings,
};
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const HOUR_MS: i64 = 3_600_000;
const MONTH: Month = Month(24_324);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn credits(amount: u64) -> Credits {
    Credits::new(amount).expect("credits")
}

fn key(name: &str) -> TargetKey {
    (&TagKey::new(name).expect("a key")).into()
}

fn slot(name: &str, now: Timestamp) -> Slot {
    Slots::new(key(name).as_str(), Interval::Hour).at(now)
}

fn new_tracker(n: i64, account_id: AccountId, names: &[&str]) -> NewTracker {
    let settings = TrackerSettings {
        source: TrackerSource::Upstream,
        cadence: Cadence::Every(Interval::Hour),
        is_paused: false,
        notes: "for a client".to_owned(),
        labels: "[\"pets\"]".to_owned(),
        credits_max: None,
        on_empty: OnEmpty::Pause,
        keyword: None,
        accept_views: None,
        videos: None,
    };
    let tracked = |name: &&str| {
        let tag = Tag::new(name).expect("a tag");
        let target = Target::Hashtag(tag);
        NewTracked { since: slot(name, at(n)).from, target, interval: Interval::Hour }
    };
    let hashtags = names.iter().map(tracked).collect();
    NewTracker { id: TrackerId::new(at(n), 7), account_id, settings, hashtags, idempotency: None, at: at(n) }
}

async fn create(store: &Store, tracker: NewTracker) -> Tracker {
    match store.create_tracker(tracker).await.expect("an answer") {
        TrackerCreated::Created(tracker) => tracker,
        other => panic!("{other:?}"),
    }
}

async fn change(store: &Store, tracker: &Tracker, change: TrackerChange, ms: i64) -> TrackerChanged {
    store.change_tracker(tracker.account_id, tracker.id, change, at(ms)).await.expect("an answer")
}

async fn claim(store: &Store, ms: i64) -> Vec<ReadingClaim> {
    let lease = Lease { from: at(ms), until: at(ms + 60_000) };
    let mut claims = store.claim_readings(lease, 10).await.expect("an answer");
    claims.sort_by(|a, b| a.key().as_str().cmp(b.key().as_str()));
    claims
}

async fn only(store: &Store, name: &str) -> Subscription {
    let mut found = store.subscriptions(&key(name)).await.expect("an answer");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

async fn names(store: &Store, tracker: &Tracker) -> Vec<String> {
    let found = store.tracked_hashtags(tracker.account_id, tracker.id, None, 100).await.expect("an answer");
    found.into_iter().map(|tracked| tracked.target.name().to_owned()).collect()
}

testkit::on_each_backend! {
    async fn a_tracker_is_created_listed_changed_and_deleted(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new_tracker(1, ME, &["cat", "Dog"])).await;
        assert_eq!((first.hashtags, first.spent, first.settings.notes.as_str()), (2, Credits::ZERO, "for a client"));
        let second = create(store, new_tracker(2, ME, &["cat"])).await;
        let again = fixture.again().await;
        assert_eq!(again.tracker(ME, first.id).await.expect("an answer"), Some(first.clone()));
        assert_eq!(again.tracker(OTHER, first.id).await.expect("an answer"), None, "it is not theirs");
        let listed = |before| { let store = again.clone(); async move {
            let found = store.trackers(ME, before, 1).await.expect("an answer");
            found.into_iter().map(|tracker| tracker.id).collect::<Vec<_>>()
        }};
        assert_eq!(listed(None).await, [second.id]);
        assert_eq!(listed(Some(second.id)).await, [first.id]);
        assert_eq!(names(store, &first).await, ["cat", "Dog"]);
        let after = store.tracked_hashtags(ME, first.id, Some(&key("cat")), 9).await.expect("an answer");
        assert_eq!(after.iter().map(|tracked| tracked.target.name()).collect::<Vec<_>>(), ["Dog"]);

        let add = new_tracker(3, ME, &["cat", "bird"]).hashtags;
        let wish = TrackerChange {
            cadence: Some(Cadence::Adaptive),
            notes: Some(String::new()),
            credits_max: Some(Some(credits(30))),
            on_empty: Some(OnEmpty::Slow),
            add,
            remove: vec![key("DOG"), key("unknown")],
            ..TrackerChange::default()
        };
        let TrackerChanged::Changed(changed) = change(store, &first, wish, 50).await else { panic!("not changed") };
        assert_eq!((changed.hashtags, changed.settings.cadence, changed.updated_at), (2, Cadence::Adaptive, at(50)));
        assert_eq!((changed.settings.credits_max, changed.settings.labels.as_str()), (Some(credits(30)), "[\"pets\"]"));
        assert_eq!(names(store, &first).await, ["bird", "cat"]);
        let theirs = Tracker { account_id: OTHER, ..first.clone() };
        assert_eq!(change(store, &theirs, TrackerChange::default(), 60).await, TrackerChanged::NotFound);
        assert!(!store.delete_tracker(OTHER, first.id).await.expect("an answer"));
        assert!(!store.wake_tracker(OTHER, first.id, at(60)).await.expect("an answer"));
        assert!(store.delete_tracker(ME, first.id).await.expect("an answer"));
        assert!(!store.delete_tracker(ME, first.id).await.expect("an answer"));
        assert_eq!(store.subscriptions(&key("bird")).await.expect("an answer"), []);
    }

    async fn a_repeated_request_creates_one_tracker(fixture: &TestStore) {
        let store = fixture.store();
        let with_key = |n: i64, account_id, names: &[&str]| NewTracker {
            idempotency: Some(("order-7".parse().expect("a key"), Fingerprint::of(names.concat().as_bytes()))),
            ..new_tracker(n, account_id, names)
        };
        let made = create(store, with_key(1, ME, &["cat"])).await;
        let again = store.create_tracker(with_key(2, ME, &["cat"])).await.expect("an answer");
        assert_eq!(again, TrackerCreated::Same(made.clone()));
        let other = store.create_tracker(with_key(3, ME, &["dog"])).await.expect("an answer");
        assert_eq!(other, TrackerCreated::OtherRequest);
        create(store, with_key(4, OTHER, &["cat"])).await;
        let taken = store.create_tracker(new_tracker(1, ME, &["cat"])).await.expect("an answer");
        assert_eq!(taken, TrackerCreated::IdTaken);
        assert_eq!(store.trackers(ME, None, 9).await.expect("an answer"), [made]);
    }

    async fn a_hashtag_is_read_by_one_worker_for_all_its_trackers(fixture: &TestStore) {
        let store = fixture.store();
        create(store, new_tracker(1, ME, &["cat", "dog"])).await;
        create(store, new_tracker(2, OTHER, &["Cat"])).await;
        let claims = claim(store, 10).await;
        assert_eq!(claims.iter().map(|claim| claim.key().as_str()).collect::<Vec<_>>(), ["cat", "dog"]);
        assert_eq!(claim(&fixture.again().await, 20).await, [], "they are claimed");
        assert_eq!(claim(store, 30).await, []);
        let found = store.subscriptions(&key("cat")).await.expect("an answer");
        let owners: Vec<_> = found.iter().map(|found| (found.tracker.account_id, found.tracked.target.name())).collect();
        assert_eq!(owners, [(ME, "cat"), (OTHER, "Cat")]);

        // Its lease expired: another worker has it, and the first one writes no due time any more.
        let second = claim(store, 60_011).await;
        assert_eq!(second.len(), 2);
        let requeued = store.requeue_reading(&claims[0], Some(at(9)), at(60_020)).await.expect("an answer");
        assert_eq!(requeued, Requeued::Lost);
        // A tracker that was created meanwhile is seen by the worker that has the claim.
        create(store, new_tracker(60_021, OTHER, &["cat"])).await;
        let due = Some(at(HOUR_MS));
        let changed = store.requeue_reading(&second[0], due, at(60_030)).await.expect("an answer");
        let Requeued::Changed(renewed) = changed else { panic!("{changed:?}") };
        assert_eq!(store.requeue_reading(&renewed, due, at(60_040)).await.expect("an answer"), Requeued::Done);
        assert_eq!(store.requeue_reading(&second[1], None, at(60_040)).await.expect("an answer"), Requeued::Done);
        assert_eq!(claim(store, HOUR_MS - 1).await, []);
        let third = claim(store, HOUR_MS).await;
        assert_eq!(third.iter().map(|claim| claim.key().as_str()).collect::<Vec<_>>(), ["cat"]);
    }

    async fn a_due_time_from_a_clock_that_was_ahead_is_due(fixture: &TestStore) {
        let store = fixture.store();
        let year = 365 * 24 * HOUR_MS;
        create(store, new_tracker(year, ME, &["cat"])).await;
        let claims = claim(store, year).await;
        let requeued = store.requeue_reading(&claims[0], Some(at(year + HOUR_MS)), at(year)).await;
        assert_eq!(requeued.expect("an answer"), Requeued::Done);
        assert_eq!(claim(store, year - 1_000).await, [], "clocks of nodes differ");
        assert_eq!(claim(store, 0).await.len(), 1);
    }

    async fn credits_of_a_reading_are_reserved_within_the_budget(fixture: &TestStore) {
        let store = fixture.store();
        let mut new = new_tracker(1, ME, &["cat", "dog"]);
        new.settings.credits_max = Some(credits(5));
        let tracker = create(store, new).await;
        let spent = || async {
            let read = store.tracker(ME, tracker.id).await.expect("an answer").expect("a tracker");
            (read.spent_month, read.spent.get())
        };
        let (cat, dog) = (only(store, "cat").await.tracked, only(store, "dog").await.tracked);
        let slot = slot("cat", at(10));
        let reserve = async |tracked, amount, month| {
            store.reserve_reading(tracked, slot, credits(amount), month).await.expect("an answer")
        };
        assert_eq!(reserve(&cat, 3, MONTH).await, ReadingReserved::Reserved);
        assert_eq!(reserve(&cat, 1, MONTH).await, ReadingReserved::Changed, "another worker has it");
        assert_eq!(reserve(&dog, 3, MONTH).await, ReadingReserved::BudgetSpent);
        assert_eq!(only(store, "dog").await.tracked, dog, "nothing was reserved");
        assert_eq!(reserve(&dog, 2, MONTH).await, ReadingReserved::Reserved);
        assert_eq!(spent().await, (MONTH, 5));

        let cat = only(&fixture.again().await, "cat").await.tracked;
        assert_eq!(cat.attempt.map(|attempt| (attempt.slot, attempt.credits)), Some((slot, credits(3))));
        let update = |tracked, refund| TrackedUpdate { tracked, spans_from: None, spans: Vec::new(), refund };
        assert!(store.update_tracked(update(cat, Some((MONTH, credits(3))))).await.expect("an answer"));
        assert_eq!((only(store, "cat").await.tracked.attempt, spent().await), (None, (MONTH, 2)));

        // The next month begins at 0; a clock that goes back over its beginning does not reset it.
        let (next, cat) = (Month(MONTH.0 + 1), only(store, "cat").await.tracked);
        assert_eq!(reserve(&cat, 4, next).await, ReadingReserved::Reserved);
        let dog = only(store, "dog").await.tracked;
        assert_eq!(reserve(&dog, 2, MONTH).await, ReadingReserved::BudgetSpent);
        assert_eq!(reserve(&dog, 1, MONTH).await, ReadingReserved::Reserved);
        assert_eq!(spent().await, (next, 5));
        // A month written by a clock that was far ahead goes back, with what was spent.
        let cat = only(store, "cat").await.tracked;
        assert_eq!(reserve(&cat, 5, Month(MONTH.0 + 40)).await, ReadingReserved::Reserved);
        let dog = only(store, "dog").await.tracked;
        assert_eq!(reserve(&dog, 1, MONTH).await, ReadingReserved::BudgetSpent);
        assert_eq!(spent().await, (Month(MONTH.0 + 40), 5));
    }

    async fn spans_are_replaced_from_a_moment_on(fixture: &TestStore) {
        let store = fixture.store();
        let tracker = create(store, new_tracker(1, ME, &["cat"])).await;
        let span = |from: i64, until: i64, kind| Span { from: at(from), until: at(until), kind };
        let (run, gap) = (SpanKind::Read { readings: 2 }, SpanKind::Gap(GapReason::SourceDown));
        let mut tracked = only(store, "cat").await.tracked;
        let stale = tracked.clone();
        (tracked.readings, tracked.gaps, tracked.last_read_at) = (4, 1, Some(at(50)));
        (tracked.due_at, tracked.failed) = (Some(at(70)), Some((slot("cat", at(30)), GapReason::SourceDown)));
        let spans = vec![span(0, 20, run), span(20, 40, gap), span(40, 60, run)];
        let update = TrackedUpdate { tracked: tracked.clone(), spans_from: Some(at(0)), spans: spans.clone(), refund: None };
        assert!(store.update_tracked(update).await.expect("an answer"));
        let read = only(&fixture.again().await, "cat").await;
        assert_eq!(read.spans, spans);
        assert_eq!((read.tracked.due_at, read.tracked.failed), (tracked.due_at, tracked.failed));
        assert_eq!((read.tracked.readings, read.tracked.gaps, read.tracked.last_read_at), (4, 1, Some(at(50))));
        let late = TrackedUpdate { tracked: stale, spans_from: Some(at(0)), spans: Vec::new(), refund: None };
        assert!(!store.update_tracked(late).await.expect("an answer"), "it was changed since");

        let spans = vec![span(20, 60, SpanKind::Gap(GapReason::Asleep)), span(60, 65, SpanKind::Exempt)];
        let (tracked, kept) = (read.tracked, spans.clone());
        let update = TrackedUpdate { tracked, spans_from: Some(at(20)), spans: kept, refund: None };
        assert!(store.update_tracked(update).await.expect("an answer"));
        let listed = |before: Option<i64>, limit| {
            let store = store.clone();
            async move {
                let found = store.tracker_spans(ME, tracker.id, &key("cat"), SpansOf::All, before.map(at), limit).await;
                found.expect("an answer").into_iter().map(|span| span.from).collect::<Vec<_>>()
            }
        };
        assert_eq!(listed(None, 9).await, [at(60), at(20), at(0)]);
        assert_eq!((listed(None, 1).await, listed(Some(20), 9).await), (vec![at(60)], vec![at(0)]));
        assert_eq!(only(store, "cat").await.spans[1..], spans);
        let gaps = store.tracker_spans(ME, tracker.id, &key("cat"), SpansOf::Gaps, None, 9).await.expect("an answer");
        assert_eq!(gaps, [span(20, 60, SpanKind::Gap(GapReason::Asleep))]);
        let totals = store.tracker_totals(ME, tracker.id).await.expect("an answer");
        assert_eq!((totals.readings, totals.gaps), (4, 1));
        assert_eq!((totals.due_at, totals.last_read_at), (Some(at(70)), Some(at(50))));
        let one = store.tracked_hashtag(ME, tracker.id, &key("cat")).await.expect("an answer");
        assert_eq!(one.map(|tracked| tracked.readings), Some(4));
        assert_eq!(store.tracked_hashtag(OTHER, tracker.id, &key("cat")).await.expect("an answer"), None);
        let remove = TrackerChange { remove: vec![key("cat")], ..TrackerChange::default() };
        let changed = store.change_tracker(ME, tracker.id, remove, at(80)).await.expect("an answer");
        assert!(matches!(changed, TrackerChanged::Changed(Tracker { hashtags: 0, .. })), "{changed:?}");
        assert_eq!(listed(None, 9).await, []);
    }

    async fn a_pause_queues_the_hashtags_and_a_tracker_without_a_source_is_never_queued(fixture: &TestStore) {
        let store = fixture.store();
        let tracker = create(store, new_tracker(1, ME, &["cat"])).await;
        let mut watching = new_tracker(2, ME, &["dog"]);
        watching.settings.source = TrackerSource::None;
        let watching = create(store, watching).await;
        let claims = claim(store, 10).await;
        assert_eq!(claims.len(), 1);
        store.requeue_reading(&claims[0], Some(at(HOUR_MS)), at(20)).await.expect("an answer");
        let notes = TrackerChange { notes: Some("other".to_owned()), ..TrackerChange::default() };
        change(store, &tracker, notes, 30).await;
        assert_eq!(claim(store, 40).await, [], "notes concern no reading");
        let pause = TrackerChange { is_paused: Some(true), ..TrackerChange::default() };
        change(store, &tracker, pause.clone(), 50).await;
        change(store, &watching, pause, 50).await;
        assert!(store.wake_tracker(ME, watching.id, at(50)).await.expect("an answer"));
        let claims = claim(store, 60).await;
        assert_eq!(claims.iter().map(|claim| claim.key().as_str()).collect::<Vec<_>>(), ["cat"]);
        assert!(only(store, "cat").await.tracker.settings.is_paused);
        assert_eq!(only(store, "dog").await.tracked.due_at, None);
    }
}
