//! Messages as a receiver gets them over a socket: signed, complete, repeated under one id, and given up when it says so.

use crate::world::{World, day, rule};
use alerting::destinations::{DestinationOrder, DestinationPatch};
use alerting::view::DestinationView;
use domain::{DestinationId, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::deliveries::Replay;
use testkit::TestStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request that a receiver took.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
}

/// A receiver on this machine that answers with these statuses, the last one for ever.
pub(crate) struct Receiver {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Receiver {
    pub(crate) async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr().expect("an address").port());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let status = statuses[number.min(statuses.len() - 1)];
                let mut bytes = Vec::new();
                let request = loop {
                    let mut part = [0; 4096];
                    let read = stream.read(&mut part).await.expect("a request");
                    bytes.extend_from_slice(&part[..read]);
                    if let Some(request) = parsed(&bytes) {
                        break request;
                    }
                };
                into.lock().expect("a list").push(request);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("an answer");
            }
        });
        Self { url, taken }
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("a list").clone()
    }

    /// The entry of `webhooks.allow` for it.
    pub(crate) fn place(&self) -> String {
        self.url.trim_start_matches("http://").trim_end_matches("/hook").to_owned()
    }
}

fn parsed(bytes: &[u8]) -> Option<Taken> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let headers: HashMap<String, String> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    (body.len() == length).then(|| Taken { headers, body: serde_json::from_str(body).expect("JSON") })
}

async fn firing(world: &World, to: &[&str]) -> Vec<(DestinationId, String)> {
    for number in 0..30 {
        world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
    }
    let velocity = rule(&json!({"rule": "velocity", "above": 5_000.0, "window": "24h"}));
    let created = world.create(&World::order(velocity, &["cat"], to)).await.expect("an alert");
    world.read("cat", day(30), 1_100_000).await;
    assert_eq!(world.follow().await, 1);
    created.secrets
}

pub(crate) async fn only(world: &World) -> DestinationView {
    let all = world.alerting.destinations(world.account).await.expect("destinations");
    DestinationView::of(&all[0]).expect("a destination")
}

testkit::on_each_backend! {
    async fn a_webhook_gets_a_signed_message_and_again_until_it_accepts_it(fixture: &TestStore) {
        let receiver = Receiver::start(&[500, 302, 204]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        let secrets = firing(&world, &[&receiver.url]).await;
        assert!(secrets[0].1.starts_with("whsec_"), "its secret is shown once");
        assert_eq!(world.deliver().await, 1);
        assert_eq!(world.deliver().await, 0, "the next attempt is not due yet");
        assert_eq!(only(&world).await.state, "failing");
        world.clock.advance(std::time::Duration::from_secs(6));
        assert_eq!(world.deliver().await, 1);
        world.clock.advance(std::time::Duration::from_secs(400));
        assert_eq!(world.deliver().await, 1);
        assert_eq!((only(&world).await.state, only(&world).await.failures), ("on", 0));
        world.clock.advance(std::time::Duration::from_secs(90_000));
        assert_eq!(world.deliver().await, 0);

        let taken = receiver.taken();
        assert_eq!(taken.len(), 3, "a redirect is a failure, and is not followed");
        let ids: Vec<_> = taken.iter().map(|one| one.headers["webhook-id"].clone()).collect();
        assert!(ids[0].starts_with("evt_") && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert!(taken.iter().all(|one| one.headers["webhook-signature"].starts_with("v1,")));
        assert_ne!(taken[0].headers["webhook-timestamp"], taken[2].headers["webhook-timestamp"]);
        let body = &taken[0].body;
        assert_eq!((&body["type"], &body["sequence"]), (&json!("alert.fired"), &json!(1)));
        let data = &body["data"];
        assert_eq!((&data["hashtag"], &data["value"], &data["views"]), (&json!("cat"), &json!(71_000.0), &json!(1_100_000)));
        assert_eq!(data["sentence"], "#cat gains 71,000 views a day over 24h, above the threshold of 5,000 views a day.");
        assert_eq!(data["reason"], "Your alert cats: views growing by more than 5,000 a day");
        assert!(data["link"].as_str().is_some_and(|link| link.starts_with("https://tags.example.com/mute/")));
        assert_eq!(taken[2].body, *body, "attempts differ in nothing but their time");

        let id: DestinationId = only(&world).await.id.parse().expect("an id");
        let log = world.alerting.deliveries(world.account, id, None).await.expect("a log").views();
        let statuses: Vec<_> = log[0].attempts.iter().map(|attempt| attempt.status).collect();
        assert_eq!((log.len(), log[0].state, statuses), (1, "delivered", vec![Some(500), Some(302), Some(204)]));
        assert_eq!(world.alerting.replay(world.account, id, Replay::One(1)).await.expect("an answer"), 1);
        assert_eq!(world.deliver().await, 1);
        assert_eq!(receiver.taken()[3].headers["webhook-id"], ids[0]);
    }

    async fn a_sender_that_is_killed_after_it_sent_sends_the_same_message_again(fixture: &TestStore) {
        let receiver = Receiver::start(&[200]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        firing(&world, &[&receiver.url]).await;
        let claim = world.claims().await.remove(0);
        // The claim of a killed sender is written by nobody.
        let killed = world.another(fixture).await;
        drop(killed);
        assert_eq!(world.deliver().await, 0, "it has the delivery");
        world.clock.advance(std::time::Duration::from_secs(121));
        assert_eq!(world.deliver().await, 1);
        // The one that was only slow comes back, and must not write over it.
        assert!(!world.alerting.deliver(&world.outgoing, claim).await.expect("an answer"));
        let ids: Vec<_> = receiver.taken().iter().map(|one| one.headers["webhook-id"].clone()).collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1], "by which the receiver knows that it has it");
        assert_eq!(only(&world).await.failures, 0);
    }

    async fn gone_turns_off_and_others_hear_of_it(fixture: &TestStore) {
        let (gone, other) = (Receiver::start(&[410]).await, Receiver::start(&[200]).await);
        let world = World::new(fixture, &[&gone.place(), &other.place()]).await;
        firing(&world, &[&gone.url, &other.url]).await;
        assert_eq!(world.deliver().await, 2);
        let all = world.alerting.destinations(world.account).await.expect("destinations");
        let views: Vec<_> = all.iter().map(|one| DestinationView::of(one).expect("a destination")).collect();
        let view = views.into_iter().find(|view| view.address.contains(&gone.place())).expect("the one");
        assert_eq!(view.state, "off");
        assert!(view.off_reason.as_deref().is_some_and(|why| why.contains("410")), "{view:?}");
        assert_eq!(world.deliver().await, 1, "the notice");
        let notice = other.taken().pop().expect("a notice").body;
        assert_eq!(notice["type"], "webhook.disabled");
        assert!(notice["data"]["sentence"].as_str().is_some_and(|text| text.contains("127.0.0.1")));
        // Nothing is queued for it until it is turned on again.
        world.read("cat", day(31), 1_101_000).await;
        world.follow().await;
        world.read("cat", day(32), 1_300_000).await;
        world.follow().await;
        assert_eq!(world.deliver().await, 1, "to the other one");
        let id: DestinationId = view.id.parse().expect("an id");
        let refused = world.alerting.test(world.account, id, "1").await.expect_err("it is off").to_string();
        assert!(refused.contains("turn it on first"), "{refused}");
        let on = DestinationPatch { is_on: Some(true), ..DestinationPatch::default() };
        world.alerting.change_destination(world.account, id, on).await.expect("changed");
        world.alerting.test(world.account, id, "2").await.expect("a test");
        assert!(world.deliver().await >= 1);
        assert_eq!(gone.taken().last().expect("a message").body["type"], "webhook.test");
    }

    async fn after_five_days_of_failures_it_is_turned_off_and_internal_targets_are_refused(fixture: &TestStore) {
        let receiver = Receiver::start(&[503]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        firing(&world, &[&receiver.url]).await;
        let id: DestinationId = only(&world).await.id.parse().expect("an id");
        for round in 0..12 {
            world.clock.advance(std::time::Duration::from_secs(13 * 3_600));
            if only(&world).await.state != "off" {
                world.alerting.test(world.account, id, &round.to_string()).await.expect("a test");
            }
            world.deliver().await;
        }
        let view = only(&world).await;
        assert_eq!(view.state, "off", "{view:?}");
        assert!(view.off_reason.as_deref().is_some_and(|why| why.contains("failed") && why.contains("since")));

        let order = |to: &str| DestinationOrder { to: to.to_owned(), description: String::new(), events: vec![], digest: None };
        let new = DestinationId::new(Timestamp::from_ms(1), 9);
        for (to, says) in [
            ("http://127.0.0.1:1/x", "webhooks.allow"),
            ("https://10.0.0.1/", "webhooks.allow"),
            ("https://metadata.google.internal/", "webhooks.allow"),
            ("cat", "a destination is slack:URL"),
        ] {
            let refused = world.alerting.create_destination(world.account, new, &order(to)).await.expect_err(to);
            assert!(refused.to_string().contains(says), "{to}: {refused}");
        }
        let unknown = DestinationOrder { events: vec!["cat.sat".to_owned()], ..order("https://a.example/") };
        let refused = world.alerting.create_destination(world.account, new, &unknown).await.expect_err("unknown");
        assert!(refused.to_string().contains("alert.fired"), "{refused}");
    }
}
