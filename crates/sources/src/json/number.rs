//! Numbers as sources write them: integers, strings of digits, floats (`"6800000.0"`), abbreviations (`"44.5M
//! views"`); and their conversion to counts.

use super::lenient::{absent, drain_list};
use super::wrapped::unwrapped;
use domain::count::{COUNT_MAX, Count};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A whole number of any notation, however large. `None` if unknown; values beyond `i128` saturate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<i128>);

impl Number {
    /// Returns the number, if it fits 63 bits.
    pub(crate) fn int(self) -> Option<i64> {
        self.0.and_then(|number| i64::try_from(number).ok())
    }

    /// Returns the number, if it is not negative and fits 63 bits.
    pub(crate) fn whole(self) -> Option<u64> {
        self.int().and_then(|number| u64::try_from(number).ok())
    }

    /// Returns the number as a count; `None` if negative.
    ///
    /// # Errors
    ///
    /// A message naming `field` if the number is above [`COUNT_MAX`].
    pub(crate) fn count(self, field: &str) -> Result<Option<u64>, String> {
        let Some(number) = self.0 else { return Ok(None) };
        match u64::try_from(number) {
            Ok(count) if count <= COUNT_MAX => Ok(Some(count)),
            Err(_) if number < 0 => Ok(None),
            _ if number == i128::MAX => Err(too_large(field, &"a number of more than 38 digits")),
            _ => Err(too_large(field, &number)),
        }
    }

    /// Returns an exact count, as the mobile app reports. Fails like [`Self::count`].
    pub(crate) fn exact(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::exact))
    }

    /// Returns a count of any other source: pages, tables and series mix rounded and exact numbers, and a
    /// value on its display step counts as rounded ([`Count::displayed`]). `statsV2` is no guarantee: in
    /// captures of 2025 its plays, likes, comments and shares are the rounded ones of `stats` in all of
    /// 3,980 videos, and only `collectCount` is exact (46038 beside 46000). Web pages before mid-2020 were
    /// exact throughout. Fails like [`Self::count`].
    pub(crate) fn web(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::displayed))
    }

    /// Returns a count known to be rounded, such as one with a unit. Fails like [`Self::count`].
    pub(crate) fn rounded(self, field: &str) -> Result<Option<Count>, String> {
        Ok(self.count(field)?.and_then(Count::rounded))
    }

    /// Returns the count if it is not 0, or if 0 is credible. For sources where 0 also means "not reported".
    pub(crate) fn unless_zero(self, zero_is_believed: bool) -> Self {
        if self.0 == Some(0) && !zero_is_believed { Self(None) } else { self }
    }

    /// Returns this number or, if absent, the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

/// Formats the reject reason of a count above the limit.
fn too_large(field: &str, value: &dyn fmt::Display) -> String {
    format!("{field}: {value} is above {COUNT_MAX} (2^53), the largest count")
}

/// A number parsed from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParsedNumber {
    pub(crate) value: i128,
    /// True if the text is rounded: it has a unit (`1.2M`), or an exponent as spreadsheets write it.
    pub(crate) is_rounded: bool,
}

/// Parses a whole number.
///
/// - Digits may be grouped by commas, dots, spaces of any width or apostrophes: in threes, or as in India
///   (`12,34,567`). A single comma or dot is the decimal sign, except before exactly three digits, where it
///   is a group separator: a count has no fraction (`1.234` is 1234).
/// - A fraction is allowed before a unit, or if it is zero (`17.0`). Before a unit, an ambiguous mark
///   (`1,234K`) makes the number unknown.
/// - Units are those used for counts (`K`, `M`, `Mio.`, `mil`, `万`), also after a space. Ambiguous ones
///   (`1,2 B`, `mil.`) are not units.
/// - A noun may follow (`views`). Any other text makes it not a number.
/// - An exponent is allowed if the result is whole.
pub(crate) fn from_text(text: &str) -> Option<i128> {
    parse(text).map(|number| number.value)
}

/// Parses a number and detects rounding. See [`from_text`].
pub(crate) fn parse(text: &str) -> Option<ParsedNumber> {
    let text = text.trim();
    if let Ok(value) = text.parse() {
        return Some(ParsedNumber { value, is_rounded: false });
    }
    // More digits than `i128` can represent.
    if text.len() > DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(ParsedNumber { value: i128::MAX, is_rounded: false });
    }
    if !text.is_ascii() && text.chars().any(|c| western(c).is_some()) {
        return parse(&text.chars().map(|c| western(c).unwrap_or(c)).collect::<String>());
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && !is_mark(c)).unwrap_or(unsigned.len());
    let (number, after) = unsigned.split_at(end);
    let digits = number.trim_end_matches(is_mark);
    // A full stop at the end is not a decimal sign, nor is any other mark.
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
        let number = scientific(digits, exponent, after.starts_with('E')).filter(|_| is_label(label))?;
        return Some(ParsedNumber {
            value: if is_negative { -number.value } else { number.value },
            ..number
        });
    }
    let (unit, label) = unit_of(after, is_apart, digits)?;
    if !is_label(label) {
        return None;
    }
    let (whole, fraction) = split(digits, unit)?;
    let value = scaled(&whole, &fraction, unit)?;
    Some(ParsedNumber { value: if is_negative { -value } else { value }, is_rounded: unit > 0 })
}

/// Digits that always fit an `i128`.
const DIGITS_MAX: usize = 38;

/// Largest exponent or unit, in zeros, that is parsed.
const EXPONENT_MAX: u32 = 400;

/// Converts a digit or mark of another script to its Western form.
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

/// Returns true for a space used between digits, or before a unit.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

/// Returns true for a separator used between digits.
const fn is_mark(c: char) -> bool {
    is_space(c) || matches!(c, ',' | '.' | '\'' | '\u{2019}')
}

/// Units in lower case without a trailing full stop, with the zeros they add.
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

/// Units that are 10^9 or 10^12 only in English: after a space or with a decimal comma they are ambiguous,
/// since Turkish `B` is a thousand and Nordic `T` is one too.
const ONLY_ENGLISH: [&str; 2] = ["b", "t"];

/// A thousand in Spanish and Portuguese; with a full stop, a million in Czech, Slovak, Croatian and
/// Romanian.
const AMBIGUOUS_WITH_STOP: &str = "mil";

/// Units of two words.
const DOUBLE_UNITS: [(&str, u32); 4] =
    [("mil millones", 9), ("mil mill", 9), ("mil m", 9), ("mil milhões", 9)];

/// Returns the zeros of the unit at the start of a text, and the rest of the text. `None` if the unit is
/// ambiguous.
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
    // In scripts without spaces the noun follows the unit directly.
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

/// Nouns that may follow a number, in lower case.
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

/// Splits a number with marks into its whole and fractional digits.
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
        // A single mark: decimal sign or group separator.
        [mark] if marks.len() == 1 => {
            let before = &digits[..last_at];
            let groups = after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
            match (is_decimal(*mark), groups, unit) {
                (true, true, 0) => None,
                // `1.234M` is the English notation; with a comma it is ambiguous.
                (true, true, _) if *mark == ',' => return None,
                (true, _, _) => Some(after),
                (false, _, _) => None,
            }
        }
        [_] => None,
        // A last mark that differs from the others is the decimal sign.
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

/// Returns true if digit groups are valid: threes or, with commas, twos before the last three.
fn is_grouped(groups: &[&str], separator: Option<char>) -> bool {
    let [first, inner @ .., last] = groups else { return groups.len() == 1 };
    let lengths = |len: usize| inner.iter().all(|group| group.len() == len);
    let is_western = (1..=3).contains(&first.len()) && lengths(3);
    let is_indian = separator == Some(',') && (1..=2).contains(&first.len()) && lengths(2);
    last.len() == 3 && (is_western || is_indian)
}

/// Appends `zeros` to the number; `None` if a fraction remains.
fn scaled(whole: &str, fraction: &str, zeros: u32) -> Option<i128> {
    let fraction = fraction.trim_end_matches('0');
    let shift = zeros as usize;
    // The unit has fewer zeros than the fraction has digits: drop the excess, which is finer than the unit.
    let (digits_after, cut) = fraction.split_at(fraction.len().min(shift));
    if zeros == 0 && !cut.is_empty() {
        return None;
    }
    let digits = format!("{whole}{digits_after}{}", "0".repeat(shift - digits_after.len()));
    let digits = digits.trim_start_matches('0');
    if digits.len() > DIGITS_MAX {
        return Some(i128::MAX);
    }
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// Parses an exponent. R writes 100,000 as `1e+05` without loss; spreadsheets write `1.23E+06` with loss.
fn scientific(digits: &str, exponent: &str, is_spreadsheet: bool) -> Option<ParsedNumber> {
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
    Some(ParsedNumber { value, is_rounded: is_spreadsheet })
}

/// Returns the whole number of a float; a count has no fraction.
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
            absent!(visit_bool(bool));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests;
