//! A report: charts, tables and the method as one HTML page, to share or print.
//!
//! The page is self-contained: it has no scripts and loads nothing, which its content policy enforces. On screen it
//! follows the system's light or dark mode; on paper it is light.

mod brand;

mod footnotes;

mod page;

mod pictures;

pub use brand::{Accent, Brand, BrandError, CONTRAST_MIN, Colour, LOGO_BYTES_MAX, LOGO_SIDE_MAX, Logo};
pub use footnotes::Footnotes;
pub use page::{FOOTNOTES, METHOD, Shown, html, html_shown};
pub use pictures::{PICTURE_PIXELS_MAX, picture, rasterised};

use crate::{Chart, ChartError};
use domain::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// Most sections of one report.
pub const SECTIONS_MAX: usize = 200;

/// Most charts of one report.
pub const CHARTS_MAX: usize = 200;

/// Most columns of one table: more are illegible on paper.
pub const COLUMNS_MAX: usize = 16;

/// Most rows of one table: more belong into a separate file.
pub const ROWS_MAX: usize = 5000;

/// Most characters of one text of a report: longer ones are a mistake of the caller.
pub const TEXT_MAX: usize = 20_000;

/// A report. As JSON it is stored with shares, so a field once released keeps its name and meaning, and a new one has
/// a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Heading and window title.
    pub title: String,
    /// Text below the heading. May be empty.
    pub subtitle: String,
    /// Time of creation, shown on the page.
    #[serde(with = "crate::chart::at_ms")]
    pub generated_at: Timestamp,
    /// Time zone of its dates.
    #[serde(default)]
    pub zone: Zone,
    /// Logo, colours and sender.
    #[serde(default)]
    pub brand: Brand,
    /// Text below the heading that everybody is to see: `Frozen: ...`. May be empty.
    #[serde(default)]
    pub notice: String,
    /// Content, at most [`SECTIONS_MAX`] sections and [`CHARTS_MAX`] charts in total.
    pub sections: Vec<Section>,
    /// Terms with definitions, at the end of the page.
    pub method: Vec<(String, String)>,
}

/// A section. Empty parts are omitted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Text below the heading. An empty line begins a new paragraph.
    pub intro: String,
    /// Key figures.
    pub figures: Vec<KeyFigure>,
    /// Sentences, each with the footnotes that prove it.
    pub statements: Vec<Statement>,
    /// Charts. Their theme is ignored in favour of the page's.
    pub charts: Vec<Chart>,
    /// Footnotes of all charts of the section.
    pub chart_footnotes: Vec<String>,
    /// Tables.
    pub tables: Vec<ReportTable>,
    /// Caveats, in small print.
    pub notes: Vec<String>,
}

/// A sentence about numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Statement {
    /// `It gained 1.2M views in the week, 3 times its usual.`
    pub text: String,
    /// Source, time, rounding, part seen and gaps of its numbers, a footnote each.
    pub footnotes: Vec<String>,
}

/// A highlighted figure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyFigure {
    /// Label: `Views`.
    pub label: String,
    /// `1.23M`, as [`human`](crate::human) writes it.
    pub value: String,
    /// Comment: `+4.1 % in 7 days`. May be empty.
    pub note: String,
    /// Footnotes of the value.
    pub footnotes: Vec<String>,
}

/// A table of formatted texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportTable {
    /// Caption.
    pub caption: String,
    /// At most [`COLUMNS_MAX`].
    pub columns: Vec<ReportColumn>,
    /// At most [`ROWS_MAX`], each with a cell per column.
    pub rows: Vec<Vec<String>>,
    /// Footnotes of its numbers.
    pub footnotes: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportColumn {
    /// Header.
    pub name: String,
    /// True for right-aligned numbers.
    pub is_number: bool,
}

impl Report {
    /// Checks the limits, and that each row has a cell per column.
    ///
    /// # Errors
    ///
    /// [`ChartError`] with the first that is exceeded.
    pub fn check(&self) -> Result<(), ChartError> {
        at_most(SECTIONS_MAX, self.sections.len(), "a report", "sections")?;
        let charts = self.sections.iter().map(|section| section.charts.len()).sum();
        at_most(CHARTS_MAX, charts, "a report", "charts")?;
        self.sections.iter().flat_map(|section| &section.tables).try_for_each(ReportTable::check)
    }
}

impl ReportTable {
    fn check(&self) -> Result<(), ChartError> {
        at_most(COLUMNS_MAX, self.columns.len(), "a table of a report", "columns")?;
        at_most(ROWS_MAX, self.rows.len(), "a table of a report", "rows")?;
        let columns = self.columns.len();
        match (1..).zip(&self.rows).find(|(_, row)| row.len() != columns) {
            Some((row, cells)) => {
                Err(ChartError::Row { table: self.caption.clone(), row, cells: cells.len(), columns })
            }
            None => Ok(()),
        }
    }
}

fn at_most(most: usize, count: usize, holder: &'static str, what: &'static str) -> Result<(), ChartError> {
    if count > most { Err(ChartError::TooMany { holder, what, count, most }) } else { Ok(()) }
}
