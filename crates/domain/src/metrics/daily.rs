//! Daily gains of a series, counted back from a moment, and their moving average.

use super::series::CountedSeries;
use super::{MS_OF_A_DAY, wide_as_f64};
use crate::Timestamp;

/// Days that a moving average looks back.
pub const EWMA_DAYS: usize = 63;

/// An exponentially weighted moving average of daily gains, as two numbers: every new day multiplies both by 2^(-1/h) and
/// adds to them. Equals Σ g_j 2^(-j/h) / Σ 2^(-j/h), where j counts the days back from the newest gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ewma {
    decay: f64,
    sum: f64,
    weight: f64,
}

impl Ewma {
    /// An average without values. After `half_life_days` a value weighs half.
    pub fn new(half_life_days: f64) -> Self {
        Self { decay: (-1.0 / half_life_days).exp2(), sum: 0.0, weight: 0.0 }
    }

    /// Adds the gain of the next day.
    pub fn push(&mut self, gain: f64) {
        self.sum = self.sum * self.decay + gain;
        self.weight = self.weight * self.decay + 1.0;
    }

    /// The average, a day. `None` without values.
    pub fn value(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// The sums of rises of a series at `end`, a day before it, and so on, as far back as there are readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daily {
    end: Timestamp,
    climbed: Vec<u128>,
}

impl Daily {
    /// Reads a series back from `end`, over at most `days` days.
    pub fn of(views: &CountedSeries, end: Timestamp, days: usize) -> Self {
        Self { end, climbed: views.climbed_back(end, MS_OF_A_DAY, days) }
    }

    /// The moment so many days before the end.
    pub fn moment(&self, ago: usize) -> Timestamp {
        before(self.end, ago)
    }

    /// The gain between two moments, given in days before the end. `None` where nothing had been read by the earlier one.
    pub fn gain(&self, from_ago: usize, to_ago: usize) -> Option<u128> {
        self.climbed.get(to_ago)?.checked_sub(*self.climbed.get(from_ago)?)
    }

    /// The moving average of the daily gains up to `ago` days before the end, in views a day. `None` without one.
    pub fn ewma(&self, ago: usize, half_life_days: f64) -> Option<f64> {
        let mut average = Ewma::new(half_life_days);
        let oldest = self.climbed.len().min(ago + EWMA_DAYS + 1);
        for pair in self.climbed.get(ago..oldest)?.windows(2).rev() {
            average.push(wide_as_f64(pair[0] - pair[1]));
        }
        average.value()
    }
}

fn before(end: Timestamp, days: usize) -> Timestamp {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    Timestamp::from_ms(end.as_ms().saturating_sub(days.saturating_mul(MS_OF_A_DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::as_f64;
    use crate::metrics::made_up::{at, every, is_close};
    use proptest::prelude::*;

    #[test]
    fn averages_what_is_known_and_nothing_else() {
        let series = every(24, [100, 110, 130, 170]);
        let daily = Daily::of(series.counted_series(), at(72), 10);
        assert_eq!((daily.gain(1, 0), daily.gain(3, 1), daily.gain(4, 0)), (Some(40), Some(30), None));
        assert!(
            daily.ewma(0, 1.0).is_some_and(|mean| is_close(mean, (40.0 + 20.0 / 2.0 + 10.0 / 4.0) / 1.75))
        );
        assert!(daily.ewma(2, 1.0).is_some_and(|mean| is_close(mean, 10.0)));
        assert_eq!((daily.ewma(3, 1.0), daily.ewma(9, 1.0)), (None, None));
        assert_eq!(Daily::of(&CountedSeries::EMPTY, at(0), 5).ewma(0, 7.0), None);
    }

    proptest! {
        #[test]
        fn two_numbers_are_the_average_of_the_definition(
            gains in prop::collection::vec(0_u64..1_000_000_000, 1..63),
            half_life in prop::sample::select(vec![1.0, 7.0, 0.5]),
        ) {
            let mut average = Ewma::new(half_life);
            gains.iter().for_each(|gain| average.push(as_f64(*gain)));
            let weight = |ago: usize| 2_f64.powf(-(ago as f64) / half_life);
            let sum: f64 = gains.iter().rev().enumerate().map(|(ago, gain)| as_f64(*gain) * weight(ago)).sum();
            let all: f64 = (0..gains.len()).map(weight).sum();
            prop_assert!(average.value().is_some_and(|value| is_close(value, sum / all)));
        }
    }
}
