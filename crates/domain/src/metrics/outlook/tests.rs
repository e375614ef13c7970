//! Outlooks worked out by hand and from their definitions.

use super::*;
use crate::metrics::made_up::{at, every, exact, is_close, rounded};
use crate::metrics::{MS_OF_AN_HOUR, Reading};
use proptest::prelude::*;
use strum::VariantArray;

/// A reading a day, of values that grow by these gains.
fn growing(begin: u64, gains: impl IntoIterator<Item = u64>) -> Series {
    let mut total = begin;
    let later = gains.into_iter().map(|gain| {
        total += gain;
        total
    });
    every(24, std::iter::once(begin).chain(later).collect::<Vec<_>>())
}

fn of(views: &Series) -> Outlook {
    outlook(views, None).expect("an outlook")
}

#[test]
fn pace_is_the_least_of_week_fortnight_and_month() {
    let found = of(&growing(100_000, std::iter::repeat_n(1_000, 40)));
    let [day, month] = [1_000.0 / 140_000.0, (140_000.0_f64 / 112_000.0).ln() / 28.0];
    assert!(found.pace.is_ok_and(|pace| is_close(pace, day.min(month))), "{found:?}");
    assert!(found.surge.is_ok_and(|surge| is_close(surge, 1.0)));
    assert_eq!((found.is_below_step, found.is_breakout(), found.as_of), (false, Some(false), at(40 * 24)));
    // One good day at the end does not last.
    let once = of(&growing(100_000, std::iter::repeat_n(0, 39).chain([10_000])));
    let month = 1.1_f64.ln() / 28.0;
    assert!(once.pace.is_ok_and(|pace| is_close(pace, month)), "{once:?}");
    assert!(once.surge.is_ok_and(|surge| surge > 10.0) && once.is_breakout() == Some(true));
}

#[test]
fn what_is_not_known_is_named() {
    let young = of(&growing(100, [10; 6]));
    assert_eq!((young.pace, young.surge), (Err(Missing::TooYoung), Err(Missing::TooYoung)));
    assert_eq!((young.forecast(), young.rank()), (None, -2.0));
    let week = of(&growing(100, [10; 7]));
    assert!(week.pace.is_ok() && week.surge == Err(Missing::TooYoung));
    assert_eq!(of(&growing(100, [10; 27])).surge, Err(Missing::TooYoung));
    assert!(of(&growing(100, [10; 28])).surge.is_ok());
    assert_eq!(of(&growing(0, [0; 30])).pace, Err(Missing::NoViews));

    let series = growing(100, [10; 40]);
    let moment = |days: i64| Timestamp::from_ms(at(40 * 24).as_ms() + days * MS_OF_A_DAY);
    assert!(of(&series).seen_at(moment(2)).pace.is_ok());
    let stale = of(&series).seen_at(Timestamp::from_ms(moment(2).as_ms() + 1));
    assert_eq!((stale.pace, stale.surge), (Err(Missing::Stale), Err(Missing::Stale)));
    assert_eq!(outlook(&series, Some(moment(3))).expect("an outlook").pace, Err(Missing::Stale));
    assert_eq!(outlook(&Series::EMPTY, None), None);
    assert_eq!(
        Missing::VARIANTS.iter().map(|missing| missing.name()).collect::<Vec<_>>(),
        ["stale", "too_young", "below_resolution", "no_views"]
    );
}

#[test]
fn rounded_counts_need_steps_to_see_a_surge() {
    let readings = |steps: u64| -> Vec<Reading> {
        (0..=40)
            .map(|day| rounded(day * 24, 5_000_000 + 100_000 * steps.min(day.cast_unsigned() / 8)))
            .collect()
    };
    let still = of(&Series::repaired(&readings(0)));
    assert_eq!((still.is_below_step, still.surge, still.rank()), (true, Err(Missing::BelowResolution), -1.0));
    assert_eq!(still.pace, Ok(0.0));
    assert_eq!(still.forecast().map(|found| (found.low, found.high)), Some((0, 100_000)));
    let three = of(&Series::repaired(&readings(4)));
    assert_eq!(
        (three.is_below_step, three.surge),
        (false, Err(Missing::BelowResolution)),
        "3 steps in 28 days"
    );
    let many: Vec<_> =
        (0..=40).map(|day| rounded(day * 24, 5_000_000 + 100_000 * day.cast_unsigned())).collect();
    let found = of(&Series::repaired(&many));
    assert!(found.surge.is_ok_and(|surge| is_close(surge, 1.0)), "{found:?}");
}

/// The formulas of the definition, evaluated naively.
fn naive(views: &Series, now: Timestamp) -> Option<(f64, f64)> {
    let at_day = |days: i64| Timestamp::from_ms(now.as_ms() - days * MS_OF_A_DAY);
    let climbed = |when: Timestamp| {
        let counted: Vec<u64> = views.counted().take_while(|it| it.at <= when).map(|it| it.value).collect();
        let rises = counted.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).sum::<u64>();
        (!counted.is_empty()).then_some(rises as f64)
    };
    let average = |half_life: f64| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for j in 0..=62_i64 {
            let Some(earlier) = climbed(at_day(j + 1)) else { continue };
            let weight = 2_f64.powf(-(j as f64) / half_life);
            sum += weight * (climbed(at_day(j)).unwrap_or(f64::NAN) - earlier);
            weights += weight;
        }
        sum / weights
    };
    let (first, last) = (views.first()?, views.last()?);
    let span = |days: i64| {
        let from = views.at(at_day(days)).unwrap_or(first);
        let gain = climbed(now)? - climbed(from.at)?;
        Some((gain, from.value as f64, (now.as_ms() - from.at.as_ms()) as f64 / MS_OF_A_DAY as f64))
    };
    let log = |days| span(days).map_or(f64::NAN, |(gain, from, days)| (gain / from).ln_1p() / days);
    let pace = [average(7.0) / last.value as f64, log(14), log(28)].into_iter().fold(f64::INFINITY, f64::min);
    let q = last.step as f64;
    let (month, _, days) = span(28)?;
    Some((pace, (average(1.0) + q / 7.0) / (month / days + q / 7.0)))
}

proptest! {
    #[test]
    fn the_fast_outlook_is_that_of_the_definition(
        steps in prop::collection::vec((1_i64..40, 0_u64..3_000_000), 2..120),
        is_exact in any::<bool>(),
    ) {
        let (mut hours, mut total) = (0, 1_000);
        let readings: Vec<Reading> = steps.iter().map(|(more, gain)| {
            (hours, total) = (hours + more, total + gain);
            let shown = total / crate::count::display_step(total) * crate::count::display_step(total);
            if is_exact { exact(hours, total) } else { rounded(hours, shown) }
        }).collect();
        let series = Series::repaired(&readings);
        let found = of(&series);
        let Some((pace, surge)) = naive(&series, found.as_of) else { return Ok(()) };
        if let Ok(own) = found.pace {
            prop_assert!(is_close(own, pace), "{} {}", own, pace);
        } else {
            prop_assert!(found.as_of.as_ms() - series.first().expect("one").at.as_ms() < 7 * 24 * MS_OF_AN_HOUR);
        }
        if let Ok(own) = found.surge {
            prop_assert!(is_close(own, surge), "{} {}", own, surge);
        }
        prop_assert!(found.errors.scale > 0.0 && found.errors.forecasts <= 26);
        prop_assert_eq!(found.forecast().is_some(), found.pace.is_ok());
    }

    #[test]
    fn what_came_later_is_not_looked_at(gains in prop::collection::vec(0_u64..50_000, 60..120), day in 30_i64..59) {
        let whole = growing(10_000, gains.clone());
        let part = growing(10_000, gains.into_iter().take(usize::try_from(day).expect("a day")));
        prop_assert_eq!(outlook(&whole, Some(at(day * 24))), outlook(&part, None));
    }
}
