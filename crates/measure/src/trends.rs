//! Computes trends when readings are recorded. Follows the store's change sequence, as the search index does,
//! so that the recorder of the readings (an import, an upstream's answer) need not know of it. Questions only
//! read stored trends.

use crate::creators::tally;
use crate::drafts::{Draft, Pieces, Which};
use crate::series::HashtagSeries;
use crate::trend_codec::SourcedTrend;
use crate::{Measure, MeasureError};
use catalog::CatalogError;
use domain::metrics::concentration::concentration;
use domain::metrics::emerging::SizeBand;
use domain::metrics::trend::{Trend, TrendInput, TrendWindow};
use domain::metrics::{Gain, Outlook};
use domain::{Hashtag, HashtagRow, SourceSet, Timestamp};
use serde::Serialize;
use sources::files::is_ahead;
use std::time::Duration;
use store::hashtags::Changes;
use store::trends::{TrendRow, TrendState};
use strum::VariantArray;
use utoipa::ToSchema;

/// Trends written in one transaction: each transaction rewrites the pages of the indexes.
pub(super) const WRITE_MAX: usize = 20_000;
/// Changed hashtags that a rebuild of all trends needs.
const REBUILD_HASHTAGS_MIN: u64 = 1_000;
/// Divisor: the part of the hashtags with trends that must have changed for a rebuild.
const REBUILD_PART_OF_TRENDS: u64 = 4;
/// Divisor: the part of all hashtags that must have changed for a rebuild, which reads those without readings
/// too.
const REBUILD_PART_OF_HASHTAGS: u64 = 50;
/// Most videos of which the concentration of a hashtag is computed; with more it is left out to save time.
pub(super) const CONCENTRATION_VIDEOS_MAX: u32 = 20_000;
/// Shortest time for which a reading counts as recent, however short the window.
const RECENT_MS_MIN: i64 = 48 * 3600 * 1000;

/// Longest wait of a question for the first trends; clients stop waiting at 10 s.
const FIRST_TRENDS_WAIT: Duration = Duration::from_secs(2);

/// Returns the number of a window in the database.
pub(super) const fn number_of(window: TrendWindow) -> u8 {
    match window {
        TrendWindow::Day => 1,
        TrendWindow::Week => 2,
        TrendWindow::Month => 3,
    }
}

/// Returns the window of a number.
pub(super) fn window_of(number: u8) -> Option<TrendWindow> {
    TrendWindow::VARIANTS.iter().copied().find(|window| number_of(*window) == number)
}

/// Returns the time since which a hashtag must have been read to have a trend, given the newest reading of all.
pub(super) fn recent_since(window: TrendWindow, newest_at: Timestamp) -> Timestamp {
    Timestamp::from_ms(newest_at.as_ms().saturating_sub(window.ms().max(RECENT_MS_MIN)))
}

/// Trend of a hashtag within a window. Unknown numbers are `null`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Trend)]
pub struct TrendFacts {
    /// Time of the newest reading that it is computed from.
    pub observed_at: Timestamp,
    /// Sources of its readings.
    pub source: Vec<String>,
    /// Views at that time.
    pub views: u64,
    /// Views gained.
    pub gain: Option<u64>,
    /// Milliseconds between the readings of the gain, which need not be at the ends of the window.
    pub span_ms: Option<i64>,
    /// Falls within the window, which growth ignores.
    pub falls: u64,
    /// True if a reading of it was repaired.
    pub repaired: bool,
    /// True if the gain is below the step that the views are rounded to.
    pub below_resolution: bool,
    /// Views per day.
    pub velocity: Option<f64>,
    /// Views gained over views before.
    pub growth: Option<f64>,
    /// Growth in per cent per hour.
    pub growth_pct_per_hour: Option<f64>,
    /// Logarithmic growth per day.
    pub log_growth: Option<f64>,
    /// Days in which it doubles at this rate.
    pub doubling_days: Option<f64>,
    /// Velocity minus that of the previous window.
    pub acceleration: Option<f64>,
    /// Velocity of the last days over that of the last weeks.
    pub momentum: Option<f64>,
    /// Deviation of the velocity from the hashtag's usual one.
    pub zscore: Option<f64>,
    /// True if the surge is 3 or more; `null` if it is unknown.
    pub breakout: Option<bool>,
    /// New creators per view gained.
    pub breadth: Option<f64>,
    /// Views gained per new video.
    pub marginal_views: Option<f64>,
    /// 1 for a hashtag that was just seen for the first time, towards 0 with age.
    pub novelty: Option<f64>,
    /// Gini coefficient of plays over creators.
    pub concentration: Option<f64>,
}

impl TrendFacts {
    /// Renders a trend and the sources of its readings.
    pub(super) fn of(trend: &Trend, sources: SourceSet) -> Self {
        let gain = trend.gain;
        Self {
            observed_at: trend.as_of,
            source: sources.iter().map(|source| source.name().to_owned()).collect(),
            views: trend.views,
            gain: gain.map(|gain| gain.gain),
            span_ms: gain.map(|gain| gain.span_ms),
            falls: gain.map_or(0, |gain| gain.falls),
            repaired: gain.is_some_and(|gain: Gain| gain.is_repaired),
            below_resolution: gain.is_some_and(|gain| gain.is_below_resolution),
            velocity: trend.velocity,
            growth: trend.growth,
            growth_pct_per_hour: trend.growth_pct_per_hour,
            log_growth: trend.log_growth,
            doubling_days: trend.doubling_days,
            acceleration: trend.acceleration,
            momentum: trend.momentum,
            zscore: trend.zscore,
            breakout: trend.outlook.and_then(|outlook| outlook.is_breakout()),
            breadth: trend.breadth,
            marginal_views: trend.marginal_views,
            novelty: trend.novelty,
            concentration: trend.concentration,
        }
    }
}

/// Progress of the computation of trends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendsProgress {
    /// Hashtags checked.
    pub hashtags: u64,
    /// Hashtags whose trends were computed.
    pub computed: u64,
}

impl TrendsProgress {
    pub(super) fn add(&mut self, more: &Self) {
        self.hashtags += more.hashtags;
        self.computed += more.computed;
    }
}

impl Measure {
    /// Computes the trends of every hashtag that was read since the last time. May be cancelled and repeated,
    /// and may run in several processes at once.
    pub async fn follow_trends(&self) -> Result<TrendsProgress, CatalogError> {
        let _one_at_a_time = self.inner.trends.lock().await;
        let mut progress = TrendsProgress::default();
        let store = &self.inner.store;
        let is_current = |state: &TrendState, sequence| state.sequence == sequence && !self.is_ahead(state);
        if is_current(&store.trend_state().await?, store.sequence().await?) {
            return Ok(progress);
        }
        let _turn = store.trends_turn().await?;
        loop {
            let state = store.trend_state().await?;
            let sequence = store.sequence().await?;
            if is_current(&state, sequence) {
                return Ok(progress);
            }
            let changes = match state.sequence {
                0 => Changes::Gap,
                _ if self.is_ahead(&state) => Changes::Gap,
                since => store.changes_since(since).await?,
            };
            match changes {
                Changes::Hashtags { hashtags, .. } if self.is_rebuild_cheaper(hashtags.len()).await? => {
                    self.rebuild_trends(sequence, &mut progress).await?;
                }
                Changes::Hashtags { hashtags, .. } => {
                    let newest =
                        self.update_trends(hashtags, sequence, state.newest_at, &mut progress).await?;
                    self.renew_peers(newest).await?;
                    store.note_trend_state(TrendState { sequence, newest_at: newest }).await?;
                }
                Changes::Gap => {
                    // Stored first, so that trends of another store are dropped.
                    store.note_trend_state(TrendState { sequence: 0, newest_at: None }).await?;
                    self.rebuild_trends(sequence, &mut progress).await?;
                }
            }
        }
    }

    /// Returns true if trends were last computed while the clock was ahead. All later readings would then be
    /// old, so trends are rebuilt.
    fn is_ahead(&self, state: &TrendState) -> bool {
        state.newest_at.is_some_and(|newest| is_ahead(newest, self.inner.clock.now()))
    }

    /// Computes trends in the background, unless that is in progress: it checks for changes before it ends.
    pub(super) fn nudge_trends(&self) {
        if self.inner.trends.try_lock().is_err() {
            return;
        }
        let measure = self.clone();
        tokio::spawn(async move {
            if let Err(error) = measure.follow_trends().await {
                tracing::warn!(%error, "cannot compute trends");
            }
        });
    }

    /// Returns true if there are trends, if only of older readings. If not, starts to compute them and waits a
    /// moment.
    pub(super) async fn has_trends(&self) -> Result<bool, CatalogError> {
        if self.are_trends_known().await? {
            self.nudge_trends();
            return Ok(true);
        }
        let idle = self.inner.trends.try_lock().is_ok();
        let done = async {
            if idle {
                let measure = self.clone();
                // A task of its own, so that the work continues when the caller stops waiting.
                match tokio::spawn(async move { measure.follow_trends().await }).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "cannot compute trends"),
                    Err(error) => tracing::warn!(%error, "cannot compute trends"),
                }
            } else {
                drop(self.inner.trends.lock().await);
            }
        };
        // In time or not, the state decides.
        let _ = tokio::time::timeout(FIRST_TRENDS_WAIT, done).await;
        self.are_trends_known().await
    }

    async fn are_trends_known(&self) -> Result<bool, CatalogError> {
        let store = &self.inner.store;
        Ok(store.trend_state().await?.sequence > 0 || store.sequence().await? == 0)
    }

    /// Returns true if a rebuild of all trends is less work than an update, as after a reading of every series.
    async fn is_rebuild_cheaper(&self, changed: usize) -> Result<bool, CatalogError> {
        let (store, changed) = (&self.inner.store, changed as u64);
        if changed < REBUILD_HASHTAGS_MIN || !store.sets_trends_aside() {
            return Ok(false);
        }
        let with_trends = store.trends_count(number_of(TrendWindow::Month)).await?;
        let all = store.catalog_size().await?.hashtags;
        Ok(changed * REBUILD_PART_OF_TRENDS >= with_trends && changed * REBUILD_PART_OF_HASHTAGS >= all)
    }

    /// Computes those trends of these hashtags that do not match the stored readings.
    async fn update_trends(
        &self,
        hashtags: Vec<HashtagRow>,
        sequence: u64,
        mut newest: Option<Timestamp>,
        progress: &mut TrendsProgress,
    ) -> Result<Option<Timestamp>, CatalogError> {
        let store = &self.inner.store;
        let mut pieces = Pieces::of(self, Which::Stale, hashtags.into_iter());
        let mut rows = Vec::new();
        while let Some(piece) = pieces.next().await? {
            progress.add(&piece.progress);
            newest = newest.max(piece.newest);
            store.write_standings(sequence, piece.standings).await?;
            rows.extend(piece.drafts.into_iter().map(Draft::into_row));
            if rows.len() >= WRITE_MAX {
                store.write_trends(std::mem::take(&mut rows)).await?;
            }
        }
        store.write_trends(rows).await?;
        Ok(newest)
    }

    /// Returns the Gini coefficient of plays over creators; `None` if no plays are known or there are too many
    /// videos.
    pub(super) async fn plays_concentration(&self, hashtag: &Hashtag) -> Result<Option<f64>, MeasureError> {
        if self.as_of().is_some() {
            let sample = self.sample(hashtag, |_| true).await?;
            let plays: Vec<u128> = tally(sample.iter()).iter().filter_map(|tally| tally.plays).collect();
            return Ok(gini(&plays));
        }
        let plays = self.inner.store.creator_plays(&[hashtag.row], CONCENTRATION_VIDEOS_MAX).await?;
        Ok(plays.first().and_then(|creators| gini(&creators.plays)))
    }
}

/// Returns the Gini coefficient of plays over creators.
pub(super) fn gini(plays: &[u128]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a Gini coefficient is no exact number")]
    let mut plays: Vec<f64> = plays.iter().map(|plays| *plays as f64).collect();
    concentration(&mut plays).map(|concentration| concentration.gini)
}

/// Returns the input of a trend.
pub(super) fn trend_input(
    series: &HashtagSeries,
    concentration: Option<f64>,
    outlook: Option<Outlook>,
) -> TrendInput<'_> {
    TrendInput {
        views: &series.views,
        creators: &series.creators,
        videos: &series.videos,
        first_seen: series.first_at,
        concentration,
        outlook,
    }
}

/// Decodes a stored trend.
pub(super) fn decoded(row: &TrendRow) -> Result<SourcedTrend, CatalogError> {
    let decoded = window_of(row.window).and_then(|window| SourcedTrend::from_bytes(&row.facts, window));
    decoded.ok_or_else(|| {
        let row = row.hashtag.0.to_string();
        store::StoreError::Inconsistent { table: "trends", column: "facts", row }.into()
    })
}

/// Returns the name of the size band of this many views.
pub(super) fn band_name(views: u64) -> &'static str {
    SizeBand::of(views).name()
}
