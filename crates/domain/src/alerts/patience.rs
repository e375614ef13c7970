//! Previews: the episodes of an alert on stored samples, and the threshold for a wished number of them.

use super::{AlertEvent, AlertState, RuleError, Sample, Signal, ThresholdRule};
use crate::Timestamp;

/// Fewest values to judge a threshold by.
pub const VALUES_MIN: usize = 14;
/// Up to this many values, each is tried as a threshold; of more, the highest ones one by one, then ever fewer: alerts fire
/// seldom, so that their thresholds are among the highest.
const THRESHOLDS_EACH_MAX: usize = 256;
/// Tries of more values: the n-th has the rank `values^(n / THRESHOLDS_COARSE)`.
const THRESHOLDS_COARSE: usize = 64;
/// Values around the best of these that are tried as well.
const THRESHOLDS_FINE: usize = 64;
/// Milliseconds of a week.
const WEEK_MS: f64 = 604_800_000.0;

/// Events of a rule on stored samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Its events, oldest first.
    pub events: Vec<AlertEvent>,
    /// Number of episodes.
    pub fired: u64,
    /// Samples with a signal, also one that says nothing.
    pub values: usize,
    /// Samples for which there was no reading.
    pub missing: usize,
}

impl Preview {
    /// Replays samples, oldest first, from the state of a new alert.
    pub fn replay(rule: &ThresholdRule, samples: &[Sample]) -> Self {
        let mut events = Vec::new();
        if let Some(first) = samples.first() {
            let mut state = AlertState::new(first.at);
            for sample in samples {
                state.evaluate(rule, *sample, &mut events);
            }
        }
        let fired = events.iter().filter(|event| matches!(event, AlertEvent::Fired { .. })).count() as u64;
        let missing = samples.iter().filter(|sample| sample.signal == Signal::Missing).count();
        Self { events, fired, values: samples.len() - missing, missing }
    }

    /// Returns the episodes a week over the time of the samples; `None` if they are of one moment.
    pub fn per_week(&self, samples: &[Sample]) -> Option<f64> {
        weeks(samples).map(|weeks| self.fired as f64 / weeks)
    }
}

/// Wish for an alert: the number of its episodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Episodes a week, above 0.
    pub per_week: f64,
    /// Value at which an alert recovers, as a part of its threshold: 0 to 1.
    pub recovers_at_part: f64,
    /// Milliseconds above the threshold before it fires.
    pub for_ms: i64,
    /// Milliseconds of low values before it recovers.
    pub keep_firing_ms: i64,
    /// Milliseconds without a value after which there is no data.
    pub no_data_after_ms: i64,
}

/// A threshold, and how often it would have been passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The rule.
    pub rule: ThresholdRule,
    /// Its events on the samples.
    pub preview: Preview,
}

/// Why no threshold can be suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatienceError {
    /// There are too few values.
    #[error("{values} values are too few to judge a threshold by: {VALUES_MIN} are needed")]
    InsufficientHistory {
        /// Values there are.
        values: usize,
        /// When there will be enough, if readings go on as before; `None` if there is no reading yet.
        enough_at: Option<Timestamp>,
    },
    /// The wish is no rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

impl Patience {
    /// Suggests the threshold at which an alert would have fired closest to as often as wished; of several the highest.
    ///
    /// # Errors
    ///
    /// There are fewer than [`VALUES_MIN`] values.
    pub fn suggest(&self, samples: &[Sample]) -> Result<Suggestion, PatienceError> {
        let mut values: Vec<f64> = samples
            .iter()
            .filter_map(|sample| match sample.signal {
                Signal::Value(value) if value.is_finite() => Some(value),
                _ => None,
            })
            .collect();
        let insufficient = PatienceError::InsufficientHistory {
            values: values.len(),
            enough_at: enough_at(samples, values.len()),
        };
        if values.len() < VALUES_MIN {
            return Err(insufficient);
        }
        let weeks = weeks(samples).ok_or(insufficient)?;
        values.sort_by(|a, b| b.total_cmp(a));
        values.dedup();
        let wanted = self.per_week * weeks;
        let levels = Levels::of(samples);
        let mut best: Option<(f64, usize, ThresholdRule)> = None;
        let mut consider = |place: usize| -> Result<usize, RuleError> {
            let rule = self.at(values[place])?;
            let miss = (levels.fired(&rule) as f64 - wanted).abs();
            let is_better = |(least, other, _): &(f64, usize, _)| (miss, place) < (*least, *other);
            if best.as_ref().is_none_or(is_better) {
                best = Some((miss, place, rule));
            }
            Ok(best.as_ref().map_or(place, |(_, place, _)| *place))
        };
        let coarse: Vec<usize> = coarse(values.len()).collect();
        let mut closest = 0;
        for place in &coarse {
            closest = consider(*place)?;
        }
        for place in around(&coarse, closest) {
            consider(place)?;
        }
        let (.., rule) = best.ok_or(insufficient)?;
        Ok(Suggestion { rule, preview: Preview::replay(&rule, samples) })
    }

    /// Returns the rule with a threshold.
    fn at(&self, threshold: f64) -> Result<ThresholdRule, RuleError> {
        let recovers_at = (threshold * self.recovers_at_part).min(threshold);
        ThresholdRule::new(threshold, self.no_data_after_ms)?
            .recovering_at(recovers_at)?
            .pending_for(self.for_ms)?
            .keeping(self.keep_firing_ms)
    }
}

/// Samples as far as they decide how many episodes a rule has: a hundred rules are tried on each series.
struct Levels(Vec<Level>);

#[derive(Clone, Copy)]
struct Level {
    at_ms: i64,
    /// The value; below every threshold if it is below the rounding, not a number if its level shifted.
    value: f64,
}

impl Levels {
    /// Leaves out missing samples, which neither begin nor end an episode.
    fn of(samples: &[Sample]) -> Self {
        let level = |sample: &Sample| {
            let value = match sample.signal {
                Signal::Value(value) if value.is_finite() => value,
                Signal::BelowResolution => f64::NEG_INFINITY,
                Signal::LevelShift => f64::NAN,
                Signal::Value(_) | Signal::Missing => return None,
            };
            Some(Level { at_ms: sample.at.as_ms(), value })
        };
        Self(samples.iter().filter_map(level).collect())
    }

    /// Returns the number of episodes: what [`Preview::replay`] counts.
    fn fired(&self, rule: &ThresholdRule) -> u64 {
        let (mut fired, mut is_firing, mut since) = (0, false, None);
        for Level { at_ms, value } in &self.0 {
            let is_waited_for = if is_firing { *value <= rule.recovers_at() } else { *value > rule.above() };
            if !is_waited_for {
                // A shift says nothing of an episode, and ends a rise.
                since = since.filter(|_| is_firing && value.is_nan());
                continue;
            }
            let begun: i64 = *since.get_or_insert(*at_ms);
            let wait_ms = if is_firing { rule.keep_firing_ms() } else { rule.for_ms() };
            if at_ms.saturating_sub(begun) >= wait_ms {
                fired += u64::from(!is_firing);
                (is_firing, since) = (!is_firing, None);
            }
        }
        fired
    }
}

/// Returns the places of the values to try first, the highest value at 0.
fn coarse(values: usize) -> impl Iterator<Item = usize> {
    let exponent = 1.0 / THRESHOLDS_COARSE as f64;
    let ratio = if values <= THRESHOLDS_EACH_MAX { 1.0 } else { (values as f64).powf(exponent) };
    let mut next = 0;
    std::iter::from_fn(move || {
        let place = next;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of the values")]
        let grown = ((next + 1) as f64 * ratio) as usize;
        next = grown.max(next + 1);
        (place < values).then_some(place)
    })
}

/// Returns places between the neighbours of one, evenly and without it.
fn around(places: &[usize], one: usize) -> impl Iterator<Item = usize> {
    let at = places.partition_point(|place| *place < one);
    let begin = at.checked_sub(1).map_or(one, |before| places[before] + 1);
    let end = places.get(at + 1).copied().unwrap_or(one + 1);
    let step = (end - begin).div_ceil(THRESHOLDS_FINE).max(1);
    (begin..end).step_by(step).filter(move |place| *place != one)
}

fn weeks(samples: &[Sample]) -> Option<f64> {
    let (first, last) = (samples.first()?.at, samples.last()?.at);
    let ms = last.as_ms().saturating_sub(first.as_ms());
    (ms > 0).then_some(ms as f64 / WEEK_MS)
}

/// Returns when there will be enough values, at the mean distance of the samples.
fn enough_at(samples: &[Sample], values: usize) -> Option<Timestamp> {
    let (first, last) = (samples.first()?.at, samples.last()?.at);
    let steps = i64::try_from(samples.len() - 1).ok().filter(|steps| *steps > 0)?;
    let mean_ms = last.as_ms().saturating_sub(first.as_ms()) / steps;
    let lacking = i64::try_from(VALUES_MIN.saturating_sub(values)).ok()?;
    Some(Timestamp::from_ms(last.as_ms().saturating_add(mean_ms.saturating_mul(lacking))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY_MS: i64 = 86_400_000;

    fn samples(values: &[f64]) -> Vec<Sample> {
        let at =
            |day: usize| Timestamp::from_ms(1_800_000_000_000 + i64::try_from(day).expect("a day") * DAY_MS);
        values
            .iter()
            .enumerate()
            .map(|(day, value)| Sample { at: at(day), signal: Signal::Value(*value) })
            .collect()
    }

    fn patience(per_week: f64) -> Patience {
        Patience {
            per_week,
            recovers_at_part: 0.9,
            for_ms: 0,
            keep_firing_ms: 0,
            no_data_after_ms: 2 * DAY_MS,
        }
    }

    #[test]
    fn once_a_week_is_once_a_week() {
        // A year: each week one day of 100 + its number, the others at most 10.
        let year: Vec<f64> = (0..364)
            .map(|day| if day % 7 == 3 { 100.0 + f64::from(day) } else { f64::from(day % 7) })
            .collect();
        let samples = samples(&year);
        let suggestion = patience(1.0).suggest(&samples).expect("a threshold");
        assert_eq!(suggestion.preview.fired, 52);
        assert!(suggestion.rule.above() < 103.0 && suggestion.rule.above() >= 6.0, "{:?}", suggestion.rule);
        let rate = suggestion.preview.per_week(&samples).expect("a year");
        assert!((rate - 1.0).abs() < 0.01, "{rate}");
        // Half as often: the upper half of them.
        let half = patience(0.5).suggest(&samples).expect("a threshold");
        assert_eq!(half.preview.fired, 26);
        assert!(half.rule.above() > 270.0, "{:?}", half.rule);
    }

    #[test]
    fn too_little_history_says_when_there_is_enough() {
        let thirteen = samples(&[1.0; 13]);
        let PatienceError::InsufficientHistory { values, enough_at } =
            patience(1.0).suggest(&thirteen).expect_err("one value is lacking")
        else {
            panic!("history is too short");
        };
        assert_eq!((values, enough_at), (13, Some(Timestamp::from_ms(1_800_000_000_000 + 13 * DAY_MS))));
        let none = patience(1.0).suggest(&[]).expect_err("nothing");
        assert_eq!(none, PatienceError::InsufficientHistory { values: 0, enough_at: None });
    }

    #[test]
    fn a_number_that_never_changes_never_fires() {
        let suggestion = patience(1.0).suggest(&samples(&[5.0; 100])).expect("a threshold");
        assert_eq!((suggestion.preview.fired, suggestion.rule.above()), (0, 5.0));
    }

    proptest! {
        #[test]
        fn no_value_as_threshold_would_have_come_closer(
            values in proptest::collection::vec(0.0_f64..100.0, VALUES_MIN..120),
            per_week in 0.1_f64..5.0,
        ) {
            let samples = samples(&values);
            let patience = patience(per_week);
            let suggestion = patience.suggest(&samples).expect("a threshold");
            let wanted = per_week * weeks(&samples).expect("days");
            let miss = |preview: &Preview| (preview.fired as f64 - wanted).abs();
            prop_assert_eq!(&Preview::replay(&suggestion.rule, &samples), &suggestion.preview);
            for value in values {
                let rule = ThresholdRule::new(value, 2 * DAY_MS)
                    .and_then(|rule| rule.recovering_at(value * 0.9))
                    .expect("a rule");
                prop_assert!(miss(&suggestion.preview) <= miss(&Preview::replay(&rule, &samples)));
            }
        }

        #[test]
        fn episodes_are_counted_as_the_evaluator_has_them(
            kinds in proptest::collection::vec((0_u8..12, 5.0_f64..13.0), 0..120),
            for_days in 0_i64..4,
            keep_days in 0_i64..4,
        ) {
            let mut samples = samples(&vec![0.0; kinds.len()]);
            for (sample, (kind, value)) in samples.iter_mut().zip(kinds) {
                sample.signal = match kind {
                    0 => Signal::Missing,
                    1 => Signal::LevelShift,
                    2 => Signal::BelowResolution,
                    3 => Signal::Value(f64::INFINITY),
                    _ => Signal::Value(value),
                };
            }
            let rule = ThresholdRule::new(10.0, DAY_MS)
                .and_then(|rule| rule.recovering_at(8.0))
                .and_then(|rule| rule.pending_for(for_days * DAY_MS))
                .and_then(|rule| rule.keeping(keep_days * DAY_MS))
                .expect("a rule");
            prop_assert_eq!(Levels::of(&samples).fired(&rule), Preview::replay(&rule, &samples).fired);
        }

        #[test]
        fn thresholds_are_tried_from_the_highest_and_are_not_too_many(count in 1_usize..20_000) {
            let tried: Vec<usize> = coarse(count).collect();
            prop_assert!(tried.len() <= THRESHOLDS_EACH_MAX && tried[0] == 0);
            prop_assert!(tried.windows(2).all(|pair| pair[0] < pair[1]));
            for place in &tried {
                let finer: Vec<usize> = around(&tried, *place).collect();
                prop_assert!(finer.len() <= THRESHOLDS_FINE);
                prop_assert!(finer.iter().all(|finer| *finer < count && !tried.contains(finer)));
            }
        }
    }
}
