//! State of one subject of an alert as it is stored: the rule with the threshold that was found, and how far it was
//! evaluated.

use crate::AlertingError;
use domain::Timestamp;
use domain::alerts::{AlertState, Condition, ThresholdRule, Watch, Watched};
use domain::metrics::TrendWindow;
use measure::AlertPreviewView;
use serde::{Deserialize, Serialize};
use store::alerts::AlertSubject;

/// State of a subject. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SubjectState {
    /// When this rule began: a part of the cause of its events.
    pub(crate) since_ms: i64,
    /// The rule; `None` while the history is too short.
    pub(crate) rule: Option<StoredRule>,
    /// Why there is no rule yet.
    pub(crate) waiting: Option<String>,
    /// Its condition.
    pub(crate) condition: StoredCondition,
    /// Since when there is no data.
    pub(crate) no_data_since_ms: Option<i64>,
    /// When there last was a value.
    pub(crate) last_value_at_ms: i64,
    /// Time of the last sample.
    pub(crate) evaluated_at_ms: Option<i64>,
    /// The last value.
    pub(crate) value: Option<f64>,
    /// When a message was last sent.
    pub(crate) sent_at_ms: Option<i64>,
    /// When it last fired.
    pub(crate) fired_at_ms: Option<i64>,
    /// True if the last message is of the episode that fires now.
    pub(crate) is_sent: bool,
}

/// A rule with its threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredRule {
    pub(crate) watched: String,
    /// Name of the hashtag that it compares with.
    #[serde(default)]
    pub(crate) versus: Option<String>,
    pub(crate) window: String,
    pub(crate) cadence_ms: i64,
    pub(crate) no_data_after_ms: i64,
    #[serde(with = "exact")]
    pub(crate) above: f64,
    #[serde(with = "exact")]
    pub(crate) recovers_at: f64,
    pub(crate) for_ms: i64,
    pub(crate) keep_firing_ms: i64,
    pub(crate) cooldown_ms: i64,
}

/// Numbers as texts, which are parsed to the last bit: a threshold is often a number of the series, and must not fire at it.
mod exact {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredCondition {
    #[default]
    Ok,
    Pending {
        since_ms: i64,
    },
    Firing {
        episode_ms: i64,
        low_since_ms: Option<i64>,
    },
}

impl StoredRule {
    /// Takes the rule of a preview, with the threshold that it found.
    pub(crate) fn of(preview: &AlertPreviewView) -> Self {
        let rule = &preview.rule;
        Self {
            watched: rule.rule.to_owned(),
            versus: rule.versus.clone(),
            window: rule.window.to_owned(),
            cadence_ms: preview.coverage.cadence_ms,
            no_data_after_ms: rule.no_data_after_ms,
            above: rule.above,
            recovers_at: rule.recovers_at,
            for_ms: rule.for_ms,
            keep_firing_ms: rule.keep_firing_ms,
            cooldown_ms: rule.cooldown_ms,
        }
    }

    /// Returns what it watches, and its threshold. `None` if no version of the program wrote it.
    pub(crate) fn parts(&self) -> Option<(Watch, ThresholdRule)> {
        let named = |name: &str| serde_json::Value::from(name);
        let watched: Watched = serde_json::from_value(named(&self.watched)).ok()?;
        let window: TrendWindow = serde_json::from_value(named(&self.window)).ok()?;
        let watch =
            Watch { watched, window, cadence_ms: self.cadence_ms, no_data_after_ms: self.no_data_after_ms };
        let rule = ThresholdRule::new(self.above, self.no_data_after_ms)
            .and_then(|rule| rule.recovering_at(self.recovers_at))
            .and_then(|rule| rule.pending_for(self.for_ms))
            .and_then(|rule| rule.keeping(self.keep_firing_ms))
            .ok()?;
        Some((watch, rule))
    }
}

impl SubjectState {
    pub(crate) fn of(subject: &AlertSubject) -> Result<Self, AlertingError> {
        serde_json::from_str(&subject.state).map_err(|why| AlertingError::Stored {
            of: "state",
            id: format!("{} of {}", subject.name, subject.alert_id),
            why: why.to_string(),
        })
    }

    pub(crate) fn to_json(&self) -> Result<String, AlertingError> {
        serde_json::to_string(self).map_err(|why| AlertingError::Stored {
            of: "state",
            id: "an alert".to_owned(),
            why: why.to_string(),
        })
    }

    /// Returns the state for the evaluator.
    pub(crate) fn evaluator(&self) -> AlertState {
        let condition = match self.condition {
            StoredCondition::Ok => Condition::Ok,
            StoredCondition::Pending { since_ms } => {
                Condition::Pending { since: Timestamp::from_ms(since_ms) }
            }
            StoredCondition::Firing { episode_ms, low_since_ms } => Condition::Firing {
                episode: Timestamp::from_ms(episode_ms),
                low_since: low_since_ms.map(Timestamp::from_ms),
            },
        };
        AlertState {
            condition,
            no_data_since: self.no_data_since_ms.map(Timestamp::from_ms),
            last_value_at: Timestamp::from_ms(self.last_value_at_ms),
            evaluated_at: self.evaluated_at_ms.map(Timestamp::from_ms),
        }
    }

    /// Takes the state of the evaluator over.
    pub(crate) fn set(&mut self, state: &AlertState) {
        self.condition = match state.condition {
            Condition::Ok => StoredCondition::Ok,
            Condition::Pending { since } => StoredCondition::Pending { since_ms: since.as_ms() },
            Condition::Firing { episode, low_since } => StoredCondition::Firing {
                episode_ms: episode.as_ms(),
                low_since_ms: low_since.map(Timestamp::as_ms),
            },
        };
        self.no_data_since_ms = state.no_data_since.map(Timestamp::as_ms);
        self.last_value_at_ms = state.last_value_at.as_ms();
        self.evaluated_at_ms = state.evaluated_at.map(Timestamp::as_ms);
    }

    /// Returns the name of the state in answers.
    pub(crate) fn name(&self) -> &'static str {
        match (&self.rule, self.no_data_since_ms, self.condition) {
            (None, ..) => "waiting",
            (_, Some(_), _) => "no_data",
            (_, None, StoredCondition::Ok) => "ok",
            (_, None, StoredCondition::Pending { .. }) => "pending",
            (_, None, StoredCondition::Firing { .. }) => "firing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: Option<i64>) -> Option<Timestamp> {
        ms.map(Timestamp::from_ms)
    }

    proptest! {
        #[test]
        fn a_threshold_comes_back_to_the_last_bit(above in proptest::num::f64::NORMAL) {
            let rule = StoredRule {
                watched: "growth".to_owned(),
                versus: None,
                window: "7d".to_owned(),
                cadence_ms: 1,
                no_data_after_ms: 3,
                above,
                recovers_at: above,
                for_ms: 0,
                keep_firing_ms: 0,
                cooldown_ms: 0,
            };
            let text = serde_json::to_string(&rule).expect("JSON");
            let read: StoredRule = serde_json::from_str(&text).expect("a rule");
            prop_assert_eq!(read.above.to_bits(), above.to_bits());
            let (watch, rule) = read.parts().expect("a rule");
            prop_assert_eq!((watch.watched, rule.above().to_bits()), (Watched::Growth, above.to_bits()));
        }

        #[test]
        fn a_state_comes_back_as_it_was_stored(
            kind in 0..3_u8, one: i64, two: Option<i64>, no_data: Option<i64>, last: i64, evaluated: Option<i64>,
        ) {
            let since = Timestamp::from_ms(one);
            let condition = match kind {
                0 => Condition::Ok,
                1 => Condition::Pending { since },
                _ => Condition::Firing { episode: since, low_since: at(two) },
            };
            let state = AlertState {
                condition,
                no_data_since: at(no_data),
                last_value_at: Timestamp::from_ms(last),
                evaluated_at: at(evaluated),
            };
            let mut stored = SubjectState::default();
            stored.set(&state);
            let text = stored.to_json().expect("JSON");
            let read: SubjectState = serde_json::from_str(&text).expect("a state");
            prop_assert_eq!(read.evaluator(), state);
        }
    }
}
