//! Frequency at which an alert should fire.

use std::fmt;
use std::str::FromStr;
use strum::{EnumString, IntoStaticStr};

/// Most times of a frequency.
const TIMES_MAX: f64 = 1_000.0;
/// Days of a mean month.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// A number of times a day, week or month, such as `1/week`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frequency {
    times: f64,
    per: Per,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum Per {
    Day,
    Week,
    Month,
}

/// A text that is no frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a number of times above 0, at most 1000, and day, week or month, such as 1/week")]
pub struct FrequencyError;

impl Frequency {
    /// Returns the times a week; a month has 30.4 days.
    pub const fn per_week(self) -> f64 {
        match self.per {
            Per::Day => self.times * 7.0,
            Per::Week => self.times,
            Per::Month => self.times * 7.0 / MONTH_DAYS,
        }
    }
}

impl FromStr for Frequency {
    type Err = FrequencyError;

    fn from_str(text: &str) -> Result<Self, FrequencyError> {
        let (times, per) = text.trim().split_once('/').ok_or(FrequencyError)?;
        let is_plain = times.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let times: f64 = times.parse().ok().filter(|_| is_plain).ok_or(FrequencyError)?;
        let per = per.parse().map_err(|_| FrequencyError)?;
        if times > 0.0 && times <= TIMES_MAX { Ok(Self { times, per }) } else { Err(FrequencyError) }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per: &str = self.per.into();
        write!(f, "{}/{per}", self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_parsed_and_written_back() {
        for (text, per_week) in [
            ("1/week", 1.0),
            ("2/day", 14.0),
            ("0.5/week", 0.5),
            ("3/month", 21.0 / 30.4375),
            ("1000/day", 7e3),
        ] {
            let frequency: Frequency = text.parse().expect(text);
            assert!((frequency.per_week() - per_week).abs() < 1e-9, "{text}");
            assert_eq!(frequency.to_string(), text);
        }
        for wrong in
            ["", "1", "week", "0/week", "-1/week", "1/year", "1001/day", "nan/day", "1e2/day", "/day", "1/"]
        {
            assert_eq!(wrong.parse::<Frequency>(), Err(FrequencyError), "{wrong}");
        }
    }
}
