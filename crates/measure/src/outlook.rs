//! Outlook for the 7 days after the newest reading: pace, surge and the band of the gain, each with its
//! published probabilities, or the reason why it is unknown.

use crate::Measure;
use crate::view::grouped;
use catalog::CatalogError;
use domain::Timestamp;
use domain::metrics::backtest::HASHTAGS_MIN;
use domain::metrics::emerging::{Component, Emerging};
use domain::metrics::forecast::FORECAST_DAYS;
use domain::metrics::outlook::{HISTORY_DAYS_MIN, READING_AGE_DAYS_MAX};
use domain::metrics::pace::PACE_SPANS_DAYS;
use domain::metrics::surge::{SURGE_DAYS, SURGE_STEPS_MIN};
use domain::metrics::{Forecast, Missing, Odds, Outlook, Part, Trend, VALUES_MIN};
use serde::Serialize;
use utoipa::ToSchema;

const MS_OF_A_DAY: i64 = 86_400_000;

/// Days that pace and surge are computed over: half-lives of averages, then whole spans.
const PACE_DAYS: [u32; 3] = [7, 14, 28];
const SURGE_OVER_DAYS: [u32; 2] = [1, 28];
const _: () =
    assert!(PACE_SPANS_DAYS[0] == 14 && PACE_SPANS_DAYS[1] == 28 && SURGE_DAYS == 28, "as computed");

/// Share of weeks that end within the band.
const COVER: &str = "80 % or more";

/// Outlook for the 7 days after the newest reading.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Outlook)]
pub struct OutlookView {
    /// Time of the newest reading.
    #[schema(example = "2026-11-25T08:00:00Z")]
    pub as_of: Timestamp,
    /// Daily growth that has lasted a month. Emerging hashtags are ranked by it.
    pub pace: PaceView,
    /// The pace of the last days over that of the month.
    pub surge: SurgeView,
    /// The band of the gain of the 7 days after `as_of`; `null` if pace is unknown, or the upper end is above
    /// 2^53.
    pub forecast: Option<ForecastView>,
    /// Data that the probabilities were learned on.
    #[schema(example = "learned on 377 book hashtags")]
    pub learned_on: String,
}

/// Pace, and the probability that hashtags of such a pace are in the tenth that grows most.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Pace)]
pub struct PaceView {
    /// Share of the views per day; `null` for the reason in `missing`.
    #[schema(example = 0.012)]
    pub value: Option<f64>,
    /// Days up to `as_of` that it is computed over: the minimum of a moving average whose half-life is the
    /// first, and of the growth over the others.
    #[schema(example = json!([7, 14, 28]))]
    pub days: [u32; 3],
    /// `stale`, `too_young`, `no_views` or `below_step`, which ranks last.
    #[schema(example = json!(null))]
    pub missing: Option<&'static str>,
    /// `missing` in words.
    #[schema(example = json!(null))]
    pub reason: Option<String>,
    /// Its rank among all hashtags with a trend, 0 to 1; `null` among fewer than 10.
    pub percentile: Option<f64>,
    /// Published probability of being in the tenth that grows most over the 7 days; `null` among fewer than 20
    /// hashtags.
    pub probability_top_tenth: Option<f64>,
}

/// Surge, and the probabilities of an unusual week after such a surge.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Surge)]
pub struct SurgeView {
    /// Multiple of the usual day; `null` for the reason in `missing`.
    #[schema(example = 1.4)]
    pub value: Option<f64>,
    /// Days up to `as_of` that it is computed over: the half-life of the moving average, and the month that it
    /// is compared with.
    #[schema(example = json!([1, 28]))]
    pub days: [u32; 2],
    /// `stale`, `too_young` or `below_resolution`.
    #[schema(example = json!(null))]
    pub missing: Option<&'static str>,
    /// `missing` in words.
    #[schema(example = json!(null))]
    pub reason: Option<String>,
    /// True if the surge is 3 or more; `null` if it is unknown.
    pub breakout: Option<bool>,
    /// Published probability of a week of 3 times the usual or more.
    pub probability_3x: Option<f64>,
    /// Published probability of a week of 2 times the usual or more.
    pub probability_2x: Option<f64>,
    /// Published probability of a week of half the usual or less.
    pub probability_half: Option<f64>,
}

/// Band of the gain of 7 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    /// Start of the 7 days: the time of the newest reading.
    pub from: Timestamp,
    /// End of the 7 days.
    pub until: Timestamp,
    /// Lower end in views gained, rounded down to the step.
    pub low: u64,
    /// Middle in views gained.
    pub middle: u64,
    /// Upper end in views gained, rounded up to the step.
    pub high: u64,
    /// The step that the views are rounded to; 1 when exact.
    pub step: u64,
    /// Share of weeks that end within the band.
    #[schema(example = "80 % or more")]
    pub cover: &'static str,
    /// Past forecasts of this hashtag that the width was fitted to, 26 at most.
    pub own_forecasts: u32,
}

/// Returns a trend as of the newest reading of all hashtags: one that was not read in the 2 days before is
/// stale.
pub(super) fn seen(trend: Trend, newest: Option<Timestamp>) -> Trend {
    let outlook = trend.outlook.map(|outlook| newest.map_or(outlook, |newest| outlook.seen_at(newest)));
    Trend { outlook, ..trend }
}

impl OutlookView {
    /// Renders an outlook with its rank among all hashtags.
    pub(super) fn of(outlook: &Outlook, placed: Option<&Emerging>, odds: &Odds) -> Self {
        Self {
            as_of: outlook.as_of,
            pace: pace(outlook, placed, odds),
            surge: surge(outlook, odds),
            forecast: outlook.forecast().map(|forecast| band(outlook, &forecast)),
            learned_on: odds.learned_on.clone(),
        }
    }
}

/// Returns true if there are enough hashtags for statements about a tenth of them, or most.
pub(super) const fn are_enough(placed: &Emerging) -> bool {
    placed.peers >= HASHTAGS_MIN as u64
}

/// Returns the percentile of a component among all hashtags, unless they are too few.
pub(super) fn shown_percentile(placed: &Emerging, part: &Part) -> Option<f64> {
    part.percentile.filter(|_| placed.peers >= VALUES_MIN as u64)
}

fn pace(outlook: &Outlook, placed: Option<&Emerging>, odds: &Odds) -> PaceView {
    let is_below = outlook.is_below_step && outlook.pace.is_ok();
    let (missing, reason) = match outlook.pace {
        Ok(_) if is_below => {
            let reason = format!("below {} in {SURGE_DAYS} days", views(outlook.step));
            (Some("below_step"), Some(reason))
        }
        Ok(_) => (None, None),
        Err(missing) => (Some(missing.name()), Some(why_no_pace(missing))),
    };
    let placed = placed.filter(|_| outlook.pace.is_ok());
    let of = |placed: &Emerging| shown_percentile(placed, placed.part(Component::Pace));
    PaceView {
        value: outlook.pace.ok().filter(|_| !is_below),
        days: PACE_DAYS,
        missing,
        reason,
        percentile: placed.and_then(of),
        probability_top_tenth: placed
            .filter(|placed| are_enough(placed))
            .and_then(of)
            .map(|percentile| odds.of_pace(percentile)),
    }
}

fn surge(outlook: &Outlook, odds: &Odds) -> SurgeView {
    let missing = outlook.surge.err();
    let known = outlook.surge.ok().map(|surge| odds.of_surge(surge));
    SurgeView {
        value: outlook.surge.ok(),
        days: SURGE_OVER_DAYS,
        missing: missing.map(Missing::name),
        reason: missing.map(|missing| why_no_surge(missing, outlook.step)),
        breakout: outlook.is_breakout(),
        probability_3x: known.map(|odds| odds.triple),
        probability_2x: known.map(|odds| odds.double),
        probability_half: known.map(|odds| odds.half),
    }
}

fn band(outlook: &Outlook, forecast: &Forecast) -> ForecastView {
    let days = i64::try_from(FORECAST_DAYS).unwrap_or(0);
    let until = Timestamp::from_ms(outlook.as_of.as_ms().saturating_add(days * MS_OF_A_DAY));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the upper end, which is at most the largest count"
    )]
    let middle = forecast.middle.round() as u64;
    ForecastView {
        from: outlook.as_of,
        until,
        low: forecast.low,
        middle,
        high: forecast.high,
        step: outlook.step,
        cover: COVER,
        own_forecasts: outlook.errors.forecasts,
    }
}

fn why_no_pace(missing: Missing) -> String {
    match missing {
        Missing::Stale => stale(),
        Missing::TooYoung => format!("{HISTORY_DAYS_MIN} days of readings are needed"),
        Missing::NoViews => "there are no views yet".to_owned(),
        Missing::BelowResolution => format!("the gain of {SURGE_DAYS} days is below the rounding"),
    }
}

fn why_no_surge(missing: Missing, step: u64) -> String {
    match missing {
        Missing::Stale => stale(),
        Missing::TooYoung | Missing::NoViews => {
            format!("a reading from {SURGE_DAYS} days before the newest one or earlier is needed")
        }
        Missing::BelowResolution if step > 1 => format!(
            "{SURGE_DAYS} days brought less than {SURGE_STEPS_MIN} steps of {}: fetch exact counts",
            views(step)
        ),
        Missing::BelowResolution => {
            format!("{SURGE_DAYS} days brought less than {SURGE_STEPS_MIN} views")
        }
    }
}

fn stale() -> String {
    format!("the newest reading is more than {READING_AGE_DAYS_MAX} days old")
}

/// `100,000 views`.
fn views(step: u64) -> String {
    format!("{} view{}", grouped(step), if step == 1 { "" } else { "s" })
}

impl Measure {
    /// Returns the probabilities in use: those learned on this store if it has any, else the published ones.
    pub async fn odds(&self) -> Result<Odds, CatalogError> {
        let stored = self.inner.store.trend_odds().await?;
        Ok(stored.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Stores the probabilities to use from now on; `None` for the published ones.
    pub async fn store_odds(&self, odds: Option<&Odds>) -> Result<(), CatalogError> {
        // A struct of numbers and a text is always JSON.
        let json = odds.and_then(|odds| serde_json::to_string(odds).ok());
        Ok(self.inner.store.store_trend_odds(json).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [views(1), views(100), views(100_000), views(100_000_000)],
            ["1 view", "100 views", "100,000 views", "100,000,000 views"]
        );
    }

    #[test]
    fn reasons_say_what_to_do() {
        assert_eq!(
            why_no_surge(Missing::BelowResolution, 100_000),
            "28 days brought less than 4 steps of 100,000 views: fetch exact counts"
        );
        assert_eq!(why_no_pace(Missing::Stale), "the newest reading is more than 2 days old");
    }
}
