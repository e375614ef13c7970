//! Senders that are killed at any point lose no message: whatever was recorded arrives, and what arrives twice has one id.

use crate::sending::{Receiver, only};
use crate::world::World;
use domain::{Clock, DestinationId};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use testkit::TestStore;

/// Kills of a sender, unless `TAGMETER_KILLS` has another number.
const KILLS: usize = 30;

#[expect(clippy::disallowed_methods, reason = "the number of a long run is for the machine to say")]
pub(crate) fn kills() -> usize {
    std::env::var("TAGMETER_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// Polls a future so many times and drops it there, as a kill would. Returns true if it was done by then.
pub(crate) async fn killed_after(polls: usize, work: impl Future<Output = ()>) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        let is_done = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await;
        if is_done {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

testkit::on_each_backend! {
    async fn no_message_is_lost_to_a_kill_and_duplicates_share_an_id(fixture: &TestStore) {
        let receiver = Receiver::start(&[200]).await;
        let world = World::new(fixture, &[&receiver.place()]).await;
        let order = alerting::destinations::DestinationOrder {
            to: receiver.url.clone(),
            description: String::new(),
            events: Vec::new(),
            digest: None,
        };
        let id = DestinationId::new(world.clock.now(), 5);
        world.alerting.create_destination(world.account, id, &order).await.expect("a destination");
        let mut recorded = BTreeSet::new();
        let mut finished = 0;
        for kill in 0..kills() {
            // The log names each event by its number.
            recorded.insert(world.alerting.test(world.account, id, &kill.to_string()).await.expect("an event"));
            let work = async {
                for claim in world.claims().await {
                    let _ = world.alerting.deliver(&world.outgoing, claim).await;
                }
            };
            finished += usize::from(killed_after(kill % 37, work).await);
            // Whoever comes next waits for the lease.
            world.clock.advance(Duration::from_secs(121));
        }
        assert!(finished < kills(), "some were killed in between");
        while world.deliver().await > 0 {}
        let mut received: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for taken in receiver.taken() {
            let number = taken.body["sequence"].as_u64().expect("a number");
            received.entry(number).or_default().insert(taken.headers["webhook-id"].clone());
        }
        assert_eq!(received.keys().copied().collect::<BTreeSet<_>>(), recorded, "each arrived");
        assert!(received.values().all(|ids| ids.len() == 1), "{received:?}");
        assert_eq!(only(&world).await.state, "on");
    }
}
