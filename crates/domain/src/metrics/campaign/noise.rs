//! The noise of a sum of daily gains: runs of days of the baseline are drawn with replacement, since days beside each other
//! resemble one another. The draws are the same every time.

use super::super::quantiles::quantile;
use super::super::splitmix::{SEED, below};
use super::line::{Line, Rate};

/// Draws of an interval.
const DRAWS: usize = 1_000;
/// Longest run of days that is drawn as one.
const BLOCK_DAYS_MAX: f64 = 7.0;
/// Square of the 97.5 % quantile of the standard normal distribution.
const Z_SQUARED: f64 = 3.841_458_821;

/// Returns the middle 95 % of how far the gain of so many days may be off the line: the days are off by themselves, and the
/// line is off since its own days were. (0, 0) where every rate is on the line.
pub(super) fn noise(line: &Line, rates: &[Rate], days: f64) -> (f64, f64) {
    let block = block_days(line);
    let widened = of_few_runs(line.days / block);
    let off = |rate: &Rate| (rate.days, line.residual(rate) * widened);
    let off: Vec<(f64, f64)> = rates.iter().map(off).collect();
    let mut state = SEED;
    let mut sums: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let ahead = draw(&mut state, &off, block, days);
            ahead - days / line.days * draw(&mut state, &off, block, line.days)
        })
        .collect();
    sums.sort_unstable_by(f64::total_cmp);
    let end = |share| quantile(&sums, share).unwrap_or(0.0);
    (end(0.025).min(0.0), end(0.975).max(0.0))
}

/// Draws of few runs vary too little: √(b / (b - 1)) of b runs, and Student's 97.5 % quantile of b - 1 degrees of freedom over
/// that of the normal distribution, by the first terms of its expansion.
fn of_few_runs(runs: f64) -> f64 {
    const FIRST: f64 = (Z_SQUARED + 1.0) / 4.0;
    const SECOND: f64 = (5.0 * Z_SQUARED * Z_SQUARED + 16.0 * Z_SQUARED + 3.0) / 96.0;
    let free = (runs - 1.0).max(1.0);
    (runs / free).sqrt() * (1.0 + FIRST / free + SECOND / (free * free))
}

/// Longest run that is drawn as one, in days: a quarter of the baseline, at most [`BLOCK_DAYS_MAX`].
fn block_days(line: &Line) -> f64 {
    (line.days / 4.0).clamp(1.0, BLOCK_DAYS_MAX)
}

/// Draws runs of residuals until they fill so many days, and returns their sum.
fn draw(state: &mut u64, off: &[(f64, f64)], block_days: f64, days: f64) -> f64 {
    let (mut sum, mut rest) = (0.0, days);
    while rest > 0.0 {
        let (mut place, mut block) = (below(state, off.len()), block_days);
        while block > 0.0 && rest > 0.0 {
            let Some((length, residual)) = off.get(place % off.len().max(1)) else { return sum };
            let taken = length.min(rest);
            sum += residual * taken;
            (rest, block, place) = (rest - taken, block - length, place + 1);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(values: &[f64]) -> Vec<Rate> {
        (0..)
            .zip(values)
            .map(|(at, per_day)| Rate { at: f64::from(at), days: 1.0, per_day: *per_day })
            .collect()
    }

    #[test]
    fn even_days_have_no_noise_and_uneven_ones_more_over_more_days() {
        let even = rates(&[5.0; 14]);
        let line = Line::of(&even).expect("a line");
        assert_eq!(noise(&line, &even, 30.0), (0.0, 0.0));
        let values: Vec<f64> = (0..28).map(|day| f64::from(day * 7919 % 97)).collect();
        let uneven = rates(&values);
        let line = Line { slope: 0.0, ..Line::of(&uneven).expect("a line") };
        let (week, month) = (noise(&line, &uneven, 7.0), noise(&line, &uneven, 30.0));
        assert!(month.0 < week.0 && week.0 < 0.0 && 0.0 < week.1 && week.1 < month.1, "{week:?} {month:?}");
        assert_eq!(noise(&line, &uneven, 7.0), week, "the same every time");
    }
}
