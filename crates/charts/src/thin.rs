//! Fewer points that look the same: of each column of pixels the first, the lowest, the highest and the last.
//!
//! A line through these four covers the same pixels as one through all of them: the columns are entered and left
//! where they were, and no peak is lost.

use crate::plotted::{Break, Spot};

/// At most four spots for each of `columns` equal parts of the time, in order. What was between two that are kept, a
/// gap above all, is still between them.
pub(crate) fn thinned(spots: &[Spot], times_ms: (i64, i64), columns: usize) -> Vec<Spot> {
    if spots.len() <= columns {
        return spots.to_vec();
    }
    let mut picked = Vec::with_capacity(columns * 2);
    for column in spots.chunk_by(|a, b| column_of(a, times_ms, columns) == column_of(b, times_ms, columns)) {
        push_extremes(column, &mut picked);
    }
    picked
}

fn column_of(spot: &Spot, (first_ms, last_ms): (i64, i64), columns: usize) -> i128 {
    let span = i128::from(last_ms - first_ms).max(1);
    i128::from(spot.at_ms - first_ms) * columns as i128 / span
}

fn push_extremes(column: &[Spot], picked: &mut Vec<Spot>) {
    let by_value = |a: &(usize, &Spot), b: &(usize, &Spot)| a.1.value.total_cmp(&b.1.value);
    let place = |found: Option<(usize, &Spot)>| found.map_or(0, |(at, _)| at);
    let lowest = place(column.iter().enumerate().min_by(by_value));
    let highest = place(column.iter().enumerate().max_by(by_value));
    let mut places = [0, lowest.min(highest), lowest.max(highest), column.len() - 1];
    places.sort_unstable();
    let mut next = 0;
    for place in places {
        if place < next {
            continue;
        }
        let before = column[next..=place].iter().map(|spot| spot.before).max();
        picked.push(Spot { before: before.unwrap_or(column[place].before), ..column[place] });
        next = place + 1;
    }
}

/// Without the points in the middle of a level stretch: the line through the others is the same.
pub(crate) fn without_levels(spots: &[Spot]) -> Vec<Spot> {
    let is_middle = |place: usize| {
        let around = place.checked_sub(1).map(|before| &spots[before]).zip(spots.get(place + 1));
        around.is_some_and(|(before, after)| {
            let level = |other: &Spot| (other.value, other.step) == (spots[place].value, spots[place].step);
            level(before) && level(after) && spots[place].before == Break::None && after.before == Break::None
        })
    };
    (0..spots.len()).filter(|place| !is_middle(*place)).map(|place| spots[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spot(at_ms: i64, value: f64) -> Spot {
        Spot { at_ms, value, step: 0.0, before: Break::None }
    }

    #[test]
    fn peaks_and_gaps_are_retained() {
        let mut spots: Vec<Spot> = (0..10_000).map(|at| spot(at, 1.0)).collect();
        spots[4321].value = 9.0;
        spots[4322].value = -9.0;
        spots[7777].before = Break::Gap;
        let thin = thinned(&spots, (0, 9_999), 100);
        assert!(thin.len() <= 404, "{}", thin.len());
        assert!(thin.contains(&spots[4321]) && thin.contains(&spots[4322]));
        assert_eq!(thin.iter().filter(|spot| spot.before == Break::Gap).count(), 1);
        assert_eq!((thin.first(), thin.last()), (spots.first(), spots.last()));
    }

    #[test]
    fn level_stretches_keep_their_ends() {
        let values = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0];
        let mut spots: Vec<Spot> = (0..).zip(values).map(|(at, value)| spot(at, value)).collect();
        spots[5].before = Break::Gap;
        let picked: Vec<i64> = without_levels(&spots).iter().map(|spot| spot.at_ms).collect();
        assert_eq!(picked, [0, 2, 3, 4, 5, 7]);
    }

    #[test]
    fn few_points_are_left_alone() {
        let spots = [spot(0, 1.0), spot(1, 2.0), spot(1, 3.0)];
        assert_eq!(thinned(&spots, (0, 1), 100), spots);
    }

    proptest! {
        #[test]
        fn each_column_keeps_its_ends_and_extremes(
            values in prop::collection::vec(-5_i32..5, 1..400),
            columns in 1_usize..40,
        ) {
            let spots: Vec<Spot> = (0..).zip(&values).map(|(at, value)| spot(at, f64::from(*value))).collect();
            let times = (0, spots.len() as i64 - 1);
            let thin = thinned(&spots, times, columns);
            prop_assert!(thin.is_sorted_by_key(|spot| spot.at_ms));
            for column in 0..=columns as i128 {
                let of = |spots: &[Spot]| -> Vec<Spot> {
                    spots.iter().filter(|spot| column_of(spot, times, columns) == column).copied().collect()
                };
                let (all, some) = (of(&spots), of(&thin));
                let extremes = |spots: &[Spot]| {
                    let values = || spots.iter().map(|spot| spot.value);
                    (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max))
                };
                prop_assert_eq!(extremes(&all), extremes(&some));
                prop_assert_eq!((all.first(), all.last()), (some.first(), some.last()));
                prop_assert!(some.len() <= 4 || spots.len() <= columns);
            }
        }
    }
}
