//! Rate limit of a key in requests per minute: GCRA by `governor` on the monotonic clock, and its response headers.

use crate::header_value::{Text, number};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::num::NonZeroU32;
use std::time::Duration;

/// Window of every limit, in seconds.
const WINDOW_SECONDS: u64 = 60;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Rate limiter of one key.
#[derive(Debug)]
pub(crate) struct Limiter<C: Clock = DefaultClock> {
    per_minute: NonZeroU32,
    gcra: RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>,
    clock: C,
    policy: HeaderValue,
    limit: HeaderValue,
}

/// State of a rate limit after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimitState {
    /// Requests that may follow at once.
    pub(crate) remaining: u32,
    /// Seconds until the limit is fully restored.
    pub(crate) reset_seconds: u64,
}

/// A request over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Seconds until one more request is accepted, at least 1.
    pub(crate) retry_after_seconds: u64,
}

impl Limiter {
    /// Creates a limiter that accepts `per_minute` requests a minute, in one burst if need be.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self::with_clock(per_minute, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limiter<C> {
    fn with_clock(per_minute: NonZeroU32, clock: C) -> Self {
        let gcra =
            RateLimiter::direct_with_clock(Quota::per_minute(per_minute), clock.clone()).with_middleware();
        let policy = format!("\"minute\";q={per_minute};w={WINDOW_SECONDS}");
        Self {
            per_minute,
            gcra,
            clock,
            policy: policy.try_into().expect("digits and ASCII signs are a header value"),
            limit: HeaderValue::from(per_minute.get()),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    ///
    /// The request is over the limit.
    pub(crate) fn check(&self) -> Result<RateLimitState, Denied> {
        match self.gcra.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = u64::from(self.per_minute.get().saturating_sub(remaining));
                let reset_seconds = (used * WINDOW_SECONDS).div_ceil(u64::from(self.per_minute.get()));
                Ok(RateLimitState { remaining, reset_seconds })
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err(Denied { retry_after_seconds: seconds_ceil(wait).max(1) })
            }
        }
    }

    /// Writes the headers of the IETF draft and the older `X-RateLimit-*` ones.
    pub(crate) fn write_headers(&self, rate_limit: RateLimitState, headers: &mut HeaderMap) {
        let RateLimitState { remaining, reset_seconds } = rate_limit;
        let remaining = u64::from(remaining);
        let state =
            Text::new().text("\"minute\";r=").number(remaining).text(";t=").number(reset_seconds).finish();
        headers.insert(RATE_LIMIT, state);
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        headers.insert(X_LIMIT, self.limit.clone());
        headers.insert(X_REMAINING, number(remaining));
        headers.insert(X_RESET, number(reset_seconds));
    }
}

impl Denied {
    /// Returns the state of the exhausted limit.
    pub(crate) fn rate_limit(self) -> RateLimitState {
        RateLimitState { remaining: 0, reset_seconds: self.retry_after_seconds }
    }
}

fn seconds_ceil(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    fn limiter(per_minute: u32) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::with_clock(NonZeroU32::new(per_minute).expect("not 0"), clock.clone()), clock)
    }

    #[test]
    fn a_minute_s_worth_may_come_at_once_and_then_one_by_one() {
        let (limiter, clock) = limiter(60);
        for used in 1..=60 {
            let rate_limit = limiter.check().expect("room");
            assert_eq!(rate_limit, RateLimitState { remaining: 60 - used, reset_seconds: u64::from(used) });
        }
        assert_eq!(limiter.check(), Err(Denied { retry_after_seconds: 1 }));
        clock.advance(Duration::from_secs(1));
        assert!(limiter.check().is_ok());
        assert!(limiter.check().is_err());
    }

    #[test]
    fn the_wait_is_in_whole_seconds_rounded_up() {
        let (limiter, _) = limiter(1);
        limiter.check().expect("room");
        assert_eq!(limiter.check(), Err(Denied { retry_after_seconds: 60 }));
    }

    #[test]
    fn the_headers_are_those_of_the_draft_and_the_older_ones() {
        let (limiter, _) = limiter(6000);
        let mut headers = HeaderMap::new();
        limiter.write_headers(limiter.check().expect("room"), &mut headers);
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// A million arrivals in all, against a leaky bucket in exact arithmetic.
        #[test]
        fn it_agrees_with_a_leaky_bucket(
            per_minute in 1_u32..10_000,
            gaps_us in proptest::collection::vec(0_u64..200_000, 5_000),
        ) {
            let (limiter, clock) = limiter(per_minute);
            let cost_ns = Duration::from_secs(60).as_nanos() as u64 / u64::from(per_minute);
            let (mut now_ns, mut full_until_ns) = (0_u64, 0_u64);
            for gap_us in gaps_us {
                now_ns += gap_us * 1000;
                clock.advance(Duration::from_micros(gap_us));
                let next = full_until_ns.max(now_ns) + cost_ns;
                let fits = next - now_ns <= cost_ns * u64::from(per_minute);
                if fits {
                    full_until_ns = next;
                }
                prop_assert_eq!(limiter.check().is_ok(), fits);
            }
        }
    }
}
