//! A number of views, likes, creators or videos, and how finely it was told.
//!
//! TikTok's web pages round for display: in steps of 100 from 10,000, of 100,000 from a million and of 100 million
//! from a billion; the mobile app is exact. A number beside its step was not rounded for display, whatever it was read from.
//! Unknown is no `Count` at all, never 0.

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

    /// A number that is known to be rounded, as `1.25M` is; below 10,000 nothing is. `None` above [`COUNT_MAX`].
    pub const fn rounded(value: u64) -> Option<Self> {
        if value > COUNT_MAX { None } else { Some(Self { value, rounded: display_step(value) > 1 }) }
    }

    /// A number from a place that may round for display: rounded where it stands on its display step, as 1,200,000 does,
    /// and exact beside it, as 1,001,000 is. `None` above [`COUNT_MAX`].
    pub const fn displayed(value: u64) -> Option<Self> {
        if is_on_a_step(value) { Self::rounded(value) } else { Self::exact(value) }
    }

    /// The number on its step where a float cut it off one below, as 16399999 for 16.4M; otherwise unchanged. Of one that is
    /// not known to be rounded, below `OFF_STEP_SURE` it does not show: the repair of a series looks at the others.
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

/// From here on a number one below a step is off its step: of exact ones only one in 100,000 would be, of rounded ones one in
/// 400 was.
pub(crate) const OFF_STEP_SURE: u64 = 1_000_000;

/// Whether a number stands on a display step, so that it may have been rounded to it.
pub(crate) const fn is_on_a_step(value: u64) -> bool {
    let step = display_step(value);
    step > 1 && value.is_multiple_of(step)
}

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
