//! Pace: the growth a day that has lasted a month. It ranks what emerges.

use super::daily::{Daily, EWMA_DAYS};
use super::outlook::{HISTORY_DAYS_MIN, Missing, READING_AGE_DAYS_MAX};
use super::series::{CountedReading, CountedSeries, Gain};
use super::{MS_OF_A_DAY, as_f64, days, ratio};
use crate::Timestamp;

/// Half-life of the daily gains, in days.
pub const PACE_HALF_LIFE_DAYS: f64 = 7.0;

/// Spans of the log growths that pace takes the least of, in days.
pub const PACE_SPANS_DAYS: [i64; 2] = [14, 28];

/// The pace of a series so many days before the end of `daily`, as a share of the views a day:
/// min(E_7 / V, ln(1 + G_14 / V(t-14 d)) / s_14, ln(1 + G_28 / V(t-28 d)) / s_28). A series that is younger than a span
/// counts from its first reading; a span that begins at 0 views is left out.
///
/// Fails where the newest reading then was older than [`READING_AGE_DAYS_MAX`], the history shorter than
/// [`HISTORY_DAYS_MIN`], or the views 0.
pub(super) fn pace(views: &CountedSeries, daily: &Daily, ago: usize) -> Result<f64, Missing> {
    let then = daily.moment(ago);
    let (first, now) = views.first().zip(views.at(then)).ok_or(Missing::TooYoung)?;
    if then.as_ms() - now.at.as_ms() > READING_AGE_DAYS_MAX * MS_OF_A_DAY {
        return Err(Missing::Stale);
    }
    if then.as_ms() - first.at.as_ms() < HISTORY_DAYS_MIN * MS_OF_A_DAY {
        return Err(Missing::TooYoung);
    }
    if now.value == 0 {
        return Err(Missing::NoViews);
    }
    let average = daily.ewma(ago, PACE_HALF_LIFE_DAYS).ok_or(Missing::TooYoung)?;
    let over = |days: i64| log_growth(&views.gain(back(then, days), then)?);
    let lasting = PACE_SPANS_DAYS.into_iter().filter_map(over);
    Ok(lasting.fold(average / as_f64(now.value), f64::min))
}

/// The pace at a reading that counts; `None` while it is unknown.
pub(crate) fn pace_at(views: &CountedSeries, now: CountedReading) -> Option<f64> {
    pace(views, &Daily::of(views, now.at, EWMA_DAYS), 0).ok()
}

/// So many days before a moment.
pub(super) fn back(from: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_ms(from.as_ms().saturating_sub(days.saturating_mul(MS_OF_A_DAY)))
}

fn log_growth(gain: &Gain) -> Option<f64> {
    let growth = ratio(as_f64(gain.gain), as_f64(gain.from.value))?;
    ratio(growth.ln_1p(), days(gain.span_ms))
}
