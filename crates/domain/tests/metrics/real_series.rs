//! The repair, over the real series, against figures that an independent count gave (`scripts/oracles/metrics.py`).

use crate::captures::{Captured, captured};
use domain::Timestamp;
use domain::metrics::backtest::{
    BacktestPlan, BacktestSeries, CoverRow, GrowthRow, HORIZONS_DAYS, Half, Ranking, backtest,
};
use domain::metrics::{Point, Reading, Repair, Series, Standing, TrendWindow};

/// Readings one below their step of display, such as 16399999 for 16.4M.
const OFF_STEP: u64 = 3_365;
/// Readings that more readings around them contradict.
const BOUNCES: u64 = 36_651;
/// Series that end with a jump.
const UNCONFIRMED: u64 = 0;
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
    assert_eq!(repairs, [0, OFF_STEP, BOUNCES, FALLS.len() as u64, UNCONFIRMED]);
    assert_eq!(falls, FALLS);
}

/// What must hold of a series however early it is read: no gain exceeds the total, the newest reading is left out only
/// where it is lower or a jump, and what counts is no lone high.
fn check_prefix(name: &str, readings: &[Reading]) {
    let series = Series::repaired(readings);
    let points = series.points();
    let mut kept = series.standings().rev();
    let (last, before) = (kept.next().expect("the first reading is kept"), kept.next());
    for window in TrendWindow::ALL {
        let from = Timestamp::from_ms(last.at.as_ms() - window.ms());
        let gain = series.gain(from, last.at).map_or(0, |gain| gain.gain);
        assert!(
            gain <= last.value,
            "{name}: {gain} in {} of {}, {}",
            window.name(),
            last.value,
            last.at.to_rfc3339()
        );
    }
    let newest = points.last().expect("a reading");
    let fits =
        newest.value.is_some() || newest.observed <= last.value || newest.repair == Some(Repair::Unconfirmed);
    assert!(fits, "{name}: {newest:?} after {last:?}");
    let at = points.partition_point(|point| point.at < last.at);
    assert!(!is_lone_high(before, last, points.get(at + 1)), "{name}: {last:?} counts, after {before:?}");
}

/// Whether a kept value is more than twice the one before and nothing confirms it: it is the newest, or the next one is
/// nearer to the one before.
fn is_lone_high(before: Option<Standing>, last: Standing, next: Option<&Point>) -> bool {
    let Some(before) = before.filter(|before| last.at.as_ms() - before.at.as_ms() < TrendWindow::Day.ms())
    else {
        return false;
    };
    let is_nearer = |next: &Point| next.observed * 2 < before.value + last.value;
    last.value >= 10_000 && last.value > 2 * before.value && next.is_none_or(is_nearer)
}

fn check_prefixes<'c>(captured: impl Iterator<Item = &'c Captured>) -> usize {
    captured
        .map(|hashtag| {
            (1..=hashtag.readings.len())
                .for_each(|end| check_prefix(&hashtag.name, &hashtag.readings[..end]));
            hashtag.readings.len()
        })
        .sum()
}

#[test]
fn no_prefix_of_a_real_series_counts_a_lone_high() {
    /// One of these many hashtags, and the one of the lone high: seconds. The test below of all takes minutes.
    const EVERY: usize = 120;
    let Some(captured) = captured() else { return };
    let cut = captured.iter().find(|hashtag| hashtag.name == "saradesai").expect("it is there");
    // 2022-07-13: 142,800, 142,900, 343,500, 143,200.
    let after = Timestamp::parse("2022-07-13 11:00:00").expect("a time");
    let end = cut.readings.partition_point(|reading| reading.at < after);
    let series = Series::repaired(&cut.readings[..end]);
    let newest: Vec<_> =
        series.points()[end - 2..].iter().map(|point| (point.observed, point.repair)).collect();
    assert_eq!(newest, [(343_500, Some(Repair::Bounce)), (143_200, None)]);
    assert_eq!(series.last().map(|last| last.value), Some(143_200));
    let prefixes = check_prefixes(captured.iter().step_by(EVERY).chain([cut]));
    assert!(prefixes > 5_000, "{prefixes}");
}

#[test]
#[ignore = "takes minutes: cargo test --release -p domain --test metrics -- --ignored all_prefixes"]
fn all_prefixes_of_all_real_series_hold() {
    let Some(captured) = captured() else { return };
    let [one, other] = captured.split_at(captured.len() / 2).into();
    let prefixes = std::thread::scope(|scope| {
        let halves = [one, other].map(|half| scope.spawn(|| check_prefixes(half.iter())));
        halves.map(|half| half.join().expect("all hold")).into_iter().sum::<usize>()
    });
    eprintln!("{prefixes} prefixes of {} series hold", captured.len());
    assert_eq!(prefixes, 1_458_125);
}

#[test]
fn pace_is_ahead_and_the_tables_hold_on_the_half_they_were_not_learned_on() {
    /// Every day (docs/metrics.md) takes minutes in a test; eight weeks apart it takes seconds.
    const EVERY_DAYS: u32 = 56;
    let Some(captured) = captured() else { return };
    let series: Vec<BacktestSeries<'_>> = captured
        .iter()
        .map(|one| BacktestSeries { name: &one.name, views: &one.readings, creators: &[], videos: &[] })
        .collect();
    let found = backtest(&series, &BacktestPlan::over(&series, EVERY_DAYS));
    for horizon in HORIZONS_DAYS {
        let own = |row: &&GrowthRow| row.half == Half::HeldOut && row.horizon_days == horizon;
        let precision = |ranking| {
            let row = found.growth.iter().filter(own).find(|row| row.ranking == ranking).expect("a row");
            assert!(row.days >= 20 && row.picks >= 150, "{row:?}");
            row.precision.expect("picks")
        };
        let [pace, last_week, views] = [Ranking::Pace, Ranking::LastWeek, Ranking::Views].map(precision);
        assert!(pace > last_week && last_week > views, "{horizon} days: {pace}, {last_week}, {views}");
    }
    let held_out = |row: &&CoverRow| row.half == Half::HeldOut && row.rows == "n >= 4";
    let cover = found.cover.iter().find(held_out).and_then(|row| row.inside).expect("a cover");
    assert!((0.75..0.85).contains(&cover), "{cover}");
    let tables = found.calibration.iter().filter(|table| table.half == Half::HeldOut);
    for table in tables {
        assert!(table.error.is_some_and(|error| error < 0.04), "{table:?}");
    }
}
