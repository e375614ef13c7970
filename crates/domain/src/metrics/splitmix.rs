//! SplitMix64 (Steele, Lea and Flood 2014): a few lines that give the same draws whatever version of a library is built in.

/// The first state of the draws.
pub(super) const SEED: u64 = 0x7461_676d_6574_6572;

/// Draws 64 bits.
pub(super) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Draws a number below `count`, which is above 0; 0 of a count of 0.
pub(super) fn below(state: &mut u64, count: usize) -> usize {
    let at = (u128::from(next(state)) * count as u128) >> 64;
    usize::try_from(at).unwrap_or(0)
}
