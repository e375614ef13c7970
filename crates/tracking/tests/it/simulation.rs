//! Trackers under everything at once: several nodes, kills at random moments, clocks that jump, a source that fails, and a
//! naive audit of what is left.

use crate::world::{World, order};
use domain::tracking::{Cadence, Interval, Slot, Slots, SpanKind};
use domain::{AccountId, Credits, TagKey, TrackerId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::time::Duration;
use store::tracked::SpansOf;
use testkit::TestStore;
use testkit::upstream::Fault;
use tracking::order::{TrackerOrder, TrackerPatch};

/// Nodes of a run.
const NODES: usize = 3;
/// Steps of a run.
const STEPS: usize = 60;

/// An event of a run.
#[derive(Debug, Clone)]
enum Event {
    /// A node works until nothing is due.
    Work(usize),
    /// All nodes work at the same time.
    All,
    /// A node is killed after so many polls.
    Kill(usize, u32),
    /// Time passes, in minutes.
    Pass(u64),
    /// The clock jumps, in hours.
    Jump(i64),
    /// The source fails, or works again.
    Source(bool),
    /// A tracker is paused or resumed.
    Pause(usize, bool),
    /// A tracker has another cadence.
    Cadence(usize, Cadence),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0..NODES).prop_map(Event::Work),
        3 => Just(Event::All),
        5 => (0..NODES, 0_u32..60).prop_map(|(node, polls)| Event::Kill(node, polls)),
        8 => (1_u64..600).prop_map(Event::Pass),
        1 => prop_oneof![-30_i64..0, 1_i64..100, Just(400 * 24)].prop_map(Event::Jump),
        1 => any::<bool>().prop_map(Event::Source),
        1 => (0_usize..3, any::<bool>()).prop_map(|(tracker, paused)| Event::Pause(tracker, paused)),
        1 => (0_usize..3, proptest::sample::select(&Cadence::ALL[..])).prop_map(|(n, every)| Event::Cadence(n, every)),
    ];
    proptest::collection::vec(event, STEPS)
}

struct Run {
    world: World,
    trackers: Vec<(AccountId, TrackerId)>,
}

impl Run {
    async fn new(fixture: &TestStore) -> Self {
        let mut world = World::new(fixture, &["cat", "dog"]).await;
        for _ in 1..NODES {
            world.add_node(fixture).await;
        }
        let budget = TrackerOrder {
            credits_max: Some(Credits::new(15).expect("credits")),
            ..order(&["dog", "cat"], Interval::Hour)
        };
        let trackers = vec![
            (world.me, world.create(world.me, order(&["cat", "dog"], Interval::ThreeHours)).await),
            (world.other, world.create(world.other, order(&["cat"], Interval::Day)).await),
            (world.other, world.create(world.other, budget).await),
        ];
        Self { world, trackers }
    }

    async fn step(&self, event: &Event) {
        let world = &self.world;
        match event {
            Event::Work(node) => world.work(*node).await,
            Event::All => {
                tokio::join!(world.work(0), world.work(1), world.work(2));
            }
            Event::Kill(node, polls) => world.killed_after(*node, *polls).await,
            Event::Pass(minutes) => world.clock.advance(Duration::from_secs(minutes * 60)),
            Event::Jump(hours) => {
                let to = world.now().as_ms() + hours * 3_600_000;
                world.clock.set(domain::Timestamp::from_ms(to));
            }
            Event::Source(is_down) => world.upstream.always(is_down.then(|| Fault::reply(500, ""))),
            Event::Pause(tracker, is_paused) => {
                let patch = TrackerPatch { is_paused: Some(*is_paused), ..TrackerPatch::default() };
                self.change(*tracker, patch).await;
            }
            Event::Cadence(tracker, every) => {
                self.change(*tracker, TrackerPatch { every: Some(*every), ..TrackerPatch::default() }).await;
            }
        }
    }

    async fn change(&self, tracker: usize, patch: TrackerPatch) {
        let (account_id, id) = self.trackers[tracker];
        self.world.tracking(0).change(account_id, id, patch).await.expect("changed");
    }

    /// Lets everything settle, then checks what is left.
    async fn audit(&self) {
        let world = &self.world;
        world.upstream.always(None);
        world.clock.advance(Duration::from_secs(600));
        world.work(0).await;
        let mut noted = [(world.me, 0_u64), (world.other, 0)];
        for (account_id, id) in &self.trackers {
            let view = world.show(*account_id, id).await;
            for hashtag in &view.hashtags {
                let key = TagKey::new(&hashtag.hashtag).expect("a key");
                let interval = hashtag.interval.parse().expect("an interval");
                let mut slot = Slots::new(key.as_str(), interval).at(world.now());
                if view.state == "paused" {
                    // What passes during a pause is decided at its end.
                    slot.from = domain::Timestamp::from_ms(i64::MIN);
                }
                let readings = self.audit_spans(*account_id, *id, &key, slot).await;
                assert_eq!(hashtag.readings, readings, "{hashtag:?}");
                let of = noted.iter_mut().find(|(account, _)| account == account_id).expect("an account");
                of.1 += readings;
                if view.state == "active" {
                    let due = hashtag.next_reading_at.expect("it is due");
                    // A week, and one more where the clock was set back before a slot that was read.
                    let wait_ms_max = 2 * 7 * 86_400_000;
                    let wait_ms = due.as_ms() - world.now().as_ms();
                    assert!(wait_ms > 0 && wait_ms < wait_ms_max, "{hashtag:?}");
                }
            }
        }
        for (account, readings) in noted {
            assert_eq!(world.spent(account).await, readings, "one charge for each reading");
        }
    }

    /// Checks that spans follow one another and that each run has its readings in the series. Returns their number.
    async fn audit_spans(&self, account_id: AccountId, id: TrackerId, key: &TagKey, slot: Slot) -> u64 {
        let store = self.world.catalog(0).store();
        let mut spans = store
            .tracker_spans(account_id, id, &key.into(), SpansOf::All, None, 10_000)
            .await
            .expect("spans");
        spans.reverse();
        let hashtag = store.hashtag_by_key(key).await.expect("an answer");
        let times: BTreeSet<i64> = match hashtag {
            Some(hashtag) => {
                let all = store.hashtag_snapshots(hashtag.row, None, u32::MAX).await.expect("readings");
                all.iter().map(|reading| reading.observed_at.as_ms()).collect()
            }
            None => BTreeSet::new(),
        };
        let mut total = 0;
        for pair in spans.windows(2) {
            // Readings of a clock that was ahead lie in the present slot, or later: what is before them is not decided yet.
            let is_undecided = pair[1].from > slot.from;
            assert!(
                pair[0].until == pair[1].from || is_undecided,
                "time is missing before {slot:?}: {pair:?}"
            );
        }
        for span in &spans {
            assert!(span.from < span.until, "{span:?}");
            if let SpanKind::Read { readings } = span.kind {
                let within = times.range(span.from.as_ms()..span.until.as_ms()).count() as u64;
                assert!(within >= readings, "{span:?} has {within} readings in the series");
                total += readings;
            }
        }
        total
    }
}

fn run(cases: u32) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 40, ..Config::default() });
    let ran = runner.run(&events(), |events| {
        runtime.block_on(async {
            let fixture = TestStore::sqlite().await.expect("always here");
            let run = Run::new(&fixture).await;
            for event in &events {
                run.step(event).await;
            }
            run.audit().await;
        });
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a soak run says how many cases it wants")]
fn nothing_that_happens_costs_a_slot_or_a_charge() {
    let cases = std::env::var("TAGMETER_SIMULATIONS").ok().and_then(|cases| cases.parse().ok());
    run(cases.unwrap_or(12));
}
