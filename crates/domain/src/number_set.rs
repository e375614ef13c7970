//! Sets of things that have small numbers: what a sum was made from, and what has to be said of it.

use crate::{Caveat, Source};
use std::marker::PhantomData;
use strum::VariantArray;

/// Something with a number from 1 to 63 that never changes, since the database holds it.
pub trait Numbered: Copy + 'static {
    /// All of them, in the order of their numbers.
    const EVERY: &'static [Self];

    /// Its number.
    fn to_number(self) -> u8;
}

/// Some of them: bit n is set when the one with number n is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NumberSet<T> {
    bits: i64,
    of: PhantomData<T>,
}

/// Sources that something was made from.
pub type SourceSet = NumberSet<Source>;
/// What has to be said of something.
pub type CaveatSet = NumberSet<Caveat>;

impl<T> Default for NumberSet<T> {
    fn default() -> Self {
        Self { bits: 0, of: PhantomData }
    }
}

impl<T: Numbered> NumberSet<T> {
    /// Back from the database; bits of numbers that nothing has are left out.
    pub fn from_bits(bits: i64) -> Self {
        T::EVERY.iter().copied().filter(|one| bits & bit(*one) != 0).collect()
    }

    /// What the database holds.
    pub fn to_bits(self) -> i64 {
        self.bits
    }

    /// Puts one in.
    pub fn insert(&mut self, one: T) {
        self.bits |= bit(one);
    }

    /// Whether one is in.
    pub fn contains(self, one: T) -> bool {
        self.bits & bit(one) != 0
    }

    /// Whether none is in.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Those of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, of: PhantomData }
    }

    /// Those that are in, in the order of their numbers.
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
