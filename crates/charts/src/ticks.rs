//! Ticks of values: at round numbers, or at powers of ten on a log scale.

use crate::number::{self, power};

/// The values an axis covers, where it is marked, and how the marks are labelled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueAxis {
    /// The value at the bottom.
    pub(crate) low: f64,
    /// The value at the top.
    pub(crate) high: f64,
    /// True for a logarithmic axis.
    pub(crate) is_log: bool,
    /// Marks from the bottom up.
    pub(crate) ticks: Vec<ValueTick>,
}

/// A mark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueTick {
    /// Value of the tick.
    pub(crate) value: f64,
    /// Its label.
    pub(crate) label: String,
}

/// An axis begins at 0 unless its lowest value is above this share of its highest: nothing hides how small a change
/// is beside the whole, unless there would be nothing to see.
const FROM_ZERO_SHARE: f64 = 0.5;

/// From this ratio of the highest to the lowest value on, a log axis is marked at powers of ten alone.
const POWERS_ALONE: f64 = 1000.0;

/// Below this ratio a log axis is marked like a linear one.
const LIKE_LINEAR: f64 = 10.0;

impl ValueAxis {
    /// An axis for values between two, with at most about `most` ticks. `is_whole`: the values count something, and
    /// marks between whole numbers would make no sense.
    pub(crate) fn linear(lowest: f64, highest: f64, most: usize, is_whole: bool) -> Self {
        let (low, high) = spread(lowest, highest);
        let low = if low > 0.0 && low < high * FROM_ZERO_SHARE { 0.0 } else { low };
        let high = if high < 0.0 && high > low * FROM_ZERO_SHARE { 0.0 } else { high };
        let mut step = round_above((high - low) / as_f64(most.max(1)));
        if is_whole {
            step = step.max(1.0);
        }
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let values = multiples(first, last, step);
        Self::marked(first * step, last * step, false, &values, step)
    }

    /// The same with a log scale. Both values are above 0.
    pub(crate) fn log(lowest: f64, highest: f64, most: usize) -> Self {
        let (low, high) = if lowest < highest { (lowest, highest) } else { (lowest / 2.0, highest * 2.0) };
        if high / low < LIKE_LINEAR {
            let linear = Self::linear(low, high, most, false);
            // From 0 it cannot begin.
            let low = if linear.low > 0.0 { linear.low } else { low };
            let ticks = linear.ticks.into_iter().filter(|tick| tick.value >= low).collect();
            return Self { low, high: linear.high, is_log: true, ticks };
        }
        let (low, high) = (round_below(low), round_above(high));
        let factors: &[f64] = if high / low >= POWERS_ALONE { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut values: Vec<f64> = (power(low)..=power(high))
            .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
            .filter(|value| *value >= low * 0.999 && *value <= high * 1.001)
            .collect();
        if values.len() > most.max(2) && factors.len() > 1 {
            values.retain(|value| 10_f64.powi(power(*value)) == *value);
        }
        let every = values.len().div_ceil(most.max(2));
        let values: Vec<f64> = values.into_iter().step_by(every.max(1)).collect();
        let mut axis = Self::marked(low, high, true, &values, 1.0);
        // Each of them is a whole number of its own power of ten.
        for tick in &mut axis.ticks {
            tick.label = number::human(tick.value);
        }
        axis
    }

    fn marked(low: f64, high: f64, is_log: bool, values: &[f64], step: f64) -> Self {
        let labels = number::labels(values, step);
        let ticks = values.iter().zip(labels).map(|(value, label)| ValueTick { value: *value, label });
        Self { low, high, is_log, ticks: ticks.collect() }
    }

    /// Returns the relative position of a value: 0 at the bottom, 1 at the top, clamped.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// Two values that differ.
fn spread(lowest: f64, highest: f64) -> (f64, f64) {
    // Values a hair apart are the same: marks between them would all have one label.
    if highest - lowest > lowest.abs().max(highest.abs()) * 1e-7 {
        return (lowest, highest);
    }
    match lowest {
        0.0 => (0.0, 1.0),
        value => (value - value.abs() * 0.05, value + value.abs() * 0.05),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below.
fn round_above(value: f64) -> f64 {
    let ten = 10_f64.powi(power(value));
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * ten)
        .into_iter()
        .find(|round| *round >= value * 0.999_999)
        .unwrap_or(ten)
}

/// The largest of them that is not above.
fn round_below(value: f64) -> f64 {
    let ten = 10_f64.powi(power(value));
    [5.0, 2.0, 1.0]
        .map(|factor| factor * ten)
        .into_iter()
        .find(|round| *round <= value * 1.000_001)
        .unwrap_or(ten)
}

/// No axis has more marks, whatever its values are.
const TICKS_MAX: usize = 64;

fn multiples(first: f64, last: f64, step: f64) -> Vec<f64> {
    std::iter::successors(Some(first), |multiple| Some(multiple + 1.0))
        .take_while(|multiple| *multiple <= last)
        .take(TICKS_MAX)
        .map(|multiple| multiple * step)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of ticks, lines and pixels are small")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn labels(axis: &ValueAxis) -> String {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn linear_axes_are_marked_at_round_numbers() {
        let of = |low, high| labels(&ValueAxis::linear(low, high, 5, true));
        assert_eq!(of(2_300_000.0, 5_600_000.0), "0 2M 4M 6M");
        assert_eq!(of(14_800_000.0, 15_100_000.0), "14.8M 14.9M 15.0M 15.1M");
        assert_eq!(of(0.0, 3.0), "0 1 2 3");
        assert_eq!(of(0.0, 0.0), "0 1");
        assert_eq!(of(7.0, 7.0), "6 7 8");
        assert_eq!(of(-1500.0, 1500.0), "−2K −1K 0 1K 2K");
        assert_eq!(of(-900.0, -800.0), "−900 −880 −860 −840 −820 −800");
        assert_eq!(labels(&ValueAxis::linear(0.0, 0.3, 5, false)), "0 0.1 0.2 0.3");
    }

    #[test]
    fn log_axes_are_marked_at_powers_of_ten() {
        let of = |low, high| labels(&ValueAxis::log(low, high, 6));
        assert_eq!(of(3.0, 4e6), "10 100 1K 10K 100K 1M");
        assert_eq!(of(1.0, 1e12), "1 1K 1M 1B 1T");
        assert_eq!(of(1e6, 3e7), "1M 2M 5M 10M 20M 50M");
        assert_eq!(of(1e6, 3e6), "1.0M 1.5M 2.0M 2.5M 3.0M");
    }

    proptest! {
        #[test]
        fn an_axis_covers_its_values_with_marks_that_differ(
            low in -1e15..1e15_f64,
            span in prop_oneof![Just(0.0), 1e-3..1e15_f64],
            most in 2_usize..9,
            is_whole: bool,
        ) {
            let axis = ValueAxis::linear(low, low + span, most, is_whole);
            let slack = (axis.high - axis.low) * 1e-6;
            prop_assert!(axis.low <= low + slack && axis.high >= low + span - slack, "{axis:?}");
            let labels: HashSet<&str> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
            prop_assert_eq!(labels.len(), axis.ticks.len(), "{:?}", axis);
            prop_assert!((2..=most + 2).contains(&axis.ticks.len()), "{:?}", axis);
        }

        #[test]
        fn a_log_axis_covers_its_values(low in 1e-6..1e12_f64, ratio in 1.0..1e9_f64, most in 2_usize..9) {
            let axis = ValueAxis::log(low, low * ratio, most);
            prop_assert!(axis.low > 0.0 && axis.low <= low * 1.000_01 && axis.high >= low * ratio * 0.999_99, "{axis:?}");
            prop_assert!(!axis.ticks.is_empty() && axis.ticks.len() <= most + 3, "{axis:?}");
            let labels: HashSet<&str> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
            prop_assert_eq!(labels.len(), axis.ticks.len(), "{:?}", axis);
            let shares = [axis.share(low), axis.share(low * ratio)];
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)) && shares[0] <= shares[1]);
        }
    }
}
