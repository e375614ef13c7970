//! Reproducible pseudo-random numbers, each derived from its purpose alone.

use xxhash_rust::xxh3::xxh3_64;

/// Returns a number from 0 to `bound - 1` for the `index`th thing of a kind.
pub(crate) fn below(kind: &str, index: u64, bound: u64) -> u64 {
    let mut bytes = Vec::with_capacity(kind.len() + 8);
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(&index.to_le_bytes());
    xxh3_64(&bytes) % bound.max(1)
}

/// Returns a number from `low` to `high`.
pub(crate) fn between(kind: &str, index: u64, low: u64, high: u64) -> u64 {
    low + below(kind, index, high - low + 1)
}

/// Returns one of a list.
pub(crate) fn one_of<'a, T>(kind: &str, index: u64, list: &'a [T]) -> &'a T {
    let at = below(kind, index, list.len() as u64);
    &list[usize::try_from(at).unwrap_or(0)]
}

/// Returns a place in a list of `len`; first places are far more likely, by the square of a uniform number.
pub(crate) fn early_place(kind: &str, index: u64, len: usize) -> usize {
    const STEPS: u64 = 1 << 20;
    let even = below(kind, index, STEPS);
    let place = (even * even / STEPS) * len as u64 / STEPS;
    usize::try_from(place).unwrap_or(0)
}
