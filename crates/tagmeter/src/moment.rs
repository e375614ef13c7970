//! Points in time on the command line: a day, a moment, or a length of time back from now.

use crate::config::duration;
use domain::{Timestamp, UtcDay};

/// What is said of a text that is none.
const WANTED: &str =
    "give a day (2026-11-01), a moment (2026-11-01T08:00:00Z) or a length of time back from now (30d)";

/// Characters of a day.
const DAY_LENGTH: usize = 10;

/// A point in time as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// All of a day, in UTC.
    Day(UtcDay),
    /// A moment.
    At(Timestamp),
    /// So many milliseconds before now.
    Ago(i64),
}

impl Moment {
    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(at) = Timestamp::parse(text) {
            return Ok(if text.len() == DAY_LENGTH { Self::Day(UtcDay::of(at)) } else { Self::At(at) });
        }
        length(text).map(Self::Ago).map_err(|_| WANTED.to_owned())
    }

    /// As the beginning of a time: a day from its first moment on.
    pub(crate) fn begin(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => day.begins_at(),
            Self::At(at) => at,
            Self::Ago(ms) => Timestamp::from_ms(now.as_ms().saturating_sub(ms)),
        }
    }

    /// As the end of a time, included: a day to its last millisecond.
    pub(crate) fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => Timestamp::from_ms(day.ends_at().as_ms() - 1),
            _ => self.begin(now),
        }
    }
}

/// Milliseconds of a length of time such as `30d`.
pub(crate) fn length(text: &str) -> Result<i64, String> {
    let ms = duration::parse(text).and_then(|ms| i64::try_from(ms).ok()).filter(|ms| *ms > 0);
    ms.ok_or_else(|| "give a length of time, such as 24h, 7d or 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_moments_and_lengths_are_read() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").expect("a time");
        let both = |text: &str| {
            let moment = Moment::parse(text).expect(text);
            [moment.begin(now), moment.end(now)].map(Timestamp::to_rfc3339).join(" ")
        };
        assert_eq!(both("2026-11-01"), "2026-11-01T00:00:00Z 2026-11-01T23:59:59.999Z");
        assert_eq!(both("2026-11-01T08:00:00Z"), "2026-11-01T08:00:00Z 2026-11-01T08:00:00Z");
        assert_eq!(both(" 30d "), "2026-10-26T12:00:00Z 2026-10-26T12:00:00Z");
        for wrong in ["", "soon", "0", "30", "-1d", "2026-13-01", "2026-11-01 at noon"] {
            assert_eq!(Moment::parse(wrong), Err(WANTED.to_owned()), "{wrong}");
        }
        assert_eq!(length("24h"), Ok(86_400_000));
        assert!(length("0").is_err() && length("week").is_err());
    }
}
