//! Numbers as sources write them: integers, texts of digits, floats (`"6800000.0"`), abbreviations (`"44.5M views"`);
//! and what they are worth as counts.

use super::lenient::{drain_list, drain_map, not_told};
use domain::count::{COUNT_MAX, Count, display_step};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A whole number of any spelling, also one that is too large for anything. `None` is "unknown". What exceeds an `i128`
/// is its largest.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<i128>);

impl Number {
    /// The number, if 63 bits hold it.
    pub(crate) fn int(self) -> Option<i64> {
        self.0.and_then(|number| i64::try_from(number).ok())
    }

    /// The number, unless it is negative or 63 bits do not hold it.
    pub(crate) fn whole(self) -> Option<u64> {
        self.int().and_then(|number| u64::try_from(number).ok())
    }

    /// The number as a count, `None` where it is negative. Rejects a number above [`COUNT_MAX`]: `field` is what the source
    /// calls it.
    pub(crate) fn count(self, field: &str) -> Result<Option<u64>, String> {
        let Some(number) = self.0 else { return Ok(None) };
        match u64::try_from(number) {
            Ok(count) if count <= COUNT_MAX => Ok(Some(count)),
            Err(_) if number < 0 => Ok(None),
            _ if number == i128::MAX => Err(too_large(field, &"a number of more than 38 digits")),
            _ => Err(too_large(field, &number)),
        }
    }

    /// As a count of the mobile app, which is exact. Fails like [`Self::count`].
    pub(crate) fn exact(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::exact))
    }

    /// As a count of a source that rounds for display. Fails like [`Self::count`].
    pub(crate) fn rounded(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::rounded))
    }

    /// As a count of a web page, `stats` or `statsV2` alike. A number that lies on its display step is taken for
    /// rounded, one beside it cannot have been rounded and is exact. `statsV2` is no guarantee: in captures of 2025
    /// its plays, likes, comments and shares are the rounded ones of `stats` to the last of 3,980 videos, and only
    /// `collectCount` is exact (46038 beside 46000). Web pages before mid-2020 were exact throughout. Fails like
    /// [`Self::count`].
    pub(crate) fn web(self, field: &str) -> Result<Option<Count>, String> {
        let count = self.count(field)?;
        Ok(count.and_then(|value| {
            if value % display_step(value) == 0 { Count::rounded(value) } else { Count::exact(value) }
        }))
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

/// Why a count is refused.
fn too_large(field: &str, value: &dyn fmt::Display) -> String {
    format!("{field}: {value} is above {COUNT_MAX} (2^53), the largest count")
}

/// Reads a number from a text. Abbreviations are worth their round number.
pub(crate) fn from_text(text: &str) -> Option<i128> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // Only digits that not even an `i128` holds.
    if text.len() > 38 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(i128::MAX);
    }
    let text = text.split_whitespace().next()?;
    if let Some(number) = beyond(text) {
        return Some(number);
    }
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

/// A number with an exponent (`1e17`, `9.2E+18`) or with groups of digits that is too large for a count, so that it is
/// refused as one. Smaller ones are rounded by whatever wrote them, and stay unknown.
fn beyond(text: &str) -> Option<i128> {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b"eE+.".contains(&b));
    let has_exponent = text.starts_with(|first: char| first.is_ascii_digit()) && text.contains(['e', 'E']);
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = text.contains(',')
        && (1..=3).contains(&first.len())
        && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()));
    let plain = if is_grouped { text.replace(',', "") } else { text.to_owned() };
    if !is_number(&plain) || !(has_exponent || is_grouped) {
        return None;
    }
    if let Ok(number) = plain.parse::<i128>() {
        return (number > i128::from(COUNT_MAX)).then_some(number);
    }
    #[expect(clippy::cast_precision_loss, reason = "2^53 is a float")]
    let limit = COUNT_MAX as f64;
    plain.parse::<f64>().ok().filter(|number| *number > limit).and_then(from_float)
}

/// The whole number of a float; a fraction is no part of a count.
fn from_float(number: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
    (!number.is_nan()).then_some(number as i128)
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
                Ok(Number(Some(number.into())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Some(number.into())))
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
            ("18446744073709551615", Some(18_446_744_073_709_551_615)),
            (r#""18446744073709551616""#, Some(18_446_744_073_709_551_616)),
            ("1e300", Some(i128::MAX)),
            (r#""1e400""#, Some(i128::MAX)),
            (r#""1e17""#, Some(100_000_000_000_000_000)),
            (r#""9.5E+18 views""#, Some(9_500_000_000_000_000_000)),
            (r#""9,007,199,254,740,993""#, Some(9_007_199_254_740_993)),
            (r#""1e5""#, None),
            (r#""1,234""#, None),
            (r#""12,34,567""#, None),
            (r#""e17""#, None),
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
        let web = |value| Number(Some(value)).web("plays").expect("a count").map(Count::is_rounded);
        assert_eq!(web(46_000), Some(true));
        assert_eq!(web(46_038), Some(false));
        assert_eq!(web(36_322_192), Some(false));
        assert_eq!(web(929), Some(false));
        assert_eq!(web(-1), None);
    }
    #[test]
    fn a_count_above_the_limit_is_refused_by_name_value_and_limit() {
        let count = |json: &str| serde_json::from_str::<Number>(json).expect("a number").count("playCount");
        assert_eq!(count("9007199254740992"), Ok(Some(COUNT_MAX)));
        assert_eq!(count("-1"), Ok(None));
        for (json, shown) in [
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"),
            ("18446744073709551615", "18446744073709551615"),
            (r#""99999999999999999999""#, "99999999999999999999"),
            (r#""9007199254741K""#, "9007199254741000"),
            ("1e300", "a number of more than 38 digits"),
            (r#""1000000000000000000000000000000000000000""#, "a number of more than 38 digits"),
        ] {
            let reason = format!("playCount: {shown} is above 9007199254740992 (2^53), the largest count");
            assert_eq!(count(json), Err(reason), "{json}");
        }
    }
}
