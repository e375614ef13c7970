//! The one evaluator of alerts.

use super::ThresholdRule;
use crate::Timestamp;
use strum::IntoStaticStr;

/// The number at a moment, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// Its value.
    Value(f64),
    /// It changed by less than the rounding of its readings: never above a threshold.
    BelowResolution,
    /// A dated event of the platform shifted its level within the window: says nothing, whatever the number is.
    LevelShift,
    /// There is no reading.
    Missing,
}

/// A signal and when it was known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Time at which it was known.
    pub at: Timestamp,
    /// The number.
    pub signal: Signal,
}

/// Condition of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Condition {
    /// Not above the threshold.
    Ok,
    /// Above the threshold, not yet for long enough.
    Pending {
        /// Since when: the episode it may become.
        since: Timestamp,
    },
    /// Firing.
    Firing {
        /// When the number first was above the threshold, which identifies the episode.
        episode: Timestamp,
        /// Since when the number is low enough to recover, if it is.
        low_since: Option<Timestamp>,
    },
}

impl Condition {
    /// Returns the name in answers: `ok`, `pending` or `firing`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// State of an alert between two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertState {
    /// Its condition, as of the last value.
    pub condition: Condition,
    /// Since when there is no data, if there is none. The condition stays: an episode goes on after a gap.
    pub no_data_since: Option<Timestamp>,
    /// When there last was a value, or when the alert was created.
    pub last_value_at: Timestamp,
    /// Time of the last sample. Earlier ones change nothing.
    pub evaluated_at: Option<Timestamp>,
}

/// A change that is worth a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AlertEvent {
    /// An episode began.
    Fired {
        /// When the number first was above the threshold. There is one such event for each episode.
        episode: Timestamp,
        /// When it fired.
        at: Timestamp,
        /// The number.
        value: f64,
    },
    /// An episode ended.
    Recovered {
        /// The episode.
        episode: Timestamp,
        /// When it ended.
        at: Timestamp,
    },
    /// There was no value for too long.
    NoData {
        /// When there last was one.
        since: Timestamp,
        /// When that was noticed.
        at: Timestamp,
    },
    /// There are values again.
    DataBack {
        /// When.
        at: Timestamp,
    },
}

impl AlertState {
    /// Returns the state of an alert that was created at a moment.
    pub const fn new(created_at: Timestamp) -> Self {
        Self { condition: Condition::Ok, no_data_since: None, last_value_at: created_at, evaluated_at: None }
    }

    /// Evaluates a sample, and appends what happened. A sample that is not later than the last one changes nothing, so a
    /// sample may be evaluated twice.
    pub fn evaluate(&mut self, rule: &ThresholdRule, sample: Sample, events: &mut Vec<AlertEvent>) {
        let Sample { at, signal } = sample;
        if self.evaluated_at.is_some_and(|last| at <= last) {
            return;
        }
        self.evaluated_at = Some(at);
        let value = match signal {
            Signal::Value(value) if value.is_finite() => Some(value),
            Signal::BelowResolution => None,
            Signal::Value(_) | Signal::Missing => return self.miss(rule, at, events),
            Signal::LevelShift => {
                self.note_value(at, events);
                if matches!(self.condition, Condition::Pending { .. }) {
                    self.condition = Condition::Ok;
                }
                return;
            }
        };
        self.note_value(at, events);
        let is_above = value.is_some_and(|value| value > rule.above());
        let is_low = value.is_none_or(|value| value <= rule.recovers_at());
        self.condition = match self.condition {
            Condition::Ok | Condition::Pending { .. } if !is_above => Condition::Ok,
            Condition::Ok => self.rise(rule, at, at, value, events),
            Condition::Pending { since } => self.rise(rule, since, at, value, events),
            Condition::Firing { episode, .. } if !is_low => Condition::Firing { episode, low_since: None },
            Condition::Firing { episode, low_since } => {
                let low_since = low_since.unwrap_or(at);
                if elapsed(low_since, at) >= rule.keep_firing_ms() {
                    events.push(AlertEvent::Recovered { episode, at });
                    Condition::Ok
                } else {
                    Condition::Firing { episode, low_since: Some(low_since) }
                }
            }
        };
    }

    /// Fires if the number has been above the threshold for long enough.
    fn rise(
        self,
        rule: &ThresholdRule,
        since: Timestamp,
        at: Timestamp,
        value: Option<f64>,
        events: &mut Vec<AlertEvent>,
    ) -> Condition {
        match value.filter(|_| elapsed(since, at) >= rule.for_ms()) {
            Some(value) => {
                events.push(AlertEvent::Fired { episode: since, at, value });
                Condition::Firing { episode: since, low_since: None }
            }
            None => Condition::Pending { since },
        }
    }

    fn miss(&mut self, rule: &ThresholdRule, at: Timestamp, events: &mut Vec<AlertEvent>) {
        if self.no_data_since.is_none() && elapsed(self.last_value_at, at) > rule.no_data_after_ms() {
            self.no_data_since = Some(self.last_value_at);
            events.push(AlertEvent::NoData { since: self.last_value_at, at });
        }
    }

    /// Notes that there is a value.
    fn note_value(&mut self, at: Timestamp, events: &mut Vec<AlertEvent>) {
        self.last_value_at = at;
        if self.no_data_since.take().is_some() {
            events.push(AlertEvent::DataBack { at });
        }
    }
}

fn elapsed(from: Timestamp, until: Timestamp) -> i64 {
    until.as_ms().saturating_sub(from.as_ms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;

    fn at(hour: usize) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + i64::try_from(hour).expect("an hour") * HOUR_MS)
    }

    fn rule(for_hours: i64, keep_hours: i64) -> ThresholdRule {
        ThresholdRule::new(10.0, 5 * HOUR_MS)
            .and_then(|rule| rule.recovering_at(8.0))
            .and_then(|rule| rule.pending_for(for_hours * HOUR_MS))
            .and_then(|rule| rule.keeping(keep_hours * HOUR_MS))
            .expect("a rule")
    }

    fn run(rule: &ThresholdRule, signals: &[Signal]) -> (AlertState, Vec<AlertEvent>) {
        let (mut state, mut events) = (AlertState::new(at(0)), Vec::new());
        for (hour, signal) in signals.iter().enumerate() {
            state.evaluate(rule, Sample { at: at(hour), signal: *signal }, &mut events);
        }
        (state, events)
    }

    fn values(values: &[f64]) -> Vec<Signal> {
        values.iter().map(|value| Signal::Value(*value)).collect()
    }

    #[test]
    fn an_episode_has_one_message_however_the_number_swings() {
        let (mut state, mut events) =
            run(&rule(0, 0), &values(&[9.0, 11.0, 9.0, 12.0, 8.5, 30.0, 8.0, 7.0, 11.0]));
        // A second sample of the same moment is too late.
        state.evaluate(&rule(0, 0), Sample { at: at(8), signal: Signal::Value(1.0) }, &mut events);
        assert_eq!(
            events,
            [
                AlertEvent::Fired { episode: at(1), at: at(1), value: 11.0 },
                AlertEvent::Recovered { episode: at(1), at: at(6) },
                AlertEvent::Fired { episode: at(8), at: at(8), value: 11.0 },
            ]
        );
        assert_eq!(state.condition.name(), "firing");
    }

    #[test]
    fn it_waits_before_it_fires_and_before_it_recovers() {
        let (_, events) = run(&rule(2, 2), &values(&[11.0, 9.0, 11.0, 12.0, 13.0, 7.0, 9.0, 7.0, 7.0, 7.0]));
        assert_eq!(
            events,
            [
                AlertEvent::Fired { episode: at(2), at: at(4), value: 13.0 },
                AlertEvent::Recovered { episode: at(2), at: at(9) },
            ]
        );
    }

    #[test]
    fn rounding_and_level_shifts_never_fire() {
        let quiet = [Signal::BelowResolution, Signal::LevelShift, Signal::Missing];
        let signals: Vec<Signal> = quiet.into_iter().cycle().take(60).collect();
        let (state, events) = run(&rule(0, 0), &signals);
        assert_eq!((state.condition, events), (Condition::Ok, Vec::new()));
        // A shift in the middle of a rise restarts it.
        let (_, events) = run(
            &rule(2, 0),
            &[Signal::Value(11.0), Signal::LevelShift, Signal::Value(11.0), Signal::Value(11.0)],
        );
        assert_eq!(events, []);
    }

    #[test]
    fn a_gap_is_said_once_and_ends_no_episode() {
        let mut signals = values(&[11.0]);
        signals.extend([Signal::Missing; 9]);
        signals.extend(values(&[12.0, 7.0]));
        let (_, events) = run(&rule(0, 0), &signals);
        assert_eq!(
            events,
            [
                AlertEvent::Fired { episode: at(0), at: at(0), value: 11.0 },
                AlertEvent::NoData { since: at(0), at: at(6) },
                AlertEvent::DataBack { at: at(10) },
                AlertEvent::Recovered { episode: at(0), at: at(11) },
            ]
        );
    }

    fn signals() -> impl Strategy<Value = Vec<Signal>> {
        let signal = prop_oneof![
            12 => (5.0_f64..13.0).prop_map(Signal::Value),
            1 => Just(Signal::BelowResolution),
            1 => Just(Signal::LevelShift),
            3 => Just(Signal::Missing),
            1 => Just(Signal::Value(f64::NAN)),
        ];
        proptest::collection::vec(signal, 0..80)
    }

    /// First hour of the run of samples up to `last` that all fit, without the missing ones; `None` if the last does not.
    fn run_since(signals: &[Signal], last: usize, fits: impl Fn(Signal) -> bool) -> Option<usize> {
        let is_missing = |signal: Signal| match signal {
            Signal::Missing => true,
            Signal::Value(value) => value.is_nan(),
            _ => false,
        };
        let known = (0..=last).rev().filter(|hour| !is_missing(signals[*hour]));
        known.take_while(|hour| fits(signals[*hour])).last().filter(|_| !is_missing(signals[last]))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn it_agrees_with_looking_back(signals in signals(), for_hours in 0_i64..5, keep_hours in 0_i64..5) {
            let (_, events) = run(&rule(for_hours, keep_hours), &signals);
            let (for_hours, keep_hours) = (for_hours.unsigned_abs() as usize, keep_hours.unsigned_abs() as usize);
            let (mut firing, mut fired_at, mut expected) = (None, 0, Vec::new());
            for hour in 0..signals.len() {
                let above = run_since(&signals, hour, |signal| matches!(signal, Signal::Value(value) if value > 10.0));
                match firing {
                    None => {
                        if let Some(since) = above.filter(|since| hour - since >= for_hours) {
                            let Signal::Value(value) = signals[hour] else { panic!("no value is above") };
                            (firing, fired_at) = (Some(since), hour);
                            expected.push(AlertEvent::Fired { episode: at(since), at: at(hour), value });
                        }
                    }
                    Some(episode) => {
                        // A shift says nothing: it neither ends a run of low values nor is one.
                        let without_shifts: Vec<Signal> = signals
                            .iter()
                            .map(|signal| if *signal == Signal::LevelShift { Signal::Missing } else { *signal })
                            .collect();
                        let low = run_since(&without_shifts, hour, |signal| match signal {
                            Signal::Value(value) => value <= 8.0,
                            signal => signal == Signal::BelowResolution,
                        });
                        if low.is_some_and(|since| hour - since.max(fired_at) >= keep_hours) {
                            firing = None;
                            expected.push(AlertEvent::Recovered { episode: at(episode), at: at(hour) });
                        }
                    }
                }
            }
            let episodes: Vec<AlertEvent> = events
                .into_iter()
                .filter(|event| matches!(event, AlertEvent::Fired { .. } | AlertEvent::Recovered { .. }))
                .collect();
            prop_assert_eq!(episodes, expected);
        }

        #[test]
        fn a_state_that_is_stored_and_samples_that_come_twice_change_nothing(signals in signals(), cut in 0_usize..80) {
            let rule = rule(1, 1);
            let (state, events) = run(&rule, &signals);
            let cut = cut.min(signals.len());
            let (mut resumed, mut resumed_events) = run(&rule, &signals[..cut]);
            for hour in (0..cut).chain(0..signals.len()) {
                resumed.evaluate(&rule, Sample { at: at(hour), signal: signals[hour] }, &mut resumed_events);
            }
            prop_assert_eq!((resumed, resumed_events), (state, events));
        }
    }
}
