//! Working the trends of many hashtags out: piece by piece, several at once, each on a thread that nobody waits on for
//! answers; what came of them is taken in the order of the hashtags.

use crate::Measure;
use crate::kept::KeptTrend;
use crate::series::HashtagSeries;
use crate::trends::{CONCENTRATION_VIDEOS_MAX, TrendsProgress, gini, number_of, trend_input};
use catalog::CatalogError;
use domain::metrics::outlook;
use domain::metrics::trend::{TrendWindow, trend};
use domain::{HashtagRow, Timestamp};
use std::collections::{HashMap, VecDeque};
use store::StoreError;
use store::standings::HashtagStandings;
use store::trends::{HashtagReadings, TrendRow};
use strum::VariantArray;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

/// Hashtags of a piece.
const HASHTAGS_MAX: usize = 500;
/// Readings of a piece that are in memory together; of a single hashtag there may be more.
const READINGS_MAX: u32 = 50_000;
/// Pieces that are worked out at once, at most: each takes some megabytes.
const AT_ONCE_MAX: usize = 8;

/// Which hashtags of a piece are worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that have readings.
    All,
    /// Those whose kept trends are of other readings than those held now.
    Stale,
}

/// A trend that was worked out and is not stored yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    pub(super) hashtag: HashtagRow,
    pub(super) window: TrendWindow,
    /// When the newest reading of views was made.
    pub(super) read_at: Timestamp,
    /// Readings of views.
    pub(super) readings: u64,
    pub(super) kept: KeptTrend,
}

impl Draft {
    /// The row of it, with what it is ordered by.
    pub(super) fn into_row(self) -> TrendRow {
        let trend = &self.kept.trend;
        let outlook = trend.outlook;
        TrendRow {
            hashtag: self.hashtag,
            window: number_of(self.window),
            read_at: self.read_at,
            readings: self.readings,
            views: trend.views,
            values: [
                outlook.map(|outlook| outlook.rank()),
                trend.velocity,
                trend.growth,
                trend.zscore,
                trend.acceleration,
                outlook.and_then(|outlook| outlook.surge.ok()),
                trend.breadth,
                trend.novelty,
                // Few views gained a video gained are much saturation.
                trend.marginal_views.map(|views| -views),
                trend.concentration,
            ],
            facts: self.kept.to_bytes(),
        }
    }
}

/// What came of some hashtags.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) progress: TrendsProgress,
    /// When the newest reading of them was made, those from the future left out: they say nothing of what is lately.
    pub(super) newest: Option<Timestamp>,
    /// In order of hashtag and window.
    pub(super) drafts: Vec<Draft>,
    /// Of each of them, the counts of which the newest reading is not what counts.
    pub(super) standings: Vec<HashtagStandings>,
}

/// Pieces under way.
pub(super) struct Pieces<I> {
    measure: Measure,
    which: Which,
    left: I,
    under_way: VecDeque<JoinHandle<Result<Piece, CatalogError>>>,
    at_once: usize,
}

impl<I: Iterator<Item = HashtagRow>> Pieces<I> {
    /// Of these hashtags, ascending.
    pub(super) fn of(measure: &Measure, which: Which, hashtags: I) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One more, so that none is idle while a piece is taken.
        let at_once = AT_ONCE_MAX.min(cores + 1);
        Self { measure: measure.clone(), which, left: hashtags, under_way: VecDeque::new(), at_once }
    }

    /// What came of the next ones; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, CatalogError> {
        while self.under_way.len() < self.at_once {
            let hashtags: Vec<HashtagRow> = self.left.by_ref().take(HASHTAGS_MAX).collect();
            if hashtags.is_empty() {
                break;
            }
            let (measure, which, runtime) = (self.measure.clone(), self.which, Handle::current());
            let piece = move || runtime.block_on(measure.piece(hashtags, which));
            self.under_way.push_back(spawn_blocking(piece));
        }
        match self.under_way.pop_front() {
            Some(first) => first.await.map_err(StoreError::of_task)?.map(Some),
            None => Ok(None),
        }
    }
}

impl Measure {
    async fn piece(&self, hashtags: Vec<HashtagRow>, which: Which) -> Result<Piece, CatalogError> {
        let mut piece = Piece::default();
        piece.progress.hashtags = hashtags.len() as u64;
        let hashtags = match which {
            Which::All => hashtags,
            Which::Stale => self.stale(&hashtags).await?,
        };
        let (store, now) = (&self.inner.store, self.inner.clock.now());
        let mut left = &hashtags[..];
        while !left.is_empty() {
            let readings = store.hashtags_readings(left, READINGS_MAX).await?;
            left = &left[readings.len().clamp(1, left.len())..];
            let moving = readings.iter().filter(|readings| moved_at(readings).is_some());
            let rows: Vec<HashtagRow> = moving.map(|readings| readings.hashtag).collect();
            let plays = store.creator_plays(&rows, CONCENTRATION_VIDEOS_MAX).await?;
            let plays: HashMap<HashtagRow, Vec<u128>> =
                plays.into_iter().map(|creators| (creators.hashtag, creators.plays)).collect();
            for readings in readings.iter().filter(|readings| !readings.snapshots.is_empty()) {
                let (hashtag, series) = (readings.hashtag, HashtagSeries::of(&readings.snapshots));
                piece.standings.push(HashtagStandings { hashtag, standings: series.standings() });
                let Some(newest_at) = moved_at(readings) else { continue };
                let concentration = plays.get(&readings.hashtag).and_then(|plays| gini(plays));
                piece.newest = piece.newest.max(Some(newest_at).filter(|at| *at <= now));
                piece.drafts.extend(drafts(hashtag, series, newest_at, concentration));
                piece.progress.worked_out += 1;
            }
        }
        Ok(piece)
    }

    /// Of these hashtags those whose trends are not of the very readings of their series, and those without a trend: one
    /// reading of the views may stand beside several of the creators.
    async fn stale(&self, hashtags: &[HashtagRow]) -> Result<Vec<HashtagRow>, CatalogError> {
        let series = self.inner.store.series_facts(hashtags).await?;
        let rows: Vec<HashtagRow> = series.iter().map(|facts| facts.hashtag).collect();
        let kept = self.inner.store.trends_of(&rows).await?;
        let known: HashMap<HashtagRow, u64> = kept.iter().map(|row| (row.hashtag, row.readings)).collect();
        let readings: HashMap<HashtagRow, u64> =
            series.iter().map(|facts| (facts.hashtag, facts.readings)).collect();
        let is_stale = |row: &HashtagRow| readings.get(row).is_none_or(|now| known.get(row) != Some(now));
        Ok(hashtags.iter().copied().filter(is_stale).collect())
    }
}

/// When the newest reading of views was made, where there are two at least, of which a trend can be made.
fn moved_at(readings: &HashtagReadings) -> Option<Timestamp> {
    let mut of_views = readings.snapshots.iter().rev().filter(|snapshot| snapshot.counts.views.is_some());
    let newest_at = of_views.next()?.observed_at;
    of_views.next()?;
    Some(newest_at)
}

fn drafts(
    hashtag: HashtagRow,
    series: HashtagSeries,
    read_at: Timestamp,
    concentration: Option<f64>,
) -> impl Iterator<Item = Draft> {
    let outlook = outlook(&series.views, None);
    TrendWindow::VARIANTS.iter().copied().filter_map(move |window| {
        let trend = trend(&trend_input(&series, concentration, outlook), window, None)?;
        let kept = KeptTrend { trend, sources: series.sources };
        Some(Draft { hashtag, window, read_at, readings: series.readings, kept })
    })
}
