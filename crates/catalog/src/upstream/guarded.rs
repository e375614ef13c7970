//! A call to an upstream under all rules: the breaker allows it, the pace has a place for it, it is taken from
//! the day's budget durably before it is sent, and a transient failure is retried within the deadline.

use super::breaker::Breaker;
use super::pace::Pace;
use super::retries::Retries;
use domain::{Clock, UtcDay};
use sources::files::is_ahead;
use sources::upstream::{MayReject, UpstreamError};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use store::upstream_calls::CallReservation;
use store::{Store, StoreError};
use tokio::time::{Instant, sleep};

/// Error of a call that was not made, or not answered.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Denied {
    /// The upstream is paused after failures.
    #[error("it failed repeatedly and is paused for a moment")]
    BreakerOpen,
    /// No place within the deadline.
    #[error("more calls are waiting than requests_per_minute allows")]
    Paced,
    /// `daily_requests` are used up.
    #[error("the {0} calls of this UTC day are used up")]
    BudgetUsedUp(u64),
    /// The calls of the day cannot be counted, so none is made.
    #[error("its calls cannot be counted: {0}")]
    Uncounted(Arc<StoreError>),
    /// The call failed.
    #[error(transparent)]
    Failed(#[from] UpstreamError),
}

/// Limits of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// Calls per minute on this node; 0 for no limit.
    pub requests_per_minute: u32,
    /// Calls per UTC day of all nodes together; `None` for no limit.
    pub daily_requests: Option<u64>,
}

/// An upstream's name and the state of its rules.
pub(super) struct Guard {
    pub(super) name: String,
    allowed: Allowed,
    breaker: Breaker,
    pace: Pace,
    retries: Retries,
    /// Rejects among its records since this process began.
    rejects: AtomicU64,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Guard {
    pub(super) fn new(name: &str, allowed: Allowed, seed: u64, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.to_owned(),
            allowed,
            breaker: Breaker::default(),
            pace: Pace::new(allowed.requests_per_minute),
            retries: Retries::new(seed),
            rejects: AtomicU64::new(0),
            store,
            clock,
        }
    }

    /// Returns true if the upstream is paused now.
    pub(super) fn is_open(&self) -> bool {
        self.breaker.is_open(self.clock.now())
    }

    /// Makes a call by `make`, which gets its time.
    pub(super) async fn call<T, F>(
        &self,
        deadline: Instant,
        make: impl Fn(domain::Timestamp) -> F,
    ) -> Result<T, Denied>
    where
        T: MayReject,
        F: Future<Output = Result<T, UpstreamError>>,
    {
        let mut tried = 0;
        loop {
            self.wait_for_a_place(deadline).await?;
            self.count().await?;
            if tried == 0 {
                self.retries.first();
            }
            tried += 1;
            let at = self.clock.now();
            let error = match make(at).await {
                // The clock was set back meanwhile: the reading would be in the future.
                Ok(_) if tried == 1 && is_ahead(at, self.clock.now()) => {
                    self.breaker.succeeded();
                    tracing::warn!(
                        upstream = self.name,
                        "the clock was set back during a call; it is made again"
                    );
                    continue;
                }
                Ok(answer) => {
                    self.breaker.succeeded();
                    if let Some(rejects) = answer.rejects() {
                        self.note_rejects(
                            rejects.count(),
                            rejects.first().first().map(|first| &*first.reason),
                        );
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if let UpstreamError::Rejected { reason } = &error {
                self.note_rejects(1, Some(reason));
            }
            self.breaker.failed(&error, self.clock.now());
            tracing::warn!(upstream = self.name, tried, error = %error, kind = error.name(), "an upstream call failed");
            match self.pause(&error, tried, deadline) {
                Some(pause) => sleep(pause).await,
                None => return Err(error.into()),
            }
        }
    }

    /// Returns the number of rejects among its records since this process began.
    pub(super) fn rejects(&self) -> u64 {
        self.rejects.load(Relaxed)
    }

    /// Counts rejects, and logs the reason of the first.
    fn note_rejects(&self, count: u64, reason: Option<&str>) {
        if count > 0 {
            self.rejects.fetch_add(count, Relaxed);
            tracing::warn!(
                upstream = self.name,
                count,
                reason,
                "an upstream sent records that cannot be used"
            );
        }
    }

    /// Returns the pause before the next try; `None` to give up.
    fn pause(&self, error: &UpstreamError, tried: u32, deadline: Instant) -> Option<Duration> {
        if !error.is_passing() {
            return None;
        }
        let pause = Duration::from_millis(self.retries.again(tried)?);
        let retry_after = Duration::from_millis(error.retry_after_ms().unwrap_or(0));
        let pause = pause.max(retry_after);
        (Instant::now() + pause < deadline).then_some(pause)
    }

    async fn wait_for_a_place(&self, deadline: Instant) -> Result<(), Denied> {
        if !self.breaker.admits(self.clock.now()) {
            return Err(Denied::BreakerOpen);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let wait_ms = self.pace.take(self.clock.now(), left_ms).ok_or(Denied::Paced)?;
        if wait_ms > 0 {
            sleep(Duration::from_millis(wait_ms)).await;
        }
        Ok(())
    }

    /// Takes the call from the day's budget before it is made: an uncounted call is not sent.
    async fn count(&self) -> Result<(), Denied> {
        let day = UtcDay::of(self.clock.now());
        match self.store.reserve_upstream_call(&self.name, day, self.allowed.daily_requests).await {
            Ok(CallReservation::Reserved { .. }) => Ok(()),
            Ok(CallReservation::UsedUp { calls }) => Err(Denied::BudgetUsedUp(calls)),
            Err(error) => Err(Denied::Uncounted(Arc::new(error))),
        }
    }
}
