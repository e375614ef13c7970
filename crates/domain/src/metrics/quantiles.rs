//! Percentiles, and the rank of a value among others.

use super::as_f64;

/// Fewest values for percentiles, ranks and concentration: with fewer, single values would decide.
pub const VALUES_MIN: usize = 10;

/// Six percentiles of some values, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// Below it is a tenth of the values.
    pub p10: f64,
    /// Lower quartile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// Upper quartile.
    pub p75: f64,
    /// Above it is a tenth of the values.
    pub p90: f64,
    /// Above it is a hundredth of the values.
    pub p99: f64,
    /// Number of values.
    pub count: u64,
}

/// Percentiles with linear interpolation between the values beside (`benchmark` of metrics.md; the default of numpy). Sorts
/// the values; `None` with fewer than [`VALUES_MIN`]. They must be finite.
pub fn percentiles(values: &mut [f64]) -> Option<Percentiles> {
    // Values are often several sorted runs, which this sort makes use of.
    values.sort_by(f64::total_cmp);
    let at = |share| quantile(values, share).filter(|_| values.len() >= VALUES_MIN);
    Some(Percentiles {
        p10: at(0.1)?,
        p25: at(0.25)?,
        p50: at(0.5)?,
        p75: at(0.75)?,
        p90: at(0.9)?,
        p99: at(0.99)?,
        count: values.len() as u64,
    })
}

/// The value below which a share of sorted values is, with linear interpolation; `None` without values.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * as_f64(last as u64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last index"
    )]
    let below = (place as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let part = place - as_f64(below as u64);
    Some(low + (high - low) * part)
}

/// The median of some values, whose order it changes.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (_, low, above) = values.select_nth_unstable_by(last / 2, f64::total_cmp);
    let low = *low;
    if last.is_multiple_of(2) {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp)?;
    Some(low + (high - low) * 0.5)
}

/// The share of sorted values below one, plus half of those equal to it: 0 to 1. `None` without values.
pub fn rank(sorted: &[f64], value: f64) -> Option<f64> {
    if sorted.is_empty() {
        return None;
    }
    let below = sorted.partition_point(|other| *other < value);
    let up_to = sorted.partition_point(|other| *other <= value);
    Some(as_f64((below + up_to) as u64) / as_f64(2 * sorted.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn between_two_values_is_a_straight_line() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.25, 0.5, 0.75].map(|share| quantile(&sorted, share)), [1.75, 2.5, 3.25].map(Some));
        let mut ten = [4.0, 1.0, 3.0, 2.0, 9.0, 8.0, 5.0, 7.0, 6.0, 10.0];
        let found = percentiles(&mut ten).expect("values");
        assert_eq!((found.p25, found.p50, found.p75, found.count), (3.25, 5.5, 7.75, 10));
        assert_eq!((percentiles(&mut ten[..9]), percentiles(&mut [])), (None, None), "too few");
        assert_eq!((median(&mut [2.0, 9.0, 1.0]), median(&mut [])), (Some(2.0), None));
    }

    proptest! {
        #[test]
        fn the_median_is_the_middle_percentile(values in prop::collection::vec(-1e6_f64..1e6, 0..80)) {
            let found = percentiles(&mut values.clone()).map(|found| found.p50);
            let is_enough = values.len() >= VALUES_MIN;
            prop_assert_eq!(median(&mut values.clone()).filter(|_| is_enough), found);
        }
    }

    #[test]
    fn equals_share_their_place() {
        let sorted = [1.0, 2.0, 2.0, 5.0];
        let places = [0.0, 1.0, 2.0, 3.0, 5.0, 9.0].map(|value| rank(&sorted, value));
        assert_eq!(places, [0.0, 0.125, 0.5, 0.75, 0.875, 1.0].map(Some));
        assert_eq!(rank(&[], 1.0), None);
    }

    proptest! {
        #[test]
        fn quantiles_ascend_and_ranks_mirror(mut values in prop::collection::vec(-1e6_f64..1e6, 10..80), of in -1e6_f64..1e6) {
            let found = percentiles(&mut values).expect("values");
            let all = [values[0], found.p10, found.p25, found.p50, found.p75, found.p90, found.p99, values[values.len() - 1]];
            prop_assert!(all.is_sorted());
            let mirrored: Vec<f64> = values.iter().rev().map(|value| -value).collect();
            let both = rank(&values, of).zip(rank(&mirrored, -of)).map(|(one, other)| one + other);
            prop_assert!(both.is_some_and(|both| (both - 1.0).abs() < 1e-12));
        }
    }
}
