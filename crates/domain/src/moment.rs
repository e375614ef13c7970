//! Points in time as people write them: a day, a moment, or a length of time back from now. One grammar for the command
//! line and the API.

use crate::length::{Length, LengthError};
use crate::{Timestamp, UtcDay, Zone};
use std::str::FromStr;

/// Characters of a day.
const DAY_LENGTH: usize = 10;

/// A point in time as it was written: `2026-11-01`, `2026-11-01T08:00:00Z`, `30d` or `-30d`. No zone means UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All of a day, in UTC or the zone of its question.
    Day(UtcDay),
    /// A moment.
    At(Timestamp),
    /// This long before now.
    Ago(Length),
}

/// Why a text is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// `3m` and lengths that are too long.
    #[error(transparent)]
    Length(LengthError),
    /// Anything else.
    #[error(
        "give a day (2026-11-01), a moment (2026-11-01T08:00:00Z) or a length of time back from now (90min, 30d, 6mo, 1y)"
    )]
    Other,
}

impl Moment {
    /// Returns the moment as the beginning of a time: a day from its first millisecond on, in UTC.
    pub fn begin(self, now: Timestamp) -> Timestamp {
        self.begin_in(&Zone::UTC, now)
    }

    /// Returns the moment as the end of a time, included: a day to its last millisecond, in UTC.
    pub fn end(self, now: Timestamp) -> Timestamp {
        self.end_in(&Zone::UTC, now)
    }

    /// Returns the moment as the beginning of a time in a zone.
    pub fn begin_in(self, zone: &Zone, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => zone.day_begins(day.date()).unwrap_or(day.begins_at()),
            Self::At(at) => at,
            Self::Ago(length) => length.before(now),
        }
    }

    /// Returns the moment as the end of a time in a zone, included.
    pub fn end_in(self, zone: &Zone, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => {
                zone.day_ends(day.date()).unwrap_or(Timestamp::from_ms(day.ends_at().as_ms() - 1))
            }
            _ => self.begin_in(zone, now),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        if let Some(at) = Timestamp::parse(text) {
            return Ok(if text.len() == DAY_LENGTH { Self::Day(UtcDay::of(at)) } else { Self::At(at) });
        }
        match text.strip_prefix('-').unwrap_or(text).parse::<Length>() {
            Ok(length) if !length.is_zero() => Ok(Self::Ago(length)),
            Err(why @ (LengthError::Ambiguous(_) | LengthError::TooLong)) => Err(MomentError::Length(why)),
            Ok(_) | Err(LengthError::Other) => Err(MomentError::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_moments_and_lengths_are_read() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").expect("a time");
        let both = |text: &str| {
            let moment: Moment = text.parse().expect(text);
            [moment.begin(now), moment.end(now)].map(Timestamp::to_rfc3339).join(" ")
        };
        assert_eq!(both("2026-11-01"), "2026-11-01T00:00:00Z 2026-11-01T23:59:59.999Z");
        assert_eq!(both("2026-11-01T08:00:00Z"), "2026-11-01T08:00:00Z 2026-11-01T08:00:00Z");
        assert_eq!(both(" 30d "), "2026-10-26T12:00:00Z 2026-10-26T12:00:00Z");
        assert_eq!(both("-30d"), both("30d"));
        assert_eq!(both("90min"), "2026-11-25T10:30:00Z 2026-11-25T10:30:00Z");
        assert_eq!(both("6mo"), "2026-05-25T12:00:00Z 2026-05-25T12:00:00Z");
        assert_eq!(both("1y"), "2025-11-25T12:00:00Z 2025-11-25T12:00:00Z");
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").expect("a time");
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let both = |text: &str| {
            let moment: Moment = text.parse().expect(text);
            [moment.begin_in(&berlin, now), moment.end_in(&berlin, now)].map(Timestamp::to_rfc3339).join(" ")
        };
        assert_eq!(both("2026-10-25"), "2026-10-24T22:00:00Z 2026-10-25T22:59:59.999Z");
        assert_eq!(both("2026-11-01T08:00:00Z"), "2026-11-01T08:00:00Z 2026-11-01T08:00:00Z");
        assert_eq!(both("1y"), "2025-11-25T12:00:00Z 2025-11-25T12:00:00Z");
    }

    #[test]
    fn what_is_refused_says_why() {
        for wrong in ["", "soon", "0", "-0d", "30", "--1d", "2026-13-01", "2026-11-01 at noon", "-2026-11-01"]
        {
            assert_eq!(wrong.parse::<Moment>(), Err(MomentError::Other), "{wrong}");
        }
        let refused = |text: &str| text.parse::<Moment>().expect_err(text).to_string();
        assert_eq!(refused("3m"), "3m is ambiguous: write 3min for minutes or 3mo for months");
        assert_eq!(refused("-3m"), refused("3m"));
        assert_eq!(refused("40000d"), "the longest length of time is 100y");
    }
}
