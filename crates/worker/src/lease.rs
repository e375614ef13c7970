//! A claim on a job, renewed while the job runs: each report of progress renews it and returns whether to stop.

use crate::{WorkerContext, later};
use domain::Timestamp;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::jobs::{self, Claim, JobCheckpoint, JobEnd};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Duration of a lease, in milliseconds. If a worker is killed, its job can be claimed after this.
pub(crate) const LEASE_MS: i64 = 60_000;
/// Longest time between renewals: two may fail.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(15);
/// Time between attempts to store a result while the store is not writable.
const WRITE_AGAIN_INTERVAL: Duration = Duration::from_secs(1);

/// Returns a lease from `now` on.
pub(crate) fn lease_for(now: Timestamp, ms: i64) -> jobs::Lease {
    jobs::Lease { from: now, until: later(now, ms) }
}

/// The running job's handle to its claim.
#[derive(Debug)]
pub(crate) struct Lease<'c> {
    context: &'c Arc<WorkerContext>,
    claim: Claim,
    stopped: watch::Receiver<bool>,
}

/// Signal to the holder of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobSignal {
    /// Continue.
    GoOn,
    /// Stop and return the job: the worker is shutting down.
    HandBack,
    /// Stop and end the job: its owner cancelled it.
    Cancel,
    /// Stop: another worker has the job.
    Drop,
}

impl<'c> Lease<'c> {
    pub(crate) fn new(context: &'c Arc<WorkerContext>, claim: Claim, stopped: watch::Receiver<bool>) -> Self {
        Self { context, claim, stopped }
    }

    /// Stores the progress and renews the lease.
    pub(crate) async fn checkpoint(&self, progress: String) -> Result<JobSignal, StoreError> {
        let lease = lease_for(self.context.clock.now(), LEASE_MS);
        Ok(match self.context.catalog.store().checkpoint_job(&self.claim, progress, lease).await? {
            JobCheckpoint::Lost => JobSignal::Drop,
            JobCheckpoint::CancelWanted => JobSignal::Cancel,
            JobCheckpoint::Ours if self.is_stopped() => JobSignal::HandBack,
            JobCheckpoint::Ours => JobSignal::GoOn,
        })
    }

    /// Completes when the worker is shutting down.
    pub(crate) async fn stopped(&self) {
        // A dropped sender means that the worker is shutting down.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }

    /// Returns true if the worker is shutting down.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Renews the lease while waiting for `work`. `progress` is the current state of the job.
    pub(crate) async fn while_waiting<T>(
        &self,
        progress: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = std::pin::pin!(work);
        let mut checkpoint_at = Instant::now() + CHECKPOINT_INTERVAL;
        loop {
            tokio::select! {
                done = work.as_mut() => return done,
                () = sleep_until(checkpoint_at) => {
                    // The signal is handled after the work, which is always short.
                    if let Err(error) = self.checkpoint(progress()).await {
                        tracing::warn!(%error, "the lease of a job cannot be renewed at the moment");
                    }
                    checkpoint_at = Instant::now() + CHECKPOINT_INTERVAL;
                }
            }
        }
    }

    /// Returns the job without counting the attempt, not to be claimed before the pause ends. `progress`, if
    /// given, replaces the stored state.
    pub(crate) async fn hand_back(
        &self,
        progress: Option<String>,
        pause: Duration,
    ) -> Result<(), StoreError> {
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let lease = lease_for(self.context.clock.now(), pause_ms);
        self.context.catalog.store().job_interrupted(&self.claim, progress, lease).await.map(|_| ())
    }

    /// Repeats a write until the store accepts it: a full disk or a lost connection is not a failure of the
    /// job. During shutdown it is tried once more.
    pub(crate) async fn until_written<'w, T>(
        &self,
        mut write: impl FnMut() -> BoxFuture<'w, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let mut is_logged = false;
        loop {
            let is_last = self.is_stopped();
            match write().await {
                Err(error) if error.is_passing() && !is_last => {
                    if !std::mem::replace(&mut is_logged, true) {
                        tracing::warn!(job = %self.claim.id(), %error, "the result of a job cannot be written yet");
                    }
                }
                done => return done,
            }
            tokio::select! {
                () = sleep(WRITE_AGAIN_INTERVAL) => {}
                () = self.stopped() => {}
            }
        }
    }

    /// Records that the job got further than any attempt before.
    pub(crate) async fn got_further(&self) -> Result<(), StoreError> {
        self.context.catalog.store().job_got_further(&self.claim).await.map(|_| ())
    }

    /// Records the failure of this attempt; the next may begin after the pause. Returns the number of
    /// consecutive attempts with the same failure; `None` if another worker has the job.
    pub(crate) async fn failed(&self, failure: String, pause: Duration) -> Result<Option<u64>, StoreError> {
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let lease = lease_for(self.context.clock.now(), pause_ms);
        self.context.catalog.store().job_failed(&self.claim, failure, lease).await
    }

    /// Ends the job. `false` if another worker has it.
    pub(crate) async fn finish(&self, end: JobEnd, result: String) -> Result<bool, StoreError> {
        let now = self.context.clock.now();
        self.context.catalog.store().finish_job(&self.claim, end, result, now).await
    }
}
