//! Reads a sheet row by row. Only cells with a value are returned, and one row is in memory.

use super::cell::{Shown, push_number};
use super::package::{Broken, Package, Xml, attribute, attributes, push_reference, unescaped};
use super::strings::{SharedText, Strings, unescaped_units};
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;
use std::ops::Range;

/// Most columns of a sheet: the last is XFD.
pub(super) const COLUMNS_MAX: u32 = 16_384;

/// Most rows of a sheet.
const ROWS_MAX: u32 = 1_048_576;

/// Most bytes of the texts of a row. More is a mistake or an attack.
const ROW_BYTES_MAX: usize = 8 << 20;

/// Most cell formats: Excel has at most 65,490.
const STYLES_MAX: usize = 1 << 16;

/// The cells with a value of a row, in column order.
#[derive(Debug, Default, Clone)]
pub(super) struct SheetRow {
    /// Row number as spreadsheet programs show it, from 1.
    pub(super) number: u32,
    text: String,
    cells: Vec<(u32, Range<usize>)>,
}

impl SheetRow {
    fn clear(&mut self, number: u32) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }

    /// Iterates over columns and texts.
    pub(super) fn cells(&self) -> impl Iterator<Item = (u32, &str)> {
        self.cells.iter().map(|(column, range)| (*column, &self.text[range.clone()]))
    }

    /// Returns the number of cells with a value.
    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns the bytes of its texts.
    pub(super) const fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds a cell whose text begins at `start` of the row's text, in column order.
    pub(super) fn push(&mut self, column: u32, start: usize) {
        let range = start..self.text.len();
        if self.text[range.clone()].trim().is_empty() {
            self.text.truncate(start);
            return;
        }
        match self.cells.last() {
            Some((last, _)) if *last >= column => {
                let place = self.cells.partition_point(|(known, _)| *known < column);
                match self.cells.get(place) {
                    // Of two cells in one place, the first wins.
                    Some((known, _)) if *known == column => self.text.truncate(start),
                    _ => self.cells.insert(place, (column, range)),
                }
            }
            _ => self.cells.push((column, range)),
        }
    }
}

/// Display formats of cells, by style number.
pub(super) struct Styles {
    shown: Vec<Shown>,
    /// True if days are counted from 1904.
    pub(super) from_1904: bool,
}

impl Styles {
    /// Parses the part with the styles.
    pub(super) fn read(package: &Package<'_>, part: Option<&str>, from_1904: bool) -> Result<Self, Broken> {
        let mut styles = Self { shown: Vec::new(), from_1904 };
        let Some(part) = part else { return Ok(styles) };
        let mut xml = package.xml(part)?;
        let mut codes: HashMap<u32, Shown> = HashMap::new();
        let mut is_of_cells = false;
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmt" if codes.len() < STYLES_MAX => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                        if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")) {
                            codes.insert(id, Shown::of_code(&unescaped(code)));
                        }
                    }
                    "cellXfs" => is_of_cells = true,
                    "xf" if is_of_cells && styles.shown.len() < STYLES_MAX => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        styles.shown.push(codes.get(&id).copied().unwrap_or(Shown::built_in(id)));
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => is_of_cells = false,
                Event::Eof => return Ok(styles),
                _ => {}
            }
        }
    }

    fn shown(&self, style: Option<&str>) -> Shown {
        let number = style.and_then(|style| style.parse::<usize>().ok()).unwrap_or(0);
        self.shown.get(number).copied().unwrap_or(Shown::Number)
    }
}

/// The rows of a sheet.
pub(super) struct Sheet<'p> {
    xml: Xml<'p>,
    /// Number of the next row, if it does not state one.
    next: u32,
    /// Cells with a formula whose result is not stored.
    pub(super) without_result: u64,
}

/// Attributes of a cell, known before its value.
struct Cell {
    column: u32,
    kind: Kind,
    shown: Shown,
}

/// The type of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    /// Index of a shared text.
    Shared,
    /// An inline text.
    Inline,
    /// The text result of a formula, or a day in ISO 8601.
    Text,
    Flag,
    /// `#N/A` and others: no value.
    Error,
}

impl Cell {
    fn of(tag: &BytesStart<'_>, styles: &Styles, next: u32) -> Result<Self, Broken> {
        let (mut column, mut kind, mut style) = (next, Kind::Number, None);
        for (key, value) in attributes(tag) {
            match key {
                "r" => column = column_of(value).ok_or_else(|| format!("there is no cell {value:?}"))?,
                "t" => {
                    kind = match value {
                        "s" => Kind::Shared,
                        "inlineStr" | "is" => Kind::Inline,
                        "str" | "d" => Kind::Text,
                        "b" => Kind::Flag,
                        "e" => Kind::Error,
                        _ => Kind::Number,
                    }
                }
                "s" => style = Some(value),
                _ => {}
            }
        }
        if column >= COLUMNS_MAX {
            return Err(Broken(format!("a cell beyond the last column ({COLUMNS_MAX})")));
        }
        Ok(Self { column, kind, shown: styles.shown(style) })
    }
}

/// Returns the column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0, |number, letter| number * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

impl<'p> Sheet<'p> {
    /// Opens a sheet.
    pub(super) fn open(package: &'p Package<'_>, part: &str) -> Result<Self, Broken> {
        Ok(Self { xml: package.xml(part)?, next: 1, without_result: 0 })
    }

    /// Reads the next row with a value. Returns false at the end of the sheet.
    pub(super) fn next(
        &mut self,
        row: &mut SheetRow,
        strings: &mut Strings,
        styles: &Styles,
    ) -> Result<bool, Broken> {
        loop {
            let number = match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                    let stated = attribute(&tag, "r").and_then(|number| number.parse().ok());
                    stated.unwrap_or(self.next)
                }
                Event::End(tag) if tag.local_name().as_ref() == "sheetData" => return Ok(false),
                Event::Eof => return Err(Broken("a sheet ends before its end".to_owned())),
                _ => continue,
            };
            if number == 0 || number > ROWS_MAX {
                return Err(Broken(format!("there is no row {number}")));
            }
            self.next = number + 1;
            row.clear(number);
            self.row(row, strings, styles)?;
            if row.len() > 0 {
                return Ok(true);
            }
        }
    }

    /// Reads the rest of the part, to check that the sheet is complete.
    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        self.xml.finish()
    }

    fn row(&mut self, row: &mut SheetRow, strings: &mut Strings, styles: &Styles) -> Result<(), Broken> {
        let mut next = 0;
        loop {
            let cell = match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "c" => Cell::of(&tag, styles, next)?,
                Event::End(tag) if tag.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(Broken("a sheet ends before its end".to_owned())),
                _ => continue,
            };
            next = cell.column + 1;
            let start = row.text.len();
            self.value(&cell, &mut row.text, strings, styles.from_1904)?;
            if row.text.len() > ROW_BYTES_MAX {
                return Err(Broken(format!("row {} is longer than {ROW_BYTES_MAX} bytes", row.number)));
            }
            row.push(cell.column, start);
        }
    }

    /// Adds the value of a cell, up to its end tag.
    fn value(
        &mut self,
        cell: &Cell,
        text: &mut String,
        strings: &mut Strings,
        from_1904: bool,
    ) -> Result<(), Broken> {
        let start = text.len();
        let (mut is_value, mut has_formula, mut rich) = (false, false, SharedText::default());
        loop {
            let is_wanted = if cell.kind == Kind::Inline { rich.is_wanted() } else { is_value };
            match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" => is_value = true,
                    "f" => has_formula = true,
                    name => rich.start(name),
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "v" => is_value = false,
                    "c" => break,
                    name => rich.end(name),
                },
                Event::Text(piece) if is_wanted => text.push_str(&piece.xml10_content()),
                Event::CData(piece) if is_wanted => text.push_str(&piece.xml10_content()),
                Event::GeneralRef(piece) if is_wanted => push_reference(&piece, text),
                Event::Eof => return Err(Broken("a sheet ends before its end".to_owned())),
                _ => {}
            }
            if text.len() - start > super::TEXT_BYTES_MAX {
                return Err(Broken(format!("a cell is longer than {} bytes", super::TEXT_BYTES_MAX)));
            }
        }
        let raw = text.split_off(start);
        self.without_result += u64::from(has_formula && raw.is_empty());
        match cell.kind {
            Kind::Number => push_number(&raw, cell.shown, from_1904, text),
            Kind::Shared if raw.is_empty() => {}
            Kind::Shared => {
                let number = raw.trim().parse().map_err(|_| format!("a cell names the text {raw:?}"))?;
                strings.push(number, text)?;
            }
            Kind::Inline | Kind::Text => text.push_str(&unescaped_units(&raw)),
            Kind::Flag => text.push_str(match raw.trim() {
                "1" | "true" | "TRUE" => "true",
                "0" | "false" | "FALSE" => "false",
                other => other,
            }),
            Kind::Error => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_letters() {
        for (reference, want) in [
            ("A1", Some(0)),
            ("z9", Some(25)),
            ("AA1", Some(26)),
            ("XFD1048576", Some(16_383)),
            ("12", None),
            ("", None),
        ] {
            assert_eq!(column_of(reference), want, "{reference}");
        }
        assert!(column_of("ZZZZZZZZZZ1").is_some_and(|column| column >= COLUMNS_MAX));
    }

    #[test]
    fn cells_are_retained_in_the_order_of_their_columns() {
        let mut row = SheetRow::default();
        for (column, text) in [(3, "d"), (1, "b"), (2, " "), (3, "again"), (7, "h")] {
            let start = row.text.len();
            row.text.push_str(text);
            row.push(column, start);
        }
        assert_eq!(row.cells().collect::<Vec<_>>(), [(1, "b"), (3, "d"), (7, "h")]);
    }
}
