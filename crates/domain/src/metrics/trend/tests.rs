//! Trends worked out by hand.

use super::*;
use crate::metrics::Reading;
use crate::metrics::made_up::{at, every, exact, is_close, of_views, rounded};
use proptest::prelude::*;
use strum::VariantArray;

const NOTHING: &Series = &Series::EMPTY;

fn of(views: &Series, window: TrendWindow) -> Trend {
    trend(&of_views(views, NOTHING), window, None).expect("a trend")
}

#[test]
fn velocity_and_growth_are_over_the_time_that_was_read() {
    // 100 a day for ten days, then 300 in the last one.
    let values = (0..10).map(|day| 1_000 + 100 * day).chain([2_200]);
    let series = every(24, values);
    let day = of(&series, TrendWindow::Day);
    assert_eq!((day.views, day.as_of, day.velocity), (2_200, at(240), Some(300.0)));
    assert!(day.growth.is_some_and(|growth| is_close(growth, 300.0 / 1_900.0)));
    assert!(day.growth_pct_per_hour.is_some_and(|pct| is_close(pct, 100.0 * 300.0 / 1_900.0 / 24.0)));
    let log_growth = (2_200.0_f64 / 1_900.0).ln();
    assert!(day.log_growth.is_some_and(|growth| is_close(growth, log_growth)));
    assert!(day.doubling_days.is_some_and(|days| is_close(days, 2_f64.ln() / log_growth)));
    assert_eq!(day.acceleration, Some(200.0));
    assert_eq!(day.zscore, None, "the days before had no deviation");
    let week = of(&series, TrendWindow::Week);
    assert!(week.velocity.is_some_and(|velocity| is_close(velocity, 900.0 / 7.0)));
    assert!(
        week.acceleration.is_some_and(|more| is_close(more, 900.0 / 7.0 - 100.0)),
        "of three days before"
    );
}

#[test]
fn a_gap_stretches_the_span_and_a_young_series_shortens_it() {
    let gappy = Series::repaired(&[exact(0, 100), exact(240, 340)]);
    let day = of(&gappy, TrendWindow::Day);
    assert_eq!(day.gain.map(|gain| gain.span_ms), Some(10 * MS_OF_A_DAY));
    assert_eq!(day.velocity, Some(24.0));
    let young = Series::repaired(&[exact(0, 100), exact(12, 150)]);
    assert_eq!(of(&young, TrendWindow::Month).velocity, Some(100.0));
    let just = Series::repaired(&[rounded(0, 0), rounded(1, 7)]);
    let found = of(&just, TrendWindow::Day);
    assert_eq!((found.growth, found.log_growth, found.growth_pct_per_hour), (None, None, Some(700.0)));
}

#[test]
fn growth_an_hour_needs_half_an_hour() {
    let after = |minutes: i64| {
        let later = Timestamp::from_ms(at(0).as_ms() + minutes * 60_000);
        let readings = [exact(0, 100), Reading { at: later, ..exact(0, 150) }];
        of(&Series::repaired(&readings), TrendWindow::Day).growth_pct_per_hour
    };
    assert_eq!((after(29), after(30)), (None, Some(100.0)));
}

#[test]
fn a_single_reading_has_views_and_nothing_else() {
    let single = every(1, [5]);
    let found = of(&single, TrendWindow::Week);
    assert_eq!(
        (found.views, found.gain, found.velocity, found.zscore, found.momentum),
        (5, None, None, None, None)
    );
    assert_eq!((found.novelty, found.outlook), (None, None));
    assert_eq!(trend(&of_views(NOTHING, NOTHING), TrendWindow::Day, None), None);
    assert_eq!(trend(&of_views(&single, NOTHING), TrendWindow::Day, Some(at(-1))), None);
}

#[test]
fn as_of_looks_at_nothing_later() {
    let whole = every(24, (0..60).map(|day| 1_000 + day * day));
    let part = every(24, (0..=40).map(|day| 1_000 + day * day));
    for &window in TrendWindow::VARIANTS {
        let then = trend(&of_views(&whole, NOTHING), window, Some(at(40 * 24 + 5)));
        assert_eq!(then, Some(of(&part, window)));
    }
}

#[test]
fn creators_and_videos_are_set_against_views() {
    let (views, creators, videos) = (every(24, [1_000, 1_800]), every(24, [10, 14]), every(24, [20, 40]));
    let input = TrendInput {
        views: &views,
        creators: &creators,
        videos: &videos,
        first_seen: Some(at(24 - 24 * 90)),
        concentration: Some(0.4),
        outlook: None,
    };
    let found = trend(&input, TrendWindow::Day, None).expect("a trend");
    assert_eq!((found.breadth, found.marginal_views), (Some(4.0 / 800.0), Some(40.0)));
    assert_eq!((found.novelty, found.concentration), (Some(0.5), Some(0.4)), "90 days old");
    let still = every(24, [1_000, 1_000]);
    let found = trend(&TrendInput { views: &still, ..input }, TrendWindow::Day, None).expect("a trend");
    assert_eq!((found.breadth, found.marginal_views), (None, Some(0.0)));
}

#[test]
fn a_flip_of_the_last_digit_is_no_outbreak() {
    // Steps of 100,000: nothing for weeks, then one step.
    let readings: Vec<_> =
        (0..30).map(|day| rounded(24 * day, if day < 29 { 5_000_000 } else { 5_100_000 })).collect();
    let found = of(&Series::repaired(&readings), TrendWindow::Day);
    assert!(found.zscore.is_some_and(|z| is_close(z, 6_f64.sqrt())), "{:?}", found.zscore);
}

proptest! {
    #[test]
    fn whatever_is_read_every_number_is_finite(
        steps in prop::collection::vec((1_i64..300, 0_u64..60_000_000), 0..80),
        of_creators in prop::collection::vec((1_i64..300, 0_u64..60), 0..10),
    ) {
        let series = |steps: &[(i64, u64)]| {
            let mut hours = 0;
            let readings: Vec<_> = steps.iter().map(|(more, value)| {
                hours += more;
                rounded(hours, *value)
            }).collect();
            Series::repaired(&readings)
        };
        let (views, others) = (series(&steps), series(&of_creators));
        let input = TrendInput {
            views: &views, creators: &others, videos: &others, first_seen: Some(at(7)), concentration: Some(f64::NAN),
            outlook: None,
        };
        for &window in TrendWindow::VARIANTS {
            let Some(found) = trend(&input, window, None) else { continue };
            let numbers = [
                found.velocity, found.growth, found.growth_pct_per_hour, found.log_growth,
                found.doubling_days, found.acceleration, found.momentum, found.zscore, found.breadth,
                found.marginal_views, found.novelty, found.concentration,
            ];
            prop_assert!(numbers.into_iter().flatten().all(f64::is_finite), "{found:?}");
            prop_assert!(found.velocity.is_none_or(|velocity| velocity >= 0.0));
        }
    }
}
