//! Cells: formats, and which formatted numbers become numbers again.

use crate::ReportError;
use crate::xlsx::TEXT_MAX;
use charts::report::{Brand, Colour};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet};

/// Cell formats.
pub(crate) struct Formats {
    pub(crate) title: Format,
    pub(crate) heading: Format,
    pub(crate) bold: Format,
    pub(crate) bold_top: Format,
    pub(crate) muted: Format,
    pub(crate) text: Format,
    pub(crate) wrapped: Format,
    pub(crate) header: Format,
    pub(crate) number_header: Format,
    pub(crate) time: Format,
    /// Whole numbers.
    pub(crate) value: Format,
    pub(crate) right: Format,
    /// Numbers with decimals.
    pub(crate) real: Format,
    integer: Format,
    share: Format,
}

/// Number format of times.
pub(crate) const TIME: &str = "yyyy-mm-dd hh:mm";

const MUTED: Color = Color::RGB(0x0059_636e);

impl Formats {
    pub(crate) fn of(brand: &Brand) -> Self {
        let colour = brand.colour.map_or(MUTED, color);
        let header =
            Format::new().set_bold().set_border_bottom(FormatBorder::Medium).set_border_bottom_color(colour);
        Self {
            title: Format::new().set_bold().set_font_size(18),
            heading: Format::new()
                .set_bold()
                .set_font_size(13)
                .set_border_bottom(FormatBorder::Medium)
                .set_border_bottom_color(colour),
            bold: Format::new().set_bold(),
            bold_top: Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap(),
            muted: Format::new().set_font_color(MUTED),
            text: Format::new().set_num_format("@"),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            number_header: header.clone().set_align(FormatAlign::Right),
            header,
            time: Format::new().set_num_format(TIME),
            value: Format::new().set_num_format("#,##0"),
            right: Format::new().set_align(FormatAlign::Right),
            integer: Format::new().set_num_format("#,##0"),
            share: Format::new().set_num_format("0.0##%"),
            real: Format::new(),
        }
    }
}

/// Returns a colour as the library has it.
pub(crate) fn color(colour: Colour) -> Color {
    let [red, green, blue] = colour.rgb;
    Color::RGB(u32::from_be_bytes([0, red, green, blue]))
}

/// Writes a text. What a spreadsheet would take for a formula, if someone edited the cell, is marked as text.
///
/// # Errors
///
/// [`ReportError::CellText`] if it is longer than a cell.
pub(crate) fn text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), ReportError> {
    if text.is_empty() {
        return Ok(());
    }
    // A character has at least one byte, so most texts need no counting.
    if text.len() > TEXT_MAX && text.encode_utf16().count() > TEXT_MAX {
        return Err(ReportError::CellText(text.chars().take(60).collect()));
    }
    if tables::is_like_formula(text) {
        sheet.write_string_with_format(row, column, text, &format.clone().set_quote_prefix())?;
    } else {
        sheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

/// Writes a formatted number: as a number if it is shown in full, else as text at the right; nothing if it is unknown.
pub(crate) fn number(
    sheet: &mut Worksheet,
    at: (u32, u16),
    shown: &str,
    formats: &Formats,
) -> Result<(), ReportError> {
    match Number::parse(shown) {
        Number::Unknown => {}
        Number::Integer(number) => {
            sheet.write_number_with_format(at.0, at.1, number, &formats.integer)?;
        }
        Number::Share(number) => {
            sheet.write_number_with_format(at.0, at.1, number, &formats.share)?;
        }
        Number::Real(number) => {
            sheet.write_number_with_format(at.0, at.1, number, &formats.real)?;
        }
        Number::Text => text(sheet, at, shown, &formats.right)?,
    }
    Ok(())
}

/// A formatted number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    /// A dash, or nothing.
    Unknown,
    /// `1,234,567`
    Integer(f64),
    /// `12.3 %`, as 0.123.
    Share(f64),
    /// `0.42`
    Real(f64),
    /// A rounded number such as `~1,200` or `1.2M`, or no number.
    Text,
}

/// Digits that a number in a cell keeps.
const DIGITS_MAX: usize = 15;

impl Number {
    fn parse(shown: &str) -> Self {
        let shown = shown.trim();
        if ["", "-", "–", "—"].contains(&shown) {
            return Self::Unknown;
        }
        let (digits, is_share) = match shown.strip_suffix('%') {
            Some(digits) => (digits.trim_end_matches([' ', '\u{a0}', '\u{202f}']), true),
            None => (shown, false),
        };
        let Some(number) = plain(digits) else { return Self::Text };
        match (is_share, digits.contains('.')) {
            (true, _) => Self::Share(number / 100.0),
            (false, true) => Self::Real(number),
            (false, false) => Self::Integer(number),
        }
    }
}

/// Parses `-1,234.5`: digits with a separator at each thousand or at none.
fn plain(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_grouped = is_digits(first)
        && (!whole.contains(',') || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && is_digits(group));
    let digits = whole.replace(',', "");
    let is_short = digits.len() + decimals.map_or(0, str::len) <= DIGITS_MAX;
    if !is_grouped || !is_short || !decimals.is_none_or(is_digits) {
        return None;
    }
    format!("{sign}{digits}.{}", decimals.unwrap_or("0")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_shown_in_full_are_numbers() {
        for (shown, want) in [
            ("1,234,567", Number::Integer(1_234_567.0)),
            ("999", Number::Integer(999.0)),
            ("−12", Number::Integer(-12.0)),
            ("12.3 %", Number::Share(0.123)),
            ("+0.5 %", Number::Share(0.005)),
            ("0.42", Number::Real(0.42)),
            ("–", Number::Unknown),
            ("", Number::Unknown),
        ] {
            match (Number::parse(shown), want) {
                (Number::Share(got), Number::Share(want)) => assert!((got - want).abs() < 1e-12, "{shown}"),
                (got, want) => assert_eq!(got, want, "{shown}"),
            }
        }
        for shown in ["~1,200", "1.23M", "1,23", "12,3456", "7300000000000000001", "1e9", "n/a", "1.2.3", "%"]
        {
            assert_eq!(Number::parse(shown), Number::Text, "{shown}");
        }
    }
}
