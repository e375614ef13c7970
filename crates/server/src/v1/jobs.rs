//! Jobs as resources: what the paths of imports and walks share. A path names its kind once, by [`JobView`], and gets
//! list, show and cancel.

use super::json_reply;
use super::measured::Pagination;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use domain::{JobId, KeyScope, Timestamp};
use http::{Response, StatusCode};
use measure::parameters::by;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::idempotency::{Fingerprint, IdempotencyKey};
use store::jobs::{Job, JobCreated, JobKind, NewJob};
use utoipa::{IntoParams, ToSchema};

/// Jobs per page of a list.
const JOBS_PER_PAGE: usize = 20;

/// A job as its path shows it.
pub(super) trait JobView: Serialize + Sized + Send {
    /// Kind of the jobs of the path.
    const KIND: JobKind;
    /// Path of the list; `/{id}` below it is one job.
    const PATH: &'static str;
    /// Scope that a key needs to see them.
    const READ: KeyScope;
    /// Scope that a key needs to create and cancel them.
    const CHANGE: KeyScope;
    /// Error where the account has no such job.
    const NOT_FOUND: (ErrorCode, &'static str);

    /// Returns the view.
    ///
    /// # Errors
    ///
    /// The stored request or progress cannot be read.
    fn of(job: &Job) -> Result<Self, Problem>;

    /// Releases what a cancelled job no longer needs.
    fn release(_app: &App, _job: &Job) -> Result<(), Problem> {
        Ok(())
    }
}

/// Answers with a page of the account's jobs, newest first.
pub(super) async fn list<V: JobView>(app: Arc<App>, request: Request) -> Response<Body> {
    serve_free(app, request, V::READ, async |request: AuthenticatedRequest, _| {
        let JobsQuery { cursor } = request.query()?;
        let store = request.app.catalog.store();
        let jobs = store.jobs(request.caller.key.account_id, Some(V::KIND), cursor, JOBS_PER_PAGE).await?;
        let last = jobs.last().filter(|_| jobs.len() == JOBS_PER_PAGE);
        let next = last.map(|job| job.id.to_string());
        let views = jobs.iter().map(V::of).collect::<Result<Vec<_>, _>>()?;
        json_reply::page(&views, Pagination::new(next))
    })
    .await
}

/// Answers with the job that the path names.
pub(super) async fn show<V: JobView>(app: Arc<App>, request: Request) -> Response<Body> {
    serve_free(app, request, V::READ, async |request: AuthenticatedRequest, _| {
        json_reply::ok(&V::of(&named::<V>(&request).await?)?)
    })
    .await
}

/// Cancels the job that the path names, and answers with it. One that has ended does not change.
pub(super) async fn cancel<V: JobView>(app: Arc<App>, request: Request) -> Response<Body> {
    serve_free(app, request, V::CHANGE, async |request: AuthenticatedRequest, _| {
        let job = named::<V>(&request).await?;
        let (store, now) = (request.app.catalog.store(), request.app.clock.now());
        let cancelled = store.cancel_job(request.caller.key.account_id, job.id, now).await?;
        let job = cancelled.ok_or_else(not_found::<V>)?;
        V::release(&request.app, &job)?;
        json_reply::ok(&V::of(&job)?)
    })
    .await
}

/// Builds the answer for a job that was created, now or by an earlier request with the same `Idempotency-Key`.
pub(super) fn accepted<V: JobView>(
    request: &AuthenticatedRequest,
    created: JobCreated,
) -> Result<Content, Problem> {
    let job = match created {
        JobCreated::Created(job) | JobCreated::Same(job) => job,
        JobCreated::OtherRequest => return Err(key_of_other_request()),
        JobCreated::IdTaken => return Err(Problem::unavailable("the new job id is taken")),
    };
    let path = format!("{}/{}", V::PATH, job.id);
    json_reply::created(StatusCode::ACCEPTED, &V::of(&job)?, &request.call.public_url, &path)
}

async fn named<V: JobView>(request: &AuthenticatedRequest) -> Result<Job, Problem> {
    let last = request.parts.uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or("");
    // A malformed id is as unknown as any other.
    let id: JobId = last.parse().map_err(|_| not_found::<V>())?;
    let job = request.app.catalog.store().job(request.caller.key.account_id, id).await?;
    job.filter(|job| job.kind == V::KIND).ok_or_else(not_found::<V>)
}

fn not_found<V: JobView>() -> Problem {
    Problem::new(V::NOT_FOUND.0, V::NOT_FOUND.1)
}

impl AuthenticatedRequest {
    /// Returns the id of a job that this call creates. Its random part is that of the request id.
    pub(super) fn new_job_id(&self) -> JobId {
        JobId::new(self.app.clock.now(), u128::from_be_bytes(self.call.id.to_bytes()))
    }

    /// Returns a new job of the caller's. `identity` is what a repeat of the request must agree in.
    pub(super) fn new_job<V: JobView>(
        &self,
        id: JobId,
        request: String,
        idempotency_key: Option<IdempotencyKey>,
        identity: &str,
    ) -> NewJob {
        NewJob {
            id,
            account_id: self.caller.key.account_id,
            kind: V::KIND,
            request,
            node: None,
            idempotency: idempotency_key.map(|key| (key, Fingerprint::of(identity.as_bytes()))),
            at: self.app.clock.now(),
        }
    }
}

/// Query parameters of a list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct JobsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(job_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<JobId>,
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
    pub(super) fn of(job: &Job) -> Self {
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
