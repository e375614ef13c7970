//! Buckets of a history: local hours, days and weeks, also where the clock changes.

use super::history::Step;
use crate::{Timestamp, Zone};
use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// The buckets of a step in a time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets {
    /// Their length.
    pub step: Step,
    /// The zone in which days begin at midnight, and weeks on Monday.
    pub zone: Zone,
}

impl From<Step> for Buckets {
    /// Returns the buckets of UTC.
    fn from(step: Step) -> Self {
        Self { step, zone: Zone::UTC }
    }
}

impl Buckets {
    /// Returns the beginning of the bucket that a moment is in; of raw readings the moment.
    pub fn begin(&self, at: Timestamp) -> Timestamp {
        if self.zone.is_utc() {
            return self.step.begin(at);
        }
        match self.step {
            Step::Raw => at,
            Step::Hour => self.zone.hour_begins(at),
            Step::Day | Step::Week => {
                self.first_day(at).and_then(|day| self.zone.day_begins(day)).unwrap_or(at)
            }
        }
    }

    /// Returns the beginning of the bucket after that of a moment; `None` for raw readings.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let begin = self.begin(at);
        let length_ms = self.step.ms()?;
        if self.zone.is_utc() {
            return Some(Timestamp::from_ms(begin.as_ms().saturating_add(length_ms)));
        }
        if self.step == Step::Hour {
            // Half an hour, where a change of the clock cuts an hour short.
            let half = Timestamp::from_ms(begin.as_ms() + length_ms / 2);
            let next = self.begin(half);
            let after = if next > begin { next } else { Timestamp::from_ms(begin.as_ms() + length_ms) };
            return Some(self.begin(after));
        }
        let days: Span = if self.step == Step::Week { 7.days() } else { 1.day() };
        self.zone.day_begins(self.first_day(at)?.checked_add(days).ok()?)
    }

    /// Returns the local day of a day, or the Monday of a week; `None` for shorter steps.
    pub fn date(&self, at: Timestamp) -> Option<Date> {
        matches!(self.step, Step::Day | Step::Week).then(|| self.first_day(at)).flatten()
    }

    fn first_day(&self, at: Timestamp) -> Option<Date> {
        let day = self.zone.date(at);
        match self.step {
            Step::Week => day.checked_sub(i64::from(day.weekday().since(Weekday::Monday)).days()).ok(),
            _ => Some(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strum::VariantArray;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn of(step: Step, zone: &str) -> Buckets {
        Buckets { step, zone: zone.parse().expect("a zone") }
    }

    #[test]
    fn a_local_day_begins_at_its_midnight() {
        let days = of(Step::Day, "America/New_York");
        assert_eq!(days.begin(at("2026-06-01T03:59:59Z")), at("2026-05-31T04:00:00Z"));
        assert_eq!(days.begin(at("2026-06-01T04:00:00Z")), at("2026-06-01T04:00:00Z"));
        assert_eq!(
            days.date(at("2026-06-01T03:00:00Z")).map(|day| day.to_string()).as_deref(),
            Some("2026-05-31")
        );
        assert_eq!(of(Step::Hour, "America/New_York").date(at("2026-06-01T03:00:00Z")), None);
        // The clock goes forward on Sunday, 8 March: that day has 23 hours, its week 167.
        assert_eq!(days.next(at("2026-03-08T12:00:00Z")), Some(at("2026-03-09T04:00:00Z")));
        let weeks = of(Step::Week, "America/New_York");
        assert_eq!(weeks.begin(at("2026-03-08T12:00:00Z")), at("2026-03-02T05:00:00Z"));
        assert_eq!(weeks.next(at("2026-03-08T12:00:00Z")), Some(at("2026-03-09T04:00:00Z")));
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_no_bucket() {
        // Samoa went from 29 to 31 December 2011.
        let days = of(Step::Day, "Pacific/Apia");
        let last = at("2011-12-30T09:00:00Z");
        assert_eq!(days.date(last).map(|day| day.to_string()).as_deref(), Some("2011-12-29"));
        let next = days.next(last).expect("a day");
        assert_eq!(days.date(next).map(|day| day.to_string()).as_deref(), Some("2011-12-31"));
    }

    proptest! {
        #[test]
        fn buckets_follow_each_other_without_a_hole(
            ms in 1_388_534_400_000_i64..4_000_000_000_000,
            step in prop::sample::select(Step::VARIANTS),
            zone in prop::sample::select(
                &["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Chatham"][..],
            ),
        ) {
            let (buckets, at) = (of(step, zone), Timestamp::from_ms(ms));
            let begin = buckets.begin(at);
            prop_assert!(begin <= at);
            prop_assert_eq!(buckets.begin(begin), begin);
            let Some(next) = buckets.next(at) else { return Ok(()) };
            prop_assert!(next > at);
            prop_assert_eq!(buckets.begin(next), next);
            prop_assert_eq!(buckets.begin(Timestamp::from_ms(next.as_ms() - 1)), begin);
        }

        #[test]
        fn utc_has_two_readings_that_agree(ms in 1_388_534_400_000_i64..4_102_444_800_000) {
            let at = Timestamp::from_ms(ms);
            for &step in Step::VARIANTS {
                // This zone has the offset 0 and takes the road of all others.
                let other = of(step, "Africa/Abidjan");
                let utc = Buckets::from(step);
                prop_assert_eq!((other.begin(at), other.next(at)), (utc.begin(at), utc.next(at)));
            }
        }
    }
}
