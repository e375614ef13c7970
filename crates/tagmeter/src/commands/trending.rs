//! `tagmeter trending`: which hashtags move most, with what can be said of their next week and how their last month went.

use super::{Context, hashtag_of};
use crate::cli::measuring::Trending;
use crate::exit::Failure;
use crate::measured::{
    Target, about, maybe, nothing_moves, outlook, over, per_cent, real, spark, tag, total,
};
use crate::output::{print, say, table};
use crate::progress::spinning;
use catalog::Catalog;
use catalog::measure::{HistoryAsked, HistoryMetric, Measured, TrendingAsked, TrendingView};
use domain::Timestamp;
use domain::metrics::{Mode, Step, TrendWindow};

/// Days that a sparkline is of.
const SPARK_DAYS: i64 = 30;
const MS_OF_A_DAY: i64 = 86_400_000;

pub(super) async fn run(command: Trending, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let catalog = context.open_existing_catalog().await?;
    if command.query.is_some() {
        catalog.bring_search_up().await?;
    }
    spinning("working trends out", catalog.follow_trends()).await?;
    let asked = TrendingAsked {
        window: command.window,
        sort: command.sort,
        views_min: command.min_views,
        query: command.query,
        weights: command.weights,
        limit: command.limit,
        after: None,
    };
    let measured = catalog.trending(&asked).await?;
    let courses = if target.is_screen() { courses(&catalog, &measured).await? } else { Vec::new() };
    let has_more = measured.next.is_some();
    let shown = Shown { courses, window: command.window, has_more };
    let nothing = match measured.data.is_empty() {
        true => Some(nothing_moves(&catalog, &asked, &measured.meta).await?),
        false => None,
    };
    target.tell(&measured, context.now(), nothing, |rows| show(rows, &shown), || None)
}

/// Of each hashtag the views gained on each of the last days before the newest reading of all.
async fn courses(catalog: &Catalog, measured: &Measured<Vec<TrendingView>>) -> Result<Vec<String>, Failure> {
    let newest = measured.meta.observed_at.as_deref().and_then(Timestamp::parse);
    let from = newest.map(|at| Timestamp::from_ms(at.as_ms() - SPARK_DAYS * MS_OF_A_DAY));
    let asked = HistoryAsked {
        metric: HistoryMetric::Views,
        from,
        to: None,
        step: Step::Day,
        mode: Mode::Gain,
        is_repaired: true,
        limit: SPARK_DAYS as usize + 1,
        after: None,
    };
    let mut courses = Vec::with_capacity(measured.data.len());
    for row in &measured.data {
        let hashtag = hashtag_of(catalog, &tag(&row.hashtag.name)).await?;
        let history = catalog.history(&hashtag, asked).await?;
        courses.push(spark(&history.data, SPARK_DAYS as usize));
    }
    Ok(courses)
}

/// What is shown besides the rows.
struct Shown {
    courses: Vec<String>,
    window: TrendWindow,
    has_more: bool,
}

fn show(rows: &[TrendingView], shown: &Shown) -> Result<(), Failure> {
    let has_scores = rows.iter().any(|row| score(row).is_some());
    let row = |(place, (row, course)): (usize, (&TrendingView, &String))| {
        let (trend, ahead) = (&row.trend, row.outlook.as_ref());
        let mut cells = vec![
            (place + 1).to_string(),
            tag(&row.hashtag.name),
            total(&row.hashtag.views),
            maybe(trend.gain, |gain| about(gain, trend.below_resolution)),
            maybe(trend.span_ms, |_| {
                over(trend, shown.window).unwrap_or_else(|| shown.window.name().to_owned())
            }),
            maybe(trend.growth, per_cent),
            maybe(ahead, outlook::pace),
            maybe(ahead, outlook::chance),
            maybe(ahead, outlook::surge),
            maybe(ahead, |ahead| outlook::band(ahead.forecast.as_ref())),
        ];
        cells.extend(has_scores.then(|| maybe(score(row), real)));
        cells.push(course.clone());
        cells
    };
    let mut headings = vec![
        ">",
        "hashtag",
        ">views",
        ">gain",
        ">over",
        ">growth",
        ">pace/day",
        ">top 10 %",
        ">surge",
        ">7-day gain",
    ];
    headings.extend(has_scores.then_some("->score"));
    headings.push("=-gains, 30 days");
    print(table(&headings, rows.iter().zip(&shown.courses).enumerate().map(row)))?;
    let outlooks: Vec<_> = rows.iter().filter_map(|row| row.outlook.as_ref()).collect();
    outlook::legend(&outlooks).iter().for_each(say);
    if shown.has_more {
        say("There are more: --limit shows up to 100.");
    }
    Ok(())
}

/// The score by the weights that were given.
fn score(row: &TrendingView) -> Option<f64> {
    row.emerging.as_ref().and_then(|placed| placed.score)
}
