//! Counts what may happen so often in a while, by key.

use domain::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Keys beyond which entries whose time is over are dropped.
const ENTRIES_MAX: usize = 1_000;

/// A cap: so many in so many seconds, by key.
#[derive(Debug)]
pub(super) struct Cap<K> {
    most: u32,
    seconds: i64,
    counts: Mutex<HashMap<K, (Timestamp, u32)>>,
}

impl<K: Eq + Hash> Cap<K> {
    pub(super) fn new(most: u32, seconds: i64) -> Self {
        Self { most, seconds, counts: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    ///
    /// Seconds after which there is one again.
    pub(super) fn take(&self, key: K, now: Timestamp) -> Result<(), u64> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, (since, _)| self.left_ms(*since, now) > 0);
        }
        let (since, number) = counts.entry(key).or_insert((now, 0));
        if self.left_ms(*since, now) == 0 {
            (*since, *number) = (now, 0);
        }
        if *number >= self.most {
            return Err(self.left_ms(*since, now).unsigned_abs().div_ceil(1_000));
        }
        *number += 1;
        Ok(())
    }

    /// Returns the rest of a time, in milliseconds. A clock that was set back ends it, too.
    fn left_ms(&self, since: Timestamp, now: Timestamp) -> i64 {
        let (all, passed) = (self.seconds * 1_000, now.as_ms() - since.as_ms());
        if (0..all).contains(&passed) { all - passed } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    #[test]
    fn so_many_are_taken_in_a_while() {
        let cap = Cap::new(2, 60);
        assert_eq!(
            (cap.take(1, at(0)), cap.take(1, at(500)), cap.take(1, at(1_500))),
            (Ok(()), Ok(()), Err(59))
        );
        assert_eq!(cap.take(2, at(1_500)), Ok(()), "another key");
        assert_eq!((cap.take(1, at(59_999)), cap.take(1, at(60_000))), (Err(1), Ok(())));
        assert_eq!(cap.take(1, at(59_000)), Ok(()), "the clock was set back");
    }
}
