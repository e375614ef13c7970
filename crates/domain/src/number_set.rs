//! Sets of items with small numbers: sources of a sum, and its caveats.

use crate::{Caveat, Source};
use std::marker::PhantomData;
use strum::VariantArray;

/// An item with a number from 1 to 63 that never changes, since it is stored.
pub trait Numbered: Copy + 'static {
    /// All of them, in the order of their numbers.
    const EVERY: &'static [Self];

    /// Its number.
    fn to_number(self) -> u8;
}

/// A set: bit n is set if the item with number n is a member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NumberSet<T> {
    bits: i64,
    of: PhantomData<T>,
}

/// Sources of a value.
pub type SourceSet = NumberSet<Source>;
/// Caveats of a value.
pub type CaveatSet = NumberSet<Caveat>;

impl<T> Default for NumberSet<T> {
    fn default() -> Self {
        Self { bits: 0, of: PhantomData }
    }
}

impl<T: Numbered> NumberSet<T> {
    /// Parses the stored bits; unknown ones are dropped.
    pub fn from_bits(bits: i64) -> Self {
        T::EVERY.iter().copied().filter(|one| bits & bit(*one) != 0).collect()
    }

    /// Returns the stored bits.
    pub fn to_bits(self) -> i64 {
        self.bits
    }

    /// Adds an item.
    pub fn insert(&mut self, one: T) {
        self.bits |= bit(one);
    }

    /// Returns true if an item is a member.
    pub fn contains(self, one: T) -> bool {
        self.bits & bit(one) != 0
    }

    /// Returns true if there are no members.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Returns the union of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, of: PhantomData }
    }

    /// Iterates over the members in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::EVERY.iter().copied().filter(move |one| self.contains(*one))
    }
}

fn bit<T: Numbered>(one: T) -> i64 {
    1 << (one.to_number() & 63)
}

impl<T: Numbered> FromIterator<T> for NumberSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(some: I) -> Self {
        let mut set = Self::default();
        for one in some {
            set.insert(one);
        }
        set
    }
}

impl<T: Numbered + std::fmt::Debug> std::fmt::Debug for NumberSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Numbered for Source {
    const EVERY: &'static [Self] = Self::VARIANTS;

    fn to_number(self) -> u8 {
        self.number()
    }
}

impl Numbered for Caveat {
    const EVERY: &'static [Self] = Self::VARIANTS;

    fn to_number(self) -> u8 {
        self.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_nothing_else() {
        let mut set = SourceSet::default();
        assert!(set.is_empty());
        set.insert(Source::ResearchApi);
        set.insert(Source::Synthetic);
        set.insert(Source::ResearchApi);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Source::Synthetic, Source::ResearchApi]);
        assert_eq!(SourceSet::from_bits(set.to_bits()), set);
        assert!(!set.contains(Source::Apify));
        assert_eq!(set.union([Source::Apify].into_iter().collect()).iter().count(), 3);
    }

    #[test]
    fn numbers_fit_and_unknown_bits_are_dropped() {
        assert!(Source::EVERY.iter().all(|source| (1..64).contains(&source.to_number())));
        assert!(Caveat::EVERY.iter().all(|caveat| (1..64).contains(&caveat.to_number())));
        assert!(CaveatSet::from_bits(1 | 1 << 62).is_empty(), "number 0 and 62 are nobody's");
        assert_eq!(CaveatSet::from_bits(-1).iter().count(), Caveat::VARIANTS.len());
    }
}
