//! A number of views, likes, creators or videos, and how finely it was told.
//!
//! TikTok's web pages round for display: in steps of 100 from 10,000, of 100,000 from a million and of 100 million
//! from a billion; the mobile app and `statsV2` are exact. Unknown is no `Count` at all, never 0.

/// Largest count: programs that read JSON numbers as doubles round integers above it. (#fyp has passed 6.8e13.) Sums of
/// counts are kept to the same limit; a larger sum is unknown.
pub const COUNT_MAX: u64 = crate::id::EXACT_DOUBLE_MAX;

/// A sum of counts. `None` above [`COUNT_MAX`], where it is unknown.
pub const fn checked_sum(sum: u128) -> Option<u64> {
    if sum > COUNT_MAX as u128 {
        None
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "at most `COUNT_MAX`")]
        Some(sum as u64)
    }
}

/// A told number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    value: u64,
    rounded: bool,
}

impl Count {
    /// A number that was told to the last digit. `None` above [`COUNT_MAX`].
    pub const fn exact(value: u64) -> Option<Self> {
        if value > COUNT_MAX { None } else { Some(Self { value, rounded: false }) }
    }

    /// A number from a place that rounds for display; below 10,000 such places are exact too.
    pub const fn rounded(value: u64) -> Option<Self> {
        if value > COUNT_MAX { None } else { Some(Self { value, rounded: display_step(value) > 1 }) }
    }

    /// The number on its step where a float cut it off one below, as 16399999 for 16.4M; otherwise unchanged.
    pub const fn on_step(self) -> Self {
        if is_one_below_a_step(self.value) && (self.rounded || self.value >= OFF_STEP_SURE) {
            Self { value: self.value + 1, rounded: true }
        } else {
            self
        }
    }

    /// The number.
    pub const fn value(self) -> u64 {
        self.value
    }

    /// Whether it was rounded for display.
    pub const fn is_rounded(self) -> bool {
        self.rounded
    }

    /// The step it was rounded to: the true number lies within half a step. 1 when exact.
    pub const fn resolution(self) -> u64 {
        if self.rounded { display_step(self.value) } else { 1 }
    }
}

/// From here on a number one below a step is off its step even where it is marked exact: of exact ones only one in 100,000
/// would be, of rounded ones one in 400 was.
pub(crate) const OFF_STEP_SURE: u64 = 1_000_000;

/// Whether a number is one below a display step, as 16399999 for 16.4M.
pub(crate) const fn is_one_below_a_step(value: u64) -> bool {
    display_step(value) > 1 && (value + 1).is_multiple_of(display_step(value + 1))
}

/// The step TikTok's pages round a number of this size to.
pub const fn display_step(value: u64) -> u64 {
    match value {
        0..10_000 => 1,
        10_000..1_000_000 => 100,
        1_000_000..1_000_000_000 => 100_000,
        _ => 100_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_count_says_its_step() {
        let step = |v| Count::rounded(v).map(Count::resolution);
        assert_eq!(step(9_999), Some(1));
        assert_eq!(step(98_400), Some(100));
        assert_eq!(step(16_400_000), Some(100_000));
        assert_eq!(step(503_200_000_000), Some(100_000_000));
        assert_eq!(Count::exact(16_412_345).map(Count::resolution), Some(1));
        assert_eq!(Count::exact(COUNT_MAX).map(Count::value), Some(9_007_199_254_740_992));
        assert_eq!((Count::exact(COUNT_MAX + 1), Count::rounded(u64::MAX)), (None, None));
    }

    #[test]
    fn a_sum_is_known_up_to_the_largest_count() {
        let most = u128::from(COUNT_MAX);
        assert_eq!([0, most, most + 1, u128::MAX].map(checked_sum), [Some(0), Some(COUNT_MAX), None, None]);
    }
}
