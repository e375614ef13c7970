//! Concentration of plays over videos or creators (metrics.md: concentration).

use super::engagement::VideoFigures;
use super::quantiles::VALUES_MIN;
use super::{as_f64, ratio};
use crate::Creator;
use std::collections::BTreeMap;

/// Concentration of a list of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concentration {
    /// Gini coefficient, Σ (2i - n - 1) x_i / (n Σ x) with x ascending: 0 when all are equal, (n-1)/n when one has it all.
    pub gini: f64,
    /// Share of the largest.
    pub top1: f64,
    /// Share of the largest tenth, rounded up to whole ones.
    pub top_decile: f64,
    /// Herfindahl-Hirschman index, Σ of the squared shares: 1/n to 1.
    pub hhi: f64,
    /// Number of values.
    pub count: u64,
}

/// Computes the concentration, and sorts the values. `None` if one is negative or not finite, with fewer
/// than [`VALUES_MIN`], and if all are 0.
pub fn concentration(values: &mut [f64]) -> Option<Concentration> {
    if values.len() < VALUES_MIN || values.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let (count, largest) = (values.len() as u64, *values.last()?);
    // Shares of the largest first, so that no sum or square leaves the range of numbers.
    let parts = || values.iter().map(|value| value / largest);
    let sum: f64 = parts().sum();
    let ranked: f64 =
        (1..).zip(parts()).map(|(place, part)| (as_f64(2 * place) - as_f64(count) - 1.0) * part).sum();
    let top = values.len().div_ceil(10);
    let top_sum: f64 = parts().rev().take(top).sum();
    Some(Concentration {
        gini: ratio(ranked, as_f64(count) * sum)?.max(0.0),
        top1: ratio(1.0, sum)?,
        top_decile: ratio(top_sum, sum)?.min(1.0),
        hhi: ratio(parts().map(|part| part * part).sum(), sum * sum)?.min(1.0),
        count,
    })
}

/// Sums plays by creator, for the concentration over creators, of videos with both known. Ordered by creator
/// id. Sums are exact and may exceed [`crate::count::COUNT_MAX`].
pub fn plays_by_creator(videos: &[VideoFigures]) -> BTreeMap<Creator, u128> {
    let mut plays: BTreeMap<Creator, u128> = BTreeMap::new();
    for video in videos {
        if let (Some(author), Some(played)) = (video.author, video.plays()) {
            *plays.entry(author).or_default() += u128::from(played);
        }
    }
    plays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;
    use crate::count::COUNT_MAX;
    use crate::observation::VideoCounts;
    use proptest::prelude::*;

    #[test]
    fn what_is_even_and_what_one_has_alone_are_the_two_ends() {
        let even = concentration(&mut [5.0; 20]).expect("numbers");
        assert_eq!((even.gini, even.top1, even.top_decile, even.count), (0.0, 0.05, 0.1, 20));
        let mut one_of_ten = [0.0; 10];
        one_of_ten[3] = 9.0;
        let alone = concentration(&mut one_of_ten).expect("numbers");
        assert_eq!((alone.gini, alone.top1, alone.top_decile, alone.hhi), (0.9, 1.0, 1.0, 1.0));
        for last in [-1.0, f64::NAN, f64::INFINITY] {
            let mut none = [1.0; 10];
            none[9] = last;
            assert_eq!(concentration(&mut none), None);
        }
        for mut none in [vec![], vec![0.0; 10], vec![1.0; 9]] {
            assert_eq!(concentration(&mut none), None, "nothing, nothing spread, too few");
        }
        assert!(concentration(&mut [f64::MAX; 10]).is_some_and(|most| (most.hhi - 0.1).abs() < 1e-12));
    }

    fn figures(n: u64, author: u8, plays: u64) -> VideoFigures {
        VideoFigures {
            video_id: n.try_into().expect("an id"),
            author: Creator::from_i64(author.into()),
            created: None,
            observed_at: None,
            region: None,
            counts: VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() },
        }
    }

    #[test]
    fn plays_of_a_creator_add_up_beyond_64_bits() {
        let videos: Vec<_> = (1..=3_000).map(|n| figures(n, 1, COUNT_MAX)).collect();
        let sums = plays_by_creator(&videos);
        assert_eq!(sums.into_values().collect::<Vec<_>>(), [3_000 * u128::from(COUNT_MAX)]);
    }

    proptest! {
        #[test]
        fn plays_by_creator_are_the_sums_of_the_definition(
            drawn in prop::collection::vec((1_u8..5, COUNT_MAX - 5..=COUNT_MAX), 1..2_500),
        ) {
            let videos: Vec<_> = (1..).zip(&drawn).map(|(n, (author, plays))| figures(n, *author, *plays)).collect();
            let sums = plays_by_creator(&videos);
            for author in 1_u8..5 {
                let plays: Vec<u128> =
                    drawn.iter().filter(|(by, _)| *by == author).map(|(_, plays)| u128::from(*plays)).collect();
                let sum = Creator::from_i64(author.into()).and_then(|author| sums.get(&author).copied());
                prop_assert_eq!(sum, (!plays.is_empty()).then(|| plays.iter().sum()));
            }
        }

        #[test]
        fn gini_is_half_the_mean_difference_over_the_mean(
            values in prop::collection::vec(0.0_f64..1e6, 10..60),
        ) {
            prop_assume!(values.iter().any(|value| *value > 0.0));
            let n = as_f64(values.len() as u64);
            let mean = values.iter().sum::<f64>() / n;
            let differences: f64 = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum();
            let found = concentration(&mut values.clone()).expect("numbers");
            prop_assert!((found.gini - differences / (2.0 * n * n * mean)).abs() < 1e-9);
            prop_assert!(found.top1 <= found.top_decile + 1e-12 && found.hhi <= found.top1 + 1e-12);
            prop_assert!(found.hhi >= 1.0 / n - 1e-12);
        }
    }
}
