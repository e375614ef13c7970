//! Runs: readings of a hashtag that follow one another from the same source and report the same counts are one row of
//! `hashtag_snapshots`, with the time of each. Most readings repeat the one before.
//!
//! A run ends with the calendar month (UTC), so that which rows there are depends on the readings of a month alone, a
//! partition of PostgreSQL has the readings of its year, and whoever reads from a moment on looks back a month for the
//! run that it may lie in. Rows of one reading each, as older versions wrote them, are runs, too.
//!
//! Each reading also has the moment at which it came in (`arrivals.rs`), so that a series can be read as it was known then.
//! Where an older version did not store that, the reading counts as if it had come in when it was taken.

mod arrivals;

use crate::StoreError;
use crate::packed::{put, take, unzigzag, zigzag};
use crate::recording::Point;
use crate::row::row;
use crate::snapshots::{HashtagReading, SnapshotColumns, hashtag_counts};
use crate::trends::row_number;
pub(crate) use arrivals::UNKNOWN;
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

/// A reading, and when its counts came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) point: Point<3>,
    /// Milliseconds since 1970, or [`UNKNOWN`].
    pub(crate) at: i64,
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
    /// When they came in, if that is known of any.
    pub(crate) arrived: Option<Vec<u8>>,
}

impl Run {
    /// Time and source, which no other run of the hashtag has.
    pub(crate) fn key(&self) -> (i64, u8) {
        (self.first.at, self.first.source)
    }

    /// Makes one of readings that report the same; `times` and `arrivals` are of each, the first one included.
    fn of(first: Point<3>, times: &[i64], arrivals: &[i64]) -> Self {
        let later = times.get(1..).unwrap_or_default();
        Self {
            first,
            readings: i64::try_from(times.len()).unwrap_or(i64::MAX),
            last_at: later.last().copied(),
            later: (!later.is_empty()).then(|| pack(first.at, later)),
            arrived: arrivals::pack(times, arrivals),
        }
    }

    /// Appends its readings.
    pub(crate) fn expand(&self, readings: &mut Vec<Arrived>) -> Result<(), StoreError> {
        let times = times_of(self.first.at, self.later.as_deref())?;
        let arrivals = arrivals_of(&times, self.arrived.as_deref())?;
        let reading = |(at, arrived)| Arrived { point: Point { at, ..self.first }, at: arrived };
        readings.extend(times.into_iter().zip(arrivals).map(reading));
        Ok(())
    }
}

/// Makes runs of the readings of one source, ascending by time.
pub(crate) fn runs_of(readings: &[Arrived]) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut times, mut arrivals): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    let mut rest = readings.iter().map(|reading| (normal(&reading.point), reading.at));
    let Some((mut first, arrived)) = rest.next() else { return runs };
    let mut month = MonthMs::of(first.at);
    times.push(first.at);
    arrivals.push(arrived);
    for (point, arrived) in rest {
        let is_same = (point.counts, point.rounded) == (first.counts, first.rounded);
        if !is_same || point.at >= month.end || times.len() == READINGS_MAX {
            runs.push(Run::of(first, &times, &arrivals));
            times.clear();
            arrivals.clear();
            first = point;
            if first.at >= month.end {
                month = MonthMs::of(first.at);
            }
        }
        times.push(point.at);
        arrivals.push(arrived);
    }
    runs.push(Run::of(first, &times, &arrivals));
    runs
}

/// Returns the times of all readings of a run. An error if the bytes are damaged.
fn times_of(first: i64, later: Option<&[u8]>) -> Result<Vec<i64>, StoreError> {
    let later = later.unwrap_or_default();
    let mut times = Vec::with_capacity(later.len() + 1);
    times.push(first);
    unpack(first, later, &mut times).ok_or_else(|| damaged("later", first))?;
    Ok(times)
}

/// Returns when each reading of a run came in, given their times. An error if the bytes are damaged.
fn arrivals_of(times: &[i64], arrived: Option<&[u8]>) -> Result<Vec<i64>, StoreError> {
    let Some(arrived) = arrived else { return Ok(vec![UNKNOWN; times.len()]) };
    let first = times.first().copied().unwrap_or(0);
    arrivals::unpack(times, arrived).ok_or_else(|| damaged("arrived", first))
}

fn damaged(column: &'static str, first: i64) -> StoreError {
    let row = Timestamp::from_ms(first).to_rfc3339();
    StoreError::Inconsistent { table: "hashtag_snapshots", column, row }
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

/// Undoes [`pack`], onto the end of `times`; `None` if the bytes are damaged.
fn unpack(first: i64, mut packed: &[u8], times: &mut Vec<i64>) -> Option<()> {
    let (mut last, mut step) = (first, 0_i64);
    while !packed.is_empty() {
        let change = unzigzag(take(&mut packed)?);
        step = step.checked_add(change).filter(|step| *step > 0)?;
        last = last.checked_add(step)?;
        times.push(last);
    }
    Some(())
}

row! {
    /// A stored run, as readers see it.
    pub(crate) struct RunColumns<'r>: run_columns {
        first: SnapshotColumns<3> = (crate::snapshots::hashtag_snapshot_columns),
        readings: i64,
        last_at: Option<i64>,
        later: Option<&'r [u8]>,
        arrived: Option<&'r [u8]>,
    }
}

impl RunColumns<'_> {
    /// Returns the row as it is stored.
    pub(crate) fn stored(&self) -> Result<Run, StoreError> {
        let SnapshotColumns { observed_at, source, rounded, counts } = self.first;
        let source = u8::try_from(source).map_err(|_| damaged("source", observed_at))?;
        let first = Point { at: observed_at, source, rounded, counts };
        let [later, arrived] = [self.later, self.arrived].map(|bytes| bytes.map(<[u8]>::to_vec));
        Ok(Run { first, readings: self.readings, last_at: self.last_at, later, arrived })
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
    /// Only readings that had come in by this moment.
    as_of: Option<i64>,
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
        Self { after, limit: limit as usize, as_of: None, open: Vec::new(), read: Vec::new() }
    }

    /// None yet: all readings of a hashtag that had come in by a moment, and whose counts are what they were then.
    pub(crate) fn as_of(hashtag: HashtagRow, as_of: Timestamp) -> Self {
        let after = ReadingPlace::after_moment(hashtag, i64::MIN);
        Self { as_of: Some(as_of.as_ms()), ..Self::new(after, u32::MAX) }
    }

    /// Takes the next run. Returns true while further runs can add readings.
    pub(crate) fn push(&mut self, hashtag: i64, run: RunColumns<'_>) -> Result<bool, StoreError> {
        let RunColumns { first, later, arrived, .. } = run;
        let (observed_at, source) = (first.observed_at, first.source);
        let place = |observed_at| ReadingPlace { hashtag, observed_at, source };
        self.drain(Some(place(observed_at)));
        if self.read.len() >= self.limit {
            return Ok(false);
        }
        let mut times = times_of(observed_at, later)?;
        if let Some(as_of) = self.as_of {
            let mut arrivals = arrivals_of(&times, arrived)?.into_iter();
            times.retain(|at| arrivals.next().is_some_and(|arrived| is_known(*at, arrived, as_of)));
        }
        times.retain(|at| place(*at) > self.after);
        let snapshot = first.into_snapshot(hashtag_counts)?;
        let next = HashtagReading { hashtag: row_number("hashtag_snapshots", hashtag)?, snapshot };
        let mut run = OpenRun { place: place(observed_at), next, later: times.into_iter() };
        if run.advance() {
            self.open.push(run);
        }
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

/// Returns true if a reading had come in by a moment.
pub(crate) fn is_known(at: i64, arrived: i64, as_of: i64) -> bool {
    (if arrived == UNKNOWN { at } else { arrived }) <= as_of
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
