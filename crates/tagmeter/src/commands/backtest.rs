//! `tagmeter backtest`: judges pace, surge and the forecast band by replaying the stored series.

mod show;

use super::Context;
use crate::cli::measuring::Backtest;
use crate::exit::Failure;
use crate::output::{counted, grouped, print_json, say};
use crate::progress::spinning;
use domain::metrics::backtest::{self, BacktestPlan, BacktestSeries, play};
use domain::metrics::odds::OWN_TAG_DAYS_MIN;
use domain::metrics::{Odds, Reading};
use domain::observation::HashtagCounts;
use domain::{Count, HashtagRow};
use measure::Measure;
use serde::Serialize;
use std::sync::Arc;
use store::snapshots::Snapshot;

/// Hashtags read at once.
const PART: u32 = 1_000;
/// Maximum number of readings to replay: all of them are in memory.
const READINGS_MAX: usize = 20_000_000;

/// Output of `backtest --json`.
#[derive(Serialize)]
struct Played {
    series: u64,
    readings: u64,
    /// Days between two rankings.
    every_days: u32,
    /// Window of the z-score.
    window: &'static str,
    /// Weights that were judged as well; `null` if none were given.
    weights: Option<String>,
    #[serde(flatten)]
    judged: backtest::Backtest,
    /// The probabilities in use from now on.
    probabilities: Odds,
}

/// The readings of a hashtag, a list for each count.
struct Series {
    name: String,
    views: Vec<Reading>,
    creators: Vec<Reading>,
    videos: Vec<Reading>,
}

pub(super) async fn run(command: Backtest, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    let series = Arc::new(spinning("reading series", read(&measure)).await?);
    if series.is_empty() {
        return Err(Failure::new("no hashtag has two readings")
            .hint("`tagmeter import PATH` imports series of readings"));
    }
    let readings = series.iter().map(|one| one.views.len() as u64).sum();
    let (every, window, weights) = (command.every, command.window, command.weights);
    let from = command.from.map(|from| from.begin(context.now()));
    let played = Arc::clone(&series);
    let judged = tokio::task::spawn_blocking(move || {
        let series: Vec<BacktestSeries<'_>> = played.iter().map(Series::borrowed).collect();
        let mut plan = BacktestPlan::over(&series, every);
        plan.days.retain(|day| from.is_none_or(|from| *day >= from));
        let played = play(&series, &plan.days, window);
        (played.judge(weights.as_ref()), played.learn(OWN_TAG_DAYS_MIN))
    });
    let (judged, learned) = spinning("replaying series", judged).await.map_err(Failure::new)?;
    if command.renew {
        let odds = learned.map_err(too_few)?;
        measure.store_odds(Some(&odds)).await?;
    } else if command.published {
        measure.store_odds(None).await?;
    }
    let probabilities = measure.odds().await?;
    if command.output.json {
        return print_json(&Played {
            series: series.len() as u64,
            readings,
            every_days: every,
            window: window.name(),
            weights: weights.map(|weights| weights.to_string()),
            judged,
            probabilities,
        });
    }
    show::show(&judged, weights.as_ref())?;
    say(format_args!(
        "Replayed {} of {}. Probabilities in use: {}.",
        counted(readings, "reading"),
        counted(series.len() as u64, "hashtag"),
        probabilities.learned_on
    ));
    Ok(())
}

fn too_few(tag_days: u64) -> Failure {
    Failure::new(format_args!(
        "{} have a surge and a known week after it; learning probabilities needs {}",
        counted(tag_days, "tag-day"),
        grouped(OWN_TAG_DAYS_MIN)
    ))
    .hint("the published probabilities stay in use; collect readings for longer, and exact ones where counts are rounded")
}

/// Reads the series of all hashtags with at least two readings.
async fn read(measure: &Measure) -> Result<Vec<Series>, Failure> {
    let store = measure.store();
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
                    "more than {} readings are stored, too many to replay at once",
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
