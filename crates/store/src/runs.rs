//! Runs: readings of a hashtag that follow one another from the same source and report the same counts are one row of
//! `hashtag_snapshots`, with the time of each. Most readings repeat the one before.
//!
//! A run ends with the calendar month (UTC), so that which rows there are depends on the readings of a month alone, a
//! partition of PostgreSQL has the readings of its year, and whoever reads from a moment on looks back a month for the
//! run that it may lie in. Rows of one reading each, as older versions wrote them, are runs, too.

use crate::StoreError;
use crate::packed::{put, take, unzigzag, zigzag};
use crate::recording::Point;
use crate::row::row;
use crate::snapshots::{HashtagReading, SnapshotColumns, hashtag_counts};
use crate::trends::row_number;
use domain::{HashtagRow, Timestamp};
use std::vec::IntoIter;

/// Readings of a run: what more there are begins another, so that a row stays small.
const READINGS_MAX: usize = 1_024;

const DAY_MS: i64 = 86_400_000;
/// Longest month: a run that reaches beyond a moment began at most this long before it.
pub(crate) const SPAN_MS: i64 = 31 * DAY_MS;

/// First moments of a month and of the next one, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonthMs {
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

impl MonthMs {
    /// Returns the month of a moment.
    pub(crate) fn of(at_ms: i64) -> Self {
        let begin = month_begin(at_ms.div_euclid(DAY_MS));
        // 31 days later is always within the next month.
        let end = month_begin(begin + SPAN_MS / DAY_MS);
        Self { begin: begin.saturating_mul(DAY_MS), end: end.saturating_mul(DAY_MS) }
    }
}

/// Returns the first day of the month of a day, both in days since 1970. The calendar is counted from a 1 March, in cycles
/// of 400 years, as in Howard Hinnant's `civil_from_days`; `jiff` knows only the years to 9999.
fn month_begin(day: i64) -> i64 {
    let from_march = day + 719_468;
    let of_cycle = from_march.rem_euclid(146_097);
    let year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    day - (of_year - (153 * month + 2) / 5)
}

/// A row of `hashtag_snapshots`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first reading.
    pub(crate) first: Point<3>,
    /// Number of readings.
    pub(crate) readings: i64,
    /// Time of the last reading, if there are several.
    pub(crate) last_at: Option<i64>,
    /// Times of all after the first ([`pack`]), if there are any.
    pub(crate) later: Option<Vec<u8>>,
}

impl Run {
    /// Time and source, which no other run of the hashtag has.
    pub(crate) fn key(&self) -> (i64, u8) {
        (self.first.at, self.first.source)
    }

    fn of(first: Point<3>, later: &[i64]) -> Self {
        Self {
            first,
            readings: i64::try_from(later.len() + 1).unwrap_or(i64::MAX),
            last_at: later.last().copied(),
            later: (!later.is_empty()).then(|| pack(first.at, later)),
        }
    }

    /// Appends its readings.
    pub(crate) fn expand(&self, points: &mut Vec<Point<3>>) -> Result<(), StoreError> {
        points.push(self.first);
        let later = unpack(self.first.at, self.later.as_deref().unwrap_or_default())?;
        points.extend(later.into_iter().map(|at| Point { at, ..self.first }));
        Ok(())
    }
}

/// Makes runs of the readings of one source, ascending by time.
pub(crate) fn runs_of(points: &[Point<3>]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut later: Vec<i64> = Vec::new();
    let mut rest = points.iter().map(normal);
    let Some(mut first) = rest.next() else { return runs };
    let mut month = MonthMs::of(first.at);
    for point in rest {
        let is_same = (point.counts, point.rounded) == (first.counts, first.rounded);
        if is_same && point.at < month.end && later.len() + 1 < READINGS_MAX {
            later.push(point.at);
        } else {
            runs.push(Run::of(first, &later));
            later.clear();
            first = point;
            if first.at >= month.end {
                month = MonthMs::of(first.at);
            }
        }
    }
    runs.push(Run::of(first, &later));
    runs
}

/// A count that is not known is not rounded either: readings that report the same are equal.
fn normal(point: &Point<3>) -> Point<3> {
    Point { rounded: point.rounded & i64::from(point.known()), ..*point }
}

/// Packs ascending times after `first`: each as the change of its distance from the one before, so that regular readings
/// take a byte each.
fn pack(first: i64, later: &[i64]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(later.len() + 4);
    let (mut last, mut step) = (first, 0_i64);
    for at in later {
        let next = at.wrapping_sub(last);
        put(&mut packed, zigzag(next.wrapping_sub(step)));
        (last, step) = (*at, next);
    }
    packed
}

/// Undoes [`pack`]. An error if the bytes are damaged.
fn unpack(first: i64, mut packed: &[u8]) -> Result<Vec<i64>, StoreError> {
    let damaged = || StoreError::Inconsistent {
        table: "hashtag_snapshots",
        column: "later",
        row: Timestamp::from_ms(first).to_rfc3339(),
    };
    let mut times = Vec::with_capacity(packed.len());
    let (mut last, mut step) = (first, 0_i64);
    while !packed.is_empty() {
        let change = take(&mut packed).map(unzigzag).ok_or_else(damaged)?;
        step = step.checked_add(change).filter(|step| *step > 0).ok_or_else(damaged)?;
        last = last.checked_add(step).ok_or_else(damaged)?;
        times.push(last);
    }
    Ok(times)
}

row! {
    /// A stored run, as readers see it.
    pub(crate) struct RunColumns<'r>: run_columns {
        first: SnapshotColumns<3> = (crate::snapshots::hashtag_snapshot_columns),
        readings: i64,
        last_at: Option<i64>,
        later: Option<&'r [u8]>,
    }
}

impl RunColumns<'_> {
    /// Returns the row as it is stored.
    pub(crate) fn stored(&self) -> Result<Run, StoreError> {
        let SnapshotColumns { observed_at, source, rounded, counts } = self.first;
        let source = u8::try_from(source).map_err(|_| StoreError::Inconsistent {
            table: "hashtag_snapshots",
            column: "source",
            row: Timestamp::from_ms(observed_at).to_rfc3339(),
        })?;
        let first = Point { at: observed_at, source, rounded, counts };
        let later = self.later.map(<[u8]>::to_vec);
        Ok(Run { first, readings: self.readings, last_at: self.last_at, later })
    }
}

/// Place of a reading: a hashtag, a time and the number of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadingPlace {
    pub(crate) hashtag: i64,
    pub(crate) observed_at: i64,
    pub(crate) source: i64,
}

impl ReadingPlace {
    /// Returns the place after all readings of a moment.
    pub(crate) fn after_moment(hashtag: HashtagRow, at_ms: i64) -> Self {
        Self { hashtag: i64::from(hashtag.0), observed_at: at_ms, source: i64::MAX }
    }

    /// Returns the earliest time at which a run begins that has readings after this place.
    pub(crate) fn runs_from(&self) -> i64 {
        self.observed_at.saturating_sub(SPAN_MS)
    }
}

/// Runs that begin before a moment and reach beyond it: at most one of each source, whose number is a byte.
pub(crate) const REACHING_MAX: i64 = 1 << u8::BITS;

/// Readings of runs, in order of hashtag, time and source. Runs come in order of hashtag and first reading.
#[derive(Debug)]
pub(crate) struct Readings {
    after: ReadingPlace,
    limit: usize,
    open: Vec<OpenRun>,
    read: Vec<HashtagReading>,
}

/// A run some of whose readings are still to come.
#[derive(Debug)]
struct OpenRun {
    place: ReadingPlace,
    next: HashtagReading,
    later: IntoIter<i64>,
}

impl Readings {
    /// None yet: up to `limit` readings after a place.
    pub(crate) fn new(after: ReadingPlace, limit: u32) -> Self {
        Self { after, limit: limit as usize, open: Vec::new(), read: Vec::new() }
    }

    /// Takes the next run. Returns true while further runs can add readings.
    pub(crate) fn push(&mut self, hashtag: i64, run: RunColumns<'_>) -> Result<bool, StoreError> {
        let RunColumns { first, later, .. } = run;
        let (observed_at, source) = (first.observed_at, first.source);
        let place = ReadingPlace { hashtag, observed_at, source };
        self.drain(Some(place));
        if self.read.len() >= self.limit {
            return Ok(false);
        }
        let later = later.map_or_else(|| Ok(Vec::new()), |later| unpack(observed_at, later))?;
        let snapshot = first.into_snapshot(hashtag_counts)?;
        let next = HashtagReading { hashtag: row_number("hashtag_snapshots", hashtag)?, snapshot };
        let mut run = OpenRun { place, next, later: later.into_iter() };
        while run.place <= self.after {
            if !run.advance() {
                return Ok(true);
            }
        }
        self.open.push(run);
        Ok(true)
    }

    /// Returns all of them.
    pub(crate) fn finish(mut self) -> Vec<HashtagReading> {
        self.drain(None);
        self.read
    }

    /// Moves the readings before a place over.
    fn drain(&mut self, before: Option<ReadingPlace>) {
        while self.read.len() < self.limit {
            let places = self.open.iter().enumerate().map(|(n, run)| (run.place, n));
            let Some((place, n)) = places.min() else { return };
            if before.is_some_and(|before| before <= place) {
                return;
            }
            self.read.push(self.open[n].next);
            if !self.open[n].advance() {
                self.open.swap_remove(n);
            }
        }
    }
}

impl OpenRun {
    /// Goes on to the next reading. Returns false after the last.
    fn advance(&mut self) -> bool {
        let Some(at) = self.later.next() else { return false };
        self.place.observed_at = at;
        self.next.snapshot.observed_at = Timestamp::from_ms(at);
        true
    }
}

#[cfg(test)]
mod tests;
