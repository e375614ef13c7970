//! `/v1/walks`: a whole hashtag, fetched from the upstream by the worker. One credit per page.

use super::jobs::{self, JobFacts, JobView, JobsQuery};
use super::json_reply::answer;
use super::{json_body, json_reply};
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::refused;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{FreeErrors, StartWalkErrors, WalkErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::HashtagRef;
use catalog::jobs::{
    Share, StopReason, WALK_CREDITS, WALK_CREDITS_MAX, WalkCounters, WalkCoverage, WalkEstimate, WalkOrder,
    WalkReject, WalkState,
};
use domain::credits::PRICE_OF_A_CALL;
use domain::{HashtagId, KeyScope, Region};
use http::Response;
use measure::parameters::{Whole, by};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::jobs::{Job, JobKind};
use utoipa::ToSchema;

/// The order for a walk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalkAsked {
    /// A name, with or without `#`, or TikTok's id. Digits are an id first and a name second.
    #[schema(example = "cat", min_length = 1, max_length = 512, pattern = r"[^#\s\x00-\x1f\x7f-\x9f]")]
    hashtag: String,
    /// Only videos of this country: two letters.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "US", pattern = "^[A-Za-z]{2}$")]
    region: Option<Region>,
    /// Maximum number of credits to spend.
    #[schema(value_type = Option<u64>, example = 500, minimum = 1, maximum = 100_000, default = 10_000)]
    max_credits: Option<Whole<1, WALK_CREDITS_MAX>>,
    /// Returns the price and starts nothing.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    dry_run: bool,
}

/// A walk.
#[derive(Serialize, ToSchema)]
#[schema(as = Walk)]
pub(crate) struct WalkView {
    #[serde(flatten)]
    job: JobFacts,
    /// Hashtag as given in the request.
    hashtag: String,
    region: Option<String>,
    max_credits: u64,
    /// TikTok's id, once it is known.
    hashtag_id: Option<String>,
    /// The id in its place while TikTok's is unknown; `null` afterwards.
    assigned_id: Option<String>,
    counters: WalkCounters,
    /// The first 10 rejected records, each with the reason.
    first_rejects: Vec<WalkReject>,
    /// Credits charged so far: one for each page that brought a video new to this walk.
    credits_charged: u64,
    /// Reason for its end: `end` (the upstream has no more), `cap` (it returns no more, though there are more),
    /// `budget`, `stall` (it announces more and returns none), `repeat` (it returns only seen videos),
    /// `upstream` (it failed). `null` while it runs, and when it was cancelled.
    #[schema(example = "end")]
    stop_reason: Option<&'static str>,
    /// The problem, if there was one.
    problem: Option<String>,
    /// Share of the hashtag that it saw; `null` until it has ended.
    coverage: Option<CoverageView>,
}

/// Coverage of a hashtag by a walk.
#[derive(Serialize, ToSchema)]
#[schema(as = WalkCoverage)]
struct CoverageView {
    /// Videos it saw.
    unique: u64,
    /// Number of videos of the hashtag as a source reported it; `null` if none did.
    reported: Option<ReportedView>,
    /// unique / reported.
    share: Option<Share>,
    /// Reason for a missing share.
    share_missing: Option<String>,
    /// Estimated number of all videos, by this walk and the one before it.
    estimate: Option<WalkEstimate>,
    /// Reason for a missing estimate.
    estimate_missing: Option<String>,
}

/// A reported number of videos.
#[derive(Serialize, ToSchema)]
struct ReportedView {
    value: u64,
    /// Always `reported`.
    basis: &'static str,
    /// True if it was rounded for display.
    rounded: bool,
    /// The step it was rounded to; 1 if it is exact.
    step: u64,
}

/// The expected price of a walk. Nothing was charged, and no upstream was called.
#[derive(Serialize, ToSchema)]
pub(crate) struct WalkPriceView {
    hashtag: String,
    region: Option<String>,
    /// Pages, if the upstream returns full ones; `null` if unknown.
    pages: Option<u64>,
    /// Credits, one per page; `null` if unknown.
    credits: Option<u64>,
    /// Upper limit of the price.
    max_credits: u64,
    /// Number of videos of the hashtag as a source reported it.
    reported_videos: Option<u64>,
    /// Stored videos of the hashtag.
    held_videos: Option<u64>,
    /// Basis of the numbers, or the reason for their absence.
    basis: String,
}

answer! {
    /// One walk.
    WalkAnswer: WalkView
}

answer! {
    /// The price of a walk.
    WalkPriceAnswer: WalkPriceView
}

answer! {
    /// Walks, newest first.
    with pages WalkList: Vec<WalkView>
}

impl JobView for WalkView {
    const KIND: JobKind = JobKind::Walk;
    const PATH: &'static str = "/v1/walks";
    const READ: KeyScope = KeyScope::Read;
    const CHANGE: KeyScope = KeyScope::Call;
    const NOT_FOUND: (ErrorCode, &'static str) = (ErrorCode::WalkNotFound, "this account has no such walk");

    fn of(job: &Job) -> Result<Self, Problem> {
        let (order, state) = (WalkOrder::of(job)?, WalkState::of(job)?);
        let target = state.target.map(|target| target.id);
        let is_assigned = |id: &String| id.parse::<HashtagId>().is_ok_and(HashtagId::is_assigned);
        Ok(Self {
            job: JobFacts::of(job),
            hashtag: order.hashtag,
            region: order.region,
            max_credits: order.max_credits,
            hashtag_id: target.clone().filter(|id| !is_assigned(id)),
            assigned_id: target.filter(is_assigned),
            counters: state.counters,
            first_rejects: state.first_rejects,
            credits_charged: state.credits_charged,
            stop_reason: state.stop_reason.map(StopReason::name),
            problem: state.problem,
            coverage: state.coverage.map(CoverageView::of),
        })
    }
}

impl CoverageView {
    fn of(coverage: WalkCoverage) -> Self {
        Self {
            unique: coverage.unique,
            reported: coverage.reported.map(|reported| ReportedView {
                value: reported.value,
                basis: domain::Basis::Reported.name(),
                rounded: reported.rounded,
                step: reported.step,
            }),
            share: coverage.share,
            share_missing: coverage.share_missing,
            estimate: coverage.estimate,
            estimate_missing: coverage.estimate_missing,
        }
    }
}

/// Start a walk
///
/// Fetches the upstream's feed of a hashtag to its end and stores every page as it arrives. One credit is
/// charged for each page that brings at least one video new to the walk, once, and never more than
/// `max_credits`; pages that are empty or bring only repeats or rejects are free. `dry_run` returns the price
/// and starts nothing.
#[utoipa::path(
    post,
    path = "/v1/walks",
    operation_id = "create_walk",
    tag = "walks",
    request_body = WalkAsked,
    responses(
        (status = 200, description = "The price (`dry_run`)", body = WalkPriceAnswer),
        (status = 202, description = "The walk was queued; `Location` is its path", body = WalkAnswer),
        StartWalkErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, WalkView::CHANGE, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: WalkAsked = json_body::read(&request, body).await?;
    let dry_run = asked.dry_run;
    let order = asked.order()?;
    let catalog = &request.app.catalog;
    if !catalog.has_upstream() {
        let detail = "a walk fetches from an upstream, and none is configured here; the server's owner adds one as \
                      [[upstream]] to tagmeter.toml";
        return Err(Problem::new(ErrorCode::NoUpstream, detail));
    }
    if dry_run {
        return price(&request, order).await;
    }
    let idempotency_key = idempotency_key(&request.parts.headers)?;
    let balance = catalog.store().quote(request.caller.key.account_id).await?;
    // A request with an Idempotency-Key passes even at zero: it may have started the walk already.
    if let Some(balance) = balance.filter(|balance| *balance < PRICE_OF_A_CALL && idempotency_key.is_none()) {
        return Err(refused(balance));
    }
    let order = order.to_json();
    let identity = format!("POST {} {order}", WalkView::PATH);
    let job = request.new_job::<WalkView>(request.new_job_id(), order, idempotency_key, &identity);
    jobs::accepted::<WalkView>(&request, catalog.make_job(job).await?)
}

impl WalkAsked {
    fn order(self) -> Result<WalkOrder, Problem> {
        let hashtag = self.hashtag.trim();
        HashtagRef::candidates(hashtag).map_err(|why| {
            Problem::parameter("hashtag", format!("hashtag: {why}; give a name such as cat, or an id"))
        })?;
        Ok(WalkOrder {
            hashtag: hashtag.to_owned(),
            region: self.region.map(|region| region.to_string()),
            max_credits: self.max_credits.map_or(WALK_CREDITS, Whole::get),
        })
    }
}

async fn price(request: &AuthenticatedRequest, order: WalkOrder) -> Result<Content, Problem> {
    let price = request.app.catalog.walk_price(&order).await?;
    json_reply::ok(&WalkPriceView {
        hashtag: order.hashtag,
        region: order.region,
        pages: price.pages,
        credits: price.credits,
        max_credits: price.credits_max,
        reported_videos: price.reported_videos,
        held_videos: price.held_videos,
        basis: price.basis,
    })
}

/// List walks
///
/// Returns the account's walks, newest first, 20 per page. Free.
#[utoipa::path(
    get,
    path = "/v1/walks",
    operation_id = "list_walks",
    tag = "walks",
    params(JobsQuery),
    responses((status = 200, description = "The walks", body = WalkList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::list::<WalkView>(app, request).await
}

/// Get a walk
///
/// Returns the progress of a walk, and once it has ended the reason and its coverage. Free.
#[utoipa::path(
    get,
    path = "/v1/walks/{id}",
    operation_id = "get_walk",
    tag = "walks",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The walk", body = WalkAnswer), WalkErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::show::<WalkView>(app, request).await
}

/// Cancel a walk
///
/// Stored pages and their charges remain. A running walk stops after its current page.
#[utoipa::path(
    delete,
    path = "/v1/walks/{id}",
    operation_id = "cancel_walk",
    tag = "walks",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The walk as it is now", body = WalkAnswer), WalkErrors),
)]
pub(crate) async fn cancel(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::cancel::<WalkView>(app, request).await
}
