//! The circuit breaker of an upstream: consecutive failures pause it for a while, then one trial call follows.

use domain::Timestamp;
use sources::upstream::UpstreamError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Consecutive failures that open the circuit.
const FAILURES_MAX: u32 = 5;
/// First and longest pause: a recovered upstream is noticed within the latter.
const OPEN_MS: u64 = 2_000;
const OPEN_MS_MAX: u64 = 25_000;
/// Pause after "too many calls" without a stated time.
const PAUSE_MS: u64 = 1_000;
/// Longest pause that an upstream may request.
const PAUSE_MS_MAX: u64 = 5 * 60 * 1000;
/// Interval of trial calls while its account is empty or its key is refused.
const REFUSED_MS: u64 = 25_000;

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// No call before this.
    closed_until: Option<Timestamp>,
    /// Length of the last pause.
    open_ms: u64,
    /// Start of the trial call under way, if any.
    probe_since: Option<Timestamp>,
}

/// A circuit breaker.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if a call is allowed now. While the circuit is open, one call at a time is allowed after
    /// the pause.
    pub(super) fn admits(&self, now: Timestamp) -> bool {
        let mut state = self.lock();
        let Some(until) = state.closed_until else { return true };
        let is_over = is_over(until, now);
        let is_probed = state.probe_since.is_some_and(|since| {
            (0..OPEN_MS_MAX.cast_signed()).contains(&now.as_ms().saturating_sub(since.as_ms()))
        });
        if !is_over || is_probed {
            return false;
        }
        state.probe_since = Some(now);
        true
    }

    /// Returns true if the circuit is open, without claiming a trial call.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.lock().closed_until.is_some_and(|until| !is_over(until, now))
    }

    /// Records an answered call.
    pub(super) fn succeeded(&self) {
        *self.lock() = State::default();
    }

    /// Records a failed call.
    pub(super) fn failed(&self, error: &UpstreamError, now: Timestamp) {
        let mut state = self.lock();
        state.probe_since = None;
        if !error.is_fault() {
            return;
        }
        state.failures = state.failures.saturating_add(1);
        let pause_ms = match error {
            UpstreamError::RateLimited { retry_after_ms } => {
                Some(retry_after_ms.unwrap_or(PAUSE_MS).clamp(PAUSE_MS, PAUSE_MS_MAX))
            }
            UpstreamError::Refused { .. } | UpstreamError::OutOfCredits | UpstreamError::QuotaUsedUp => {
                Some(REFUSED_MS)
            }
            _ if state.failures >= FAILURES_MAX => {
                state.open_ms = (state.open_ms * 2).clamp(OPEN_MS, OPEN_MS_MAX);
                Some(state.open_ms.max(error.retry_after_ms().unwrap_or(0).min(OPEN_MS_MAX)))
            }
            _ => None,
        };
        if let Some(pause_ms) = pause_ms {
            state.closed_until = Some(Timestamp::from_ms(now.as_ms().saturating_add_unsigned(pause_ms)));
        }
    }
}

/// Returns true if a pause is over. A clock that was set back must not make it longer than the longest pause.
fn is_over(until: Timestamp, now: Timestamp) -> bool {
    now >= until || until.as_ms().saturating_sub(now.as_ms()) > PAUSE_MS_MAX.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    const DOWN: UpstreamError = UpstreamError::Timeout { timeout_ms: 1 };

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_call_tries_again() {
        let breaker = Breaker::default();
        for _ in 1..FAILURES_MAX {
            breaker.failed(&DOWN, at(0));
        }
        assert!(breaker.admits(at(0)));
        breaker.failed(&DOWN, at(0));
        assert!(!breaker.admits(at(1_999)) && breaker.is_open(at(1_999)));
        assert!(breaker.admits(at(2_000)));
        assert!(!breaker.admits(at(2_000)), "one try at a time");
        breaker.failed(&DOWN, at(2_100));
        assert!(!breaker.admits(at(6_099)) && breaker.admits(at(6_100)), "twice as long");
        breaker.succeeded();
        assert!(breaker.admits(at(6_100)) && !breaker.is_open(at(6_100)));
    }

    #[test]
    fn it_closes_within_half_a_minute_after_recovery_however_long_it_was_down() {
        let breaker = Breaker::default();
        let mut now = 0;
        for _ in 0..200 {
            if breaker.admits(at(now)) {
                breaker.failed(&DOWN, at(now));
            }
            now += 1_000;
        }
        let well_again = now;
        while !breaker.admits(at(now)) {
            now += 100;
        }
        assert!(now - well_again <= 30_000, "{}", now - well_again);
    }

    #[test]
    fn a_lost_trial_call_does_not_keep_it_open_for_good() {
        let breaker = Breaker::default();
        (0..FAILURES_MAX).for_each(|_| breaker.failed(&DOWN, at(0)));
        assert!(breaker.admits(at(3_000)));
        assert!(breaker.admits(at(3_000 + OPEN_MS_MAX.cast_signed())));
    }

    #[test]
    fn it_waits_as_long_as_requested_up_to_a_limit() {
        let breaker = Breaker::default();
        breaker.failed(&UpstreamError::RateLimited { retry_after_ms: Some(10_000) }, at(0));
        assert!(!breaker.admits(at(9_999)) && breaker.admits(at(10_000)));
        breaker.failed(&UpstreamError::RateLimited { retry_after_ms: Some(u64::MAX) }, at(0));
        assert!(breaker.admits(at(PAUSE_MS_MAX.cast_signed())));
        breaker.succeeded();
        breaker.failed(&UpstreamError::RateLimited { retry_after_ms: None }, at(0));
        assert!(!breaker.admits(at(0)) && breaker.admits(at(1_000)));
    }

    #[test]
    fn a_wrong_request_opens_nothing() {
        let breaker = Breaker::default();
        for _ in 0..100 {
            breaker.failed(&UpstreamError::Invalid { reason: String::new() }, at(0));
        }
        assert!(breaker.admits(at(0)));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_closed() {
        let breaker = Breaker::default();
        breaker.failed(&UpstreamError::OutOfCredits, at(0));
        assert!(!breaker.is_open(at(-86_400_000)) && breaker.admits(at(-86_400_000)));
    }
}
