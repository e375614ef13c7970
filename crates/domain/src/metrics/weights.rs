//! Weights of the components of emerging hashtags.

use super::emerging::Component;
use std::fmt;
use std::str::FromStr;

/// Weight of each component, in the order of [`Component::ALL`]: finite, none negative, not all 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights([f64; Component::ALL.len()]);

/// Most that a component can weigh.
pub const WEIGHT_MAX: f64 = 1_000.0;

/// Why weights are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// No `=`.
    #[error("{0:?} is not component=weight, such as zscore=2")]
    NoWeight(String),
    /// No component of that name.
    #[error(
        "there is no component {0:?}: there are zscore, pace, breadth, novelty, saturation and concentration"
    )]
    Unknown(String),
    /// Named twice.
    #[error("{0} is named twice")]
    Twice(&'static str),
    /// Not a number from 0 to [`WEIGHT_MAX`].
    #[error("the weight {weight:?} of {component} is not a number from 0 to 1000")]
    OutOfRange {
        /// The component.
        component: &'static str,
        /// As it was written.
        weight: String,
    },
    /// Nothing counts.
    #[error("at least one component has to have a weight above 0")]
    AllZero,
}

/// The former name of `pace`, which is still read.
const FORMER_PACE: &str = "growth";

/// Pace only. The others added nothing on held-out hashtags, or could not be tested (docs/metrics.md).
impl Default for Weights {
    fn default() -> Self {
        Self([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    }
}

impl Weights {
    /// Creates weights in the order of [`Component::ALL`].
    pub fn new(weights: [f64; Component::ALL.len()]) -> Result<Self, WeightsError> {
        for (component, weight) in Component::ALL.into_iter().zip(weights) {
            if !(0.0..=WEIGHT_MAX).contains(&weight) {
                return Err(WeightsError::OutOfRange {
                    component: component.name(),
                    weight: weight.to_string(),
                });
            }
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            Err(WeightsError::AllZero)
        } else {
            Ok(Self(weights))
        }
    }

    /// The weight of a component.
    pub const fn of(&self, component: Component) -> f64 {
        self.0[component as usize]
    }
}

impl FromStr for Weights {
    type Err = WeightsError;
    /// Reads `zscore=2,pace=1`; components that are not named keep their default.
    fn from_str(text: &str) -> Result<Self, WeightsError> {
        let mut weights = Self::default().0;
        let mut named = [false; Component::ALL.len()];
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, weight) =
                part.split_once('=').ok_or_else(|| WeightsError::NoWeight(part.to_owned()))?;
            let (name, weight) = (name.trim(), weight.trim());
            let component = Component::ALL
                .into_iter()
                .find(|component| {
                    component.name() == if name == FORMER_PACE { Component::Pace.name() } else { name }
                })
                .ok_or_else(|| WeightsError::Unknown(name.to_owned()))?;
            if std::mem::replace(&mut named[component as usize], true) {
                return Err(WeightsError::Twice(component.name()));
            }
            weights[component as usize] = weight.parse().map_err(|_| WeightsError::OutOfRange {
                component: component.name(),
                weight: weight.to_owned(),
            })?;
        }
        Self::new(weights)
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, component) in Component::ALL.into_iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", component.name(), self.of(component))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let weights: Weights = " zscore=2, pace=0 ,".parse().expect("weights");
        assert_eq!((weights.of(Component::Zscore), weights.of(Component::Pace)), (2.0, 0.0));
        assert_eq!(weights.of(Component::Novelty), Weights::default().of(Component::Novelty));
        assert_eq!("".parse(), Ok(Weights::default()));
        assert_eq!(weights.to_string().parse(), Ok(weights));
    }

    #[test]
    fn a_wrong_weight_says_what_would_be_right() {
        for (text, error) in [
            ("zscore", "\"zscore\" is not component=weight, such as zscore=2"),
            (
                "speed=1",
                "there is no component \"speed\": there are zscore, pace, breadth, novelty, saturation and concentration",
            ),
            ("growth=1,pace=2", "pace is named twice"),
            ("pace=-1", "the weight \"-1\" of pace is not a number from 0 to 1000"),
            ("pace=NaN", "the weight \"NaN\" of pace is not a number from 0 to 1000"),
            ("pace=1e9", "the weight \"1000000000\" of pace is not a number from 0 to 1000"),
            ("pace=much", "the weight \"much\" of pace is not a number from 0 to 1000"),
            (
                "zscore=0,pace=0,breadth=0,novelty=0,saturation=0,concentration=0",
                "at least one component has to have a weight above 0",
            ),
        ] {
            assert_eq!(
                text.parse::<Weights>().map_err(|error| error.to_string()),
                Err(error.to_owned()),
                "{text}"
            );
        }
        assert_eq!(Weights::new([0.0; 6]), Err(WeightsError::AllZero));
    }
}
