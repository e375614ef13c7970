//! A year of daily trackers of two accounts on three nodes: kills, clocks that jump, outages and sleep, audited slot by slot.

use crate::audit::{Record, Sums, audit};
use crate::world::{World, order};
use domain::tracking::{Interval, Slots};
use domain::{AccountId, Tag, TagKey, Timestamp, TrackerId};
use std::collections::BTreeSet;
use store::tracked::SpansOf;
use testkit::TestStore;
use testkit::upstream::Fault;

const HOUR_MS: i64 = 3_600_000;
const NODES: u64 = 3;
/// Polls after which a node is killed at the latest: more than it needs for all that is due in an hour at the full size.
const POLLS_MAX: u64 = 600;
/// Part of the hashtags whose numbers never move: all but one of so many.
const MOVING_EVERY: u64 = 5;

/// Extent of a run.
#[derive(Debug, Clone, Copy)]
struct Size {
    days: u64,
    trackers: u64,
    kills: u64,
    jumps: u64,
    /// Outages, and as many sleeps.
    outages: u64,
    seed: u64,
}

impl Size {
    /// Reads `DAYS TRACKERS KILLS SEED` of a soak run, or returns the size of the suite.
    #[expect(clippy::disallowed_methods, reason = "a soak run says how much it wants")]
    fn wanted() -> Self {
        let given = std::env::var("TAGMETER_TRACKER_YEAR").unwrap_or_default();
        let given: Vec<u64> = given.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [days, trackers, kills, seed] = given[..] else {
            return Self { days: 12, trackers: 12, kills: 12, jumps: 4, outages: 1, seed: 1 };
        };
        Self { days, trackers, kills, jumps: (days / 10).max(1), outages: (days / 80).max(1), seed }
    }
}

/// Random numbers from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    /// Returns so many hours of the run, each once.
    fn hours(&mut self, count: u64, all: u64) -> BTreeSet<u64> {
        let mut hours = BTreeSet::new();
        while (hours.len() as u64) < count.min(all / 2) {
            hours.insert(self.below(all));
        }
        hours
    }
}

/// Hours of the run at which something happens.
struct Plan {
    kills: BTreeSet<u64>,
    jumps: BTreeSet<u64>,
    outages: BTreeSet<u64>,
    sleeps: BTreeSet<u64>,
}

struct Year {
    world: World,
    size: Size,
    random: Random,
    trackers: Vec<(AccountId, TrackerId, TagKey)>,
    start: Timestamp,
    /// Calls that the source failed.
    failed: usize,
}

impl Year {
    async fn new(fixture: &TestStore, size: Size) -> Self {
        let names: Vec<String> =
            (0..size.trackers.div_ceil(2)).map(|number| format!("tag{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut world = World::new(fixture, &names).await;
        for _ in 1..NODES {
            world.add_node(fixture).await;
        }
        let mut trackers = Vec::new();
        for (number, name) in (0..size.trackers).zip(names.iter().flat_map(|name| [name, name])) {
            let account = if number.is_multiple_of(2) { world.me } else { world.other };
            let id = world.create(account, order(&[name], Interval::Day)).await;
            trackers.push((account, id, Tag::new(name).expect("a name").key().clone()));
        }
        let start = world.now();
        Self { world, size, random: Random(size.seed), trackers, start, failed: 0 }
    }

    async fn pass(&mut self) {
        let hours = self.size.days * 24;
        let plan = Plan {
            kills: self.random.hours(self.size.kills, hours),
            jumps: self.random.hours(self.size.jumps, hours),
            outages: self.random.hours(self.size.outages, hours),
            sleeps: self.random.hours(self.size.outages, hours),
        };
        let (mut offset_ms, mut set_right, mut works_at, mut awake_at) = (0, 0, 0, 0);
        for hour in 0..hours {
            if plan.jumps.contains(&hour) {
                offset_ms = HOUR_MS
                    * match self.random.below(3) {
                        0 => -1 - self.random.below(60).cast_signed(),
                        1 => 1 + self.random.below(200).cast_signed(),
                        _ => 400 * 24,
                    };
                set_right = hour + 1 + self.random.below(30);
            }
            if plan.outages.contains(&hour) {
                works_at = hour + 6 + self.random.below(60);
            }
            if plan.sleeps.contains(&hour) {
                awake_at = hour + 30 + self.random.below(100);
            }
            offset_ms = if hour >= set_right { 0 } else { offset_ms };
            self.at(hour, offset_ms);
            self.move_numbers(hour);
            if hour >= awake_at {
                self.hour(plan.kills.contains(&hour), hour < works_at).await;
            }
        }
        // What was interrupted is finished, and the present slots are read.
        for hour in hours..hours + 30 {
            self.at(hour, 0);
            self.hour(false, false).await;
        }
    }

    fn at(&self, hour: u64, offset_ms: i64) {
        let hour_ms = i64::try_from(hour).expect("hours of a run") * HOUR_MS;
        self.world.clock.set(Timestamp::from_ms(self.start.as_ms() + hour_ms + offset_ms));
    }

    /// Moves the numbers of some hashtags once a week.
    fn move_numbers(&self, hour: u64) {
        if !hour.is_multiple_of(7 * 24) {
            return;
        }
        for number in (0..self.size.trackers.div_ceil(2)).step_by(MOVING_EVERY.try_into().expect("a few")) {
            self.world.hold_views(number + 1, &format!("tag{number}"), 1_000_000 + (hour + 1) * 1_000);
        }
    }

    async fn hour(&mut self, is_killed: bool, is_down: bool) {
        let before = self.world.upstream.calls();
        self.world.upstream.always(is_down.then(|| Fault::reply(500, "")));
        let world = &self.world;
        if is_killed {
            let (node, polls) = (self.random.below(NODES), self.random.below(POLLS_MAX));
            let node = usize::try_from(node).expect("a node");
            world.killed_after(node, u32::try_from(polls).expect("polls")).await;
        } else {
            tokio::join!(world.work(0), world.work(1), world.work(2));
        }
        if is_down {
            self.failed += world.upstream.calls() - before;
        }
    }

    async fn audit(&self, fixture: &TestStore) -> Figures {
        let store = self.world.catalog(0).store();
        let mut sums = Sums::default();
        let mut paid = [(self.world.me, 0), (self.world.other, 0)];
        let (mut readings, mut still) = (0, 0);
        for (number, (account, id, key)) in self.trackers.iter().enumerate() {
            let hashtag = store.hashtag_by_key(key).await.expect("an answer").expect("a hashtag");
            let all = store.hashtag_snapshots(hashtag.row, None, u32::MAX).await.expect("readings");
            let times: BTreeSet<i64> = all.iter().map(|reading| reading.observed_at.as_ms()).collect();
            if number.is_multiple_of(2) {
                readings += times.len() as u64;
                still += u64::from(!(number as u64 / 2).is_multiple_of(MOVING_EVERY)) * times.len() as u64;
            }
            let target = key.into();
            let tracked = store.tracked_hashtag(*account, *id, &target).await.expect("an answer");
            let tracked = tracked.expect("it is tracked");
            let mut spans =
                store.tracker_spans(*account, *id, &target, SpansOf::All, None, 10_000).await.expect("spans");
            spans.reverse();
            let slots = Slots::new(key.as_str(), Interval::Day);
            let (since, due_at, now) = (tracked.since, tracked.due_at, self.world.now());
            let found = audit(&Record { slots, since, spans, times, due_at, now })
                .unwrap_or_else(|what| panic!("{} of {account:?}: {what}", key.as_str()));
            assert_eq!(tracked.readings, found.read, "{}", key.as_str());
            paid.iter_mut().find(|(of, _)| of == account).expect("an account").1 += found.read;
            sums += found;
        }
        for (account, readings) in paid {
            assert_eq!(self.world.spent(account).await, readings, "one charge for each reading");
        }
        let calls = (self.world.upstream.calls() - self.failed) as u64;
        Figures { sums, readings, still, calls, rows: fixture.rows("hashtag_snapshots") }
    }
}

/// Sums of a run.
#[derive(Debug)]
struct Figures {
    sums: Sums,
    /// Readings in all series.
    readings: u64,
    /// Readings of hashtags whose numbers never moved.
    still: u64,
    /// Calls that the upstream answered.
    calls: u64,
    /// Rows of all series.
    rows: u64,
}

#[expect(clippy::print_stdout, reason = "a soak run ends with its figures")]
async fn run(fixture: &TestStore, size: Size) {
    let mut year = Year::new(fixture, size).await;
    year.pass().await;
    let figures = year.audit(fixture).await;
    println!("{size:?}: {figures:?}");
    let Figures { sums, readings, still, calls, rows } = figures;
    assert!(sums.read > 0 && sums.missed > 0, "sleep and outages leave gaps");
    // Both accounts share each call. A killed node may have called for a reading that it did not store.
    assert!(calls >= readings && calls <= readings + size.kills, "{calls} calls for {readings} readings");
    assert!(sums.read >= 2 * readings - 2 * sums.repeated - 2 * size.kills, "each account has each reading");
    // Numbers that never move have a row; one more where a clock was set back.
    let hashtags = size.trackers.div_ceil(2);
    let moved = readings - still;
    assert!(rows <= hashtags * (1 + 2 * size.jumps) + moved, "{rows} rows of {readings} readings");
}

testkit::on_each_backend! {
    async fn a_year_leaves_no_slot_without_a_reading_or_a_reason(fixture: &TestStore) {
        run(fixture, Size::wanted()).await;
    }
}
