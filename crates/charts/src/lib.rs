//! Series become pictures: charts as SVG and PNG, sparklines for a terminal, and a report as one page of HTML.
//!
//! [`svg()`] and [`png()`] draw a [`Chart`]; [`sparkline`] draws a line of text; [`report`] makes a page to hand on.
//!
//! A picture says no more than the readings do. A gap is hatched and never drawn across, what a source rounded has a
//! band as wide as the rounding, the axis of a line that is far from 0 says where it begins, and what a scale has no
//! place for is left out with a note in the picture.
//!
//! Deliberately absent: HTTP, the database, the clock, scripts and anything loaded from elsewhere. Only [`png()`] looks
//! around, at the fonts of the machine, for letters that the font it brings does not have.

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

mod svg;

mod png;

mod spark;

pub mod report;

pub use calendar::{day, moment};
pub use chart::{Chart, ChartPoint, LINES_MAX, Line, SIZE_PX, Theme, VALUE_MAX, VALUE_MIN};
pub use error::ChartError;
pub use number::{grouped, human};
pub use png::png;
pub use spark::{sparkline, sparkline_to};
pub use svg::svg;
