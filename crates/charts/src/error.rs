//! Why a picture cannot be drawn.

use crate::chart::{LINES_MAX, SIZE_PX, VALUE_MAX};

/// What is wrong with what was to be drawn, and what would be right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// A width or a height outside [`SIZE_PX`].
    #[error("the {side} of a chart is {} to {} pixels, not {pixels}", SIZE_PX.start(), SIZE_PX.end())]
    Size {
        /// `width` or `height`.
        side: &'static str,
        /// What was asked for.
        pixels: u32,
    },
    /// More than [`LINES_MAX`].
    #[error("a chart holds {LINES_MAX} lines, not {lines}: leave some out, or draw several charts")]
    TooManyLines {
        /// How many there were.
        lines: usize,
    },
    /// No line, or no line with a point.
    #[error("there is nothing to draw: no line has a reading in this time")]
    NoPoints,
    /// A value or a step that is not a finite number or too large; a negative step.
    #[error(
        "the line {line:?} has a reading of {value} (rounded to {step}) at {at}: values are numbers between -{VALUE_MAX:e} and {VALUE_MAX:e}, steps are not negative; leave out what is unknown"
    )]
    Value {
        /// The line's name.
        line: String,
        /// The reading's time.
        at: String,
        /// Its value.
        value: f64,
        /// Its step.
        step: f64,
    },
    /// A reading outside the years 1 to 9999.
    #[error("the line {line:?} has a reading {ms} milliseconds from 1970: times are in the years 1 to 9999")]
    Time {
        /// The line's name.
        line: String,
        /// The reading's time.
        ms: i64,
    },
    /// A reading before the one it follows.
    #[error("the line {line:?} goes back in time at {at}: its readings are to be in order of time")]
    Order {
        /// The line's name.
        line: String,
        /// The first reading that is earlier than the one before.
        at: String,
    },
    /// `index_to` is not above 0.
    #[error("a chart is indexed to a number above 0 and at most {VALUE_MAX:e}, such as 100, not to {0}")]
    IndexTo(f64),
    /// Every line begins with 0 or below.
    #[error(
        "no line can be indexed, since each begins with 0 or has no readings: begin later, or draw the values themselves"
    )]
    NotIndexable,
    /// A log scale, and no value above 0.
    #[error("a log scale shows values above 0, and there are none: use the linear scale")]
    NothingForLog,
    /// More of something than a report holds.
    #[error("{holder} holds at most {most} {what}, not {count}")]
    TooMany {
        /// What would be too large: `a table of a report`.
        holder: &'static str,
        /// What there is too much of: `rows`.
        what: &'static str,
        /// How many there were.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A row of a report's table with another number of cells than there are columns.
    #[error("row {row} of the table {table:?} has {cells} cells for {columns} columns")]
    Row {
        /// The table's caption.
        table: String,
        /// The row, from 1.
        row: usize,
        /// How many cells it has.
        cells: usize,
        /// How many it should have.
        columns: usize,
    },
    /// The picture could not be turned into pixels.
    #[error("the chart could not be painted: {0}")]
    Paint(String),
}
