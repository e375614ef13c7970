//! The trend of a hashtag within a window: velocity, growth, momentum, and how unusual they are for it.

use super::outlook::Outlook;
use super::quantiles::median;
use super::series::{CountedSeries, Gain, Series};
use super::{MS_OF_A_DAY, as_f64, days, ratio};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Windows before the present one that its velocity is compared with, at most.
pub const ZSCORE_WINDOWS_MAX: i64 = 60;

/// And at least: of fewer there is no telling what is usual.
pub const ZSCORE_WINDOWS_MIN: usize = 5;

/// Days that momentum looks back, at most.
pub const MOMENTUM_DAYS_MAX: i64 = 60;

/// Days with a velocity that momentum needs.
pub const MOMENTUM_DAYS_MIN: usize = 7;

/// After this many days novelty has halved.
pub const NOVELTY_HALF_LIFE_DAYS: f64 = 90.0;

/// Shortest period, in milliseconds, for growth per hour (metrics.md: growth).
const PER_HOUR_SPAN_MS_MIN: i64 = 1_800_000;

/// 1 / Φ⁻¹(3/4): makes the median absolute deviation of normal values their standard deviation.
pub const MAD_TO_DEVIATION: f64 = 1.4826;

/// A window that ends at the newest reading.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum TrendWindow {
    /// 24 hours.
    #[serde(rename = "24h")]
    #[strum(serialize = "24h")]
    Day,
    /// 7 days.
    #[default]
    #[serde(rename = "7d")]
    #[strum(serialize = "7d")]
    Week,
    /// 30 days.
    #[serde(rename = "30d")]
    #[strum(serialize = "30d")]
    Month,
}

impl TrendWindow {
    /// Returns the name in requests and answers: `24h`, `7d` or `30d`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns its length in milliseconds.
    pub const fn ms(self) -> i64 {
        match self {
            Self::Day => MS_OF_A_DAY,
            Self::Week => 7 * MS_OF_A_DAY,
            Self::Month => 30 * MS_OF_A_DAY,
        }
    }
}

/// Input of a trend.
#[derive(Debug, Clone, Copy)]
pub struct TrendInput<'a> {
    /// Lifetime views.
    pub views: &'a Series,
    /// Creators; empty if not reported.
    pub creators: &'a Series,
    /// Videos; empty if not reported.
    pub videos: &'a Series,
    /// When the hashtag was first seen.
    pub first_seen: Option<Timestamp>,
    /// Gini coefficient of plays over creators.
    pub concentration: Option<f64>,
    /// Outlook for the next week, as of the same moment. It is the same for every window.
    pub outlook: Option<Outlook>,
}

/// The trend of a hashtag within a window. A number is `None` without two readings to compute it from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// The window.
    pub window: TrendWindow,
    /// When the newest kept reading of the views was taken: the window ends there.
    pub as_of: Timestamp,
    /// The views then.
    pub views: u64,
    /// Growth within the window; its `span_ms` is the period of all rates here.
    pub gain: Option<Gain>,
    /// dV/dt, views a day (metrics.md: velocity).
    pub velocity: Option<f64>,
    /// dV / V(t-w) (metrics.md: growth). `None` from 0 views.
    pub growth: Option<f64>,
    /// 100 dV / max(V(t-w), 1) / hours; `None` below half an hour.
    pub growth_pct_per_hour: Option<f64>,
    /// ln(1 + dV / V(t-w)) a day (metrics.md: log growth); a fall within the window does not lower it.
    pub log_growth: Option<f64>,
    /// ln 2 / log growth (metrics.md: doubling time); `None` without growth.
    pub doubling_days: Option<f64>,
    /// The velocity less that of the window before (metrics.md: acceleration).
    pub acceleration: Option<f64>,
    /// EMA3(v)/EMA14(v) - 1 of the daily velocities (metrics.md: momentum).
    pub momentum: Option<f64>,
    /// Deviation of the velocity from the median of the windows before (metrics.md: z-score of velocity).
    pub zscore: Option<f64>,
    /// dU/dV: creators gained a view gained (metrics.md: breadth). `None` without views gained.
    pub breadth: Option<f64>,
    /// dV/dP: views gained a video gained (metrics.md: marginal views). `None` without videos gained.
    pub marginal_views: Option<f64>,
    /// 2^(-age / [`NOVELTY_HALF_LIFE_DAYS`]): 1 when just seen, towards 0 with age.
    pub novelty: Option<f64>,
    /// Gini coefficient of plays over creators, as handed in.
    pub concentration: Option<f64>,
    /// Outlook for the next week, as passed in.
    pub outlook: Option<Outlook>,
}

/// The trend of a window that ends at the newest kept reading of the views, or at the newest one at or before `as_of`.
/// `None` where there is none. Readings after `as_of` do not count; but which of those before it are bounces was seen from
/// all that the series was repaired with.
pub fn trend(input: &TrendInput<'_>, window: TrendWindow, as_of: Option<Timestamp>) -> Option<Trend> {
    let views = input.views;
    let now = match as_of {
        Some(when) => views.at(when),
        None => views.last(),
    }?;
    let gain = gain_of(views, now.at, window);
    let velocity = gain.map(|gain| velocity(&gain));
    let growth = gain.and_then(|gain| ratio(as_f64(gain.gain), as_f64(gain.from.value)));
    let growth_pct_per_hour = gain.and_then(|gain| pct_per_hour(&gain));
    let log_growth = gain.and_then(|gain| log_growth(&gain));
    let zscore = gain.and_then(|gain| zscore(views.counted_series(), &gain, window));
    let creators = gain_of(input.creators, now.at, window);
    let videos = gain_of(input.videos, now.at, window);
    let per = |one: Option<Gain>, other: Option<Gain>| ratio(as_f64(one?.gain), as_f64(other?.gain));
    Some(Trend {
        window,
        as_of: now.at,
        views: now.value,
        gain,
        velocity,
        growth,
        growth_pct_per_hour,
        log_growth,
        doubling_days: log_growth.and_then(|growth| ratio(std::f64::consts::LN_2, growth)),
        acceleration: gain.and_then(|gain| acceleration(views, &gain, window)),
        momentum: momentum(views, now.at),
        zscore,
        breadth: per(creators, gain),
        marginal_views: per(gain, videos),
        novelty: input.first_seen.map(|first| novelty(first, now.at)),
        concentration: input.concentration.filter(|gini| gini.is_finite()),
        outlook: input.outlook,
    })
}

fn before(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_sub(ms))
}

fn gain_of(series: &Series, end: Timestamp, window: TrendWindow) -> Option<Gain> {
    series.gain(before(end, window.ms()), end)
}

/// Views a day.
pub fn velocity(gain: &Gain) -> f64 {
    as_f64(gain.gain) / days(gain.span_ms)
}

fn log_growth(gain: &Gain) -> Option<f64> {
    let growth = ratio(as_f64(gain.gain), as_f64(gain.from.value))?;
    ratio(growth.ln_1p(), days(gain.span_ms))
}

fn pct_per_hour(gain: &Gain) -> Option<f64> {
    let hours = days(gain.span_ms) * 24.0;
    let pct = 100.0 * as_f64(gain.gain) / as_f64(gain.from.value.max(1)) / hours;
    Some(pct).filter(|pct| gain.span_ms >= PER_HOUR_SPAN_MS_MIN && pct.is_finite())
}

fn acceleration(views: &Series, gain: &Gain, window: TrendWindow) -> Option<f64> {
    let earlier = views.gain(before(gain.from.at, window.ms()), gain.from.at)?;
    Some(velocity(gain) - velocity(&earlier))
}

fn velocities(views: &CountedSeries, end: Timestamp, window_ms: i64, windows: i64) -> Vec<f64> {
    let mut found = Vec::with_capacity(usize::try_from(windows).unwrap_or(0));
    views.each_span(end, window_ms, windows, |gain| found.push(velocity(&gain)));
    found
}

/// (v - median) / max(1.4826 MAD, what rounding alone makes), over the windows before this one. Two ends that are each
/// rounded to a step q make a gain's deviation q/√6, so that a flip of the last digit is not taken for an outbreak.
pub(crate) fn zscore(views: &CountedSeries, gain: &Gain, window: TrendWindow) -> Option<f64> {
    let mut earlier = velocities(views, gain.from.at, window.ms(), ZSCORE_WINDOWS_MAX);
    if earlier.len() < ZSCORE_WINDOWS_MIN {
        return None;
    }
    let median_velocity = median(&mut earlier)?;
    let mut distances: Vec<f64> = earlier.iter().map(|velocity| (velocity - median_velocity).abs()).collect();
    let step = gain.from.step.max(gain.to.step);
    let rounding = if step > 1 { as_f64(step) / 6_f64.sqrt() / days(gain.span_ms) } else { 0.0 };
    let deviation = (MAD_TO_DEVIATION * median(&mut distances)?).max(rounding);
    ratio(velocity(gain) - median_velocity, deviation)
}

fn momentum(views: &Series, end: Timestamp) -> Option<f64> {
    let daily = velocities(views.counted_series(), end, MS_OF_A_DAY, MOMENTUM_DAYS_MAX);
    if daily.len() < MOMENTUM_DAYS_MIN {
        return None;
    }
    ratio(moving_average(&daily, 3.0), moving_average(&daily, 14.0)).map(|ratio| ratio - 1.0)
}

/// The exponential moving average at the newest of some values, given newest first, weights adjusted for the finite past:
/// Σ (1-a)^i x_i / Σ (1-a)^i with a = 2/(span+1).
fn moving_average(newest_first: &[f64], span: f64) -> f64 {
    let decay = 1.0 - 2.0 / (span + 1.0);
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for value in newest_first {
        sum += weight * value;
        weights += weight;
        weight *= decay;
    }
    sum / weights
}

fn novelty(first_seen: Timestamp, now: Timestamp) -> f64 {
    let age_days = days(now.as_ms().saturating_sub(first_seen.as_ms()).max(0));
    (-age_days / NOVELTY_HALF_LIFE_DAYS).exp2()
}

#[cfg(test)]
mod tests;
