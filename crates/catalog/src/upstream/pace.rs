//! The rate limit of an upstream: calls are spread evenly over a minute, with a small burst. GCRA by
//! `governor`.

use domain::Timestamp;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Part of a minute's calls that may go out at once.
const BURST_PART: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
/// Longest step of the clock that counts, in milliseconds: a day, after which every booked place is in the
/// past.
const STEP_MS_MAX: u64 = 86_400_000;

/// The rate limit of one upstream.
#[derive(Debug)]
pub(super) struct Pace(Option<Mutex<Paced>>);

#[derive(Debug)]
struct Paced {
    limiter: RateLimiter<NotKeyed, InMemoryState, LimiterClock, NoOpMiddleware<Nanos>>,
    clock: LimiterClock,
    /// Time that passed between calls. A clock that is set back adds nothing, so nobody waits for it to catch
    /// up.
    elapsed: Nanos,
    now: Timestamp,
}

/// The clock of the limiter, which is set before each check: to now, or to the moment of a booked place.
#[derive(Debug, Clone, Default)]
struct LimiterClock(Arc<AtomicU64>);

impl LimiterClock {
    fn set(&self, at: Nanos) {
        self.0.store(at.as_u64(), Ordering::Relaxed);
    }
}

impl Clock for LimiterClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl Pace {
    /// Returns a limit of this many calls a minute; 0 is no limit.
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let quota = NonZeroU32::new(requests_per_minute).and_then(|per_minute| {
            let burst = NonZeroU32::new((requests_per_minute / BURST_PART).max(1))?;
            Some(Quota::with_period(MINUTE / per_minute.get())?.allow_burst(burst))
        });
        Self(quota.map(|quota| {
            let clock = LimiterClock::default();
            let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
            Mutex::new(Paced { limiter, clock, elapsed: Nanos::new(0), now: Timestamp::from_ms(i64::MAX) })
        }))
    }

    /// Books a place for one call. Returns the milliseconds to wait for it; `None`, without booking, if that is
    /// more than `wait_ms_max`.
    pub(super) fn take(&self, now: Timestamp, wait_ms_max: u64) -> Option<u64> {
        let Some(paced) = &self.0 else { return Some(0) };
        let mut paced = paced.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_ms = u64::try_from(now.as_ms().saturating_sub(paced.now.as_ms())).unwrap_or(0);
        let passed = Duration::from_millis(passed_ms.min(STEP_MS_MAX));
        (paced.elapsed, paced.now) = (paced.elapsed + passed, now);
        paced.clock.set(paced.elapsed);
        let Err(not_yet) = paced.limiter.check() else { return Some(0) };
        let place = not_yet.earliest_possible();
        let wait = Duration::from(place.duration_since(paced.elapsed));
        let wait_ms =
            u64::try_from(wait.as_nanos().div_ceil(1_000_000)).ok().filter(|ms| *ms <= wait_ms_max)?;
        paced.clock.set(place);
        paced.limiter.check().ok().map(|()| wait_ms)
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
        assert_eq!(pace.take(at(0), 999), None, "no place is booked without a waiting call");
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
        /// No minute has more calls than its limit and the burst.
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
