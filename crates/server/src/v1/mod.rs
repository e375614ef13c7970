//! `/v1`: everything beyond the contract, a file for each path and named after it. Answers are `{"data", "meta", "pagination",
//! "billing"}`, ids are strings, times are RFC 3339 in UTC, and errors are always problems.
//!
//! Reading order: `json_reply` (answers of free endpoints), `measured` (questions that cost credits), `upload` and
//! `json_body` (bodies of requests), then the paths.

use crate::errors::ErrorCode;
use crate::extract::parameters;
use crate::gate::AuthenticatedRequest;
use crate::problem::Problem;
use domain::{JobId, Timestamp};
use imports::JobsQuery;
use measured::Pagination;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::jobs::{Job, JobKind};
use utoipa::{IntoParams, ToSchema};

mod json_reply;

pub(crate) mod measured;

mod json_body;

mod upload;

pub(crate) mod question;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod imports;

pub(crate) mod walks;

pub(crate) mod hashtags;

pub(crate) mod trending;

pub(crate) mod compare;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod export;

pub(crate) mod me;

pub(crate) mod balance;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod usage;

pub(crate) mod metrics;

/// Jobs per page of a list.
const JOBS_PER_PAGE: usize = 20;

impl AuthenticatedRequest {
    /// Deserializes the query.
    fn query<T: DeserializeOwned + IntoParams>(&self) -> Result<T, Problem> {
        parameters(self.parts.uri.query().unwrap_or(""))
    }

    /// Returns the job that the path names.
    async fn job(&self, kind: JobKind) -> Result<Job, Problem> {
        let id = self.job_id(kind)?;
        let job = self.app.catalog.store().job(self.caller.key.account_id, id).await?;
        job.filter(|job| job.kind == kind).ok_or_else(|| not_found(kind))
    }

    /// Cancels the job that the path names. One that has ended does not change.
    async fn cancel(&self, kind: JobKind) -> Result<Job, Problem> {
        let job = self.job(kind).await?;
        let (store, now) = (self.app.catalog.store(), self.app.clock.now());
        let job = store.cancel_job(self.caller.key.account_id, job.id, now).await?;
        job.ok_or_else(|| not_found(kind))
    }

    /// Returns a page of the account's jobs, newest first.
    async fn jobs(&self, kind: JobKind) -> Result<(Vec<Job>, Pagination), Problem> {
        let JobsQuery { cursor } = self.query()?;
        let store = self.app.catalog.store();
        let jobs = store.jobs(self.caller.key.account_id, Some(kind), cursor, JOBS_PER_PAGE).await?;
        let last = jobs.last().filter(|_| jobs.len() == JOBS_PER_PAGE);
        let next = last.map(|job| job.id.to_string());
        Ok((jobs, Pagination::new(next)))
    }

    fn job_id(&self, kind: JobKind) -> Result<JobId, Problem> {
        let last = self.parts.uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or("");
        // A malformed id is as unknown as any other.
        last.parse().map_err(|_| not_found(kind))
    }

    /// Returns the id of a job that this call creates. Its random part is that of the request id.
    fn new_job_id(&self) -> JobId {
        JobId::new(self.app.clock.now(), u128::from_be_bytes(self.call.id.to_bytes()))
    }
}

fn not_found(kind: JobKind) -> Problem {
    match kind {
        JobKind::Import => Problem::new(ErrorCode::ImportNotFound, "this account has no such import"),
        JobKind::Walk => Problem::new(ErrorCode::WalkNotFound, "this account has no such walk"),
    }
}

/// The common fields of jobs.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobFacts {
    /// Job id.
    #[schema(example = "job_01kb3x8m7q0000000000000000")]
    id: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "running")]
    state: &'static str,
    /// Number of starts; more than one after a restart of the server.
    attempts: u64,
    /// True if it was cancelled and has not stopped yet.
    cancelling: bool,
    /// Creation time.
    created_at: Timestamp,
    /// Time of the first start.
    started_at: Option<Timestamp>,
    /// Time of its end.
    finished_at: Option<Timestamp>,
}

impl JobFacts {
    fn of(job: &Job) -> Self {
        Self {
            id: job.id.to_string(),
            state: job.state.name(),
            attempts: job.attempts,
            cancelling: job.is_cancel_wanted && !job.state.is_ended(),
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }
}
