//! Published tables: observed frequencies of outcomes, by pace or surge.

use serde::{Deserialize, Serialize};

/// Lower bounds of the cells of [`Odds::top_tenth`] but the first, as percentiles of pace.
pub const PACE_BOUNDS: [f64; 7] = [0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98];

/// Lower bounds of the cells by surge but the first.
pub const SURGE_BOUNDS: [f64; 8] = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0];

/// Origin of the published tables.
pub const PUBLISHED_ON: &str = "learned on 377 book hashtags";

/// Tag-days with a known surge and a known week after them that a store needs for tables of its own.
pub const OWN_TAG_DAYS_MIN: u64 = 10_000;

/// Probabilities by percentile of pace and by surge, and what they were learned on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Odds {
    /// To be in the tenth that grows most over the next 7 days, by percentile of pace among all that are tracked.
    pub top_tenth: [f64; PACE_BOUNDS.len() + 1],
    /// That the next 7 days bring 3 times the usual week or more, by surge.
    pub triple: [f64; SURGE_BOUNDS.len() + 1],
    /// That they bring 2 times the usual week or more, by surge.
    pub double: [f64; SURGE_BOUNDS.len() + 1],
    /// That they bring half of the usual week or less, by surge.
    pub half: [f64; SURGE_BOUNDS.len() + 1],
    /// Such as "learned on 377 book hashtags".
    pub learned_on: String,
}

impl Default for Odds {
    fn default() -> Self {
        Self {
            top_tenth: [0.03, 0.03, 0.06, 0.13, 0.22, 0.43, 0.68, 0.84],
            triple: [0.04, 0.04, 0.04, 0.03, 0.04, 0.06, 0.10, 0.24, 0.28],
            double: [0.07, 0.07, 0.07, 0.07, 0.08, 0.13, 0.23, 0.38, 0.42],
            half: [0.77, 0.38, 0.19, 0.12, 0.10, 0.11, 0.15, 0.12, 0.13],
            learned_on: PUBLISHED_ON.to_owned(),
        }
    }
}

/// The probabilities that go with a surge, over the next 7 days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurgeOdds {
    /// 3 times the usual week or more.
    pub triple: f64,
    /// 2 times the usual week or more.
    pub double: f64,
    /// Half of the usual week or less.
    pub half: f64,
}

impl Odds {
    /// The probability to be in the top tenth of growth, by the percentile of pace among all, 0 to 1.
    pub fn of_pace(&self, percentile: f64) -> f64 {
        self.top_tenth[cell(&PACE_BOUNDS, percentile)]
    }

    /// The probabilities that go with a surge.
    pub fn of_surge(&self, surge: f64) -> SurgeOdds {
        let at = cell(&SURGE_BOUNDS, surge);
        SurgeOdds { triple: self.triple[at], double: self.double[at], half: self.half[at] }
    }
}

/// The cell that a value falls into: how many bounds it reaches.
pub fn cell(bounds: &[f64], value: f64) -> usize {
    bounds.partition_point(|bound| *bound <= value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_begins_with_its_bound() {
        let odds = Odds::default();
        assert_eq!((odds.of_pace(0.0), odds.of_pace(0.949), odds.of_pace(0.95)), (0.03, 0.43, 0.68));
        assert_eq!((odds.of_pace(0.98), odds.of_pace(1.0)), (0.84, 0.84));
        assert_eq!(odds.of_surge(2.99).triple, 0.10);
        assert_eq!(odds.of_surge(3.0), SurgeOdds { triple: 0.24, double: 0.38, half: 0.12 });
        assert_eq!(odds.of_surge(0.0).half, 0.77);
    }
}
