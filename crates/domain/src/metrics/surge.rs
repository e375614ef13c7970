//! Surge: the pace of the last days over that of the month. A surge of 3 or more is a breakout.

use super::daily::Daily;
use super::outlook::Missing;
use super::pace::back;
use super::series::{CountedReading, Series};
use super::{as_f64, days};

/// From this surge on a hashtag breaks out.
pub const BREAKOUT_SURGE: f64 = 3.0;

/// Half-life of the daily gains, in days.
pub const SURGE_HALF_LIFE_DAYS: f64 = 1.0;

/// Days of the month that the last days are compared with.
pub const SURGE_DAYS: i64 = 28;

/// Steps of display that the month needs to have gained.
pub const SURGE_STEPS_MIN: u64 = 4;

/// The surge at the newest kept reading `now`, which `daily` ends at: (E_1 + q/7) / (G_28 / s_28 + q/7), where q is the
/// step of display, 1 where the count is exact.
///
/// Fails without a reading 28 days or more before, and where the month brought fewer than [`SURGE_STEPS_MIN`] steps.
pub(super) fn surge(views: &Series, daily: &Daily, now: CountedReading) -> Result<f64, Missing> {
    let begin = back(now.at, SURGE_DAYS);
    if views.at(begin).is_none() {
        return Err(Missing::TooYoung);
    }
    let month = views.gain(begin, now.at).ok_or(Missing::TooYoung)?;
    if month.gain < now.step.saturating_mul(SURGE_STEPS_MIN) {
        return Err(Missing::BelowResolution);
    }
    let average = daily.ewma(0, SURGE_HALF_LIFE_DAYS).ok_or(Missing::TooYoung)?;
    let floor = as_f64(now.step) / 7.0;
    Ok((average + floor) / (as_f64(month.gain) / days(month.span_ms) + floor))
}
