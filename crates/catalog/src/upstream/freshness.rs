//! Maximum ages of answers, by configuration and by request.

use domain::{Length, Timestamp};

/// Maximum ages of stored data before an upstream is called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Maximum age of a hashtag's totals.
    pub counts: Length,
    /// Maximum age of the list of videos under a hashtag.
    pub posts: Length,
    /// Maximum age of the answer that a hashtag does not exist.
    pub misses: Length,
    /// Maximum age of a search.
    pub search: Length,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            counts: Length::hours(1),
            posts: Length::hours(6),
            misses: Length::minutes(10),
            search: Length::hours(24),
        }
    }
}

/// Freshness requirement of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreshnessRequirement {
    /// Maximum age in milliseconds; `None` for the configured one.
    pub age_ms_max: Option<u64>,
    /// True to answer from the store, whatever the age.
    pub only_stored: bool,
}

impl FreshnessRequirement {
    /// As fresh as possible.
    pub const FRESH: Self = Self { age_ms_max: Some(0), only_stored: false };

    /// Returns true if data read at that time is fresh enough. A time in the future counts as now, as clocks
    /// differ; one further ahead than the maximum age is from a wrong clock, and is not fresh.
    pub(super) fn accepts(self, at: Option<Timestamp>, now: Timestamp, configured: Length) -> bool {
        let before = |at: Timestamp| match self.age_ms_max {
            Some(ms) => {
                let ms = i64::try_from(ms).unwrap_or(i64::MAX);
                Timestamp::from_ms(at.as_ms().saturating_sub(ms))
            }
            None => configured.before(at),
        };
        self.only_stored || at.is_some_and(|at| at.min(now) > before(now) && before(at) <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wants_wins_over_what_is_configured() {
        let (now, at) = (Timestamp::from_ms(10_000), Some(Timestamp::from_ms(4_000)));
        let length = |text: &str| text.parse::<Length>().expect("a length");
        assert!(FreshnessRequirement::default().accepts(at, now, length("6001ms")));
        assert!(!FreshnessRequirement::default().accepts(at, now, length("6000ms")));
        assert!(!FreshnessRequirement::default().accepts(None, now, length("100y")));
        assert!(!FreshnessRequirement::FRESH.accepts(Some(now), now, length("6001ms")));
        let ahead = |ms: i64| Some(Timestamp::from_ms(10_000 + ms));
        assert!(
            FreshnessRequirement::default().accepts(ahead(6_001), now, length("6001ms")),
            "clocks differ"
        );
        assert!(
            !FreshnessRequirement::default().accepts(ahead(365 * 86_400_000), now, length("6001ms")),
            "a clock was ahead"
        );
        let patient = FreshnessRequirement { age_ms_max: Some(7_000), only_stored: false };
        assert!(patient.accepts(at, now, length("1ms")));
        assert!(FreshnessRequirement { age_ms_max: Some(u64::MAX), only_stored: false }.accepts(
            at,
            now,
            length("0")
        ));
        assert!(FreshnessRequirement { age_ms_max: Some(0), only_stored: true }.accepts(
            None,
            now,
            length("1ms")
        ));
    }

    #[test]
    fn a_reading_slightly_ahead_is_as_fresh_as_can_be() {
        let (now, ahead) = (Timestamp::from_ms(3), Some(Timestamp::from_ms(9)));
        let accepted = |length: &str| {
            let length = length.parse().expect("a length");
            FreshnessRequirement::default().accepts(ahead, now, length)
        };
        assert!(accepted("7ms"), "as far ahead as an answer may be old");
        assert!(!accepted("1ms") && !accepted("0"), "further ahead");
    }
}
