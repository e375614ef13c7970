//! A robust line through the rates of a baseline: Theil and Sen's slope, with Sen's interval (1968) and the test of Mann and
//! Kendall.

use super::super::quantiles::median;
use super::super::{as_f64, ratio};

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_985;
/// The 99.95 % quantile, for the test of a trend: days that resemble the one before seem to have a trend too often, and a
/// false one goes on for weeks.
const Z_999: f64 = 3.290_526_731;

/// A rate over a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Middle of the span, in days after the campaign began: below 0.
    pub(super) at: f64,
    /// Length of the span, in days; above 0.
    pub(super) days: f64,
    /// Gain a day.
    pub(super) per_day: f64,
}

/// A line through rates. It goes through their mean, so that over the baseline it adds up to what was gained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    /// Mean gain a day: all gains over all days.
    pub(super) mean: f64,
    /// The middle of all spans, in days after the campaign began.
    pub(super) at: f64,
    /// Days of all spans.
    pub(super) days: f64,
    /// Change of the gain a day, by day: the median of the slopes between each two rates, and its 95 % interval. 0 where
    /// the rates show no trend.
    pub(super) slope: f64,
    /// Ends of the interval of the slope; both 0 without a trend.
    pub(super) slope_range: (f64, f64),
}

impl Line {
    /// Fits a line to at least two rates. A slope counts where Kendall's S differs from 0 with 99.9 % confidence.
    pub(super) fn of(rates: &[Rate]) -> Option<Self> {
        let days: f64 = rates.iter().map(|rate| rate.days).sum();
        let mean = ratio(rates.iter().map(|rate| rate.per_day * rate.days).sum(), days)?;
        let at = ratio(rates.iter().map(|rate| rate.at * rate.days).sum(), days)?;
        let (slope, slope_range) = trend(rates).unwrap_or((0.0, (0.0, 0.0)));
        Some(Self { mean, at, days, slope, slope_range })
    }

    /// Returns the gain a day at a moment, in days after the campaign began, on a line of another slope through the same
    /// mean. It is never below 0, and goes on for no longer than the baseline was.
    pub(super) fn rate(&self, slope: f64, at: f64) -> f64 {
        (self.mean + slope * (at.min(self.days) - self.at)).max(0.0)
    }

    /// Returns the gain of the first days of the campaign, on a line of another slope through the same mean.
    pub(super) fn gain(&self, slope: f64, days: f64) -> f64 {
        let (mut sum, mut from) = (0.0, 0.0);
        while from < days {
            let to = (from + 1.0).min(days);
            sum += self.rate(slope, f64::midpoint(from, to)) * (to - from);
            from += 1.0;
        }
        sum
    }

    /// Returns how far a rate is off the line.
    pub(super) fn residual(&self, rate: &Rate) -> f64 {
        rate.per_day - (self.mean + self.slope * (rate.at - self.at))
    }
}

/// Returns the slope and its interval; `None` where the rates have no trend.
fn trend(rates: &[Rate]) -> Option<(f64, (f64, f64))> {
    let mut slopes = Vec::with_capacity(rates.len() * rates.len() / 2);
    let mut score = 0.0;
    for (place, one) in rates.iter().enumerate() {
        for other in &rates[place + 1..] {
            let Some(slope) = ratio(other.per_day - one.per_day, other.at - one.at) else { continue };
            score += if slope == 0.0 { 0.0 } else { slope.signum() };
            slopes.push(slope);
        }
    }
    let deviation = variance(rates).sqrt();
    if f64::abs(score) - 1.0 <= Z_999 * deviation {
        return None;
    }
    let slope = median(&mut slopes).filter(|slope| *slope != 0.0)?;
    slopes.sort_unstable_by(f64::total_cmp);
    let (all, reach) = (as_f64(slopes.len() as u64), Z_95 * deviation);
    let end = |place: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of slopes"
        )]
        let place = place.clamp(0.0, all - 1.0) as usize;
        slopes[place]
    };
    Some((slope, (end(((all - reach) / 2.0).floor()), end(((all + reach) / 2.0).ceil()))))
}

/// Returns the variance of Kendall's S without a trend, (n (n-1) (2n+5) - Σ t (t-1) (2t+5)) / 18 over groups of t equal
/// rates.
fn variance(rates: &[Rate]) -> f64 {
    let term = |count: usize| {
        let n = as_f64(count as u64);
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let mut values: Vec<f64> = rates.iter().map(|rate| rate.per_day).collect();
    values.sort_unstable_by(f64::total_cmp);
    let ties: f64 = values.chunk_by(|one, other| one == other).map(|equal| term(equal.len())).sum();
    (term(rates.len()) - ties) / 18.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::is_close;
    use proptest::prelude::*;

    fn rates(values: &[f64]) -> Vec<Rate> {
        let first = -as_f64(values.len() as u64);
        let rate = |(place, per_day): (u32, &f64)| Rate {
            at: first + f64::from(place) + 0.5,
            days: 1.0,
            per_day: *per_day,
        };
        (0..).zip(values).map(rate).collect()
    }

    #[test]
    fn a_straight_line_is_found_and_goes_on_for_as_long_as_it_was_seen() {
        let values: Vec<f64> = (0..10).map(|day| 100.0 + 10.0 * f64::from(day)).collect();
        let line = Line::of(&rates(&values)).expect("a line");
        assert!(is_close(line.slope, 10.0) && is_close(line.mean, 145.0), "{line:?}");
        assert!(is_close(line.rate(line.slope, 0.5), 200.0));
        assert!(is_close(line.gain(line.slope, 2.0), 200.0 + 210.0));
        assert_eq!(line.rate(line.slope, 10.0), line.rate(line.slope, 99.0));
        let falling: Vec<f64> = values.iter().rev().copied().collect();
        let line = Line::of(&rates(&falling)).expect("a line");
        assert_eq!(line.rate(line.slope * 9.0, 10.0), 0.0, "no count falls");
    }

    #[test]
    fn a_single_spike_is_no_trend() {
        let mut values = [100.0; 20];
        values[19] = 90_000.0;
        let line = Line::of(&rates(&values)).expect("a line");
        assert_eq!((line.slope, line.slope_range), (0.0, (0.0, 0.0)));
    }

    proptest! {
        #[test]
        fn the_slope_is_the_median_of_the_definition(
            values in prop::collection::vec(0_u32..1_000, 7..40),
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let line = Line::of(&rates(&values)).expect("a line");
            let mut slopes = Vec::new();
            for a in 0..values.len() {
                for b in a + 1..values.len() {
                    slopes.push((values[b] - values[a]) / as_f64((b - a) as u64));
                }
            }
            slopes.sort_by(f64::total_cmp);
            let (low, high) = (slopes[(slopes.len() - 1) / 2], slopes[slopes.len() / 2]);
            let naive = f64::midpoint(low, high);
            prop_assert!(line.slope == 0.0 || is_close(line.slope, naive), "{} {naive}", line.slope);
            prop_assert!(line.slope_range.0 <= line.slope && line.slope <= line.slope_range.1);
            let mean = values.iter().sum::<f64>() / as_f64(values.len() as u64);
            prop_assert!(is_close(line.mean, mean));
            // Over the baseline itself the line adds up to what was gained.
            let residuals: f64 = rates(&values).iter().map(|rate| line.residual(rate)).sum();
            prop_assert!(residuals.abs() < 1e-6);
        }
    }
}
