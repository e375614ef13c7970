//! Metrics: a file each, with its formula. What cannot be known is `None`, never 0.

pub mod backtest;
pub mod benchmark;
pub mod buckets;
pub mod campaign;
pub mod concentration;
pub mod coverage;
pub mod daily;
pub mod emerging;
pub mod engagement;
pub mod forecast;
pub mod history;
pub mod lifecycle;
#[cfg(test)]
pub(crate) mod made_up;
pub mod odds;
pub mod outlook;
pub mod pace;
pub mod quantiles;
pub mod registry;
pub mod related;
mod repair;
pub mod series;
pub mod share_of_voice;
mod splitmix;
pub mod structural_break;
pub mod surge;
pub mod trend;
pub mod weights;

pub use backtest::{Backtest, BacktestPlan, BacktestSeries, Half, Ranking, backtest};
pub use benchmark::{AgeBand, AgeGroup, Benchmark, benchmark};
pub use buckets::Buckets;
pub use concentration::{Concentration, concentration, plays_by_creator};
pub use coverage::{Coverage, Recapture};
pub use emerging::{Component, Emerging, Part, Peers, SizeBand, components, emerging};
pub use engagement::{EngagementRate, VideoFigures, engagement, engagement_rate, interactions, views_per};
pub use forecast::{Forecast, OwnErrors};
pub use history::{HistoryPoint, Mode, Step, history};
pub use lifecycle::{Lifecycle, Stage, lifecycle};
pub use odds::{Odds, SurgeOdds};
pub use outlook::{Missing, Outlook, outlook};
pub use quantiles::{Percentiles, VALUES_MIN, percentiles, rank};
pub use registry::{METRICS, Metric};
pub use related::{Association, PairCounts, association, is_generic, relatedness};
pub use repair::GrowingSeries;
pub use series::{CountedReading, CountedSeries, Gain, Point, Reading, Repair, Series};
pub use share_of_voice::{Base, ShareOfVoice, share_of_voice, shares};
pub use structural_break::{SIDE_VIDEOS_MIN, Side, SideCounts, Sides};
pub use trend::{Trend, TrendInput, TrendWindow, trend};
pub use weights::Weights;

const MS_OF_AN_HOUR: i64 = 3_600_000;
const MS_OF_A_DAY: i64 = 24 * MS_OF_AN_HOUR;

#[expect(clippy::cast_precision_loss, reason = "a share or an estimate has no use for the 16th digit")]
pub(crate) fn as_f64(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a rate has no use for the 16th digit")]
pub(crate) fn wide_as_f64(number: u128) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "a rate has no use for the 16th digit")]
pub(crate) fn days(ms: i64) -> f64 {
    ms as f64 / MS_OF_A_DAY as f64
}

/// Divides, if the result is a number.
pub(crate) fn ratio(one: f64, other: f64) -> Option<f64> {
    Some(one / other).filter(|ratio| ratio.is_finite())
}
