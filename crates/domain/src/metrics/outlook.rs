//! The outlook of a hashtag for the next week: pace, surge and the band of the gain, or why they are unknown.

use super::MS_OF_A_DAY;
use super::daily::{Daily, EWMA_DAYS};
use super::forecast::{FORECAST_DAYS, Forecast, OwnErrors, PAST_FORECASTS_MAX, forecast, own_errors};
use super::pace::{back, pace};
use super::series::Series;
use super::surge::{BREAKOUT_SURGE, SURGE_DAYS, surge};
use crate::Timestamp;
use strum::{IntoStaticStr, VariantArray};

/// Largest age, in days, of a newest reading that the outlook can be based on.
pub const READING_AGE_DAYS_MAX: i64 = 2;

/// Days of readings that pace needs.
pub const HISTORY_DAYS_MIN: i64 = 7;

/// Why pace or surge has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Missing {
    /// The newest reading is older than [`READING_AGE_DAYS_MAX`].
    Stale,
    /// There are not enough days of readings.
    TooYoung,
    /// The month brought too few display steps to resolve a surge.
    BelowResolution,
    /// The total is 0.
    NoViews,
}

impl Missing {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The outlook for the next week, as of the newest reading that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// When that reading was taken.
    pub as_of: Timestamp,
    /// The views then, V.
    pub views: u64,
    /// The step of display that they are rounded to, q; 1 when exact.
    pub step: u64,
    /// The growth a day that has lasted a month (metrics.md: pace).
    pub pace: Result<f64, Missing>,
    /// True if the last 28 days brought less than a step. Such a hashtag ranks last.
    pub is_below_step: bool,
    /// The pace of the last days over that of the month (metrics.md: surge).
    pub surge: Result<f64, Missing>,
    /// Errors of past forecasts.
    pub errors: OwnErrors,
}

/// Rank of a hashtag that gained less than a step in 28 days: below every pace.
const RANK_BELOW_STEP: f64 = -1.0;
/// Rank of a hashtag without a pace.
const RANK_UNKNOWN: f64 = -2.0;

/// The outlook at the newest kept reading, or at the newest one at or before `as_of`; `stale` where that is too old then.
/// `None` without a reading.
pub fn outlook(views: &Series, as_of: Option<Timestamp>) -> Option<Outlook> {
    let now = match as_of {
        Some(when) => views.at(when),
        None => views.last(),
    }?;
    let daily = Daily::of(views.counted_series(), now.at, PAST_FORECASTS_MAX * FORECAST_DAYS + EWMA_DAYS);
    let month = views.gain(back(now.at, SURGE_DAYS), now.at).map_or(0, |gain| gain.gain);
    let found = Outlook {
        as_of: now.at,
        views: now.value,
        step: now.step,
        pace: pace(views.counted_series(), &daily, 0),
        is_below_step: month < now.step,
        surge: surge(views, &daily, now),
        errors: own_errors(views, &daily),
    };
    Some(as_of.map_or(found, |when| found.seen_at(when)))
}

impl Outlook {
    /// The same, looked at from a later moment: `stale` where the reading is older than [`READING_AGE_DAYS_MAX`] then.
    pub fn seen_at(self, moment: Timestamp) -> Self {
        if moment.as_ms().saturating_sub(self.as_of.as_ms()) > READING_AGE_DAYS_MAX * MS_OF_A_DAY {
            Self { pace: Err(Missing::Stale), surge: Err(Missing::Stale), ..self }
        } else {
            self
        }
    }

    /// Returns the ranking key of emerging hashtags, highest first: raw pace; then hashtags that gained less
    /// than a step in 28 days; last those without a pace.
    pub fn rank(&self) -> f64 {
        match self.pace {
            Ok(_) if self.is_below_step => RANK_BELOW_STEP,
            Ok(pace) => pace,
            Err(_) => RANK_UNKNOWN,
        }
    }

    /// Returns true if the surge is [`BREAKOUT_SURGE`] or more; `None` if unknown.
    pub fn is_breakout(&self) -> Option<bool> {
        self.surge.ok().map(|surge| surge >= BREAKOUT_SURGE)
    }

    /// The forecast of the next 7 days; `None` without a pace, and where its upper end is above the largest count.
    pub fn forecast(&self) -> Option<Forecast> {
        let pace = self.pace.ok()?;
        forecast(self.views, self.step, pace, self.surge.ok(), self.errors)
    }
}

#[cfg(test)]
mod tests;
