//! Lengths of time as people write them: `90min`, `30d`, `6mo`. One grammar for the command line, the settings and the
//! API.

use crate::Timestamp;
use crate::time::{date_of_days, days_of_civil};
use std::fmt;
use std::str::FromStr;

/// Longest length, in years: anything above is a mistake.
const YEARS_MAX: u64 = 100;

const MS_OF_A_SECOND: u64 = 1_000;
const MS_OF_A_MINUTE: u64 = 60 * MS_OF_A_SECOND;
const MS_OF_AN_HOUR: u64 = 60 * MS_OF_A_MINUTE;
const MS_OF_A_DAY: u64 = 24 * MS_OF_AN_HOUR;
const MONTHS_OF_A_YEAR: u64 = 12;

/// A length of time: a whole number and a unit.
///
/// Units are `ms`, `s`, `min`, `h`, `d`, `w`, `mo` and `y`; a day is 24 hours. Months and years are steps of the calendar:
/// one month before 31 March is the last day of February. `m` is refused, as it may mean minutes or months. `0` needs no
/// unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    number: u64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// How long a unit is.
enum Size {
    Milliseconds(u64),
    Months(u64),
}

impl Unit {
    const ALL: [Self; 8] = [
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Days,
        Self::Weeks,
        Self::Months,
        Self::Years,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Weeks => "w",
            Self::Months => "mo",
            Self::Years => "y",
        }
    }

    const fn size(self) -> Size {
        match self {
            Self::Milliseconds => Size::Milliseconds(1),
            Self::Seconds => Size::Milliseconds(MS_OF_A_SECOND),
            Self::Minutes => Size::Milliseconds(MS_OF_A_MINUTE),
            Self::Hours => Size::Milliseconds(MS_OF_AN_HOUR),
            Self::Days => Size::Milliseconds(MS_OF_A_DAY),
            Self::Weeks => Size::Milliseconds(7 * MS_OF_A_DAY),
            Self::Months => Size::Months(1),
            Self::Years => Size::Months(MONTHS_OF_A_YEAR),
        }
    }
}

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// `3m`: minutes or months.
    #[error("{0}m is ambiguous: write {0}min for minutes or {0}mo for months")]
    Ambiguous(u64),
    /// Longer than a hundred years.
    #[error("the longest length of time is {YEARS_MAX}y")]
    TooLong,
    /// Anything else.
    #[error("give a whole number and a unit: s, min, h, d, w, mo or y, such as 90min, 30d or 6mo")]
    Other,
}

impl Length {
    /// A number of hours, for defaults.
    pub const fn hours(number: u32) -> Self {
        Self { number: number as u64, unit: Unit::Hours }
    }

    /// A number of minutes, for defaults.
    pub const fn minutes(number: u32) -> Self {
        Self { number: number as u64, unit: Unit::Minutes }
    }

    /// Milliseconds; `None` for months and years, which have no fixed length.
    pub const fn as_ms(self) -> Option<u64> {
        match self.unit.size() {
            Size::Milliseconds(unit) => Some(self.number.saturating_mul(unit)),
            Size::Months(_) => None,
        }
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.number == 0
    }

    /// The moment this long before another. Months and years keep the time of day, and the day of the month where the
    /// month has it.
    pub fn before(self, at: Timestamp) -> Timestamp {
        match self.unit.size() {
            Size::Milliseconds(unit) => {
                let ms = i64::try_from(self.number.saturating_mul(unit)).unwrap_or(i64::MAX);
                Timestamp::from_ms(at.as_ms().saturating_sub(ms))
            }
            Size::Months(unit) => months_before(at, self.number.saturating_mul(unit)),
        }
    }

    /// Whether it is at most [`YEARS_MAX`] years long.
    const fn is_within_bounds(self) -> bool {
        match self.unit.size() {
            Size::Milliseconds(unit) => self.number <= YEARS_MAX * 36_525 * (MS_OF_A_DAY / 100) / unit,
            Size::Months(unit) => self.number <= YEARS_MAX * MONTHS_OF_A_YEAR / unit,
        }
    }
}

fn months_before(at: Timestamp, months: u64) -> Timestamp {
    let day_ms = MS_OF_A_DAY.cast_signed();
    let (days, time_of_day) = (at.as_ms().div_euclid(day_ms), at.as_ms().rem_euclid(day_ms));
    let (year, month, day) = date_of_days(days);
    let number = year * 12 + (month - 1) - i64::try_from(months).unwrap_or(i64::MAX / 24);
    let (year, month) = (number.div_euclid(12), number.rem_euclid(12) + 1);
    // The first day of the next month is one past the last of this one.
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let last_day = days_of_civil(next_year, next_month, 1) - days_of_civil(year, month, 1);
    let days = days_of_civil(year, month, day.min(last_day));
    Timestamp::from_ms(days.saturating_mul(day_ms).saturating_add(time_of_day))
}

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Self, LengthError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let zero = Self { number: 0, unit: Unit::Seconds };
        if digits == 0 || number.bytes().all(|digit| digit == b'0') && unit.is_empty() {
            return if digits == 0 { Err(LengthError::Other) } else { Ok(zero) };
        }
        let number = number.parse().map_err(|_| LengthError::TooLong)?;
        if unit.eq_ignore_ascii_case("m") {
            return Err(LengthError::Ambiguous(number));
        }
        let unit = Unit::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(unit));
        let length = Self { number, unit: unit.ok_or(LengthError::Other)? };
        if number == 0 {
            // No time at all is the same in every unit.
            return Ok(zero);
        }
        if length.is_within_bounds() { Ok(length) } else { Err(LengthError::TooLong) }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() { f.write_str("0") } else { write!(f, "{}{}", self.number, self.unit.name()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn before(length: &str, at: &str) -> String {
        let length: Length = length.parse().expect(length);
        length.before(Timestamp::parse(at).expect("a time")).to_rfc3339()
    }

    #[test]
    fn lengths_are_read_and_written_back() {
        for text in ["1h", "90min", "90s", "2d", "8w", "6mo", "1y", "7ms", "0", "100y", "1200mo", "36525d"] {
            assert_eq!(text.parse::<Length>().expect(text).to_string(), text);
        }
        for (written, want) in
            [(" 1 h ", "1h"), ("30D", "30d"), ("0d", "0"), ("0y", "0"), ("007d", "7d"), ("90 MIN", "90min")]
        {
            assert_eq!(written.parse::<Length>().expect(written).to_string(), want);
        }
        assert_eq!("0y".parse::<Length>(), "0".parse(), "no time is the same in every unit");
    }

    #[test]
    fn what_is_refused_says_what_would_be_right() {
        for text in ["3m", "3 m", "3M"] {
            let refused = text.parse::<Length>().expect_err(text).to_string();
            assert_eq!(refused, "3m is ambiguous: write 3min for minutes or 3mo for months");
        }
        for text in ["", "h", "1", "-1h", "+1h", "1.5h", "1x", "1hh", "1h30min", "d", "٣d", "1e3d"] {
            assert_eq!(text.parse::<Length>(), Err(LengthError::Other), "{text}");
        }
        for text in ["101y", "1201mo", "36526d", "99999999999999999999h", "18446744073709551615w"] {
            assert_eq!(text.parse::<Length>(), Err(LengthError::TooLong), "{text}");
        }
    }

    #[test]
    fn months_and_years_are_steps_of_the_calendar() {
        assert_eq!(before("1mo", "2026-03-31T12:00:00Z"), "2026-02-28T12:00:00Z");
        assert_eq!(before("1mo", "2024-03-31"), "2024-02-29T00:00:00Z");
        assert_eq!(before("1y", "2024-02-29T23:59:59Z"), "2023-02-28T23:59:59Z");
        assert_eq!(before("6mo", "2026-01-15"), "2025-07-15T00:00:00Z");
        assert_eq!(before("12mo", "2026-12-01"), before("1y", "2026-12-01"));
        assert_eq!(before("90min", "2026-01-01T00:30:00Z"), "2025-12-31T23:00:00Z");
        let ms = |text: &str| text.parse::<Length>().expect(text).as_ms();
        assert_eq!((ms("75s"), ms("0"), ms("1mo")), (Some(75_000), Some(0), None));
        assert_eq!(before("1w", "2026-03-03"), "2026-02-24T00:00:00Z");
    }

    proptest! {
        #[test]
        fn months_go_back_one_by_one(ms in 0_i64..4_102_444_800_000, months in 0_u32..1200) {
            let at = Timestamp::from_ms(ms);
            let back: Length = format!("{months}mo").parse().expect("a length");
            let (year, month, day) = date_of_days(back.before(at).as_ms().div_euclid(86_400_000));
            // A naive calendar: step month by month, then take the day or the last one before it.
            let (mut y, mut m, d) = date_of_days(ms.div_euclid(86_400_000));
            for _ in 0..months {
                (y, m) = if m == 1 { (y - 1, 12) } else { (y, m - 1) };
            }
            let last = (28..=31).rev().find(|d| date_of_days(days_of_civil(y, m, *d)) == (y, m, *d)).expect("a day");
            prop_assert_eq!((year, month, day), (y, m, d.min(last)));
            prop_assert_eq!(back.before(at).as_ms().rem_euclid(86_400_000), ms.rem_euclid(86_400_000));
        }

        #[test]
        fn no_text_is_a_fault(text in "\\PC{0,12}|[0-9]{0,22} ?[a-z]{0,3}") {
            if let Ok(length) = text.parse::<Length>() {
                prop_assert_eq!(length.to_string().parse(), Ok(length));
                let _ = length.before(Timestamp::from_ms(0));
            }
        }
    }
}
