//! The band that contains the gain of the next 7 days in 8 of 10 weeks or more.

use super::daily::Daily;
use super::outlook::READING_AGE_DAYS_MAX;
use super::pace::pace;
use super::series::Series;
use super::{MS_OF_A_DAY, ratio};
use super::{as_f64, wide_as_f64};
use crate::count::checked_sum;

/// Horizon of a forecast, in days.
pub const FORECAST_DAYS: usize = 7;

/// Past forecasts that a hashtag's own errors are computed from: of 7, 14, .. 182 days ago.
pub const PAST_FORECASTS_MAX: usize = 26;

/// The mean error of a forecast, as |ln(actual / forecast)|, over the hashtags that the table was learned on.
pub const USUAL_ERROR: f64 = 0.46;

/// Past forecasts that the usual error stands for.
pub const USUAL_ERROR_FORECASTS: f64 = 8.0;

/// Names of the rows of the table, by the forecast in steps of display (n) and the surge.
pub const BAND_ROWS: [&str; 6] = [
    "n < 0.5",
    "0.5 <= n < 1.5",
    "1.5 <= n < 4",
    "n >= 4, surge < 2 or unknown",
    "n >= 4, surge 2-3",
    "n >= 4, surge >= 3",
];

/// u10, u50 and u90 of each row: quantiles of ln(actual / forecast), in units of the hashtag's own error.
const QUANTILES: [[f64; 3]; BAND_ROWS.len()] = [
    [-0.51, 0.0, 1.00],
    [-0.91, 0.0, 0.60],
    [-0.61, -0.02, 0.68],
    [-0.69, -0.09, 0.66],
    [-0.58, 0.14, 1.17],
    [-0.61, 0.23, 1.37],
];

/// Errors of a hashtag's past forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnErrors {
    /// The mean error over the usual one: (Σ|e| + 8 x 0.46) / (m + 8) / 0.46. 1 without past forecasts.
    pub scale: f64,
    /// Past forecasts whose week is known, m.
    pub forecasts: u32,
}

/// A band before it is rounded, in views gained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Below this are 1 in 10.
    pub low: f64,
    /// Above and below this are as many.
    pub middle: f64,
    /// Above this are 1 in 10.
    pub high: f64,
    /// Which row of [`BAND_ROWS`] it is of.
    pub row: usize,
}

/// The forecast of the gain of the next 7 days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// 7 V pace.
    pub expected: f64,
    /// The lower end, rounded down to the step of display.
    pub low: u64,
    /// The middle.
    pub middle: f64,
    /// The upper end, rounded up to the step of display.
    pub high: u64,
    /// The band before it was rounded.
    pub band: Band,
}

/// The errors of the forecasts of 7, 14, .. 182 days before the end of `daily`. Those are made of the readings up to then.
pub(super) fn own_errors(views: &Series, daily: &Daily) -> OwnErrors {
    let (mut sum, mut forecasts) = (0.0, 0_u32);
    for ago in (1..=PAST_FORECASTS_MAX).map(|weeks| weeks * FORECAST_DAYS) {
        if let Some(error) = past_error(views, daily, ago) {
            sum += error.abs();
            forecasts += 1;
        }
    }
    let mean = (sum + USUAL_ERROR_FORECASTS * USUAL_ERROR) / (f64::from(forecasts) + USUAL_ERROR_FORECASTS);
    OwnErrors { scale: mean / USUAL_ERROR, forecasts }
}

/// ln((gain + q/2) / (forecast + q/2)) of a week that is known.
fn past_error(views: &Series, daily: &Daily, ago: usize) -> Option<f64> {
    let end = daily.moment(ago - FORECAST_DAYS);
    let is_fresh = |last: crate::Timestamp| end.as_ms() - last.as_ms() <= READING_AGE_DAYS_MAX * MS_OF_A_DAY;
    views.at(end).filter(|last| is_fresh(last.at))?;
    let then = views.at(daily.moment(ago))?;
    let expected = expected(then.value, pace(views.counted_series(), daily, ago).ok()?);
    let gain = wide_as_f64(daily.gain(ago, ago - FORECAST_DAYS)?);
    let half = as_f64(then.step) / 2.0;
    ratio(gain + half, expected + half).map(f64::ln)
}

/// The gain of the next 7 days at a pace.
pub(super) fn expected(views: u64, pace: f64) -> f64 {
    as_f64(FORECAST_DAYS as u64) * as_f64(views) * pace
}

/// The band around an expected gain, by the step of display and the hashtag's own errors.
pub fn band(expected: f64, step: u64, scale: f64, surge: Option<f64>) -> Band {
    let row = row_of(expected / as_f64(step), surge);
    let half = as_f64(step) / 2.0;
    let end = |quantile: f64| ((expected + half) * (quantile * scale).exp() - half).max(0.0);
    let [low, middle, high] = QUANTILES[row].map(end);
    Band { low, middle, high, row }
}

fn row_of(steps: f64, surge: Option<f64>) -> usize {
    match (steps, surge) {
        (..0.5, _) => 0,
        (..1.5, _) => 1,
        (..4.0, _) => 2,
        (_, Some(3.0..)) => 5,
        (_, Some(2.0..)) => 4,
        _ => 3,
    }
}

/// The forecast of the next 7 days; its ends are rounded outward to the step. `None` where the upper end is above the
/// largest count.
pub(super) fn forecast(
    views: u64,
    step: u64,
    pace: f64,
    surge: Option<f64>,
    errors: OwnErrors,
) -> Option<Forecast> {
    let expected = expected(views, pace);
    let band = band(expected, step, errors.scale, surge);
    Some(Forecast {
        expected,
        low: steps((band.low / as_f64(step)).floor(), step)?,
        middle: band.middle,
        high: steps((band.high / as_f64(step)).ceil(), step)?,
        band,
    })
}

/// A whole number of steps, which is not negative. `None` above the largest count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and what a cast saturates at is refused"
)]
fn steps(number: f64, step: u64) -> Option<u64> {
    checked_sum(number as u128 * u128::from(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::COUNT_MAX;
    use crate::metrics::made_up::is_close;
    use proptest::prelude::*;

    #[test]
    fn rows_go_by_steps_and_surge() {
        let rows = [
            row_of(0.49, None),
            row_of(0.5, Some(9.0)),
            row_of(1.5, None),
            row_of(4.0, None),
            row_of(4.0, Some(1.9)),
            row_of(4.0, Some(2.0)),
            row_of(90.0, Some(3.0)),
        ];
        assert_eq!(rows, [0, 1, 2, 3, 3, 4, 5]);
    }

    #[test]
    fn ends_are_rounded_outward() {
        let errors = OwnErrors { scale: 1.0, forecasts: 0 };
        let found = forecast(10_000_000, 100_000, 0.01, Some(1.0), errors).expect("a forecast");
        assert!(is_close(found.expected, 700_000.0));
        assert!(is_close(found.band.low, 750_000.0 * (-0.69_f64).exp() - 50_000.0), "{found:?}");
        assert_eq!((found.low, found.high), (300_000, 1_500_000));
        assert!(is_close(found.middle, 750_000.0 * (-0.09_f64).exp() - 50_000.0));
        let still = forecast(10_000_000, 100_000, 0.0, None, errors).expect("a forecast");
        assert_eq!((still.low, still.high, still.band.row), (0, 100_000, 0));
    }

    #[test]
    fn an_end_above_the_largest_count_makes_no_forecast() {
        let errors = OwnErrors { scale: 1.0, forecasts: 0 };
        let of = |views, pace| forecast(views, 1, pace, None, errors).map(|found| found.high);
        assert!(of(COUNT_MAX, 0.01).is_some_and(|high| high < COUNT_MAX));
        assert_eq!((of(COUNT_MAX, 0.5), of(COUNT_MAX, 1e9), of(COUNT_MAX, 1e60)), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_band_is_in_order_and_holds_its_middle(
            views in 1_u64..1 << 50, step in prop::sample::select(vec![1_u64, 100, 100_000, 100_000_000]),
            pace in 0.0_f64..0.5, surge in prop::option::of(0.0_f64..9.0), scale in 0.3_f64..4.0,
        ) {
            let Some(found) = forecast(views, step, pace, surge, OwnErrors { scale, forecasts: 3 }) else {
                let band = band(expected(views, pace), step, scale, surge);
                prop_assert!(band.high > as_f64(COUNT_MAX - step));
                return Ok(());
            };
            prop_assert!(found.low.is_multiple_of(step) && found.high.is_multiple_of(step));
            let band = found.band;
            prop_assert!(0.0 <= band.low && band.low <= band.middle && band.middle <= band.high);
            prop_assert!(as_f64(found.low) <= band.low && band.high <= as_f64(found.high) * (1.0 + 1e-12));
        }
    }
}
