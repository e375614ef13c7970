//! Retries of failed calls: at most three tries, after a pause between zero and a limit that doubles (full
//! jitter), and never more retries than a tenth of the first tries.

use std::sync::{Mutex, PoisonError};

/// Tries of one call, the first one included.
pub(super) const TRIES_MAX: u32 = 3;
/// The pause before the second try is at most this; before the third, twice that.
const PAUSE_MS: u64 = 250;
/// Maximum number of saved retries.
const SAVED_MAX: u64 = 10;
/// First tries that pay for one retry.
const FIRST_TRIES: u64 = 10;

#[derive(Debug)]
struct State {
    /// In tenths of a retry.
    saved: u64,
    random: u64,
}

/// The budget of retries.
#[derive(Debug)]
pub(super) struct Retries(Mutex<State>);

impl Retries {
    /// Returns a budget; `seed` determines the pauses.
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(State { saved: 0, random: seed }))
    }

    /// Records the first try of a call.
    pub(super) fn first(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.saved = (state.saved + 1).min(SAVED_MAX * FIRST_TRIES);
    }

    /// Returns the milliseconds to wait before retrying a call that failed for the `tried`th time; `None` to
    /// give up.
    pub(super) fn again(&self, tried: u32) -> Option<u64> {
        if tried >= TRIES_MAX {
            return None;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.saved = state.saved.checked_sub(FIRST_TRIES)?;
        let limit = PAUSE_MS << tried.saturating_sub(1);
        Some(next(&mut state.random) % (limit + 1))
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): enough to spread pauses.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_everything_fails_a_tenth_more_goes_out() {
        let retries = Retries::new(1);
        let mut calls = 0_u64;
        for _ in 0..10_000 {
            retries.first();
            calls += 1;
            let mut tried = 1;
            while retries.again(tried).is_some() {
                calls += 1;
                tried += 1;
            }
            assert!(tried <= TRIES_MAX);
        }
        assert!((10_500..=11_000).contains(&calls), "{calls}");
    }

    #[test]
    fn pauses_are_spread_over_all_of_their_range() {
        let retries = Retries::new(7);
        let mut pauses = Vec::new();
        for _ in 0..20_000 {
            retries.first();
            pauses.extend(retries.again(2));
        }
        assert!(pauses.iter().all(|ms| *ms <= PAUSE_MS * 2));
        assert!(pauses.iter().any(|ms| *ms < 20) && pauses.iter().any(|ms| *ms > PAUSE_MS * 2 - 20));
    }
}
