//! Faulty twins of a tracker, each with a mistake that is easy to make: the audit must find it.

use crate::audit::{Record, Sums, audit};
use domain::Timestamp;
use domain::tracking::{Coverage, Due, GapReason, Interval, Slot, Slots, Span, SpanKind};
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;
const START_MS: i64 = 1_800_000_000_000;

fn slots() -> Slots {
    Slots::new("cat", Interval::Day)
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_ms(START_MS + hour * HOUR_MS)
}

/// Decides what to read.
trait Scheduler {
    /// Looks at the clock. Returns the spans after it has read, if it did.
    fn look(&mut self, now: Timestamp) -> Option<Vec<Span>>;

    /// Returns when it reads next.
    fn due_at(&self, now: Timestamp) -> Timestamp;
}

/// Appends a read slot.
fn append(spans: &mut Vec<Span>, slot: Slot) {
    spans.push(Span { from: slot.from, until: slot.until, kind: SpanKind::Read { readings: 1 } });
}

/// The rules of `domain`.
struct Sound(Coverage);

impl Scheduler for Sound {
    fn look(&mut self, now: Timestamp) -> Option<Vec<Span>> {
        let Due::Now(slot) = self.0.due(slots(), now) else { return None };
        self.0.read(slot, now);
        Some(self.0.spans().to_vec())
    }

    fn due_at(&self, now: Timestamp) -> Timestamp {
        match self.0.due(slots(), now) {
            Due::Now(_) => now,
            Due::At(at) => at,
        }
    }
}

/// Reads an interval after the last run, as a cron job does, and notes nothing of what passed meanwhile.
struct CronTicks {
    next: Timestamp,
    spans: Vec<Span>,
}

impl Scheduler for CronTicks {
    fn look(&mut self, now: Timestamp) -> Option<Vec<Span>> {
        if now < self.next {
            return None;
        }
        // The run takes its time, and the next one begins that much later.
        self.next = Timestamp::from_ms(now.as_ms() + Interval::Day.as_ms() + HOUR_MS);
        append(&mut self.spans, slots().at(now));
        Some(self.spans.clone())
    }

    fn due_at(&self, _now: Timestamp) -> Timestamp {
        self.next
    }
}

/// Remembers the newest slot it has worked on, and looks only at newer ones.
struct MaxWatermark {
    newest: Timestamp,
    coverage: Coverage,
}

impl Scheduler for MaxWatermark {
    fn look(&mut self, now: Timestamp) -> Option<Vec<Span>> {
        let slot = slots().at(now);
        if slot.from <= self.newest {
            return None;
        }
        self.newest = slot.from;
        self.coverage.read(slot, now);
        Some(self.coverage.spans().to_vec())
    }

    fn due_at(&self, now: Timestamp) -> Timestamp {
        slots().at(self.newest.max(now)).until
    }
}

/// Fills the slots that passed with the value that it reads now.
struct LateValue {
    spans: Vec<Span>,
}

impl Scheduler for LateValue {
    fn look(&mut self, now: Timestamp) -> Option<Vec<Span>> {
        let present = slots().at(now);
        let mut slot = self.spans.last().map_or(present, |last| slots().at(last.until));
        if slot.from > present.from {
            return None;
        }
        while slot.from <= present.from {
            append(&mut self.spans, slot);
            slot = slots().at(slot.until);
        }
        Some(self.spans.clone())
    }

    fn due_at(&self, now: Timestamp) -> Timestamp {
        slots().at(now).until
    }
}

/// Looks every hour of the given clock, and audits what is left.
fn run(mut scheduler: impl Scheduler, hours: impl IntoIterator<Item = i64>) -> Result<Sums, String> {
    let (mut spans, mut times, mut now) = (Vec::new(), BTreeSet::new(), at(0));
    for hour in hours {
        now = at(hour);
        if let Some(after) = scheduler.look(now) {
            spans = after;
            times.insert(now.as_ms());
        }
    }
    let due_at = Some(scheduler.due_at(now));
    spans.sort_by_key(|span| span.from);
    audit(&Record { slots: slots(), since: slots().at(at(0)).from, spans, times, due_at, now })
}

fn sound() -> Sound {
    Sound(Coverage::new(slots().at(at(0))))
}

/// 60 days awake.
fn awake() -> impl Iterator<Item = i64> {
    0..60 * 24
}

/// A week asleep.
fn asleep() -> impl Iterator<Item = i64> {
    (0..100).chain(100 + 7 * 24..1_000)
}

/// A clock that is 400 days ahead for two hours.
fn ahead() -> impl Iterator<Item = i64> {
    (0..100).chain(100 + 400 * 24..102 + 400 * 24).chain(102..1_000)
}

/// A clock that is set back by three days.
fn back() -> impl Iterator<Item = i64> {
    (0..200).chain(128..1_000)
}

#[test]
fn the_audit_finds_nothing_where_the_rules_are_kept() {
    let sums = run(sound(), awake()).expect("sound");
    assert_eq!((sums.missed, sums.repeated), (0, 0));
    let sums = run(sound(), asleep()).expect("sound");
    assert_eq!((sums.missed, sums.repeated), (6, 0));
    for sums in [run(sound(), ahead()), run(sound(), back())] {
        assert_eq!(sums.expect("sound").missed, 0);
    }
}

#[test]
fn cron_ticks_drift_past_slots_and_lose_those_of_a_night() {
    let cron = || CronTicks { next: at(0), spans: Vec::new() };
    for (hours, what) in [(awake().collect::<Vec<_>>(), "missing"), (asleep().collect(), "missing")] {
        let found = run(cron(), hours);
        assert!(found.as_ref().is_err_and(|found| found.contains(what)), "{found:?}");
    }
}

#[test]
fn a_watermark_waits_for_a_clock_that_was_ahead() {
    let twin = || MaxWatermark { newest: Timestamp::from_ms(0), coverage: Coverage::new(slots().at(at(0))) };
    assert!(run(twin(), awake()).is_ok());
    let found = run(twin(), ahead());
    assert!(found.as_ref().is_err_and(|found| found.contains("it is due at")), "{found:?}");
}

#[test]
fn a_late_value_in_an_early_slot_is_found() {
    let twin = || LateValue { spans: Vec::new() };
    assert!(run(twin(), awake()).is_ok());
    let found = run(twin(), asleep());
    assert!(found.as_ref().is_err_and(|found| found.contains("of another time")), "{found:?}");
}

#[test]
fn a_gap_without_a_reason_or_a_slot_read_twice_is_found() {
    let [first, second, third] = [0, 24, 48].map(|hour| slots().at(at(hour)));
    let span = |from: Slot, until: Slot, kind| Span { from: from.from, until: until.until, kind };
    let run = |readings| SpanKind::Read { readings };
    let record = |spans: Vec<Span>| Record {
        slots: slots(),
        since: first.from,
        spans,
        times: [0, 24, 48].map(|hour| at(hour).as_ms()).into(),
        due_at: Some(third.until),
        now: at(48),
    };
    assert!(audit(&record(vec![span(first, third, run(3))])).is_ok());
    let gap = SpanKind::Gap(GapReason::Asleep);
    assert!(audit(&record(vec![span(first, first, run(1)), span(second, second, gap)])).is_ok());
    for (spans, what) in [
        (vec![span(first, first, run(1)), span(third, third, run(1))], "without a reason"),
        (vec![span(first, third, run(4))], "counts 4 readings of 3 slots"),
        (vec![span(first, second, run(2)), span(second, third, run(2))], "two spans"),
    ] {
        let found = audit(&record(spans));
        assert!(found.as_ref().is_err_and(|found| found.contains(what)), "{found:?}");
    }
}
