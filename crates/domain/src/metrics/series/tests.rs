//! The repair and the gains, on made-up readings and against every way there is.

use super::*;
use crate::count::COUNT_MAX;
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

fn counted(series: &Series) -> Vec<u64> {
    series.counted().map(|reading| reading.value).collect()
}

fn repairs(series: &Series) -> Vec<Option<Repair>> {
    series.points().iter().map(|point| point.repair).collect()
}

#[test]
fn nothing_and_a_single_reading_are_taken_as_they_are() {
    assert_eq!((series(&[]).last(), series(&[]).gain(EVER[0], EVER[1])), (None, None));
    let one = series(&[5]);
    assert_eq!(one.last().map(|reading| reading.value), Some(5));
    assert_eq!(one.gain(EVER[0], EVER[1]), None);
}

#[test]
fn a_fall_that_comes_back_is_a_bounce_and_one_that_stays_is_a_fall() {
    let bounced = series(&[9_000, 9_100, 8_000, 8_100, 9_100, 9_200]);
    let bounce = Some(Repair::Bounce);
    assert_eq!(repairs(&bounced), [None, None, bounce, bounce, None, None]);
    assert_eq!(counted(&bounced), [9_000, 9_100, 9_100, 9_200]);
    assert_eq!(bounced.repairs()[2], (Repair::Bounce, 2));

    let mut values: Vec<u64> = (0..30).map(|more| 9_000 + more).collect();
    values.extend((0..25).map(|more| 8_000 + more));
    let fallen = series(&values);
    assert_eq!(fallen.points()[30].repair, Some(Repair::Fall));
    assert_eq!(counted(&fallen), values);
    let all = fallen.gain(EVER[0], EVER[1]).expect("a gain");
    assert_eq!((all.gain, all.falls, all.is_repaired), (29 + 24, 1, true));

    let young = series(&values[..54]);
    assert_eq!(counted(&young), values[..30], "72 hours have not passed");
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
fn of_equal_ways_the_higher_readings_are_retained() {
    assert_eq!(counted(&series(&[1, 3, 2])), [1, 3]);
    assert_eq!(counted(&series(&[10, 11, 10, 12])), [10, 11, 12]);
}

#[test]
fn a_lone_high_reading_is_left_out_and_the_newest_that_fits_the_past_is_retained() {
    let end = [142_600, 343_100, 142_800, 142_900, 343_500, 143_200];
    let mut values = vec![142_500; 8];
    values.extend(end);
    let cut = series(&values);
    let bounce = Some(Repair::Bounce);
    assert_eq!(repairs(&cut)[8..], [None, bounce, None, None, bounce, None]);
    assert_eq!(cut.last().map(|last| last.value), Some(143_200));
    assert_eq!(cut.gain(EVER[0], EVER[1]).map(|gain| gain.gain), Some(700));
    assert_eq!(counted(&series(&[100, 110, 500, 120])), [100, 110, 120], "however small");
    assert_eq!(counted(&series(&[100, 110, 110, 500, 120, 119, 121])), [100, 110, 110, 120, 121]);
}

#[test]
fn a_jump_waits_for_a_second_reading() {
    let jump = [142_500, 142_800, 142_900, 343_500];
    let waiting = series(&jump);
    assert_eq!(repairs(&waiting)[3], Some(Repair::Unconfirmed));
    assert_eq!(waiting.unconfirmed().map(|point| point.observed), Some(343_500));
    assert_eq!(waiting.repairs()[Repair::Unconfirmed as usize], (Repair::Unconfirmed, 1));
    assert_eq!(waiting.last().map(|last| last.value), Some(142_900));

    for second in [343_400, 343_500, 400_000] {
        let confirmed = series(&[&jump[..], &[second]].concat());
        assert_eq!(
            (confirmed.unconfirmed(), confirmed.last().map(|last| last.value >= 343_500)),
            (None, Some(true))
        );
    }
    let twice = series(&[&jump[..], &[800_000]].concat());
    assert_eq!(counted(&twice), jump, "the second confirms the first, and is a jump itself");
    assert_eq!(twice.unconfirmed().map(|point| point.observed), Some(800_000));
}

#[test]
fn what_is_no_jump_counts_at_once() {
    for ends in [[142_900, 285_800], [1, 9_999], [0, 50_000]] {
        assert_eq!(counted(&series(&ends)), ends, "twice as much; young; from nothing");
    }
    let later =
        |hours, value| counted(&Series::repaired(&[rounded(0, 100_000), rounded(hours, value)])).len();
    assert_eq!((later(24, 200_100), later(47, 200_100)), (1, 1), "a day doubles");
    assert_eq!((later(48, 400_000), later(48, 400_100)), (2, 1), "and two days once more");
    assert_eq!(later(24 * 70, 50_000_000_000), 2, "over months everything may have happened");
}

#[test]
fn a_gain_never_exceeds_the_total() {
    let mut values = vec![90_000; 30];
    values.extend([1_000; 30]);
    values.extend([80_000; 30]);
    values.extend([2_000; 30]);
    values.extend([70_000; 30]);
    let fallen = series(&values);
    assert_eq!(fallen.repairs()[Repair::Fall as usize].1, 2);
    let all = fallen.gain(EVER[0], EVER[1]).expect("a gain");
    assert_eq!((all.gain, all.to.value), (70_000, 70_000), "147,000 were gained, most of them lost again");
}

#[test]
fn zeros_and_numbers_off_their_step_are_repaired() {
    let mixed = series(&[16_300_000, 0, 16_399_999, 16_400_000]);
    assert_eq!(repairs(&mixed), [None, Some(Repair::LostReading), Some(Repair::OffStep), None]);
    assert_eq!(counted(&mixed), [16_300_000, 16_400_000, 16_400_000]);
    assert_eq!(mixed.points()[2].observed, 16_399_999);
    let whole = Series::unrepaired(&readings(&[16_300_000, 0, 16_399_999]));
    assert_eq!(counted(&whole), [16_300_000, 0, 16_399_999]);
    assert_eq!(counted(&series(&[0, 0, 7])), [0, 0, 7], "0 before anything else is a number");
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
    assert_eq!(counted(&mixed), [16_412_345, 16_460_001]);
    assert_eq!(repairs(&mixed), [None; 5]);
}

#[test]
fn readings_out_of_order_are_put_in_order() {
    let mut mixed = readings(&[10, 20, 30]);
    mixed.swap(0, 2);
    assert_eq!(counted(&Series::repaired(&mixed)), [10, 20, 30]);
}

#[test]
fn exact_numbers_are_left_alone_unless_their_source_is_seen_to_round() {
    let of = |values: &[u64]| {
        let readings: Vec<Reading> = (0..).zip(values).map(|(hour, value)| exact(hour, *value)).collect();
        Series::repaired(&readings)
    };
    assert_eq!(counted(&of(&[12_399, 12_401])), [12_399, 12_401], "one exact count in a hundred ends so");
    assert_eq!(counted(&of(&[16_399_999])), [16_400_000], "of these only one in 100,000");
    let rounding = of(&[10_100, 10_200, 10_300, 10_400, 10_500, 10_600, 10_700, 10_800, 10_899]);
    assert_eq!(rounding.last().map(|last| (last.value, last.step)), Some((10_900, 100)));
    assert_eq!(of(&[9_999]).last().map(|last| last.value), Some(9_999), "no step, nothing off it");
}

#[test]
fn a_count_beside_the_step_is_exact_also_where_its_source_rounds() {
    let values: Vec<u64> = (11..=40).map(|n| n * 100_000).chain([4_001_000, 4_100_000]).collect();
    let mixed = series(&values);
    let steps: Vec<u64> = mixed.points().iter().rev().take(3).map(|point| point.step).collect();
    assert_eq!(steps, [100_000, 1, 100_000]);
    let (exact_at, last_at) = (at(90), at(93));
    let gain = mixed.gain(exact_at, last_at).expect("a gain");
    assert!(gain.gain == 99_000 && gain.is_below_resolution, "the later end is rounded");
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

/// The readings that no neighbour makes a lone high, by looking at all of them each time.
fn without_lone_highs(readings: &[(i64, u64)]) -> Vec<(i64, u64)> {
    let mut sound: Vec<(i64, u64)> = Vec::new();
    for (number, &(hour, value)) in readings.iter().enumerate() {
        let newest = sound.last().copied();
        let near = sound.iter().filter(|(then, _)| hour - then <= BOUNCE_HOURS_MAX);
        let level = near.chain(&newest).map(|(_, value)| *value).max();
        let is_lone = match (level, readings.get(number + 1)) {
            (None, _) => false,
            (Some(level), Some(&(_, next))) => 10 * value > 11 * level && 2 * next < level + value,
            (Some(level), None) => {
                let days = newest.map_or(0, |(then, _)| (hour - then) / 24).max(1);
                let limit = u128::from(level) << days.min(60);
                level > 0 && value >= 10_000 && u128::from(value) > limit
            }
        };
        if !is_lone {
            sound.push((hour, value));
        }
    }
    sound
}

/// The hours that each reading stands for.
fn stand_for(readings: &[(i64, u64)]) -> Vec<i64> {
    let gap = |place: usize| (readings[place].0 - readings[place - 1].0).min(24);
    let last = readings.len() - 1;
    let before = |place: usize| gap(place.max(1));
    let after = |place: usize| if place < last { gap(place + 1) } else { gap((last - 1).max(1)) };
    (0..=last).map(|place| before(place).min(after(place))).collect()
}

/// The hours that some readings keep.
fn worth(counted: impl Iterator<Item = (i64, u64)>) -> i64 {
    let counted: Vec<(i64, u64)> = counted.collect();
    let falls = counted.windows(2).filter(|pair| pair[1].1 < pair[0].1).count();
    counted.iter().map(|(hours, _)| hours).sum::<i64>() - i64::try_from(falls).unwrap() * BOUNCE_HOURS_MAX
}

/// Values that are near one another, or ten to a thousand times that.
fn uneven() -> impl Strategy<Value = u64> {
    (1_u64..12, prop::sample::select(vec![1_u64, 1, 1, 10, 1_000, 5_000]))
        .prop_map(|(value, factor)| value * factor)
}

proptest! {
    #[test]
    fn no_way_of_leaving_readings_out_keeps_more(
        values in prop::collection::vec(uneven(), 2..13),
        gaps in prop::collection::vec(prop::sample::select(vec![1_i64, 3, 3, 24, 30, 100]), 13),
    ) {
        let mut hour = 0;
        let readings: Vec<(i64, u64)> = values.iter().zip(&gaps).map(|(value, gap)| {
            hour += gap;
            (hour, *value)
        }).collect();
        let given: Vec<Reading> = readings.iter().map(|(hour, value)| exact(*hour, *value)).collect();
        let series = Series::repaired(&given);
        let sound = without_lone_highs(&readings);
        let counted: Vec<(i64, u64)> = series.counted().map(|it| ((it.at.as_ms() - at(0).as_ms()) / 3_600_000, it.value)).collect();
        prop_assert!(counted.iter().all(|reading| sound.contains(reading)), "{:?} of {:?}", counted, sound);
        if sound.len() < 2 {
            prop_assert_eq!(counted, sound);
            return Ok(());
        }
        let hours = stand_for(&sound);
        let weighed = || sound.iter().zip(&hours);
        let best = (0_u32..1 << sound.len()).map(|way| {
            worth(weighed().enumerate().filter(|(n, _)| way >> n & 1 == 1).map(|(_, (it, hours))| (*hours, it.1)))
        });
        let ours = worth(weighed().filter(|(it, _)| counted.contains(it)).map(|(it, hours)| (*hours, it.1)));
        prop_assert_eq!(Some(ours), best.max());
    }

    #[test]
    fn no_gain_of_any_prefix_exceeds_the_total(values in prop::collection::vec(uneven(), 1..60)) {
        let readings = readings(&values);
        for end in 1..=readings.len() {
            let series = Series::repaired(&readings[..end]);
            let total = series.last().expect("the first reading is kept").value;
            for from in &readings[..end] {
                let gain = series.gain(from.at, EVER[1]);
                prop_assert!(gain.is_none_or(|gain| gain.gain <= total), "{:?} of {}", gain, total);
            }
        }
    }

    #[test]
    fn gains_add_up_and_nothing_observed_is_lost(
        values in prop::collection::vec(0_u64..2_000_000, 1..120),
        cut in 0_i64..400,
    ) {
        let series = series(&values);
        prop_assert!(series.points().iter().map(|point| point.observed).eq(values.iter().copied()));
        let counted = counted(&series);
        let climbed: u64 = counted.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).sum();
        let all = series.gain(EVER[0], EVER[1]);
        let total = counted.last().copied().unwrap_or(0);
        prop_assert_eq!(all.map_or(0, |all| all.gain), climbed.min(total));
        let [one, other] = [(EVER[0], at(cut)), (at(cut), EVER[1])].map(|(from, to)| series.gain(from, to));
        let parts = one.map_or(0, |one| one.gain) + other.map_or(0, |one| one.gain);
        let fits = if climbed <= total { parts == climbed } else { parts >= total };
        prop_assert!(fits, "{} of {}, {}", parts, climbed, total);
        let first = series.first().map(|first| first.at);
        let later = series.points().iter().filter(|point| Some(point.at) >= first);
        let is_repaired = later.into_iter().any(|point| point.repair.is_some());
        prop_assert!(all.is_none_or(|all| all.is_repaired == is_repaired));
        let whole = Series::unrepaired(&readings(&values));
        prop_assert!(whole.counted().map(|reading| reading.value).eq(values.iter().copied()));
    }

    #[test]
    fn rises_are_summed_exactly_however_large(
        values in prop::collection::vec(prop::sample::select(vec![0, 1, COUNT_MAX - 1, COUNT_MAX]), 1..3_000),
    ) {
        let series = Series::unrepaired(&readings(&values));
        let climbed: u128 = values.windows(2).map(|pair| u128::from(pair[1].saturating_sub(pair[0]))).sum();
        prop_assert_eq!(series.climbed(EVER[1]), Some(climbed));
        let total = values.last().copied().unwrap_or(0);
        let gain = series.gain(EVER[0], EVER[1]).map_or(0, |all| all.gain);
        prop_assert_eq!(u128::from(gain), climbed.min(total.into()));
    }

    #[test]
    fn what_never_falls_is_retained_whole(mut values in prop::collection::vec(1_u64..9_000, 1..200)) {
        values.sort_unstable();
        let series = series(&values);
        prop_assert_eq!(counted(&series), values);
        prop_assert!(series.repairs().iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn repairing_what_is_retained_again_changes_nothing(values in prop::collection::vec(1_u64..40, 1..80)) {
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
        prop_assert_eq!(counted(&Series::repaired(&again)), counted(&once));
    }
}
