//! Lengths of time as people write them: `90min`, `30d`, `6mo`. One grammar for the command line, the settings and the
//! API.

use crate::Timestamp;
use jiff::{Span, SpanRelativeTo, Unit};
use std::fmt;
use std::str::FromStr;

/// Longest length, in years: anything above is a mistake.
const YEARS_MAX: i64 = 100;

/// Days of the longest length.
const DAYS_MAX: i64 = YEARS_MAX * 36_525 / 100;

/// Every unit with its name and the most of it that a length has.
const UNITS: [(Unit, &str, i64); 8] = [
    (Unit::Millisecond, "ms", DAYS_MAX * 86_400_000),
    (Unit::Second, "s", DAYS_MAX * 86_400),
    (Unit::Minute, "min", DAYS_MAX * 1_440),
    (Unit::Hour, "h", DAYS_MAX * 24),
    (Unit::Day, "d", DAYS_MAX),
    (Unit::Week, "w", DAYS_MAX / 7),
    (Unit::Month, "mo", YEARS_MAX * 12),
    (Unit::Year, "y", YEARS_MAX),
];

/// A length of time: a whole number and a unit.
///
/// Units are `ms`, `s`, `min`, `h`, `d`, `w`, `mo` and `y`; a day is 24 hours. Months and years are steps of the calendar:
/// one month before 31 March is the last day of February. `m` is refused, as it may mean minutes or months. `0` needs no
/// unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    number: i64,
    unit: Unit,
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
    pub const fn hours(number: u16) -> Self {
        Self { number: number as i64, unit: Unit::Hour }
    }

    /// A number of minutes, for defaults.
    pub const fn minutes(number: u16) -> Self {
        Self { number: number as i64, unit: Unit::Minute }
    }

    /// Milliseconds; `None` for months and years, which have no fixed length.
    pub fn as_ms(self) -> Option<u64> {
        let fixed = self.span().to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        u64::try_from(fixed.as_millis()).ok()
    }

    /// Returns true if it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.number == 0
    }

    /// The moment this long before another. Months and years keep the time of day, and the day of the month where the
    /// month has it.
    pub fn before(self, at: Timestamp) -> Timestamp {
        Timestamp::of_datetime(at.to_datetime().saturating_sub(self.span()))
    }

    /// The same as a span. A number is at most a hundred years' worth, which every unit of a span has room for.
    fn span(self) -> Span {
        let (span, number) = (Span::new(), self.number);
        match self.unit {
            Unit::Year => span.years(number),
            Unit::Month => span.months(number),
            Unit::Week => span.weeks(number),
            Unit::Day => span.days(number),
            Unit::Hour => span.hours(number),
            Unit::Minute => span.minutes(number),
            Unit::Second => span.seconds(number),
            _ => span.milliseconds(number),
        }
    }
}

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Self, LengthError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let zero = Self { number: 0, unit: Unit::Second };
        if digits == 0 || number.bytes().all(|digit| digit == b'0') && unit.is_empty() {
            return if digits == 0 { Err(LengthError::Other) } else { Ok(zero) };
        }
        let number: u64 = number.parse().map_err(|_| LengthError::TooLong)?;
        if unit.eq_ignore_ascii_case("m") {
            return Err(LengthError::Ambiguous(number));
        }
        let known = UNITS.into_iter().find(|(_, name, _)| name.eq_ignore_ascii_case(unit));
        let (unit, _, most) = known.ok_or(LengthError::Other)?;
        match i64::try_from(number) {
            // No time at all is the same in every unit.
            Ok(0) => Ok(zero),
            Ok(number) if number <= most => Ok(Self { number, unit }),
            _ => Err(LengthError::TooLong),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(unit, ..)| *unit == self.unit) {
            Some((_, name, _)) if !self.is_zero() => write!(f, "{}{name}", self.number),
            _ => f.write_str("0"),
        }
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
        fn months_go_back_one_by_one(ms in 0_i64..4_102_444_800_000, months in 0_u16..1200) {
            let at = Timestamp::from_ms(ms).to_datetime();
            let back: Length = format!("{months}mo").parse().expect("a length");
            let before = back.before(Timestamp::from_ms(ms)).to_datetime();
            // A naive calendar: step month by month, then take the day or the last one before it.
            let (mut year, mut month) = (at.year(), at.month());
            for _ in 0..months {
                (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
            }
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => if is_leap { 29 } else { 28 },
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            prop_assert_eq!((before.year(), before.month(), before.day()), (year, month, at.day().min(last)));
            prop_assert_eq!(before.time(), at.time());
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
