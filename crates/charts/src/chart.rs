//! The description of a chart, and its limits.

use crate::ChartError;
use crate::calendar::moment;
use crate::text::shortened;
use domain::{Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use strum::{IntoStaticStr, VariantArray};

/// Allowed width and height in pixels.
pub const SIZE_PX: RangeInclusive<u32> = 100..=4000;

/// Most lines of one chart: each has a distinct colour and dash.
pub const LINES_MAX: usize = 20;

/// Largest absolute value.
pub const VALUE_MAX: f64 = 1e18;

/// Smaller absolute values count as 0: they are negligible, and their logarithms would need an axis of their
/// own.
pub const VALUE_MIN: f64 = 1e-12;

/// The years 1 to 9999, in milliseconds since 1970.
const TIME_MS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChartPoint {
    /// Reading time.
    #[serde(with = "at_ms")]
    pub at: Timestamp,
    /// Value. Finite, at most [`VALUE_MAX`] from 0.
    pub value: f64,
    /// Rounding step, in the unit of the value; 0 if exact. The true value is within half a step, which is
    /// drawn as a band.
    pub step: f64,
    /// True if readings are missing before this one. The line is broken there, and the gap hatched.
    pub gap_before: bool,
}

/// A series of readings in time order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Readings, earliest first.
    pub points: Vec<ChartPoint>,
}

/// Dark on light or light on dark.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
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

/// Lines over time, with their presentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Heading. If empty, the name of a single line is used.
    pub title: String,
    /// Smaller text below the heading. May be empty.
    pub subtitle: String,
    /// Unit of the values: `views`. May be empty.
    pub unit: String,
    /// At most [`LINES_MAX`]. Lines without readings are named in a note.
    pub lines: Vec<Line>,
    /// Pixels, within [`SIZE_PX`]. Text and strokes scale with the picture.
    pub width: u32,
    /// Pixels, within [`SIZE_PX`].
    pub height: u32,
    /// Colour theme.
    pub theme: Theme,
    /// True for a logarithmic axis. Values of 0 and below are then omitted, with a note in the picture.
    pub is_log: bool,
    /// If set, each line is divided by its own first value and multiplied by this ("100 at the start").
    /// Lines that begin with 0 are named in a note.
    pub index_to: Option<f64>,
    /// Annotations, numbered in the picture in this order. Those outside the time of the readings are omitted.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// Time zone of the time axis.
    #[serde(default)]
    pub zone: Zone,
}

/// An annotation of a moment or a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// First moment.
    #[serde(with = "at_ms")]
    pub from: Timestamp,
    /// Last moment.
    #[serde(with = "at_ms")]
    pub until: Timestamp,
    /// Text.
    pub text: String,
}

impl Chart {
    /// Checks the limits, and that readings are numbers in time order.
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

/// Checks that a reading can be drawn. NaN fails every comparison.
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

/// Writes a time as milliseconds since 1970.
pub(crate) mod at_ms {
    use domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_ms())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_ms)
    }
}
