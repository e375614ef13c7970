//! Working trends out when readings come in: which hashtags changed is followed by the store's change sequence, as the
//! search index does, so that whoever recorded the readings (an import, an upstream's answer) need not know of it. What is
//! asked for later is read in order and not made then.

use super::peers::PeersByWindow;
use super::series::HashtagSeries;
use super::view::exact;
use crate::{Catalog, CatalogError};
use domain::metrics::concentration::concentration;
use domain::metrics::emerging::{SizeBand, emerging};
use domain::metrics::trend::{Trend, TrendInput, TrendWindow, trend};
use domain::metrics::{Gain, Weights};
use domain::{HashtagRow, SourceSet, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::hashtags::Changes;
use store::trends::{SeriesFacts, TrendRow, TrendState};
use utoipa::ToSchema;

/// Hashtags that are looked at together.
const BATCH: usize = 1_000;
/// Trends that are kept together.
pub(super) const KEEP_MAX: usize = 3_000;
/// Videos that the concentration of a hashtag is taken of, at most: of more it is left out rather than held up for.
pub(super) const CONCENTRATION_VIDEOS_MAX: u32 = 20_000;
/// A reading counts as lately made for this long at least, however short the window.
const LATELY_MS_MIN: i64 = 48 * 3600 * 1000;

/// The number of a window in the database.
pub(super) const fn number_of(window: TrendWindow) -> u8 {
    match window {
        TrendWindow::Day => 1,
        TrendWindow::Week => 2,
        TrendWindow::Month => 3,
    }
}

/// How long before the newest reading of all a hashtag may have been read to be among those that move.
pub(super) fn lately(window: TrendWindow, newest_at: Timestamp) -> Timestamp {
    Timestamp::from_ms(newest_at.as_ms().saturating_sub(window.ms().max(LATELY_MS_MIN)))
}

/// How a hashtag moves within a window, in numbers. What cannot be known is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Trend)]
pub struct TrendFacts {
    /// When the newest reading was made that it is worked out from.
    pub observed_at: String,
    /// By which ways its readings came.
    pub source: Vec<String>,
    /// Views then.
    pub views: u64,
    /// Views gained.
    pub gain: Option<u64>,
    /// Milliseconds that the gain really spans: readings do not fall on the ends of a window.
    pub span_ms: Option<i64>,
    /// Falls within it that growth leaves out.
    pub falls: u64,
    /// Whether a reading of it was repaired.
    pub repaired: bool,
    /// Whether the gain is below the step that the views are rounded to.
    pub below_resolution: bool,
    /// Views a day.
    pub velocity: Option<f64>,
    /// Views gained over views before.
    pub growth: Option<f64>,
    /// Growth in per cent an hour.
    pub growth_pct_per_hour: Option<f64>,
    /// Logarithmic growth a day.
    pub log_growth: Option<f64>,
    /// Days in which it doubles at this rate.
    pub doubling_days: Option<f64>,
    /// Velocity less that of the window before.
    pub acceleration: Option<f64>,
    /// Velocity of the last days over that of the last weeks.
    pub momentum: Option<f64>,
    /// The least of the logarithmic growths over the window, twice it and four times it: what the score ranks growth by.
    pub sustained_growth: Option<f64>,
    /// How unusual the velocity is for the hashtag itself.
    pub zscore: Option<f64>,
    /// Whether it is very unusual, or it grows very fast.
    pub breakout: Option<bool>,
    /// New creators for each view gained.
    pub breadth: Option<f64>,
    /// Views gained for each new video.
    pub marginal_views: Option<f64>,
    /// 1 for a hashtag that was just seen first, towards 0 with age.
    pub novelty: Option<f64>,
    /// Gini coefficient of plays over creators.
    pub concentration: Option<f64>,
}

impl TrendFacts {
    pub(super) fn of(trend: &Trend, sources: SourceSet) -> Self {
        let gain = trend.gain;
        Self {
            observed_at: trend.as_of.to_rfc3339(),
            source: sources.iter().map(|source| source.name().to_owned()).collect(),
            views: exact(trend.views),
            gain: gain.map(|gain| exact(gain.gain)),
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
            sustained_growth: trend.sustained_growth,
            zscore: trend.zscore,
            breakout: trend.is_breakout,
            breadth: trend.breadth,
            marginal_views: trend.marginal_views,
            novelty: trend.novelty,
            concentration: trend.concentration,
        }
    }

    /// The trend that it was made of, as far as a score needs it; the gain is told in numbers alone.
    pub(super) fn to_trend(&self, window: TrendWindow) -> Option<Trend> {
        Some(Trend {
            window,
            as_of: Timestamp::parse(&self.observed_at)?,
            views: self.views,
            gain: None,
            velocity: self.velocity,
            growth: self.growth,
            growth_pct_per_hour: self.growth_pct_per_hour,
            log_growth: self.log_growth,
            doubling_days: self.doubling_days,
            acceleration: self.acceleration,
            momentum: self.momentum,
            sustained_growth: self.sustained_growth,
            zscore: self.zscore,
            is_breakout: self.breakout,
            breadth: self.breadth,
            marginal_views: self.marginal_views,
            novelty: self.novelty,
            concentration: self.concentration,
        })
    }
}

/// How far working out has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendsProgress {
    /// Hashtags looked at.
    pub hashtags: u64,
    /// Hashtags whose trends were worked out.
    pub worked_out: u64,
}

impl Catalog {
    /// Works out the trends of every hashtag that was read since it was last done. Whoever is cut off, or does it twice,
    /// or beside another process, harms nothing.
    pub async fn follow_trends(&self) -> Result<TrendsProgress, CatalogError> {
        let _one_at_a_time = self.inner.trends.lock().await;
        let mut progress = TrendsProgress::default();
        let store = &self.inner.store;
        loop {
            let state = store.trend_state().await?;
            let sequence = store.sequence().await?;
            if state.sequence == sequence {
                return Ok(progress);
            }
            let changes = match state.sequence {
                0 => Changes::Gap,
                since => store.changes_since(since).await?,
            };
            let newest = match changes {
                Changes::Hashtags { hashtags, .. } => {
                    let peers = self.peers_by_window().await?;
                    self.work_out(&hashtags, &peers, state.newest_at, &mut progress).await?
                }
                Changes::Gap => {
                    // Noted first: what is kept of another store goes.
                    store.note_trend_state(TrendState { sequence: 0, newest_at: None }).await?;
                    self.work_all_out(&mut progress).await?
                }
            };
            self.renew_peers(newest).await?;
            store.note_trend_state(TrendState { sequence, newest_at: newest }).await?;
        }
    }

    /// Has trends worked out in the background, unless that is going on: it looks for news before it ends.
    pub(crate) fn nudge_trends(&self) {
        if self.inner.trends.try_lock().is_err() {
            return;
        }
        let catalog = self.clone();
        tokio::spawn(async move {
            if let Err(error) = catalog.follow_trends().await {
                tracing::warn!(%error, "trends cannot be worked out");
            }
        });
    }

    /// The hashtags of every row number that was given out.
    async fn work_all_out(&self, progress: &mut TrendsProgress) -> Result<Option<Timestamp>, CatalogError> {
        let hashtags = self.inner.store.catalog_size().await?.hashtags;
        let peers = self.peers_by_window().await?;
        let mut newest = None;
        let mut first = 1;
        while first <= hashtags {
            let last = (first + BATCH as u64 - 1).min(hashtags);
            let rows: Vec<HashtagRow> =
                (first..=last).filter_map(|row| u32::try_from(row).ok().map(HashtagRow)).collect();
            newest = self.work_out(&rows, &peers, newest, progress).await?;
            first = last + 1;
        }
        Ok(newest)
    }

    async fn work_out(
        &self,
        hashtags: &[HashtagRow],
        peers: &PeersByWindow,
        mut newest: Option<Timestamp>,
        progress: &mut TrendsProgress,
    ) -> Result<Option<Timestamp>, CatalogError> {
        let now = self.inner.clock.now();
        for batch in hashtags.chunks(BATCH) {
            progress.hashtags += batch.len() as u64;
            let series = self.inner.store.series_facts(batch).await?;
            let stale = self.stale(&series).await?;
            let mut rows = Vec::new();
            for facts in stale {
                // A reading from the future says nothing of what is lately.
                newest = newest.max(Some(facts.newest_at).filter(|at| *at <= now));
                rows.extend(self.trends_of_hashtag(facts, peers).await?);
                progress.worked_out += 1;
                if rows.len() >= KEEP_MAX {
                    self.inner.store.keep_trends(std::mem::take(&mut rows)).await?;
                }
            }
            self.inner.store.keep_trends(rows).await?;
        }
        Ok(newest)
    }

    /// Of these series those whose trends are not of these very readings.
    async fn stale(&self, series: &[SeriesFacts]) -> Result<Vec<SeriesFacts>, CatalogError> {
        let rows: Vec<HashtagRow> = series.iter().map(|facts| facts.hashtag).collect();
        let kept = self.inner.store.trends_of(&rows).await?;
        let known: HashMap<HashtagRow, u64> = kept.iter().map(|row| (row.hashtag, row.readings)).collect();
        let is_stale = |facts: &&SeriesFacts| known.get(&facts.hashtag) != Some(&facts.readings);
        Ok(series.iter().filter(is_stale).copied().collect())
    }

    async fn trends_of_hashtag(
        &self,
        facts: SeriesFacts,
        peers: &PeersByWindow,
    ) -> Result<Vec<TrendRow>, CatalogError> {
        let series = self.series(facts.hashtag).await?;
        let concentration = self.plays_concentration(facts.hashtag).await?;
        let input = trend_input(&series, concentration);
        let mut rows = Vec::with_capacity(TrendWindow::ALL.len());
        for (window, peers) in TrendWindow::ALL.into_iter().zip(peers) {
            let Some(trend) = trend(&input, window, None) else { continue };
            let score = peers.as_ref().and_then(|peers| emerging(&trend, peers, &Weights::default()));
            let told = TrendFacts::of(&trend, series.sources);
            rows.push(row_of(facts, window, (&trend, &told), score.map(|score| score.score))?);
        }
        Ok(rows)
    }

    /// Gini coefficient of plays over creators; `None` where none is told or they are too many to look at now.
    pub(super) async fn plays_concentration(&self, hashtag: HashtagRow) -> Result<Option<f64>, CatalogError> {
        let under = self.inner.store.videos_under(hashtag, None, CONCENTRATION_VIDEOS_MAX).await?;
        if under.next.is_some() {
            return Ok(None);
        }
        let mut plays: HashMap<u64, f64> = HashMap::new();
        for video in under.videos {
            if let (Some(author), Some(count)) = (video.author, video.counts.plays) {
                #[expect(clippy::cast_precision_loss, reason = "a Gini coefficient is no exact number")]
                let count = count.value() as f64;
                *plays.entry(author.get()).or_default() += count;
            }
        }
        let mut plays: Vec<f64> = plays.into_values().collect();
        Ok(concentration(&mut plays).map(|concentration| concentration.gini))
    }
}

/// What a trend is made from.
pub(super) fn trend_input(series: &HashtagSeries, concentration: Option<f64>) -> TrendInput<'_> {
    TrendInput {
        views: &series.views,
        creators: &series.creators,
        videos: &series.videos,
        first_seen: series.first_at,
        concentration,
    }
}

fn row_of(
    facts: SeriesFacts,
    window: TrendWindow,
    (trend, told): (&Trend, &TrendFacts),
    score: Option<f64>,
) -> Result<TrendRow, CatalogError> {
    Ok(TrendRow {
        hashtag: facts.hashtag,
        window: number_of(window),
        read_at: facts.newest_at,
        readings: facts.readings,
        views: trend.views,
        values: [score, trend.velocity, trend.growth, trend.zscore, trend.acceleration],
        facts: serde_json::to_vec(told).map_err(|_| inconsistent(facts.hashtag))?,
    })
}

/// What was written of a trend.
pub(super) fn facts_of(row: &TrendRow) -> Result<TrendFacts, CatalogError> {
    serde_json::from_slice(&row.facts).map_err(|_| inconsistent(row.hashtag))
}

fn inconsistent(hashtag: HashtagRow) -> CatalogError {
    let row = hashtag.0.to_string();
    store::StoreError::Inconsistent { table: "trends", column: "facts", row }.into()
}

/// The size band of so many views, as it is told.
pub(super) fn band_name(views: u64) -> &'static str {
    SizeBand::of(views).name()
}
