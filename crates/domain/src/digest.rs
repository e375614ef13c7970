//! Digests: the moment at which the messages of a day or a week are sent together.

use crate::{Timestamp, Zone};
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Hour of the day at which a digest is sent by default.
pub const DIGEST_HOUR: u8 = 8;
/// Days ahead that are tried for the next digest: a week, and a day whose hour is over.
const DAYS_AHEAD: usize = 9;

/// Frequency of a digest.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Every {
    /// Every day.
    #[default]
    Day,
    /// Every Monday.
    Week,
}

/// When messages that wait are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Frequency.
    pub every: Every,
    /// Hour of the local day, at most [`HOUR_MAX`](crate::zone::HOUR_MAX).
    pub hour: u8,
    /// Time zone of the hour.
    pub tz: Zone,
}

impl Digest {
    /// Returns the first moment of a digest after this one. An hour that a change of the clock skips is the next one; of
    /// an hour that comes twice the first counts.
    pub fn after(&self, at: Timestamp) -> Timestamp {
        let is_day = |date: Date| self.every == Every::Day || date.weekday() == Weekday::Monday;
        self.tz.next_at_hour(at, self.hour, DAYS_AHEAD, is_day).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn digest(every: Every, hour: u8, tz: &str) -> Digest {
        Digest { every, hour, tz: tz.parse().expect("a zone") }
    }

    #[test]
    fn a_digest_is_at_its_local_hour_also_where_the_clock_changes() {
        let berlin = digest(Every::Day, 8, "Europe/Berlin");
        for (from, to) in [
            ("2026-03-28T06:59:59Z", "2026-03-28T07:00:00Z"),
            // Summer time begins on the 29th.
            ("2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"),
            ("2026-10-24T06:00:00Z", "2026-10-25T07:00:00Z"),
        ] {
            assert_eq!(berlin.after(at(from)), at(to), "{from}");
        }
        // 02:00 does not exist that day.
        let skipped = digest(Every::Day, 2, "Europe/Berlin");
        assert_eq!(skipped.after(at("2026-03-28T12:00:00Z")), at("2026-03-29T01:00:00Z"));
        // 02:00 comes twice: once.
        let first = skipped.after(at("2026-10-24T12:00:00Z"));
        assert_eq!(first, at("2026-10-25T00:00:00Z"));
        assert_eq!(skipped.after(first), at("2026-10-26T01:00:00Z"));
    }

    #[test]
    fn a_week_begins_on_monday_of_its_zone() {
        let auckland = digest(Every::Week, 0, "Pacific/Auckland");
        // Monday in Auckland is Sunday noon in UTC.
        assert_eq!(auckland.after(at("2026-06-12T00:00:00Z")), at("2026-06-14T12:00:00Z"));
        assert_eq!(auckland.after(at("2026-06-14T12:00:00Z")), at("2026-06-21T12:00:00Z"));
        assert_eq!(
            digest(Every::Week, 23, "UTC").after(at("2026-06-15T12:00:00Z")),
            at("2026-06-15T23:00:00Z")
        );
    }

    #[test]
    fn zones_are_of_the_database_and_come_back_as_they_were_stored() {
        let stored = serde_json::to_string(&digest(Every::Week, 8, "europe/berlin")).expect("JSON");
        assert_eq!(stored, r#"{"every":"week","hour":8,"tz":"Europe/Berlin"}"#);
        let read: Digest = serde_json::from_str(&stored).expect("a digest");
        assert_eq!(read, digest(Every::Week, 8, "Europe/Berlin"));
    }
}
