//! The repair, over the real series, against figures that an independent count gave (`scripts/oracles/metrics.py`).

use crate::captures::{Captured, captured};
use domain::Timestamp;
use domain::metrics::backtest::{
    BacktestPlan, BacktestSeries, CoverRow, GrowthRow, HORIZONS_DAYS, Half, Ranking, backtest,
};
use domain::metrics::emerging::{Component, Peers, components, emerging};
use domain::metrics::lifecycle::{Contrast, Stage, lifecycle};
use domain::metrics::{
    CountedReading, Point, Reading, Repair, Series, TrendInput, TrendWindow, Weights, outlook, trend,
};
use strum::VariantArray;

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
        let counted: Vec<_> = series.counted().collect();
        for pair in counted.windows(2).filter(|pair| pair[1].value < pair[0].value) {
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
    // There is no 0 in these series: missing values were not written down.
    assert_eq!(repairs, [0, OFF_STEP, BOUNCES, FALLS.len() as u64, UNCONFIRMED]);
    assert_eq!(falls, FALLS);
}

/// Checks invariants of a series' prefix: no gain exceeds the total, the newest reading is omitted only if
/// it is lower or a jump, and no lone high counts.
fn check_prefix(name: &str, readings: &[Reading]) {
    let series = Series::repaired(readings);
    let points = series.points();
    let mut counted = series.counted().rev();
    let (last, before) = (counted.next().expect("the first reading is kept"), counted.next());
    for &window in TrendWindow::VARIANTS {
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

/// Returns true if a value that counts is more than twice the one before without confirmation: it is the
/// newest, or the next one is nearer to the one before.
fn is_lone_high(before: Option<CountedReading>, last: CountedReading, next: Option<&Point>) -> bool {
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

#[test]
fn no_stage_of_a_real_series_contradicts_its_pace_without_a_word() {
    /// Days between the moments that all series are looked at.
    const EVERY_DAYS: i64 = 224;
    const DAY_MS: i64 = 86_400_000;
    let Some(captured) = captured() else { return };
    let of = |end: fn(&[Reading]) -> Option<&Reading>| {
        captured
            .iter()
            .filter_map(|one| end(&one.readings))
            .map(|reading| reading.at.as_ms())
            .collect::<Vec<_>>()
    };
    let first = of(<[Reading]>::first).into_iter().min().expect("readings");
    let last = of(<[Reading]>::last).into_iter().max().expect("readings");
    let (mut stages, mut contrasts, mut declining_ahead) = (0, 0, 0);
    let mut moment = first + EVERY_DAYS * DAY_MS;
    while moment <= last {
        let known = captured.iter().filter_map(|hashtag| {
            let end = hashtag.readings.partition_point(|reading| reading.at.as_ms() <= moment);
            let views = Series::repaired(&hashtag.readings[..end]);
            let outlook = outlook(&views, None)?.seen_at(Timestamp::from_ms(moment));
            Some((hashtag.name.as_str(), views, outlook))
        });
        let known: Vec<_> = known.collect();
        let nothing = Series::EMPTY;
        let input = |views, outlook| TrendInput {
            views,
            creators: &nothing,
            videos: &nothing,
            first_seen: None,
            concentration: None,
            outlook: Some(outlook),
        };
        let trends: Vec<_> = known
            .iter()
            .map(|(_, views, outlook)| trend(&input(views, *outlook), TrendWindow::Week, None))
            .collect();
        let peers = Peers::of(trends.iter().flatten().map(components));
        for ((name, views, outlook), trend) in known.iter().zip(&trends) {
            let (Some(trend), Some(life)) = (trend, lifecycle(&input(views, *outlook), None)) else {
                continue;
            };
            let pace = emerging(trend, &peers, &Weights::default()).part(Component::Pace).percentile;
            let contrast = Contrast::of(life.stage, pace, outlook.is_breakout());
            assert_eq!(life.as_of, outlook.as_of, "{name}: both are of the newest reading");
            let week = views.gain(life.from, life.as_of).expect("a week");
            let velocity = week.gain as f64 * DAY_MS as f64 / week.span_ms as f64;
            assert!((life.velocity - velocity).abs() <= 1e-6 * velocity.max(1.0), "{name}: {life:?}");
            let is_ahead = pace.is_some_and(|pace| pace > 0.5);
            if life.stage == Stage::Declining {
                assert!(life.change.is_some_and(|change| change < -0.2), "{name}: {life:?}");
                assert!(!is_ahead || contrast.is_some(), "{name}: {life:?} beside {pace:?}");
                declining_ahead += usize::from(is_ahead);
            }
            stages += 1;
            contrasts += usize::from(contrast.is_some());
        }
        moment += EVERY_DAYS * DAY_MS;
    }
    assert!(stages > 1_000 && contrasts > 150, "{contrasts} of {stages}");
    // It is no rare case: a hashtag that slows down may still be ahead of most.
    assert!(declining_ahead > 40, "{declining_ahead}");
    eprintln!("{stages} stages, {contrasts} contrasts, {declining_ahead} declining ahead of most");
}
