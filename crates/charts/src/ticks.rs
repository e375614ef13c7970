//! Ticks of values: at round numbers, or at powers of ten on a log scale.

use crate::number::{self, power};

/// The values an axis covers, where it is marked, and how the marks are labelled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueAxis {
    /// The value at the bottom.
    pub(crate) low: f64,
    /// The value at the top.
    pub(crate) high: f64,
    /// Whether equal distances are equal ratios.
    pub(crate) is_log: bool,
    /// Marks from the bottom up.
    pub(crate) ticks: Vec<ValueTick>,
}

/// A mark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueTick {
    /// Where it is.
    pub(crate) value: f64,
    /// What it says.
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
        let mut step = round_step((high - low) / as_f64(most.max(1)));
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

    /// Where a value stands: 0 at the bottom, 1 at the top. What is beyond the ends stands at the ends.
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
fn round_step(least: f64) -> f64 {
    round_above(least)
}

fn round_above(value: f64) -> f64 {
    let ten = 10_f64.powi(power(value));
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * ten)
        .into_iter()
        .find(|round| *round >= value * 0.999_999)
        .unwrap_or(ten)
}

fn round_below(value: f64) -> f64 {
    let ten = 10_f64.powi(power(value));
    [5.0, 2.0, 1.0]
        .map(|factor| factor * ten)
        .into_iter()
        .find(|round| *round <= value * 1.000_001)
        .unwrap_or(ten)
}

fn multiples(first: f64, last: f64, step: f64) -> Vec<f64> {
    std::iter::successors(Some(first), |multiple| Some(multiple + 1.0))
        .take_while(|multiple| *multiple <= last)
        .map(|multiple| multiple * step)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of ticks, lines and pixels are small")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
