//! The repair rules of a series, each observed in real series. They run in one pass over the readings.

use super::series::{BOUNCE_HOURS_MAX, Point, Repair};
use crate::Source;
use crate::count::{OFF_STEP_SURE, display_step, is_on_a_step, is_one_below_a_step};
use std::collections::VecDeque;

mod growing;

pub use growing::GrowingSeries;

const BOUNCE_MS_MAX: i64 = BOUNCE_HOURS_MAX * 3_600_000;

/// The longest time that one reading stands for: a single reading after a gap says little.
const READING_MS_MAX: i64 = 24 * 3_600_000;

/// The share of the level before, as a fraction of it, that a reading must rise above to need a confirmation: in the real
/// series rises up to a tenth that were taken back came again (6,920 of 8,368), those above never did (0 of 4).
const RISE_TENTHS: u128 = 11;

/// The factor that a newest reading must rise by, for each whole day since the reading before and once at least, to wait
/// for a second one.
const JUMP_DOUBLINGS_MIN: i64 = 1;

/// A newest reading below this counts at once: young hashtags multiply within hours, and of 20 such rises to more than
/// twice the level in the real series all were confirmed.
const JUMP_VALUE_MIN: u64 = 10_000;

/// Different values on the step, and nine of ten of all, that show that a source rounds.
const ROUNDING_SHOWN_BY: u32 = 8;

/// Repairs points in order of time, all with their observed value. How many were put on their step.
pub(super) fn repair(points: &mut [Point]) -> u64 {
    let off_step = put_on_step(points);
    retain_the_finest_of_a_moment(points);
    leave_out_lost(points, &mut false);
    leave_out_covered_more_finely(points);
    leave_out_lone_highs(points);
    leave_out_contradictions(points);
    off_step
}

/// Numbers one below their step of display are put on it.
fn put_on_step(points: &mut [Point]) -> u64 {
    let mut rounding = Rounding::default();
    points.iter().for_each(|point| rounding.note(point));
    let rounds: [bool; 256] = std::array::from_fn(|source| rounding.is_shown_by(source));
    let mut off_step = 0;
    for point in points {
        off_step += u64::from(put_point_on_step(point, rounds[usize::from(point.source.number())]));
    }
    off_step
}

/// Puts a number one below its step of display on it, and gives one on a step that step if its source rounds. Returns
/// true if the number changed.
fn put_point_on_step(point: &mut Point, rounds: bool) -> bool {
    let is_sure = rounds || point.step > 1 || point.observed >= OFF_STEP_SURE;
    if is_one_below_a_step(point.observed) && is_sure {
        let value = point.observed + 1;
        point.value = Some(value);
        point.step = display_step(value);
        point.repair = Some(Repair::OffStep);
        return true;
    }
    if rounds && is_on_a_step(point.observed) {
        point.step = display_step(point.observed);
    }
    false
}

/// Evidence by source number that its readings are rounded: they are on steps of display.
#[derive(Debug)]
struct Rounding {
    on_step: [u32; 256],
    others: [u32; 256],
    before: [u64; 256],
}

impl Default for Rounding {
    fn default() -> Self {
        Self { on_step: [0; 256], others: [0; 256], before: [0; 256] }
    }
}

impl Rounding {
    /// Notes the next point, as it was read.
    fn note(&mut self, point: &Point) {
        let source: usize = Source::number(point.source).into();
        let is_too_small = display_step(point.observed) == 1;
        if is_too_small || std::mem::replace(&mut self.before[source], point.observed) == point.observed {
            return;
        }
        if point.step > 1 || is_on_a_step(point.observed) {
            self.on_step[source] += 1;
        } else if !is_one_below_a_step(point.observed) {
            self.others[source] += 1;
        }
    }

    const fn is_shown_by(&self, source: usize) -> bool {
        self.on_step[source] >= ROUNDING_SHOWN_BY && self.on_step[source] / 9 >= self.others[source]
    }
}

/// Keeps the reading with the smallest step of several at the same moment, of equals the largest.
fn retain_the_finest_of_a_moment(points: &mut [Point]) {
    for moment in points.chunk_by_mut(|one, other| one.at == other.at).filter(|moment| moment.len() > 1) {
        let rank = |point: &Point| (point.value == Some(0), point.step, std::cmp::Reverse(point.value));
        let finest = (0..moment.len()).min_by_key(|at| rank(&moment[*at]));
        for (at, point) in moment.iter_mut().enumerate() {
            if Some(at) != finest {
                (point.value, point.repair) = (None, None);
            }
        }
    }
}

/// Omits a 0 after a number that is not 0: it means "not reported". `is_known` is true once there was one.
fn leave_out_lost(points: &mut [Point], is_known: &mut bool) {
    for point in points {
        match point.value {
            Some(0) if *is_known => (point.value, point.repair) = (None, Some(Repair::LostReading)),
            Some(value) => *is_known |= value > 0,
            None => {}
        }
    }
}

/// Omits a rounded number that differs by less than its own step from a finer one of another source shortly
/// before or after: it would only look like a fall.
fn leave_out_covered_more_finely(points: &mut [Point]) {
    if points.iter().all(|point| point.source == points[0].source) {
        return;
    }
    Covers::default().leave_out(points.iter_mut(), Covers::BEFORE);
    Covers::default().leave_out(points.iter_mut().rev(), Covers::AFTER);
}

/// The newest points by source number, among points in order of time or against it.
#[derive(Debug)]
struct Covers([Option<Point>; 256]);

impl Default for Covers {
    fn default() -> Self {
        Self([None; 256])
    }
}

impl Covers {
    /// Distance of a coarse number from a finer one before it: the coarse one may lie below.
    const BEFORE: fn(u64, u64) -> Option<u64> = |coarse, fine| fine.checked_sub(coarse);
    /// Distance from a finer one after it: the coarse one may lie above.
    const AFTER: fn(u64, u64) -> Option<u64> = |coarse, fine| coarse.checked_sub(fine);

    /// Omits those of the next points that finer ones cover.
    fn leave_out<'a>(
        &mut self,
        points: impl Iterator<Item = &'a mut Point>,
        distance: fn(u64, u64) -> Option<u64>,
    ) {
        for point in points {
            let Some(value) = point.value else { continue };
            if point.step > 1 && self.is_covered(point, value, distance) {
                (point.value, point.repair) = (None, None);
            } else {
                self.0[usize::from(point.source.number())] = Some(*point);
            }
        }
    }

    fn is_covered(&self, point: &Point, value: u64, distance: fn(u64, u64) -> Option<u64>) -> bool {
        let mut others =
            self.0.iter().flatten().filter(|other| other.source != point.source && other.step < point.step);
        others.any(|other| {
            let is_near = point.at.as_ms().abs_diff(other.at.as_ms()) <= BOUNCE_MS_MAX.unsigned_abs();
            let apart = other.value.and_then(|fine| distance(value, fine));
            is_near && apart.is_some_and(|apart| apart > 0 && apart < point.step)
        })
    }
}

/// The highest value of the readings of the last [`BOUNCE_HOURS_MAX`], and at least that of the newest one.
#[derive(Debug, Default, Clone)]
struct Level {
    newest: Option<(i64, u64)>,
    /// Times and values that are above all after them.
    highest: VecDeque<(i64, u64)>,
}

impl Level {
    /// The level at a moment, and when the newest reading of it was taken.
    fn at(&mut self, at_ms: i64) -> Option<(i64, u64)> {
        let (newest_ms, newest) = self.newest?;
        while self.highest.front().is_some_and(|(then, _)| at_ms.saturating_sub(*then) > BOUNCE_MS_MAX) {
            self.highest.pop_front();
        }
        Some((newest_ms, self.highest.front().map_or(newest, |(_, value)| newest.max(*value))))
    }

    fn push(&mut self, at_ms: i64, value: u64) {
        while self.highest.back().is_some_and(|(_, below)| *below <= value) {
            self.highest.pop_back();
        }
        self.highest.push_back((at_ms, value));
        self.newest = Some((at_ms, value));
    }

    /// Returns why a reading does not count, given the one after it. One that counts raises the level.
    fn judge(&mut self, at_ms: i64, value: u64, next: Option<u64>) -> Option<Repair> {
        let repair = self.at(at_ms).and_then(|(newest_ms, level)| match next {
            Some(next) => is_taken_back(level, value, next).then_some(Repair::Bounce),
            None => is_jump(level, value, at_ms.saturating_sub(newest_ms)).then_some(Repair::Unconfirmed),
        });
        if repair.is_none() {
            self.push(at_ms, value);
        }
        repair
    }
}

/// A jump up counts once a second reading confirms it. A rise by more than a tenth that the next reading takes back by more
/// than half is a bounce; a newest reading that is a jump waits for the next one.
fn leave_out_lone_highs(points: &mut [Point]) {
    let mut level = Level::default();
    let mut rest = (0..points.len()).filter(|at| points[*at].value.is_some()).collect::<Vec<_>>().into_iter();
    while let Some(at) = rest.next() {
        let (at_ms, value) = (points[at].at.as_ms(), points[at].value.unwrap_or_default());
        let next = rest.as_slice().first().and_then(|next| points[*next].value);
        let repair = level.judge(at_ms, value, next);
        if repair.is_some() {
            (points[at].value, points[at].repair) = (None, repair);
        }
    }
}

/// Returns true if a value rises by more than a tenth above the level and the next one takes more than half
/// of that back.
fn is_taken_back(level: u64, value: u64, next: u64) -> bool {
    let [level, value, next] = [level, value, next].map(u128::from);
    value * 10 > level * RISE_TENTHS && next * 2 < level + value
}

/// Returns true if a value exceeds the level, doubled for each whole day since and at least once. 0 is not a
/// level.
fn is_jump(level: u64, value: u64, since_ms: i64) -> bool {
    let doublings = (since_ms / READING_MS_MAX).max(JUMP_DOUBLINGS_MIN);
    let limit = u32::try_from(doublings).ok().and_then(|times| 2_u64.checked_pow(times)?.checked_mul(level));
    level > 0 && value >= JUMP_VALUE_MIN && limit.is_some_and(|limit| value > limit)
}

/// The best that can be kept of the readings up to one, which is kept.
#[derive(Debug, Clone, Copy)]
struct Best {
    value: u64,
    /// The time of what is kept less [`BOUNCE_HOURS_MAX`] for every fall.
    worth_ms: i64,
    at: usize,
}

/// The best ways up to each value. Values ascend, and so do worths: one with a higher value and less worth is useless.
#[derive(Debug, Default)]
struct Ways(VecDeque<Best>);

impl Ways {
    /// Adds a reading of this value, and returns the one before it on the best way that ends there.
    fn add(&mut self, at: usize, value: u64, stands_for_ms: i64) -> Option<usize> {
        let ways = &mut self.0;
        let is_highest = ways.back().is_none_or(|best| best.value <= value);
        let up_to = if is_highest { ways.len() } else { ways.partition_point(|best| best.value <= value) };
        let risen = up_to.checked_sub(1).map(|place| ways[place]);
        let fallen = ways.back().map(|best| Best { worth_ms: best.worth_ms - BOUNCE_MS_MAX, ..*best });
        let from = match (risen, fallen) {
            (Some(risen), Some(fallen)) if fallen.worth_ms <= risen.worth_ms => Some(risen),
            (None, Some(fallen)) if fallen.worth_ms <= 0 => None,
            (_, fallen) => fallen,
        };
        let worth_ms = from.map_or(0, |best| best.worth_ms) + stands_for_ms;
        put(ways, up_to, Best { value, worth_ms, at });
        // To fall from the best way is worth more than to rise from one of these, now and later.
        let least_ms = ways.back().map_or(0, |best| best.worth_ms - BOUNCE_MS_MAX);
        while ways.front().is_some_and(|best| best.worth_ms < least_ms) {
            ways.pop_front();
        }
        from.map(|best| best.at)
    }

    /// Returns the last reading of the best way.
    fn end(&self) -> Option<usize> {
        self.0.back().map(|best| best.at)
    }
}

/// Chooses, of all subsets of readings that never fall (but for falls that cost [`BOUNCE_HOURS_MAX`] each),
/// the one that keeps the most time. A bounce costs less than a fall would, a fall that stays costs less
/// than what it saves. Of equal subsets, the one with the higher readings.
///
/// Dynamic programming: for each reading, the best subset that ends there, in order of value.
fn leave_out_contradictions(points: &mut [Point]) {
    let counted: Vec<usize> = (0..points.len()).filter(|at| points[*at].value.is_some()).collect();
    if counted.is_sorted_by_key(|at| points[*at].value) {
        return;
    }
    let mut before: Vec<Option<usize>> = vec![None; points.len()];
    let mut ways = Ways::default();
    let time = |place: usize| counted.get(place).map(|at| points[*at].at.as_ms());
    for (place, &at) in counted.iter().enumerate() {
        let earlier = [2, 1].map(|back| place.checked_sub(back).and_then(time));
        let stands_for_ms = stands_for_ms(earlier, points[at].at.as_ms(), time(place + 1));
        before[at] = ways.add(at, points[at].value.unwrap_or_default(), stands_for_ms);
    }
    mark(points, &counted, ways.end(), &before);
}

/// Returns the time that a reading stands for, from the times of the two before it and of the next one: the shorter
/// distance to its neighbours, a day at most. Beside a gap only the other side counts, and the last reading stands for no
/// longer than the one before it.
fn stands_for_ms(earlier: [Option<i64>; 2], at_ms: i64, next: Option<i64>) -> i64 {
    let gap = |from: i64, to: i64| to.saturating_sub(from).min(READING_MS_MAX);
    let [before_last, last] = earlier;
    let after = match (next, last) {
        (Some(next), _) => Some(gap(at_ms, next)),
        (None, Some(last)) => before_last.map(|before_last| gap(before_last, last)),
        (None, None) => None,
    };
    let before = last.map(|last| gap(last, at_ms));
    before.into_iter().chain(after).min().unwrap_or(0)
}

/// Puts what can be kept up to a reading behind those of its value or less, in place of those it makes useless.
fn put(front: &mut VecDeque<Best>, up_to: usize, best: Best) {
    let useless = (up_to..front.len()).take_while(|place| front[*place].worth_ms < best.worth_ms).count();
    if up_to > 0 && front[up_to - 1].value == best.value {
        front[up_to - 1] = best;
        front.drain(up_to..up_to + useless);
    } else if useless > 0 {
        front[up_to] = best;
        front.drain(up_to + 1..up_to + useless);
    } else {
        front.insert(up_to, best);
    }
}

/// Leaves out what is not on the way that ends at `last`, and names the falls on it.
fn mark(points: &mut [Point], counted: &[usize], last: Option<usize>, before: &[Option<usize>]) {
    let mut on_way = last;
    for &at in counted.iter().rev() {
        if on_way == Some(at) {
            on_way = before[at];
            if on_way.is_some_and(|before| before_is_above(points, before, at)) {
                points[at].repair = Some(Repair::Fall);
            }
        } else {
            (points[at].value, points[at].repair) = (None, Some(Repair::Bounce));
        }
    }
}

fn before_is_above(points: &[Point], before: usize, at: usize) -> bool {
    points[before].value > points[at].value
}
