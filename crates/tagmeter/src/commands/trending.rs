//! `tagmeter trending`: lists trending hashtags, with the outlook on their next week and a sparkline of their
//! last month.

use super::{Context, hashtag_of};
use crate::cli::measuring::Trending;
use crate::exit::Failure;
use crate::measured::{
    Target, about, maybe, nothing_moves, outlook, over, per_cent, real, spark, tag, total,
};
use crate::output::{print, say, table_and_left_out};
use crate::progress::spinning;
use domain::metrics::{Mode, TrendWindow};
use domain::{Moment, Timestamp};
use measure::{HistoryQuery, Measure, Measured, TrendFacts, TrendingQuery, TrendingView};
use store::trends::TrendSort;

/// Days of a sparkline.
const SPARK_DAYS: i64 = 30;
const MS_OF_A_DAY: i64 = 86_400_000;

/// Headings of columns that may not be left out: the name, and the one that is sorted by.
const HASHTAG: &str = "hashtag";
const GROWTH: &str = "growth";
const SCORE: &str = "score";

pub(super) async fn run(command: Trending, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, false)?;
    let measure = context.open_existing_measure().await?;
    if command.query.query.is_some() {
        measure.catalog().bring_search_up().await?;
    }
    spinning("computing trends", measure.follow_trends()).await?;
    let query = TrendingQuery { limit: command.limit, ..command.query };
    let measured = measure.trending(&query).await?;
    let courses = if target.is_screen() { courses(&measure, &measured).await? } else { Vec::new() };
    let has_more = measured.next.is_some();
    let shown = Shown { courses, window: query.window, sort: query.sort, has_more };
    let nothing = match measured.data.is_empty() {
        true => Some(nothing_moves(&measure, &query, &measured.meta).await?),
        false => None,
    };
    target.write(&measured, context.now(), nothing, |rows| show(rows, &shown), || None)
}

/// Draws the views that each hashtag gained on each of the last days before the newest reading of all.
async fn courses(measure: &Measure, measured: &Measured<Vec<TrendingView>>) -> Result<Vec<String>, Failure> {
    let newest = measured.meta.observed_at;
    let from = newest.map(|at| Timestamp::from_ms(at.as_ms() - SPARK_DAYS * MS_OF_A_DAY));
    let query = HistoryQuery {
        from: from.map(Moment::At),
        mode: Mode::Gain,
        limit: SPARK_DAYS as usize + 1,
        ..HistoryQuery::default()
    };
    let mut courses = Vec::with_capacity(measured.data.len());
    for row in &measured.data {
        let hashtag = hashtag_of(measure, &tag(&row.hashtag.name)).await?;
        let history = measure.history(&hashtag, query.clone()).await?;
        courses.push(spark(&history.data, SPARK_DAYS as usize));
    }
    Ok(courses)
}

/// Facts shown around the rows.
struct Shown {
    courses: Vec<String>,
    window: TrendWindow,
    sort: TrendSort,
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
        cells.extend(own_heading(shown.sort).map(|_| own_value(shown.sort, trend)));
        cells.extend(has_scores.then(|| maybe(score(row), real)));
        cells.push(course.clone());
        cells
    };
    let sorted_by = match shown.sort {
        // With weights, both sort by the score.
        TrendSort::Emerging | TrendSort::Pace if has_scores => SCORE,
        TrendSort::Emerging | TrendSort::Pace => outlook::PACE,
        TrendSort::Surge => outlook::SURGE,
        TrendSort::Growth => GROWTH,
        other => other.name(),
    };
    let heading = |signs: &str, name: &str| {
        let sign = if name == sorted_by || name == HASHTAG { "!" } else { "" };
        format!("{sign}{signs}{name}")
    };
    let mut headings = vec![heading(">", ""), heading("", HASHTAG)];
    headings.extend(["views", "gain", "over", GROWTH].map(|name| heading(">", name)));
    let ahead = [outlook::PACE, outlook::TOP_TENTH, outlook::SURGE, outlook::BAND];
    headings.extend(ahead.map(|name| heading(">", name)));
    headings.extend(own_heading(shown.sort).map(|name| heading(">", name)));
    headings.extend(has_scores.then(|| heading("->", SCORE)));
    headings.push(heading("=-", "gains, 30 days"));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let (table, left_out) =
        table_and_left_out(&headings, rows.iter().zip(&shown.courses).enumerate().map(row));
    print(table)?;
    let outlooks: Vec<_> = rows.iter().filter_map(|row| row.outlook.as_ref()).collect();
    outlook::legend(&outlooks, &left_out).iter().for_each(say);
    if shown.has_more {
        say("There are more: --limit shows up to 100.");
    }
    Ok(())
}

/// Returns the heading of the column that is sorted by, if it is not among those that are always shown.
fn own_heading(sort: TrendSort) -> Option<&'static str> {
    match sort {
        TrendSort::Emerging | TrendSort::Pace | TrendSort::Surge | TrendSort::Growth => None,
        other => Some(other.name()),
    }
}

/// Formats a cell of such a column.
fn own_value(sort: TrendSort, trend: &TrendFacts) -> String {
    let value = match sort {
        TrendSort::Velocity => trend.velocity,
        TrendSort::Zscore => trend.zscore,
        TrendSort::Acceleration => trend.acceleration,
        // Creators for each view: most are below the last digit of other numbers.
        TrendSort::Breadth => return maybe(trend.breadth, |value| format!("{value:.2e}")),
        TrendSort::Novelty => trend.novelty,
        TrendSort::Saturation => trend.marginal_views,
        TrendSort::Concentration => trend.concentration,
        TrendSort::Emerging | TrendSort::Pace | TrendSort::Surge | TrendSort::Growth => None,
    };
    maybe(value, real)
}

/// Returns the score by the given weights.
fn score(row: &TrendingView) -> Option<f64> {
    row.emerging.as_ref().and_then(|placed| placed.score)
}
