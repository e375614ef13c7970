//! A report: charts, tables and the method as one page of HTML, to hand on or to print.
//!
//! The page is one file. It has no scripts and loads nothing, which it also forbids the browser to do. On a screen it
//! is light or dark, as the reader's system is; on paper it is light.

mod page;

pub use page::html;

use crate::{Chart, ChartError};
use domain::Timestamp;

/// Sections of one report at most.
pub const SECTIONS_MAX: usize = 200;

/// Charts of one report at most.
pub const CHARTS_MAX: usize = 200;

/// Columns of one table at most: more are not legible on paper.
pub const COLUMNS_MAX: usize = 16;

/// Rows of one table at most: more belong into a file of their own.
pub const ROWS_MAX: usize = 5000;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The heading, and the title of the window.
    pub title: String,
    /// What stands below the heading. May be empty.
    pub subtitle: String,
    /// When the report was made, which it says.
    pub generated_at: Timestamp,
    /// What it has to say, at most [`SECTIONS_MAX`] and [`CHARTS_MAX`] charts in all.
    pub sections: Vec<Section>,
    /// Terms and what they mean, or how a figure came about; at the end of the page.
    pub method: Vec<(String, String)>,
}

/// A part of a report. What is empty is left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Text below the heading. An empty line begins a new paragraph.
    pub intro: String,
    /// Figures that stand out.
    pub figures: Vec<KeyFigure>,
    /// Charts. Their theme does not count: they are as the page is.
    pub charts: Vec<Chart>,
    /// Tables.
    pub tables: Vec<ReportTable>,
    /// What limits the section: caveats, in small letters.
    pub notes: Vec<String>,
}

/// A figure that stands out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyFigure {
    /// What it is: `Views`.
    pub label: String,
    /// `1.23M`, as [`human`](crate::human) writes it.
    pub value: String,
    /// What is to be said of it: `+4.1 % in 7 days`. May be empty.
    pub note: String,
}

/// A table of ready texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportTable {
    /// What it shows.
    pub caption: String,
    /// At most [`COLUMNS_MAX`].
    pub columns: Vec<ReportColumn>,
    /// At most [`ROWS_MAX`], each with a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportColumn {
    /// What is above it.
    pub name: String,
    /// Whether its cells are numbers, which stand one below the other at the right.
    pub is_number: bool,
}

impl Report {
    fn check(&self) -> Result<(), ChartError> {
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
