//! Numbers as sources write them: integers, texts of digits, floats (`"6800000.0"`), abbreviations (`"44.5M views"`);
//! and what they are worth as counts.

use super::lenient::{drain_list, not_told};
use super::wrapped::unwrapped;
use domain::count::{COUNT_MAX, Count};
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

    /// As a count of anything else: pages, tables and series tell rounded numbers and exact ones alike, and whether one was
    /// rounded shows by its display step ([`Count::displayed`]). `statsV2` is no guarantee: in captures of 2025 its plays,
    /// likes, comments and shares are the rounded ones of `stats` to the last of 3,980 videos, and only `collectCount` is
    /// exact (46038 beside 46000). Web pages before mid-2020 were exact throughout. Fails like [`Self::count`].
    pub(crate) fn web(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::displayed))
    }

    /// As a count that is known to be rounded, as one with a unit is. Fails like [`Self::count`].
    pub(crate) fn rounded(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::rounded))
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

/// A number as a text tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) value: i128,
    /// Whether the text says that it is rounded: by a unit (`1.2M`), or by an exponent as spreadsheets write it.
    pub(crate) is_rounded: bool,
}

/// Reads a whole number from a text.
///
/// - Digits may be grouped by commas, dots, spaces of any width or apostrophes: in threes, or as in India
///   (`12,34,567`). A comma or dot that stands once is the decimal sign, but before exactly three digits it groups
///   them: a count has no fraction (`1.234` is 1234).
/// - A fraction is read before a unit only, or when it is zero (`17.0`). Before a unit, a mark that may be either (`1,234K`)
///   leaves the number unknown.
/// - Units are those in which people count (`K`, `M`, `Mio.`, `mil`, `万`), also apart from the number. What means one
///   thing here and another there (`1,2 B`, `mil.`) is none.
/// - After that may stand what is counted (`views`). Anything else makes it no number.
/// - An exponent is read where it leaves a whole number.
pub(crate) fn from_text(text: &str) -> Option<i128> {
    told(text).map(|told| told.value)
}

/// Reads a number and whether it is rounded. See [`from_text`].
pub(crate) fn told(text: &str) -> Option<Told> {
    let text = text.trim();
    if let Ok(value) = text.parse() {
        return Some(Told { value, is_rounded: false });
    }
    // Only digits that not even an `i128` holds.
    if text.len() > DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Told { value: i128::MAX, is_rounded: false });
    }
    if !text.is_ascii() && text.chars().any(|c| western(c).is_some()) {
        return told(&text.chars().map(|c| western(c).unwrap_or(c)).collect::<String>());
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && !is_mark(c)).unwrap_or(unsigned.len());
    let (number, after) = unsigned.split_at(end);
    let digits = number.trim_end_matches(is_mark);
    // A full stop that ends a sentence is no decimal sign; neither is anything else at the end.
    if !number[digits.len()..].chars().all(is_space) || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_apart = digits.len() < number.len();
    if let Some(exponent) = after.strip_prefix(['e', 'E']).filter(|_| !is_apart)
        && exponent.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
    {
        let end =
            exponent.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-')).unwrap_or(exponent.len());
        let (exponent, label) = exponent.split_at(end);
        let told = scientific(digits, exponent, after.starts_with('E')).filter(|_| is_label(label))?;
        return Some(Told { value: if is_negative { -told.value } else { told.value }, ..told });
    }
    let (unit, label) = unit_of(after, is_apart, digits)?;
    if !is_label(label) {
        return None;
    }
    let (whole, fraction) = split(digits, unit)?;
    let value = scaled(&whole, &fraction, unit)?;
    Some(Told { value: if is_negative { -value } else { value }, is_rounded: unit > 0 })
}

/// Digits that an `i128` holds in any case.
const DIGITS_MAX: usize = 38;

/// Most zeros that a unit or an exponent adds to a number that is still read.
const EXPONENT_MAX: u32 = 400;

/// A digit or mark of another script, in the Western one.
fn western(c: char) -> Option<char> {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{e50}'..='\u{e59}' => 0xe50,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        '\u{66b}' => return Some('.'),
        '\u{66c}' | '\u{ff0c}' => return Some(','),
        '\u{2212}' => return Some('-'),
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

/// A space that stands between the digits of a number, or before its unit.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

/// What stands between the digits of a number.
const fn is_mark(c: char) -> bool {
    is_space(c) || matches!(c, ',' | '.' | '\'' | '\u{2019}')
}

/// Units, in small letters and without a full stop at the end, with the zeros they add.
const UNITS: [(&str, u32); 87] = [
    ("k", 3),
    ("thousand", 3),
    ("tsd", 3),
    ("tausend", 3),
    ("mil", 3),
    ("mille", 3),
    ("mila", 3),
    ("tys", 3),
    ("tis", 3),
    ("tisíc", 3),
    ("тыс", 3),
    ("тысяч", 3),
    ("тысячи", 3),
    ("тис", 3),
    ("хил", 3),
    ("хиљ", 3),
    ("χιλ", 3),
    ("ezer", 3),
    ("tuh", 3),
    ("tūkst", 3),
    ("rb", 3),
    ("ribu", 3),
    ("bin", 3),
    ("nghìn", 3),
    ("ngàn", 3),
    ("千", 3),
    ("천", 3),
    ("พัน", 3),
    ("हज़ार", 3),
    ("हज़ार", 3),
    ("ألف", 3),
    ("آلاف", 3),
    ("אלף", 3),
    ("هزار", 3),
    ("w", 4),
    ("万", 4),
    ("萬", 4),
    ("만", 4),
    ("หมื่น", 4),
    ("lakh", 5),
    ("lac", 5),
    ("लाख", 5),
    ("แสน", 5),
    ("m", 6),
    ("mi", 6),
    ("mn", 6),
    ("mio", 6),
    ("mln", 6),
    ("mill", 6),
    ("milj", 6),
    ("milió", 6),
    ("million", 6),
    ("millions", 6),
    ("millionen", 6),
    ("millón", 6),
    ("millones", 6),
    ("milhão", 6),
    ("milhões", 6),
    ("milione", 6),
    ("milioni", 6),
    ("milyon", 6),
    ("milion", 6),
    ("миллион", 6),
    ("миллионов", 6),
    ("млн", 6),
    ("εκ", 6),
    ("jt", 6),
    ("juta", 6),
    ("tr", 6),
    ("triệu", 6),
    ("ล้าน", 6),
    ("مليون", 6),
    ("میلیون", 6),
    ("crore", 7),
    ("करोड़", 7),
    ("b", 9),
    ("bn", 9),
    ("mrd", 9),
    ("mld", 9),
    ("mlrd", 9),
    ("md", 9),
    ("млрд", 9),
    ("億", 8),
    ("亿", 8),
    ("억", 8),
    ("مليار", 9),
    ("t", 12),
];

/// Units that are a thousand millions somewhere and a thousand or a million elsewhere once they stand apart from the
/// number, or beside a decimal comma: Turkish `B` is a thousand, `T` is one in the North.
const ONLY_ENGLISH: [&str; 2] = ["b", "t"];

/// A thousand in Spanish and Portuguese, a million in Czech, Slovak, Croatian and Romanian, where it has a full stop.
const AMBIGUOUS_WITH_STOP: &str = "mil";

/// Units of two words.
const DOUBLE_UNITS: [(&str, u32); 4] =
    [("mil millones", 9), ("mil mill", 9), ("mil m", 9), ("mil milhões", 9)];

/// The zeros of the unit that a text begins with, and what comes after it. `None` where the unit is ambiguous.
fn unit_of<'t>(after: &'t str, is_apart: bool, digits: &str) -> Option<(u32, &'t str)> {
    let is_of_word = |c: char| !c.is_whitespace() && !is_space(c) && c != '.';
    let word = after.split(|c| !is_of_word(c)).next().unwrap_or_default();
    let rest = &after[word.len()..];
    let lower = word.to_lowercase();
    for (unit, zeros) in DOUBLE_UNITS {
        let start = after.get(..unit.len()).filter(|start| start.to_lowercase() == unit);
        let ends = after.get(unit.len()..).is_some_and(|rest| !rest.starts_with(is_of_word));
        if start.is_some() && ends {
            return Some((zeros, after[unit.len()..].trim_start_matches('.')));
        }
    }
    // Units of scripts without spaces stand right before what is counted.
    let glued = UNITS.iter().find(|(unit, _)| !unit.is_ascii() && word.starts_with(unit) && is_cjk(unit));
    if let Some((unit, zeros)) = glued {
        return Some((*zeros, &after[unit.len()..]));
    }
    let Some((unit, zeros)) = UNITS.iter().find(|(unit, _)| **unit == *lower) else {
        return Some((0, after));
    };
    if ONLY_ENGLISH.contains(unit) && (is_apart || digits.contains(',')) {
        return None;
    }
    match rest.strip_prefix('.') {
        Some(_) if *unit == AMBIGUOUS_WITH_STOP => None,
        Some(rest) => Some((*zeros, rest)),
        None => Some((*zeros, rest)),
    }
}

fn is_cjk(unit: &str) -> bool {
    unit.chars().all(|c| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'))
}

/// What is counted, in small letters, as it stands behind a number.
const LABELS: [&str; 38] = [
    "view",
    "views",
    "play",
    "plays",
    "like",
    "likes",
    "comment",
    "comments",
    "share",
    "shares",
    "save",
    "saves",
    "bookmark",
    "bookmarks",
    "video",
    "videos",
    "post",
    "posts",
    "follower",
    "followers",
    "times",
    "aufrufe",
    "vues",
    "vistas",
    "visualizaciones",
    "reproducciones",
    "visualizações",
    "visualizzazioni",
    "просмотров",
    "просмотра",
    "просмотр",
    "wyświetleń",
    "görüntülenme",
    "tayangan",
    "lượt xem",
    "回",
    "次",
    "回視聴",
];

fn is_label(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.is_empty() || LABELS.contains(&text.as_str())
}

/// The whole and the fractional digits of a number with marks in it.
fn split(digits: &str, unit: u32) -> Option<(String, String)> {
    let marks: Vec<(usize, char)> = digits.char_indices().filter(|(_, c)| is_mark(*c)).collect();
    let mut kinds: Vec<char> = marks.iter().map(|(_, c)| if is_space(*c) { ' ' } else { *c }).collect();
    kinds.dedup();
    let is_decimal = |mark: char| matches!(mark, '.' | ',');
    let (last_at, last) = match marks.last() {
        None => return Some((digits.to_owned(), String::new())),
        Some((at, mark)) => (*at, *mark),
    };
    let after = &digits[last_at + last.len_utf8()..];
    let fraction = match kinds.as_slice() {
        // One mark, once: the decimal sign, or between thousands.
        [mark] if marks.len() == 1 => {
            let before = &digits[..last_at];
            let groups = after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
            match (is_decimal(*mark), groups, unit) {
                (true, true, 0) => None,
                // `1.234M` is how English writes it; with a comma it may be either.
                (true, true, _) if *mark == ',' => return None,
                (true, _, _) => Some(after),
                (false, _, _) => None,
            }
        }
        [_] => None,
        // Another mark at the end than before: the decimal sign.
        [.., before, mark]
            if is_decimal(*mark) && before != mark && kinds.iter().filter(|k| *k == mark).count() == 1 =>
        {
            Some(after)
        }
        _ => return None,
    };
    let whole = match fraction {
        Some(_) => &digits[..last_at],
        None => digits,
    };
    let groups: Vec<&str> = whole.split(is_mark).collect();
    let separators: Vec<char> =
        whole.chars().filter(|c| is_mark(*c)).map(|c| if is_space(c) { ' ' } else { c }).collect();
    if separators.windows(2).any(|two| two[0] != two[1]) || !is_grouped(&groups, separators.first().copied())
    {
        return None;
    }
    Some((groups.concat(), fraction.unwrap_or_default().to_owned()))
}

/// Whether groups of digits are those of a number: threes or, with commas, twos before the last three.
fn is_grouped(groups: &[&str], separator: Option<char>) -> bool {
    let [first, inner @ .., last] = groups else { return groups.len() == 1 };
    let lengths = |len: usize| inner.iter().all(|group| group.len() == len);
    let is_western = (1..=3).contains(&first.len()) && lengths(3);
    let is_indian = separator == Some(',') && (1..=2).contains(&first.len()) && lengths(2);
    last.len() == 3 && (is_western || is_indian)
}

/// The number with `zeros` more, `None` where a fraction is left.
fn scaled(whole: &str, fraction: &str, zeros: u32) -> Option<i128> {
    let fraction = fraction.trim_end_matches('0');
    let shift = zeros as usize;
    // More digits than the unit has zeros: rounded away, as the unit is not that fine.
    let (kept, cut) = fraction.split_at(fraction.len().min(shift));
    if zeros == 0 && !cut.is_empty() {
        return None;
    }
    let digits = format!("{whole}{kept}{}", "0".repeat(shift - kept.len()));
    let digits = digits.trim_start_matches('0');
    if digits.len() > DIGITS_MAX {
        return Some(i128::MAX);
    }
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// A number with an exponent. R writes 100,000 as `1e+05` and loses nothing; spreadsheets write `1.23E+06` and do.
fn scientific(digits: &str, exponent: &str, is_spreadsheet: bool) -> Option<Told> {
    let exponent: i32 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exponent = u32::try_from(exponent).ok()?.min(EXPONENT_MAX);
    if fraction.trim_end_matches('0').len() > exponent as usize {
        return None;
    }
    let value = scaled(whole, fraction, exponent)?;
    Some(Told { value, is_rounded: is_spreadsheet })
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
                Ok(Number(unwrapped(map)?.and_then(|text| from_text(&text))))
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
mod tests;
