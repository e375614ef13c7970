//! A calendar day in UTC, the period of budgets and quotas.

use crate::Timestamp;
use jiff::civil::{Date, Time};
use std::fmt;

const MS_OF_A_DAY: i64 = 86_400_000;

/// A day, from midnight to midnight UTC. Written as `2026-11-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcDay(i64);

impl UtcDay {
    /// The day that contains a moment.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.as_ms().div_euclid(MS_OF_A_DAY))
    }

    /// From the database: days since 1970-01-01.
    pub const fn from_number(days: i64) -> Self {
        Self(days)
    }

    /// For the database: days since 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day of a calendar date.
    pub fn of_date(date: Date) -> Self {
        Self::of(Timestamp::of_datetime(date.to_datetime(Time::midnight())))
    }

    /// Its calendar date.
    pub fn date(self) -> Date {
        self.begins_at().to_datetime().date()
    }

    /// Its first moment.
    pub const fn begins_at(self) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_mul(MS_OF_A_DAY))
    }

    /// The midnight that ends it, the first moment of the next day.
    pub const fn ends_at(self) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_add(1).saturating_mul(MS_OF_A_DAY))
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let day = UtcDay::of(at("2026-11-25T23:59:59.999Z"));
        assert_eq!(day.to_string(), "2026-11-25");
        assert_eq!(day.ends_at(), at("2026-11-26"));
        assert_eq!(UtcDay::of(day.ends_at()).to_string(), "2026-11-26");
        assert_eq!(UtcDay::of(at("2026-11-26T01:00:00+02:00")), day, "the zone is UTC");
        assert_eq!(UtcDay::of(Timestamp::from_ms(-1)).to_string(), "1969-12-31");
    }

    proptest! {
        #[test]
        fn a_moment_is_within_its_day(ms in -62_135_596_800_000_i64..253_402_300_800_000) {
            let (at, day) = (Timestamp::from_ms(ms), UtcDay::of(Timestamp::from_ms(ms)));
            prop_assert!(day.begins_at() <= at && at < day.ends_at());
            prop_assert_eq!(Timestamp::parse(&day.to_string()), Some(day.begins_at()));
            prop_assert_eq!(UtcDay::from_number(day.number()), day);
            prop_assert_eq!(UtcDay::of_date(day.date()), day);
        }
    }
}
