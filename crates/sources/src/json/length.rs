//! Parses video lengths as sources write them: seconds, `"31"`, `"00:31"`, `"PT31S"`.

use super::lenient::{absent, drain_list};
use super::wrapped::unwrapped;
use crate::reading::Reading;
use crate::written::duration;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A length in whole seconds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Length {
    /// Absent.
    #[default]
    None,
    /// Seconds.
    Seconds(u64),
    /// An unparseable text.
    Unread(Box<str>),
}

impl Length {
    /// Returns seconds; 0 if absent. An unparseable length is dropped with a note.
    pub(crate) fn seconds(&self, field: &str, reading: &mut Reading<'_>) -> u64 {
        match self {
            Self::None => 0,
            Self::Seconds(seconds) => *seconds,
            Self::Unread(text) => {
                reading.note(format!("{field}: not a duration; left out"), text);
                0
            }
        }
    }

    fn of_text(text: &str) -> Self {
        match text.trim() {
            "" => Self::None,
            text if crate::literal::is_nothing(text) => Self::None,
            text => duration(text).map_or_else(|| Self::Unread(text.into()), Self::Seconds),
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Length, E> {
                Ok(Length::Seconds(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Length, E> {
                Ok(Length::of_text(&number.to_string()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Length, E> {
                Ok(Length::of_text(text))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Length, A::Error> {
                Ok(unwrapped(map)?.map_or(Length::None, |text| Length::of_text(&text)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Length, A::Error> {
                drain_list(list).map(|()| Length::None)
            }
            fn visit_unit<E>(self) -> Result<Length, E> {
                Ok(Length::None)
            }
            absent!(visit_bool(bool), visit_i64(i64));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_spelling_are_read() {
        for (json, want) in [
            ("31", Length::Seconds(31)),
            ("93.761", Length::Seconds(93)),
            (r#""31""#, Length::Seconds(31)),
            (r#""00:31""#, Length::Seconds(31)),
            (r#""1:02:03""#, Length::Seconds(3723)),
            (r#""PT31S""#, Length::Seconds(31)),
            (r#"{"$numberInt":"31"}"#, Length::Seconds(31)),
            (r#""half a minute""#, Length::Unread("half a minute".into())),
            (r#""""#, Length::None),
            (r#""nan""#, Length::None),
            ("null", Length::None),
            ("-3", Length::None),
            ("true", Length::None),
            ("[]", Length::None),
        ] {
            let length: Length = serde_json::from_str(json).expect("any value is read");
            assert_eq!(length, want, "{json}");
        }
    }
}
