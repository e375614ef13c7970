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

fn row(rows: &[GrowthRow], half: Half, horizon_days: u32, ranking: Ranking) -> GrowthRow {
    let own =
        |row: &&GrowthRow| row.half == half && row.horizon_days == horizon_days && row.ranking == ranking;
    *rows.iter().find(own).expect("a row")
}

#[test]
fn what_goes_on_growing_is_found_by_growth_and_not_by_views() {
    // The larger, the slower.
    let readings: Vec<(String, Vec<Reading>)> =
        (1..=HASHTAGS).map(|n| (format!("tag{n}"), grows(n * 1_000_000, 2 * (HASHTAGS - n)))).collect();
    let plan =
        BacktestPlan { days: vec![at(40 * 24), at(45 * 24)], ..BacktestPlan::over(&series(&readings), 7) };
    let rows = backtest(&series(&readings), &plan).growth;
    assert_eq!(rows.len(), 2 * 2 * 3);
    for half in Half::ALL {
        for horizon in HORIZONS_DAYS {
            let of = |ranking| row(&rows, half, horizon, ranking);
            let (pace, views, week) = (of(Ranking::Pace), of(Ranking::Views), of(Ranking::LastWeek));
            assert_eq!((pace.precision, week.precision, views.precision), (Some(1.0), Some(1.0), Some(0.0)));
            assert_eq!((pace.interval, pace.lead_interval), (Some([1.0, 1.0]), Some([1.0, 1.0])));
            assert_eq!((pace.days, pace.hits), (2, pace.picks));
            let own = (1..=HASHTAGS).filter(|n| Half::of(&format!("tag{n}")) == half).count();
            let tenth = own.div_ceil(10);
            assert_eq!((pace.hashtags, pace.picks), (2 * own as u64, 2 * tenth as u64));
            assert_eq!((pace.distinct_hashtags, pace.effective_hashtags), (tenth as u64, Some(tenth as f64)));
            assert_eq!((pace.incumbents, pace.incumbents_found, pace.newcomers), (pace.picks, Some(1.0), 0));
            let chance = tenth as f64 / own as f64;
            assert!(pace.chance.is_some_and(|found| (found - chance).abs() < 1e-12));
        }
    }
    let weights = "pace=0,novelty=1".parse().expect("weights");
    let weighted = backtest(&series(&readings), &BacktestPlan { weights: Some(weights), ..plan }).growth;
    assert_eq!(row(&weighted, Half::Tuning, 7, Ranking::Weighted).days, 2);
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
        let names = played.names;
        let candidates = played.days.into_iter().flat_map(|day| day.candidates);
        candidates.map(|one| (names[one.tag as usize].clone(), one.trend, one.last_week)).collect()
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
        backtest(&some, &BacktestPlan { days: vec![at(24), at(83 * 24)], ..BacktestPlan::over(&some, 7) })
            .growth;
    assert!(none.iter().all(|row| row.days == 0 && row.precision.is_none() && row.chance.is_none()));
    let late =
        backtest(&some, &BacktestPlan { days: vec![at(60 * 24)], ..BacktestPlan::over(&some, 7) }).growth;
    assert_eq!(row(&late, Half::Tuning, 7, Ranking::Views).days, 1);
    assert_eq!(row(&late, Half::Tuning, 30, Ranking::Views).days, 0, "the readings end before that");
    let nothing = backtest(&[], &BacktestPlan::over(&[], 7));
    assert!(nothing.growth.iter().all(|row| row.days == 0 && row.interval.is_none()));
    assert!(nothing.cover.iter().all(|row| row.tag_days == 0 && row.inside.is_none()));
    assert_eq!(BacktestPlan::over(&some, 7).days.len(), 11);
}

/// Ten views a day, but for one hashtag in each ten, which gains 100 a day from its own day on.
fn breaking() -> Vec<(String, Vec<Reading>)> {
    let readings = |n: u64| {
        let mut views = 10_000;
        (0..100).map(move |day| {
            views +=
                if n.is_multiple_of(10) && day >= 50 + i64::try_from(n / 10).unwrap_or(0) { 100 } else { 10 };
            exact(day * 24, views)
        })
    };
    (1..=HASHTAGS).map(|n| (format!("tag{n}"), readings(n).collect())).collect()
}

#[test]
fn a_surge_finds_the_breakouts_and_sees_them_days_ahead() {
    let readings = breaking();
    let plan = BacktestPlan::over(&series(&readings), 1);
    let found = backtest(&series(&readings), &plan);
    for half in Half::ALL {
        let own = |n: &u64| Half::of(&format!("tag{n}")) == half;
        let breaking = (1..=HASHTAGS).filter(|n| n.is_multiple_of(10)).filter(own).count() as u64;
        assert!(breaking > 0);
        let alarm = found.breakouts.iter().find(|row| row.half == half && row.is_alarm).expect("a row");
        assert_eq!(alarm.ranking, Ranking::Surge);
        assert_eq!((alarm.precision, alarm.distinct_hashtags), (Some(1.0), breaking), "{alarm:?}");
        let early =
            found.warnings.iter().find(|row| row.half == half && row.threshold <= 3.0).expect("a row");
        assert_eq!(
            (early.alarms, early.right, early.breakouts),
            (breaking, Some(1.0), breaking),
            "{early:?}"
        );
        assert_eq!((early.seen, early.seen_1_day_ahead), (Some(1.0), Some(1.0)));
    }
}

#[test]
fn tables_are_learned_of_enough_tag_days_only() {
    let readings = breaking();
    let some = series(&readings);
    let plan =
        BacktestPlan { days: (40..90).map(|day| at(day * 24)).collect(), ..BacktestPlan::over(&some, 1) };
    let played = play(&some, &plan.days, TrendWindow::Week);
    let tag_days = played.learn(u64::MAX).expect_err("too few");
    assert!(tag_days > 2_000, "{tag_days}");
    let odds = played.learn(tag_days).expect("enough");
    assert_eq!(
        odds.learned_on,
        format!("learned on {tag_days} tag-days of the {HASHTAGS} hashtags of this store")
    );
    let published = crate::metrics::odds::Odds::default();
    // Nearly all tag-days are of steady hashtags, whose surge is 1 and who never double.
    assert!(odds.double[4] < 0.03 && odds.triple[4] <= odds.double[4], "{odds:?}");
    assert_eq!(odds.half[0], published.half[0], "too few weeks to learn from");
}

#[test]
fn the_band_is_judged_before_and_after_rounding() {
    let readings: Vec<(String, Vec<Reading>)> =
        (1..=HASHTAGS).map(|n| (format!("tag{n}"), grows(n * 1_000_000, 20))).collect();
    let some = series(&readings);
    let found = backtest(&some, &BacktestPlan { days: vec![at(40 * 24)], ..BacktestPlan::over(&some, 7) });
    for half in Half::ALL {
        let own =
            |rows: &str| found.cover.iter().find(|row| row.half == half && row.rows == rows).expect("a row");
        let (all, large) = (own("all"), own("n >= 4"));
        assert_eq!((all.tag_days, large.tag_days), (large.tag_days, all.tag_days), "a million and more");
        assert_eq!(
            (all.inside, all.inside_as_shown, all.below, all.above),
            (Some(1.0), Some(1.0), Some(0.0), Some(0.0))
        );
        assert!(all.width.is_some_and(|width| width > 2.0));
        let pace = found
            .calibration
            .iter()
            .find(|table| table.half == half && table.outcome == calibration::Outcome::TopTenth)
            .expect("a table");
        assert_eq!(pace.cells.iter().map(|cell| cell.tag_days).sum::<u64>(), all.tag_days);
    }
}
