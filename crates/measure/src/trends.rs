//! Working trends out when readings come in: which hashtags changed is followed by the store's change sequence, as the
//! search index does, so that whoever recorded the readings (an import, an upstream's answer) need not know of it. What is
//! asked for later is read in order and not made then.

use crate::Measure;
use crate::drafts::{Draft, Pieces, Which};
use crate::kept::KeptTrend;
use crate::series::HashtagSeries;
use catalog::CatalogError;
use domain::metrics::concentration::concentration;
use domain::metrics::emerging::SizeBand;
use domain::metrics::trend::{Trend, TrendInput, TrendWindow};
use domain::metrics::{Gain, Outlook};
use domain::{HashtagRow, SourceSet, Timestamp};
use serde::Serialize;
use sources::files::is_ahead;
use std::time::Duration;
use store::hashtags::Changes;
use store::trends::{TrendRow, TrendState};
use strum::VariantArray;
use utoipa::ToSchema;

/// Trends that are kept together: each transaction writes the pages of the indexes anew.
pub(super) const KEEP_MAX: usize = 20_000;
/// All trends are made anew where at least so many hashtags changed,
const ANEW_HASHTAGS_MIN: u64 = 1_000;
/// a fourth of those with trends,
const ANEW_PART_OF_TRENDS: u64 = 4;
/// and not too few of all hashtags, of which most may have no readings but are looked at.
const ANEW_PART_OF_HASHTAGS: u64 = 50;
/// Videos that the concentration of a hashtag is taken of, at most: of more it is left out rather than held up for.
pub(super) const CONCENTRATION_VIDEOS_MAX: u32 = 20_000;
/// A reading counts as lately made for this long at least, however short the window.
const LATELY_MS_MIN: i64 = 48 * 3600 * 1000;

/// How long a question waits while trends are worked out for the first time; clients stop waiting at 10 s.
const FIRST_TRENDS_WAIT: Duration = Duration::from_secs(2);

/// The number of a window in the database.
pub(super) const fn number_of(window: TrendWindow) -> u8 {
    match window {
        TrendWindow::Day => 1,
        TrendWindow::Week => 2,
        TrendWindow::Month => 3,
    }
}

/// The window of a number.
pub(super) fn window_of(number: u8) -> Option<TrendWindow> {
    TrendWindow::VARIANTS.iter().copied().find(|window| number_of(*window) == number)
}

/// How long before the newest reading of all a hashtag may have been read to be among those that move.
pub(super) fn lately(window: TrendWindow, newest_at: Timestamp) -> Timestamp {
    Timestamp::from_ms(newest_at.as_ms().saturating_sub(window.ms().max(LATELY_MS_MIN)))
}

/// How a hashtag moves within a window, in numbers. What cannot be known is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    /// How unusual the velocity is for the hashtag itself.
    pub zscore: Option<f64>,
    /// Whether the surge is 3 or more; `null` where it is not known.
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
    /// What is told of a trend and of where its readings came from.
    pub(super) fn of(trend: &Trend, sources: SourceSet) -> Self {
        let gain = trend.gain;
        Self {
            observed_at: trend.as_of.to_rfc3339(),
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

/// How far working out has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendsProgress {
    /// Hashtags looked at.
    pub hashtags: u64,
    /// Hashtags whose trends were worked out.
    pub worked_out: u64,
}

impl TrendsProgress {
    pub(super) fn add(&mut self, more: &Self) {
        self.hashtags += more.hashtags;
        self.worked_out += more.worked_out;
    }
}

impl Measure {
    /// Works out the trends of every hashtag that was read since it was last done. Whoever is cut off, or does it twice,
    /// or beside another process, harms nothing.
    pub async fn follow_trends(&self) -> Result<TrendsProgress, CatalogError> {
        let _one_at_a_time = self.inner.trends.lock().await;
        let mut progress = TrendsProgress::default();
        let store = &self.inner.store;
        let is_settled = |state: &TrendState, sequence| state.sequence == sequence && !self.is_ahead(state);
        if is_settled(&store.trend_state().await?, store.sequence().await?) {
            return Ok(progress);
        }
        let _turn = store.trends_turn().await?;
        loop {
            let state = store.trend_state().await?;
            let sequence = store.sequence().await?;
            if is_settled(&state, sequence) {
                return Ok(progress);
            }
            let changes = match state.sequence {
                0 => Changes::Gap,
                _ if self.is_ahead(&state) => Changes::Gap,
                since => store.changes_since(since).await?,
            };
            match changes {
                Changes::Hashtags { hashtags, .. } if self.are_many(hashtags.len()).await? => {
                    self.work_all_out(sequence, &mut progress).await?;
                }
                Changes::Hashtags { hashtags, .. } => {
                    let newest = self.work_out(hashtags, sequence, state.newest_at, &mut progress).await?;
                    self.renew_peers(newest).await?;
                    store.note_trend_state(TrendState { sequence, newest_at: newest }).await?;
                }
                Changes::Gap => {
                    // Noted first: what is kept of another store goes.
                    store.note_trend_state(TrendState { sequence: 0, newest_at: None }).await?;
                    self.work_all_out(sequence, &mut progress).await?;
                }
            }
        }
    }

    /// Whether trends were last worked out while the clock stood ahead. Seen from there all later readings are old, so trends
    /// are worked out anew.
    fn is_ahead(&self, state: &TrendState) -> bool {
        state.newest_at.is_some_and(|newest| is_ahead(newest, self.inner.clock.now()))
    }

    /// Has trends worked out in the background, unless that is going on: it looks for news before it ends.
    pub(super) fn nudge_trends(&self) {
        if self.inner.trends.try_lock().is_err() {
            return;
        }
        let measure = self.clone();
        tokio::spawn(async move {
            if let Err(error) = measure.follow_trends().await {
                tracing::warn!(%error, "trends cannot be worked out");
            }
        });
    }

    /// Whether trends are worked out at all, be it of older readings. If not, has it done, and waits for a moment.
    pub(super) async fn has_trends(&self) -> Result<bool, CatalogError> {
        if self.are_trends_known().await? {
            self.nudge_trends();
            return Ok(true);
        }
        let idle = self.inner.trends.try_lock().is_ok();
        let done = async {
            if idle {
                let measure = self.clone();
                // A task of its own: whoever stops waiting must not stop the work.
                match tokio::spawn(async move { measure.follow_trends().await }).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "trends cannot be worked out"),
                    Err(error) => tracing::warn!(%error, "trends cannot be worked out"),
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

    /// Whether so many hashtags changed that it is less work to make all trends anew, as after a reading of every series.
    async fn are_many(&self, changed: usize) -> Result<bool, CatalogError> {
        let (store, changed) = (&self.inner.store, changed as u64);
        if changed < ANEW_HASHTAGS_MIN || !store.sets_trends_aside() {
            return Ok(false);
        }
        let kept = store.trends_count(number_of(TrendWindow::Month)).await?;
        let held = store.catalog_size().await?.hashtags;
        Ok(changed * ANEW_PART_OF_TRENDS >= kept && changed * ANEW_PART_OF_HASHTAGS >= held)
    }

    /// Works out the trends of these hashtags that are not of the readings that are held now.
    async fn work_out(
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
            store.keep_standings(sequence, piece.standings).await?;
            rows.extend(piece.drafts.into_iter().map(Draft::into_row));
            if rows.len() >= KEEP_MAX {
                store.keep_trends(std::mem::take(&mut rows)).await?;
            }
        }
        store.keep_trends(rows).await?;
        Ok(newest)
    }

    /// Gini coefficient of plays over creators; `None` where none is told or they are too many to look at now.
    pub(super) async fn plays_concentration(&self, hashtag: HashtagRow) -> Result<Option<f64>, CatalogError> {
        let plays = self.inner.store.creator_plays(&[hashtag], CONCENTRATION_VIDEOS_MAX).await?;
        Ok(plays.first().and_then(|creators| gini(&creators.plays)))
    }
}

/// Gini coefficient of plays over creators.
pub(super) fn gini(plays: &[u128]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a Gini coefficient is no exact number")]
    let mut plays: Vec<f64> = plays.iter().map(|plays| *plays as f64).collect();
    concentration(&mut plays).map(|concentration| concentration.gini)
}

/// What a trend is made from.
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

/// What was kept of a trend.
pub(super) fn kept(row: &TrendRow) -> Result<KeptTrend, CatalogError> {
    let kept = window_of(row.window).and_then(|window| KeptTrend::from_bytes(&row.facts, window));
    kept.ok_or_else(|| {
        let row = row.hashtag.0.to_string();
        store::StoreError::Inconsistent { table: "trends", column: "facts", row }.into()
    })
}

/// The size band of so many views, as it is told.
pub(super) fn band_name(views: u64) -> &'static str {
    SizeBand::of(views).name()
}
