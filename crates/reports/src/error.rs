//! Why a report cannot be written.

use crate::{PAGES_MAX, SHEETS_MAX, XLSX_TEXT_MAX};
use charts::ChartError;
use rust_xlsxwriter::XlsxError;

/// Why a report cannot be written, and what would be valid.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A limit of the report, or an invalid chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// More than [`PAGES_MAX`].
    #[error("the report has more than {PAGES_MAX} pages: leave out hashtags, or write HTML")]
    Pages,
    /// More than [`SHEETS_MAX`].
    #[error(
        "the workbook would have {0} sheets, one for each chart and table: at most {SHEETS_MAX} are allowed, so leave out hashtags"
    )]
    Sheets(usize),
    /// A text longer than [`XLSX_TEXT_MAX`].
    #[error("a text of the report is longer than the {XLSX_TEXT_MAX} characters of a cell: {0}...")]
    CellText(String),
    /// The PDF could not be written.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] XlsxError),
    /// The archive could not be written.
    #[error("the archive could not be written: {0}")]
    Archive(#[from] ::zip::result::ZipError),
}
