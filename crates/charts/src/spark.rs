//! Lines of text that show a course: `▁▂▄▇█`.

use crate::ticks::as_f64;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A value that nothing is compared with stands in the middle.
const MIDDLE: char = '▄';

/// A character for each value, from the lowest `▁` to the highest `█`; a space where there is none.
///
/// ```
/// assert_eq!(charts::sparkline(&[Some(1.0), Some(2.0), None, Some(8.0)]), "▁▂ █");
/// ```
pub fn sparkline(values: &[Option<f64>]) -> String {
    // What is no number is no reading. Halves, since the distance between two numbers may be too large for one.
    let halves = values.iter().map(|value| value.filter(|value| value.is_finite()).map(|value| value / 2.0));
    let halves: Vec<Option<f64>> = halves.collect();
    let low = halves.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = halves.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    halves.iter().map(|half| half.map_or(' ', |half| block((half - low) / (high - low)))).collect()
}

/// The same in at most `width` characters: where there are more values, each character is the mean of those that
/// fall to it.
pub fn sparkline_to(values: &[Option<f64>], width: usize) -> String {
    if values.len() <= width {
        return sparkline(values);
    }
    let part = |number: usize| number * values.len() / width;
    let means: Vec<Option<f64>> =
        (0..width).map(|number| mean(&values[part(number)..part(number + 1)])).collect();
    sparkline(&means)
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    let count = as_f64(known.len());
    (!known.is_empty()).then(|| known.iter().map(|value| value / count).sum())
}

/// The block at a share of the height, which is no number if all values are the same.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of eight blocks")]
fn block(share: f64) -> char {
    if share.is_nan() {
        return MIDDLE;
    }
    let place = (share * as_f64(BLOCKS.len() - 1)).round() as usize;
    BLOCKS.get(place).copied().unwrap_or(MIDDLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> String {
        sparkline(&values.iter().map(|value| Some(*value)).collect::<Vec<_>>())
    }

    #[test]
    fn the_lowest_and_the_highest_are_the_ends() {
        assert_eq!(of(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), "▁▂▃▄▅▆▇█");
        assert_eq!(of(&[-3.0, 4.0]), "▁█");
        assert_eq!(of(&[5.0, 5.0]), "▄▄");
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[f64::MIN, 0.0, f64::MAX]), "▁▅█");
    }

    #[test]
    fn a_gap_is_a_space() {
        assert_eq!(sparkline(&[None, Some(1.0), None, Some(2.0), Some(f64::NAN)]), " ▁ █ ");
        assert_eq!(sparkline(&[None, None]), "  ");
    }

    #[test]
    fn many_values_are_drawn_together() {
        let values: Vec<Option<f64>> =
            (0..1000_u32).map(|at| (!(500..750).contains(&at)).then(|| f64::from(at))).collect();
        assert_eq!(sparkline_to(&values, 8), "▁▂▃▄  ▇█");
        assert_eq!(sparkline_to(&values[..3], 8), "▁▅█");
        assert_eq!(sparkline_to(&values, 0), "");
    }

    proptest! {
        #[test]
        fn there_is_a_character_for_each_value(
            values in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..50),
            width in 0_usize..60,
        ) {
            prop_assert_eq!(sparkline(&values).chars().count(), values.len());
            prop_assert_eq!(sparkline_to(&values, width).chars().count(), values.len().min(width));
        }
    }
}
