//! Readings that wait to be written, of hashtags or of videos, and what writing them makes of the stored runs of a hashtag.

use super::rows::Point;
use super::zeros::Times;
use crate::StoreError;
use crate::runs::{Arrived, MonthMs, Run, UNKNOWN, runs_of};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Readings of one hashtag or video, by time and source.
pub(crate) type Points<const N: usize> = BTreeMap<(i64, u8), Point<N>>;

/// Counts that become unknown where they are 0, of the stored readings within these times.
pub(crate) type Zeros<const N: usize> = [Option<Times>; N];

/// Readings that wait, each of `N` counts, by the row they are of.
#[derive(Debug)]
pub(crate) struct Waiting<const N: usize> {
    points: BTreeMap<u32, Points<N>>,
    zeros: BTreeMap<u32, Zeros<N>>,
    readings: usize,
}

impl<const N: usize> Default for Waiting<N> {
    fn default() -> Self {
        Self { points: BTreeMap::new(), zeros: BTreeMap::new(), readings: 0 }
    }
}

impl<const N: usize> Waiting<N> {
    /// Returns how many readings wait.
    pub(crate) fn readings(&self) -> usize {
        self.readings
    }

    /// Keeps a reading. If one of the same moment and source waits, that is filled ([`Point::fill`]); a stored one is filled
    /// when this is written.
    pub(crate) fn add(&mut self, whose: u32, point: Point<N>) {
        match self.points.entry(whose).or_default().entry((point.at, point.source)) {
            Entry::Occupied(waiting) => waiting.into_mut().fill(&point),
            Entry::Vacant(place) => {
                place.insert(point);
                self.readings += 1;
            }
        }
    }

    /// Makes count `n` unknown where it is 0, in readings within `times`: in those that wait now, in stored ones when these
    /// are written. A reading that knows nothing more is removed.
    pub(crate) fn clear_zeros(&mut self, whose: u32, n: usize, times: Times) {
        if let Some(points) = self.points.get_mut(&whose) {
            let mut empty = Vec::new();
            // From the first one, as its source may be any.
            for (key, point) in points.range_mut((times.after, u8::MIN)..=(times.until, u8::MAX)) {
                if times.contains(point.at) && point.counts[n] == Some(0) {
                    point.counts[n] = None;
                    if point.known() == 0 {
                        empty.push(*key);
                    }
                }
            }
            for key in empty {
                points.remove(&key);
                self.readings -= 1;
            }
        }
        // No zero comes after a number that is not 0, so what lies between two of these times has none to keep.
        let zeros = &mut self.zeros.entry(whose).or_insert([None; N])[n];
        *zeros = Some(zeros.map_or(times, |before| before.union(times)));
    }

    /// Takes the readings.
    pub(crate) fn take_points(&mut self) -> BTreeMap<u32, Points<N>> {
        self.readings = 0;
        std::mem::take(&mut self.points)
    }

    /// Takes the zeros to be cleared.
    pub(crate) fn take_zeros(&mut self) -> BTreeMap<u32, Zeros<N>> {
        std::mem::take(&mut self.zeros)
    }
}

/// Runs of a hashtag that are read and written together: those that begin within some months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) hashtag: u32,
    /// Milliseconds since 1970.
    pub(crate) from: i64,
    /// The first moment after it.
    pub(crate) until: i64,
}

/// Returns the parts that readings and zeros touch. `hits` are stored runs with a zero that is to be cleared, by hashtag
/// and first reading.
pub(crate) fn parts(points: &BTreeMap<u32, Points<3>>, hits: &[(u32, i64)]) -> Vec<Part> {
    let mut months: BTreeSet<Part> = BTreeSet::new();
    let mut month = MonthMs::of(0);
    let read = points.iter().flat_map(|(hashtag, points)| points.keys().map(|(at, _)| (*hashtag, *at)));
    for (hashtag, at) in read.chain(hits.iter().copied()) {
        if !(month.begin..month.end).contains(&at) {
            month = MonthMs::of(at);
        }
        months.insert(Part { hashtag, from: month.begin, until: month.end });
    }
    let mut parts: Vec<Part> = Vec::new();
    for month in months {
        match parts.last_mut() {
            Some(last) if (last.hashtag, last.until) == (month.hashtag, month.from) => {
                last.until = month.until
            }
            _ => parts.push(month),
        }
    }
    parts
}

/// Changes of the stored runs of a hashtag.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// Time and source of stored runs that are there no longer.
    pub(crate) gone: Vec<(i64, u8)>,
    /// Time and source of stored runs that others in `made` take the place of.
    pub(crate) replaced: Vec<(i64, u8)>,
    /// Runs that are new, or others than the stored ones of their time and source.
    pub(crate) made: Vec<Run>,
    /// Stored readings that were filled or cleared, as they were: they are what was known until now.
    pub(crate) superseded: Vec<Arrived>,
    /// Readings that are new, less those that were removed.
    pub(crate) new: i64,
    /// True if any reading is another than before.
    pub(crate) is_changed: bool,
}

/// Applies zeros, then readings to the stored runs of a hashtag. All runs of the months of the readings, and of those that
/// the zeros touch, must be given. What is new or changes has come in at `now`
/// (milliseconds since 1970, or [`UNKNOWN`]).
pub(crate) fn rewrite(
    stored: Vec<Run>,
    zeros: &Zeros<3>,
    points: &Points<3>,
    now: i64,
) -> Result<Rewritten, StoreError> {
    let before = expanded(&stored)?;
    let mut added: Vec<Point<3>> = points.values().copied().collect();
    added.sort_by_key(order);
    let mut merging = Merging { zeros, now, superseded: Vec::new(), is_changed: false };
    let after = merging.all(&before, added);
    let Merging { superseded, is_changed, .. } = merging;
    if !is_changed {
        return Ok(Rewritten::default());
    }
    let count = |readings: usize| i64::try_from(readings).unwrap_or(i64::MAX);
    let new = count(after.len()) - count(before.len());
    Ok(Rewritten { new, is_changed, superseded, ..differences(stored, &after) })
}

/// Makes the stored runs what they would be had their readings come in today.
pub(crate) fn tidied(stored: Vec<Run>) -> Result<Rewritten, StoreError> {
    let readings = expanded(&stored)?;
    Ok(differences(stored, &readings))
}

/// Runs are made of one source after the other.
fn order(point: &Point<3>) -> (u8, i64) {
    (point.source, point.at)
}

/// All readings of runs, by source and time.
fn expanded(runs: &[Run]) -> Result<Vec<Arrived>, StoreError> {
    let mut readings = Vec::with_capacity(runs.len());
    for run in runs {
        run.expand(&mut readings)?;
    }
    readings.sort_by_key(|reading| order(&reading.point));
    Ok(readings)
}

/// Stored readings become what they are with the zeros and the readings that wait.
struct Merging<'a> {
    zeros: &'a Zeros<3>,
    now: i64,
    superseded: Vec<Arrived>,
    is_changed: bool,
}

impl Merging<'_> {
    /// Merges stored and added readings, both by source and time.
    fn all(&mut self, stored: &[Arrived], added: Vec<Point<3>>) -> Vec<Arrived> {
        let mut all = Vec::with_capacity(stored.len() + added.len());
        let mut stored = stored.iter().peekable();
        for point in added {
            while let Some(before) = stored.next_if(|before| order(&before.point) < order(&point)) {
                all.extend(self.becomes(*before, None));
            }
            match stored.next_if(|same| order(&same.point) == order(&point)) {
                Some(same) => all.extend(self.becomes(*same, Some(&point))),
                None => {
                    self.is_changed = true;
                    all.push(Arrived { point, at: self.now });
                }
            }
        }
        for before in stored {
            all.extend(self.becomes(*before, None));
        }
        all
    }

    /// Clears the zeros of a stored reading and fills it from another of its moment; `None` if it then knows nothing.
    fn becomes(&mut self, before: Arrived, filled_from: Option<&Point<3>>) -> Option<Arrived> {
        let mut point = before.point;
        for (count, times) in point.counts.iter_mut().zip(self.zeros) {
            if *count == Some(0) && times.is_some_and(|times| times.contains(before.point.at)) {
                *count = None;
            }
        }
        if let Some(later) = filled_from {
            point.fill(later);
        }
        if point.counts == before.point.counts {
            return Some(before);
        }
        self.is_changed = true;
        // What came in with this transaction was never seen.
        if self.now != UNKNOWN && self.now != before.at {
            self.superseded.push(before);
        }
        point.rounded &= i64::from(point.known());
        (point.known() != 0).then_some(Arrived { point, at: self.now })
    }
}

/// Compares stored runs with those of these readings, which are in order of source and time.
fn differences(stored: Vec<Run>, readings: &[Arrived]) -> Rewritten {
    let runs = readings.chunk_by(|one, next| one.point.source == next.point.source).flat_map(runs_of);
    let mut unseen: BTreeMap<(i64, u8), Run> = stored.into_iter().map(|run| (run.key(), run)).collect();
    let mut rewritten = Rewritten::default();
    for run in runs {
        let before = unseen.remove(&run.key());
        if before.as_ref() == Some(&run) {
            continue;
        }
        rewritten.replaced.extend(before.map(|before| before.key()));
        rewritten.made.push(run);
    }
    rewritten.gone.extend(unseen.into_keys());
    rewritten
}

#[cfg(test)]
mod tests;
