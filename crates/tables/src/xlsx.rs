//! XLSX: a sheet `data` with the rows, one for each further table, and a sheet `about` with the meta data.
//!
//! Finished rows wait in a temporary file, so memory does not grow with them. Ids are text. Excel keeps 15 digits of a
//! number, so an integer of more is written as text rather than rounded. Dates are numbers there, from 1900 to 9999 and
//! wrong before March 1900; times outside of that are written as text. Text stays as it is and is marked where Excel
//! would take it for a formula if someone edited the cell.

use crate::column::Columns;
use crate::csv::is_like_formula;
use crate::writer::Meta;
use crate::{Column, Kind, Options, Table, TableError, Value};
use domain::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, IgnoreError, Workbook, Worksheet, XlsxError};
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most rows of an XLSX sheet, without the header.
pub const ROWS_MAX: u64 = 1_048_575;

/// Most characters of an XLSX cell, in UTF-16 units.
pub const TEXT_MAX: usize = 32_767;

/// Largest absolute integer that is a number in XLSX: 15 digits. Larger ones are text.
pub const INTEGER_MAX: i64 = 999_999_999_999_999;

/// Excel's day number of 1970-01-01.
const DAY_1970: f64 = 25_569.0;

/// 1900-03-01, before which Excel counts a day that never existed, to 10000-01-01.
const DATES_MS: std::ops::Range<i64> = -2_203_891_200_000..253_402_300_800_000;

/// Compression level, 1 to 9. The default 6 makes files a tenth smaller and takes nearly twice as long.
const ZIP_LEVEL: u8 = 3;

const DATE_FORMAT: &str = "yyyy-mm-dd hh:mm:ss";
const DATE_FORMAT_MS: &str = "yyyy-mm-dd hh:mm:ss.000";
const INTEGER_FORMAT: &str = "0";
const TEXT_FORMAT: &str = "@";

const DATA: &str = "data";
const ABOUT: &str = "about";

/// Column widths of `about`, in characters.
const ABOUT_WIDTHS: [f64; 2] = [24.0, 80.0];

/// Formats of single cells; others come from their column.
struct Formats {
    bold: Format,
    text: Format,
    formula_like: Format,
    time_ms: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            bold: Format::new().set_bold(),
            text: Format::new().set_num_format(TEXT_FORMAT),
            formula_like: Format::new().set_quote_prefix(),
            time_ms: Format::new().set_num_format(DATE_FORMAT_MS),
        }
    }
}

/// Remarks for the sheet `about`.
#[derive(Default)]
struct Notes {
    has_long_integers: bool,
    has_far_times: bool,
}

/// Writes rows as a workbook.
pub(crate) struct XlsxWriter<W: Write + Send> {
    out: W,
    /// `None` after a failed write.
    book: Option<Workbook>,
    formats: Formats,
    notes: Notes,
    rows: u32,
}

impl<W: Write + Send> XlsxWriter<W> {
    pub(crate) fn begin(out: W, columns: &Columns, options: &Options) -> io::Result<Self> {
        let formats = Formats::new();
        let book = guarded(|| new_book(columns.as_slice(), &formats, options))?;
        Ok(Self { out, book: Some(book), formats, notes: Notes::default(), rows: 0 })
    }

    pub(crate) fn row(&mut self, columns: &Columns, values: &[Value<'_>]) -> io::Result<()> {
        if u64::from(self.rows) >= ROWS_MAX {
            return Err(TableError::TooManyRows.into());
        }
        let columns = columns.as_slice();
        check_texts(columns, values, u64::from(self.rows) + 1)?;
        let mut book = self.book.take().ok_or_else(already_failed)?;
        let row = self.rows + 1;
        guarded(|| {
            let sheet = book.worksheet_from_index(0)?;
            for (value, column) in values.iter().zip(0_u16..) {
                write_cell(sheet, (row, column), value, &self.formats, &mut self.notes)?;
            }
            Ok(())
        })?;
        (self.book, self.rows) = (Some(book), row);
        Ok(())
    }

    /// Writes the further tables to sheets of their own, and the metadata.
    pub(crate) fn finish(
        mut self,
        columns: &Columns,
        others: &[(&str, Table<'_>)],
        meta: &Meta,
    ) -> io::Result<W> {
        for (_, table) in others {
            for (row, number) in table.rows().iter().zip(1..) {
                check_texts(table.columns(), row, number)?;
            }
        }
        let mut book = self.book.take().ok_or_else(already_failed)?;
        let mut out = BufWriter::new(self.out);
        guarded(|| {
            keep_ids_as_they_are(book.worksheet_from_index(0)?, columns.as_slice(), self.rows)?;
            for (name, table) in others {
                write_table(book.add_worksheet().set_name(*name)?, table, &self.formats, &mut self.notes)?;
            }
            let all = columns.as_slice().iter().chain(others.iter().flat_map(|(_, table)| table.columns()));
            let has_times = all.into_iter().any(|column| column.kind == Kind::Time);
            let about = book.add_worksheet().set_name(ABOUT)?;
            write_about(about, meta, &notes(&self.notes, has_times), &self.formats)?;
            book.save_to_writer(&mut out)
        })?;
        Ok(out.into_inner()?)
    }
}

/// Runs workbook writes. The library panics if its temporary file cannot be written, for example on a full
/// disk; callers get an error instead.
fn guarded<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(XlsxError::IoError(error))) => Err(error),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::Error::other("the temporary file of an XLSX export could not be written")),
    }
}

fn already_failed() -> io::Error {
    io::Error::other("writing this XLSX export has failed before")
}

fn new_book(columns: &[Column], formats: &Formats, options: &Options) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    book.set_zip_compression_level(ZIP_LEVEL);
    // Default time of compressed files.
    let created = match options.created {
        Some(at) => ExcelDateTime::from_timestamp(at.as_seconds())?,
        None => ExcelDateTime::from_ymd(1980, 1, 1)?,
    };
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    if let Some(folder) = &options.temporary_folder {
        book.set_tempdir(folder)?;
    }
    begin_sheet(book.add_worksheet_with_constant_memory()?.set_name(DATA)?, columns, formats)?;
    Ok(book)
}

fn begin_sheet(sheet: &mut Worksheet, columns: &[Column], formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    for (column, place) in columns.iter().zip(0_u16..) {
        let (width, format) = look(column.kind);
        #[expect(clippy::cast_precision_loss, reason = "names are short")]
        sheet.set_column_width(place, width.max(column.name.chars().count() as f64 + 2.0))?;
        if let Some(format) = format {
            sheet.set_column_format(place, &Format::new().set_num_format(format))?;
        }
        sheet.write_string_with_format(0, place, column.name, &formats.bold)?;
    }
    Ok(())
}

fn write_table(
    sheet: &mut Worksheet,
    table: &Table<'_>,
    formats: &Formats,
    notes: &mut Notes,
) -> Result<(), XlsxError> {
    begin_sheet(sheet, table.columns(), formats)?;
    let mut rows = 0;
    for (row, place) in table.rows().iter().zip(1_u32..) {
        for (value, column) in row.iter().zip(0_u16..) {
            write_cell(sheet, (place, column), value, formats, notes)?;
        }
        rows = place;
    }
    keep_ids_as_they_are(sheet, table.columns(), rows)
}

/// Returns the width in characters and the number format of a column.
const fn look(kind: Kind) -> (f64, Option<&'static str>) {
    match kind {
        Kind::Text => (28.0, None),
        Kind::Id => (22.0, Some(TEXT_FORMAT)),
        Kind::Integer => (16.0, Some(INTEGER_FORMAT)),
        Kind::Real => (14.0, None),
        Kind::Flag => (8.0, None),
        Kind::Time => (20.0, Some(DATE_FORMAT)),
    }
}

fn check_texts(columns: &[Column], values: &[Value<'_>], row: u64) -> Result<(), TableError> {
    for (column, value) in columns.iter().zip(values) {
        // A character has at least one byte, so most texts need no counting.
        if let Value::Text(text) | Value::Id(text) = value
            && text.len() > TEXT_MAX
            && text.encode_utf16().count() > TEXT_MAX
        {
            return Err(TableError::TextTooLong { column: column.name, row });
        }
    }
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value<'_>,
    formats: &Formats,
    notes: &mut Notes,
) -> Result<(), XlsxError> {
    match value {
        Value::Text(text) if is_like_formula(text) => {
            sheet.write_string_with_format(row, column, text.as_ref(), &formats.formula_like)?;
        }
        Value::Text(text) | Value::Id(text) => {
            sheet.write_string(row, column, text.as_ref())?;
        }
        #[expect(clippy::cast_precision_loss, reason = "15 digits are exact")]
        Value::Integer(number) if number.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => {
            sheet.write_number(row, column, *number as f64)?;
        }
        Value::Integer(number) => {
            notes.has_long_integers = true;
            sheet.write_string_with_format(row, column, number.to_string(), &formats.text)?;
        }
        Value::Real(number) => {
            sheet.write_number(row, column, *number)?;
        }
        Value::Flag(flag) => {
            sheet.write_boolean(row, column, *flag)?;
        }
        Value::Time(at) => match serial(*at) {
            Some(serial) if at.as_ms() % 1000 == 0 => {
                sheet.write_number(row, column, serial)?;
            }
            Some(serial) => {
                sheet.write_number_with_format(row, column, serial, &formats.time_ms)?;
            }
            None => {
                notes.has_far_times = true;
                sheet.write_string_with_format(row, column, at.to_rfc3339(), &formats.text)?;
            }
        },
        Value::Absent => {}
    }
    Ok(())
}

/// Returns Excel's number for a time: days since 1899-12-30, UTC, exact to less than a millisecond.
fn serial(at: Timestamp) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 within DATES_MS")]
    DATES_MS.contains(&at.as_ms()).then(|| DAY_1970 + at.as_ms() as f64 / 86_400_000.0)
}

/// Excel flags digits stored as text as errors; ids are not.
fn keep_ids_as_they_are(sheet: &mut Worksheet, columns: &[Column], rows: u32) -> Result<(), XlsxError> {
    for (column, place) in columns.iter().zip(0_u16..) {
        if matches!(column.kind, Kind::Id | Kind::Integer) {
            sheet.ignore_error_range(0, place, rows, place, IgnoreError::NumberStoredAsText)?;
        }
    }
    Ok(())
}

fn notes(notes: &Notes, has_times: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if has_times {
        lines.push("Times are in UTC.".to_owned());
    }
    if notes.has_long_integers {
        lines.push(format!("Integers beyond {INTEGER_MAX} are text: Excel would round them."));
    }
    if notes.has_far_times {
        lines
            .push("Times before March 1900 and after 9999 are text: Excel has no dates for them.".to_owned());
    }
    lines
}

fn write_about(
    sheet: &mut Worksheet,
    meta: &Meta,
    notes: &[String],
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (width, place) in ABOUT_WIDTHS.into_iter().zip(0_u16..) {
        sheet.set_column_width(place, width)?;
    }
    let meta = meta.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let notes = notes.iter().map(|note| ("note", note.as_str()));
    for ((key, value), row) in meta.chain(notes).zip(0_u32..) {
        sheet.write_string_with_format(row, 0, key, &formats.bold)?;
        sheet.write_string(row, 1, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        let message = guarded::<()>(|| panic!("no space left")).map_err(|error| error.to_string());
        assert_eq!(message, Err("the temporary file of an XLSX export could not be written".to_owned()));
        assert_eq!(guarded(|| Ok(1)).ok(), Some(1));
    }

    #[test]
    fn a_workbook_that_failed_is_not_written_to_again() {
        let columns = Columns::new(&[Column::new("id", Kind::Id)]).unwrap();
        let begin = || XlsxWriter {
            book: None,
            ..XlsxWriter::begin(Vec::new(), &columns, &Options::default()).unwrap()
        };
        let message = begin().row(&columns, &[Value::id(1)]).unwrap_err().to_string();
        assert_eq!(message, "writing this XLSX export has failed before");
        assert!(begin().finish(&columns, &[], &[]).is_err());
    }

    #[test]
    fn days_are_those_of_excel() {
        let serial = |text: &str| serial(Timestamp::parse(text).unwrap());
        assert_eq!(serial("1900-03-01"), Some(61.0));
        assert_eq!(serial("1970-01-01"), Some(25_569.0));
        assert_eq!(serial("2026-06-09T18:00:00Z"), Some(46_182.75));
        assert_eq!(serial("1900-02-28T23:59:59Z"), None);
    }
}
