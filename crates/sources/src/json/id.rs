//! Ids that arrive as strings, as integers, or as integers that some tool has rounded.
//!
//! Programs that read JSON numbers as doubles keep 53 bits. An id of 19 digits comes out as a multiple of 1024
//! (`7622263851152706560`) or as the shortest decimal of the same double (`7622263851152707000`). One true id in a
//! thousand looks like that by chance, so a rounded id is restored from a text form in the same record, and rejected
//! without one.

use super::lenient::{absent, drain_list};
use super::wrapped::unwrapped;
use domain::id::EXACT_DOUBLE_MAX;
use domain::{AuthorId, HashtagId, VideoId};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Numbers of 15 digits, the precision of Excel.
const EXCEL_DIGITS: std::ops::Range<u64> = 100_000_000_000_000..1_000_000_000_000_000;

/// An id as a record writes it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) enum Id<'a> {
    /// Absent.
    #[default]
    None,
    /// A string: trusted.
    Text(Cow<'a, str>),
    /// An integer with all digits.
    Integer(u64),
    /// A number with a fraction or an exponent, or above 2^64.
    Float(f64),
}

impl Id<'_> {
    /// Returns true if there is no id. Empty and 0 mean that, too.
    pub(crate) fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) => matches!(text.as_ref(), "" | "0"),
            Self::Integer(number) => *number == 0,
            Self::Float(number) => *number == 0.0,
        }
    }

    /// Returns the number, unless it looks rounded.
    fn exact(&self) -> Option<u64> {
        match self {
            Self::Text(text) => {
                let text = bare(text);
                let float = || Written::of(text).filter(|written| !written.is_float || written.unit == 1);
                text.parse().ok().or_else(|| float().map(|written| written.value))
            }
            Self::Integer(number) => Some(*number).filter(|number| !looks_rounded(*number)),
            Self::None | Self::Float(_) => None,
        }
    }

    /// Returns true for an integer that proves that no tool has rounded the ids of its record.
    pub(crate) fn is_unrounded(&self) -> bool {
        matches!(self, Self::Integer(number) if *number > EXACT_DOUBLE_MAX && !looks_rounded(*number))
    }

    /// Returns the video id of a record that no tool has rounded.
    pub(crate) fn video_as_written(&self) -> Result<VideoId, String> {
        match self {
            Self::Integer(number) => {
                VideoId::try_from(*number).map_err(|why| format!("video id {number}: {why}"))
            }
            other => other.video(&[]),
        }
    }

    /// Returns the hashtag id, if present and certain.
    pub(crate) fn hashtag(&self) -> Option<HashtagId> {
        self.exact().and_then(|number| HashtagId::try_from(number).ok())
    }

    /// Returns the author id, if present and certain.
    pub(crate) fn author(&self) -> Option<AuthorId> {
        self.exact().and_then(|number| AuthorId::try_from(number).ok())
    }

    /// Returns the text of an id for display only. Empty if absent or uncertain.
    pub(crate) fn to_text(&self) -> String {
        match self {
            // A float-rounded id is not an id.
            Self::Text(text) if Written::of(bare(text)).is_some() => {
                self.exact().map(|number| number.to_string()).unwrap_or_default()
            }
            Self::Text(text) => super::lenient::clean(text),
            Self::Integer(_) => self.exact().map(|number| number.to_string()).unwrap_or_default(),
            Self::None | Self::Float(_) => String::new(),
        }
    }

    /// Returns the video id. `beside` are texts of the same record that may contain it in full: other id
    /// fields, links.
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

/// Returns the video id of a string; one that is not an id (such as `7.62e18`) may be found in full
/// elsewhere in the record.
fn text_video(text: &str, beside: &[&str]) -> Result<VideoId, String> {
    let text = bare(text);
    match text.parse::<VideoId>() {
        Ok(id) => Ok(id),
        Err(why) => match Written::of(text) {
            Some(written) => {
                match beside.iter().filter_map(|text| in_text(text)).find(|id| written.may_be(*id)) {
                    Some(id) => Ok(id),
                    None => written.alone(text, beside.iter().find_map(|text| in_text(text))),
                }
            }
            None if text.is_empty() => Err("the record has no video id".to_owned()),
            None => Err(format!("video id {:?}: {why}", shown(text))),
        },
    }
}

/// Returns the id of a row that has a link to its video. No tool rounds links, so the link overrides an id
/// that matches it in the remaining digits. A mismatch is a mistake of the table.
pub(crate) fn video_of_row(text: &str, link: &str) -> Result<VideoId, String> {
    let text = bare(text);
    let linked = in_text(link);
    if text.is_empty() {
        return linked.ok_or_else(|| match link.trim() {
            "" => "the record has no video id".to_owned(),
            link => format!("there is no video id in the link {:?}", shown(link)),
        });
    }
    // The cell is the same link, or another one.
    let written = match in_text(text) {
        Some(id) => Written { value: id.get(), unit: 1, is_float: false }.with_zeros(),
        None => Written::of(text).ok_or_else(|| match text.parse::<VideoId>() {
            Ok(_) => String::new(),
            Err(why) => format!("video id {:?}: {why}", shown(text)),
        })?,
    };
    match linked {
        Some(id) if written.may_be(id) => Ok(id),
        Some(id) => Err(format!("video id {} disagrees with that of the link, {id}", shown(text))),
        None => written.alone(text, None),
    }
}

/// Strips `="..."` or an apostrophe, which protect an id from spreadsheets.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("=").filter(|rest| rest.starts_with('"')).unwrap_or(text);
    text.trim_matches(['"', '\'', '`']).trim()
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The digits of a possibly rounded id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    value: u64,
    /// Place value of the last certain digit: 1, 10, 100.
    unit: u64,
    /// True if it passed through a float, as an exponent or fraction shows.
    is_float: bool,
}

impl Written {
    /// Parses digits, digits with a zero fraction, or a decimal with an exponent.
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let Some(exponent) = exponent else {
            let value = whole.parse().ok()?;
            let is_whole = fraction.bytes().all(|b| b == b'0');
            let exact = Self { value, unit: 1, is_float: false };
            return match (is_whole, fraction.is_empty()) {
                (false, _) => None,
                (true, true) => Some(exact.with_zeros()),
                // `6605434915816951268.0` is a decimal of a database; a float would look rounded.
                (true, false) if looks_rounded(value) => {
                    Some(Self { value, unit: spacing(value), is_float: true })
                }
                (true, false) => Some(exact),
            };
        };
        let missing = exponent.checked_sub(u32::try_from(fraction.len()).ok()?)?;
        let unit = 10_u64.checked_pow(missing)?;
        let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { value: digits.checked_mul(unit)?, unit, is_float: true })
    }

    /// Treats trailing zeros as lost digits.
    fn with_zeros(self) -> Self {
        let mut unit = 1;
        while self.value > EXACT_DOUBLE_MAX && self.value.is_multiple_of(unit * 10) {
            unit *= 10;
        }
        Self { unit: if unit >= CUT_UNIT_MIN { unit } else { 1 }, ..self }
    }

    /// Returns true if `id` may have been written like this.
    fn may_be(self, id: VideoId) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "to compare with what a double kept of it")]
        let as_double = (self.value as f64, id.get() as f64);
        let is_rounded = looks_rounded(self.value) && as_double.0.to_bits() == as_double.1.to_bits();
        // Floats are rounded; spreadsheets replace dropped digits by zeros: Excel after 15 digits, which a
        // workbook stores as a float.
        let is_cut = !self.is_float || EXCEL_DIGITS.contains(&(self.value / self.unit));
        let off_max = if is_cut { self.unit - 1 } else { self.unit / 2 };
        self.value.abs_diff(id.get()) <= off_max || is_rounded
    }

    /// Returns the id if nothing else in the record has it in full.
    fn alone(self, text: &str, other: Option<VideoId>) -> Result<VideoId, String> {
        if self.is_float && self.unit > 1 {
            let text = shown(text);
            return Err(match other {
                Some(id) => format!(
                    "video id {text} was rounded by a tool and disagrees with the link or the other id of the record, {id}"
                ),
                None => format!(
                    "video id {text} was rounded by a tool (it kept {} of the digits) and the record holds no link or text that has them all",
                    self.digits_left()
                ),
            });
        }
        VideoId::try_from(self.value).map_err(|why| format!("video id {}: {why}", self.value))
    }

    fn digits_left(self) -> String {
        let (all, gone) = (self.value.to_string().len(), (self.unit.to_string().len() - 1).max(1));
        format!("{} of {all}", all.saturating_sub(gone))
    }
}

/// Place value from which trailing zeros may be lost digits.
const CUT_UNIT_MIN: u64 = 1000;

/// Returns true if the last digits of an id may be lost: spreadsheets keep 15 of 19 digits and write zeros
/// for the rest, JavaScript keeps 16 or 17. One true id in a thousand looks like that, so only a whole
/// column is evidence.
pub(crate) fn ends_in_zeros(text: &str) -> bool {
    is_long(text) && bare(text).parse::<u64>().is_ok_and(|value| value.is_multiple_of(CUT_UNIT_MIN))
}

/// Returns true for trailing zeros or for the float form of an id.
pub(crate) fn looks_cut(text: &str) -> bool {
    ends_in_zeros(text) || (is_long(text) && bare(text).parse().is_ok_and(looks_rounded))
}

/// Returns true for an id long enough to be rounded by tools.
pub(crate) fn is_long(text: &str) -> bool {
    let text = bare(text);
    text.len() > 16 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns the distance of neighbouring doubles of this size.
fn spacing(number: u64) -> u64 {
    if number <= EXACT_DOUBLE_MAX { 1 } else { 1_u64 << (64 - number.leading_zeros() - 53) }
}

/// Returns true if a tool that reads doubles would write this integer for its neighbours as well.
fn looks_rounded(number: u64) -> bool {
    if number <= EXACT_DOUBLE_MAX {
        return false;
    }
    #[expect(clippy::cast_precision_loss, reason = "that is the question")]
    let shortest = || (number as f64).to_string() == number.to_string();
    number.is_multiple_of(spacing(number)) || shortest()
}

/// Returns the video id in a text: the text itself, or the part after `/video/`, `/photo/` or `/v/` in a
/// link.
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
                Ok(unwrapped(map)?.map_or(Id::None, Id::Text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Id<'de>, A::Error> {
                drain_list(list).map(|()| Id::None)
            }
            fn visit_unit<E>(self) -> Result<Id<'de>, E> {
                Ok(Id::None)
            }
            absent!(visit_bool(bool), visit_i64(i64));
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
    fn a_link_wins_over_what_a_tool_left_of_the_id_beside_it() {
        let link = "https://www.tiktok.com/@a/video/7476450316014498872";
        for text in [
            "7476450316014498872",
            "7476450316014490000",
            "7476450316014499000",
            "7476450316014498816",
            "7476450316014498816.0",
            "7476450316014498872.0",
            "7.47645E+18",
            "7,47645E+18",
            "7.476450316014499e+18",
            "7.48E+18",
            "=\"7476450316014498872\"",
            "'7476450316014498872",
            "",
            link,
        ] {
            assert_eq!(video_of_row(text, link).map(VideoId::get), Ok(7_476_450_316_014_498_872), "{text}");
        }
        for text in ["7476450316014498871", "7476450316014480000", "7.47E+18", "5", "7476450316014498873.0"] {
            let why = video_of_row(text, link).expect_err(text);
            assert!(
                why.contains("disagrees") && why.contains("7476450316014498872") && why.contains(text),
                "{why}"
            );
        }
        assert!(video_of_row("abc", link).is_err_and(|why| why.contains("video id \"abc\"")));
        assert!(
            video_of_row("7.47645E+18", "").is_err_and(|why| why.contains("it kept 6 of 19 of the digits"))
        );
        assert_eq!(
            video_of_row("7476450316014498268.0", "").map(VideoId::get),
            Ok(7_476_450_316_014_498_268)
        );
        assert!(video_of_row("", "nowhere").is_err_and(|why| why.contains("no video id in the link")));
        assert!(looks_cut("7476450316014490000") && looks_cut("7476450316014499000"));
        assert!(!looks_cut("7476450316014498872") && !looks_cut("1000"));
    }

    #[test]
    fn what_a_float_left_of_an_id_is_not_shown() {
        for (text, shown) in [
            ("6.605434915816951e+18", ""),
            ("6.60543E+18", ""),
            ("6605434915816951268.0", "6605434915816951268"),
            ("6605434915816951268", "6605434915816951268"),
            ("6605434915816951808.0", ""),
            ("MS4wLjAB", "MS4wLjAB"),
        ] {
            assert_eq!(Id::Text(text.into()).to_text(), shown, "{text}");
            assert_eq!(Id::Text(text.into()).author().is_some(), shown.starts_with('6'), "{text}");
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
    fn unsure_ids_of_tags_and_authors_are_not_reported() {
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
