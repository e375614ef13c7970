//! Why a picture cannot be drawn.

use crate::chart::{LINES_MAX, SIZE_PX, VALUE_MAX};

/// Why a picture cannot be drawn, and what would be valid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// A width or a height outside [`SIZE_PX`].
    #[error("the {side} of a chart is {} to {} pixels, not {pixels}", SIZE_PX.start(), SIZE_PX.end())]
    Size {
        /// `width` or `height`.
        side: &'static str,
        /// Requested pixels.
        pixels: u32,
    },
    /// More than [`LINES_MAX`].
    #[error("a chart holds {LINES_MAX} lines, not {lines}: leave some out, or draw several charts")]
    TooManyLines {
        /// Number of lines.
        lines: usize,
    },
    /// No line, or no line with a point.
    #[error("there is nothing to draw: no line has a reading in this time")]
    NoPoints,
    /// A value or step that is not finite or too large; a negative step.
    #[error(
        "the line {line:?} has a reading of {value} (rounded to {step}) at {at}: values are numbers between -{VALUE_MAX:e} and {VALUE_MAX:e}, steps are not negative; leave out what is unknown"
    )]
    Value {
        /// Name of the line.
        line: String,
        /// Time of the reading.
        at: String,
        /// Its value.
        value: f64,
        /// Its step.
        step: f64,
    },
    /// A reading outside the years 1 to 9999.
    #[error("the line {line:?} has a reading {ms} milliseconds from 1970: times are in the years 1 to 9999")]
    Time {
        /// Name of the line.
        line: String,
        /// Time of the reading.
        ms: i64,
    },
    /// A reading earlier than its predecessor.
    #[error("the line {line:?} goes back in time at {at}: its readings are to be in order of time")]
    Order {
        /// Name of the line.
        line: String,
        /// The first reading that is out of order.
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
    /// A log scale without any value above 0.
    #[error("a log scale shows values above 0, and there are none: use the linear scale")]
    NothingForLog,
    /// More of something than a report allows.
    #[error("{holder} holds at most {most} {what}, not {count}")]
    TooMany {
        /// The container: `a table of a report`.
        holder: &'static str,
        /// The excess items: `rows`.
        what: &'static str,
        /// Number of items.
        count: usize,
        /// Largest number allowed.
        most: usize,
    },
    /// A table row whose number of cells differs from the number of columns.
    #[error("row {row} of the table {table:?} has {cells} cells for {columns} columns")]
    Row {
        /// Caption of the table.
        table: String,
        /// The row, from 1.
        row: usize,
        /// Number of cells.
        cells: usize,
        /// Number of columns.
        columns: usize,
    },
    /// More pixels than a picture may have.
    #[error("a picture has at most {most} pixels, not {pixels}: draw a smaller chart")]
    Pixels {
        /// Number of pixels.
        pixels: u64,
        /// Largest number allowed.
        most: u64,
    },
    /// The picture could not be rasterised.
    #[error("the chart could not be painted: {0}")]
    Paint(String),
}
