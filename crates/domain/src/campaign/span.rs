//! The time of a campaign, and the baseline before it.

use crate::Timestamp;
use crate::length::{Length, LengthError};
use std::fmt;
use std::str::FromStr;

const MS_OF_A_DAY: i64 = 86_400_000;
/// Longest campaign, in days.
pub const SPAN_DAYS_MAX: i64 = 731;

/// Beginning and end of a campaign, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CampaignSpan {
    from: Timestamp,
    to: Option<Timestamp>,
}

/// Why two moments are not the time of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CampaignSpanError {
    /// It ends before it begins.
    #[error("it is not later than from")]
    Backwards,
    /// It is longer than [`SPAN_DAYS_MAX`].
    #[error("a campaign lasts at most {SPAN_DAYS_MAX} days")]
    TooLong,
    /// It lies before TikTok.
    #[error("give a time after TikTok began, in 2014")]
    TooEarly,
}

impl CampaignSpan {
    /// Creates the time of a campaign; an open one has no end yet.
    pub fn new(from: Timestamp, to: Option<Timestamp>) -> Result<Self, CampaignSpanError> {
        if from.is_before_tiktok() {
            return Err(CampaignSpanError::TooEarly);
        }
        if let Some(to) = to {
            let ms = to.as_ms().saturating_sub(from.as_ms());
            if ms <= 0 {
                return Err(CampaignSpanError::Backwards);
            }
            if ms > SPAN_DAYS_MAX * MS_OF_A_DAY {
                return Err(CampaignSpanError::TooLong);
            }
        }
        Ok(Self { from, to })
    }

    /// Returns the first moment.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// Returns the last moment; `None` while it is open.
    pub const fn to(self) -> Option<Timestamp> {
        self.to
    }

    /// Returns the last moment that can be measured at `now`: its end, now, or [`SPAN_DAYS_MAX`] after its beginning.
    /// `None` before it begins.
    pub fn until(self, now: Timestamp) -> Option<Timestamp> {
        let longest = Timestamp::from_ms(self.from.as_ms().saturating_add(SPAN_DAYS_MAX * MS_OF_A_DAY));
        let until = self.to.unwrap_or(longest).min(now).min(longest);
        (until >= self.from).then_some(until)
    }

    /// Returns the share of its time that has passed at `now`, 0 to 1; `None` while it is open.
    pub fn share_passed(self, now: Timestamp) -> Option<f64> {
        let whole = self.to?.as_ms().saturating_add(1).saturating_sub(self.from.as_ms());
        let passed = now.as_ms().saturating_sub(self.from.as_ms()).clamp(0, whole);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of two years are far below 2^53")]
        let share = passed as f64 / whole as f64;
        Some(share)
    }
}

/// Length of the baseline before a campaign: whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Baseline(u16);

/// Why a text is not the length of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// The text is no length of time.
    #[error(transparent)]
    Length(LengthError),
    /// The length is no number of days from [`Baseline::DAYS_MIN`] to [`Baseline::DAYS_MAX`].
    #[error(
        "give whole days or weeks from {}d to {}d, such as 28d or 4w",
        Baseline::DAYS_MIN,
        Baseline::DAYS_MAX
    )]
    Days,
}

impl Baseline {
    /// Shortest baseline.
    pub const DAYS_MIN: u16 = 7;
    /// Longest baseline.
    pub const DAYS_MAX: u16 = 366;
    /// Four weeks.
    pub const DEFAULT: Self = Self(28);

    /// Creates a baseline of so many days.
    pub const fn of_days(days: u16) -> Option<Self> {
        if days >= Self::DAYS_MIN && days <= Self::DAYS_MAX { Some(Self(days)) } else { None }
    }

    /// Returns its days.
    pub const fn days(self) -> u16 {
        self.0
    }

    /// Returns the moment at which the baseline of a campaign begins.
    pub const fn begins(self, from: Timestamp) -> Timestamp {
        Timestamp::from_ms(from.as_ms().saturating_sub(self.0 as i64 * MS_OF_A_DAY))
    }
}

impl Default for Baseline {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl FromStr for Baseline {
    type Err = BaselineError;

    fn from_str(text: &str) -> Result<Self, BaselineError> {
        let ms = text.parse::<Length>().map_err(BaselineError::Length)?.as_ms().ok_or(BaselineError::Days)?;
        let day = MS_OF_A_DAY.unsigned_abs();
        let days = u16::try_from(ms / day).ok().filter(|_| ms.is_multiple_of(day));
        days.and_then(Self::of_days).ok_or(BaselineError::Days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn a_campaign_ends_after_it_begins_and_within_two_years() {
        let new = |from, to| CampaignSpan::new(at(from), Some(at(to))).map(|_| ());
        assert_eq!(new("2026-06-01", "2026-06-01"), Err(CampaignSpanError::Backwards));
        assert_eq!(new("2026-06-02", "2026-06-01"), Err(CampaignSpanError::Backwards));
        assert_eq!(new("2026-06-01", "2028-06-01"), Ok(()));
        assert_eq!(new("2026-06-01", "2028-06-02"), Err(CampaignSpanError::TooLong));
        assert_eq!(new("1999-06-01", "1999-07-01"), Err(CampaignSpanError::TooEarly));
        let open = CampaignSpan::new(at("2026-06-01"), None).expect("a span");
        assert_eq!(open.until(at("2026-05-31")), None);
        assert_eq!(open.until(at("2026-06-05")), Some(at("2026-06-05")));
        assert_eq!(open.until(at("2036-06-05")), Some(at("2028-06-01")));
        assert_eq!(open.share_passed(at("2026-06-05")), None);
    }

    #[test]
    fn the_share_of_the_time_that_passed_is_between_0_and_1() {
        let ends = Timestamp::from_ms(at("2026-06-11").as_ms() - 1);
        let span = CampaignSpan::new(at("2026-06-01"), Some(ends)).expect("a span");
        let shares = ["2026-05-01", "2026-06-01", "2026-06-06", "2026-06-11", "2027-01-01"]
            .map(|day| span.share_passed(at(day)));
        assert_eq!(shares, [0.0, 0.0, 0.5, 1.0, 1.0].map(Some));
    }

    #[test]
    fn a_baseline_is_of_whole_days() {
        let days = |text: &str| text.parse::<Baseline>().map(Baseline::days);
        assert_eq!((days("4w"), days("28d"), days("168h")), (Ok(28), Ok(28), Ok(7)));
        for wrong in ["6d", "367d", "169h", "1mo", "0"] {
            assert_eq!(days(wrong), Err(BaselineError::Days), "{wrong}");
        }
        assert!(matches!(days("4"), Err(BaselineError::Length(_))));
        assert_eq!(Baseline::DEFAULT.begins(at("2026-06-29")), at("2026-06-01"));
    }
}
