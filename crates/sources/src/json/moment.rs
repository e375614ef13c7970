//! Posting times as sources write them: seconds, milliseconds, strings of digits, dates with or without a time.

use super::lenient::{absent, drain_list};
use super::wrapped::unwrapped;
use domain::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A posting time, in seconds since 1970. `None` if absent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(Option<i64>);

/// Eight-digit numbers from this one on are a day (`YYYYMMDD`), not seconds.
const FIRST_DAY: i64 = 20_140_101;
const LAST_DAY: i64 = 20_991_231;

impl Moment {
    /// Returns seconds since 1970.
    pub(crate) const fn seconds(self) -> Option<i64> {
        self.0
    }

    /// Returns this time or, if absent, the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    /// Interprets a number in the unit that makes it a time since 2014. If none does, it counts as seconds,
    /// so that a future time is rejected as such.
    fn of_number(number: i64) -> Self {
        if number <= 0 || (FIRST_DAY..=LAST_DAY).contains(&number) {
            return Self(None);
        }
        let known = [number, number / 1_000, number / 1_000_000].into_iter().find_map(Timestamp::from_source);
        Self(Some(known.map_or(number, Timestamp::as_seconds)))
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim().trim_end_matches(" UTC").trim_matches('"');
        if let Ok(number) = text.parse::<i64>() {
            return Self::of_number(number);
        }
        match text.strip_suffix(".0").and_then(|whole| whole.parse().ok()) {
            Some(number) => Self::of_number(number),
            None => Self(Timestamp::parse(text).map(Timestamp::as_seconds).filter(|seconds| *seconds > 0)),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Moment, E> {
                Ok(Moment::of_number(i64::try_from(number).unwrap_or(0)))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Moment, E> {
                Ok(Moment::of_number(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Moment, E> {
                #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is not kept")]
                Ok(Moment::of_number(number as i64))
            }
            fn visit_str<E>(self, text: &str) -> Result<Moment, E> {
                Ok(Moment::of_text(text))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                Ok(unwrapped(map)?.map_or(Moment(None), |text| Moment::of_text(&text)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Moment, A::Error> {
                drain_list(list).map(|()| Moment(None))
            }
            fn visit_unit<E>(self) -> Result<Moment, E> {
                Ok(Moment(None))
            }
            absent!(visit_bool(bool));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_spelling_are_read() {
        for (json, want) in [
            ("1740746743", Some(1_740_746_743)),
            ("1740746743000", Some(1_740_746_743)),
            ("1740746743000000", Some(1_740_746_743)),
            ("1740746743.0", Some(1_740_746_743)),
            (r#""1740746743""#, Some(1_740_746_743)),
            (r#""1740746743.0""#, Some(1_740_746_743)),
            (r#""2025-02-28T12:45:43.000Z""#, Some(1_740_746_743)),
            (r#""2025-02-28 12:45:43""#, Some(1_740_746_743)),
            (r#""2025-02-28 12:45:43 UTC""#, Some(1_740_746_743)),
            (r#""\"2025-02-28T12:45:43.000Z\"""#, Some(1_740_746_743)),
            (r#"{"$numberLong":"1740746743"}"#, Some(1_740_746_743)),
            (r#"{"$date":"2025-02-28T12:45:43Z"}"#, Some(1_740_746_743)),
            (r#"{"$date":{"$numberLong":"1740746743000"}}"#, Some(1_740_746_743)),
            (r#"{"$date":1740746743000}"#, Some(1_740_746_743)),
            ("99999999999", Some(99_999_999_999)),
            ("20240805", None),
            (r#""20240805""#, None),
            (r#""00:31""#, None),
            (r#""nan""#, None),
            ("0", None),
            ("-5", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            (r#"{"a":1}"#, None),
        ] {
            let moment: Moment = serde_json::from_str(json).expect("any value is read");
            assert_eq!(moment.seconds(), want, "{json}");
        }
    }
}
