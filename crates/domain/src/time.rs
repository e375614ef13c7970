//! Points in time, and the clock that is handed in to whoever needs one.

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// 2014-01-01. Times before this or after [`YEAR_2100_MS`] are taken for mistakes: musical.ly began in 2014.
const YEAR_2014_MS: i64 = 1_388_534_400_000;
const YEAR_2100_MS: i64 = 4_102_444_800_000;
/// The last moment that four digits of a year can tell.
const YEAR_9999_MS: i64 = 253_402_300_799_000;

impl Timestamp {
    /// From milliseconds since 1970, unchecked: for clocks and databases.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// From a number a source gives, in seconds or milliseconds, whichever makes it a time between 2014 and 2100.
    pub const fn from_source(number: i64) -> Option<Self> {
        if number >= YEAR_2014_MS && number < YEAR_2100_MS {
            return Some(Self(number));
        }
        match number.checked_mul(1000) {
            Some(ms) if ms >= YEAR_2014_MS && ms < YEAR_2100_MS => Some(Self(ms)),
            _ => None,
        }
    }

    /// From the number a source gives for the time of a reading: in seconds, milliseconds, microseconds or nanoseconds,
    /// whichever makes it a time between 2014 and 2100. A number that none does is a time after 2100 where it is large
    /// enough for one, so that the reading can be refused with its time, and `None` where it is not: 0 means "unknown".
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

    /// Whether this is from before 2014, when there were no hashtags to read.
    pub const fn is_before_tiktok(self) -> bool {
        self.0 < YEAR_2014_MS
    }

    /// From `YYYY-MM-DDTHH:MM:SSZ`, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`, with an optional fraction, `Z` or `±HH:MM`.
    /// No zone means UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = text.split_at_checked(10)?;
        let days = days_of_date(date)?;
        let seconds =
            if rest.is_empty() { 0.0 } else { seconds_of_time(rest.strip_prefix(['T', 't', ' '])?)? };
        #[expect(clippy::cast_possible_truncation, reason = "a day has 86,400,000 milliseconds")]
        Some(Self(days * 86_400_000 + (seconds * 1000.0).round() as i64))
    }

    /// From the `YYYYMMDDhhmmss` in UTC that TikTok's log and request ids begin with.
    pub fn from_stamp(text: &str) -> Option<Self> {
        let digits = text.get(..14).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let part = |range: std::ops::Range<usize>| &digits[range];
        let (date, time) = ([part(0..4), part(4..6), part(6..8)], [part(8..10), part(10..12), part(12..14)]);
        Self::parse(&format!("{}T{}Z", date.join("-"), time.join(":")))
            .filter(|at| Self::from_source(at.as_ms()).is_some())
    }

    /// Milliseconds since 1970.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// RFC 3339 in UTC, to the millisecond when there is a fraction: `2026-06-09T18:16:35Z`.
    pub fn to_rfc3339(self) -> String {
        let mut text = Vec::with_capacity(RFC_3339_LENGTH);
        self.push_rfc3339(&mut text);
        String::from_utf8(text).expect("digits and signs are ASCII")
    }

    /// The same at the end of a text. Exports write millions of times, so it goes digit by digit.
    pub fn push_rfc3339(self, out: &mut Vec<u8>) {
        let (days, ms) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = date_of_days(days);
        match year {
            0..10_000 => out.extend_from_slice(&digits_of::<4>(year)),
            _ => out.extend_from_slice(format!("{year:04}").as_bytes()),
        }
        let parts = [
            (b'-', month),
            (b'-', day),
            (b'T', ms / 3_600_000),
            (b':', ms / 60_000 % 60),
            (b':', ms / 1000 % 60),
        ];
        for (before, part) in parts {
            let [tens, ones] = digits_of::<2>(part);
            out.extend_from_slice(&[before, tens, ones]);
        }
        if ms % 1000 != 0 {
            out.push(b'.');
            out.extend_from_slice(&digits_of::<3>(ms % 1000));
        }
        out.push(b'Z');
    }
}

/// Bytes of a time with a fraction, of a year of four digits.
const RFC_3339_LENGTH: usize = "2026-06-09T18:16:35.250Z".len();

/// The last digits of a number that is not negative, zeros before it.
fn digits_of<const N: usize>(mut number: i64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        #[expect(clippy::cast_sign_loss, reason = "it is a digit")]
        let last = (number % 10) as u8;
        *digit += last;
        number /= 10;
    }
    digits
}

/// Who tells the time. Handed in, so that tests set it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

fn days_of_date(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    let days = days_of_civil(year, month, day);
    // A day that does not exist (30 February) comes back as another one.
    (parts.next().is_none() && date_of_days(days) == (year, month, day)).then_some(days)
}

/// Seconds since midnight UTC of `HH:MM[:SS[.fff]][Z|±HH:MM]`.
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

/// Days since 1970 of a proleptic Gregorian date, by the usual count of 400-year eras that begin in March.
pub(crate) fn days_of_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970.
pub(crate) const fn date_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
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
        ] {
            assert_eq!(Timestamp::parse(text).map(Timestamp::to_rfc3339).as_deref(), Some(want), "{text}");
        }
        for text in ["", "2023-02-29", "2023-13-01", "yesterday", "2023-01-01T25:00:00", "2023-01-01T10"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_any_year_are_written() {
        for (ms, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_781_028_995_007, "2026-06-09T18:16:35.007Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_001, "-001-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "10000-01-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::from_ms(ms).to_rfc3339(), want);
        }
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
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
