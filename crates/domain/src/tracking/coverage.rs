//! Which slots of a tracker were read, and why the others were not.
//!
//! Time since a tracker began is covered by spans without overlap: runs of slots that were read, gaps with a reason, and parts
//! of slots that are exempt because the interval changed within them.
//! A slot is decided once it has passed: what is read later goes to the slot in which it was read. Only a clock that was
//! ahead undoes anything: gaps that lie in the future again are dropped, readings stay.

use super::{Slot, Slots};
use crate::Timestamp;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Why a slot has no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum GapReason {
    /// No worker ran.
    Asleep,
    /// The budget of the tracker, the balance of its account or the upstream's calls of the day were used up.
    Budget,
    /// The source failed, or did not answer.
    SourceDown,
    /// The source does not know the hashtag.
    NotFound,
    /// The tracker was paused.
    Disabled,
    /// The settings name no upstream that the tracker could read from.
    NoUpstream,
    /// Nothing was imported for the slot, for a tracker that only watches imports.
    NoReading,
}

impl GapReason {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Contents of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Slots that follow one another, each with one reading. The first is late if a gap comes before it.
    Read {
        /// Number of readings.
        readings: u64,
    },
    /// Slots without a reading.
    Gap(GapReason),
    /// Part of a slot that owes no reading: the interval changed before the slot was over, so that it was not missed, or
    /// after a slot of the new interval was read.
    Exempt,
}

/// A stretch of time since a tracker began, from the beginning of a slot to the end of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// Contents.
    pub kind: SpanKind,
}

/// Returns the next moment.
const fn after(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_add(1))
}

impl Span {
    const fn is_read(&self) -> bool {
        matches!(self.kind, SpanKind::Read { .. })
    }

    const fn is_exempt(&self) -> bool {
        matches!(self.kind, SpanKind::Exempt)
    }

    fn overlaps(&self, slot: Slot) -> bool {
        self.from < slot.until && slot.from < self.until
    }

    /// Appends a span that begins where this one ends, if both have the same contents.
    fn extend(&mut self, next: Self) -> bool {
        if self.until != next.from {
            return false;
        }
        match (&mut self.kind, next.kind) {
            (SpanKind::Read { readings }, SpanKind::Read { readings: more }) => *readings += more,
            (SpanKind::Gap(reason), SpanKind::Gap(other)) if *reason == other => {}
            (SpanKind::Exempt, SpanKind::Exempt) => {}
            _ => return false,
        }
        self.until = next.until;
        true
    }
}

/// When the next reading is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Now, for this slot.
    Now(Slot),
    /// Not before this moment.
    At(Timestamp),
}

/// The spans of a tracker, or the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    since: Timestamp,
    spans: Vec<Span>,
    failed: Option<(Slot, GapReason)>,
}

impl Coverage {
    /// Returns the coverage of a tracker that begins in this slot.
    pub const fn new(first: Slot) -> Self {
        Self { since: first.from, spans: Vec::new(), failed: None }
    }

    /// Restores it from stored spans, oldest first, which end where the next begins. The older ones may be left out.
    /// `since` is where the first of them begins, or the tracker if it has none; `failed` is the last slot in which
    /// reading failed.
    pub const fn from_stored(since: Timestamp, spans: Vec<Span>, failed: Option<(Slot, GapReason)>) -> Self {
        Self { since, spans, failed }
    }

    /// Returns the spans, oldest first.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Returns where the first span begins, or will.
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// Returns true if a slot was read, wholly or in part.
    pub fn is_read(&self, slot: Slot) -> bool {
        self.spans.iter().any(|span| span.is_read() && span.overlaps(slot))
    }

    /// Returns the last slot in which reading failed.
    pub const fn failed(&self) -> Option<(Slot, GapReason)> {
        self.failed
    }

    /// Returns when the next reading is due.
    pub fn due(&self, slots: Slots, now: Timestamp) -> Due {
        let slot = slots.at(now);
        match self.spans.iter().find(|span| span.is_read() && span.overlaps(slot)) {
            Some(run) => Due::At(run.until.max(slot.until)),
            None => Due::Now(slot),
        }
    }

    /// Adds the reading of a slot that is due. Returns true if it is late: the slot before was missed.
    pub fn read(&mut self, slot: Slot, now: Timestamp) -> bool {
        debug_assert!(!self.is_read(slot), "one reading a slot");
        self.arrive(slot, GapReason::Asleep, now);
        // A gap within the slot is of a shorter interval before, and stays.
        let gaps = self.spans.iter().filter(|span| span.overlaps(slot)).map(|span| span.until);
        let from = gaps.max().map_or(slot.from, |gap_ends| gap_ends.max(slot.from));
        debug_assert!(from < slot.until, "a slot is decided once");
        let before = self.spans.iter().rev().filter(|span| !span.is_exempt()).find(|span| span.until <= from);
        let is_late = before.is_some_and(|span| !span.is_read());
        self.insert(Span { from, until: slot.until.max(after(from)), kind: SpanKind::Read { readings: 1 } });
        is_late
    }

    /// Notes that reading failed in a slot. It becomes a gap with this reason if it passes unread.
    pub fn fail(&mut self, slot: Slot, reason: GapReason, now: Timestamp) {
        self.arrive(slot, GapReason::Asleep, now);
        self.failed = Some((slot, reason));
    }

    /// Covers the time before a slot: what is not covered yet becomes a gap. Call it when a tracker is paused, with
    /// [`GapReason::Asleep`], and when it is resumed, with [`GapReason::Disabled`].
    pub fn arrive(&mut self, slot: Slot, reason: GapReason, now: Timestamp) {
        // A clock that was ahead has left gaps that are in the future now. Past ones stay, also within a slot that a longer
        // interval has begun earlier, and so does what is exempt in a slot that was read.
        let is_read = self.is_read(slot);
        for span in &mut self.spans {
            if !span.is_read() && span.until > now && !(span.is_exempt() && is_read) {
                span.until = span.until.min(slot.from);
            }
        }
        self.spans.retain(|span| span.from < span.until);
        self.since = self.since.min(slot.from);
        let mut from = self.since;
        let mut holes = Vec::new();
        for span in &self.spans {
            if from < span.from {
                holes.push((from, span.from));
            }
            from = from.max(span.until);
        }
        holes.push((from, slot.from));
        for (from, until) in holes {
            self.add_gap(from, until.min(slot.from), reason);
        }
    }

    /// Adds a gap, split where reading failed.
    fn add_gap(&mut self, from: Timestamp, until: Timestamp, reason: GapReason) {
        let failed = self.failed.filter(|(slot, _)| slot.from < until && from < slot.until);
        let Some((slot, failure)) = failed else {
            return self.insert_gap(from, until, reason);
        };
        self.insert_gap(from, slot.from.min(until), reason);
        self.insert_gap(slot.from.max(from), slot.until.min(until), failure);
        self.insert_gap(slot.until.max(from), until, reason);
    }

    fn insert_gap(&mut self, from: Timestamp, until: Timestamp, reason: GapReason) {
        if from < until {
            self.insert(Span { from, until, kind: SpanKind::Gap(reason) });
        }
    }

    /// Exempts what is not covered of a stretch of time.
    fn exempt(&mut self, mut from: Timestamp, until: Timestamp) {
        let covered: Vec<Span> = self.spans.iter().filter(|span| span.until > from).copied().collect();
        for span in covered {
            self.insert_exempt(from, span.from.min(until));
            from = span.until;
        }
        self.insert_exempt(from, until);
    }

    fn insert_exempt(&mut self, from: Timestamp, until: Timestamp) {
        if from < until {
            self.insert(Span { from, until, kind: SpanKind::Exempt });
        }
    }

    /// Inserts a span where nothing is covered, and merges it with its neighbours.
    fn insert(&mut self, span: Span) {
        let at = self.spans.partition_point(|other| other.from < span.from);
        self.spans.insert(at, span);
        for first in [at, at.saturating_sub(1)] {
            if let Some([one, next]) =
                self.spans.get_mut(first..first + 2).and_then(|pair| pair.first_chunk_mut())
            {
                let next = *next;
                if one.extend(next) {
                    self.spans.remove(first + 1);
                }
            }
        }
    }

    /// Changes the interval at a moment. Slots of the old one that have passed unread become a gap with this reason, the one
    /// under way owes no reading any more. At a shorter interval the next slot is due; at a longer one it is the present
    /// slot, unless it has a reading. `last_read_at` is the time of the newest reading.
    pub fn change_interval(
        &mut self,
        (old, new): (Slots, Slots),
        last_read_at: Option<Timestamp>,
        reason: GapReason,
        now: Timestamp,
    ) {
        self.arrive(old.at(now), reason, now);
        let (was, slot) = (old.at(now), new.at(now));
        self.failed = self.failed.and_then(|(failed, why)| {
            let until =
                if failed == was { slot.from.max(failed.from).min(failed.until) } else { failed.until };
            (failed.from < until).then_some((Slot { until, ..failed }, why))
        });
        if let Some(last_read_at) = last_read_at {
            self.end_run(new.at(last_read_at), last_read_at, slot);
        }
        for span in self.spans.iter_mut().filter(|span| span.is_exempt() && span.until > now) {
            span.until = span.until.min(slot.from);
        }
        self.spans.retain(|span| span.from < span.until);
        if self.spans.is_empty() {
            self.since = self.since.max(slot.from);
            return;
        }
        let until = if self.is_read(slot) { slot.until } else { slot.from };
        self.exempt(was.from.min(slot.from).max(self.since), until);
    }

    /// Ends the run of the newest reading with its new slot, or where the present one begins if it is under way: at a longer
    /// interval as far as nothing else follows.
    fn end_run(&mut self, read: Slot, last_read_at: Timestamp, present: Slot) {
        let is_of = |span: &Span| span.is_read() && span.from <= last_read_at && last_read_at < span.until;
        let Some(at) = self.spans.iter().position(is_of) else { return };
        let follows = self.spans.get(at + 1).map_or(read.until, |next| next.from);
        let run = &mut self.spans[at];
        run.until = if read.until > run.until {
            read.until.min(follows.max(run.until))
        } else if run.from <= present.from {
            run.until.min(read.until.max(present.from))
        } else {
            read.until
        };
    }
}

#[cfg(test)]
mod tests;
