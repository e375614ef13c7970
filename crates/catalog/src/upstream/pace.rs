//! No more calls a minute than an upstream allows: spread evenly, with a small burst.

use domain::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Part of a minute's calls that may go out at once.
const BURST_PART: u64 = 10;
const MINUTE_MS: u64 = 60_000;

/// See the file's first lines.
#[derive(Debug)]
pub(super) struct Pace {
    /// Microseconds between two calls; 0 for no limit.
    interval_us: u64,
    burst_us: u64,
    /// When the next call would go out if calls were spread evenly, in microseconds.
    next_us: Mutex<i64>,
}

impl Pace {
    /// Of so many calls a minute; 0 for no limit.
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let per_minute = u64::from(requests_per_minute);
        let interval_us = (MINUTE_MS * 1000).checked_div(per_minute).unwrap_or(0);
        let burst = (per_minute / BURST_PART).max(1);
        Self { interval_us, burst_us: interval_us * (burst - 1), next_us: Mutex::new(i64::MIN) }
    }

    /// Takes a place for one call. Gives how many milliseconds to wait for it, if that is at most `wait_ms_max`; else
    /// no place is taken.
    pub(super) fn take(&self, now: Timestamp, wait_ms_max: u64) -> Option<u64> {
        if self.interval_us == 0 {
            return Some(0);
        }
        let now_us = now.as_ms().saturating_mul(1000);
        let mut next_us = self.next_us.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back would make everybody wait for it to come round again.
        let longest = now_us.saturating_add_unsigned(MINUTE_MS * 1000 + self.burst_us);
        let due_us = (*next_us).clamp(now_us, longest);
        let wait_us = u64::try_from(due_us - now_us).unwrap_or(0).saturating_sub(self.burst_us);
        let wait_ms = wait_us.div_ceil(1000);
        if wait_ms > wait_ms_max {
            return None;
        }
        *next_us = due_us.saturating_add_unsigned(self.interval_us);
        Some(wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        assert!((0..1_000).all(|_| Pace::new(0).take(at(0), 0) == Some(0)));
    }

    #[test]
    fn a_burst_goes_out_at_once_and_the_rest_is_spread() {
        let pace = Pace::new(60);
        assert_eq!((0..6).map(|_| pace.take(at(0), 0)).collect::<Vec<_>>(), [Some(0); 6]);
        assert_eq!(pace.take(at(0), 999), None, "no place is taken that nobody waits for");
        assert_eq!(pace.take(at(0), 1_000), Some(1_000));
        assert_eq!(pace.take(at(0), 2_000), Some(2_000));
        assert_eq!(pace.take(at(100_000), 0), Some(0));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_days() {
        let pace = Pace::new(600);
        pace.take(at(86_400_000), 0);
        assert!(pace.take(at(0), 60_000).is_some());
    }

    proptest! {
        /// In any minute no more go out than a minute's calls and the burst.
        #[test]
        fn no_minute_has_more_than_is_allowed(per_minute in 1_u32..500, gaps in prop::collection::vec(0_i64..400, 1..800)) {
            let pace = Pace::new(per_minute);
            let (mut now, mut out) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                if let Some(wait) = pace.take(at(now), 5_000) {
                    out.push(now + wait.cast_signed());
                }
            }
            out.sort_unstable();
            let most = per_minute as usize + (per_minute as usize / 10).max(1) + 1;
            for (n, from) in out.iter().enumerate() {
                let within = out[n..].iter().take_while(|at| **at < from + 60_000).count();
                prop_assert!(within <= most, "{within} of {most}");
            }
        }
    }
}
