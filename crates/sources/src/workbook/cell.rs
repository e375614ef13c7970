//! Formats the number in a cell: digits as stored in the file, dates and times by the format of the cell.

use std::borrow::Cow;
use std::fmt::Write;

/// Below this, doubles represent all integers exactly.
const EXACT_DOUBLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Significant digits that Excel stores.
const EXCEL_DIGITS: usize = 15;

/// 1970-01-01 as an Excel day number, from 1900 and from 1904.
const DAYS_TO_1970_FROM_1900: i64 = 25_569;
const DAYS_TO_1970_FROM_1904: i64 = 24_107;

/// 1900-02-29, a day that only Excel knows. Earlier day numbers are one too low.
const NO_DAY: f64 = 60.0;

/// The first day that Excel cannot show: 10000-01-01.
const DAYS_END: f64 = 2_958_466.0;

/// Display format of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Number,
    /// A day, without a time.
    Day,
    /// A day with a time, or a time of the day.
    Time,
    /// A duration.
    Span,
}

impl Shown {
    /// Returns the display of a built-in format.
    pub(super) const fn built_in(id: u32) -> Self {
        match id {
            14..=17 | 27..=31 | 34..=36 | 50..=54 | 56..=58 => Self::Day,
            18..=22 | 32 | 33 | 55 => Self::Time,
            45..=47 => Self::Span,
            _ => Self::Number,
        }
    }

    /// Returns the display of a format code, such as `yyyy-mm-dd hh:mm` or `#,##0`.
    pub(super) fn of_code(code: &str) -> Self {
        if code.eq_ignore_ascii_case("general") || code.eq_ignore_ascii_case("standard") {
            return Self::Number;
        }
        let (mut has_day, mut has_time) = (false, false);
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character.to_ascii_lowercase() {
                // A quoted text, or an escaped character.
                '"' => while characters.next().is_some_and(|next| next != '"') {},
                '\\' | '_' | '*' => {
                    characters.next();
                }
                '[' => {
                    let inside: String = characters.by_ref().take_while(|next| *next != ']').collect();
                    let is_span = |unit: char| {
                        !inside.is_empty() && inside.chars().all(|c| c.eq_ignore_ascii_case(&unit))
                    };
                    if ['h', 'm', 's'].into_iter().any(is_span) {
                        return Self::Span;
                    }
                }
                // The following sections are for negative numbers and texts.
                ';' => break,
                'y' | 'd' => has_day = true,
                'h' | 's' => has_time = true,
                _ => {}
            }
        }
        match (has_day, has_time) {
            (_, true) => Self::Time,
            (true, false) => Self::Day,
            // `m` alone is months or minutes; localised formats contain the letter, too.
            (false, false) if code.split(';').next().is_some_and(is_months) => Self::Day,
            (false, false) => Self::Number,
        }
    }
}

fn is_months(section: &str) -> bool {
    let bare = section.trim_end_matches(['@', ';']);
    !bare.is_empty()
        && bare.bytes().all(|byte| matches!(byte, b'm' | b'M' | b' ' | b'-' | b'/' | b'.'))
        && bare.bytes().any(|byte| byte.eq_ignore_ascii_case(&b'm'))
}

/// Writes a number as stored. Whole numbers are digits; ids that a program rounded keep or get an exponent,
/// so that their last digits are not mistaken for real ones.
pub(super) fn push_number(raw: &str, shown: Shown, from_1904: bool, text: &mut String) {
    let raw = raw.trim();
    let Ok(number) = raw.parse::<f64>() else { return text.push_str(raw) };
    match shown {
        Shown::Number => text.push_str(&digits(raw, number)),
        Shown::Span => push_span(number, text),
        Shown::Day | Shown::Time => {
            if !push_time(number, shown, from_1904, text) {
                text.push_str(&digits(raw, number));
            }
        }
    }
}

fn digits(raw: &str, number: f64) -> Cow<'_, str> {
    if !number.is_finite() {
        return "".into();
    }
    let is_whole = number.fract() == 0.0;
    if number.abs() < EXACT_DOUBLE_MAX && is_whole {
        return format!("{number:.0}").into();
    }
    if !is_whole {
        return number.to_string().into();
    }
    let is_digits = raw.bytes().skip(usize::from(raw.starts_with('-'))).all(|byte| byte.is_ascii_digit());
    // Excel stores 15 digits, other programs the double: in its shortest form, or with all digits.
    let is_rounded = !is_digits
        || raw.trim_end_matches('0').len() <= EXCEL_DIGITS
        || number.to_string() == raw
        || format!("{number:.0}") == raw;
    if is_rounded { format!("{number:e}").into() } else { raw.into() }
}

/// Writes hours, minutes and seconds.
fn push_span(days: f64, text: &mut String) {
    if !(0.0..DAYS_END).contains(&days) {
        return text.push_str(&days.to_string());
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let ms = (days * 86_400_000.0).round() as i64;
    push_clock(ms, text);
}

fn push_clock(ms: i64, text: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{:02}:{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    if ms % 1000 != 0 {
        let _ = write!(text, ".{:03}", ms % 1000);
    }
}

/// Writes a day or a time, without a zone, which workbooks do not have. Returns false for an invalid day.
fn push_time(days: f64, shown: Shown, from_1904: bool, text: &mut String) -> bool {
    if !(0.0..DAYS_END).contains(&days) {
        return false;
    }
    if shown == Shown::Time && days < 1.0 {
        push_span(days, text);
        return true;
    }
    let days = if !from_1904 && days < NO_DAY { days + 1.0 } else { days };
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let ms = (days * 86_400_000.0).round() as i64;
    let since = ms - 86_400_000 * if from_1904 { DAYS_TO_1970_FROM_1904 } else { DAYS_TO_1970_FROM_1900 };
    push_moment(since, shown == Shown::Time || since.rem_euclid(86_400_000) != 0, false, text);
    true
}

/// Writes a moment: the day and, if wanted, the time, with `Z` if it is known to be UTC.
pub(crate) fn push_moment(ms: i64, has_time: bool, is_utc: bool, text: &mut String) {
    let whole = domain::Timestamp::from_ms(ms).to_rfc3339();
    let end = match (has_time, is_utc) {
        (false, _) => whole.find('T').unwrap_or(whole.len()),
        (true, false) => whole.len() - 1,
        (true, true) => whole.len(),
    };
    text.push_str(&whole[..end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(raw: &str) -> String {
        shown(raw, Shown::Number, false)
    }

    fn shown(raw: &str, shown: Shown, from_1904: bool) -> String {
        let mut text = String::new();
        push_number(raw, shown, from_1904, &mut text);
        text
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        for (raw, want) in [
            ("17", "17"),
            ("17.0", "17"),
            ("1.7E1", "17"),
            ("-3", "-3"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1E-7", "0.0000001"),
            ("4400000", "4400000"),
            ("9007199254740993", "9007199254740993"),
            // Written in full by openpyxl and pandas.
            ("7476450316014498872", "7476450316014498872"),
            ("18446744073709551615", "18446744073709551615"),
            // Rounded: by Excel, by a double, by Excel and written in full.
            ("7.47645031601449E+18", "7.47645031601449e18"),
            ("7476450316014498816", "7.476450316014499e18"),
            ("7476450316014499000", "7.476450316014499e18"),
            ("7476450316014490000", "7.47645031601449e18"),
            ("1e999", ""),
            ("cat", "cat"),
        ] {
            assert_eq!(number(raw), want, "{raw}");
        }
    }

    #[test]
    fn days_are_counted_from_1900_or_1904() {
        assert_eq!(shown("45352", Shown::Day, false), "2024-03-01");
        assert_eq!(shown("43890", Shown::Day, true), "2024-03-01");
        assert_eq!(shown("45352.5", Shown::Time, false), "2024-03-01T12:00:00");
        assert_eq!(shown("45352", Shown::Time, false), "2024-03-01T00:00:00");
        assert_eq!(shown("45352.25", Shown::Day, false), "2024-03-01T06:00:00");
        assert_eq!(shown("45352.000011574", Shown::Time, false), "2024-03-01T00:00:01");
        assert_eq!(shown("1", Shown::Day, false), "1900-01-01");
        assert_eq!(shown("61", Shown::Day, false), "1900-03-01");
        assert_eq!(shown("0", Shown::Day, true), "1904-01-01");
        assert_eq!(shown("0.5", Shown::Time, false), "12:00:00");
        assert_eq!(shown("3000000", Shown::Day, false), "3000000");
        assert_eq!(shown("-1", Shown::Day, false), "-1");
    }

    #[test]
    fn lengths_of_time_are_hours_minutes_and_seconds() {
        assert_eq!(shown("0.000358796296", Shown::Span, false), "00:00:31");
        assert_eq!(shown("1.5", Shown::Span, false), "36:00:00");
    }

    #[test]
    fn formats_are_recognised_by_their_code() {
        for (code, want) in [
            ("General", Shown::Number),
            ("Standard", Shown::Number),
            ("#,##0", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("\"days\" 0", Shown::Number),
            ("[Red]0;[Blue]-0", Shown::Number),
            ("#,##0\\ [$\u{20bd}-419]", Shown::Number),
            ("0.0,,\\M", Shown::Number),
            ("_-* #,##0.00\\ _s_-", Shown::Number),
            ("yyyy-mm-dd", Shown::Day),
            ("[$-407]d. mmmm yyyy;@", Shown::Day),
            ("mmm-yy", Shown::Day),
            ("mmmm", Shown::Day),
            ("yyyy-mm-dd hh:mm:ss", Shown::Time),
            ("h:mm AM/PM", Shown::Time),
            ("[h]:mm:ss", Shown::Span),
            ("[mm]:ss", Shown::Span),
        ] {
            assert_eq!(Shown::of_code(code), want, "{code}");
        }
        assert_eq!(
            [14, 22, 45, 3].map(Shown::built_in),
            [Shown::Day, Shown::Time, Shown::Span, Shown::Number]
        );
    }
}
