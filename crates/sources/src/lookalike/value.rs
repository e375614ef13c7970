//! Classifies the values of a column or key.

use super::Meaning;
use crate::json::id;
use crate::json::keys::Keys;
use crate::json::number;
use crate::json::scan::elements;
use domain::{Timestamp, caption};

/// The type of a value.
pub(super) enum Value {
    Text(String),
    Number(f64, String),
    /// A list with possible names.
    Names,
    Nothing,
}

impl Value {
    pub(super) fn of_json(raw: &[u8]) -> Self {
        match raw.first() {
            Some(b'"') => {
                serde_json::from_slice::<String>(raw).map_or(Self::Nothing, |text| Self::of_text(&text))
            }
            Some(b'-' | b'0'..=b'9') => {
                let text = String::from_utf8_lossy(raw).into_owned();
                text.parse().map_or(Self::Nothing, |number| Self::Number(number, text))
            }
            Some(b'[') => {
                let has_name = elements(raw).flatten().any(|element| match element.first() {
                    Some(b'"') => element.len() > 2,
                    Some(b'{') => Keys::of(element).has_any(&[
                        "name",
                        "title",
                        "hashtag_name",
                        "hashtagName",
                        "cha_name",
                    ]),
                    _ => false,
                });
                if has_name { Self::Names } else { Self::Nothing }
            }
            _ => Self::Nothing,
        }
    }

    pub(super) fn of_cell(cell: &str) -> Self {
        let cell = cell.trim();
        match cell.parse() {
            Ok(number) if cell.starts_with(|first: char| first.is_ascii_digit()) => {
                Self::Number(number, cell.to_owned())
            }
            _ => Self::of_text(cell),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim();
        let is_missing = ["", "nan", "none", "null", "n/a", "na", "undefined", "-", "\\n", "[]", "{}"];
        if is_missing.contains(&text.to_lowercase().as_str()) {
            Self::Nothing
        } else {
            Self::Text(text.to_owned())
        }
    }

    /// Returns true if the value may have this meaning.
    pub(super) fn suits(&self, meaning: Meaning) -> bool {
        match (meaning, self) {
            (Meaning::Plays | Meaning::Views | Meaning::Videos, Self::Number(number, _)) => *number > 0.0,
            (Meaning::Plays | Meaning::Views | Meaning::Videos, Self::Text(text)) => {
                let is_time = text.contains(':') || text.matches('-').count() == 2;
                let count = number::from_text(text).is_some_and(|number| number > 0);
                let is_abbreviated =
                    text.starts_with(|first: char| first.is_ascii_digit()) && text.len() <= 20;
                !is_time && (count || is_abbreviated)
            }
            (Meaning::Hashtags, Self::Names) => true,
            (Meaning::Hashtags | Meaning::HashtagName, Self::Text(text)) => {
                text.contains(char::is_alphabetic) && !text.contains("://")
            }
            (Meaning::Caption, Self::Text(text)) => caption::tags(text).next().is_some(),
            (Meaning::Creator, Self::Text(text)) => {
                text.len() <= 100 && !text.contains("://") && !text.contains(['\n', '{', '['])
            }
            (Meaning::Creator, Self::Number(number, _)) => *number >= 100_000.0,
            (Meaning::VideoId, Self::Number(_, text) | Self::Text(text)) => {
                (15..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            }
            (Meaning::Url, Self::Text(text)) => text.contains('/') && id::in_text(text).is_some(),
            (Meaning::PostedAt | Meaning::ReadAt, Self::Text(text)) => {
                Timestamp::parse(text).is_some_and(|at| !at.is_before_tiktok())
            }
            (Meaning::PostedAt | Meaning::ReadAt, Self::Number(number, _)) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a time has few digits; what is cut off is none"
                )]
                let whole = *number as i64;
                Timestamp::from_source(whole).is_some()
            }
            _ => false,
        }
    }
}
