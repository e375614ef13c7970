//! Rules with a threshold.

/// Longest time that a rule waits, in milliseconds: a year.
pub const WAIT_MS_MAX: i64 = 366 * 86_400_000;

/// A rule: fires while a number is above a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdRule {
    above: f64,
    recovers_at: f64,
    for_ms: i64,
    keep_firing_ms: i64,
    no_data_after_ms: i64,
}

/// Why numbers are no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The threshold is not a number.
    #[error("the threshold is not a finite number")]
    Threshold,
    /// An alert would recover while it fires.
    #[error("the value at which an alert recovers is above its threshold")]
    Recovery,
    /// A time is negative or too long.
    #[error("a time of a rule is not from 0 to 366 d")]
    Time,
}

impl ThresholdRule {
    /// Creates a rule that fires at the first value above the threshold, recovers at the first one that is not, and has
    /// no data after this many milliseconds without a value.
    ///
    /// # Errors
    ///
    /// A number is out of its range.
    pub fn new(above: f64, no_data_after_ms: i64) -> Result<Self, RuleError> {
        Self { above, recovers_at: above, for_ms: 0, keep_firing_ms: 0, no_data_after_ms }.checked()
    }

    /// Recovers at this value or below, which is at most the threshold (hysteresis).
    ///
    /// # Errors
    ///
    /// The value is above the threshold, or not a number.
    pub fn recovering_at(self, recovers_at: f64) -> Result<Self, RuleError> {
        Self { recovers_at, ..self }.checked()
    }

    /// Fires once the number has been above the threshold for this many milliseconds.
    ///
    /// # Errors
    ///
    /// The time is out of its range.
    pub fn pending_for(self, for_ms: i64) -> Result<Self, RuleError> {
        Self { for_ms, ..self }.checked()
    }

    /// Recovers once the number has been low enough for this many milliseconds.
    ///
    /// # Errors
    ///
    /// The time is out of its range.
    pub fn keeping(self, keep_firing_ms: i64) -> Result<Self, RuleError> {
        Self { keep_firing_ms, ..self }.checked()
    }

    fn checked(self) -> Result<Self, RuleError> {
        if !self.above.is_finite() {
            return Err(RuleError::Threshold);
        }
        if !self.recovers_at.is_finite() || self.recovers_at > self.above {
            return Err(RuleError::Recovery);
        }
        let times = [self.for_ms, self.keep_firing_ms, self.no_data_after_ms];
        if times.iter().any(|ms| !(0..=WAIT_MS_MAX).contains(ms)) {
            return Err(RuleError::Time);
        }
        Ok(self)
    }

    /// Returns the threshold.
    pub const fn above(&self) -> f64 {
        self.above
    }

    /// Returns the value at which it recovers.
    pub const fn recovers_at(&self) -> f64 {
        self.recovers_at
    }

    /// Returns the milliseconds for which the number is above the threshold before it fires.
    pub const fn for_ms(&self) -> i64 {
        self.for_ms
    }

    /// Returns the milliseconds for which the number is low before it recovers.
    pub const fn keep_firing_ms(&self) -> i64 {
        self.keep_firing_ms
    }

    /// Returns the milliseconds without a value after which there is no data.
    pub const fn no_data_after_ms(&self) -> i64 {
        self.no_data_after_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_no_rule() {
        let rule = ThresholdRule::new(2.0, 1_000).expect("a rule");
        assert_eq!((rule.above(), rule.recovers_at(), rule.for_ms()), (2.0, 2.0, 0));
        assert_eq!(ThresholdRule::new(f64::NAN, 0), Err(RuleError::Threshold));
        assert_eq!(ThresholdRule::new(1.0, -1), Err(RuleError::Time));
        assert_eq!(rule.recovering_at(2.1), Err(RuleError::Recovery));
        assert_eq!(rule.recovering_at(f64::NAN), Err(RuleError::Recovery));
        assert_eq!(rule.pending_for(WAIT_MS_MAX + 1), Err(RuleError::Time));
        assert_eq!(rule.keeping(i64::MIN), Err(RuleError::Time));
        assert!(rule.keeping(WAIT_MS_MAX).is_ok());
    }
}
