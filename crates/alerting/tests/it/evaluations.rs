//! Two nodes that evaluate at once and are killed at any point: each event of the preview is recorded, and once.

use crate::kills::{killed_after, kills};
use crate::live::{expected, preview};
use crate::world::{World, day, rule};
use serde_json::json;
use testkit::TestStore;

/// Days of readings before the alerts.
const BEFORE: i64 = 30;

testkit::on_each_backend! {
    async fn no_event_is_lost_or_doubled_by_kills_of_two_nodes(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let other = world.another(fixture).await;
        let mut views = 1_000_000;
        for number in 0..BEFORE {
            views += 1_000;
            world.read("cat", day(number), views).await;
        }
        let rules = [
            json!({"rule": "velocity", "above": 30_000.0, "window": "24h"}),
            json!({"rule": "growth", "above": 1.0, "window": "24h", "for": "1d"}),
        ];
        let mut alerts = Vec::new();
        for rule_of in &rules {
            alerts.push(world.create(&World::order(rule(rule_of), &["cat"], &[])).await.expect("an alert").alert);
        }
        let mut finished = 0;
        for kill in 0..kills() {
            views += if kill % 5 < 2 { 80_000 } else { 1_000 };
            world.read("cat", day(BEFORE + i64::try_from(kill).expect("a day")), views).await;
            let one = killed_after(kill % 23, async {
                world.follow().await;
            });
            let two = killed_after(kill * 7 % 29, async {
                other.follow().await;
            });
            let (one, two) = tokio::join!(one, two);
            finished += usize::from(one) + usize::from(two);
        }
        assert!(finished < 2 * kills(), "some were killed in between");
        // Whoever comes next evaluates what they left, and nothing again.
        world.follow().await;
        let events = world.events().await.len();
        other.follow().await;
        assert_eq!(world.events().await.len(), events);
        for (alert, rule_of) in alerts.iter().zip(&rules) {
            let mut live = Vec::new();
            let mut before = None;
            loop {
                let page = world.alerting.events_of(world.account, Some(alert.id), before).await.expect("events");
                live.extend(page.events);
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            live.reverse();
            // JSON is parsed up to the last bit.
            let shown = |value: Option<f64>| value.map(|value| format!("{value:.9}"));
            let live: Vec<_> = live
                .iter()
                .map(|event| (event.event_type.clone(), event.at, shown(event.data["value"].as_f64())))
                .collect();
            let expected: Vec<_> = expected(&preview(&world, rule_of).await, day(BEFORE - 1))
                .into_iter()
                .map(|(kind, at, value)| (kind, at, shown(value)))
                .collect();
            assert!(expected.len() >= kills() / 5, "{rule_of}: {expected:?}");
            assert_eq!(live, expected, "{rule_of}");
        }
    }
}
