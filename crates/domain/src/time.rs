//! Points in time, and the clock that callers inject.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::{DateTimeParser, DateTimePrinter};
use jiff::tz::Offset;
use serde::{Serialize, Serializer};
use std::fmt;

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// 2014-01-01. Times before this or after [`YEAR_2100_MS`] are taken for mistakes: musical.ly began in 2014.
const YEAR_2014_MS: i64 = 1_388_534_400_000;
const YEAR_2100_MS: i64 = 4_102_444_800_000;
/// Last moment of a year of four digits.
const YEAR_9999_MS: i64 = 253_402_300_799_000;

/// Length of `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

static PARSER: DateTimeParser = DateTimeParser::new();
static WHOLE_SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
static MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl Timestamp {
    /// From milliseconds since 1970, unchecked: for clocks and databases.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// From a number in seconds or milliseconds, whichever gives a time between 2014 and 2100.
    pub const fn from_source(number: i64) -> Option<Self> {
        if number >= YEAR_2014_MS && number < YEAR_2100_MS {
            return Some(Self(number));
        }
        match number.checked_mul(1000) {
            Some(ms) if ms >= YEAR_2014_MS && ms < YEAR_2100_MS => Some(Self(ms)),
            _ => None,
        }
    }

    /// From the time of a reading in seconds, milliseconds, microseconds or nanoseconds, whichever gives a time between
    /// 2014 and 2100. Where none does, a large enough number is a time after 2100, so that the reading can be rejected
    /// with its time; a smaller one is `None`, since 0 means "unknown".
    pub fn of_reading(number: i64) -> Option<Self> {
        let known = Self::from_source(number);
        known
            .or_else(|| Self::from_source(number / 1_000))
            .or_else(|| Self::from_source(number / 1_000_000))
            .or(if number >= YEAR_2014_MS {
                Some(Self(number.min(YEAR_9999_MS)))
            } else if number >= YEAR_2014_MS / 1000 {
                Some(Self(number.saturating_mul(1000).min(YEAR_9999_MS)))
            } else {
                None
            })
    }

    /// Returns true if it is before 2014, when there were no hashtags to read.
    pub const fn is_before_tiktok(self) -> bool {
        self.0 < YEAR_2014_MS
    }

    /// Parses `YYYY-MM-DDTHH:MM:SSZ`, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`, with an optional fraction and zone (`Z`,
    /// `±HH:MM` or `±HHMM`). Seconds may be left out. No zone means UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = text.split_at_checked(DATE_LENGTH)?;
        // Other forms that the parser knows, such as `20260609T1`, are not times in what tools export.
        let is_hyphenated = [4, 7].iter().all(|at| date.as_bytes()[*at] == b'-');
        let date = PARSER.parse_date(date).ok().filter(|_| is_hyphenated)?;
        let midnight = Self::of_datetime(date.to_datetime(Time::midnight()));
        let seconds =
            if rest.is_empty() { 0.0 } else { seconds_of_time(rest.strip_prefix(['T', 't', ' '])?)? };
        #[expect(clippy::cast_possible_truncation, reason = "a day has 86,400,000 milliseconds")]
        Some(Self(midnight.0 + (seconds * 1000.0).round() as i64))
    }

    /// Parses the `YYYYMMDDhhmmss` in UTC that TikTok's log and request ids begin with.
    pub fn from_stamp(text: &str) -> Option<Self> {
        let digits = text.get(..14).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let (date, time) = digits.split_at(8);
        let at = PARSER.parse_datetime(format!("{date}T{time}")).ok()?;
        Some(Self::of_datetime(at)).filter(|at| Self::from_source(at.as_ms()).is_some())
    }

    /// Milliseconds since 1970.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The date and the time of day in UTC, for calendar arithmetic. A time outside of the years -9999 to 9999 becomes the
    /// first or last moment of them.
    pub fn to_datetime(self) -> DateTime {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => Offset::UTC.to_datetime(at),
            // Its timestamps end a day before its calendar, so that they have a date in every time zone.
            Err(_) => EPOCH.saturating_add(SignedDuration::from_millis(self.0)),
        }
    }

    /// The moment of a date and a time of day in UTC, in whole milliseconds.
    pub fn of_datetime(at: DateTime) -> Self {
        let ms = at.duration_since(EPOCH).as_millis();
        Self(i64::try_from(ms).expect("milliseconds of twenty thousand years are far below 2^63"))
    }

    /// RFC 3339 in UTC, to the millisecond when there is a fraction: `2026-06-09T18:16:35Z`.
    pub fn to_rfc3339(self) -> String {
        let mut text = self.printer().datetime_to_string(&self.to_datetime());
        text.push('Z');
        text
    }

    /// Appends the RFC 3339 text to a buffer, for exports.
    pub fn push_rfc3339(self, out: &mut Vec<u8>) {
        self.printer().print_datetime(&self.to_datetime(), &mut *out).expect("a Vec takes every byte");
        out.push(b'Z');
    }

    const fn printer(self) -> &'static DateTimePrinter {
        if self.0 % 1000 == 0 { &WHOLE_SECONDS } else { &MILLISECONDS }
    }
}

/// Writes the RFC 3339 text.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Serializes the RFC 3339 text.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

/// Source of the present time. Injected, so that tests set it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// Parses `HH:MM[:SS[.fff]][ ][Z|±HH:MM|±HHMM]` into seconds since midnight UTC. Spreadsheets write hours of one digit and
/// a space before the zone, which `jiff` refuses; a leap second belongs to the next minute.
fn seconds_of_time(text: &str) -> Option<f64> {
    let (clock, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let mut parts = clock.trim_end().split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second: f64 =
        parts.next().map_or(Some(0.0), |s| s.parse().ok().filter(|s| (0.0..61.0).contains(s)))?;
    if hour > 23 || minute > 59 || parts.next().is_some() {
        return None;
    }
    let offset_minutes = match zone {
        "" | "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone[1..].split_once(':').or_else(|| zone[1..].split_at_checked(2))?;
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            sign * (digits(hours)? * 60 + digits(minutes)?)
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand minutes")]
    Some(((hour * 60 + minute - offset_minutes) * 60) as f64 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_of_the_sources_are_read() {
        for (text, want) in [
            ("2026-06-09T18:16:35Z", "2026-06-09T18:16:35Z"),
            ("2026-06-09t18:16:35z", "2026-06-09T18:16:35Z"),
            ("2025-03-25 12:30:23", "2025-03-25T12:30:23Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2024-03-29T15:47:02.250+02:00", "2024-03-29T13:47:02.250Z"),
            ("2024-03-29T15:47:02-0530", "2024-03-29T21:17:02Z"),
            ("2024-03-29 7:05", "2024-03-29T07:05:00Z"),
            ("2024-03-29 07:05:00 +0100", "2024-03-29T06:05:00Z"),
            ("2024-03-29T23:59:60Z", "2024-03-30T00:00:00Z"),
            ("2024-03-29T15:47:02.12345678901234Z", "2024-03-29T15:47:02.123Z"),
        ] {
            assert_eq!(Timestamp::parse(text).map(Timestamp::to_rfc3339).as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "2023-02-29",
            "2023-13-01",
            "yesterday",
            "2023-01-01T25:00:00",
            "2023-01-01T10",
            "20230101T1",
            "20230101T101500Z",
            "2023-01-01T10:15:00+02",
            "2023-01-01T10:15:00,5Z",
            "2023-01-01T10:15:00Z[UTC]",
            "2023-W01-1",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_any_year_are_written() {
        for (ms, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_781_028_995_007, "2026-06-09T18:16:35.007Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            let at = Timestamp::from_ms(ms);
            assert_eq!(at.to_rfc3339(), want);
            assert_eq!(serde_json::to_value(at).expect("JSON"), want);
        }
    }

    #[test]
    fn seconds_and_milliseconds_are_distinguished() {
        assert_eq!(Timestamp::from_source(1_741_350_559_037).map(Timestamp::as_ms), Some(1_741_350_559_037));
        assert_eq!(Timestamp::from_source(1_741_350_559).map(Timestamp::as_ms), Some(1_741_350_559_000));
        assert_eq!(Timestamp::from_source(0), None);
        assert_eq!(Timestamp::from_source(i64::MAX), None);
    }

    #[test]
    fn times_of_readings_keep_what_lies_after_2100() {
        for (number, want) in [
            (1_741_350_559, Some("2025-03-07T12:29:19Z")),
            (1_741_350_559_037, Some("2025-03-07T12:29:19.037Z")),
            (1_741_350_559_037_999, Some("2025-03-07T12:29:19.037Z")),
            (1_741_350_559_037_999_999, Some("2025-03-07T12:29:19.037Z")),
            (4_102_444_800, Some("2100-01-01T00:00:00Z")),
            (4_102_444_800_000, Some("2100-01-01T00:00:00Z")),
            (99_999_999_999_999, Some("5138-11-16T09:46:39.999Z")),
            (i64::MAX, Some("9999-12-31T23:59:59Z")),
            (1_388_534_399, None),
            (0, None),
            (-1_741_350_559, None),
            (i64::MIN, None),
        ] {
            assert_eq!(Timestamp::of_reading(number).map(Timestamp::to_rfc3339).as_deref(), want, "{number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in -62_135_596_800_000_i64..253_402_300_800_000) {
            let at = Timestamp::from_ms(ms);
            prop_assert_eq!(Timestamp::parse(&at.to_rfc3339()), Some(at));
        }
    }
}
