//! Limits how often passwords of a share are tried, whoever tries: links are passed on, and addresses are cheap.

use domain::{ShareId, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Wrong passwords of a share in [`TRIES_SECONDS`], on each node.
const TRIES_MAX: u32 = 10;

/// Time after which tries count no more, in seconds.
pub(crate) const TRIES_SECONDS: i64 = 15 * 60;

/// Shares beyond which entries whose time is over are dropped.
const ENTRIES_MAX: usize = 1_000;

/// Tries of passwords by share: the time of the first, and their number.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<HashMap<ShareId, (Timestamp, u32)>>);

impl Tries {
    /// Takes a try. Returns false if none is left.
    pub(crate) fn take(&self, id: ShareId, now: Timestamp) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= ENTRIES_MAX {
            tries.retain(|_, (since, _)| !is_over(*since, now));
        }
        let (since, number) = tries.entry(id).or_insert((now, 0));
        if is_over(*since, now) {
            (*since, *number) = (now, 0);
        }
        let is_left = *number < TRIES_MAX;
        *number += u32::from(is_left);
        is_left
    }

    /// Returns the try of a right password.
    pub(crate) fn give_back(&self, id: ShareId) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, number)) = tries.get_mut(&id) {
            *number = number.saturating_sub(1);
        }
    }
}

/// A clock that was set back ends the time, too.
fn is_over(since: Timestamp, now: Timestamp) -> bool {
    !(0..TRIES_SECONDS * 1_000).contains(&(now.as_ms() - since.as_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn tries_are_counted_by_share_and_for_a_while() {
        let (tries, one, other) = (Tries::default(), ShareId::new(at(0), 1), ShareId::new(at(0), 2));
        assert!((0..TRIES_MAX).all(|_| tries.take(one, at(0))));
        assert!(!tries.take(one, at(1)) && tries.take(other, at(1)));
        tries.give_back(one);
        assert!(tries.take(one, at(2)) && !tries.take(one, at(2)), "a right one is not counted");
        assert!(!tries.take(one, at(TRIES_SECONDS - 1)) && tries.take(one, at(TRIES_SECONDS)));
    }
}
