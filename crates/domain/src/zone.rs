//! Time zones: local days and hours, also where the clock changes.

use crate::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Last hour of a day.
pub const HOUR_MAX: u8 = 23;

/// A time zone of the IANA database; UTC by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A text that is no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a time zone of the IANA database, such as Europe/Berlin or UTC")]
pub struct ZoneError;

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Returns its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns true for UTC itself.
    pub fn is_utc(&self) -> bool {
        *self == Self::UTC
    }

    /// Returns the local date and time of a moment.
    pub fn datetime(&self, at: Timestamp) -> DateTime {
        // Moments outside of the years that the library knows are the nearest ones of UTC.
        jiff::Timestamp::from_millisecond(at.as_ms())
            .map_or_else(|_| at.to_datetime(), |at| self.0.to_datetime(at))
    }

    /// Returns the local day of a moment.
    pub fn date(&self, at: Timestamp) -> Date {
        self.datetime(at).date()
    }

    /// Returns the moment of a local date and time. One that a change of the clock skips is as much later; of one that
    /// comes twice the first counts. `None` outside of the years that the library knows.
    pub fn moment(&self, at: DateTime) -> Option<Timestamp> {
        let moment = self.0.to_timestamp(at).ok()?;
        Some(Timestamp::from_ms(moment.as_millisecond()))
    }

    /// Returns a moment as RFC 3339 with the offset of the zone, `Z` in UTC.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_millisecond(at.as_ms()) {
            Ok(moment) if !self.is_utc() => moment.display_with_offset(self.0.to_offset(moment)).to_string(),
            _ => at.to_rfc3339(),
        }
    }

    /// Returns the moment at an hour of a day, at most [`HOUR_MAX`]. An hour that a change of the clock skips is the next one; of
    /// one that comes twice the first counts.
    pub fn at_hour(&self, date: Date, hour: u8) -> Option<Timestamp> {
        let hour = i8::try_from(hour.min(HOUR_MAX)).ok()?;
        self.moment(date.at(hour, 0, 0, 0))
    }

    /// Returns the first moment after `at` at an hour of a day that `is_day` accepts, among so many days from that of `at` on.
    pub fn next_at_hour(
        &self,
        at: Timestamp,
        hour: u8,
        days: usize,
        is_day: impl Fn(Date) -> bool,
    ) -> Option<Timestamp> {
        let dates = std::iter::successors(Some(self.date(at)), |date| date.tomorrow().ok());
        let dates = dates.take(days).filter(|date| is_day(*date));
        dates.filter_map(|date| self.at_hour(date, hour)).find(|moment| *moment > at)
    }

    /// Returns the first moment of a day, which is not midnight where a change of the clock skips it.
    pub fn day_begins(&self, date: Date) -> Option<Timestamp> {
        self.moment(date.at(0, 0, 0, 0))
    }

    /// Returns the last millisecond of a day.
    pub fn day_ends(&self, date: Date) -> Option<Timestamp> {
        let next = self.day_begins(date.tomorrow().ok()?)?;
        Some(Timestamp::from_ms(next.as_ms() - 1))
    }

    /// Returns the first moment of the local hour that a moment is in. Of an hour that comes twice each counts alone.
    pub fn hour_begins(&self, at: Timestamp) -> Timestamp {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.as_ms()) else { return at };
        let local = self.0.to_datetime(moment);
        let into_hour = i64::from(local.minute()) * 60_000
            + i64::from(local.second()) * 1_000
            + i64::from(local.millisecond());
        let begins = Timestamp::from_ms(at.as_ms() - into_hour);
        // A change of the clock within the hour begins another one.
        let next = jiff::Timestamp::from_millisecond(at.as_ms() + 1).unwrap_or(moment);
        match self.0.preceding(next).next() {
            Some(change) => begins.max(Timestamp::from_ms(change.timestamp().as_millisecond())),
            None => begins,
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        if text.eq_ignore_ascii_case("utc") {
            return Ok(Self::UTC);
        }
        TimeZone::get(text).map(Self).map_err(|_| ZoneError)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const NAMES: [&str; 8] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "America/Santiago",
        "Pacific/Kiritimati",
    ];

    fn zone(name: &str) -> Zone {
        name.parse().expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn a_day_has_23_or_25_hours_where_the_clock_changes() {
        let berlin = zone("Europe/Berlin");
        let hours = |day| {
            let (begins, ends) =
                (berlin.day_begins(day).expect("a day"), berlin.day_ends(day).expect("a day"));
            (ends.as_ms() + 1 - begins.as_ms()) / 3_600_000
        };
        assert_eq!(hours(date(2026, 3, 28)), 24);
        assert_eq!(hours(date(2026, 3, 29)), 23);
        assert_eq!(hours(date(2026, 10, 25)), 25);
        assert_eq!(berlin.date(at("2026-03-28T23:00:00Z")), date(2026, 3, 29));
        // In Cairo midnight itself is skipped.
        let cairo = zone("Africa/Cairo");
        assert_eq!(cairo.day_begins(date(2026, 4, 24)), Some(at("2026-04-23T22:00:00Z")));
        assert_eq!(cairo.datetime(at("2026-04-23T22:00:00Z")), date(2026, 4, 24).at(1, 0, 0, 0));
    }

    #[test]
    fn an_hour_that_comes_twice_is_two_hours() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.hour_begins(at("2026-10-25T00:30:00Z")), at("2026-10-25T00:00:00Z"));
        assert_eq!(berlin.hour_begins(at("2026-10-25T01:30:00Z")), at("2026-10-25T01:00:00Z"));
        assert_eq!(zone("Asia/Kolkata").hour_begins(at("2026-10-25T00:45:00Z")), at("2026-10-25T00:30:00Z"));
        // The clock of Lord Howe is set back by half an hour at 2:00: 1:30 comes again.
        let lord_howe = zone("Australia/Lord_Howe");
        assert_eq!(lord_howe.hour_begins(at("2026-04-04T14:45:00Z")), at("2026-04-04T14:00:00Z"));
        assert_eq!(lord_howe.hour_begins(at("2026-04-04T15:10:00Z")), at("2026-04-04T15:00:00Z"));
    }

    #[test]
    fn names_are_those_of_the_database() {
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        let summer = at("2026-06-01T22:00:00Z");
        assert_eq!(zone("Europe/Berlin").rfc3339(summer), "2026-06-02T00:00:00+02:00");
        assert_eq!(Zone::UTC.rfc3339(summer), "2026-06-01T22:00:00Z");
        assert!(zone("utc").is_utc() && zone("UTC") == Zone::default());
        for wrong in ["", "Mars/Olympus", "+02:00", "Europe", "../etc"] {
            assert_eq!(wrong.parse::<Zone>(), Err(ZoneError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_within_its_local_day_and_hour(
            ms in 1_388_534_400_000_i64..4_102_444_800_000,
            name in prop::sample::select(&NAMES[..]),
        ) {
            let (zone, at) = (zone(name), Timestamp::from_ms(ms));
            let date = zone.date(at);
            let (begins, ends) = (zone.day_begins(date).expect("a day"), zone.day_ends(date).expect("a day"));
            prop_assert!(begins <= at && at <= ends);
            prop_assert_eq!(zone.date(begins), date);
            prop_assert_eq!(zone.date(ends), date);
            let hour = zone.hour_begins(at);
            prop_assert!(hour <= at && at.as_ms() - hour.as_ms() < 3_600_000 && hour >= begins);
            prop_assert_eq!(zone.hour_begins(hour), hour);
        }
    }
}
