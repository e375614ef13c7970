//! `/v1`: what is not of the contract, a file each, named after the path. Answers are `{"data", "meta", "pagination",
//! "billing"}`, ids are strings, times are RFC 3339 in UTC, and errors are always problems.
//!
//! Reading order: [`serve`] (key, limit, scope, then the work, for what is free), `measured` (questions that are answered for
//! credits), `cursor`, `upload` and `json_body` (what comes in), then the paths.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::admit::identify;
use crate::gate::keys::KnownKey;
use crate::gate::reply::JSON;
use crate::gate::serve::{ResponseMetadata, admit, vary_by_key};
use crate::http::middleware::Call;
use crate::negotiation::{self, Strictness};
use crate::options::PublicUrl;
use crate::problem::{Problem, Style};
use axum::body::Body;
use axum::extract::Request;
use domain::{Credits, JobId, KeyScope, Timestamp};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use measured::Pagination;
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use store::jobs::{Job, JobKind};
use utoipa::ToSchema;

pub(crate) mod cursor;

mod measured;

mod json_body;

mod strict_json;

mod upload;

mod words;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod imports;

pub(crate) mod walks;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod hashtags;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod trending;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod compare;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod export;

pub(crate) mod me;

pub(crate) mod balance;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod usage;

pub(crate) mod metrics;

/// Jobs on a page of a list, unless told otherwise, and at most.
const JOBS_ON_A_PAGE: usize = 20;

/// Somebody with a valid key that may do this, within its limit.
pub(crate) struct AuthenticatedRequest {
    pub(crate) app: Arc<App>,
    pub(crate) key: Arc<KnownKey>,
    pub(crate) call: Call,
    pub(crate) parts: Parts,
}

/// A successful answer.
pub(crate) struct JsonReply {
    status: StatusCode,
    location: Option<String>,
    /// JSON.
    data: Vec<u8>,
    pagination: Option<Pagination>,
}

/// What stands behind the data of what costs nothing.
#[derive(Serialize)]
struct Rest {
    meta: NoMeta,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<Pagination>,
    billing: Free,
}

#[derive(Serialize)]
struct Free {
    credits_charged: u64,
    balance_remaining: Option<u64>,
}

/// Nothing to say beside the data.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoMeta {}

impl JsonReply {
    /// 200.
    pub(crate) fn ok(data: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, data)
    }

    /// 202: a job was made, and can be asked for there.
    pub(crate) fn accepted(data: &impl Serialize, location: String) -> Result<Self, Problem> {
        Ok(Self { location: Some(location), ..Self::new(StatusCode::ACCEPTED, data)? })
    }

    /// 200: a page of a list.
    pub(crate) fn page(data: &impl Serialize, pagination: Pagination) -> Result<Self, Problem> {
        Ok(Self { pagination: Some(pagination), ..Self::ok(data)? })
    }

    fn new(status: StatusCode, data: &impl Serialize) -> Result<Self, Problem> {
        let data = serde_json::to_vec(data).map_err(Problem::internal)?;
        Ok(Self { status, location: None, data, pagination: None })
    }

    fn into_response(self, balance: Option<Credits>, public_url: &PublicUrl) -> Response<Body> {
        let billing = Free { credits_charged: 0, balance_remaining: balance.map(Credits::get) };
        // Numbers and texts: it cannot fail.
        let rest = serde_json::to_vec(&Rest { meta: NoMeta {}, pagination: self.pagination, billing });
        let body = measured::joined(&self.data, &rest.unwrap_or_default());
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(location) = self.location.and_then(|location| public_url.link(&location).try_into().ok())
        {
            headers.insert(LOCATION, location);
        }
        response
    }
}

/// Answers a request of somebody whose key covers what is `needed`.
pub(crate) async fn serve<F>(
    app: Arc<App>,
    request: Request,
    needed: KeyScope,
    work: impl FnOnce(AuthenticatedRequest, Body) -> F + Send,
) -> Response<Body>
where
    F: Future<Output = Result<JsonReply, Problem>> + Send,
{
    let (parts, body) = request.into_parts();
    let call = Call::of(&parts.extensions);
    let mut metadata = ResponseMetadata::default();
    let answered = async {
        let key = identify(&parts.headers, &app.keys).await?;
        let caller = admit(&app, Arc::clone(&key), &mut metadata).await?;
        metadata.balance = Some(caller.balance(app.catalog.store()).await?);
        if !key.scope.covers(needed) {
            return Err(forbidden(needed));
        }
        if let Some(route) = &call.route {
            route.check_query(&parts.method, parts.uri.query().unwrap_or(""))?;
        }
        negotiation::check(&parts.headers, &[JSON], Strictness::Named)?;
        work(AuthenticatedRequest { app: Arc::clone(&app), key, call: call.clone(), parts }, body).await
    };
    let mut response = match answered.await {
        Ok(success) => success.into_response(metadata.balance, &call.public_url),
        Err(problem) => problem.into_response(&call, Style::Problem),
    };
    metadata.write(app.clock.now(), response.headers_mut());
    vary_by_key(response.headers_mut());
    response
}

fn forbidden(needed: KeyScope) -> Problem {
    let detail = format!("this needs a key of the scope `{needed}`; the server's owner makes one");
    Problem::new(ErrorCode::Forbidden, detail)
}

impl AuthenticatedRequest {
    /// The job that the path names.
    async fn job(&self, kind: JobKind) -> Result<Job, Problem> {
        let id = self.job_id(kind)?;
        let job = self.app.catalog.store().job(self.key.account_id, id).await?;
        job.filter(|job| job.kind == kind).ok_or_else(|| not_found(kind))
    }

    /// Calls the job off that the path names. One that has ended stays as it is.
    async fn cancel(&self, kind: JobKind) -> Result<Job, Problem> {
        let job = self.job(kind).await?;
        let (store, now) = (self.app.catalog.store(), self.app.clock.now());
        let job = store.cancel_job(self.key.account_id, job.id, now).await?;
        job.ok_or_else(|| not_found(kind))
    }

    /// A page of the account's jobs, newest first.
    async fn jobs(&self, kind: JobKind) -> Result<(Vec<Job>, Pagination), Problem> {
        let query = crate::query::Query::new(self.parts.uri.query().unwrap_or(""));
        let before = match query.text("cursor")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|why: domain::job_id::JobIdError| {
                Problem::parameter(
                    "cursor",
                    format!("cursor is the next_cursor of the page before, and {why}"),
                )
            })?),
        };
        let store = self.app.catalog.store();
        let jobs = store.jobs(self.key.account_id, Some(kind), before, JOBS_ON_A_PAGE).await?;
        let last = jobs.last().filter(|_| jobs.len() == JOBS_ON_A_PAGE);
        let next = last.map(|job| job.id.to_string());
        Ok((jobs, Pagination::new(next)))
    }

    fn job_id(&self, kind: JobKind) -> Result<JobId, Problem> {
        let last = self.parts.uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or("");
        // What cannot be an id is as unknown as an id that is not there.
        last.parse().map_err(|_| not_found(kind))
    }

    /// The id of a job that this call makes. The random part is the call's own.
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

/// What every job tells of itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobFacts {
    /// Its name.
    #[schema(example = "job_01kb3x8m7q0000000000000000")]
    id: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "running")]
    state: &'static str,
    /// How often it was begun; more than once after a restart of the server.
    attempts: u64,
    /// Whether it was called off and has not stopped yet.
    cancelling: bool,
    /// When it was made.
    created_at: String,
    /// When it was first begun.
    started_at: Option<String>,
    /// When it ended.
    finished_at: Option<String>,
}

impl JobFacts {
    fn of(job: &Job) -> Self {
        Self {
            id: job.id.to_string(),
            state: job.state.name(),
            attempts: job.attempts,
            cancelling: job.is_cancel_wanted && !job.state.is_ended(),
            created_at: job.created_at.to_rfc3339(),
            started_at: job.started_at.map(Timestamp::to_rfc3339),
            finished_at: job.finished_at.map(Timestamp::to_rfc3339),
        }
    }
}
