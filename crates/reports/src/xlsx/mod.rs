//! XLSX: a summary with the sentences and their footnotes, a sheet with numbers and a native chart for each chart, a
//! sheet for each table, and the method.
//!
//! Numbers that are shown in full are numbers, rounded ones (`1.23M`) stay text, ids are text, and what is unknown is an
//! empty cell.

mod cells;

mod chart;

mod summary;

use crate::ReportError;
use cells::Formats;
use charts::report::{Footnotes, METHOD, Report, ReportTable};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, IgnoreError, Workbook, Worksheet};

/// Most sheets: a summary, the method, and one for each chart and table.
pub const SHEETS_MAX: usize = 250;

/// Most characters of a cell, in UTF-16 units.
pub const TEXT_MAX: usize = tables::XLSX_TEXT_MAX;

/// Widths of columns, in characters.
const WIDTH_MIN: f64 = 10.0;
const WIDTH_MAX: f64 = 48.0;

/// Names of sheets.
const SUMMARY: &str = "Summary";

/// First row of the numbers and cells of a sheet, below its title and a link back.
const HEADER_ROW: u32 = 3;

/// Writes a report as a workbook.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, ReportError> {
    report.check()?;
    let charts: usize = report.sections.iter().map(|section| section.charts.len()).sum();
    let tables: usize = report.sections.iter().map(|section| section.tables.len()).sum();
    let sheets = charts + tables + 2;
    if sheets > SHEETS_MAX {
        return Err(ReportError::Sheets(sheets));
    }
    let mut book = Workbook::new();
    book.set_properties(&properties(report)?);
    let formats = Formats::of(&report.brand);
    let footnotes = Footnotes::of(report);
    summary::write(book.add_worksheet().set_name(SUMMARY)?, report, &footnotes, &formats)?;
    let charts = report.sections.iter().flat_map(|section| &section.charts);
    for (number, one) in (1..).zip(charts) {
        let name = chart_sheet(number);
        chart::write(book.add_worksheet().set_name(&name)?, &name, one, &report.brand, &formats)?;
    }
    let tables = report.sections.iter().flat_map(|section| &section.tables);
    for (number, one) in (1..).zip(tables) {
        let sheet = book.add_worksheet().set_name(table_sheet(number))?;
        write_table(sheet, one, &footnotes.numbers(&one.footnotes), &formats)?;
    }
    if !report.method.is_empty() {
        write_method(book.add_worksheet().set_name(METHOD)?, report, &formats)?;
    }
    Ok(book.save_to_buffer()?)
}

fn chart_sheet(number: usize) -> String {
    format!("Chart {number}")
}

fn table_sheet(number: usize) -> String {
    format!("Table {number}")
}

fn properties(report: &Report) -> Result<DocProperties, ReportError> {
    let created = ExcelDateTime::from_timestamp(report.generated_at.as_seconds())?;
    let sender = report.brand.sender.trim();
    let author = if sender.is_empty() { "Tagmeter" } else { sender };
    Ok(DocProperties::new()
        .set_title(&report.title)
        .set_subject(&report.subtitle)
        .set_author(author)
        .set_creation_datetime(&created))
}

/// Writes the title of a sheet and a link back to the summary.
fn begin(sheet: &mut Worksheet, title: &str, subtitle: &str, formats: &Formats) -> Result<(), ReportError> {
    cells::text(sheet, (0, 0), title, &formats.bold)?;
    cells::text(sheet, (1, 0), subtitle, &formats.muted)?;
    sheet.write_url_with_text(2, 0, format!("internal:'{SUMMARY}'!A1").as_str(), "Back to the summary")?;
    Ok(())
}

fn write_table(
    sheet: &mut Worksheet,
    table: &ReportTable,
    footnotes: &[usize],
    formats: &Formats,
) -> Result<(), ReportError> {
    begin(sheet, &table.caption, &summary::markers(footnotes), formats)?;
    for (column, place) in table.columns.iter().zip(0_u16..) {
        let format = if column.is_number { &formats.number_header } else { &formats.header };
        cells::text(sheet, (HEADER_ROW, place), &column.name, format)?;
        let cells = table.rows.iter().filter_map(|row| row.get(usize::from(place)));
        let longest = cells.chain([&column.name]).map(|cell| cell.chars().count()).max().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "limited at once")]
        sheet.set_column_width(place, (longest as f64 + 2.0).clamp(WIDTH_MIN, WIDTH_MAX))?;
    }
    let mut last = HEADER_ROW;
    for (cells, row) in table.rows.iter().zip(HEADER_ROW + 1..) {
        for ((cell, column), place) in cells.iter().zip(&table.columns).zip(0_u16..) {
            if column.is_number {
                cells::number(sheet, (row, place), cell, formats)?;
            } else {
                cells::text(sheet, (row, place), cell, &formats.text)?;
            }
        }
        last = row;
    }
    sheet.set_freeze_panes(HEADER_ROW + 1, 0)?;
    sheet.set_repeat_rows(HEADER_ROW, HEADER_ROW)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    if let Some(last_column) =
        u16::try_from(table.columns.len()).ok().and_then(|columns| columns.checked_sub(1))
    {
        // Excel flags digits stored as text as errors; ids are not.
        sheet.ignore_error_range(HEADER_ROW, 0, last, last_column, IgnoreError::NumberStoredAsText)?;
    }
    Ok(())
}

fn write_method(sheet: &mut Worksheet, report: &Report, formats: &Formats) -> Result<(), ReportError> {
    begin(sheet, METHOD, "", formats)?;
    sheet.set_column_width(0, 28)?;
    sheet.set_column_width(1, 100)?;
    for ((term, text), row) in report.method.iter().zip(HEADER_ROW..) {
        cells::text(sheet, (row, 0), term, &formats.bold_top)?;
        cells::text(sheet, (row, 1), text, &formats.wrapped)?;
    }
    Ok(())
}
