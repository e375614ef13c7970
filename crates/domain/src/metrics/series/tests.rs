//! The repair and the gains, on made-up readings and against every way there is.

use super::*;
use crate::metrics::made_up::{at, exact, rounded};
use proptest::prelude::*;

/// The beginning and the end of all time.
const EVER: [Timestamp; 2] = [Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX)];

/// Web readings three hours apart.
fn series(values: &[u64]) -> Series {
    Series::repaired(&readings(values))
}

fn readings(values: &[u64]) -> Vec<Reading> {
    (0..).zip(values).map(|(number, value)| rounded(number * 3, *value)).collect()
}

fn kept(series: &Series) -> Vec<u64> {
    series.standings().map(|standing| standing.value).collect()
}

fn repairs(series: &Series) -> Vec<Option<Repair>> {
    series.points().iter().map(|point| point.repair).collect()
}

#[test]
fn nothing_and_a_single_reading_are_taken_as_they_are() {
    assert_eq!((series(&[]).last(), series(&[]).gain(EVER[0], EVER[1])), (None, None));
    let one = series(&[5]);
    assert_eq!(one.last().map(|standing| standing.value), Some(5));
    assert_eq!(one.gain(EVER[0], EVER[1]), None);
}

#[test]
fn a_fall_that_comes_back_is_a_bounce_and_one_that_stays_is_a_fall() {
    let bounced = series(&[9_000, 9_100, 8_000, 8_100, 9_100, 9_200]);
    let bounce = Some(Repair::Bounce);
    assert_eq!(repairs(&bounced), [None, None, bounce, bounce, None, None]);
    assert_eq!(kept(&bounced), [9_000, 9_100, 9_100, 9_200]);
    assert_eq!(bounced.repairs()[2], (Repair::Bounce, 2));

    let mut values: Vec<u64> = (0..30).map(|more| 9_000 + more).collect();
    values.extend((0..25).map(|more| 8_000 + more));
    let fallen = series(&values);
    assert_eq!(fallen.points()[30].repair, Some(Repair::Fall));
    assert_eq!(kept(&fallen), values);
    let all = fallen.gain(EVER[0], EVER[1]).expect("a gain");
    assert_eq!((all.gain, all.falls, all.is_repaired), (29 + 24, 1, true));

    let young = series(&values[..54]);
    assert_eq!(kept(&young), values[..30], "72 hours have not passed");
}

#[test]
fn a_rise_that_is_taken_back_is_a_bounce_also_after_a_fall() {
    let spiked = series(&[9_000, 9_100, 30_000, 9_099, 9_100, 9_200]);
    let bounce = Some(Repair::Bounce);
    assert_eq!(repairs(&spiked), [None, None, bounce, bounce, None, None]);

    let mut values = vec![9_000; 30];
    values.extend([8_000; 8]);
    values.push(30_000);
    values.extend([8_100; 20]);
    let fallen = series(&values);
    assert_eq!(fallen.points()[30].repair, Some(Repair::Fall));
    assert_eq!(fallen.points()[38].repair, Some(Repair::Bounce));
    let all = fallen.gain(EVER[0], EVER[1]).expect("a gain");
    assert_eq!((all.gain, all.falls), (100, 1));
}

#[test]
fn of_equal_ways_the_higher_readings_are_kept() {
    assert_eq!(kept(&series(&[1, 3, 2])), [1, 3]);
    assert_eq!(kept(&series(&[1, 5, 2, 6])), [1, 5, 6]);
}

#[test]
fn zeros_and_numbers_off_their_step_are_repaired() {
    let mixed = series(&[16_300_000, 0, 16_399_999, 16_400_000]);
    assert_eq!(repairs(&mixed), [None, Some(Repair::LostReading), Some(Repair::OffStep), None]);
    assert_eq!(kept(&mixed), [16_300_000, 16_400_000, 16_400_000]);
    assert_eq!(mixed.points()[2].observed, 16_399_999);
    let whole = Series::unrepaired(&readings(&[16_300_000, 0, 16_399_999]));
    assert_eq!(kept(&whole), [16_300_000, 0, 16_399_999]);
    assert_eq!(kept(&series(&[0, 0, 7])), [0, 0, 7], "0 before anything else is a number");
}

#[test]
fn of_the_same_moment_the_finest_counts_and_a_rounded_number_is_no_fall() {
    let mixed = Series::repaired(&[
        rounded(0, 16_400_000),
        exact(0, 16_412_345),
        rounded(1, 16_400_000),
        rounded(2, 16_500_000),
        exact(3, 16_460_001),
    ]);
    assert_eq!(kept(&mixed), [16_412_345, 16_460_001]);
    assert_eq!(repairs(&mixed), [None; 5]);
}

#[test]
fn readings_out_of_order_are_put_in_order() {
    let mut mixed = readings(&[10, 20, 30]);
    mixed.swap(0, 2);
    assert_eq!(kept(&Series::repaired(&mixed)), [10, 20, 30]);
}

#[test]
fn exact_numbers_are_left_alone_unless_their_source_is_seen_to_round() {
    let of = |values: &[u64]| {
        let readings: Vec<Reading> = (0..).zip(values).map(|(hour, value)| exact(hour, *value)).collect();
        Series::repaired(&readings)
    };
    assert_eq!(kept(&of(&[12_399, 12_401])), [12_399, 12_401], "one exact count in a hundred ends so");
    assert_eq!(kept(&of(&[16_399_999])), [16_400_000], "of these only one in 100,000");
    let rounding = of(&[10_100, 10_200, 10_300, 10_400, 10_500, 10_600, 10_700, 10_800, 10_899]);
    assert_eq!(rounding.last().map(|last| (last.value, last.step)), Some((10_900, 100)));
    assert_eq!(of(&[9_999]).last().map(|last| last.value), Some(9_999), "no step, nothing off it");
}

#[test]
fn a_gain_says_its_real_span_and_what_it_cannot_tell() {
    let gappy = series(&[1_200_000, 1_200_000, 1_300_000]);
    let gain = gappy.gain(at(4), at(100)).expect("a gain");
    assert_eq!((gain.from.at, gain.to.at, gain.span_ms), (at(3), at(6), 3 * 3_600_000));
    assert_eq!((gain.gain, gain.is_below_resolution, gain.is_repaired), (100_000, false, false));
    let flat = gappy.gain(at(0), at(3)).expect("a gain");
    assert!(flat.gain == 0 && flat.is_below_resolution);
    let exact = Series::repaired(&[exact(0, 5), exact(1, 5)]);
    assert!(!exact.gain(at(0), at(1)).expect("a gain").is_below_resolution, "0 to the last digit is 0");
    assert_eq!(gappy.gain(at(6), at(100)), None, "the same reading at both ends");
    assert_eq!(gappy.at(at(-1)), None);
}

/// What is kept, by trying every way there is.
fn best_worth(values: &[u64], stands_for: i64) -> i64 {
    let ways = 0_u32..1 << values.len();
    let worth = |way: u32| {
        let kept: Vec<u64> = (0..values.len()).filter(|n| way >> n & 1 == 1).map(|n| values[n]).collect();
        let falls = kept.windows(2).filter(|pair| pair[1] < pair[0]).count();
        i64::try_from(kept.len()).unwrap() * stands_for - i64::try_from(falls).unwrap() * BOUNCE_HOURS_MAX
    };
    ways.map(worth).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_way_of_leaving_readings_out_keeps_more(
        values in prop::collection::vec(1_u64..12, 2..13),
        hours in prop::sample::select(vec![3_i64, 24, 30, 100]),
    ) {
        let readings: Vec<Reading> =
            (0..).zip(&values).map(|(number, value)| rounded(number * hours, *value)).collect();
        let series = Series::repaired(&readings);
        let falls = series.repairs()[Repair::Fall as usize].1;
        let stands_for = hours.min(24);
        let worth = i64::try_from(series.kept()).unwrap() * stands_for
            - i64::try_from(falls).unwrap() * BOUNCE_HOURS_MAX;
        prop_assert_eq!(worth, best_worth(&values, stands_for));
    }

    #[test]
    fn gains_add_up_and_nothing_observed_is_lost(
        values in prop::collection::vec(0_u64..2_000_000, 1..120),
        cut in 0_i64..400,
    ) {
        let series = series(&values);
        prop_assert!(series.points().iter().map(|point| point.observed).eq(values.iter().copied()));
        let kept = kept(&series);
        let climbed: u64 = kept.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).sum();
        let all = series.gain(EVER[0], EVER[1]);
        prop_assert_eq!(all.map_or(0, |all| all.gain), climbed);
        let [one, other] = [(EVER[0], at(cut)), (at(cut), EVER[1])].map(|(from, to)| series.gain(from, to));
        prop_assert_eq!(one.map_or(0, |one| one.gain) + other.map_or(0, |one| one.gain), climbed);
        let first = series.first().map(|first| first.at);
        let later = series.points().iter().filter(|point| Some(point.at) >= first);
        let is_repaired = later.into_iter().any(|point| point.repair.is_some());
        prop_assert!(all.is_none_or(|all| all.is_repaired == is_repaired));
        let whole = Series::unrepaired(&readings(&values));
        prop_assert!(whole.standings().map(|standing| standing.value).eq(values.iter().copied()));
    }

    #[test]
    fn what_never_falls_is_kept_whole(mut values in prop::collection::vec(1_u64..9_000, 1..200)) {
        values.sort_unstable();
        let series = series(&values);
        prop_assert_eq!(kept(&series), values);
        prop_assert!(series.repairs().iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn repairing_what_is_kept_again_changes_nothing(values in prop::collection::vec(1_u64..40, 1..80)) {
        let once = series(&values);
        let again: Vec<Reading> = once
            .points()
            .iter()
            .filter_map(|point| Some(Reading {
                at: point.at,
                count: Count::rounded(point.value?)?,
                source: point.source,
            }))
            .collect();
        prop_assume!(once.repairs()[Repair::Fall as usize].1 == 0);
        prop_assert_eq!(kept(&Series::repaired(&again)), kept(&once));
    }
}
