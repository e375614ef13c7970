//! Numbers as sources write them: integers, texts of digits, floats (`"6800000.0"`), abbreviations (`"44.5M views"`);
//! and what they are worth as counts.

use super::lenient::{drain_list, drain_map, not_told};
use domain::count::{Count, display_step};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A whole number of any spelling. `None` is "not told".
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<i64>);

impl Number {
    /// The number, unless negative.
    pub(crate) fn whole(self) -> Option<u64> {
        self.0.and_then(|number| u64::try_from(number).ok())
    }

    /// As a count of the mobile app, which is exact.
    pub(crate) fn exact(self) -> Option<Count> {
        self.whole().and_then(Count::exact)
    }

    /// As a count of a web page, `stats` or `statsV2` alike. A number that lies on its display step is taken for
    /// rounded, one beside it cannot have been rounded and is exact. `statsV2` is no guarantee: in captures of 2025
    /// its plays, likes, comments and shares are the rounded ones of `stats` to the last of 3,980 videos, and only
    /// `collectCount` is exact (46038 beside 46000). Web pages before mid-2020 were exact throughout.
    pub(crate) fn web(self) -> Option<Count> {
        self.whole().and_then(|value| {
            if value % display_step(value) == 0 { Count::rounded(value) } else { Count::exact(value) }
        })
    }

    /// The count if it is not 0, or if 0 can be believed. For places where 0 also stands for "not told".
    pub(crate) fn unless_zero(self, zero_is_believed: bool) -> Self {
        if self.0 == Some(0) && !zero_is_believed { Self(None) } else { self }
    }

    /// This or, where it is not told, the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

/// Reads a number from a text. Abbreviations are worth their round number.
pub(crate) fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.split_whitespace().next()?;
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'K' | 'k') => (&text[..at], 1e3),
        (at, 'M' | 'm') => (&text[..at], 1e6),
        (at, 'B' | 'b') => (&text[..at], 1e9),
        (at, 'T' | 't') => (&text[..at], 1e12),
        _ => (text, 1.0),
    };
    // Only plain decimals: "inf", "nan" and "1e400" are numbers to Rust but not to us.
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    digits.parse::<f64>().ok().and_then(|number| from_float((number * factor).round()))
}

/// Numbers a float can hold and a count can be.
fn from_float(number: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and a fraction is no part of a count"
    )]
    (number.abs() < 9.2e18).then_some(number as i64)
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(i64::try_from(number).ok()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Some(number)))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number(from_float(number)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(from_text(text)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Number, A::Error> {
                drain_map(map).map(|()| Number::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Number, A::Error> {
                drain_list(list).map(|()| Number::default())
            }
            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number::default())
            }
            not_told!(visit_bool(bool));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_read() {
        for (json, want) in [
            ("17", Some(17)),
            (r#""17""#, Some(17)),
            (r#"" 17 ""#, Some(17)),
            ("17.0", Some(17)),
            (r#""6800000.0""#, Some(6_800_000)),
            (r#""44.5M views""#, Some(44_500_000)),
            (r#""157.8B views""#, Some(157_800_000_000)),
            (r#""12.3K""#, Some(12_300)),
            (r#""-3""#, Some(-3)),
            ("18446744073709551615", None),
            ("1e300", None),
            (r#""1e400""#, None),
            (r#""nan""#, None),
            (r#""""#, None),
            (r#""views""#, None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            (r#"{"a":1}"#, None),
        ] {
            let number: Number = serde_json::from_str(json).expect("any value is read");
            assert_eq!(number.0, want, "{json}");
        }
    }

    #[test]
    fn a_web_count_beside_its_display_step_is_exact() {
        let web = |value| Number(Some(value)).web().map(Count::is_rounded);
        assert_eq!(web(46_000), Some(true));
        assert_eq!(web(46_038), Some(false));
        assert_eq!(web(36_322_192), Some(false));
        assert_eq!(web(929), Some(false));
        assert_eq!(web(-1), None);
    }
}
