//! Digests: the events of a day are one message at the local hour, once, and repeated under its id where it fails.

use crate::sending::Receiver;
use crate::world::{World, day, rule};
use alerting::destinations::{DestinationOrder, DestinationPatch};
use domain::digest::{Digest, Every};
use domain::{Clock, DestinationId, Timestamp};
use serde_json::json;
use testkit::TestStore;

fn daily(tz: &str) -> Digest {
    Digest { every: Every::Day, hour: 8, tz: tz.parse().expect("a zone") }
}

/// Three alerts on #cat that fire at noon of the 31st of January.
async fn fired(world: &World) {
    for number in 0..30 {
        world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
    }
    for above in [5_000.0, 6_000.0, 7_000.0] {
        let velocity = rule(&json!({"rule": "velocity", "above": above, "window": "24h"}));
        world.create(&World::order(velocity, &["cat"], &[])).await.expect("an alert");
    }
    world.read("cat", day(30), 1_100_000).await;
    assert_eq!(world.follow().await, 3);
}

async fn destination(world: &World, to: &str, digest: Option<Digest>) -> DestinationId {
    let id = DestinationId::new(world.clock.now(), 77);
    let order = DestinationOrder {
        to: to.to_owned(),
        description: String::new(),
        events: vec!["*".to_owned()],
        digest,
    };
    world.alerting.create_destination(world.account, id, &order).await.expect("a destination").destination.id
}

testkit::on_each_backend! {
    async fn the_events_of_a_day_are_one_message_at_its_hour(fixture: &TestStore) {
        // The first attempt fails.
        let receiver = Receiver::start(&[500, 204]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        let other = world.another(fixture).await;
        let id = destination(&world, &receiver.url, Some(daily("Europe/Berlin"))).await;
        fired(&world).await;
        // 06:00 in UTC is 07:00 in Berlin: an hour to wait.
        assert_eq!(world.deliver().await, 0, "before the hour");
        world.clock.set(Timestamp::parse("2026-01-31T06:59:59Z").expect("a time"));
        assert_eq!(world.deliver().await, 0, "a second before the hour");
        world.clock.set(Timestamp::parse("2026-01-31T07:00:00Z").expect("a time"));
        let (one, two) = tokio::join!(world.claims(), other.claims());
        assert_eq!(one.len() + two.len(), 1, "one message for three events");
        for claim in one.into_iter().chain(two) {
            assert!(world.alerting.deliver(&world.outgoing, claim).await.expect("written"));
        }
        // It failed: all three wait for the next attempt, and no other message is made of them.
        assert_eq!(world.deliver().await, 0);
        let waiting = world.alerting.deliveries(world.account, id, None).await.expect("deliveries");
        let due: Vec<_> = waiting.deliveries.iter().map(|delivery| delivery.due_at).collect();
        assert!(due.len() == 3 && due[0].is_some() && due.iter().all(|other| *other == due[0]), "{due:?}");
        world.clock.set(due[0].expect("a time"));
        assert_eq!(world.deliver().await, 1);
        assert_eq!(world.deliver().await, 0, "all three are delivered");
        let taken = receiver.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken[0].headers["webhook-id"], taken[1].headers["webhook-id"]);
        assert_eq!(taken[0].body, taken[1].body);
        let body = &taken[1].body;
        assert_eq!((&body["type"], &body["data"]["count"]), (&json!("alert.digest"), &json!(3)));
        let thresholds: Vec<_> =
            body["data"]["events"].as_array().expect("events").iter().map(|event| &event["threshold"]).collect();
        assert_eq!(thresholds.len(), 3, "{body:#}");
        // A quiet day has no message.
        world.clock.set(Timestamp::parse("2026-02-02T07:00:00Z").expect("a time"));
        assert_eq!(world.deliver().await, 0);
        assert_eq!(receiver.taken().len(), 2);
    }

    async fn tests_do_not_wait_and_without_a_digest_each_event_is_a_message(fixture: &TestStore) {
        let receiver = Receiver::start(&[204]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        let id = destination(&world, &receiver.url, Some(daily("UTC"))).await;
        world.alerting.test(world.account, id, "1").await.expect("a test");
        assert_eq!(world.deliver().await, 1);
        let patch = DestinationPatch { digest: Some(None), ..DestinationPatch::default() };
        world.alerting.change_destination(world.account, id, patch).await.expect("changed");
        fired(&world).await;
        for _ in 0..3 {
            assert_eq!(world.deliver().await, 1);
        }
        let kinds: Vec<_> = receiver.taken().into_iter().map(|taken| taken.body["type"].clone()).collect();
        assert_eq!(kinds, ["webhook.test", "alert.fired", "alert.fired", "alert.fired"]);
    }
}
