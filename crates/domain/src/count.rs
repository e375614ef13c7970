//! A number of views, likes, creators or videos, and its precision.
//!
//! TikTok's web pages round for display: in steps of 100 from 10,000, of 100,000 from a million and of 100 million
//! from a billion; the mobile app is exact. A number that is not on its step was not rounded, whatever its source.
//! Unknown is the absence of a `Count`, never 0.

/// Largest count: programs that read JSON numbers as doubles round integers above it. (#fyp has passed
/// 6.8e13.) Sums of counts have the same limit; a larger sum is unknown.
pub const COUNT_MAX: u64 = crate::id::EXACT_DOUBLE_MAX;

/// Returns a sum of counts. `None` above [`COUNT_MAX`].
pub const fn checked_sum(sum: u128) -> Option<u64> {
    if sum > COUNT_MAX as u128 {
        None
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "at most `COUNT_MAX`")]
        Some(sum as u64)
    }
}

/// A reported number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    value: u64,
    rounded: bool,
}

impl Count {
    /// Creates an exact number. `None` above [`COUNT_MAX`].
    pub const fn exact(value: u64) -> Option<Self> {
        if value > COUNT_MAX { None } else { Some(Self { value, rounded: false }) }
    }

    /// Creates a number known to be rounded, such as `1.25M`; below 10,000 nothing is. `None` above
    /// [`COUNT_MAX`].
    pub const fn rounded(value: u64) -> Option<Self> {
        if value > COUNT_MAX { None } else { Some(Self { value, rounded: display_step(value) > 1 }) }
    }

    /// Creates a number from a source that may round for display: rounded if it is on its display step
    /// (1,200,000), exact otherwise (1,001,000). `None` above [`COUNT_MAX`].
    pub const fn displayed(value: u64) -> Option<Self> {
        if is_on_a_step(value) { Self::rounded(value) } else { Self::exact(value) }
    }

    /// Corrects a number that a float truncated to one below its step, such as 16399999 for 16.4M; otherwise
    /// unchanged. Below `OFF_STEP_SURE` this applies only to numbers known to be rounded: the repair of a
    /// series uses its other readings.
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

    /// Returns true if it was rounded for display.
    pub const fn is_rounded(self) -> bool {
        self.rounded
    }

    /// Returns the rounding step: the true number is within half a step. 1 if exact.
    pub const fn resolution(self) -> u64 {
        if self.rounded { display_step(self.value) } else { 1 }
    }
}

/// From here on a number one below a step was truncated: only one in 100,000 exact ones is, but one in 400
/// rounded ones was.
pub(crate) const OFF_STEP_SURE: u64 = 1_000_000;

/// Returns true if a number is on a display step, so that it may have been rounded.
pub(crate) const fn is_on_a_step(value: u64) -> bool {
    let step = display_step(value);
    step > 1 && value.is_multiple_of(step)
}

/// Returns true if a number is one below a display step, such as 16399999 for 16.4M.
pub(crate) const fn is_one_below_a_step(value: u64) -> bool {
    display_step(value) > 1 && (value + 1).is_multiple_of(display_step(value + 1))
}

/// Returns the step that TikTok's pages round a number of this size to.
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
    use proptest::prelude::*;

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
    fn a_count_beside_its_display_step_is_exact() {
        let is_rounded = |value| Count::displayed(value).map(Count::is_rounded);
        for value in
            [10_000, 98_400, 999_900, 1_000_000, 1_200_000, 999_900_000, 1_000_000_000, 37_100_000_000]
        {
            assert_eq!(is_rounded(value), Some(true), "{value}");
        }
        for value in [0, 9_900, 10_001, 98_399, 123_456, 1_001_000, 16_399_999, 1_250_000_000, COUNT_MAX] {
            assert_eq!(is_rounded(value), Some(false), "{value}");
            assert_eq!(Count::displayed(value), Count::exact(value));
        }
    }

    #[test]
    fn a_number_that_a_float_cut_off_goes_back_on_its_step_where_that_is_sure() {
        let on_step = |value| {
            Count::displayed(value).map(|count| (count.on_step().value(), count.on_step().is_rounded()))
        };
        assert_eq!(on_step(16_399_999), Some((16_400_000, true)));
        assert_eq!(on_step(98_399), Some((98_399, false)));
        assert_eq!(on_step(1_001_000), Some((1_001_000, false)));
    }

    proptest! {
        #[test]
        fn rounding_a_number_as_a_page_does_makes_it_rounded(value in 10_000..=COUNT_MAX) {
            let shown = value / display_step(value) * display_step(value);
            let count = Count::displayed(shown).expect("a count");
            prop_assert!(count.is_rounded() && count.value() <= value);
            prop_assert!(value - count.value() < count.resolution());
            let read = Count::displayed(value).expect("a count");
            prop_assert_eq!(read.is_rounded(), read.value() == shown);
        }
    }

    #[test]
    fn a_sum_is_known_up_to_the_largest_count() {
        let most = u128::from(COUNT_MAX);
        assert_eq!([0, most, most + 1, u128::MAX].map(checked_sum), [Some(0), Some(COUNT_MAX), None, None]);
    }
}
