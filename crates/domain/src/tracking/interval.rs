//! Intervals and cadences of trackers.

use std::fmt;
use std::str::FromStr;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// Length of a slot. Each length divides the next longer one, so that a slot of one begins where slots of all shorter
/// ones begin, and a tracker that changes its interval leaves no time between two slots.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantArray,
)]
pub enum Interval {
    /// 1 hour.
    #[strum(serialize = "hour")]
    Hour,
    /// 3 hours.
    #[strum(serialize = "3h")]
    ThreeHours,
    /// 12 hours.
    #[strum(serialize = "12h")]
    TwelveHours,
    /// 24 hours.
    #[strum(serialize = "day")]
    Day,
    /// 7 days.
    #[strum(serialize = "week")]
    Week,
}

impl Interval {
    /// Returns the name: `hour`, `3h`, `12h`, `day` or `week`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the length in hours.
    pub const fn hours(self) -> u32 {
        match self {
            Self::Hour => 1,
            Self::ThreeHours => 3,
            Self::TwelveHours => 12,
            Self::Day => 24,
            Self::Week => 7 * 24,
        }
    }

    /// Returns the length in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.hours() as i64 * HOUR_MS
    }
}

/// Cadence of a tracker: at a fixed interval, or as often as its readings change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cadence {
    /// At this interval.
    Every(Interval),
    /// At the interval that [`adaptive`](super::adaptive) chooses.
    Adaptive,
}

/// A text that is no cadence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cadence is hour, 3h, 12h, day, week or adaptive")]
pub struct CadenceError;

impl Cadence {
    /// Every cadence, shortest interval first.
    pub const ALL: [Self; 6] = [
        Self::Every(Interval::Hour),
        Self::Every(Interval::ThreeHours),
        Self::Every(Interval::TwelveHours),
        Self::Every(Interval::Day),
        Self::Every(Interval::Week),
        Self::Adaptive,
    ];

    /// Returns the name: that of the interval, or `adaptive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Every(interval) => interval.name(),
            Self::Adaptive => "adaptive",
        }
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cadence {
    type Err = CadenceError;

    fn from_str(text: &str) -> Result<Self, CadenceError> {
        Self::ALL.into_iter().find(|cadence| cadence.name() == text).ok_or(CadenceError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interval_divides_the_next() {
        for pair in Interval::VARIANTS.windows(2) {
            assert!(pair[0] < pair[1] && pair[1].as_ms() % pair[0].as_ms() == 0, "{pair:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        let names: Vec<&str> = Cadence::ALL.into_iter().map(Cadence::name).collect();
        assert_eq!(names, ["hour", "3h", "12h", "day", "week", "adaptive"]);
        for cadence in Cadence::ALL {
            assert_eq!(cadence.to_string().parse(), Ok(cadence));
        }
        for other in ["", "Day", "1h", "daily", "24h", "6h"] {
            assert_eq!(other.parse::<Cadence>(), Err(CadenceError), "{other}");
        }
    }
}
