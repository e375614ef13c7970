//! Converts readings to drawable ones: indexed, without values that a log scale cannot show, with notes on these.

use crate::chart::{Chart, Line, VALUE_MIN, check_value};
use crate::marks::{PlottedMark, plotted};
use crate::text::shortened;
use crate::{ChartError, ChartPoint};
use std::collections::BTreeSet;

/// The connection between a reading and its predecessor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Break {
    /// A line.
    None,
    /// Nothing: readings in between that the scale cannot show.
    Left,
    /// A hatched gap.
    Gap,
}

/// A reading that is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) at_ms: i64,
    pub(crate) value: f64,
    pub(crate) step: f64,
    pub(crate) before: Break,
}

/// A line that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlottedLine {
    /// Index in the chart, which determines its look.
    pub(crate) place: usize,
    /// Its name on one line.
    pub(crate) name: String,
    /// At least one.
    pub(crate) spots: Vec<Spot>,
}

/// All lines that are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plotted {
    /// At least one.
    pub(crate) lines: Vec<PlottedLine>,
    /// Notes on omitted readings.
    pub(crate) notes: Vec<String>,
    /// First and last moment of all drawn readings.
    pub(crate) times_ms: (i64, i64),
    /// Lowest and highest value, including their rounding bands.
    pub(crate) values: (f64, f64),
    /// True if all values are whole numbers.
    pub(crate) is_whole: bool,
    /// Annotations, numbered by their places.
    pub(crate) marks: Vec<PlottedMark>,
}

impl Plotted {
    pub(crate) fn of(chart: &Chart) -> Result<Self, ChartError> {
        chart.check()?;
        let mut notes = Vec::new();
        let mut lines = Vec::new();
        for (place, line) in chart.lines.iter().enumerate() {
            let name = shortened(&line.name);
            if line.points.is_empty() {
                notes.push(format!("{name} has no readings in this time."));
                continue;
            }
            let Some(points) = indexed(line, chart.index_to)? else {
                notes.push(format!("{name} is not indexable: it begins with 0 or below."));
                continue;
            };
            let (spots, left) = spots(&points, chart.is_log);
            if left > 0 {
                notes.push(format!(
                    "{name}: readings of 0 or below are left out, a log scale has no place for them ({left})."
                ));
            }
            if !spots.is_empty() {
                lines.push(PlottedLine { place, name, spots });
            }
        }
        let all = || lines.iter().flat_map(|line| line.spots.iter());
        let (Some(first), Some(last)) =
            (all().map(|spot| spot.at_ms).min(), all().map(|spot| spot.at_ms).max())
        else {
            let is_indexed = chart.index_to.is_some();
            return Err(if is_indexed { ChartError::NotIndexable } else { ChartError::NothingForLog });
        };
        let bottom = |spot: &Spot| match spot.value - spot.step / 2.0 {
            low if chart.is_log && low <= 0.0 => spot.value,
            low => low,
        };
        let low = all().map(bottom).fold(f64::INFINITY, f64::min);
        let high = all().map(|spot| spot.value + spot.step / 2.0).fold(f64::NEG_INFINITY, f64::max);
        let is_whole = chart.index_to.is_none() && all().all(|spot| spot.value.fract() == 0.0);
        let (marks, others) = plotted(chart, (first, last));
        notes.extend(marks.iter().map(|mark| mark.note.clone()));
        if others > 0 {
            notes.push(format!("{others} more annotations."));
        }
        Ok(Self { notes, times_ms: (first, last), values: (low, high), is_whole, lines, marks })
    }

    /// Returns the number of gaps.
    pub(crate) fn gaps(&self) -> usize {
        let moments: BTreeSet<i64> =
            self.lines.iter().flat_map(PlottedLine::gaps).map(|(_, after)| after.at_ms).collect();
        moments.len()
    }
}

impl PlottedLine {
    /// Iterates over the readings around each gap.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = (Spot, Spot)> {
        self.spots.windows(2).filter(|pair| pair[1].before == Break::Gap).map(|pair| (pair[0], pair[1]))
    }

    /// Returns the newest reading.
    pub(crate) fn last(&self) -> Option<&Spot> {
        self.spots.last()
    }
}

/// Returns the readings divided by the first one, times the index, if set; `None` if the first is 0.
fn indexed(line: &Line, index: Option<f64>) -> Result<Option<Vec<ChartPoint>>, ChartError> {
    let factor = match (index, line.points.first()) {
        (None, _) => 1.0,
        (Some(index), Some(first)) if first.value >= VALUE_MIN => index / first.value,
        (Some(_), _) => return Ok(None),
    };
    let scaled = |value: f64| if (value * factor).abs() < VALUE_MIN { 0.0 } else { value * factor };
    let points = line.points.iter().map(|point| ChartPoint {
        value: scaled(point.value),
        step: scaled(point.step),
        ..*point
    });
    let points: Vec<ChartPoint> = points.collect();
    points.iter().try_for_each(|point| check_value(&line.name, point))?;
    Ok(Some(points))
}

/// Returns the readings that the scale can show, and the number of others.
fn spots(points: &[ChartPoint], is_log: bool) -> (Vec<Spot>, usize) {
    let mut spots = Vec::with_capacity(points.len());
    let mut left = 0;
    let mut before = Break::None;
    for point in points {
        if point.gap_before && before == Break::None {
            before = Break::Gap;
        }
        if is_log && point.value <= 0.0 {
            // A reading in between means that there is no gap.
            before = Break::Left;
            left += 1;
            continue;
        }
        let before = std::mem::replace(&mut before, Break::None);
        let before = if spots.is_empty() { Break::None } else { before };
        spots.push(Spot { at_ms: point.at.as_ms(), value: point.value, step: point.step, before });
    }
    (spots, left)
}
