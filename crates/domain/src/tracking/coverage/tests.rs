//! Compares coverage with a list of slots, and what it makes of clocks, pauses and other intervals.

use super::super::Interval;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use strum::VariantArray;

const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_800_000_000_000;

fn slots(interval: Interval) -> Slots {
    Slots::new("cat", interval)
}

fn day(number: i64) -> Slot {
    slots(Interval::Day).at(Timestamp::from_ms(START_MS + number * DAY_MS))
}

fn at(number: i64) -> Timestamp {
    Timestamp::from_ms(START_MS + number * DAY_MS)
}

fn shown(coverage: &Coverage) -> Vec<(i64, i64, String)> {
    let number = |at: Timestamp| (at.as_ms() - day(0).from.as_ms()).div_euclid(DAY_MS);
    let kind = |kind| match kind {
        SpanKind::Read { readings } => format!("{readings} read"),
        SpanKind::Gap(reason) => reason.to_string(),
        SpanKind::Exempt => "exempt".to_owned(),
    };
    coverage.spans().iter().map(|span| (number(span.from), number(span.until), kind(span.kind))).collect()
}

fn change(
    coverage: &mut Coverage,
    (old, new): (Interval, Interval),
    last_read_at: Option<Timestamp>,
    now: Timestamp,
) {
    coverage.change_interval((slots(old), slots(new)), last_read_at, GapReason::Asleep, now);
}

/// The hour of a day of the first week's slots.
fn hour(day: i64, hour: i64) -> Slot {
    let begin = slots(Interval::Week).at(at(0)).from.as_ms();
    slots(Interval::Hour).at(Timestamp::from_ms(begin + day * DAY_MS + hour * Interval::Hour.as_ms()))
}

/// Spans in hours since the first week began.
fn in_hours(coverage: &Coverage) -> Vec<(i64, i64, String)> {
    let since = hour(0, 0).from.as_ms();
    let hours = |at: Timestamp| (at.as_ms() - since).div_euclid(Interval::Hour.as_ms());
    let contents = shown(coverage).into_iter().map(|(_, _, contents)| contents);
    coverage
        .spans()
        .iter()
        .zip(contents)
        .map(|(span, what)| (hours(span.from), hours(span.until), what))
        .collect()
}

#[test]
fn a_slot_that_was_under_way_when_the_interval_changed_is_not_missed() {
    let (week, hours) = (slots(Interval::Week), slots(Interval::Hour));
    let mut coverage = Coverage::new(week.at(at(0)));
    coverage.read(week.at(at(0)), hour(0, 0).from);
    // The second week passes unread, the third has no reading yet.
    let now = hour(16, 5).from;
    change(&mut coverage, (Interval::Week, Interval::Hour), Some(hour(0, 0).from), now);
    assert_eq!(coverage.due(hours, now), Due::Now(hour(16, 5)));
    assert!(coverage.read(hour(16, 5), now), "the second week was missed");
    let spans = [
        (0, 168, "1 read".to_owned()),
        (168, 336, "asleep".into()),
        (336, 389, "exempt".into()),
        (389, 390, "1 read".into()),
    ];
    assert_eq!(in_hours(&coverage), spans);

    // Back to weeks: this one has a reading.
    change(&mut coverage, (Interval::Hour, Interval::Week), Some(now), hour(17, 0).from);
    assert_eq!(coverage.due(week, hour(17, 0).from), Due::At(hour(21, 0).from));
    assert!(coverage.read(week.at(hour(21, 0).from), hour(21, 0).from), "hours were missed");
    let spans = [(390, 408, "asleep".to_owned()), (408, 504, "exempt".into()), (504, 672, "1 read".into())];
    assert_eq!(in_hours(&coverage)[4..], spans);
}

#[test]
fn a_tracker_that_read_nothing_yet_owes_nothing_before_its_interval_changed() {
    let mut coverage = Coverage::new(slots(Interval::Week).at(at(0)));
    let now = hour(3, 7).from;
    coverage.fail(slots(Interval::Week).at(now), GapReason::SourceDown, now);
    change(&mut coverage, (Interval::Week, Interval::Hour), None, now);
    coverage.read(hour(3, 8), hour(3, 8).from);
    assert_eq!(in_hours(&coverage), [(79, 80, "asleep".to_owned()), (80, 81, "1 read".into())]);
}

#[test]
fn what_passed_before_the_interval_changed_is_missed() {
    let mut coverage = Coverage::new(hour(0, 0));
    coverage.read(hour(0, 0), hour(0, 0).from);
    coverage.read(hour(0, 1), hour(0, 1).from);
    let last = Some(hour(0, 1).from);
    let now = hour(2, 9).from;
    change(&mut coverage, (Interval::Hour, Interval::Day), last, now);
    assert_eq!(in_hours(&coverage), [(0, 2, "2 read".to_owned()), (2, 57, "asleep".into())]);
    let day = slots(Interval::Day).at(now);
    assert_eq!(coverage.due(slots(Interval::Day), now), Due::Now(day));
    assert!(coverage.read(day, now));
    assert_eq!(in_hours(&coverage)[2..], [(57, 72, "1 read".to_owned())]);
}

#[test]
fn a_year_asleep_is_one_gap_and_the_next_reading_is_late() {
    let mut coverage = Coverage::new(day(0));
    assert!(!coverage.read(day(0), day(0).from) && !coverage.read(day(1), day(1).from));
    assert_eq!(coverage.due(slots(Interval::Day), at(1)), Due::At(day(2).from));
    assert_eq!(coverage.due(slots(Interval::Day), at(366)), Due::Now(day(366)));
    assert!(coverage.read(day(366), day(366).from));
    assert!(!coverage.read(day(367), day(367).from));
    assert_eq!(
        shown(&coverage),
        [(0, 2, "2 read".into()), (2, 366, "asleep".into()), (366, 368, "2 read".into())]
    );
}

#[test]
fn each_slot_has_the_reason_for_which_it_was_missed() {
    let mut coverage = Coverage::new(day(0));
    coverage.fail(day(0), GapReason::SourceDown, day(0).from);
    coverage.fail(day(1), GapReason::SourceDown, day(1).from);
    coverage.fail(day(1), GapReason::Budget, day(1).from);
    coverage.fail(day(4), GapReason::NotFound, day(4).from);
    assert!(coverage.read(day(5), day(5).from));
    assert_eq!(
        shown(&coverage),
        [
            (0, 1, "source_down".into()),
            (1, 2, "budget".into()),
            (2, 4, "asleep".into()),
            (4, 5, "not_found".into()),
            (5, 6, "1 read".into()),
        ]
    );
}

#[test]
fn a_failure_in_a_slot_that_is_read_after_all_leaves_no_gap() {
    let mut coverage = Coverage::new(day(0));
    coverage.fail(day(0), GapReason::SourceDown, day(0).from);
    assert_eq!(coverage.due(slots(Interval::Day), at(0)), Due::Now(day(0)));
    assert!(!coverage.read(day(0), day(0).from));
    assert!(!coverage.read(day(1), day(1).from));
    assert_eq!(shown(&coverage), [(0, 2, "2 read".into())]);
}

#[test]
fn a_paused_tracker_was_disabled_and_not_asleep() {
    let mut coverage = Coverage::new(day(0));
    coverage.read(day(0), day(0).from);
    coverage.arrive(day(3), GapReason::Asleep, day(3).from);
    coverage.arrive(day(9), GapReason::Disabled, day(9).from);
    coverage.read(day(9), day(9).from);
    let gaps = [(1, 3, "asleep".into()), (3, 9, "disabled".into())];
    assert_eq!(shown(&coverage)[1..3], gaps);
}

#[test]
fn a_clock_that_was_ahead_blocks_no_slot_and_leaves_no_gap_in_the_future() {
    let mut coverage = Coverage::new(day(0));
    coverage.read(day(0), day(0).from);
    coverage.read(day(400), day(400).from);
    assert_eq!(coverage.due(slots(Interval::Day), at(1)), Due::Now(day(1)));
    assert!(!coverage.read(day(1), day(1).from));
    assert_eq!(shown(&coverage), [(0, 2, "2 read".into()), (400, 401, "1 read".into())]);
    // An hour back is a slot that was read.
    assert_eq!(coverage.due(slots(Interval::Day), at(0)), Due::At(day(2).from));
    assert!(coverage.read(day(399), day(399).from));
    // The slot that was read ahead of time is not read again.
    assert_eq!(coverage.due(slots(Interval::Day), at(400)), Due::At(day(401).from));
    let spans = [(0, 2, "2 read".into()), (2, 399, "asleep".into()), (399, 401, "2 read".into())];
    assert_eq!(shown(&coverage), spans);
}

#[test]
fn a_shorter_interval_reads_sooner_and_a_longer_one_misses_nothing() {
    let mut coverage = Coverage::new(slots(Interval::Week).at(at(0)));
    coverage.read(slots(Interval::Week).at(at(0)), at(0));
    let hours = slots(Interval::Hour);
    change(&mut coverage, (Interval::Week, Interval::Hour), Some(at(0)), at(0));
    assert_eq!(coverage.due(hours, at(0)), Due::At(hours.at(at(0)).until));
    coverage.read(hours.at(hours.at(at(0)).until), hours.at(at(0)).until);
    let days = slots(Interval::Day);
    let last = hours.at(at(0)).until;
    change(&mut coverage, (Interval::Hour, Interval::Day), Some(last), last);
    assert_eq!(coverage.due(days, last), Due::At(days.at(last).until));
    assert_eq!(coverage.spans().len(), 1, "{:?}", coverage.spans());
    coverage.read(days.at(days.at(last).until), days.at(last).until);
    let SpanKind::Read { readings } = coverage.spans()[0].kind else { panic!("{:?}", coverage.spans()) };
    assert_eq!((readings, coverage.spans().len()), (3, 1));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Read,
    Fail(GapReason),
    Resume,
}

/// The same, slot by slot.
#[derive(Default)]
struct Naive {
    slots: BTreeMap<i64, Option<GapReason>>,
    since: i64,
    failed: Option<(i64, GapReason)>,
}

impl Naive {
    fn arrive(&mut self, slot: i64, reason: GapReason) {
        self.slots.retain(|number, gap| *number < slot || gap.is_none());
        self.since = self.since.min(slot);
        for number in self.since..slot {
            let failure = self.failed.filter(|(failed, _)| *failed == number).map(|(_, why)| why);
            self.slots.entry(number).or_insert(Some(failure.unwrap_or(reason)));
        }
    }

    fn step(&mut self, slot: i64, step: Step) {
        match step {
            Step::Read if self.slots.get(&slot) == Some(&None) => {}
            Step::Read => {
                self.arrive(slot, GapReason::Asleep);
                self.slots.insert(slot, None);
            }
            Step::Fail(reason) => {
                self.arrive(slot, GapReason::Asleep);
                self.failed = Some((slot, reason));
            }
            Step::Resume => self.arrive(slot, GapReason::Disabled),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        4 => Just(Step::Read),
        2 => proptest::sample::select(GapReason::VARIANTS).prop_map(Step::Fail),
        1 => Just(Step::Resume),
    ];
    // Mostly the next slot; sometimes a clock that jumps, in either direction.
    let ahead = prop_oneof![6 => 0_i64..3, 1 => -20_i64..0, 1 => 3_i64..400];
    proptest::collection::vec((ahead, step), 1..60)
}

#[test]
fn a_longer_interval_leaves_the_gaps_of_its_first_slot() {
    let (hours, days) = (slots(Interval::Hour), slots(Interval::Day));
    let begin = days.at(at(0)).from;
    let hour = |n: i64| hours.at(Timestamp::from_ms(begin.as_ms() + n * Interval::Hour.as_ms()));
    let mut coverage = Coverage::new(hour(0));
    coverage.read(hour(0), hour(0).from);
    coverage.read(hour(7), hour(7).from);
    change(&mut coverage, (Interval::Hour, Interval::Day), Some(hour(7).from), hour(7).from);
    let before = coverage.spans().to_vec();
    coverage.arrive(days.at(hour(9).from), GapReason::Asleep, hour(9).from);
    assert_eq!(coverage.spans(), before, "a pause within the day");
    assert!(matches!(before[1].kind, SpanKind::Gap(GapReason::Asleep)), "{before:?}");

    let mut missed = Coverage::new(hour(0));
    missed.fail(hour(5), GapReason::SourceDown, hour(5).from);
    let day = days.at(hour(9).from);
    assert!(missed.read(day, hour(9).from), "it is late");
    let bounds: Vec<_> = missed.spans().iter().map(|span| (span.from, span.until)).collect();
    assert_eq!(bounds, [(hour(0).from, hour(5).from), (hour(5).from, day.until)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn it_agrees_with_a_list_of_slots(steps in steps()) {
        let (mut coverage, mut naive, mut number) = (Coverage::new(day(0)), Naive::default(), 0);
        for (ahead, step) in steps {
            number += ahead;
            let slot = day(number);
            match step {
                Step::Read => {
                    let is_due = coverage.due(slots(Interval::Day), at(number)) == Due::Now(slot);
                    prop_assert_eq!(is_due, naive.slots.get(&number) != Some(&None));
                    if is_due {
                        let is_late = coverage.read(slot, at(number));
                        naive.step(number, step);
                        let before = naive.slots.get(&(number - 1));
                        prop_assert_eq!(is_late, before.is_some_and(Option::is_some));
                    }
                }
                Step::Fail(reason) => {
                    coverage.fail(slot, reason, at(number));
                    naive.step(number, step);
                }
                Step::Resume => {
                    coverage.arrive(slot, GapReason::Disabled, at(number));
                    naive.step(number, step);
                }
            }
            let mut listed = BTreeMap::new();
            for span in coverage.spans() {
                let days = (span.until.as_ms() - span.from.as_ms()) / DAY_MS;
                let first = (span.from.as_ms() - day(0).from.as_ms()).div_euclid(DAY_MS);
                let gap = match span.kind {
                    SpanKind::Read { readings } => {
                        prop_assert_eq!(readings, days.cast_unsigned());
                        None
                    }
                    SpanKind::Gap(reason) => Some(reason),
                    SpanKind::Exempt => panic!("the interval stays"),
                };
                for day in first..first + days {
                    prop_assert!(listed.insert(day, gap).is_none(), "two spans cover one slot");
                }
            }
            prop_assert_eq!(&listed, &naive.slots);
            // As few rows as there can be.
            for pair in coverage.spans().windows(2) {
                let mut one = pair[0];
                prop_assert!(!one.extend(pair[1]), "{:?}", pair);
            }
        }
    }

    #[test]
    fn no_time_is_lost_when_the_interval_changes(
        hours in proptest::collection::vec((1_i64..200, proptest::sample::select(Interval::VARIANTS)), 1..40),
    ) {
        let (mut interval, mut now, mut last_read_at) = (Interval::Day, Timestamp::from_ms(START_MS), None);
        let mut coverage = Coverage::new(slots(interval).at(now));
        for (ahead, next) in hours {
            now = Timestamp::from_ms(now.as_ms() + ahead * Interval::Hour.as_ms());
            if let Due::Now(slot) = coverage.due(slots(interval), now) {
                coverage.read(slot, now);
                last_read_at = Some(now);
            }
            change(&mut coverage, (interval, next), last_read_at, now);
            interval = next;
            let mut until = coverage.spans()[0].from;
            for span in coverage.spans() {
                prop_assert_eq!(span.from, until);
                prop_assert!(span.from < span.until);
                until = span.until;
            }
            prop_assert!(slots(interval).at(now).from <= until);
        }
    }

    #[test]
    fn other_intervals_leave_no_gap_where_every_slot_was_read_in_time(
        changes in proptest::collection::vec((1_i64..60, proptest::sample::select(Interval::VARIANTS)), 1..30),
    ) {
        let (mut interval, mut now, mut last_read_at) = (Interval::Week, Timestamp::from_ms(START_MS), None);
        let mut coverage = Coverage::new(slots(interval).at(now));
        let mut read = 0;
        for (hours, next) in changes {
            change(&mut coverage, (interval, next), last_read_at, now);
            interval = next;
            for _ in 0..hours {
                if let Due::Now(slot) = coverage.due(slots(interval), now) {
                    prop_assert!(!coverage.read(slot, now));
                    (last_read_at, read) = (Some(now), read + 1);
                }
                now = Timestamp::from_ms(now.as_ms() + Interval::Hour.as_ms());
            }
        }
        let mut counted = 0;
        for span in coverage.spans() {
            if let SpanKind::Read { readings } = span.kind {
                counted += readings;
            }
            prop_assert!(!matches!(span.kind, SpanKind::Gap(_)), "{:?}", coverage.spans());
        }
        prop_assert_eq!(counted, read);
    }
}
