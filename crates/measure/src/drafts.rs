//! Computes the trends of many hashtags in pieces, several at once on threads of their own, and returns the
//! results in the order of the hashtags.

use crate::Measure;
use crate::series::HashtagSeries;
use crate::trend_codec::SourcedTrend;
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

/// Hashtags per piece.
const HASHTAGS_MAX: usize = 500;
/// Readings of a piece in memory at once; a single hashtag may have more.
const READINGS_MAX: u32 = 50_000;
/// Most pieces computed at once: each takes some megabytes.
const AT_ONCE_MAX: usize = 8;

/// Selects the hashtags of a piece to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that have readings.
    All,
    /// Hashtags whose stored trends do not match their stored readings.
    Stale,
}

/// A computed trend that is not stored yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    pub(super) hashtag: HashtagRow,
    pub(super) window: TrendWindow,
    /// Time of the newest reading of views.
    pub(super) read_at: Timestamp,
    /// Number of readings of views.
    pub(super) readings: u64,
    pub(super) sourced: SourcedTrend,
}

impl Draft {
    /// Returns its row, with the values that lists are ordered by.
    pub(super) fn into_row(self) -> TrendRow {
        let trend = &self.sourced.trend;
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
                // Few views gained per video gained mean high saturation.
                trend.marginal_views.map(|views| -views),
                trend.concentration,
            ],
            facts: self.sourced.to_bytes(),
        }
    }
}

/// Results of some hashtags.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) progress: TrendsProgress,
    /// Time of their newest reading, except for readings from the future, which do not decide what is recent.
    pub(super) newest: Option<Timestamp>,
    /// In order of hashtag and window.
    pub(super) drafts: Vec<Draft>,
    /// Counts of each hashtag that differ from its newest reading after repair.
    pub(super) standings: Vec<HashtagStandings>,
}

/// Pieces in progress.
pub(super) struct Pieces<I> {
    measure: Measure,
    which: Which,
    left: I,
    in_progress: VecDeque<JoinHandle<Result<Piece, CatalogError>>>,
    at_once: usize,
}

impl<I: Iterator<Item = HashtagRow>> Pieces<I> {
    /// Splits these hashtags, ascending, into pieces.
    pub(super) fn of(measure: &Measure, which: Which, hashtags: I) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One more, so that none is idle while a piece is taken.
        let at_once = AT_ONCE_MAX.min(cores + 1);
        Self { measure: measure.clone(), which, left: hashtags, in_progress: VecDeque::new(), at_once }
    }

    /// Returns the next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, CatalogError> {
        while self.in_progress.len() < self.at_once {
            let hashtags: Vec<HashtagRow> = self.left.by_ref().take(HASHTAGS_MAX).collect();
            if hashtags.is_empty() {
                break;
            }
            let (measure, which, runtime) = (self.measure.clone(), self.which, Handle::current());
            let piece = move || runtime.block_on(measure.piece(hashtags, which));
            self.in_progress.push_back(spawn_blocking(piece));
        }
        match self.in_progress.pop_front() {
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
                piece.progress.computed += 1;
            }
        }
        Ok(piece)
    }

    /// Returns the hashtags without a trend, and those whose trends were computed from another number of
    /// readings than are stored.
    async fn stale(&self, hashtags: &[HashtagRow]) -> Result<Vec<HashtagRow>, CatalogError> {
        let series = self.inner.store.series_facts(hashtags).await?;
        let rows: Vec<HashtagRow> = series.iter().map(|facts| facts.hashtag).collect();
        let stored = self.inner.store.trends_of(&rows).await?;
        let known: HashMap<HashtagRow, u64> = stored.iter().map(|row| (row.hashtag, row.readings)).collect();
        let readings: HashMap<HashtagRow, u64> =
            series.iter().map(|facts| (facts.hashtag, facts.readings)).collect();
        let is_stale = |row: &HashtagRow| readings.get(row).is_none_or(|now| known.get(row) != Some(now));
        Ok(hashtags.iter().copied().filter(is_stale).collect())
    }
}

/// Returns the time of the newest reading of views, if there are the two that a trend needs.
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
        let sourced = SourcedTrend { trend, sources: series.sources };
        Some(Draft { hashtag, window, read_at, readings: series.readings, sourced })
    })
}
