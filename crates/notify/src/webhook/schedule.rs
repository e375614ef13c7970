//! The schedule of attempts at a delivery, and the rule that turns a failing endpoint off: pure functions of what
//! happened.

use domain::Timestamp;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Delay of each attempt after the one before it, in seconds: 75 hours and 35 minutes in all.
pub const DELAYS_S: [u32; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Largest jitter, in percent of the delay it is added to: deliveries that failed together are not repeated together.
pub const JITTER_PERCENT_MAX: u32 = 10;
/// Time of failures without a success after which an endpoint is turned off, in milliseconds: five days.
pub const OFF_AFTER_MS: i64 = 5 * 24 * 3600 * 1000;
/// Failures in a row that it takes besides, so that a clock set forward turns nothing off.
pub const OFF_AFTER_FAILURES: u32 = 5;

/// Parts of the largest jitter between which a seed chooses.
const JITTER_STEPS: u64 = 1 << 16;

/// Result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered with a 2xx.
    Accepted,
    /// The receiver answered 410: it wants no more of them.
    Gone,
    /// Anything else: another status, a redirect among them, no answer, no connection.
    Failed {
        /// Milliseconds for which the receiver wants to be left alone, as its `Retry-After` says
        /// ([`domain::retry_after::wait_ms`]).
        retry_after_ms: Option<u64>,
    },
}

/// Next step of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// None: it was delivered.
    Delivered,
    /// Another attempt, not before this time.
    Attempt(Timestamp),
    /// None: all attempts failed, or the receiver wants no more.
    GivenUp,
}

/// Returns the next step after attempt number `attempt` (the first is 1) ended at `now`. Equal seeds give equal times.
pub fn next(attempt: usize, outcome: Outcome, now: Timestamp, seed: u64) -> Next {
    let retry_after_ms = match outcome {
        Outcome::Accepted => return Next::Delivered,
        Outcome::Gone => return Next::GivenUp,
        Outcome::Failed { retry_after_ms } => retry_after_ms.unwrap_or_default(),
    };
    let Some(delay_s) = DELAYS_S.get(attempt) else { return Next::GivenUp };
    // A receiver may slow attempts down, to one a day at most, and never hurry them.
    let wait_ms =
        jittered_ms(*delay_s, attempt, seed).max(retry_after_ms.min(domain::retry_after::WAIT_MS_MAX));
    let wait_ms = i64::try_from(wait_ms).expect("a day and a tenth at most");
    Next::Attempt(Timestamp::from_ms(now.as_ms().saturating_add(wait_ms)))
}

/// Returns the delay in milliseconds, longer by 0 to [`JITTER_PERCENT_MAX`] percent.
fn jittered_ms(delay_s: u32, attempt: usize, seed: u64) -> u64 {
    let delay_ms = u64::from(delay_s) * 1000;
    let step = xxh3_64_with_seed(&(attempt as u64).to_le_bytes(), seed) % (JITTER_STEPS + 1);
    delay_ms + delay_ms * u64::from(JITTER_PERCENT_MAX) * step / (100 * JITTER_STEPS)
}

/// Failures of an endpoint since its last success, of all its messages together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// Time of the first of them.
    pub since: Timestamp,
    /// Number of them.
    pub failures: u32,
}

/// State of an endpoint after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// It works.
    Working,
    /// It fails, and is tried again.
    Failing(Failing),
    /// It is turned off, of which its owner gets a notice: it answered 410.
    Gone,
    /// It is turned off, of which its owner gets a notice: it failed for [`OFF_AFTER_MS`].
    OffAfter(Failing),
}

/// Returns the state of an endpoint after an attempt that ended at `now`; `before` are its failures until then.
pub fn endpoint_after(before: Option<Failing>, outcome: Outcome, now: Timestamp) -> Endpoint {
    match outcome {
        Outcome::Accepted => return Endpoint::Working,
        Outcome::Gone => return Endpoint::Gone,
        Outcome::Failed { .. } => {}
    }
    let before = before.unwrap_or(Failing { since: now, failures: 0 });
    let failing = Failing { since: before.since, failures: before.failures.saturating_add(1) };
    let is_long = now.as_ms().saturating_sub(failing.since.as_ms()) >= OFF_AFTER_MS;
    if is_long && failing.failures >= OFF_AFTER_FAILURES {
        Endpoint::OffAfter(failing)
    } else {
        Endpoint::Failing(failing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::retry_after::{WAIT_MS_MAX, wait_ms};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
    const FAILED: Outcome = Outcome::Failed { retry_after_ms: None };
    const DAY_MS: i64 = 24 * 3600 * 1000;

    fn after(ms: i64) -> Timestamp {
        Timestamp::from_ms(NOW.as_ms() + ms)
    }

    fn wait(attempt: usize, outcome: Outcome, seed: u64) -> i64 {
        match next(attempt, outcome, NOW, seed) {
            Next::Attempt(at) => at.as_ms() - NOW.as_ms(),
            other => panic!("{other:?} after attempt {attempt}"),
        }
    }

    #[test]
    fn a_receiver_that_never_answers_is_tried_ten_times_in_three_days() {
        assert_eq!(DELAYS_S.iter().sum::<u32>(), 75 * 3600 + 35 * 60 + 5);
        let mut at = NOW;
        let mut attempt = 1;
        while let Next::Attempt(later) = next(attempt, FAILED, at, 42) {
            let (delay_ms, waited) = (i64::from(DELAYS_S[attempt]) * 1000, later.as_ms() - at.as_ms());
            assert!((delay_ms..=delay_ms * 11 / 10).contains(&waited), "{attempt}: {waited}");
            (at, attempt) = (later, attempt + 1);
        }
        assert_eq!((attempt, next(10, FAILED, at, 42)), (DELAYS_S.len(), Next::GivenUp));
        assert_eq!(next(usize::MAX, FAILED, at, 42), Next::GivenUp);
    }

    #[test]
    fn jitter_spreads_and_is_repeatable() {
        let waits: std::collections::BTreeSet<i64> = (0..1000).map(|seed| wait(4, FAILED, seed)).collect();
        assert!(waits.len() > 900, "{} different waits", waits.len());
        let (first, last) = (waits.first().expect("one"), waits.last().expect("one"));
        assert!(*first < 7_200_000 + 10_000 && *last > 7_920_000 - 10_000, "{first} to {last}");
        assert_eq!(wait(4, FAILED, 7), wait(4, FAILED, 7));
    }

    #[test]
    fn success_ends_a_delivery_and_410_ends_it_at_once() {
        assert_eq!(next(1, Outcome::Accepted, NOW, 0), Next::Delivered);
        assert_eq!(next(1, Outcome::Gone, NOW, 0), Next::GivenUp);
        assert_eq!(endpoint_after(None, Outcome::Gone, NOW), Endpoint::Gone);
    }

    #[test]
    fn retry_after_slows_down_within_a_day_and_never_hurries() {
        let asked = |text: &str| wait(2, Outcome::Failed { retry_after_ms: wait_ms(text, NOW) }, 3);
        let scheduled = wait(2, FAILED, 3);
        for hostile in ["0", "1", "-1", "NaN", "inf", "", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(hostile), scheduled, "{hostile}");
        }
        assert_eq!(asked("3600"), 3_600_000);
        for hostile in ["1e308", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(asked(hostile), DAY_MS, "{hostile}");
        }
        assert_eq!(wait(2, Outcome::Failed { retry_after_ms: Some(u64::MAX) }, 3), DAY_MS);
    }

    #[test]
    fn an_endpoint_is_turned_off_after_five_days_of_failures() {
        let failing = |failures| Some(Failing { since: NOW, failures });
        let first = endpoint_after(None, FAILED, NOW);
        assert_eq!(first, Endpoint::Failing(Failing { since: NOW, failures: 1 }));
        let early = endpoint_after(failing(30), FAILED, after(OFF_AFTER_MS - 1));
        assert_eq!(early, Endpoint::Failing(Failing { since: NOW, failures: 31 }));
        let late = endpoint_after(failing(30), FAILED, after(OFF_AFTER_MS));
        assert_eq!(late, Endpoint::OffAfter(Failing { since: NOW, failures: 31 }));
        // One success, and the days count from the next failure.
        assert_eq!(endpoint_after(failing(30), Outcome::Accepted, after(OFF_AFTER_MS)), Endpoint::Working);
        // A clock set forward by a year between two failures, or back, turns nothing off.
        let jumped = endpoint_after(failing(1), FAILED, after(365 * DAY_MS));
        assert_eq!(jumped, Endpoint::Failing(Failing { since: NOW, failures: 2 }));
        let back = endpoint_after(failing(30), FAILED, after(-365 * DAY_MS));
        assert_eq!(back, Endpoint::Failing(Failing { since: NOW, failures: 31 }));
        assert_eq!(
            endpoint_after(failing(OFF_AFTER_FAILURES - 1), FAILED, after(OFF_AFTER_MS)),
            Endpoint::OffAfter(Failing { since: NOW, failures: OFF_AFTER_FAILURES })
        );
    }

    proptest! {
        #[test]
        fn no_number_overflows(attempt: usize, ms: i64, seed: u64, wait: Option<u64>, since: i64, failures: u32) {
            let (outcome, now) = (Outcome::Failed { retry_after_ms: wait }, Timestamp::from_ms(ms));
            for attempt in [attempt, attempt % DELAYS_S.len()] {
                if let Next::Attempt(at) = next(attempt, outcome, now, seed) {
                    let wait = u64::try_from(i128::from(at.as_ms()) - i128::from(ms)).expect("it is later");
                    prop_assert!(wait <= WAIT_MS_MAX * 11 / 10);
                }
            }
            let before = Failing { since: Timestamp::from_ms(since), failures };
            let stays = matches!(endpoint_after(Some(before), outcome, now), Endpoint::Failing(_) | Endpoint::OffAfter(_));
            prop_assert!(stays);
        }
    }
}
