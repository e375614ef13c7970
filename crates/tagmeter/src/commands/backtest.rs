//! `tagmeter backtest`: whether the emerging score would have found what grew next, over the series that are held.

use super::Context;
use crate::cli::measuring::Backtest;
use crate::exit::Failure;
use crate::measured::maybe;
use crate::output::{counted, grouped, print, print_json, say, table};
use crate::progress::spinning;
use catalog::Catalog;
use domain::metrics::backtest::{BacktestPlan, BacktestRow, BacktestSeries, Half, Ranking, backtest};
use domain::metrics::{Reading, Weights};
use domain::observation::HashtagCounts;
use domain::{Count, HashtagRow};
use serde::Serialize;
use std::sync::Arc;
use store::snapshots::Snapshot;

/// Hashtags that are looked at together.
const PART: u32 = 1_000;
/// Readings that are played back at most: they are all in memory.
const READINGS_MAX: usize = 20_000_000;

/// What `backtest --json` prints.
#[derive(Serialize)]
struct Played {
    series: u64,
    readings: u64,
    /// Ranked every so many days.
    every_days: u32,
    window: &'static str,
    weights: String,
    rows: Vec<RowView>,
}

/// How well a ranking did.
#[derive(Serialize)]
struct RowView {
    /// `tuning` or `held_out`.
    half: &'static str,
    horizon_days: u32,
    /// `emerging`, `views` or `last_week`.
    ranking: &'static str,
    days: u64,
    hashtags: u64,
    picks: u64,
    hits: u64,
    /// hits / picks; `null` without any.
    precision: Option<f64>,
    /// What picking by chance would have made of it.
    chance: Option<f64>,
}

impl From<&BacktestRow> for RowView {
    fn from(row: &BacktestRow) -> Self {
        Self {
            half: row.half.name(),
            horizon_days: row.horizon_days,
            ranking: row.ranking.name(),
            days: row.days,
            hashtags: row.hashtags,
            picks: row.picks,
            hits: row.hits,
            precision: row.precision,
            chance: row.chance,
        }
    }
}

/// The readings of a hashtag, a list for each count.
struct Series {
    name: String,
    views: Vec<Reading>,
    creators: Vec<Reading>,
    videos: Vec<Reading>,
}

pub(super) async fn run(command: Backtest, context: &Context) -> Result<(), Failure> {
    let catalog = context.open_existing_catalog().await?;
    let series = Arc::new(spinning("reading series", read(&catalog)).await?);
    if series.is_empty() {
        return Err(Failure::new("no hashtag was read at least twice")
            .hint("`tagmeter import PATH` takes series of readings"));
    }
    let readings = series.iter().map(|one| one.views.len() as u64).sum();
    let weights = command.weights.unwrap_or_default();
    let (every, window) = (command.every, command.window);
    let played = Arc::clone(&series);
    let rows = tokio::task::spawn_blocking(move || {
        let series: Vec<BacktestSeries<'_>> = played.iter().map(Series::borrowed).collect();
        backtest(&series, &BacktestPlan { window, weights, ..BacktestPlan::over(&series, every) })
    });
    let rows = spinning("playing series back", rows).await.map_err(Failure::new)?;
    if command.output.json {
        return print_json(&Played {
            series: series.len() as u64,
            readings,
            every_days: every,
            window: window.name(),
            weights: weights.to_string(),
            rows: rows.iter().map(RowView::from).collect(),
        });
    }
    show(&rows, &weights)?;
    say(format_args!(
        "Played back: {} of {}.",
        counted(readings, "reading"),
        counted(series.len() as u64, "hashtag")
    ));
    Ok(())
}

/// The series of all hashtags that were read at least twice.
async fn read(catalog: &Catalog) -> Result<Vec<Series>, Failure> {
    let store = catalog.store();
    let (mut all, mut readings, mut after) = (Vec::new(), 0, None);
    loop {
        let hashtags = store.hashtags_after(after, PART).await?;
        let Some(last) = hashtags.last() else { return Ok(all) };
        after = Some(last.row);
        let rows: Vec<HashtagRow> = hashtags.iter().map(|hashtag| hashtag.row).collect();
        let facts = store.series_facts(&rows).await?;
        let has_series = |row| facts.binary_search_by_key(&row, |facts| facts.hashtag).is_ok();
        for hashtag in hashtags.iter().filter(|hashtag| has_series(hashtag.row)) {
            let snapshots = store.hashtag_snapshots(hashtag.row, None, u32::MAX).await?;
            readings += snapshots.len();
            if readings > READINGS_MAX {
                return Err(Failure::new(format_args!(
                    "more than {} readings are held, too many to play back at once",
                    grouped(READINGS_MAX as u64)
                )));
            }
            all.push(Series::of(hashtag.tag.name(), &snapshots));
        }
    }
}

impl Series {
    fn of(name: &str, snapshots: &[Snapshot<HashtagCounts>]) -> Self {
        let of = |count: fn(&HashtagCounts) -> Option<Count>| {
            let reading = |snapshot: &Snapshot<HashtagCounts>| {
                let count = count(&snapshot.counts)?;
                Some(Reading { at: snapshot.observed_at, count, source: snapshot.source })
            };
            snapshots.iter().filter_map(reading).collect()
        };
        Self {
            name: name.to_owned(),
            views: of(|counts| counts.views),
            creators: of(|counts| counts.creators),
            videos: of(|counts| counts.videos),
        }
    }

    fn borrowed(&self) -> BacktestSeries<'_> {
        BacktestSeries {
            name: &self.name,
            views: &self.views,
            creators: &self.creators,
            videos: &self.videos,
        }
    }
}

/// A row for each half and horizon, a column for each ranking.
fn show(rows: &[BacktestRow], weights: &Weights) -> Result<(), Failure> {
    let shown = |share: Option<f64>| maybe(share, |share| format!("{share:.3}"));
    let lines = rows.chunk_by(|a, b| a.half == b.half && a.horizon_days == b.horizon_days).map(|group| {
        let of = |ranking| group.iter().find(|row| row.ranking == ranking);
        let precision = |ranking| shown(of(ranking).and_then(|row| row.precision));
        let first = &group[0];
        vec![
            match first.half {
                Half::Tuning => "tuned on".to_owned(),
                Half::HeldOut => "held out".to_owned(),
            },
            format!("{} days", first.horizon_days),
            grouped(first.days),
            grouped(first.picks),
            precision(Ranking::Emerging),
            precision(Ranking::Views),
            precision(Ranking::LastWeek),
            shown(first.chance),
        ]
    });
    let headings =
        ["half", ">ahead", ">days", ">picked", ">emerging", ">by views", ">by last week", ">by chance"];
    print(table(&headings, lines))?;
    print(format_args!("Share of those picked that were among the tenth that grew most; weights {weights}."))
}
