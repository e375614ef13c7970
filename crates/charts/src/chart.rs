//! What a chart is made of, and the limits it keeps.

use crate::ChartError;
use crate::calendar::moment;
use crate::text::shortened;
use domain::Timestamp;
use std::ops::RangeInclusive;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Width and height in pixels.
pub const SIZE_PX: RangeInclusive<u32> = 100..=4000;

/// The most lines of one chart: each has a look of its own, a colour and a dash.
pub const LINES_MAX: usize = 20;

/// Values are no further from 0.
pub const VALUE_MAX: f64 = 1e18;

/// Values nearer to 0 are taken for 0: they count nothing, and their logarithms would need an axis of their own.
pub const VALUE_MIN: f64 = 1e-12;

/// The years 1 to 9999, in milliseconds from 1970.
const TIME_MS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartPoint {
    /// When it was taken.
    pub at: Timestamp,
    /// What it was. Finite, at most [`VALUE_MAX`] from 0.
    pub value: f64,
    /// The step it was rounded to, in the unit of the value; 0 where it is exact. The true value is within half a
    /// step, which is drawn as a band.
    pub step: f64,
    /// Whether readings are missing between the one before and this. The line is broken there, and the gap hatched.
    pub gap_before: bool,
}

/// A series of readings in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is called in the legend.
    pub name: String,
    /// Its readings, the earliest first.
    pub points: Vec<ChartPoint>,
}

/// Dark on light or light on dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on near black.
    Dark,
}

impl Theme {
    /// `light` or `dark`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Lines over time, and how they are to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The heading. The name of the one line stands in for an empty one.
    pub title: String,
    /// What stands below the heading, smaller. May be empty.
    pub subtitle: String,
    /// What the values count: `views`. May be empty.
    pub unit: String,
    /// At most [`LINES_MAX`]. Lines without readings are named in a note.
    pub lines: Vec<Line>,
    /// In pixels, within [`SIZE_PX`]. Letters and strokes grow with the picture.
    pub width: u32,
    /// In pixels, within [`SIZE_PX`].
    pub height: u32,
    /// Light or dark.
    pub theme: Theme,
    /// Whether equal distances are equal ratios. Values of 0 and below have no place then: they are left out, which a
    /// note in the picture says.
    pub is_log: bool,
    /// Whether each line is divided by its own first value and multiplied by this, as in "100 at the beginning".
    /// Lines that begin with 0 cannot be, and are named in a note.
    pub index_to: Option<f64>,
}

impl Chart {
    /// Whether it keeps to the limits and its readings are numbers in order of time.
    pub(crate) fn check(&self) -> Result<(), ChartError> {
        for (side, pixels) in [("width", self.width), ("height", self.height)] {
            if !SIZE_PX.contains(&pixels) {
                return Err(ChartError::Size { side, pixels });
            }
        }
        if self.lines.len() > LINES_MAX {
            return Err(ChartError::TooManyLines { lines: self.lines.len() });
        }
        if self.lines.iter().all(|line| line.points.is_empty()) {
            return Err(ChartError::NoPoints);
        }
        if let Some(index) = self.index_to
            && !(index > 0.0 && index <= VALUE_MAX)
        {
            return Err(ChartError::IndexTo(index));
        }
        self.lines.iter().try_for_each(Line::check)
    }
}

impl Line {
    fn check(&self) -> Result<(), ChartError> {
        let mut before = i64::MIN;
        for point in &self.points {
            let ms = point.at.as_ms();
            if !TIME_MS.contains(&ms) {
                return Err(ChartError::Time { line: shortened(&self.name), ms });
            }
            if ms < before {
                return Err(ChartError::Order { line: shortened(&self.name), at: moment(point.at) });
            }
            before = ms;
            check_value(&self.name, point)?;
        }
        Ok(())
    }
}

/// Whether a reading can be drawn: comparisons with what is no number are false.
pub(crate) fn check_value(line: &str, point: &ChartPoint) -> Result<(), ChartError> {
    if point.value.abs() <= VALUE_MAX && (0.0..=VALUE_MAX).contains(&point.step) {
        return Ok(());
    }
    Err(ChartError::Value {
        line: shortened(line),
        at: moment(point.at),
        value: point.value,
        step: point.step,
    })
}
