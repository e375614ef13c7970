//! The adaptive cadence: as seldom as the readings allow.
//!
//! A source rounds: 1.2 M stands for anything within a step of 100,000. A reading says something new once the number has
//! moved by more than rounding explains, which is two steps: half a step at either end, doubled for a margin. The interval is
//! the shortest at which that is expected; anything shorter would repeat the number.

use super::Interval;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Steps of rounding by which a number is expected to move from reading to reading.
const STEPS_BETWEEN_READINGS: f64 = 2.0;
/// Interval while too little is known.
const UNKNOWN: Interval = Interval::Day;

/// Reason for an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AdaptedBy {
    /// A breakout is under way.
    Breakout,
    /// An alert is pending.
    PendingAlert,
    /// At this interval the number moves by more than its rounding.
    Change,
    /// Even in a week it moves by less.
    BelowRounding,
    /// There are too few readings to know how fast it moves.
    TooFewReadings,
}

impl AdaptedBy {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Input for choosing an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveInput {
    /// Expected change of the number, per hour; `None` while there are too few readings.
    pub change_per_hour: Option<f64>,
    /// Rounding step of the newest reading; 1 if it is exact.
    pub step: u64,
    /// True while a breakout is under way.
    pub is_breaking_out: bool,
    /// True while an alert on the hashtag is pending.
    pub has_pending_alert: bool,
}

/// A chosen interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adapted {
    /// The interval until the next reading.
    pub interval: Interval,
    /// Why.
    pub by: AdaptedBy,
}

impl Adapted {
    /// Chooses the interval until the next reading.
    pub fn choose(input: AdaptiveInput) -> Self {
        if input.is_breaking_out {
            return Self { interval: Interval::Hour, by: AdaptedBy::Breakout };
        }
        if input.has_pending_alert {
            return Self { interval: Interval::Hour, by: AdaptedBy::PendingAlert };
        }
        let Some(change_per_hour) = input.change_per_hour.filter(|change| change.is_finite()) else {
            return Self { interval: UNKNOWN, by: AdaptedBy::TooFewReadings };
        };
        #[expect(clippy::cast_precision_loss, reason = "a step is a power of ten or a small number")]
        let needed = STEPS_BETWEEN_READINGS * input.step.max(1) as f64;
        let moves = |interval: &&Interval| change_per_hour.abs() * f64::from(interval.hours()) > needed;
        match Interval::VARIANTS.iter().find(moves) {
            Some(interval) => Self { interval: *interval, by: AdaptedBy::Change },
            None => Self { interval: Interval::Week, by: AdaptedBy::BelowRounding },
        }
    }

    /// Returns the reason in words: `daily: in 12h it moves by less than 2 rounding steps`.
    pub fn reason(self) -> String {
        let often = match self.interval {
            Interval::Hour => "hourly",
            Interval::ThreeHours => "every 3 h",
            Interval::TwelveHours => "every 12 h",
            Interval::Day => "daily",
            Interval::Week => "weekly",
        };
        let shorter = Interval::VARIANTS.iter().rev().find(|other| **other < self.interval);
        match (self.by, shorter) {
            (AdaptedBy::Breakout, _) => format!("{often}: a breakout is under way"),
            (AdaptedBy::PendingAlert, _) => format!("{often}: an alert is pending"),
            (AdaptedBy::Change, None) => format!("{often}: it moves by more than 2 rounding steps an hour"),
            (AdaptedBy::Change, Some(shorter)) => {
                format!("{often}: in {} h it moves by less than 2 rounding steps", shorter.hours())
            }
            (AdaptedBy::BelowRounding, _) => {
                format!("{often}: in a week it moves by less than 2 rounding steps")
            }
            (AdaptedBy::TooFewReadings, _) => format!("{often}: too few readings to know how fast it moves"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input(change_per_hour: f64, step: u64) -> AdaptiveInput {
        AdaptiveInput {
            change_per_hour: Some(change_per_hour),
            step,
            is_breaking_out: false,
            has_pending_alert: false,
        }
    }

    #[test]
    fn the_interval_is_the_shortest_at_which_the_number_moves() {
        for (change_per_hour, step, reason) in [
            (3.0, 1, "hourly: it moves by more than 2 rounding steps an hour"),
            (-3.0, 1, "hourly: it moves by more than 2 rounding steps an hour"),
            (2.0, 1, "every 3 h: in 1 h it moves by less than 2 rounding steps"),
            (10_000.0, 100_000, "daily: in 12 h it moves by less than 2 rounding steps"),
            (3_000.0, 100_000, "weekly: in 24 h it moves by less than 2 rounding steps"),
            (1_000.0, 100_000, "weekly: in a week it moves by less than 2 rounding steps"),
            (0.0, 1, "weekly: in a week it moves by less than 2 rounding steps"),
            (f64::NAN, 1, "daily: too few readings to know how fast it moves"),
        ] {
            assert_eq!(Adapted::choose(input(change_per_hour, step)).reason(), reason);
        }
        let unknown = AdaptiveInput { change_per_hour: None, ..input(0.0, 1) };
        assert_eq!(
            Adapted::choose(unknown),
            Adapted { interval: Interval::Day, by: AdaptedBy::TooFewReadings }
        );
    }

    #[test]
    fn a_breakout_or_a_pending_alert_reads_hourly() {
        let still = input(0.0, 100_000);
        let breakout = Adapted::choose(AdaptiveInput { is_breaking_out: true, ..still });
        assert_eq!(breakout.reason(), "hourly: a breakout is under way");
        let pending = Adapted::choose(AdaptiveInput { has_pending_alert: true, ..still });
        assert_eq!(pending.reason(), "hourly: an alert is pending");
    }

    proptest! {
        #[test]
        fn what_moves_faster_is_never_read_less_often(change in 0.0_f64..1e9, more in 1.0_f64..100.0, step in 1_u64..1 << 30) {
            let (slow, fast) = (Adapted::choose(input(change, step)), Adapted::choose(input(change * more, step)));
            prop_assert!(fast.interval <= slow.interval);
            let exact = Adapted::choose(input(change, 1));
            prop_assert!(exact.interval <= slow.interval);
        }
    }
}
