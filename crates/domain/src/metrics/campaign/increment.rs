//! Incremental views: the growth of a campaign's time beyond the trend of the baseline before it.
//!
//! The baseline's daily gains make a robust line ([`super::line`]); where they have no trend, that is their mean. The line
//! goes on into the campaign, and what was gained beyond it is the increment. Its interval has three parts: how far the days
//! of the baseline were off the line, the interval of the slope, and the rounding of the counts at the ends.

use super::line::{Line, Rate};
use super::noise::noise;
use crate::Timestamp;
use crate::campaign::Baseline;
use crate::metrics::series::{Gain, Series};
use crate::metrics::{MS_OF_A_DAY, as_f64, days, ratio};
use strum::IntoStaticStr;

/// Fewest gains of a baseline.
pub const BASELINE_GAINS_MIN: usize = 7;

/// Why there is no increment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NoIncrement {
    /// No reading counts.
    NoReadings,
    /// No reading is from before the campaign.
    NoBaseline,
    /// The baseline has fewer than [`BASELINE_GAINS_MIN`] gains.
    BaselineTooShort {
        /// Its gains.
        gains: usize,
    },
    /// No reading is from the campaign.
    NothingSince,
}

impl NoIncrement {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Growth that a baseline goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum BaselineKind {
    /// The mean gain a day: the daily gains showed no trend.
    Mean,
    /// A line: the daily gains rose or fell.
    Trend,
}

impl BaselineKind {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Growth of a count beyond its trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Increment {
    /// The growth of the campaign's time, from the newest reading at or before its beginning to the newest one within it.
    pub gain: Gain,
    /// Beginning of the readings of the baseline; it ends with the first reading of [`Self::gain`].
    pub baseline_from: Timestamp,
    /// Gains of the baseline, of a day or as long as a gap.
    pub baseline_gains: usize,
    /// Growth that the baseline goes on with.
    pub kind: BaselineKind,
    /// Mean gain a day of the baseline.
    pub baseline_per_day: f64,
    /// Change of the gain a day by day, of a trend; 0 of a mean.
    pub slope: f64,
    /// Expected growth without the campaign.
    pub expected: f64,
    /// 95 % interval of it; the low end is never below 0.
    pub expected_range: (f64, f64),
    /// The gain less the expected growth.
    pub value: f64,
    /// 95 % interval of it, widened by [`Self::rounding`].
    pub range: (f64, f64),
    /// The part of the interval that is rounding of the counts, on each side.
    pub rounding: f64,
    line: Line,
}

impl Increment {
    /// Returns the expected gain a day at a moment of the campaign.
    pub fn expected_per_day(&self, at: Timestamp) -> f64 {
        self.line.rate(self.slope, days(at.as_ms() - self.gain.from.at.as_ms()).max(0.0))
    }

    /// Returns true if the interval does not include 0.
    pub fn is_clear(&self) -> bool {
        self.range.0 > 0.0 || self.range.1 < 0.0
    }

    /// Returns gain / expected growth; `None` where nothing was expected.
    pub fn ratio(&self) -> Option<f64> {
        ratio(as_f64(self.gain.gain), self.expected)
    }
}

/// Returns the growth of a count beyond its trend, from one moment to another, both included.
///
/// # Errors
/// The readings do not have it.
pub fn increment(
    series: &Series,
    from: Timestamp,
    until: Timestamp,
    baseline: Baseline,
) -> Result<Increment, NoIncrement> {
    if series.counted_len() == 0 {
        return Err(NoIncrement::NoReadings);
    }
    if series.at(from).is_none() {
        return Err(NoIncrement::NoBaseline);
    }
    let gain = series.gain(from, until).ok_or(NoIncrement::NothingSince)?;
    let mut spans = series.counted_series().spans(from, MS_OF_A_DAY, i64::from(baseline.days()));
    if spans.len() < BASELINE_GAINS_MIN {
        return Err(NoIncrement::BaselineTooShort { gains: spans.len() });
    }
    spans.reverse();
    let start = gain.from.at;
    let rates: Vec<Rate> = spans.iter().filter_map(|span| rate(span, start)).collect();
    let short = NoIncrement::BaselineTooShort { gains: rates.len() };
    let line = Line::of(&rates).ok_or(short)?;
    let first = spans.first().ok_or(short)?.from;
    let length = days(gain.span_ms);
    let expected = line.gain(line.slope, length);
    let (low, high) = noise(&line, &rates, length);
    let least = line.gain(line.slope_range.0, length).min(expected);
    let most = line.gain(line.slope_range.1, length).max(expected);
    let expected_range = ((least + low).max(0.0), most + high);
    let ends = half_step(gain.from.step) + half_step(gain.to.step);
    let rounding = ends + (half_step(first.step) + half_step(gain.from.step)) * length / line.days;
    let grown = as_f64(gain.gain);
    Ok(Increment {
        gain,
        baseline_from: first.at,
        baseline_gains: rates.len(),
        kind: if line.slope == 0.0 { BaselineKind::Mean } else { BaselineKind::Trend },
        baseline_per_day: line.mean,
        slope: line.slope,
        expected,
        expected_range,
        value: grown - expected,
        range: (grown - expected_range.1 - rounding, grown - expected_range.0 + rounding),
        rounding,
        line,
    })
}

fn rate(span: &Gain, start: Timestamp) -> Option<Rate> {
    let length = days(span.span_ms);
    let middle = span.from.at.as_ms() + span.span_ms / 2;
    Some(Rate { at: days(middle - start.as_ms()), days: length, per_day: ratio(as_f64(span.gain), length)? })
}

/// A rounded count is within half a step of the true one.
fn half_step(step: u64) -> f64 {
    if step > 1 { as_f64(step) / 2.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;
    use crate::metrics::made_up::{at, every, exact, is_close, rounded};
    use crate::metrics::series::Reading;
    use crate::metrics::splitmix::{SEED, next};
    use proptest::prelude::*;

    const WEEKS: Baseline = Baseline::DEFAULT;

    fn day(number: i64) -> Timestamp {
        at(number * 24)
    }

    /// A reading a day of a total with these gains, from day 0 on.
    fn daily(gains: &[u64]) -> Series {
        let mut total = 1_000_000;
        let totals: Vec<u64> = std::iter::once(total)
            .chain(gains.iter().map(|gain| {
                total += gain;
                total
            }))
            .collect();
        every(24, totals)
    }

    #[test]
    fn even_growth_has_no_increment_and_what_is_added_is_the_increment() {
        let mut gains = vec![1_000_u64; 40];
        let even = increment(&daily(&gains), day(28), day(40), WEEKS).expect("an increment");
        assert_eq!((even.kind, even.baseline_gains, even.gain.gain), (BaselineKind::Mean, 28, 12_000));
        assert!(even.value.abs() < 1e-6 && even.range.0.abs() < 1e-6 && even.range.1.abs() < 1e-6);
        assert!(!even.is_clear());
        gains[30] += 5_000;
        let more = increment(&daily(&gains), day(28), day(40), WEEKS).expect("an increment");
        assert!(is_close(more.value, 5_000.0) && more.is_clear(), "{more:?}");
        assert!(is_close(more.ratio().expect("a ratio"), 17.0 / 12.0));
        assert!(is_close(more.expected_per_day(day(33)), 1_000.0));
    }

    #[test]
    fn growth_that_went_on_rising_is_no_increment() {
        let gains: Vec<u64> = (0..42).map(|day| 1_000 + 50 * day).collect();
        let found = increment(&daily(&gains), day(28), day(42), WEEKS).expect("an increment");
        assert_eq!(found.kind, BaselineKind::Trend);
        assert!(is_close(found.slope, 50.0) && found.value.abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn the_reason_names_what_the_readings_lack() {
        let series = daily(&[1_000; 40]);
        let of = |series: &Series, from, until| increment(series, from, until, WEEKS).map(|_| ());
        assert_eq!(of(&Series::EMPTY, day(28), day(40)), Err(NoIncrement::NoReadings));
        assert_eq!(of(&series, day(-1), day(40)), Err(NoIncrement::NoBaseline));
        assert_eq!(of(&series, day(6), day(40)), Err(NoIncrement::BaselineTooShort { gains: 6 }));
        assert_eq!(of(&series, day(7), day(40)), Ok(()));
        assert_eq!(of(&series, day(41), day(50)), Err(NoIncrement::NothingSince));
        assert_eq!(NoIncrement::BaselineTooShort { gains: 6 }.name(), "baseline_too_short");
    }

    #[test]
    fn rounding_widens_the_interval() {
        let totals: Vec<u64> = (0..40).map(|day| 5_000_000 + 200_000 * day).collect();
        let coarse: Vec<Reading> = (0..).zip(&totals).map(|(day, total)| rounded(day * 24, *total)).collect();
        // Off the steps: a series that is always on one is taken as rounded.
        let fine: Vec<Reading> =
            (0..).zip(&totals).map(|(day, total)| exact(day * 24, *total + 123)).collect();
        let of = |readings: &[Reading]| {
            increment(&Series::repaired(readings), day(28), day(39), WEEKS).expect("an increment")
        };
        let (coarse, fine) = (of(&coarse), of(&fine));
        assert_eq!(fine.rounding, 0.0);
        assert!(coarse.rounding >= 100_000.0, "{coarse:?}");
        assert!(coarse.range.0 < fine.range.0 && fine.range.1 < coarse.range.1);
    }

    /// Without an effect, the interval includes 0 as often as it says, nearly also of days that resemble the day
    /// before.
    #[test]
    fn the_interval_includes_0_where_nothing_happened() {
        let mut state = SEED;
        for (persistence, least) in [(0.0, 0.93), (0.5, 0.88)] {
            let tries = 200;
            let mut hits = 0;
            for _ in 0..tries {
                let mut wave = 0.0;
                let gains: Vec<u64> = (0..70)
                    .map(|_| {
                        let noise =
                            (0..4).map(|_| (next(&mut state) >> 40) as f64 / (1_u64 << 24) as f64 - 0.5);
                        wave = persistence * wave + noise.sum::<f64>();
                        (10_000.0 + 1_500.0 * wave).max(0.0) as u64
                    })
                    .collect();
                let found = increment(&daily(&gains), day(42), day(70), Baseline::of_days(42).expect("days"));
                hits += i32::from(!found.expect("an increment").is_clear());
            }
            let share = f64::from(hits) / f64::from(tries);
            assert!(share >= least, "{persistence}: {share}");
        }
    }

    proptest! {
        #[test]
        fn an_increment_is_the_gain_less_a_naive_expectation(
            gains in prop::collection::vec(0_u64..10_000, 20..60),
            start in 8_i64..15,
        ) {
            let series = daily(&gains);
            let until = day(gains.len() as i64);
            let found = increment(&series, day(start), until, WEEKS).expect("an increment");
            let (before, during) = gains.split_at(start as usize);
            let gained: u64 = during.iter().sum();
            prop_assert_eq!(found.gain.gain, gained);
            prop_assert!(found.range.0 <= found.value && found.value <= found.range.1);
            prop_assert!(found.expected_range.0 <= found.expected && found.expected <= found.expected_range.1);
            prop_assert!(found.expected_range.0 >= 0.0);
            prop_assert!(is_close(found.value, gained as f64 - found.expected));
            if found.kind == BaselineKind::Mean {
                let mean = before.iter().sum::<u64>() as f64 / start as f64;
                prop_assert!(is_close(found.expected, mean * during.len() as f64));
            }
        }

        #[test]
        fn views_that_are_added_to_the_campaign_move_value_and_interval_alike(
            gains in prop::collection::vec(0_u64..10_000, 30..50),
            more in 1_u64..1_000_000,
        ) {
            let mut boosted = gains.clone();
            *boosted.last_mut().expect("a day") += more;
            let until = day(gains.len() as i64);
            let of = |gains: &[u64]| increment(&daily(gains), day(20), until, WEEKS).expect("an increment");
            let (plain, boosted) = (of(&gains), of(&boosted));
            let added = more as f64;
            prop_assert!(is_close(boosted.value, plain.value + added));
            prop_assert!(is_close(boosted.range.0, plain.range.0 + added));
            prop_assert!(is_close(boosted.range.1, plain.range.1 + added));
        }

        #[test]
        fn a_gap_in_the_baseline_leaves_its_mean(
            skipped in prop::collection::btree_set(1_usize..20, 0..10),
        ) {
            // Every gain is the same, so that a gap hides nothing.
            let readings: Vec<Reading> = (0..30_i64)
                .filter(|number| !skipped.contains(&(*number as usize)))
                .map(|number| Reading { count: Count::exact(500_000 + 700 * number as u64).expect("a count"), ..exact(number * 24, 0) })
                .collect();
            let found = increment(&Series::repaired(&readings), day(20), day(29), WEEKS).expect("an increment");
            prop_assert!(is_close(found.expected, 6_300.0), "{found:?}");
            prop_assert!(found.value.abs() < 1e-6);
        }
    }
}
