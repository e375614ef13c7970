//! Rankings of made-up hashtags whose future is known.

use super::*;
use crate::metrics::made_up::{at, exact};

/// Hashtags of each half that a test needs.
const HASHTAGS: u64 = 60;

/// A reading a day for 80 days: views of a million, growing each day by so many parts in ten thousand.
fn grows(from: u64, parts: u64) -> Vec<Reading> {
    let mut views = from;
    let mut readings = Vec::new();
    for day in 0..80 {
        readings.push(exact(day * 24, views));
        views += views * parts / 10_000;
    }
    readings
}

fn series(readings: &[(String, Vec<Reading>)]) -> Vec<BacktestSeries<'_>> {
    readings.iter().map(|(name, views)| BacktestSeries { name, views, creators: &[], videos: &[] }).collect()
}

fn row(rows: &[BacktestRow], half: Half, horizon_days: u32, ranking: Ranking) -> BacktestRow {
    let own =
        |row: &&BacktestRow| row.half == half && row.horizon_days == horizon_days && row.ranking == ranking;
    *rows.iter().find(own).expect("a row")
}

#[test]
fn what_goes_on_growing_is_found_by_growth_and_not_by_views() {
    // The larger, the slower.
    let readings: Vec<(String, Vec<Reading>)> =
        (1..=HASHTAGS).map(|n| (format!("tag{n}"), grows(n * 1_000_000, 2 * (HASHTAGS - n)))).collect();
    let plan =
        BacktestPlan { days: vec![at(40 * 24), at(45 * 24)], ..BacktestPlan::over(&series(&readings), 7) };
    let rows = backtest(&series(&readings), &plan);
    assert_eq!(rows.len(), 2 * 2 * 3);
    for half in Half::ALL {
        for horizon in HORIZONS_DAYS {
            let of = |ranking| row(&rows, half, horizon, ranking);
            let (score, views, week) = (of(Ranking::Emerging), of(Ranking::Views), of(Ranking::LastWeek));
            assert_eq!((score.precision, week.precision, views.precision), (Some(1.0), Some(1.0), Some(0.0)));
            assert_eq!((score.days, score.hits), (2, score.picks));
            let own = (1..=HASHTAGS).filter(|n| Half::of(&format!("tag{n}")) == half).count();
            assert_eq!((score.hashtags, score.picks), (2 * own as u64, 2 * own.div_ceil(10) as u64));
            let chance = own.div_ceil(10) as f64 / own as f64;
            assert!(score.chance.is_some_and(|found| (found - chance).abs() < 1e-12));
        }
    }
    let three = backtest(&series(&readings), &BacktestPlan { top: Some(3), ..plan });
    assert_eq!(row(&three, Half::Tuning, 7, Ranking::Views).picks, 6);
}

#[test]
fn nothing_that_was_read_later_is_known_on_the_day() {
    let readings: Vec<(String, Vec<Reading>)> =
        (1..=HASHTAGS).map(|n| (format!("tag{n}"), grows(n * 1_000_000, n % 17))).collect();
    let day = at(40 * 24);
    // What comes after the day is turned upside down: falls that would make bounces of the readings before it.
    let mut others = readings.clone();
    for reading in others.iter_mut().flat_map(|(_, views)| views).filter(|reading| reading.at > day) {
        *reading = exact((reading.at.as_ms() - at(0).as_ms()) / 3_600_000, 1);
    }
    let known = |readings: &[(String, Vec<Reading>)]| -> Vec<(String, Trend, Option<f64>)> {
        let played = play(&series(readings), &[day], TrendWindow::Week);
        let candidates = played.days.into_iter().flat_map(|(_, candidates)| candidates);
        candidates.map(|one| (one.name, one.trend, one.last_week)).collect()
    };
    assert_eq!(known(&readings), known(&others));
    assert_eq!(known(&readings).len() as u64, HASHTAGS);
}

#[test]
fn days_with_too_few_hashtags_or_no_fresh_reading_do_not_count() {
    let readings: Vec<(String, Vec<Reading>)> =
        (1..=HASHTAGS).map(|n| (format!("tag{n}"), grows(1_000, n))).collect();
    let some = series(&readings);
    let none =
        backtest(&some, &BacktestPlan { days: vec![at(24), at(83 * 24)], ..BacktestPlan::over(&some, 7) });
    assert!(none.iter().all(|row| row.days == 0 && row.precision.is_none() && row.chance.is_none()));
    let late = backtest(&some, &BacktestPlan { days: vec![at(60 * 24)], ..BacktestPlan::over(&some, 7) });
    assert_eq!(row(&late, Half::Tuning, 7, Ranking::Views).days, 1);
    assert_eq!(row(&late, Half::Tuning, 30, Ranking::Views).days, 0, "the readings end before that");
    assert!(backtest(&[], &BacktestPlan::over(&[], 7)).iter().all(|row| row.days == 0));
    assert_eq!(BacktestPlan::over(&some, 7).days.len(), 11);
}
