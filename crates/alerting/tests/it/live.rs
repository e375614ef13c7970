//! Live alerts: their events are those of previews, each once, and messages are sent when they should be.

use crate::world::{DAY, DAY_MS, World, day, rule};
use alerting::AlertingError;
use alerting::order::AlertPatch;
use domain::Timestamp;
use measure::{AlertPreviewView, MeasureError};
use serde_json::{Value, json};
use testkit::TestStore;

/// A year of daily readings with busy weeks, rounded as TikTok shows them, days without one, and a fall that stays.
/// `shift` moves the busy weeks by so many days.
fn year(shift: i64, mut views: f64) -> Vec<(i64, u64)> {
    let mut seed: u64 = 7;
    (0..365)
        .filter_map(|number| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let chance = (seed >> 33) as f64 / f64::from(u32::MAX >> 1);
            let is_busy = (number + shift) % 29 < 4;
            views *= 1.0 + if is_busy { 0.02 + 0.03 * chance } else { 0.004 * chance };
            if number == 200 {
                views *= 0.9;
            }
            let is_missing = (120..131).contains(&(number + shift)) || (number + shift) % 17 == 5;
            let rounded = (views / 100_000.0).floor() * 100_000.0;
            (!is_missing).then_some((number, rounded as u64))
        })
        .collect()
}

/// Returns the events of a preview after a moment, in the terms of events.
pub(crate) fn expected(
    preview: &AlertPreviewView,
    after: Timestamp,
) -> Vec<(String, Timestamp, Option<f64>)> {
    let mut events = Vec::new();
    for fired in &preview.fired {
        events.push(("alert.fired".to_owned(), fired.at, Some(fired.value)));
        events.extend(fired.ended.map(|ended| ("alert.recovered".to_owned(), ended, None)));
    }
    events.retain(|(_, at, _)| *at > after);
    events.sort_by_key(|(_, at, _)| *at);
    events
}

pub(crate) async fn preview(world: &World, json: &Value) -> AlertPreviewView {
    let found = world.measure.catalog().find("cat").await.expect("an answer").expect("a hashtag");
    world.measure.alert_preview(&found, &rule(json)).await.expect("a preview")
}

testkit::on_each_backend! {
    /// The year is replayed twice: at once by the preview, and day by day by live alerts, one for each rule.
    async fn a_live_alert_does_what_its_preview_said(fixture: &TestStore) {
        let rules = [
            json!({"rule": "growth", "above": 0.9}),
            json!({"rule": "growth", "above": 0.4, "for": "2d", "keep_firing": "3d", "window": "24h"}),
            json!({"rule": "velocity", "above": 300_000.0, "recovers_at": 100_000.0, "cooldown": "5w"}),
            json!({"rule": "breakout", "above": 2.0}),
            json!({"rule": "fell", "above": 0.0}),
            json!({"rule": "emerging", "above": 0.5, "recovers_at": 0.3}),
            json!({"rule": "overtakes_views", "versus": "dog", "above": 0.0}),
            json!({"rule": "overtakes_gain", "versus": "dog", "above": 500_000.0, "window": "24h"}),
        ];
        let world = World::new(fixture, &[]).await;
        let (cat, dog) = (year(0, 16_400_000.0), year(14, 17_500_000.0));
        let (known, coming) = cat.split_at(70);
        let mut rivals = dog.iter().peekable();
        for (number, views) in known {
            while let Some((read, views)) = rivals.next_if(|(read, _)| read <= number) {
                world.read("dog", day(*read), *views).await;
            }
            world.read("cat", day(*number), *views).await;
        }
        let mut alerts = Vec::new();
        for rule_of in &rules {
            alerts.push(world.create(&World::order(rule(rule_of), &["cat"], &[])).await.expect("an alert").alert);
        }
        let created_at = day(known[69].0);
        // Each day is looked at, also those without a reading.
        let mut coming = coming.iter().peekable();
        for number in known[69].0 + 1..365 {
            world.clock.set(day(number));
            if let Some((_, views)) = rivals.next_if(|(read, _)| *read == number) {
                world.read("dog", day(number), *views).await;
            }
            if let Some((_, views)) = coming.next_if(|(read, _)| *read == number) {
                world.read("cat", day(number), *views).await;
            }
            world.follow().await;
        }
        let mut no_data = 0;
        for (alert, rule_of) in alerts.iter().zip(&rules) {
            let live = world.alerting.events_of(world.account, Some(alert.id), None).await.expect("events");
            assert_eq!(live.next, None, "they are on one page");
            let mut live = live.events;
            live.reverse();
            let preview = preview(&world, rule_of).await;
            let expected = expected(&preview, created_at);
            assert!(expected.len() >= 2 || rule_of["rule"] == "fell", "{rule_of}: {expected:?}");
            let found: Vec<_> = live
                .iter()
                .filter(|event| event.event_type == "alert.fired" || event.event_type == "alert.recovered")
                .map(|event| (event.event_type.clone(), event.at, event.data["value"].as_f64()))
                .collect();
            assert_eq!(found, expected, "{rule_of}");
            no_data += live.iter().filter(|event| event.event_type == "alert.no_data").count();
            let of_messages = |live: &[alerting::view::EventView]| {
                let fired = live.iter().filter(|event| event.event_type == "alert.fired");
                fired.filter(|event| event.data["unsent"].is_null()).count()
            };
            if rule_of["cooldown"].is_null() {
                assert_eq!(of_messages(&live), expected.iter().filter(|(kind, ..)| kind == "alert.fired").count());
            } else {
                assert!(of_messages(&live) < expected.len() / 2, "{rule_of}");
            }
        }
        // And the eleven days without one of #dog, once for both that compare with it.
        assert_eq!(no_data, rules.len() + 2, "the eleven days without a reading, once for each alert");
    }

    async fn of_two_nodes_one_records_an_event(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let other = world.another(fixture).await;
        for number in 0..30 {
            world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
        }
        let order = World::order(rule(&json!({"rule": "velocity", "above": 5_000.0, "window": "24h"})), &["cat"], &[]);
        world.create(&order).await.expect("an alert");
        for number in 30..60 {
            let burst = if number % 10 == 5 { 50_000 } else { 0 };
            world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs() + burst * (number as u64 / 10)).await;
            tokio::join!(world.follow(), other.follow());
        }
        let events = world.events().await;
        assert!(events.len() >= 4, "{events:#?}");
        let mut causes: Vec<_> =
            events.iter().map(|event| (event.event_type.clone(), event.data["episode"].to_string())).collect();
        causes.sort();
        causes.dedup();
        assert_eq!(causes.len(), events.len());
        // Sequences have no holes that a reader could take for lost events, except where a cause was repeated.
        assert!(events.is_sorted_by(|a, b| a.sequence < b.sequence));
    }

    async fn too_little_history_is_refused_for_one_and_awaited_in_a_list(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        for number in 0..40 {
            world.read("cat", day(number), 1_000_000 + 9_000 * number.unsigned_abs()).await;
        }
        for number in 30..40 {
            world.read("young", day(number), 5_000 + 70 * number.unsigned_abs()).await;
        }
        let about = rule(&json!({"about": "1/week"}));
        let refused = world.create(&World::order(about.clone(), &["young"], &[])).await.expect_err("too young");
        assert!(matches!(refused, AlertingError::Measure(MeasureError::InsufficientHistory(_))), "{refused}");
        let unknown = world.create(&World::order(about.clone(), &["nothere"], &[])).await.expect_err("unknown");
        assert!(matches!(unknown, AlertingError::Measure(MeasureError::NotFound(_))), "{unknown}");
        let alert = world.create(&World::order(about, &["cat", "young"], &[])).await.expect("an alert").alert;
        let shown = world.alerting.show(world.account, alert.id).await.expect("an alert");
        let states: Vec<_> = shown.hashtags.iter().map(|one| (one.hashtag.as_str(), one.state)).collect();
        assert_eq!(states[1], ("young", "waiting"), "{states:?}");
        assert!(shown.hashtags[1].reason.as_deref().is_some_and(|why| why.contains("14 are needed")));
        for number in 40..56 {
            world.read("young", day(number), 5_000 + 70 * number.unsigned_abs() + number.unsigned_abs().pow(2)).await;
            world.follow().await;
        }
        let shown = world.alerting.show(world.account, alert.id).await.expect("an alert");
        assert_ne!(shown.hashtags[1].state, "waiting");
        assert!(shown.hashtags[1].above.is_some() && shown.hashtags[1].reason.is_none());
    }

    async fn mutes_pauses_and_old_readings_send_nothing(fixture: &TestStore) {
        let world = World::new(fixture, &["hooks.example.com"]).await;
        for number in 0..30 {
            world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
        }
        let velocity = rule(&json!({"rule": "velocity", "above": 5_000.0, "window": "24h"}));
        let order = World::order(velocity, &["cat"], &["https://hooks.example.com/x"]);
        let alert = world.create(&order).await.expect("an alert").alert;
        let change = async |patch: AlertPatch| {
            world.alerting.change(world.account, alert.id, patch).await.expect("changed");
        };
        let unsent = async || {
            let events = world.events().await;
            let last = events.iter().rfind(|event| event.event_type == "alert.fired").expect("an event");
            (last.at, last.data["unsent"].as_str().map(str::to_owned))
        };
        change(AlertPatch { muted_until: Some(Some(day(33))), ..AlertPatch::default() }).await;
        world.read("cat", day(30), 1_100_000).await;
        assert_eq!(world.follow().await, 1);
        assert_eq!(unsent().await, (day(30), Some("muted".to_owned())));
        world.read("cat", day(31), 1_101_000).await;
        assert_eq!(world.follow().await, 1, "it recovered");
        // The silence is over.
        world.read("cat", day(34), 1_300_000).await;
        assert_eq!(world.follow().await, 1);
        assert_eq!(unsent().await, (day(34), None));
        // An import brings readings of long ago: they are recorded, and nobody is woken.
        world.read("cat", day(35), 1_301_000).await;
        world.follow().await;
        world.clock.set(day(60));
        for (number, views) in [(36, 1_500_000), (37, 1_501_000)] {
            world.read("cat", day(number), views).await;
        }
        world.follow().await;
        assert_eq!(unsent().await, (day(36), Some("known too late".to_owned())));
        // What comes while it is paused is evaluated when it is resumed.
        change(AlertPatch { is_paused: Some(true), ..AlertPatch::default() }).await;
        world.read("cat", day(60), 1_510_000).await;
        world.read("cat", day(61), 1_900_000).await;
        assert_eq!(world.follow().await, 0);
        change(AlertPatch { is_paused: Some(false), ..AlertPatch::default() }).await;
        assert_eq!(unsent().await, (day(61), None));
        world.clock.advance(DAY);
        assert_eq!(world.claims().await.len(), 1, "of both messages the first is claimed");
    }

    async fn a_silent_hashtag_has_no_data_once_and_a_dated_event_never_fires(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let at = |number: i64| Timestamp::from_ms(Timestamp::parse("2025-07-01").expect("a day").as_ms() + number * DAY_MS);
        for number in 0..28 {
            world.clock.set(at(number));
            world.read("cat", at(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
        }
        let velocity = rule(&json!({"rule": "velocity", "above": 5_000.0}));
        world.create(&World::order(velocity, &["cat"], &[])).await.expect("an alert");
        // August 2025: views jump with the limit of five hashtags a post.
        for number in 28..70 {
            let jump = if number > 40 { 400_000 } else { 0 };
            world.read("cat", at(number), 1_000_000 + 1_000 * number.unsigned_abs() + jump).await;
            world.follow().await;
        }
        let fired: Vec<_> = world.events().await.into_iter().filter(|event| event.event_type == "alert.fired").collect();
        assert!(fired.is_empty(), "{fired:#?}");
        for number in 70..90 {
            world.clock.set(at(number));
            world.follow().await;
        }
        let silent: Vec<_> = world.events().await.into_iter().filter(|event| event.event_type == "alert.no_data").collect();
        assert_eq!(silent.len(), 1, "{silent:#?}");
        assert_eq!(silent[0].data["episode"], json!(at(69).to_rfc3339()));
    }
}
