//! Types of the parameters of alerts: a threshold, and how long to wait.

use domain::Length;
use domain::alerts::rule::WAIT_MS_MAX;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt::{self, Display};
use std::str::FromStr;

/// Largest threshold, and the negative of the smallest: above any number of views a day.
const THRESHOLD_MAX: f64 = 1e18;

/// A threshold: a number from -10^18 to 10^18.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(f64);

/// A number or a text that is no threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a number, such as 2.1")]
pub struct ThresholdError;

impl Threshold {
    /// Returns the number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Threshold {
    type Error = ThresholdError;

    fn try_from(number: f64) -> Result<Self, ThresholdError> {
        if number.abs() <= THRESHOLD_MAX { Ok(Self(number)) } else { Err(ThresholdError) }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        text.parse::<f64>().map_err(|_| ThresholdError)?.try_into()
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(ThresholdVisitor)
    }
}

struct ThresholdVisitor;

impl Visitor<'_> for ThresholdVisitor {
    type Value = Threshold;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, such as 2.1")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Threshold, E> {
        number.try_into().map_err(|_| E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Threshold, E> {
        #[expect(clippy::cast_precision_loss, reason = "a threshold has no use for the 16th digit")]
        self.visit_f64(number as f64)
    }
}

/// A time to wait: up to 366 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    length: Length,
    ms: i64,
}

/// A text that is no time to wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// No length of time.
    #[error(transparent)]
    Length(#[from] domain::length::LengthError),
    /// A length that is too long, or in months or years.
    #[error("give at most 366d, in weeks or shorter units, such as 3h")]
    TooLong,
}

impl Wait {
    /// Returns the milliseconds.
    pub const fn ms(self) -> i64 {
        self.ms
    }
}

impl FromStr for Wait {
    type Err = WaitError;

    fn from_str(text: &str) -> Result<Self, WaitError> {
        let length: Length = text.parse()?;
        let ms = length.as_ms().and_then(|ms| i64::try_from(ms).ok()).filter(|ms| *ms <= WAIT_MS_MAX);
        ms.map(|ms| Self { length, ms }).ok_or(WaitError::TooLong)
    }
}

impl Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.length.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_a_fixed_length_of_at_most_a_year() {
        for (text, ms) in [("0", 0), ("3h", 10_800_000), ("366d", WAIT_MS_MAX), ("2w", 1_209_600_000)] {
            let wait: Wait = text.parse().expect(text);
            assert_eq!((wait.ms(), wait.to_string().as_str()), (ms, text));
        }
        for wrong in ["367d", "1mo", "1y", "3m", "", "x", "-1h"] {
            assert!(wrong.parse::<Wait>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn thresholds_are_numbers() {
        assert_eq!("-2.5".parse::<Threshold>().map(Threshold::get), Ok(-2.5));
        assert_eq!(serde_json::from_str::<Threshold>("3").expect("a number").get(), 3.0);
        for wrong in ["nan", "inf", "2e18", "x", ""] {
            assert_eq!(wrong.parse::<Threshold>(), Err(ThresholdError), "{wrong}");
        }
    }
}
