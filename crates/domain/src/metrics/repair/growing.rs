//! Repair of a series whose readings come one after another: after each moment as [`Series::repaired`] of the readings up
//! to it, at a cost that does not grow with the series.
//!
//! Readings that later ones can no longer change are settled. Of the others, the newest ones, the repair is made again at
//! each moment.
//!
//! [`Series::repaired`]: crate::metrics::Series::repaired

use super::{
    BOUNCE_MS_MAX, Covers, Level, Rounding, Ways, leave_out_lost, put_point_on_step,
    retain_the_finest_of_a_moment, stands_for_ms,
};
use crate::Source;
use crate::metrics::series::{CountedReading, CountedSeries, Point, Reading};

/// Time after which no later reading decides whether a finer one covers a reading. Each step of display may be covered by
/// the next finer one, and there are four.
const COVER_MS_MAX: i64 = 4 * BOUNCE_MS_MAX;

/// A series that grows.
#[derive(Debug, Default)]
pub struct GrowingSeries {
    readings: Vec<Reading>,
    rounding: Box<Rounding>,
    /// The first source.
    source: Option<Source>,
    /// Present once there are several sources: only then a reading can be covered by a finer one.
    covers: Option<Box<Covers>>,
    /// True once a number was not 0.
    is_known: bool,
    /// Points with a value that are not settled.
    newest: Vec<Point>,
    /// Level up to the first of them.
    level: Level,
    /// Ways up to the last settled node.
    ways: Ways,
    /// Readings that no bounce takes away, settled ones first.
    nodes: Vec<Node>,
    settled: usize,
    /// Nodes that count.
    way: Vec<usize>,
    counted: CountedSeries,
    scratch: Scratch,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    reading: CountedReading,
    /// The node before it on the best way.
    before: Option<usize>,
}

/// A point that may become a node.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Its place among the newest points.
    place: usize,
    reading: CountedReading,
    /// True if no later reading changes it.
    is_final: bool,
}

/// Memory that is used at each moment.
#[derive(Debug, Default)]
struct Scratch {
    points: Vec<Point>,
    candidates: Vec<Candidate>,
    /// Candidates that no bounce takes away.
    remaining: Vec<Candidate>,
    level: Level,
    ways: Ways,
    way: Vec<usize>,
}

impl GrowingSeries {
    /// Returns the readings that count, of those so far.
    pub const fn counted(&self) -> &CountedSeries {
        &self.counted
    }

    /// Adds all readings of the next moment.
    pub fn push(&mut self, moment: &[Reading]) {
        let mut is_changed = false;
        for reading in moment {
            let source = usize::from(reading.source.number());
            let rounded = self.rounding.is_shown_by(source);
            self.rounding.note(&Point::of(reading));
            is_changed |= rounded != self.rounding.is_shown_by(source);
            let first = *self.source.get_or_insert(reading.source);
            if reading.source != first && self.covers.is_none() {
                self.covers = Some(Box::default());
                is_changed = true;
            }
        }
        self.readings.extend_from_slice(moment);
        if is_changed {
            self.begin_again();
        } else {
            self.place(moment);
        }
        self.settle();
    }

    /// Places all readings again, after what is known of their sources changed.
    fn begin_again(&mut self) {
        let readings = std::mem::take(&mut self.readings);
        *self = Self {
            rounding: std::mem::take(&mut self.rounding),
            source: self.source,
            covers: self.covers.take().map(|_| Box::default()),
            scratch: std::mem::take(&mut self.scratch),
            ..Self::default()
        };
        for moment in readings.chunk_by(|one, other| one.at == other.at) {
            self.place(moment);
        }
        self.readings = readings;
    }

    /// Adds the points of a moment that have a value by what is known of earlier ones.
    fn place(&mut self, moment: &[Reading]) {
        let begin = self.newest.len();
        self.newest.extend(moment.iter().map(Point::of));
        let points = &mut self.newest[begin..];
        for point in &mut *points {
            put_point_on_step(point, self.rounding.is_shown_by(point.source.number().into()));
        }
        retain_the_finest_of_a_moment(points);
        leave_out_lost(points, &mut self.is_known);
        if let Some(covers) = &mut self.covers {
            covers.leave_out(points.iter_mut(), Covers::BEFORE);
        }
        let mut place = 0;
        self.newest.retain(|point| {
            place += 1;
            place <= begin || point.value.is_some()
        });
    }

    /// Repairs the points that are not settled, and settles those that no later reading changes.
    fn settle(&mut self) {
        self.retract(self.settled);
        self.find_candidates();
        let Scratch { candidates, remaining, level, ways, .. } = &mut self.scratch;
        level.newest = self.level.newest;
        level.highest.clone_from(&self.level.highest);
        remaining.clear();
        judge(level, candidates, candidates.len(), |candidate| remaining.push(candidate));
        // A node is final once the next one is: the time that it stands for depends on it.
        let is_final = |place: &usize| remaining.get(place + 1).is_some_and(|next| next.is_final);
        let finals = (0..remaining.len()).take_while(is_final).count();
        let begin = self.nodes.len();
        for (place, candidate) in remaining.iter().enumerate() {
            if place == finals {
                ways.0.clone_from(&self.ways.0);
            }
            let ways = if place < finals { &mut self.ways } else { &mut *ways };
            let at = begin + place;
            let time = |node: &Node| node.reading.at.as_ms();
            let earlier = [2, 1].map(|back| at.checked_sub(back).map(|before| time(&self.nodes[before])));
            let next = remaining.get(place + 1).map(|next| next.reading.at.as_ms());
            let reading = candidate.reading;
            let before = ways.add(at, reading.value, stands_for_ms(earlier, reading.at.as_ms(), next));
            self.nodes.push(Node { reading, before });
        }
        let end = if finals < remaining.len() { ways.end() } else { self.ways.end() };
        if finals > 0 {
            let settled = remaining[finals].place;
            let count = candidates.iter().take_while(|candidate| candidate.place < settled).count();
            judge(&mut self.level, candidates, count, |_| ());
            self.newest.drain(..settled);
            self.settled += finals;
        }
        self.follow(end);
    }

    /// Lists the points that finer ones after them do not cover.
    fn find_candidates(&mut self) {
        let Scratch { points, candidates, .. } = &mut self.scratch;
        points.clone_from(&self.newest);
        if self.covers.is_some() {
            Covers::default().leave_out(points.iter_mut().rev(), Covers::AFTER);
        }
        let now_ms = points.last().map_or(0, |point| point.at.as_ms());
        let is_final =
            |point: &Point| self.covers.is_none() || now_ms.saturating_sub(point.at.as_ms()) > COVER_MS_MAX;
        candidates.clear();
        candidates.extend(points.iter().enumerate().filter_map(|(place, point)| {
            let reading = CountedReading { at: point.at, value: point.value?, step: point.step };
            Some(Candidate { place, reading, is_final: is_final(point) })
        }));
    }

    /// Takes back the nodes from this one on.
    fn retract(&mut self, node: usize) {
        self.nodes.truncate(node);
        let count = self.way.partition_point(|on_way| *on_way < node);
        self.way.truncate(count);
        self.counted.truncate(count);
    }

    /// Counts the nodes of the way that ends at this one, and no others.
    fn follow(&mut self, end: Option<usize>) {
        let ahead = &mut self.scratch.way;
        ahead.clear();
        let mut on_way = end;
        loop {
            while self.way.last().is_some_and(|last| on_way.is_none_or(|node| *last > node)) {
                self.way.pop();
            }
            match on_way {
                Some(node) if self.way.last() != Some(&node) => {
                    ahead.push(node);
                    on_way = self.nodes[node].before;
                }
                _ => break,
            }
        }
        self.counted.truncate(self.way.len());
        for node in ahead.iter().rev() {
            self.way.push(*node);
            self.counted.push(self.nodes[*node].reading);
        }
    }
}

/// Passes on those of the first `count` candidates that no bounce takes away. One is final if the next one is.
fn judge(level: &mut Level, candidates: &[Candidate], count: usize, mut remaining: impl FnMut(Candidate)) {
    for (place, candidate) in candidates.iter().enumerate().take(count) {
        let (reading, next) = (candidate.reading, candidates.get(place + 1));
        if level.judge(reading.at.as_ms(), reading.value, next.map(|next| next.reading.value)).is_none() {
            let is_final = candidate.is_final && next.is_some_and(|next| next.is_final);
            remaining(Candidate { is_final, ..*candidate });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::at;
    use crate::metrics::series::Series;
    use crate::{Count, Timestamp};
    use proptest::prelude::*;

    fn assert_as_repaired_at_once(readings: &[Reading]) {
        let mut growing = GrowingSeries::default();
        let mut before = 0;
        for moment in readings.chunk_by(|one, other| one.at == other.at) {
            before += moment.len();
            growing.push(moment);
            let whole = Series::repaired(&readings[..before]);
            assert_eq!(growing.counted(), whole.counted_series(), "after {:?}", &readings[..before]);
        }
    }

    /// A step of a made-up total: mostly up a little, at times back, far up, to 0 or off its step.
    fn step() -> impl Strategy<Value = (i64, i64, u8)> {
        let hours = prop_oneof![12 => Just(3_i64), 2 => Just(0), 2 => 1_i64..30, 1 => 30_i64..400];
        (hours, -100_i64..100, 0_u8..40)
    }

    fn readings(scale: u64, sources: &[Source], steps: &[(i64, i64, u8)]) -> Vec<Reading> {
        let (mut hours, mut total) = (0, scale * 100);
        let mut readings: Vec<Reading> = Vec::new();
        for (number, (later, change, kind)) in steps.iter().enumerate() {
            hours += later;
            let risen = total.saturating_add_signed(change * i64::try_from(scale).expect("small") / 20);
            let value = match kind {
                0 => 0,
                1 => total / 2,
                2 => total * 3,
                3..6 => total.saturating_sub(scale * 5),
                6..9 => (total / 100_000 * 100_000).max(1) - 1,
                9 => {
                    total = risen;
                    risen
                }
                _ => {
                    total = total.max(risen);
                    total
                }
            };
            let source = sources[(number + usize::from(*kind)) % sources.len()];
            let is_exact = source == Source::MobileChallenge;
            let count =
                if is_exact { Count::exact(value) } else { Count::displayed(value) }.expect("a count");
            // A reading of one source and moment is stored once.
            if !readings.iter().any(|other| other.at == at(hours) && other.source == source) {
                readings.push(Reading { at: at(hours), count, source });
            }
        }
        readings
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn each_moment_is_repaired_as_if_it_were_the_last(
            steps in prop::collection::vec(step(), 0..140),
            scale in prop::sample::select(vec![1_u64, 200, 30_000, 4_000_000]),
            sources in prop::sample::subsequence(
                vec![Source::Series, Source::MobileChallenge, Source::WebChallenge, Source::Mapped], 1..=3),
        ) {
            assert_as_repaired_at_once(&readings(scale, &sources, &steps));
        }

        #[test]
        fn long_falls_and_jumps_are_repaired_as_if_each_were_the_last(
            levels in prop::collection::vec((1_u64..12, 1_usize..40), 1..8),
        ) {
            let values = levels.iter().flat_map(|(level, count)| std::iter::repeat_n(level * 9_000, *count));
            let readings: Vec<Reading> = (0..)
                .zip(values)
                .map(|(number, value)| Reading {
                    at: Timestamp::from_ms(at(0).as_ms() + number * 10_800_000),
                    count: Count::displayed(value).expect("a count"),
                    source: Source::Series,
                })
                .collect();
            assert_as_repaired_at_once(&readings);
        }
    }
}
