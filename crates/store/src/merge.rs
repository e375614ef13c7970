//! Merges two readings of one count. The result is the same in whatever order readings arrive.
//!
//! The newest known count wins; a reading without a time is older than any with one. 0 beside a number that is
//! not 0 means "unknown" (a video with 7.15 million plays before and after can read 0 once). Of two readings of
//! the same moment the larger wins, since counts grow; of equal ones the exact one.

use domain::{Count, Timestamp};

/// A count and its reading time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownCount {
    pub(crate) count: Count,
    pub(crate) at: Option<Timestamp>,
}

impl KnownCount {
    fn rank(&self) -> (bool, Option<Timestamp>, u64, bool) {
        (self.count.value() > 0, self.at, self.count.value(), !self.count.is_rounded())
    }
}

/// Returns the reading that wins.
pub(crate) fn newest(one: Option<KnownCount>, other: Option<KnownCount>) -> Option<KnownCount> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if b.rank() > a.rank() { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Decodes a count: value, rounding bit, time.
pub(crate) fn known_count(value: Option<i64>, rounded: bool, at: Option<i64>) -> Option<KnownCount> {
    let value = value?.unsigned_abs();
    let count = if rounded { Count::rounded(value) } else { Count::exact(value) }?;
    Some(KnownCount { count, at: at.map(Timestamp::from_ms) })
}

/// Encodes for the database.
pub(crate) fn value(known: Option<KnownCount>) -> Option<i64> {
    known.map(|t| count_value(t.count))
}

/// Encodes for the database.
pub(crate) fn count_value(count: Count) -> i64 {
    // A count never exceeds i64::MAX (`domain::count::COUNT_MAX`).
    count.value().cast_signed()
}

/// Returns a bit set: bit n is set if count n is rounded.
pub(crate) fn rounded_bits(counts: impl IntoIterator<Item = Option<Count>>) -> i64 {
    counts
        .into_iter()
        .enumerate()
        .fold(0, |bits, (n, c)| bits | (i64::from(c.is_some_and(Count::is_rounded)) << n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(value: u64, seconds: Option<i64>) -> Option<KnownCount> {
        Some(KnownCount { count: Count::exact(value)?, at: seconds.map(|s| Timestamp::from_ms(s * 1000)) })
    }

    #[test]
    fn the_rules_in_words() {
        assert_eq!(newest(at(5, Some(1)), at(3, Some(2))), at(3, Some(2)), "newer wins even when it fell");
        assert_eq!(newest(at(7, Some(1)), at(0, Some(2))), at(7, Some(1)), "a later 0 is unknown");
        assert_eq!(newest(at(7, None), at(3, Some(1))), at(3, Some(1)), "a time beats no time");
        assert_eq!(newest(at(7, None), at(3, None)), at(7, None), "of the same moment the larger");
        assert_eq!(newest(None, at(0, Some(1))), at(0, Some(1)), "0 alone counts");
    }

    fn any_count() -> impl Strategy<Value = Option<KnownCount>> {
        proptest::option::of((0_u64..4, proptest::option::of(0_i64..4)))
            .prop_map(|t| t.and_then(|(value, seconds)| at(value, seconds)))
    }

    proptest! {
        #[test]
        fn order_of_arrival_does_not_matter(a in any_count(), b in any_count(), c in any_count()) {
            prop_assert_eq!(newest(a, b), newest(b, a));
            prop_assert_eq!(newest(newest(a, b), c), newest(a, newest(b, c)));
            prop_assert_eq!(newest(a, a), a);
        }
    }
}
