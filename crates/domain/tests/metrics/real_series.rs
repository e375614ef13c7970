//! The repair, over the real series, against figures that an independent count gave (`scripts/oracles/metrics.py`).

use crate::captures::captured;
use domain::metrics::backtest::{
    BacktestPlan, BacktestRow, BacktestSeries, HORIZONS_DAYS, Half, Ranking, backtest,
};
use domain::metrics::{Repair, Series};

/// Readings one below their step of display, such as 16399999 for 16.4M.
const OFF_STEP: u64 = 3_365;
/// Readings that more readings around them contradict.
const BOUNCES: u64 = 36_651;
/// Falls that stayed, and who fell.
const FALLS: [(&str, u64, u64); 3] = [
    ("mazeyeddings", 243_500, 236_000),
    ("neverfallforyourfiancee", 29_200, 28_300),
    ("saradesai", 148_600, 139_000),
];

#[test]
fn the_repair_finds_what_is_wrong_with_the_real_series() {
    let Some(captured) = captured() else { return };
    let mut repairs = [0; Repair::ALL.len()];
    let mut falls = Vec::new();
    for hashtag in &captured {
        let series = Series::repaired(&hashtag.readings);
        for (sum, (_, count)) in repairs.iter_mut().zip(series.repairs()) {
            *sum += count;
        }
        let kept: Vec<_> = series.standings().collect();
        for pair in kept.windows(2).filter(|pair| pair[1].value < pair[0].value) {
            falls.push((hashtag.name.as_str(), pair[0].value, pair[1].value));
        }
        let observed = series.points().iter().map(|point| point.observed);
        assert!(
            observed.eq(hashtag.readings.iter().map(|reading| reading.count.value())),
            "kept as observed"
        );
    }
    let readings: usize = captured.iter().map(|hashtag| hashtag.readings.len()).sum();
    assert_eq!((captured.len(), readings), (377, 1_458_125));
    // There is no 0 in these series: what is not told was not written down.
    assert_eq!(repairs, [0, OFF_STEP, BOUNCES, FALLS.len() as u64]);
    assert_eq!(falls, FALLS);
}

#[test]
fn the_emerging_score_is_ahead_of_both_rankings_on_the_half_it_was_not_tuned_on() {
    /// Every day (docs/metrics.md) takes minutes in a test; eight weeks apart it takes seconds.
    const EVERY_DAYS: u32 = 56;
    let Some(captured) = captured() else { return };
    let series: Vec<BacktestSeries<'_>> = captured
        .iter()
        .map(|one| BacktestSeries { name: &one.name, views: &one.readings, creators: &[], videos: &[] })
        .collect();
    let rows = backtest(&series, &BacktestPlan::over(&series, EVERY_DAYS));
    for horizon in HORIZONS_DAYS {
        let own = |row: &&BacktestRow| row.half == Half::HeldOut && row.horizon_days == horizon;
        let precision = |ranking| {
            let row = rows.iter().filter(own).find(|row| row.ranking == ranking).expect("a row");
            assert!(row.days >= 20 && row.picks >= 150, "{row:?}");
            row.precision.expect("picks")
        };
        let [score, views, last_week] = Ranking::ALL.map(precision);
        assert!(score > last_week && last_week > views, "{horizon} days: {score}, {last_week}, {views}");
    }
}
