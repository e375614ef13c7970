//! A claim on a job, kept while it is worked on: who holds it says now and then how far it is, and hears whether it is to
//! stop.

use crate::{WorkerContext, later};
use domain::Timestamp;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::jobs::{self, Claim, JobEnd, JobKept};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a job is nobody else's after its worker was last heard of. A job whose worker was killed goes on after this.
pub(crate) const LEASE_MS: i64 = 60_000;
/// How often it is kept at least: twice may fail.
const KEEP_INTERVAL: Duration = Duration::from_secs(15);
/// How often it is tried to write down what came of a job while the store cannot be written.
const WRITE_AGAIN_INTERVAL: Duration = Duration::from_secs(1);

/// A lease from now on.
pub(crate) fn lease_for(now: Timestamp, ms: i64) -> jobs::Lease {
    jobs::Lease { from: now, until: later(now, ms) }
}

/// What a running job has to do with its claim.
#[derive(Debug)]
pub(crate) struct Lease<'c> {
    context: &'c Arc<WorkerContext>,
    claim: Claim,
    stopped: watch::Receiver<bool>,
}

/// What the holder of a lease is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobSignal {
    /// Go on.
    GoOn,
    /// Stop, and hand the job back: the worker ends.
    HandBack,
    /// Stop, and end the job: its owner called it off.
    Cancel,
    /// Stop: the job is another's.
    Drop,
}

impl<'c> Lease<'c> {
    pub(crate) fn new(context: &'c Arc<WorkerContext>, claim: Claim, stopped: watch::Receiver<bool>) -> Self {
        Self { context, claim, stopped }
    }

    /// Says how far the job is, durably, and keeps it.
    pub(crate) async fn keep(&self, progress: String) -> Result<JobSignal, StoreError> {
        let lease = lease_for(self.context.clock.now(), LEASE_MS);
        Ok(match self.context.catalog.store().keep_job(&self.claim, progress, lease).await? {
            JobKept::Lost => JobSignal::Drop,
            JobKept::CancelWanted => JobSignal::Cancel,
            JobKept::Ours if self.is_stopped() => JobSignal::HandBack,
            JobKept::Ours => JobSignal::GoOn,
        })
    }

    /// Done when the worker is to end.
    pub(crate) async fn stopped(&self) {
        // A worker that is gone without a word is one that ends.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }

    /// Whether the worker is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Keeps the lease while something is waited for. `progress` says how far the job is.
    pub(crate) async fn while_waiting<T>(
        &self,
        progress: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = std::pin::pin!(work);
        let mut keep_at = Instant::now() + KEEP_INTERVAL;
        loop {
            tokio::select! {
                done = work.as_mut() => return done,
                () = sleep_until(keep_at) => {
                    // What it says is heard when the work is done, which is never long.
                    if let Err(error) = self.keep(progress()).await {
                        tracing::warn!(%error, "a job cannot be kept just now");
                    }
                    keep_at = Instant::now() + KEEP_INTERVAL;
                }
            }
        }
    }

    /// Gives the job back through no fault of its own, not to be gone on with before so long: the attempt does not count.
    /// `progress` takes the place of what was said before, if given.
    pub(crate) async fn hand_back(
        &self,
        progress: Option<String>,
        pause: Duration,
    ) -> Result<(), StoreError> {
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let lease = lease_for(self.context.clock.now(), pause_ms);
        self.context.catalog.store().job_interrupted(&self.claim, progress, lease).await.map(|_| ())
    }

    /// Writes something down, as soon as the store can be written: a full disk or a lost connection must not count as a
    /// failure of the job. A worker that is to end tries once more.
    pub(crate) async fn until_written<'w, T>(
        &self,
        mut write: impl FnMut() -> BoxFuture<'w, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let mut is_told = false;
        loop {
            let is_last = self.is_stopped();
            match write().await {
                Err(error) if error.is_passing() && !is_last => {
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::warn!(job = %self.claim.id(), %error, "what came of a job cannot be written yet");
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

    /// Notes that the job got further than any attempt before.
    pub(crate) async fn got_further(&self) -> Result<(), StoreError> {
        self.context.catalog.store().job_got_further(&self.claim).await.map(|_| ())
    }

    /// Notes what this attempt failed by; another one may begin after the pause. Returns how many attempts in a row failed
    /// the same way; `None` when the job is another's.
    pub(crate) async fn failed(&self, failure: String, pause: Duration) -> Result<Option<u64>, StoreError> {
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let lease = lease_for(self.context.clock.now(), pause_ms);
        self.context.catalog.store().job_failed(&self.claim, failure, lease).await
    }

    /// Ends the job. `false` when it is another's.
    pub(crate) async fn finish(&self, end: JobEnd, result: String) -> Result<bool, StoreError> {
        let now = self.context.clock.now();
        self.context.catalog.store().finish_job(&self.claim, end, result, now).await
    }
}
