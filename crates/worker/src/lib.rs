//! Runs the jobs that requests create, imports of uploaded files and walks through an upstream, reads for trackers, evaluates
//! alerts and sends their messages, and makes and sends scheduled reports.
//!
//! A worker takes no input. It claims waiting jobs, and jobs whose lease has expired, from the store, runs them while
//! it renews the lease, and ends them. It polls every few seconds, and is woken by jobs created in its process. All
//! work is repeatable: after a kill another worker resumes the job. Deliberately absent: SQL, HTTP, and the server.
//!
//! Reading order: [`Worker`] (the loop), `lease` (the handle of a running job), then a file for each kind, `trackers`,
//! `alerts`, `deliveries` and `schedules`.

mod alerts;

mod deliveries;

mod import;

mod lease;

mod schedules;

mod trackers;

mod walk;

use alerting::Alerting;
use alerting::deliver::Outgoing;
use catalog::jobs::{ImportState, Spool, WalkState};
use catalog::{Catalog, CatalogError};
use domain::{Clock, Timestamp, UtcDay};
use futures_util::FutureExt;
use lease::{LEASE_MS, Lease, lease_for};
use scheduling::Scheduling;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::jobs::{Claim, Job, JobEnd, JobKind};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracking::Tracking;

/// Concurrent imports per node: the store's writer serialises them anyway.
pub const IMPORTS_AT_ONCE: usize = 1;
/// Concurrent walks per node. They mostly wait for their upstream.
pub const WALKS_AT_ONCE: usize = 3;
/// Hashtags that a node reads for trackers at the same time. They mostly wait for their upstream.
pub const READINGS_AT_ONCE: usize = 8;
/// Interval of polling for jobs created elsewhere, or whose lease has expired.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Consecutive attempts with the same failure and no progress before the job fails. The end of the process
/// is such a failure, too, since attempts are counted before the work begins. Failures that are not the
/// job's do not count: a full disk, an unreachable database, a worker that stops, a lost lease.
pub const ATTEMPTS_MAX: u64 = 3;
/// Pause after an attempt that failed or was interrupted.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// Failure of attempts that never reported one.
const PROCESS_ENDED: &str = "the process ended while it worked on the job";
/// Retention of events and of the log of their deliveries, in milliseconds: 400 days.
const EVENTS_RETENTION_MS: i64 = 400 * 86_400_000;
/// Retention of ended jobs, and of the daily counts of calls to upstreams, in milliseconds: 400 days.
const ENDED_RETENTION_MS: i64 = 400 * 86_400_000;
/// Events, and jobs, that are deleted in one transaction.
const PRUNED_AT_ONCE: usize = 500;
/// Interval of searching for orphaned uploads and old events.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// Dependencies of a worker.
#[derive(Clone)]
pub struct Parts {
    /// Clock for leases and charges.
    pub clock: Arc<dyn Clock>,
    /// Name of this node: it runs the jobs whose files are here.
    pub node: String,
    /// Folder of uploads.
    pub spool: Spool,
    /// Alerts, which the worker evaluates.
    pub alerting: Alerting,
    /// Sends their messages.
    pub outgoing: Outgoing,
    /// Scheduled reports, which the worker makes and sends.
    pub scheduling: Scheduling,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Runs jobs until shutdown.
#[derive(Debug, Clone)]
pub struct Worker {
    context: Arc<WorkerContext>,
    imports: Arc<Semaphore>,
    walks: Arc<Semaphore>,
    readings: Arc<Semaphore>,
    evaluations: Arc<Semaphore>,
    place: alerts::Place,
    deliveries: deliveries::Places,
    reports: Arc<Semaphore>,
}

/// Dependencies of every job.
pub(crate) struct WorkerContext {
    pub(crate) catalog: Catalog,
    pub(crate) tracking: Tracking,
    pub(crate) alerting: Alerting,
    pub(crate) outgoing: Outgoing,
    pub(crate) scheduling: Scheduling,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: String,
    pub(crate) spool: Spool,
}

impl fmt::Debug for WorkerContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerContext").field("node", &self.node).finish_non_exhaustive()
    }
}

/// The end of work on a job.
pub(crate) enum Outcome {
    /// The job is over, with its result.
    Ended(JobEnd, String),
    /// The job is to be resumed, not before the pause ends.
    HandedBack(String, Duration),
    /// The store or an upstream failed; the job resumes at its last reported progress.
    Interrupted,
    /// Another worker has the job, or it has ended.
    Lost,
}

impl Worker {
    /// Creates a worker without starting it.
    pub fn new(catalog: Catalog, parts: Parts) -> Self {
        let Parts { clock, node, spool, alerting, outgoing, scheduling } = parts;
        Self {
            context: Arc::new(WorkerContext {
                tracking: Tracking::new(catalog.clone()),
                alerting,
                outgoing,
                scheduling,
                catalog,
                clock,
                node,
                spool,
            }),
            readings: Arc::new(Semaphore::new(READINGS_AT_ONCE)),
            imports: Arc::new(Semaphore::new(IMPORTS_AT_ONCE)),
            walks: Arc::new(Semaphore::new(WALKS_AT_ONCE)),
            evaluations: Arc::new(Semaphore::new(1)),
            place: alerts::Place::default(),
            deliveries: deliveries::places(),
            reports: Arc::new(Semaphore::new(schedules::REPORTS_AT_ONCE)),
        }
    }

    /// Runs jobs until `shutdown` completes, then stops the running ones at their next safe point and
    /// returns them. Dropping this future interrupts them, like a kill.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        // Apart from the others: the end of an evaluation is no reason to look again, which would begin the next one.
        let mut evaluating = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        let mut sweep_at = Instant::now();
        loop {
            // Panics and errors are retried shortly: jobs wait and are not lost.
            let look = async {
                if Instant::now() >= sweep_at {
                    self.sweep().await;
                    sweep_at = Instant::now() + SWEEP_INTERVAL;
                }
                trackers::begin(&self.context, &self.readings, &mut running).await?;
                alerts::begin(&self.context, &self.evaluations, &self.place, &mut evaluating);
                deliveries::begin(&self.context, &self.deliveries, &mut running).await?;
                schedules::begin(&self.context, &self.reports, &mut running).await?;
                self.begin_jobs(&mut running, &stopped).await
            };
            match AssertUnwindSafe(look).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "jobs cannot be claimed; looking again in a moment"),
                Err(_) => tracing::error!("looking for jobs panicked; looking again in a moment"),
            }
            let look_again = sleep(LOOK_INTERVAL);
            tokio::select! {
                () = shutdown.as_mut() => break,
                Some(_) = running.join_next() => {}
                () = self.context.catalog.work_made() => {}
                () = look_again => {}
            }
        }
        // The receivers are in `running`.
        stop.send_replace(true);
        while running.join_next().await.is_some() {}
        while evaluating.join_next().await.is_some() {}
    }

    /// Starts waiting jobs while there is capacity.
    async fn begin_jobs(
        &self,
        running: &mut JoinSet<()>,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        loop {
            let kinds = [(JobKind::Import, &self.imports), (JobKind::Walk, &self.walks)];
            let open: Vec<JobKind> = kinds
                .iter()
                .filter(|(_, room)| room.available_permits() > 0)
                .map(|(kind, _)| *kind)
                .collect();
            if open.is_empty() {
                return Ok(());
            }
            let (context, now) = (&self.context, self.context.clock.now());
            let store = context.catalog.store();
            let claimed = store.claim_job(&open, &context.node, lease_for(now, LEASE_MS)).await?;
            let Some((job, claim)) = claimed else { return Ok(()) };
            let room = match job.kind {
                JobKind::Import => &self.imports,
                JobKind::Walk => &self.walks,
            };
            // Permits are only taken here, and one was available.
            let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return Ok(()) };
            let (context, stopped) = (Arc::clone(context), stopped.clone());
            running.spawn(async move {
                work(context, job, claim, stopped).await;
                drop(permit);
            });
        }
    }

    async fn sweep(&self) {
        let swept = self.context.spool.sweep(self.context.catalog.store(), self.context.clock.now()).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "uploads that were left behind cannot be looked for");
        }
        if let Err(error) = self.prune().await {
            tracing::warn!(%error, "old events and jobs cannot be deleted");
        }
    }

    /// Deletes events, jobs and counts of calls that are older than their retention.
    async fn prune(&self) -> Result<(), StoreError> {
        let (store, now) = (self.context.catalog.store(), self.context.clock.now());
        while store.prune_events(later(now, -EVENTS_RETENTION_MS), PRUNED_AT_ONCE).await? > 0 {}
        let before = later(now, -ENDED_RETENTION_MS);
        while store.prune_jobs(before, PRUNED_AT_ONCE).await? > 0 {}
        store.prune_upstream_calls(UtcDay::of(before)).await?;
        Ok(())
    }
}

/// Runs a job and stores its result.
async fn work(context: Arc<WorkerContext>, job: Job, claim: Claim, stopped: watch::Receiver<bool>) {
    let lease = Lease::new(&context, claim, stopped);
    if job.unheard > ATTEMPTS_MAX {
        return write(&context, &job, &lease, given_up(&job, PROCESS_ENDED)).await;
    }
    tracing::info!(job = %job.id, kind = ?job.kind, attempt = job.attempts, "job begun");
    let working = async {
        match job.kind {
            JobKind::Import => import::run(&context, &job, &lease).await,
            JobKind::Walk => walk::run(&context, &job, &lease).await,
        }
    };
    let failure = match AssertUnwindSafe(working).catch_unwind().await {
        Ok(Ok(outcome)) => return write(&context, &job, &lease, outcome).await,
        // It resumes at its last reported progress.
        Ok(Err(error)) if is_no_fault_of_a_job(&error) => {
            tracing::warn!(job = %job.id, %error, "job interrupted; it goes on by itself");
            return write(&context, &job, &lease, Outcome::Interrupted).await;
        }
        Ok(Err(error)) => error.to_string(),
        Err(panic) => panicked(panic.as_ref()),
    };
    tracing::error!(job = %job.id, attempt = job.attempts, failure, "an attempt at a job failed");
    match lease.until_written(|| lease.failed(failure.clone(), RETRY_PAUSE).boxed()).await {
        Ok(Some(failures)) if failures >= ATTEMPTS_MAX => {
            write(&context, &job, &lease, given_up(&job, &failure)).await;
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(job = %job.id, %error, "what a job failed by cannot be written"),
    }
}

/// Returns true if the failure has nothing to do with the job.
fn is_no_fault_of_a_job(error: &CatalogError) -> bool {
    error.is_passing() || matches!(error, CatalogError::Store(StoreError::Stopped(_)))
}

/// Stores the result of a job.
async fn write(context: &WorkerContext, job: &Job, lease: &Lease<'_>, outcome: Outcome) {
    let written = match outcome {
        Outcome::Ended(end, result) => {
            let is_written = lease.until_written(|| lease.finish(end, result.clone()).boxed()).await;
            if matches!(is_written, Ok(true)) && job.kind == JobKind::Import {
                import::clear(context, job);
            }
            tracing::info!(job = %job.id, end = ?end, "job ended");
            is_written.map(|_| ())
        }
        Outcome::HandedBack(progress, pause) => {
            lease.until_written(|| lease.hand_back(Some(progress.clone()), pause).boxed()).await
        }
        // The new holder of the job continues; the attempt that lost it does not count.
        Outcome::Interrupted | Outcome::Lost => {
            lease.until_written(|| lease.hand_back(None, RETRY_PAUSE).boxed()).await
        }
    };
    if let Err(error) = written {
        tracing::warn!(job = %job.id, %error, "what came of a job cannot be written; it is done again");
    }
}

/// Returns the message of a panic.
fn panicked(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without a message"))
}

/// Fails a job after too many attempts.
fn given_up(job: &Job, failure: &str) -> Outcome {
    tracing::error!(job = %job.id, attempts = ATTEMPTS_MAX, failure, "a job is given up");
    let problem = Some(format!("given up after {ATTEMPTS_MAX} attempts that failed the same way: {failure}"));
    let result = match job.kind {
        JobKind::Import => ImportState { problem, ..ImportState::of(job).unwrap_or_default() }.to_json(),
        JobKind::Walk => WalkState { problem, ..WalkState::of(job).unwrap_or_default() }.to_json(),
    };
    Outcome::Ended(JobEnd::Failed, result)
}

/// Adds milliseconds to a time.
pub(crate) fn later(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_add(ms))
}
