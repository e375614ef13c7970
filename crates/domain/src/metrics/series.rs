//! Repair of a series of one count (views, creators or videos): what of it is kept, and what it grew by.
//!
//! The rules for time series of metrics.md. What was observed stays in every [`Point`]; only the value that growth is
//! made of is repaired. Which readings contradict the others is seen from all of them: readings that come later can make
//! a fall of what was a bounce.

use super::repair;
use crate::{Count, Source, Timestamp};
use strum::IntoStaticStr;

mod counted;

pub use counted::CountedSeries;

/// A fall is believed once the readings that need it stand for more than this. In 1,458,125 readings of 377 hashtags a
/// total fell below an earlier one 26,000 times, and 25,620 times it was back within a day; three days are enough for all
/// but a handful.
pub const BOUNCE_HOURS_MAX: i64 = 72;

/// A count as reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When it was read.
    pub at: Timestamp,
    /// The reported count.
    pub count: Count,
    /// The source.
    pub source: Source,
}

/// The repair of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Repair {
    /// 0 after a number that was not 0: means "not reported", omitted.
    LostReading,
    /// One below a step of display, as 16399999 for 16.4M: a float cut it off, and it is put back on the step.
    OffStep,
    /// Contradicted by more readings around it, as when a replica that lags answers and the total comes back within hours,
    /// or by the next one, as when a single reading is far above both its neighbours: left out. So is a fall that does not
    /// yet stand for more than [`BOUNCE_HOURS_MAX`].
    Bounce,
    /// A fall that stayed: kept, and growth goes on from there.
    Fall,
    /// The newest reading, more than twice the level before it: left out until a second reading confirms it.
    Unconfirmed,
}

impl Repair {
    /// All of them, in the order of [`Series::repairs`].
    pub const ALL: [Self; 5] =
        [Self::LostReading, Self::OffStep, Self::Bounce, Self::Fall, Self::Unconfirmed];

    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A reading, with its repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it was read.
    pub at: Timestamp,
    /// The source.
    pub source: Source,
    /// The original number.
    pub observed: u64,
    /// The number after the repair; `None` if the reading is omitted. Without a repair, it is omitted
    /// because another source has a finer reading of the same moment, or a finer number just before or after
    /// within its rounding.
    pub value: Option<u64>,
    /// The step it is rounded to, 1 when exact.
    pub step: u64,
    /// The repair, if any. A reading that was put on the step and then omitted has the latter.
    pub repair: Option<Repair>,
}

impl Point {
    /// Returns a point with nothing repaired yet.
    pub(super) const fn of(reading: &Reading) -> Self {
        let value = reading.count.value();
        Self {
            at: reading.at,
            source: reading.source,
            observed: value,
            value: Some(value),
            step: reading.count.resolution(),
            repair: None,
        }
    }
}

/// A value and when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedReading {
    /// When it was read.
    pub at: Timestamp,
    /// The value, after the repair.
    pub value: u64,
    /// The step it is rounded to, 1 when exact.
    pub step: u64,
}

/// Growth of a count between two readings that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain {
    /// The sum of its rises, at most the last value. Falls are not counted: growth goes on from the lower level, and what
    /// was lost more than once is not gained more than once.
    pub gain: u64,
    /// The first reading.
    pub from: CountedReading,
    /// The last one.
    pub to: CountedReading,
    /// Time between the two, in milliseconds, which a gap makes longer than requested. Above 0.
    pub span_ms: i64,
    /// Falls that stayed, within the span.
    pub falls: u64,
    /// True if any reading from the first to the last, or up to the requested end, was repaired. A [`CountedSeries`] does
    /// not know and says false.
    pub is_repaired: bool,
    /// True if the gain is below the rounding step of either end.
    pub is_below_resolution: bool,
}

/// Readings of one count in order of time, and what is kept of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    points: Vec<Point>,
    counted: CountedSeries,
    /// Repairs among the first n points, for every n.
    repaired: Vec<u32>,
    repairs: [u64; Repair::ALL.len()],
}

impl Series {
    /// A series without readings.
    pub const EMPTY: Self = Self {
        points: Vec::new(),
        counted: CountedSeries::EMPTY,
        repaired: Vec::new(),
        repairs: [0; Repair::ALL.len()],
    };

    /// Repairs readings in order of time; readings that are not are put in order first. Of several at the same moment
    /// the finest counts.
    pub fn repaired(readings: &[Reading]) -> Self {
        let mut points = points_of(readings);
        let off_step = repair::repair(&mut points);
        let mut series = Self::of(points);
        // Those that were then left out are named after that in their point.
        series.repairs[Repair::OffStep as usize] = off_step;
        series
    }

    /// Every value as observed, also those that were lost.
    pub fn unrepaired(readings: &[Reading]) -> Self {
        Self::of(points_of(readings))
    }

    fn of(points: Vec<Point>) -> Self {
        let mut counted = CountedSeries::with_capacity(points.len());
        let mut repaired = Vec::with_capacity(points.len() + 1);
        let (mut repairs, mut repaired_now) = ([0; Repair::ALL.len()], 0);
        repaired.push(0);
        for point in &points {
            if let Some(repair) = point.repair {
                repairs[repair as usize] += 1;
                repaired_now += 1;
            }
            repaired.push(repaired_now);
            if let Some(value) = point.value {
                counted.push(CountedReading { at: point.at, value, step: point.step });
            }
        }
        Self { points, counted, repaired, repairs }
    }

    /// The newest reading as it was read, whether it counts or not: of several at one moment the largest. A 0 is the newest
    /// only where nothing else was read.
    pub fn as_read(&self) -> Option<&Point> {
        self.points.iter().max_by_key(|point| (point.observed > 0, point.at, point.observed))
    }

    /// The newest reading where it is a jump that no second reading has confirmed yet.
    pub fn unconfirmed(&self) -> Option<&Point> {
        self.points.iter().rev().find(|point| point.repair == Some(Repair::Unconfirmed))
    }

    /// Every reading, in order of time.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns the number of readings with each repair. One that was put on the step and then omitted counts
    /// under both.
    pub fn repairs(&self) -> [(Repair, u64); Repair::ALL.len()] {
        Repair::ALL.map(|repair| (repair, self.repairs[repair as usize]))
    }

    /// Returns the number of readings that count.
    pub fn counted_len(&self) -> usize {
        self.counted.len()
    }

    /// Returns the readings that count, without those that a repair omitted.
    pub const fn counted_series(&self) -> &CountedSeries {
        &self.counted
    }

    /// The kept readings in order of time.
    pub fn counted(&self) -> impl DoubleEndedIterator<Item = CountedReading> + ExactSizeIterator {
        self.counted.iter()
    }

    /// The oldest kept value.
    pub fn first(&self) -> Option<CountedReading> {
        self.counted.first()
    }

    /// The newest kept value.
    pub fn last(&self) -> Option<CountedReading> {
        self.counted.last()
    }

    /// The newest kept value at or before a moment.
    pub fn at(&self, when: Timestamp) -> Option<CountedReading> {
        self.counted.at(when)
    }

    /// The sum of all rises up to the newest kept reading at or before a moment, exact. `None` before the first one.
    pub fn climbed(&self, when: Timestamp) -> Option<u128> {
        self.counted.climbed(when)
    }

    /// Returns the growth between the last readings before the two ends; before the first reading, the first
    /// one is used. `None` if both ends have the same reading, or there is none.
    pub fn gain(&self, from: Timestamp, to: Timestamp) -> Option<Gain> {
        let gain = self.counted.gain(from, to)?;
        Some(Gain { is_repaired: self.is_repaired_within(gain.from.at, to), ..gain })
    }

    fn is_repaired_within(&self, from: Timestamp, to: Timestamp) -> bool {
        if self.repaired.last() == Some(&0) {
            return false;
        }
        let first = self.points.partition_point(|point| point.at < from);
        let after = self.points.partition_point(|point| point.at <= to);
        self.repaired[after] > self.repaired[first]
    }
}

/// A point a reading, nothing repaired yet, in order of time.
fn points_of(readings: &[Reading]) -> Vec<Point> {
    let mut points: Vec<Point> = readings.iter().map(Point::of).collect();
    if !points.is_sorted_by_key(|point| point.at) {
        points.sort_by_key(|point| point.at);
    }
    points
}

#[cfg(test)]
mod tests;
