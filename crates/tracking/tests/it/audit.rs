//! A naive audit of what a tracker left behind: slot by slot, from its spans and from the readings of the series.

use domain::Timestamp;
use domain::tracking::{Slots, Span, SpanKind};
use std::collections::BTreeSet;

/// Spans and readings of a hashtag that a tracker of one interval left behind.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) slots: Slots,
    pub(crate) since: Timestamp,
    /// Oldest first.
    pub(crate) spans: Vec<Span>,
    /// Times of the readings in the series, in milliseconds.
    pub(crate) times: BTreeSet<i64>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// Slots of a sound record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) read: u64,
    pub(crate) missed: u64,
    /// Readings beyond the first of their slot.
    pub(crate) repeated: u64,
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.missed += other.missed;
        self.repeated += other.repeated;
    }
}

/// Checks that each slot that has passed was read once, in its time, or has the reason for which it was not; and that the
/// next one is due.
pub(crate) fn audit(record: &Record) -> Result<Sums, String> {
    for pair in record.spans.windows(2) {
        if pair[1].from < pair[0].until {
            return Err(format!("two spans cover one slot: {pair:?}"));
        }
    }
    let mut sums = Sums::default();
    for span in &record.spans {
        if let SpanKind::Read { readings } = span.kind {
            sums.read += readings;
            sums.repeated += audit_run(record, span, readings)?;
        }
    }
    let present = record.slots.at(record.now);
    let mut slot = record.slots.at(record.since);
    while slot.from < present.from {
        let covers = |span: &&Span| span.from <= slot.from && slot.until <= span.until;
        match record.spans.iter().find(covers).map(|span| span.kind) {
            Some(SpanKind::Gap(_)) => sums.missed += 1,
            Some(SpanKind::Read { .. }) => {}
            Some(SpanKind::Exempt) => return Err(format!("{slot:?} is exempt, and the interval stays")),
            None => return Err(format!("{slot:?} is missing without a reason")),
        }
        slot = record.slots.at(slot.until);
    }
    // The next slot, or the one after it where the clock was set back before a slot that was read.
    let last = record.slots.at(present.until).until;
    match record.due_at {
        Some(due_at) if due_at <= last => Ok(sums),
        due_at => Err(format!("it is due at {due_at:?}, and should be by {last:?}")),
    }
}

/// Checks that a run has one reading for each of its slots, in the series, within the slot. Returns how many more there are.
fn audit_run(record: &Record, run: &Span, readings: u64) -> Result<u64, String> {
    let (mut slot, mut slots, mut repeated) = (record.slots.at(run.from), 0, 0);
    while slot.from < run.until {
        let found = record.times.range(slot.from.as_ms()..slot.until.as_ms()).count() as u64;
        if found == 0 {
            return Err(format!("{slot:?} is filled with a reading of another time"));
        }
        repeated += found - 1;
        slots += 1;
        slot = record.slots.at(slot.until);
    }
    if slots != readings {
        return Err(format!("{run:?} counts {readings} readings of {slots} slots"));
    }
    Ok(repeated)
}
