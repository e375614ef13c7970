//! Ids that arrive as texts, as integers, or as integers that some tool has rounded on the way.
//!
//! Programs that read JSON numbers as doubles keep 53 bits. An id of 19 digits comes out of them as a multiple of 1024
//! (`7622263851152706560`) or as the shortest decimal that means the same double (`7622263851152707000`). One true id
//! in a thousand looks like that by chance, so a rounded one is repaired from a text form beside it, and refused
//! without one.

use super::lenient::{drain_list, drain_map, not_told};
use domain::id::EXACT_DOUBLE_MAX;
use domain::{AuthorId, HashtagId, VideoId};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// An id as it stands in a record.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) enum Id<'a> {
    /// Not told.
    #[default]
    None,
    /// A text: trusted.
    Text(Cow<'a, str>),
    /// An integer written in full.
    Integer(u64),
    /// A number with a fraction or an exponent, or above 2^64.
    Float(f64),
}

impl Id<'_> {
    /// Whether nothing is told. Empty and 0 stand for that, too.
    pub(crate) fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) => matches!(text.as_ref(), "" | "0"),
            Self::Integer(number) => *number == 0,
            Self::Float(number) => *number == 0.0,
        }
    }

    /// The number, if it is one that no tool has rounded.
    fn exact(&self) -> Option<u64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Integer(number) => Some(*number).filter(|number| !looks_rounded(*number)),
            Self::None | Self::Float(_) => None,
        }
    }

    /// Whether it is an integer that shows that no tool has rounded the integers of its record.
    pub(crate) fn is_unrounded(&self) -> bool {
        matches!(self, Self::Integer(number) if *number > EXACT_DOUBLE_MAX && !looks_rounded(*number))
    }

    /// A video's id of a record that no tool has rounded.
    pub(crate) fn video_as_written(&self) -> Result<VideoId, String> {
        match self {
            Self::Integer(number) => {
                VideoId::try_from(*number).map_err(|why| format!("video id {number}: {why}"))
            }
            other => other.video(&[]),
        }
    }

    /// A hashtag's id, where it is told and sure.
    pub(crate) fn hashtag(&self) -> Option<HashtagId> {
        self.exact().and_then(|number| HashtagId::try_from(number).ok())
    }

    /// An author's id, where it is told and sure.
    pub(crate) fn author(&self) -> Option<AuthorId> {
        self.exact().and_then(|number| AuthorId::try_from(number).ok())
    }

    /// The text to show of an id that is only shown. Empty when not told or not sure.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => super::lenient::clean(text),
            Self::Integer(_) => self.exact().map(|number| number.to_string()).unwrap_or_default(),
            Self::None | Self::Float(_) => String::new(),
        }
    }

    /// A video's id. `beside` are texts of the same record that may hold it in full: other id fields, links.
    pub(crate) fn video(&self, beside: &[&str]) -> Result<VideoId, String> {
        let number = match self {
            Self::None => return Err("the record has no video id".to_owned()),
            Self::Text(text) => return text_video(text, beside),
            Self::Integer(number) if !looks_rounded(*number) => return self.video_as_written(),
            #[expect(clippy::cast_precision_loss, reason = "to compare with what a double kept of it")]
            Self::Integer(number) => *number as f64,
            Self::Float(number) => *number,
        };
        if number >= 9_223_372_036_854_775_808.0 {
            return Err(format!("video id {number}: an id is below 2^63"));
        }
        #[expect(clippy::cast_precision_loss, reason = "to compare with what a double kept of it")]
        let same = |id: &VideoId| id.get() as f64 == number;
        let mut candidates = beside.iter().filter_map(|text| in_text(text)).peekable();
        let has_candidates = candidates.peek().is_some();
        candidates.find(same).ok_or_else(|| {
            if has_candidates {
                format!("video id {number} was rounded by a tool and disagrees with the other ids of the record")
            } else {
                format!("video id {number} was rounded by a tool (numbers above 2^53 lose digits) and the record holds no text form of it")
            }
        })
    }
}

/// A text id that is no id (such as `7.62e18`) may still be told in full elsewhere in the record.
fn text_video(text: &str, beside: &[&str]) -> Result<VideoId, String> {
    let text = text.trim();
    match text.parse::<VideoId>() {
        Ok(id) => Ok(id),
        Err(why) => {
            let float = text.parse::<f64>().ok().filter(|f| f.is_finite() && text.contains(['.', 'e', 'E']));
            match float {
                Some(number) => Id::Float(number).video(beside),
                None if text.is_empty() => Err("the record has no video id".to_owned()),
                None => {
                    let start: String = text.chars().take(40).collect();
                    Err(format!("video id {start:?}: {why}"))
                }
            }
        }
    }
}

/// Whether an integer is one that a double-reading tool would write for its neighbours as well.
fn looks_rounded(number: u64) -> bool {
    if number <= EXACT_DOUBLE_MAX {
        return false;
    }
    let spacing = 1_u64 << (64 - number.leading_zeros() - 53);
    #[expect(clippy::cast_precision_loss, reason = "that is the question")]
    let shortest = || (number as f64).to_string() == number.to_string();
    number.is_multiple_of(spacing) || shortest()
}

/// The video id in a text: the text itself, or what follows `/video/`, `/photo/` or `/v/` in a link.
pub(crate) fn in_text(text: &str) -> Option<VideoId> {
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let after = ["/video/", "/photo/", "/v/"].iter().find_map(|mark| text.split_once(mark))?.1;
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    after[..digits].parse().ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Id<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Id<'de>, E> {
                Ok(Id::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Id<'de>, E> {
                Ok(Id::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Id<'de>, E> {
                Ok(Id::Integer(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Id<'de>, E> {
                Ok(Id::Float(number))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Id<'de>, A::Error> {
                drain_map(map).map(|()| Id::None)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Id<'de>, A::Error> {
                drain_list(list).map(|()| Id::None)
            }
            fn visit_unit<E>(self) -> Result<Id<'de>, E> {
                Ok(Id::None)
            }
            not_told!(visit_bool(bool), visit_i64(i64));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: u64 = 7_622_263_851_152_706_848;

    fn video(json: &str, beside: &[&str]) -> Result<u64, String> {
        let id: Id = serde_json::from_str(json).expect("any value is read");
        id.video(beside).map(VideoId::get)
    }

    #[test]
    fn texts_and_whole_integers_are_exact() {
        assert_eq!(video(r#""7622263851152706848""#, &[]), Ok(ID));
        assert_eq!(video("7622263851152706848", &[]), Ok(ID));
        assert_eq!(video("9007199254740992", &[]), Ok(9_007_199_254_740_992));
    }

    #[test]
    fn a_rounded_id_is_repaired_from_a_text_beside_it() {
        for rounded in [
            "7622263851152706560",
            "7622263851152707000",
            "7.622263851152707e18",
            r#""7.622263851152707E+18""#,
        ] {
            assert_eq!(
                video(rounded, &["https://www.tiktok.com/@a/video/7622263851152706848?x=1"]),
                Ok(ID),
                "{rounded}"
            );
            assert_eq!(video(rounded, &["", "https://m.tiktok.com/v/7622263851152706848.html"]), Ok(ID));
            assert_eq!(video(rounded, &["7622263851152706848"]), Ok(ID));
            let alone = video(rounded, &[""]).expect_err("refused");
            assert!(alone.contains("rounded by a tool"), "{alone}");
            let other = video(rounded, &["7464542160168193287"]).expect_err("refused");
            assert!(other.contains("disagrees"), "{other}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused_with_a_reason() {
        for (json, part) in [
            ("null", "no video id"),
            (r#""""#, "no video id"),
            (r#""0""#, "not 0"),
            (r#""abc""#, "digits"),
            ("18446744073709551617", "below 2^63"),
            (r#""18446744073709551617""#, "below 2^63"),
            ("-5", "no video id"),
        ] {
            let why = video(json, &[]).expect_err(json);
            assert!(why.contains(part), "{json}: {why}");
        }
    }

    #[test]
    fn unsure_ids_of_tags_and_authors_are_not_told() {
        assert_eq!(
            Id::Integer(7_076_057_930_952_343_579).hashtag().map(HashtagId::get),
            Some(7_076_057_930_952_343_579)
        );
        assert_eq!(Id::Integer(7_076_057_930_952_344_000).hashtag(), None);
        assert_eq!(Id::Text("".into()).hashtag(), None);
        assert_eq!(Id::Integer(0).hashtag(), None);
        assert_eq!(Id::Float(1e18).author(), None);
    }

    proptest! {
        #[test]
        fn what_a_double_makes_of_an_id_looks_rounded(id in (1_u64 << 53) + 1..1 << 63) {
            let double = id as f64;
            prop_assert!(looks_rounded(double as u64));
            if let Ok(shortest) = double.to_string().parse() {
                prop_assert!(looks_rounded(shortest));
            }
        }
    }
}
