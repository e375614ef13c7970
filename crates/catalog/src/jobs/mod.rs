//! Jobs: requests, progress and results, as the JSON in the store. The server and the worker read and write it
//! here, and nowhere else.

mod import;

mod spool;

mod walk;

pub use import::{ImportCounts, ImportOrder, ImportState};
pub use spool::{SPOOL_FOLDER, Spool};
pub use walk::{
    FIRST_REJECTS_MAX, ReportedVideos, Seen, Share, StopReason, WALK_CREDITS, WALK_CREDITS_MAX, WalkCounters,
    WalkCoverage, WalkEstimate, WalkOrder, WalkReject, WalkState, WalkTarget,
};

use crate::Catalog;
use serde::de::DeserializeOwned;
use store::StoreError;
use store::jobs::{Job, JobCreated, NewJob};

impl Catalog {
    /// Creates a job, durably, and wakes this process's worker.
    pub async fn make_job(&self, job: NewJob) -> Result<JobCreated, StoreError> {
        let created = self.inner.store.create_job(job).await?;
        if matches!(created, JobCreated::Created(_)) {
            self.wake_worker();
        }
        Ok(created)
    }

    /// Wakes this process's worker: there is work for it.
    pub fn wake_worker(&self) {
        self.inner.work_made.notify_one();
    }

    /// Waits until this process has made work for its worker since the last call.
    pub async fn work_made(&self) {
        self.inner.work_made.notified().await;
    }
}

/// Parses JSON of a job that was written here before.
fn read<T: DeserializeOwned>(job: &Job, column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Inconsistent {
        table: "jobs",
        column,
        row: job.id.to_string(),
    })
}

/// Returns the state of a job: its result if it has ended, else its progress, else the default.
fn state<T: DeserializeOwned + Default>(job: &Job) -> Result<T, StoreError> {
    match (&job.result, &job.progress) {
        (Some(result), _) => read(job, "result", result),
        (None, Some(progress)) => read(job, "progress", progress),
        (None, None) => Ok(T::default()),
    }
}

/// Serialises state that consists of texts, numbers and lists, which cannot fail.
fn written(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists in memory are always JSON")
}
