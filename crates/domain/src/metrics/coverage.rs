//! Coverage of a hashtag by a walk: against the reported total, and by comparing two walks.

use super::as_f64;
use crate::Count;

/// Unique videos seen, against the reported number of videos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Unique videos seen.
    pub unique: u64,
    /// Reported number of videos.
    pub reported: Count,
}

impl Coverage {
    /// Returns `None` without a reported total, or with a total of 0.
    pub fn new(unique: u64, reported: Option<Count>) -> Option<Self> {
        reported.filter(|reported| reported.value() > 0).map(|reported| Self { unique, reported })
    }

    /// Returns unique / reported. Above 1 if more was seen than reported: totals lag, and are rounded.
    pub fn share(&self) -> f64 {
        as_f64(self.unique) / as_f64(self.reported.value())
    }

    /// Returns the rounding step of the reported total; the true one is within half a step. 1 if exact.
    pub const fn step(&self) -> u64 {
        self.reported.resolution()
    }

    /// Lowest and highest share that the step of the total leaves open; both are [`Self::share`] when it is exact.
    pub fn share_range(&self) -> (f64, f64) {
        let (unique, total) = (as_f64(self.unique), as_f64(self.reported.value()));
        let half_step = if self.step() > 1 { as_f64(self.step()) / 2.0 } else { 0.0 };
        // A step is at most a tenth of what is rounded to it: the divisor stays above 0.
        (unique / (total + half_step), unique / (total - half_step))
    }
}

/// Videos that two walks saw in common at least, for the estimate to be of use: below it falls short of the truth by much
/// (Robson and Regier 1964).
pub const OVERLAP_MIN: u64 = 7;

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_985;

/// The number of videos there are, by capture and recapture: two walks that saw n1 and n2 videos, m of them both times.
///
/// Chapman's estimate (1951), N = (n1+1)(n2+1)/(m+1) - 1, with Seber's estimate (1970) of its variance,
/// v = (n1+1)(n2+1)(n1-m)(n2-m) / ((m+1)²(m+2)), and the interval N ± 1.96 √v of the normal approximation. It holds for
/// walks that draw independently from what does not change meanwhile. Walks that both begin with the most popular videos
/// see the same ones more often than chance would have it, and then the estimate is too low.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recapture {
    /// Unique videos of the first walk, n1.
    pub first: u64,
    /// Unique videos of the second walk, n2.
    pub second: u64,
    /// Videos in both, m.
    pub both: u64,
}

impl Recapture {
    /// Creates it from two walks' numbers. `None` if impossible: more in common than one walk saw, or
    /// nothing seen.
    pub const fn new(first: u64, second: u64, both: u64) -> Option<Self> {
        if both > first || both > second || first == 0 || second == 0 {
            return None;
        }
        Some(Self { first, second, both })
    }

    /// Creates it from two walks' videos, each list ascending and without duplicates.
    pub fn of<T: Ord>(first: &[T], second: &[T]) -> Option<Self> {
        let (mut both, mut rest) = (0, second);
        for video in first {
            rest = &rest[rest.partition_point(|other| other < video)..];
            both += u64::from(rest.first() == Some(video));
        }
        Self::new(first.len() as u64, second.len() as u64, both)
    }

    /// Videos that at least one of the two saw: there are no fewer.
    pub const fn seen(&self) -> u64 {
        self.first + (self.second - self.both)
    }

    /// Chapman's estimate of the videos there are.
    pub fn estimate(&self) -> f64 {
        let [first, second, both] = self.numbers();
        (first + 1.0) * (second + 1.0) / (both + 1.0) - 1.0
    }

    /// Lowest and highest number of the 95 % interval; the lowest is never below what was seen.
    pub fn interval(&self) -> (f64, f64) {
        let [first, second, both] = self.numbers();
        let variance = (first + 1.0) * (second + 1.0) * (first - both) * (second - both)
            / ((both + 1.0).powi(2) * (both + 2.0));
        let (estimate, reach) = (self.estimate(), Z_95 * variance.sqrt());
        ((estimate - reach).max(as_f64(self.seen())), estimate + reach)
    }

    /// Returns true if the overlap is large enough for the estimate ([`OVERLAP_MIN`]). Otherwise it is a
    /// lower bound.
    pub const fn is_firm(&self) -> bool {
        self.both >= OVERLAP_MIN
    }

    fn numbers(&self) -> [f64; 3] {
        [self.first, self.second, self.both].map(as_f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn is_close(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
    }

    #[test]
    fn coverage_is_unknown_where_no_total_was_reported() {
        assert_eq!(Coverage::new(5, None), None);
        assert_eq!(Coverage::new(5, Count::exact(0)), None);
        let exact = Coverage::new(500, Count::exact(2_000)).expect("a share");
        assert!(is_close(exact.share(), 0.25) && exact.step() == 1);
        assert_eq!(exact.share_range(), (exact.share(), exact.share()));
        let rounded = Coverage::new(5_000, Count::rounded(16_400_000)).expect("a share");
        assert_eq!(rounded.step(), 100_000);
        let (low, high) = rounded.share_range();
        assert!(is_close(low, 5_000.0 / 16_450_000.0) && is_close(high, 5_000.0 / 16_350_000.0));
    }

    #[test]
    fn an_estimate_worked_out_by_hand_comes_out() {
        // 88 * 15 / 8 - 1 = 164, with a variance of 88 * 15 * 80 * 7 / (8² * 9).
        let walks = Recapture::new(87, 14, 7).expect("numbers");
        assert!(is_close(walks.estimate(), 164.0) && walks.is_firm());
        let (low, high) = walks.interval();
        let reach = 1.959_963_985 * (88.0_f64 * 15.0 * 80.0 * 7.0 / (64.0 * 9.0)).sqrt();
        assert!(164.0 - reach < 94.0 && is_close(high, 164.0 + reach));
        assert!(is_close(low, 94.0), "87 + 14 - 7 were seen");
        let more = Recapture::new(200, 200, 100).expect("numbers");
        let reach = 1.959_963_985 * (201.0_f64 * 201.0 * 100.0 * 100.0 / (101.0 * 101.0 * 102.0)).sqrt();
        assert!(
            is_close(more.estimate(), 399.009_900_990)
                && is_close(more.interval().0, more.estimate() - reach)
        );
        assert_eq!(Recapture::new(3, 5, 4), None);
        assert_eq!(Recapture::new(0, 5, 0), None);
        assert!(!Recapture::new(50, 50, 6).expect("numbers").is_firm());
    }

    /// All sets of `size` of the numbers below `total`.
    fn choices(total: u64, size: u32) -> impl Iterator<Item = Vec<u64>> {
        let sets = (0..1_u64 << total).filter(move |set| set.count_ones() == size);
        sets.map(move |set| (0..total).filter(|n| set >> n & 1 == 1).collect())
    }

    #[test]
    fn over_all_second_walks_there_could_be_the_estimate_is_right_on_average() {
        // Known of Chapman's estimate: it has no bias where n1 + n2 >= N.
        for (total, first, second) in [(10_u64, 6_u64, 4_u32), (10, 5, 5), (12, 9, 7), (9, 9, 2)] {
            let first: Vec<u64> = (0..first).collect();
            let estimates: Vec<f64> = choices(total, second)
                .map(|second| Recapture::of(&first, &second).expect("two walks").estimate())
                .collect();
            let mean = estimates.iter().sum::<f64>() / as_f64(estimates.len() as u64);
            assert!(is_close(mean, as_f64(total)), "{total}: {mean}");
        }
    }

    proptest! {
        #[test]
        fn two_walks_are_compared_as_sets_are(
            first in prop::collection::btree_set(0_u64..300, 1..120),
            second in prop::collection::btree_set(0_u64..300, 1..120),
        ) {
            let both = first.intersection(&second).count() as u64;
            let lists = [&first, &second].map(|set| set.iter().copied().collect::<Vec<_>>());
            let walks = Recapture::of(&lists[0], &lists[1]).expect("two walks");
            prop_assert_eq!(walks, Recapture::of(&lists[1], &lists[0]).map(|w| Recapture {
                first: w.second, second: w.first, both: w.both,
            }).expect("two walks"));
            prop_assert_eq!((walks.both, walks.seen()), (both, first.union(&second).count() as u64));
            // In whole numbers: (estimate + 1)(m + 1) = (n1 + 1)(n2 + 1).
            let product = (first.len() as u64 + 1) * (second.len() as u64 + 1);
            prop_assert!(is_close((walks.estimate() + 1.0) * as_f64(both + 1), as_f64(product)));
            let (low, high) = walks.interval();
            prop_assert!(as_f64(walks.seen()) <= low && walks.estimate() <= high);
            prop_assert!(walks.estimate() + 1e-9 >= as_f64(walks.seen()), "no fewer than were seen");
        }

        #[test]
        fn walks_that_saw_the_same_saw_all_there_is(all in prop::collection::btree_set(0_u64..1_000, 1..60)) {
            let all: Vec<u64> = all.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            let walks = Recapture::of(&all, &all).expect("two walks");
            let number = as_f64(all.len() as u64);
            prop_assert!(is_close(walks.estimate(), number));
            let (low, high) = walks.interval();
            prop_assert!(is_close(low, number) && is_close(high, number));
        }
    }
}
