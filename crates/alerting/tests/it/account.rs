//! Alerts on the account: they fire at once where their rule holds, once for each episode, whatever nodes do.

use crate::world::{DAY_MS, World};
use alerting::AlertingError;
use alerting::account::AccountRule;
use alerting::order::{AlertOrder, AlertPatch, Watches};
use domain::tracking::{Cadence, GapReason, Interval, Month, OnEmpty, Slots, Target, TrackerSource};
use domain::{Clock, Credits, Operation, RequestId, Tag, TagKey, Timestamp, TrackerId};
use measure::parameters::Whole;
use serde_json::{Value, json};
use std::time::Duration;
use store::Store;
use store::ledger::{Charge, ChargeOutcome, Granted};
use store::tracked::{ReadingReserved, TrackedUpdate};
use store::trackers::{NewTracked, NewTracker, TrackerCreated, TrackerSettings};
use testkit::TestStore;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(600);
const HOUR_MS: i64 = 3_600_000;

fn order(rule: AccountRule) -> AlertOrder {
    AlertOrder { name: "mine".to_owned(), watches: Watches::Account(rule), to: Vec::new() }
}

fn whole<const MIN: u64, const MAX: u64>(number: u64) -> Whole<MIN, MAX> {
    Whole::new(number).expect("in its range")
}

fn credits(amount: u64) -> Credits {
    Credits::new(amount).expect("credits")
}

/// Looks again at what is due. Returns the new events.
async fn look(world: &World, seen: &mut usize) -> Vec<(String, Value)> {
    world.clock.advance(LOOK);
    world.follow().await;
    let events = world.events().await;
    let new = events.iter().skip(*seen).map(|event| (event.event_type.clone(), event.data.clone())).collect();
    *seen = events.len();
    new
}

async fn charge(world: &World, number: u8) {
    let charge = Charge {
        account_id: world.account,
        request_id: RequestId::from_bytes([number; 16]),
        credits: credits(1),
        operation: Operation::HashtagHistory,
        idempotency: None,
        at: world.clock.now(),
    };
    let charged = world.measure.catalog().store().charge(charge).await.expect("an answer");
    assert!(matches!(charged, ChargeOutcome::Paid(_)), "{charged:?}");
}

async fn grant(world: &World, amount: u64) {
    let cause = format!("{amount}").parse().expect("a cause");
    let store = world.measure.catalog().store();
    let granted = store.grant(world.account, credits(amount), &cause, world.clock.now()).await;
    assert!(matches!(granted.expect("an answer"), Granted::Granted { .. }));
}

/// A tracker of #cat that reads every hour, with a budget of ten credits.
async fn tracker(world: &World) {
    let now = world.clock.now();
    let target = Target::Hashtag(Tag::new("cat").expect("a tag"));
    let since = Slots::new(target.key().as_str(), Interval::Hour).at(now).from;
    let settings = TrackerSettings {
        source: TrackerSource::Upstream,
        cadence: Cadence::Every(Interval::Hour),
        is_paused: false,
        notes: String::new(),
        labels: "[]".to_owned(),
        credits_max: Some(credits(10)),
        on_empty: OnEmpty::Pause,
        keyword: None,
        accept_views: None,
        videos: None,
    };
    let new = NewTracker {
        id: TrackerId::new(now, 7),
        account_id: world.account,
        settings,
        hashtags: vec![NewTracked { target, interval: Interval::Hour, since }],
        idempotency: None,
        at: now,
    };
    let created = world.measure.catalog().store().create_tracker(new).await.expect("an answer");
    assert!(matches!(created, TrackerCreated::Created(_)));
}

/// Writes that the reading of #cat failed now, or was made.
async fn note(store: &Store, now: Timestamp, is_read: bool) {
    let key = (&TagKey::new("cat").expect("a key")).into();
    let mut tracked = store.subscriptions(&key).await.expect("an answer").remove(0).tracked;
    let slot = Slots::new(key.as_str(), Interval::Hour).at(now);
    if is_read {
        tracked.last_read_at = Some(now);
    } else {
        tracked.failed = Some((slot, GapReason::SourceDown));
    }
    let update = TrackedUpdate { tracked, spans_from: None, spans: Vec::new(), refund: None };
    assert!(store.update_tracked(update).await.expect("an answer"));
}

testkit::on_each_backend! {
    async fn few_credits_are_one_message_until_there_are_more(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let other = world.another(fixture).await;
        let alert = world.create(&order(AccountRule::CreditsLow { below: whole(10) })).await.expect("an alert").alert;
        let mut seen = 0;
        assert_eq!(look(&world, &mut seen).await, [], "ten are not fewer than ten");
        charge(&world, 1).await;
        world.clock.advance(LOOK);
        tokio::join!(world.follow(), other.follow());
        let fired = world.events().await;
        assert_eq!(fired.len(), 1, "{fired:#?}");
        seen = 1;
        let data = &fired[0].data;
        assert_eq!((&data["rule"], &data["value"], &data["threshold"]), (&json!("credits_low"), &json!(9.0), &json!(10.0)));
        assert_eq!(data["sentence"], "9 credits are left.");
        assert_eq!(data["reason"], "Your alert mine: fewer than 10 credits left");
        charge(&world, 2).await;
        assert_eq!(look(&world, &mut seen).await, [], "one message an episode");
        let shown = world.alerting.show(world.account, alert.id).await.expect("an alert");
        let account = shown.account.expect("it is on the account");
        assert_eq!((account.state, account.value, shown.hashtag_count), ("firing", Some(8.0), 0));
        grant(&world, 30).await;
        let recovered = look(&world, &mut seen).await;
        assert_eq!(recovered[0].0, "alert.recovered");
        assert_eq!(recovered[0].1["sentence"], "38 credits are left.");
        // Hashtags have no place in it, nor has the account in one on hashtags.
        let patch = AlertPatch { hashtags: Some(vec!["cat".to_owned()]), ..AlertPatch::default() };
        let refused = world.alerting.change(world.account, alert.id, patch).await.expect_err("refused");
        assert!(matches!(refused, AlertingError::Field { field: "account", .. }), "{refused}");
        // Another threshold begins another rule.
        let patch = AlertPatch { account: Some(AccountRule::CreditsLow { below: whole(50) }), ..AlertPatch::default() };
        world.alerting.change(world.account, alert.id, patch).await.expect("changed");
        assert_eq!(look(&world, &mut seen).await[0].1["threshold"], json!(50.0));
    }

    async fn credits_that_do_not_last_are_known_by_the_pace_of_a_week(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        world.create(&order(AccountRule::DaysLeft { below: whole(5) })).await.expect("an alert");
        let mut seen = 0;
        assert_eq!(look(&world, &mut seen).await, [], "nothing is spent");
        world.clock.set(Timestamp::from_ms(world.clock.now().as_ms() + 10 * DAY_MS));
        // Seven within a week are one a day: three last for three days.
        for number in 1..=7 {
            charge(&world, number).await;
        }
        let fired = look(&world, &mut seen).await;
        assert_eq!(fired[0].1["value"], json!(3.0), "{fired:?}");
        assert_eq!(fired[0].1["sentence"], "3 credits are left and last for 3 days.");
        grant(&world, 5).await;
        assert_eq!(look(&world, &mut seen).await[0].0, "alert.recovered");
    }

    async fn a_tracker_that_fails_is_named_once_it_missed_slots_in_a_row(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let store = world.measure.catalog().store().clone();
        tracker(&world).await;
        world.create(&order(AccountRule::TrackerFailing { missed: whole(3) })).await.expect("an alert");
        let mut seen = 0;
        note(&store, world.clock.now(), true).await;
        let mut fired_after = None;
        for hour in 1..=6 {
            world.clock.set(Timestamp::from_ms(world.clock.now().as_ms() + HOUR_MS - 600_000));
            note(&store, world.clock.now(), false).await;
            for (kind, data) in look(&world, &mut seen).await {
                assert_eq!(kind, "alert.fired");
                assert_eq!(data["sentence"], "#cat has missed 3 slots in a row (source_down).");
                assert_eq!((&data["gap"], &data["hashtags"]), (&json!("source_down"), &json!(["cat"])));
                assert_eq!(fired_after.replace(hour), None, "once");
            }
        }
        assert_eq!(fired_after, Some(4), "the fourth slot is under way");
        note(&store, world.clock.now(), true).await;
        assert_eq!(look(&world, &mut seen).await[0].0, "alert.recovered");
    }

    async fn a_budget_that_does_not_last_for_the_month_is_said_before_it_is_used_up(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let store = world.measure.catalog().store().clone();
        tracker(&world).await;
        world.create(&order(AccountRule::BudgetLow { below: whole(7) })).await.expect("an alert");
        let mut seen = 0;
        assert_eq!(look(&world, &mut seen).await, [], "nothing is spent");
        // Five of ten within five days: five more days.
        world.clock.set(Timestamp::from_ms(world.clock.now().as_ms() + 5 * DAY_MS - 600_000));
        let now = world.clock.now();
        let key = (&TagKey::new("cat").expect("a key")).into();
        let tracked = store.subscriptions(&key).await.expect("an answer").remove(0).tracked;
        let slot = Slots::new(key.as_str(), Interval::Hour).at(now);
        let reserved = store.reserve_reading(&tracked, slot, credits(5), Month::of(now)).await;
        assert_eq!(reserved.expect("an answer"), ReadingReserved::Reserved);
        let fired = look(&world, &mut seen).await;
        assert_eq!(fired[0].0, "alert.fired", "{fired:?}");
        assert!((fired[0].1["value"].as_f64().expect("a number") - 5.0).abs() < 0.01, "{fired:?}");
        // The next month has a budget of its own.
        world.clock.set(Timestamp::from_ms(now.as_ms() + 27 * DAY_MS));
        assert_eq!(look(&world, &mut seen).await[0].0, "alert.recovered");
    }
}
