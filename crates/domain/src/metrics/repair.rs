//! The rules by which a series is repaired, each seen in real series. They look at one pass over the readings.

use super::series::{BOUNCE_HOURS_MAX, Point, Repair};
use crate::Source;
use crate::count::display_step;
use std::collections::VecDeque;

const BOUNCE_MS_MAX: i64 = BOUNCE_HOURS_MAX * 3_600_000;

/// From here on a number one below a step is off its step even where it was told as exact: of exact ones only one in
/// 100,000 would be, of rounded ones one in 400 was.
const OFF_STEP_SURE: u64 = 1_000_000;

/// Different values on the step, and nine of ten of all, that show that a source rounds though it is not marked so.
const ROUNDING_SHOWN_BY: u32 = 8;

/// Coarse readings that a finer one can set aside at once.
const COARSE_LOOK_BACK: usize = 64;

/// Repairs points in order of time, all with their observed value. How many were put on their step.
pub(super) fn repair(points: &mut [Point]) -> u64 {
    let off_step = put_on_step(points);
    keep_the_finest_of_a_moment(points);
    let mut levels = Levels { points, levels: VecDeque::new() };
    for at in 0..levels.points.len() {
        levels.take(at);
    }
    levels.end();
    off_step
}

/// Numbers one below their step of display are put on it.
fn put_on_step(points: &mut [Point]) -> u64 {
    let rounding = sources_that_round(points);
    let mut off_step = 0;
    for point in points {
        let rounds = point.step > 1 || rounding[point.source.number() as usize];
        if is_one_below_a_step(point.observed) && (rounds || point.observed >= OFF_STEP_SURE) {
            let value = point.observed + 1;
            point.value = Some(value);
            point.step = display_step(value);
            point.repair = Some(Repair::OffStep);
            off_step += 1;
        } else if rounds {
            point.step = display_step(point.observed);
        }
    }
    off_step
}

fn is_one_below_a_step(value: u64) -> bool {
    display_step(value) > 1 && (value + 1).is_multiple_of(display_step(value + 1))
}

/// By source number: whether its readings that are marked exact show by standing on steps that they are not.
fn sources_that_round(points: &[Point]) -> [bool; 256] {
    let (mut on_step, mut others, mut before) = ([0_u32; 256], [0_u32; 256], [0_u64; 256]);
    for point in points.iter().filter(|point| point.step == 1 && display_step(point.observed) > 1) {
        let source: usize = Source::number(point.source).into();
        if std::mem::replace(&mut before[source], point.observed) == point.observed {
            continue;
        }
        if point.observed.is_multiple_of(display_step(point.observed)) {
            on_step[source] += 1;
        } else if !is_one_below_a_step(point.observed) {
            others[source] += 1;
        }
    }
    std::array::from_fn(|source| {
        on_step[source] >= ROUNDING_SHOWN_BY && on_step[source] / 9 >= others[source]
    })
}

/// Of several readings at the same moment the one with the smallest step is kept, of equals the largest.
fn keep_the_finest_of_a_moment(points: &mut [Point]) {
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

/// Readings whose values never fall, from the first that was below the level above.
struct Level {
    members: Vec<usize>,
}

/// What is kept so far, and below it what may yet turn out to be a bounce or a fall: each level began with a reading below
/// the last one of the level before it. A reading that is back at a level makes those below it bounces; a level that
/// readings stayed below of for [`BOUNCE_HOURS_MAX`] is done with, and the next one takes its place.
struct Levels<'a> {
    points: &'a mut [Point],
    levels: VecDeque<Level>,
}

impl Levels<'_> {
    fn take(&mut self, at: usize) {
        let Some(value) = self.points[at].value else { return };
        let Some(base) = self.levels.front() else {
            self.levels.push_back(Level { members: vec![at] });
            return;
        };
        if value == 0 && self.last_of(base) > 0 {
            self.leave_out(at, Some(Repair::LostReading));
            return;
        }
        while self.levels.len() > 1 && self.is_back_at(&self.levels[self.levels.len() - 2], at) {
            self.drop_lowest();
        }
        self.put_in(at, value);
        while self.levels.len() > 1 && self.has_stayed_below(at) {
            self.believe_the_fall();
        }
    }

    /// What is still below is too young to be believed.
    fn end(&mut self) {
        while self.levels.len() > 1 {
            self.drop_lowest();
        }
    }

    fn value(&self, at: usize) -> u64 {
        self.points[at].value.unwrap_or(0)
    }

    fn last_of(&self, level: &Level) -> u64 {
        level.members.last().map_or(0, |at| self.value(*at))
    }

    /// Whether a reading is at or above the end of a level, or as near below it as its own rounding brings it.
    fn is_back_at(&self, level: &Level, at: usize) -> bool {
        let (last, step) = (self.last_of(level), self.points[at].step);
        let last_step = level.members.last().map_or(1, |last| self.points[*last].step);
        let short = last.saturating_sub(self.value(at));
        short == 0 || (step > last_step && short < step)
    }

    fn leave_out(&mut self, at: usize, repair: Option<Repair>) {
        (self.points[at].value, self.points[at].repair) = (None, repair);
    }

    fn drop_lowest(&mut self) {
        for at in self.levels.pop_back().map(|level| level.members).unwrap_or_default() {
            self.leave_out(at, Some(Repair::Bounce));
        }
    }

    /// Puts a reading, which is below all levels but the lowest, in the lowest one or below it.
    fn put_in(&mut self, at: usize, value: u64) {
        let Some(lowest) = self.levels.back() else { return };
        let is_below = value < self.last_of(lowest);
        if is_below && self.is_back_at(lowest, at) {
            // The same number, told more coarsely than before.
            self.leave_out(at, None);
        } else if let Some(coarse) = self.set_aside_by(at, value) {
            let members = self.levels.back_mut().map(|level| level.members.split_off(coarse));
            for other in members.unwrap_or_default() {
                self.leave_out(other, None);
            }
            self.add_to_lowest(at);
        } else if !is_below {
            self.add_to_lowest(at);
        } else {
            self.levels.push_back(Level { members: vec![at] });
        }
    }

    fn add_to_lowest(&mut self, at: usize) {
        if let Some(level) = self.levels.back_mut() {
            level.members.push(at);
        }
    }

    /// The first of the coarser readings at the end of the lowest level that are above this finer one by less than their
    /// step: it tells the same more exactly. `None` where there are none, or where a reading before them is above it too.
    fn set_aside_by(&self, at: usize, value: u64) -> Option<usize> {
        let members = &self.levels.back()?.members;
        let step = self.points[at].step;
        let is_coarse = |other: &usize| {
            let other = &self.points[*other];
            other.value.is_some_and(|it| it > value && it - value < other.step) && other.step > step
        };
        let coarse = members.iter().rev().take(COARSE_LOOK_BACK).take_while(|other| is_coarse(other)).count();
        let first = members.len() - coarse;
        let fits = first == 0 || self.value(members[first - 1]) <= value;
        (coarse > 0 && fits).then_some(first)
    }

    fn has_stayed_below(&self, now: usize) -> bool {
        let began = self.levels.get(1).and_then(|level| level.members.first());
        began.is_some_and(|began| self.ms_between(*began, now) > BOUNCE_MS_MAX)
    }

    fn ms_between(&self, one: usize, other: usize) -> i64 {
        self.points[other].at.as_ms().saturating_sub(self.points[one].at.as_ms())
    }

    /// The first level is done with. Either its end was a spike, and the second goes on where it was before, or the second
    /// is a fall.
    fn believe_the_fall(&mut self) {
        let (Some(mut base), Some(next)) = (self.levels.pop_front(), self.levels.pop_front()) else { return };
        match self.spike(&base, &next) {
            Some(first) => {
                for at in base.members.split_off(first) {
                    self.leave_out(at, Some(Repair::Spike));
                }
                let before = self.last_of(&base);
                for at in next.members {
                    if self.value(at) < before {
                        self.leave_out(at, Some(Repair::Bounce));
                    } else {
                        base.members.push(at);
                    }
                }
                self.levels.push_front(base);
            }
            None => {
                if let Some(first) = next.members.first() {
                    self.points[*first].repair = Some(Repair::Fall);
                }
                self.levels.push_front(next);
            }
        }
    }

    /// Where in the level a spike begins: readings above all that the next level reached, over no more than
    /// [`BOUNCE_HOURS_MAX`], after readings that it did reach.
    fn spike(&self, base: &Level, next: &Level) -> Option<usize> {
        let (reached, fell) = (self.last_of(next), *next.members.first()?);
        let is_brief = |at: usize| self.ms_between(at, fell) <= BOUNCE_MS_MAX;
        let above =
            base.members.iter().rev().take_while(|at| self.value(**at) > reached && is_brief(**at)).count();
        let first = base.members.len() - above;
        (above > 0 && first > 0 && self.value(base.members[first - 1]) <= reached).then_some(first)
    }
}
