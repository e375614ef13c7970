//! Draws series: charts as SVG and PNG, sparklines for a terminal, and reports as one HTML page.
//!
//! [`svg()`] and [`png()`] draw a [`Chart`]; [`sparkline`] draws a line of text; [`report`] creates a page.
//!
//! Pictures do not overstate the readings: a gap is hatched and never drawn across, rounding is a band, an axis that
//! does not begin at 0 says so, and omitted values are counted in a note.
//!
//! Deliberately absent: HTTP, the database, the clock, scripts and external resources. Only [`png()`] accesses the
//! system: its fonts, for characters that the embedded font lacks.

mod error;

mod chart;

mod text;

mod number;

mod calendar;

mod ticks;

mod plotted;

mod thin;

mod paint;

mod markup;

mod layout;

mod labels;

mod describe;

mod lines;

mod marks;

mod svg;

mod png;

mod spark;

pub mod report;

pub use calendar::{day, day_in, moment, moment_in};
pub use chart::{Chart, ChartPoint, LINES_MAX, Line, Mark, SIZE_PX, Theme, VALUE_MAX, VALUE_MIN};
pub use error::ChartError;
pub use marks::MARKS_MAX;
pub use number::{grouped, human};
pub use png::{png, tree};
pub use spark::{sparkline, sparkline_to};
pub use svg::svg;
pub use text::escaped;
