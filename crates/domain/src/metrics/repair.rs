//! The repair rules of a series, each observed in real series. They run in one pass over the readings.

use super::series::{BOUNCE_HOURS_MAX, Point, Repair};
use crate::Source;
use crate::count::{OFF_STEP_SURE, display_step, is_on_a_step, is_one_below_a_step};
use std::collections::VecDeque;

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
    leave_out_lost(points);
    leave_out_covered_more_finely(points);
    leave_out_lone_highs(points);
    leave_out_contradictions(points);
    off_step
}

/// Numbers one below their step of display are put on it.
fn put_on_step(points: &mut [Point]) -> u64 {
    let rounding = sources_that_round(points);
    let mut off_step = 0;
    for point in points {
        let rounds = rounding[usize::from(point.source.number())];
        let is_sure = rounds || point.step > 1 || point.observed >= OFF_STEP_SURE;
        if is_one_below_a_step(point.observed) && is_sure {
            let value = point.observed + 1;
            point.value = Some(value);
            point.step = display_step(value);
            point.repair = Some(Repair::OffStep);
            off_step += 1;
        } else if rounds && is_on_a_step(point.observed) {
            point.step = display_step(point.observed);
        }
    }
    off_step
}

/// By source number: whether its readings show by standing on steps that it rounds.
fn sources_that_round(points: &[Point]) -> [bool; 256] {
    let (mut on_step, mut others, mut before) = ([0_u32; 256], [0_u32; 256], [0_u64; 256]);
    for point in points.iter().filter(|point| display_step(point.observed) > 1) {
        let source: usize = Source::number(point.source).into();
        if std::mem::replace(&mut before[source], point.observed) == point.observed {
            continue;
        }
        if point.step > 1 || is_on_a_step(point.observed) {
            on_step[source] += 1;
        } else if !is_one_below_a_step(point.observed) {
            others[source] += 1;
        }
    }
    std::array::from_fn(|source| {
        on_step[source] >= ROUNDING_SHOWN_BY && on_step[source] / 9 >= others[source]
    })
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

/// Omits a 0 after a number that is not 0: it means "not reported".
fn leave_out_lost(points: &mut [Point]) {
    let mut is_known = false;
    for point in points {
        match point.value {
            Some(0) if is_known => (point.value, point.repair) = (None, Some(Repair::LostReading)),
            Some(value) => is_known |= value > 0,
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
    let order: Vec<usize> = (0..points.len()).collect();
    // Forwards a coarse number may lie below the finer one before it, backwards above the finer one after it.
    set_aside(points, order.iter().copied(), |coarse, fine| fine.checked_sub(coarse));
    set_aside(points, order.iter().rev().copied(), |coarse, fine| coarse.checked_sub(fine));
}

fn set_aside(
    points: &mut [Point],
    order: impl Iterator<Item = usize>,
    distance: impl Fn(u64, u64) -> Option<u64>,
) {
    let mut newest: [Option<Point>; 256] = [None; 256];
    for at in order {
        let point = points[at];
        let Some(value) = point.value else { continue };
        let others =
            newest.iter().flatten().filter(|other| other.source != point.source && other.step < point.step);
        let is_covered = |other: &Point| {
            let is_near = point.at.as_ms().abs_diff(other.at.as_ms()) <= BOUNCE_MS_MAX.unsigned_abs();
            let apart = other.value.and_then(|fine| distance(value, fine));
            is_near && apart.is_some_and(|apart| apart > 0 && apart < point.step)
        };
        if point.step > 1 && others.into_iter().any(is_covered) {
            (points[at].value, points[at].repair) = (None, None);
        } else {
            newest[usize::from(point.source.number())] = Some(point);
        }
    }
}

/// The highest value of the readings of the last [`BOUNCE_HOURS_MAX`], and at least that of the newest one.
#[derive(Default)]
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
}

/// A jump up counts once a second reading confirms it. A rise by more than a tenth that the next reading takes back by more
/// than half is a bounce; a newest reading that is a jump waits for the next one.
fn leave_out_lone_highs(points: &mut [Point]) {
    let mut level = Level::default();
    let mut rest = (0..points.len()).filter(|at| points[*at].value.is_some()).collect::<Vec<_>>().into_iter();
    while let Some(at) = rest.next() {
        let (at_ms, value) = (points[at].at.as_ms(), points[at].value.unwrap_or_default());
        let next = rest.as_slice().first().and_then(|next| points[*next].value);
        let repair = level.at(at_ms).and_then(|(newest_ms, level)| match next {
            Some(next) => is_taken_back(level, value, next).then_some(Repair::Bounce),
            None => is_jump(level, value, at_ms.saturating_sub(newest_ms)).then_some(Repair::Unconfirmed),
        });
        match repair {
            Some(_) => (points[at].value, points[at].repair) = (None, repair),
            None => level.push(at_ms, value),
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
#[derive(Clone, Copy)]
struct Best {
    value: u64,
    /// The time of what is kept less [`BOUNCE_HOURS_MAX`] for every fall.
    worth_ms: i64,
    at: usize,
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
    // Values ascend, and so do worths: an entry with a higher value and less worth is useless.
    let mut front: VecDeque<Best> = VecDeque::new();
    for (&at, stands_for_ms) in counted.iter().zip(stand_for_ms(points, &counted)) {
        let value = points[at].value.unwrap_or_default();
        let is_highest = front.back().is_none_or(|best| best.value <= value);
        let up_to = if is_highest { front.len() } else { front.partition_point(|best| best.value <= value) };
        let risen = up_to.checked_sub(1).map(|place| front[place]);
        let fallen = front.back().map(|best| Best { worth_ms: best.worth_ms - BOUNCE_MS_MAX, ..*best });
        let from = match (risen, fallen) {
            (Some(risen), Some(fallen)) if fallen.worth_ms <= risen.worth_ms => Some(risen),
            (None, Some(fallen)) if fallen.worth_ms <= 0 => None,
            (_, fallen) => fallen,
        };
        before[at] = from.map(|best| best.at);
        let worth_ms = from.map_or(0, |best| best.worth_ms) + stands_for_ms;
        put(&mut front, up_to, Best { value, worth_ms, at });
    }
    mark(points, &counted, front.back().map(|best| best.at), &before);
}

/// Returns the time that each reading stands for: the shorter distance to its neighbours, a day at most.
/// Beside a gap only the other side counts, and the last reading stands for no longer than the one before
/// it.
fn stand_for_ms(points: &[Point], counted: &[usize]) -> Vec<i64> {
    let time = |place: usize| points[counted[place]].at.as_ms();
    let gaps: Vec<i64> = (1..counted.len())
        .map(|place| time(place).saturating_sub(time(place - 1)).min(READING_MS_MAX))
        .collect();
    let before = |place: usize| gaps[place.saturating_sub(1)];
    let after = |place: usize| gaps[if place < gaps.len() { place } else { place.saturating_sub(2) }];
    (0..counted.len()).map(|place| before(place).min(after(place))).collect()
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
