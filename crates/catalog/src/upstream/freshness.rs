//! How old an answer may be, and what a request says of that.

use domain::Timestamp;

const MINUTE_MS: u64 = 60 * 1000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Ages, in milliseconds, above which an upstream is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Of a hashtag's totals.
    pub counts_ms: u64,
    /// Of the list of videos under a hashtag.
    pub posts_ms: u64,
    /// Of word that there is no such hashtag.
    pub misses_ms: u64,
    /// Of a search.
    pub search_ms: u64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { counts_ms: HOUR_MS, posts_ms: 6 * HOUR_MS, misses_ms: 10 * MINUTE_MS, search_ms: 24 * HOUR_MS }
    }
}

/// How fresh a caller wants an answer to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Not older than this; `None` for what is configured.
    pub age_ms_max: Option<u64>,
    /// From what is stored, whatever its age.
    pub only_stored: bool,
}

impl Wanted {
    /// As fresh as it can be had.
    pub const FRESH: Self = Self { age_ms_max: Some(0), only_stored: false };

    /// Whether what was read then is good enough now. A time that is yet to come counts as now, as clocks differ; one that
    /// is further off than an answer may be old was told by a clock that stood ahead, and is not good enough.
    pub(super) fn accepts(self, at: Option<Timestamp>, now: Timestamp, configured_ms: u64) -> bool {
        let limit = self.age_ms_max.unwrap_or(configured_ms);
        self.only_stored || at.is_some_and(|at| age_ms(at, now) < limit && age_ms(now, at) <= limit)
    }
}

/// How long ago that was, in milliseconds.
pub(crate) fn age_ms(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_ms().saturating_sub(at.as_ms())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wants_wins_over_what_is_configured() {
        let (now, at) = (Timestamp::from_ms(10_000), Some(Timestamp::from_ms(4_000)));
        assert!(Wanted::default().accepts(at, now, 6_001));
        assert!(!Wanted::default().accepts(at, now, 6_000));
        assert!(!Wanted::default().accepts(None, now, u64::MAX));
        assert!(!Wanted::FRESH.accepts(Some(now), now, 6_001));
        let ahead = |ms: i64| Some(Timestamp::from_ms(10_000 + ms));
        assert!(Wanted::default().accepts(ahead(6_001), now, 6_001), "clocks differ");
        assert!(!Wanted::default().accepts(ahead(365 * 86_400_000), now, 6_001), "a clock stood ahead");
        let patient = Wanted { age_ms_max: Some(7_000), only_stored: false };
        assert!(patient.accepts(at, now, 1));
        assert!(Wanted { age_ms_max: Some(0), only_stored: true }.accepts(None, now, 1));
    }

    #[test]
    fn a_reading_of_tomorrow_is_as_fresh_as_can_be() {
        assert_eq!(age_ms(Timestamp::from_ms(9), Timestamp::from_ms(3)), 0);
    }
}
