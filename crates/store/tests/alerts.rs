//! The life of alerts, events, destinations and deliveries: one event for each cause, one claim for each delivery, and
//! nothing sent to what is off, the same on each backend.

use domain::{AccountId, AlertId, DestinationId, EventId, Timestamp};
use store::Store;
use store::alerts::{Alert, AlertChange, AlertCreated, AlertEvaluated, AlertSubject, NewAlert, NewSubject};
use store::deliveries::{Attempted, DeliveryClaim, Lane, Replay};
use store::destinations::{
    Destination, DestinationChange, DestinationCreated, DestinationState, NewDestination,
};
use store::events::NewEvent;
use store::idempotency::Fingerprint;
use store::jobs::Lease;
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn subject(key: &str, due_at: Option<i64>) -> NewSubject {
    NewSubject {
        subject: key.to_owned(),
        name: key.to_uppercase(),
        state: "{}".to_owned(),
        due_at: due_at.map(at),
    }
}

fn new_alert(n: i64, account_id: AccountId, keys: &[&str]) -> NewAlert {
    let subjects = keys.iter().map(|key| subject(key, None)).collect();
    let (id, settings) = (AlertId::new(at(n), 1), format!("{{\"n\":{n}}}"));
    NewAlert { id, account_id, settings, subjects, idempotency: None, at: at(n) }
}

async fn create(store: &Store, alert: NewAlert) -> Alert {
    match store.create_alert(alert).await.expect("an answer") {
        AlertCreated::Created(alert) => alert,
        other => panic!("{other:?}"),
    }
}

async fn subjects(store: &Store, alert: &Alert) -> Vec<AlertSubject> {
    store.alert_subjects(alert.account_id, alert.id, "", 100).await.expect("subjects")
}

fn event(n: i64, cause: &str, alert: Option<&Alert>, to: &[&Destination]) -> NewEvent {
    NewEvent {
        id: EventId::new(at(n), 5),
        kind: "alert.fired".to_owned(),
        cause: cause.to_owned(),
        alert_id: alert.map(|alert| alert.id),
        at: at(n),
        data: format!("{{\"n\":{n}}}"),
        to: to.iter().map(|to| to.id).collect(),
        due_at: at(n),
        later: Vec::new(),
    }
}

fn new_destination(n: i64, address: &str) -> NewDestination {
    NewDestination {
        id: DestinationId::new(at(n), 3),
        account_id: ME,
        address: address.to_owned(),
        settings: "{}".to_owned(),
        secrets: "[]".to_owned(),
        at: at(n),
    }
}

async fn destination(store: &Store, n: i64, address: &str) -> Destination {
    match store.create_destination(new_destination(n, address)).await.expect("an answer") {
        DestinationCreated::Created(made) => made,
        other => panic!("{other:?}"),
    }
}

async fn claim(store: &Store, lane: Lane, ms: i64) -> Vec<DeliveryClaim> {
    let lease = Lease { from: at(ms), until: at(ms + MINUTE_MS) };
    store.claim_deliveries(lane, lease, 10).await.expect("claims")
}

fn attempted(ms: i64, state: DestinationState, next: Option<i64>) -> Attempted {
    let is_working = state == DestinationState::Working;
    Attempted {
        at: at(ms),
        duration_ms: 20,
        status: Some(if is_working { 204 } else { 500 }),
        error: (!is_working).then(|| "500".to_owned()),
        next_at: next.map(at),
        state,
        notice: None,
        others: Vec::new(),
    }
}

fn failing(ms: i64, failures: u64) -> DestinationState {
    DestinationState::Failing { since: at(ms), failures }
}

async fn write(store: &Store, claim: &DeliveryClaim, attempted: Attempted) -> bool {
    store.write_attempt(claim.clone(), attempted).await.expect("an answer")
}

async fn numbers(store: &Store, alert: Option<&Alert>, before: Option<u64>) -> Vec<u64> {
    let id = alert.map(|alert| alert.id);
    let events = store.events(ME, id, before, 2).await.expect("events");
    events.into_iter().map(|event| event.sequence).collect()
}

testkit::on_each_backend! {
    async fn an_alert_is_created_once_changed_and_deleted(fixture: &TestStore) {
        let store = fixture.store();
        let keyed = NewAlert {
            idempotency: Some(("once".parse().expect("a key"), Fingerprint::of(b"this"))),
            ..new_alert(1, ME, &["dog", "cat"])
        };
        let first = create(store, keyed.clone()).await;
        assert_eq!((first.settings.as_str(), first.is_paused, first.muted_until), ("{\"n\":1}", false, None));
        let again = NewAlert { id: AlertId::new(at(9), 9), ..keyed.clone() };
        assert_eq!(store.create_alert(again.clone()).await.expect("an answer"), AlertCreated::Same(first.clone()));
        let other = NewAlert { idempotency: Some(("once".parse().expect("a key"), Fingerprint::of(b"that"))), ..again };
        assert_eq!(store.create_alert(other).await.expect("an answer"), AlertCreated::OtherRequest);
        let taken = NewAlert { idempotency: None, ..keyed };
        assert_eq!(store.create_alert(taken).await.expect("an answer"), AlertCreated::IdTaken);
        let second = create(store, new_alert(2, ME, &["cat"])).await;
        let theirs = create(store, new_alert(3, OTHER, &["cat"])).await;

        assert_eq!(store.alert(OTHER, first.id).await.expect("an answer"), None, "it is not theirs");
        assert_eq!(store.alerts(ME, None, 9).await.expect("alerts"), [second.clone(), first.clone()]);
        let older = store.alerts(ME, Some(second.id), 9).await.expect("alerts");
        assert_eq!(older.iter().map(|alert| alert.id).collect::<Vec<_>>(), [first.id]);
        let names = |subjects: &[AlertSubject]| subjects.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&subjects(store, &first).await), ["CAT", "DOG"]);
        assert_eq!(store.watched_subjects("", 9).await.expect("keys"), ["cat", "dog"]);
        assert_eq!(store.watched_subjects("cat", 9).await.expect("keys"), ["dog"]);
        let wanted = ["cat", "bird", "dog"].map(str::to_owned).to_vec();
        let mut watched = store.watched_of(wanted).await.expect("keys");
        watched.sort();
        assert_eq!(watched, ["cat", "dog"]);
        let watchers = store.watchers("cat").await.expect("watchers");
        assert_eq!(watchers.iter().map(|(alert, _)| alert.id).collect::<Vec<_>>(), [first.id, second.id, theirs.id]);

        let change = AlertChange { is_paused: Some(true), muted_until: Some(Some(at(DAY_MS))), ..AlertChange::default() };
        let changed = store.change_alert(ME, first.id, change, at(5)).await.expect("an answer").expect("an alert");
        assert_eq!((changed.is_paused, changed.muted_until, changed.updated_at), (true, Some(at(DAY_MS)), at(5)));
        assert_eq!(changed.settings, first.settings);
        let change = AlertChange {
            settings: Some("{}".to_owned()),
            muted_until: Some(None),
            subjects: Some(vec![subject("bird", Some(7))]),
            ..AlertChange::default()
        };
        let changed = store.change_alert(ME, first.id, change, at(6)).await.expect("an answer").expect("an alert");
        assert_eq!((changed.is_paused, changed.muted_until, changed.settings.as_str()), (true, None, "{}"));
        assert_eq!(names(&subjects(store, &first).await), ["BIRD"]);
        assert_eq!(store.due_subjects(at(6), 9).await.expect("keys"), [""; 0]);
        assert_eq!(store.due_subjects(at(7), 9).await.expect("keys"), ["bird"]);
        assert_eq!(store.change_alert(OTHER, first.id, AlertChange::default(), at(7)).await.expect("an answer"), None);
        assert!(!store.delete_alert(OTHER, first.id).await.expect("an answer"));
        assert!(store.delete_alert(ME, first.id).await.expect("an answer"));
        assert_eq!(store.watched_subjects("", 9).await.expect("keys"), ["cat"]);
    }

    async fn of_two_evaluations_one_is_written_and_a_cause_makes_one_event(fixture: &TestStore) {
        let store = fixture.store();
        let alert = create(store, new_alert(1, ME, &["cat"])).await;
        let to = destination(store, 1, "https://a.example/").await;
        let read = subjects(store, &alert).await.remove(0);
        let evaluated = |state: &str, events: Vec<NewEvent>| AlertEvaluated {
            subject: read.clone(),
            state: state.to_owned(),
            due_at: Some(at(100)),
            events,
        };
        let one = evaluated("[1]", vec![event(2, "fired 1", Some(&alert), &[&to]), event(3, "fired 2", Some(&alert), &[])]);
        assert!(store.write_evaluation(one.clone()).await.expect("an answer"));
        assert!(!store.write_evaluation(one).await.expect("an answer"), "it was evaluated meanwhile");
        let written = subjects(store, &alert).await.remove(0);
        assert_eq!((written.state.as_str(), written.due_at), ("[1]", Some(at(100))));
        assert_eq!(numbers(store, None, None).await, [2, 1]);
        assert_eq!(claim(store, Lane::New, 2).await.len(), 1, "one of them is delivered");

        // The same cause once more is no event, with whatever else is written.
        let again = AlertEvaluated {
            subject: written.clone(),
            state: "[2]".to_owned(),
            due_at: None,
            events: vec![event(4, "fired 2", Some(&alert), &[&to]), event(5, "fired 3", Some(&alert), &[])],
        };
        assert!(store.write_evaluation(again).await.expect("an answer"));
        let all = store.events(ME, Some(alert.id), None, 9).await.expect("events");
        assert_eq!(all.iter().map(|event| event.at).collect::<Vec<_>>(), [at(5), at(3), at(2)]);
        let numbers: Vec<_> = all.iter().map(|event| event.sequence).collect();
        assert_eq!(numbers, [3, 2, 1], "a repeated cause leaves no hole");
        // Subjects that a change replaced are others, even with the same key.
        let change = AlertChange { subjects: Some(vec![subject("cat", None)]), ..AlertChange::default() };
        let stale = subjects(store, &alert).await.remove(0);
        store.change_alert(ME, alert.id, change, at(6)).await.expect("an answer").expect("an alert");
        let late = AlertEvaluated { subject: stale, state: "[3]".to_owned(), due_at: None, events: Vec::new() };
        assert!(!store.write_evaluation(late).await.expect("an answer"));
        assert_eq!(subjects(store, &alert).await.remove(0).state, "{}");

        // Events of another account have numbers of their own, and causes too.
        let first = store.record_event(OTHER, event(7, "fired 1", None, &[&to])).await.expect("an answer");
        assert_eq!(first, Some(1));
        assert_eq!(store.record_event(OTHER, event(8, "fired 1", None, &[])).await.expect("an answer"), None);
        assert_eq!(claim(store, Lane::New, 9).await, [], "its delivery would be to a destination of this account");
    }

    async fn a_delivery_is_claimed_by_one_and_repeated_until_it_is_accepted(fixture: &TestStore) {
        let store = fixture.store();
        let good = destination(store, 1, "https://good.example/").await;
        let bad = destination(store, 2, "https://bad.example/").await;
        let known = store.create_destination(new_destination(9, "https://bad.example/")).await.expect("an answer");
        assert_eq!(known, DestinationCreated::Known(bad.clone()));
        for n in 1..=2 {
            store.record_event(ME, event(n, &format!("cause {n}"), None, &[&good, &bad])).await.expect("an answer");
        }
        assert_eq!(claim(store, Lane::New, 0).await, [], "nothing is due");
        let claims = claim(store, Lane::New, 10).await;
        let seen: Vec<_> = claims.iter().map(|claim| (claim.destination.id, claim.event.sequence)).collect();
        assert_eq!(seen.len(), 2);
        assert!(seen.contains(&(good.id, 1)) && seen.contains(&(bad.id, 1)), "the oldest of each: {seen:?}");
        assert_eq!(claim(store, Lane::New, 10).await, [], "each destination has a claim");
        let (ours, theirs): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| claim.destination.id == good.id);
        assert!(write(store, &ours[0], attempted(20, DestinationState::Working, None)).await);
        assert!(write(store, &theirs[0], attempted(20, failing(20, 1), Some(500))).await);
        // The second message to the bad one goes out in the lane of those that fail.
        assert_eq!(claim(store, Lane::Failing, 25).await.iter().map(|one| one.event.sequence).collect::<Vec<_>>(), [2]);

        // The next of the good one is in the lane of those that work.
        assert_eq!(claim(store, Lane::New, 30).await, []);
        let next = claim(store, Lane::Working, 30).await;
        assert_eq!((next.len(), next[0].event.sequence, next[0].attempts), (1, 2, 0));
        // A sender that is gone is replaced after its lease, and can write nothing any more.
        let taken = claim(store, Lane::Working, 30 + MINUTE_MS).await;
        assert_eq!(taken[0].event.sequence, 2);
        assert!(!write(store, &next[0], attempted(40, DestinationState::Working, None)).await);
        assert!(write(store, &taken[0], attempted(30 + MINUTE_MS, DestinationState::Working, None)).await);
        let listed = store.deliveries(ME, good.id, None, 9).await.expect("deliveries");
        assert_eq!(listed.iter().map(|one| (one.event.sequence, one.attempts)).collect::<Vec<_>>(), [(2, 1), (1, 1)]);
        assert_eq!(listed[1].delivered_at, Some(at(40)));

        // A clock that was ahead leaves leases and due times behind that would never end.
        store.record_event(ME, event(3, "cause 3", None, &[&good])).await.expect("an answer");
        let ahead = claim(store, Lane::Working, 400 * DAY_MS).await;
        assert_eq!(ahead.len(), 1);
        let back = claim(store, Lane::Working, 2 * MINUTE_MS).await;
        assert_eq!(back.len(), 1, "the clock is right again");
        assert!(write(store, &back[0], attempted(2 * MINUTE_MS, failing(0, 1), Some(400 * DAY_MS))).await);
        assert_eq!(claim(store, Lane::Failing, 3 * MINUTE_MS).await.iter()
            .filter(|claim| claim.destination.id == good.id).count(), 1);
    }

    async fn what_is_off_gets_nothing_and_replays_begin_again(fixture: &TestStore) {
        let store = fixture.store();
        let to = destination(store, 1, "https://a.example/").await;
        let other = destination(store, 2, "https://b.example/").await;
        for n in 1..=3 {
            store.record_event(ME, event(n * DAY_MS, &format!("cause {n}"), None, &[&to])).await.expect("an answer");
        }
        let claimed = claim(store, Lane::New, 3 * DAY_MS).await.remove(0);
        let off = Attempted {
            notice: Some(event(4 * DAY_MS, "off", None, &[&to, &other])),
            ..attempted(3 * DAY_MS, DestinationState::Off("gone".to_owned()), None)
        };
        assert!(write(store, &claimed, off).await);
        for lane in Lane::ALL {
            let ids: Vec<_> = claim(store, lane, 5 * DAY_MS).await.iter().map(|one| one.destination.id).collect();
            assert_eq!(ids, if lane == Lane::New { vec![other.id] } else { vec![] }, "{lane:?}: the notice alone");
        }
        let listed = store.destinations(ME).await.expect("destinations");
        assert_eq!(listed.iter().map(|one| one.off_reason.as_deref()).collect::<Vec<_>>(), [Some("gone"), None]);
        let replay = async |replay, ms| store.replay_deliveries(ME, to.id, replay, at(ms)).await.expect("an answer");
        assert_eq!(replay(Replay::One(2), 6 * DAY_MS).await, 1);
        assert_eq!(claim(store, Lane::Failing, 6 * DAY_MS).await, [], "it is still off");

        let on = DestinationChange { off_reason: Some(None), secrets: Some("[1]".to_owned()), ..DestinationChange::default() };
        let changed = store.change_destination(ME, to.id, on, at(6 * DAY_MS)).await.expect("an answer").expect("one");
        assert_eq!((changed.off_reason, changed.failing, changed.secrets.as_str()), (None, None, "[1]"));
        assert_eq!(replay(Replay::Since(at(2 * DAY_MS)), 6 * DAY_MS).await, 1, "one of the two waits already");
        let mut claims = claim(store, Lane::New, 6 * DAY_MS).await;
        claims.retain(|claim| claim.destination.id == to.id);
        let first = claims.remove(0);
        assert_eq!((first.event.sequence, first.attempts), (2, 0));
        assert!(write(store, &first, attempted(6 * DAY_MS, DestinationState::Working, None)).await);
        assert_eq!(replay(Replay::One(2), 7 * DAY_MS).await, 1);
        let again = claim(store, Lane::Working, 7 * DAY_MS).await.remove(0);
        assert!(write(store, &again, attempted(7 * DAY_MS, failing(7 * DAY_MS, 1), Some(8 * DAY_MS))).await);
        let log = store.delivery_attempts(ME, to.id, 1, 2).await.expect("attempts");
        let seen: Vec<_> = log.iter().map(|one| (one.sequence, one.attempt, one.status)).collect();
        assert_eq!(seen, [(1, 1, Some(500)), (2, 1, Some(204)), (2, 2, Some(500))]);
        assert_eq!(log[2].error.as_deref(), Some("500"));

        assert_eq!(store.prune_events(at(2 * DAY_MS + 1), 10).await.expect("pruned"), 1, "the second is still to be sent");
        assert_eq!(store.events(ME, None, None, 9).await.expect("events").len(), 3);
        assert!(!store.delete_destination(OTHER, to.id).await.expect("an answer"));
        assert!(store.delete_destination(ME, to.id).await.expect("an answer"));
        assert_eq!(store.deliveries(ME, to.id, None, 9).await.expect("deliveries"), []);
        let none = store.change_destination(ME, to.id, DestinationChange::default(), at(0)).await.expect("an answer");
        assert_eq!(none, None);
    }
}
