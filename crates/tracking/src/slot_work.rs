//! The work on one hashtag of one tracker: what is due, and what becomes of its slots. No store and no clock: the caller hands
//! them in, so that every case can be tested.

use crate::order::slot_price;
use domain::tracking::videos::WALK_INTERVAL_MIN;
use domain::tracking::{
    Adapted, Cadence, Coverage, Due, GapReason, Interval, Month, OnEmpty, Slot, Slots, Span, SpanKind,
    Target, affordable,
};
use domain::{Credits, Timestamp};
use store::tracked::{Subscription, TrackedUpdate};
use store::trackers::{TrackedHashtag, Tracker};

/// Part of an interval after which a failed reading is tried again.
const RETRY_PART: i64 = 12;
/// Shortest and longest wait before that, in milliseconds.
const RETRY_MS_MIN: i64 = 2 * 60_000;
const RETRY_MS_MAX: i64 = 30 * 60_000;

/// The work to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing until it is resumed.
    Paused,
    /// Nothing before this moment.
    Wait(Timestamp),
    /// Read this slot.
    Read(Slot),
}

/// Time of the next try after a failed reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// In a while, in the same slot if there is time.
    Soon,
    /// In the next slot.
    NextSlot,
}

/// A hashtag of a tracker at work.
#[derive(Debug)]
pub(crate) struct SlotWork {
    pub(crate) tracker: Tracker,
    pub(crate) tracked: TrackedHashtag,
    stored: TrackedHashtag,
    stored_spans: Vec<Span>,
    coverage: Coverage,
    refund: Option<(Month, Credits)>,
}

impl SlotWork {
    pub(crate) fn new(subscription: Subscription) -> Self {
        let Subscription { tracker, tracked, spans } = subscription;
        let since = spans.first().map_or(tracked.since, |first| first.from);
        let coverage = Coverage::from_stored(since, spans.clone(), tracked.failed);
        Self { tracker, stored: tracked.clone(), tracked, stored_spans: spans, coverage, refund: None }
    }

    /// Returns the most that a slot costs.
    pub(crate) fn price(&self) -> Credits {
        self.tracker.settings.source.price_max(&self.tracked.target)
    }

    /// Returns true if its interval follows from its readings.
    pub(crate) fn is_adaptive(&self) -> bool {
        self.tracker.settings.cadence == Cadence::Adaptive
    }

    fn slots(&self) -> Slots {
        Slots::new(self.tracked.target.key().as_str(), self.tracked.interval)
    }

    /// Returns what is to be done, after it has taken over what the owner changed.
    pub(crate) fn step(&mut self, now: Timestamp) -> Step {
        let wished = match self.tracker.settings.cadence {
            Cadence::Every(interval) => {
                self.tracked.adapted_by = None;
                interval
            }
            Cadence::Adaptive => self.tracked.interval,
        };
        let affordable = self.affordable(wished, now);
        let interval = match self.tracked.target {
            Target::Videos(..) => affordable.max(WALK_INTERVAL_MIN),
            Target::Hashtag(_) | Target::Keyword(_) => affordable,
        };
        self.set_interval(interval, now);
        let slot = self.slots().at(now);
        match (self.tracker.settings.is_paused, self.tracked.is_paused) {
            (true, false) => self.coverage.arrive(slot, GapReason::Asleep, now),
            (false, true) => self.coverage.arrive(slot, GapReason::Disabled, now),
            _ => {}
        }
        self.tracked.is_paused = self.tracker.settings.is_paused;
        if self.tracked.is_paused {
            self.tracked.due_at = None;
            return Step::Paused;
        }
        let step = match self.coverage.due(self.slots(), now) {
            Due::At(at) => {
                // What passed before a reading of a clock that was ahead is decided by now.
                self.coverage.arrive(slot, GapReason::Asleep, now);
                Step::Wait(at)
            }
            Due::Now(slot) => {
                let has_failed = self.coverage.failed().is_some_and(|(failed, _)| failed == slot);
                let retry_at = self.tracked.due_at.filter(|at| has_failed && now < *at && *at <= slot.until);
                retry_at.map_or(Step::Read(slot), Step::Wait)
            }
        };
        if let Step::Wait(at) = step {
            self.tracked.due_at = Some(at);
        }
        step
    }

    /// Returns the wished interval, or the one that the budget allows where the owner wants it to last.
    fn affordable(&self, wished: Interval, now: Timestamp) -> Interval {
        let settings = &self.tracker.settings;
        let Some(max) = settings.credits_max.filter(|_| settings.on_empty == OnEmpty::Slow) else {
            return wished;
        };
        let rest = max.checked_sub(self.tracker.spent_in(Month::of(now))).unwrap_or(Credits::ZERO);
        affordable(wished, rest, slot_price(settings, self.tracker.hashtag_count()), 1, now)
    }

    fn set_interval(&mut self, interval: Interval, now: Timestamp) {
        if interval == self.tracked.interval {
            return;
        }
        let old = self.slots();
        self.tracked.interval = interval;
        let reason = if self.tracked.is_paused { GapReason::Disabled } else { GapReason::Asleep };
        self.coverage.change_interval((old, self.slots()), self.tracked.last_read_at, reason, now);
    }

    /// Returns true if a slot was read.
    pub(crate) fn is_read(&self, slot: Slot) -> bool {
        self.coverage.is_read(slot)
    }

    /// Notes that credits were reserved for a slot.
    pub(crate) fn reserved(&mut self, slot: Slot, month: Month) {
        self.tracked = self.tracked.clone().reserved(slot, self.price(), month);
    }

    /// Notes the reading of a slot, for which so many credits were charged; what was reserved beyond them is given back.
    pub(crate) fn read(&mut self, slot: Slot, read_at: Timestamp, paid: Credits, now: Timestamp) {
        self.refund = self.tracked.attempt.and_then(|attempt| {
            let rest = attempt.credits.checked_sub(paid).filter(|rest| *rest > Credits::ZERO);
            Some((attempt.month, rest?))
        });
        self.coverage.read(slot, now);
        self.tracked.readings += 1;
        // The newest one: a change of the interval must not cut it off the run, whatever the clock said since.
        self.tracked.last_read_at = self.tracked.last_read_at.max(Some(read_at));
        self.schedule(now);
    }

    /// Takes the interval over that an adaptive tracker has from now on.
    pub(crate) fn adapt(&mut self, Adapted { interval, by }: Adapted, now: Timestamp) {
        self.set_interval(interval, now);
        self.tracked.adapted_by = Some(by);
        self.schedule(now);
    }

    fn schedule(&mut self, now: Timestamp) {
        self.tracked.due_at = Some(match self.coverage.due(self.slots(), now) {
            Due::At(at) => at,
            Due::Now(_) => now,
        });
    }

    /// Notes that a slot could not be read. Credits that were reserved for it are given back.
    pub(crate) fn fail(&mut self, slot: Slot, reason: GapReason, retry: Retry, now: Timestamp) {
        self.coverage.fail(slot, reason, now);
        self.release();
        let wait_ms = (self.tracked.interval.as_ms() / RETRY_PART).clamp(RETRY_MS_MIN, RETRY_MS_MAX);
        let soon = Timestamp::from_ms(now.as_ms().saturating_add(wait_ms));
        self.tracked.due_at = Some(match retry {
            Retry::Soon => soon.min(slot.until),
            Retry::NextSlot => slot.until,
        });
    }

    /// Gives back the credits of a reading that was not made.
    pub(crate) fn release(&mut self) {
        self.refund = self.tracked.attempt.map(|attempt| (attempt.month, attempt.credits));
    }

    /// Notes that an update was written.
    pub(crate) fn written(&mut self, update: TrackedUpdate) {
        self.tracked = update.tracked.updated();
        self.stored = self.tracked.clone();
        self.stored_spans = self.coverage.spans().to_vec();
        self.refund = None;
    }

    /// Returns what is to be written; `None` if nothing changed.
    pub(crate) fn update(&self) -> Option<TrackedUpdate> {
        let (old, new) = (&self.stored_spans, self.coverage.spans());
        let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let changed = [old.get(same), new.get(same)].into_iter().flatten().map(|span| span.from).min();
        let gaps =
            |spans: &[Span]| spans.iter().filter(|span| matches!(span.kind, SpanKind::Gap(_))).count() as u64;
        let mut tracked = self.tracked.clone();
        tracked.failed = self.coverage.failed();
        if old.is_empty() {
            tracked.since = self.coverage.since();
        }
        tracked.gaps = (tracked.gaps + gaps(new)).saturating_sub(gaps(old));
        if changed.is_none() && tracked == self.stored && self.refund.is_none() {
            return None;
        }
        let spans = new.get(same..).unwrap_or_default().to_vec();
        Some(TrackedUpdate { tracked, spans_from: changed, spans, refund: self.refund })
    }
}
