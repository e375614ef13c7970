//! Intervals: hashtags and blocks of days are drawn with replacement, both at once, since the days of a hashtag and the
//! hashtags of a day resemble one another. The draws are the same every time.

use super::super::quantiles::quantile;
use super::super::splitmix::{SEED, below};
use super::super::{as_f64, ratio};
use std::collections::{BTreeMap, BTreeSet};

/// Draws of an interval.
const DRAWS: usize = 1_000;

/// The ends of a 95 % interval.
pub type Interval = [f64; 2];

/// Tries and hits by hashtag and block of days.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    cells: BTreeMap<(u32, u32), [u32; 2]>,
}

impl Tally {
    pub(super) fn add(&mut self, tag: u32, block: u32, is_hit: bool) {
        let cell = self.cells.entry((tag, block)).or_default();
        cell[0] += 1;
        cell[1] += u32::from(is_hit);
    }

    /// Tries and hits.
    pub(super) fn sums(&self) -> [u64; 2] {
        self.cells.values().fold([0; 2], |sum, cell| [0, 1].map(|at| sum[at] + u64::from(cell[at])))
    }

    /// Hits / tries.
    pub(super) fn share(&self) -> Option<f64> {
        let [tries, hits] = self.sums().map(as_f64);
        ratio(hits, tries)
    }

    /// Different hashtags among the tries, and how many equally frequent ones would be as diverse: 1 / Σ share².
    pub(super) fn hashtags(&self) -> (u64, Option<f64>) {
        let mut by_tag: BTreeMap<u32, f64> = BTreeMap::new();
        for ((tag, _), cell) in &self.cells {
            *by_tag.entry(*tag).or_default() += f64::from(cell[0]);
        }
        let (sum, squares) = by_tag.values().fold((0.0, 0.0), |(sum, squares), n| (sum + n, squares + n * n));
        (by_tag.len() as u64, ratio(sum * sum, squares))
    }
}

/// The population to draw from: all hashtags and blocks that took part.
#[derive(Debug, Clone, Default)]
pub(super) struct Population {
    tags: BTreeSet<u32>,
    blocks: BTreeSet<u32>,
}

impl Population {
    pub(super) fn add(&mut self, tag: u32, block: u32) {
        self.tags.insert(tag);
        self.blocks.insert(block);
    }
}

/// By tally the share of each draw; `None` where nothing was tried in it. All tallies share the draws.
pub(super) fn draw(tallies: &[&Tally], population: &Population) -> Vec<Vec<Option<f64>>> {
    let places = |of: &BTreeSet<u32>| -> BTreeMap<u32, usize> { of.iter().copied().zip(0..).collect() };
    let (tags, blocks) = (places(&population.tags), places(&population.blocks));
    let located = |tally: &&Tally| -> Vec<(usize, usize, [f64; 2])> {
        let place = |(&(tag, block), cell): (&(u32, u32), &[u32; 2])| {
            Some((*tags.get(&tag)?, *blocks.get(&block)?, cell.map(f64::from)))
        };
        tally.cells.iter().filter_map(place).collect()
    };
    let cells: Vec<Vec<_>> = tallies.iter().map(located).collect();
    let (mut state, mut shares) = (SEED, vec![Vec::with_capacity(DRAWS); tallies.len()]);
    for _ in 0..DRAWS {
        let (by_tag, by_block) = (times(&mut state, tags.len()), times(&mut state, blocks.len()));
        for (shares, cells) in shares.iter_mut().zip(&cells) {
            let mut sums = [0.0; 2];
            for (tag, block, cell) in cells {
                let weight = by_tag[*tag] * by_block[*block];
                sums = [sums[0] + weight * cell[0], sums[1] + weight * cell[1]];
            }
            shares.push(ratio(sums[1], sums[0]));
        }
    }
    shares
}

/// Pairs of numbers by hashtag and block of days, as the sums that a correlation and a slope are made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Moments {
    /// n, Σx, Σy, Σx², Σy², Σxy.
    cells: BTreeMap<(u32, u32), [f64; 6]>,
}

impl Moments {
    pub(super) fn add(&mut self, tag: u32, block: u32, (x, y): (f64, f64)) {
        let cell = self.cells.entry((tag, block)).or_default();
        for (sum, term) in cell.iter_mut().zip([1.0, x, y, x * x, y * y, x * y]) {
            *sum += term;
        }
    }

    fn sums<'a>(cells: impl Iterator<Item = (&'a [f64; 6], f64)>) -> [f64; 6] {
        cells.fold([0.0; 6], |sums, (cell, weight)| std::array::from_fn(|at| sums[at] + weight * cell[at]))
    }

    /// Pearson's correlation; `None` of fewer than two pairs, or where either number never varies.
    pub(super) fn correlation(&self) -> Option<f64> {
        correlation(Self::sums(self.cells.values().map(|cell| (cell, 1.0))))
    }

    /// The slope through the origin that is off by least: Σxy / Σx².
    pub(super) fn slope(&self) -> Option<f64> {
        let [.., squares, _, products] = Self::sums(self.cells.values().map(|cell| (cell, 1.0)));
        ratio(products, squares)
    }

    /// 95 % interval of the correlation.
    pub(super) fn interval(&self) -> Option<Interval> {
        let mut population = Population::default();
        self.cells.keys().for_each(|(tag, block)| population.add(*tag, *block));
        let places = |of: &BTreeSet<u32>| -> BTreeMap<u32, usize> { of.iter().copied().zip(0..).collect() };
        let (tags, blocks) = (places(&population.tags), places(&population.blocks));
        let mut state = SEED;
        let draws = (0..DRAWS).map(|_| {
            let (by_tag, by_block) = (times(&mut state, tags.len()), times(&mut state, blocks.len()));
            let weighed = self.cells.iter().filter_map(|((tag, block), cell)| {
                Some((cell, by_tag[*tags.get(tag)?] * by_block[*blocks.get(block)?]))
            });
            correlation(Self::sums(weighed))
        });
        interval(draws)
    }
}

fn correlation([n, x, y, xx, yy, xy]: [f64; 6]) -> Option<f64> {
    let [over_x, over_y, over_both] = [n * xx - x * x, n * yy - y * y, n * xy - x * y];
    // What is left of rounding where a number never varies is no variance.
    let varies = |over: f64, squares: f64| over > 1e-9 * n * squares;
    (varies(over_x, xx) && varies(over_y, yy)).then(|| over_both / (over_x * over_y).sqrt())
}

/// Draws `count` items with replacement, and returns how often each was drawn.
fn times(state: &mut u64, count: usize) -> Vec<f64> {
    let mut times = vec![0.0; count];
    for _ in 0..count {
        times[below(state, count)] += 1.0;
    }
    times
}

/// The middle 95 % of some values; `None` where fewer than 9 in 10 draws have one.
pub(super) fn interval(values: impl Iterator<Item = Option<f64>>) -> Option<Interval> {
    let mut known: Vec<f64> = values.flatten().collect();
    if known.len() * 10 < DRAWS * 9 {
        return None;
    }
    known.sort_unstable_by(f64::total_cmp);
    Some([quantile(&known, 0.025)?, quantile(&known, 0.975)?])
}

/// The interval of one share over another, draw by draw.
pub(super) fn lead(of: &[Option<f64>], over: &[Option<f64>]) -> Option<Interval> {
    interval(of.iter().zip(over).map(|(of, over)| ratio((*of)?, (*over)?)))
}

/// Days that would say as much if they did not resemble one another: n / (1 + 2 Σ (1 - k/n) ρ_k), over the lags k before
/// the first autocorrelation ρ_k that is not positive.
pub(super) fn effective(daily: &[f64]) -> Option<f64> {
    let count = daily.len();
    if count < 2 {
        return None;
    }
    let n = as_f64(count as u64);
    let mean = daily.iter().sum::<f64>() / n;
    let off: Vec<f64> = daily.iter().map(|value| value - mean).collect();
    let variance: f64 = off.iter().map(|off| off * off).sum();
    let correlation = |lag: usize| {
        let pairs = off[lag..].iter().zip(&off);
        ratio(pairs.map(|(one, other)| one * other).sum::<f64>(), variance)
    };
    let mut sum = 0.0;
    for lag in 1..count {
        match correlation(lag)? {
            positive if positive > 0.0 => sum += (1.0 - as_f64(lag as u64) / n) * positive,
            _ => break,
        }
    }
    ratio(n, 1.0 + 2.0 * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_share_and_is_the_same_every_time() {
        let (mut tally, mut everybody) = (Tally::default(), Population::default());
        for (tag, block) in (0..40).flat_map(|tag| (0..12).map(move |block| (tag, block))) {
            everybody.add(tag, block);
            tally.add(tag, block, (tag + block) % 3 == 0);
        }
        let draws = draw(&[&tally, &tally], &everybody);
        assert_eq!((draws[0].len(), &draws[0]), (DRAWS, &draws[1]));
        let [low, high] = interval(draws[0].iter().copied()).expect("an interval");
        let share = tally.share().expect("a share");
        assert!(low < share && share < high && high - low < 0.2, "{low} {share} {high}");
        assert_eq!(lead(&draws[0], &draws[1]), Some([1.0, 1.0]));
        assert_eq!(draw(&[&tally, &tally], &everybody), draws);
        assert_eq!(interval(std::iter::empty()), None);
        assert_eq!(tally.hashtags(), (40, Some(40.0)));
    }

    #[test]
    fn one_hashtag_that_makes_all_hits_widens_the_interval() {
        let (mut even, mut one, mut everybody) = (Tally::default(), Tally::default(), Population::default());
        for (tag, block) in (0..20).flat_map(|tag| (0..20).map(move |block| (tag, block))) {
            everybody.add(tag, block);
            even.add(tag, block, (tag + block) % 4 == 0);
            one.add(tag, block, tag < 5);
        }
        let draws = draw(&[&even, &one], &everybody);
        let width = |of: &[Option<f64>]| interval(of.iter().copied()).map(|[low, high]| high - low);
        assert!(width(&draws[1]) > width(&draws[0]).map(|width| 1.5 * width));
    }

    #[test]
    fn a_correlation_has_an_interval_around_it() {
        let (mut strong, mut none, mut still) = (Moments::default(), Moments::default(), Moments::default());
        for (tag, block) in (0..30_u32).flat_map(|tag| (0..12_u32).map(move |block| (tag, block))) {
            let (x, noise) = (f64::from(tag * 7 % 11), f64::from((tag * 5 + block * 3) % 13));
            strong.add(tag, block, (x, 2.0 * x + noise / 13.0));
            none.add(tag, block, (x, noise));
            still.add(tag, block, (x, 0.1));
        }
        assert!(strong.correlation().is_some_and(|r| r > 0.99), "{:?}", strong.correlation());
        assert!(strong.slope().is_some_and(|slope| (2.0..2.1).contains(&slope)));
        let [low, high] = none.interval().expect("an interval");
        assert!(
            low < 0.0 && high > 0.0 && none.correlation().is_some_and(|r| low < r && r < high),
            "{low} {high}"
        );
        assert_eq!((still.correlation(), still.interval()), (None, None));
        assert_eq!((Moments::default().correlation(), Moments::default().slope()), (None, None));
    }

    #[test]
    fn days_that_repeat_themselves_count_as_few() {
        let alternating: Vec<f64> = (0..100).map(|day| f64::from(day % 2)).collect();
        assert_eq!(effective(&alternating), Some(100.0));
        let blocks: Vec<f64> = (0..100).map(|day| f64::from(day / 10 % 2)).collect();
        assert!(effective(&blocks).is_some_and(|days| days < 20.0));
        assert_eq!(effective(&[1.0]), None);
    }
}
