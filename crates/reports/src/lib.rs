//! Writes a report as a file to send: HTML, PDF, a workbook with native charts, or a ZIP of pictures.
//!
//! [`write()`] takes the one document model, [`charts::report::Report`], and a [`Format`]; each format is the file of its
//! name. The same report is the same bytes: times come from the report, nothing is random. Only the fonts of the machine
//! make a difference, for characters outside Latin, Greek and Cyrillic, which the embedded font lacks. In a PDF, text
//! stays text.
//!
//! Deliberately absent: measuring, HTTP, the database, the clock.

mod error;

mod format;

mod pdf;

mod xlsx;

mod zip;

pub use error::ReportError;
pub use format::Format;
pub use pdf::PAGES_MAX;
pub use xlsx::{SHEETS_MAX, TEXT_MAX as XLSX_TEXT_MAX};
pub use zip::SCALE;

use charts::report::Report;

/// Writes a report in a format.
///
/// Uses one core for up to some seconds, and memory for the pictures: a server should call it off its event loop.
///
/// # Errors
///
/// [`ReportError`] if the report exceeds a limit, of its own or of the format, or a chart of it is invalid.
pub fn write(report: &Report, format: Format) -> Result<Vec<u8>, ReportError> {
    match format {
        Format::Html => Ok(charts::report::html(report)?.into_bytes()),
        Format::Pdf => pdf::write(report),
        Format::Xlsx => xlsx::write(report),
        Format::Zip => zip::write(report),
    }
}
