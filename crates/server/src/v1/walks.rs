//! `/v1/walks`: a whole hashtag, fetched from the upstream by the worker. One credit per page.

use super::imports::{ListParams, the_job};
use super::json_body::Fields;
use super::json_reply::NoMeta;
use super::measured::Pagination;
use super::{JobFacts, json_reply};
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::refused;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, Billing, idempotency_key, serve_free};
use crate::openapi::{FreeErrors, StartWalkErrors, WalkErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::HashtagRef;
use catalog::jobs::{
    StopReason, WALK_CREDITS, WALK_CREDITS_MAX, WalkCoverage, WalkOrder, WalkReject, WalkState,
};
use domain::credits::PRICE_OF_A_CALL;
use domain::{HashtagId, KeyScope, Region};
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use store::idempotency::Fingerprint;
use store::jobs::{Job, JobKind, NewJob};
use utoipa::ToSchema;

const PATH: &str = "/v1/walks";
const FIELDS: &[&str] = &["hashtag", "region", "max_credits", "dry_run"];

/// The order for a walk.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the body; `Fields` reads it")]
pub(crate) struct WalkAsked {
    /// A name, with or without `#`, or TikTok's id. Digits are an id first and a name second.
    #[schema(example = "cat", min_length = 1, max_length = 512, pattern = r"[^#\s\x00-\x1f\x7f-\x9f]")]
    hashtag: String,
    /// Only videos of this country: two letters.
    #[schema(example = "US", pattern = "^[A-Za-z]{2}$")]
    region: Option<String>,
    /// Maximum number of credits to spend.
    #[schema(example = 500, minimum = 1, maximum = 100_000, default = 10_000)]
    max_credits: Option<u64>,
    /// Returns the price and starts nothing.
    #[schema(default = false)]
    dry_run: Option<bool>,
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
    counters: WalkCountersView,
    /// The first 10 rejected records, each with the reason.
    first_rejects: Vec<WalkRejectView>,
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

/// Counters of a walk.
#[derive(Serialize, ToSchema)]
#[schema(as = WalkCounters)]
struct WalkCountersView {
    /// Pages that brought at least one video new to this walk; each was charged once.
    pages: u64,
    /// Pages that brought only repeats or only rejects. Free.
    idle_page: u64,
    /// Videos, each counted once.
    unique: u64,
    /// Repeated videos.
    duplicate: u64,
    /// Pages without a video.
    empty_page: u64,
    /// Rejected records; `first_rejects` has reasons.
    rejects: u64,
}

/// A rejected record of the upstream.
#[derive(Serialize, ToSchema)]
#[schema(as = WalkReject)]
struct WalkRejectView {
    /// The upstream's cursor of its page.
    cursor: u64,
    /// Position on the page, from 1.
    #[schema(minimum = 1, example = 17)]
    record: u64,
    /// Reason, with the field and its value if one is invalid.
    #[schema(
        example = "play_count: 9223372036854775807 is above 9007199254740992 (2^53), the largest count"
    )]
    reason: String,
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
    share: Option<ShareView>,
    /// Reason for a missing share.
    share_missing: Option<String>,
    /// Estimated number of all videos, by this walk and the one before it.
    estimate: Option<EstimateView>,
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

/// A share, and its bounds given the rounding of the total.
#[derive(Serialize, ToSchema)]
struct ShareView {
    value: f64,
    low: f64,
    high: f64,
}

/// Capture and recapture (Chapman), with a 95 % interval. Too low if both walks begin with the most popular
/// videos, since they then share more than by chance.
#[derive(Serialize, ToSchema)]
struct EstimateView {
    /// Estimated number of all videos.
    videos: f64,
    low: f64,
    high: f64,
    /// True if both walks saw at least 7 of the same videos; otherwise the estimate is of little use.
    is_firm: bool,
    /// Videos that both walks saw.
    both: u64,
    /// Videos that the earlier walk saw.
    earlier_unique: u64,
    /// The earlier walk.
    earlier_walk: String,
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

/// One walk.
#[derive(Serialize, ToSchema)]
pub(crate) struct WalkAnswer {
    data: WalkView,
    meta: NoMeta,
    billing: Billing,
}

/// The price of a walk.
#[derive(Serialize, ToSchema)]
pub(crate) struct WalkPriceAnswer {
    data: WalkPriceView,
    meta: NoMeta,
    billing: Billing,
}

/// Walks, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct WalkList {
    data: Vec<WalkView>,
    meta: NoMeta,
    pagination: Pagination,
    billing: Billing,
}

impl WalkView {
    fn of(job: &Job) -> Result<Self, Problem> {
        let (order, state) = (WalkOrder::of(job)?, WalkState::of(job)?);
        let counters = state.counters;
        let target = state.target.map(|target| target.id);
        let is_assigned = |id: &String| id.parse::<HashtagId>().is_ok_and(HashtagId::is_assigned);
        Ok(Self {
            job: JobFacts::of(job),
            hashtag: order.hashtag,
            region: order.region,
            max_credits: order.max_credits,
            hashtag_id: target.clone().filter(|id| !is_assigned(id)),
            assigned_id: target.filter(is_assigned),
            counters: WalkCountersView {
                pages: counters.pages,
                idle_page: counters.idle_page,
                unique: counters.unique,
                duplicate: counters.duplicate,
                empty_page: counters.empty_page,
                rejects: counters.rejects,
            },
            first_rejects: state.first_rejects.into_iter().map(WalkRejectView::of).collect(),
            credits_charged: state.credits_charged,
            stop_reason: state.stop_reason.map(StopReason::name),
            problem: state.problem,
            coverage: state.coverage.map(CoverageView::of),
        })
    }
}

impl WalkRejectView {
    fn of(WalkReject { cursor, record, reason }: WalkReject) -> Self {
        Self { cursor, record, reason }
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
            share: coverage.share.map(|share| ShareView {
                value: share.value,
                low: share.low,
                high: share.high,
            }),
            share_missing: coverage.share_missing,
            estimate: coverage.estimate.map(|estimate| EstimateView {
                videos: estimate.videos,
                low: estimate.low,
                high: estimate.high,
                is_firm: estimate.is_firm,
                both: estimate.both,
                earlier_unique: estimate.earlier_unique,
                earlier_walk: estimate.earlier_walk,
            }),
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
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let mut fields = Fields::read(&request, body, FIELDS).await?;
    let (order, dry_run) = (order(&mut fields)?, fields.flag("dry_run")?);
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
    let fingerprint = Fingerprint::of(format!("POST {PATH} {order}").as_bytes());
    let job = NewJob {
        id: request.new_job_id(),
        account_id: request.caller.key.account_id,
        kind: JobKind::Walk,
        request: order,
        node: None,
        idempotency: idempotency_key.map(|key| (key, fingerprint)),
        at: request.app.clock.now(),
    };
    let job = the_job(catalog.make_job(job).await?)?;
    json_reply::accepted(&WalkView::of(&job)?, &request.call.public_url, &format!("{PATH}/{}", job.id))
}

fn order(fields: &mut Fields) -> Result<WalkOrder, Problem> {
    let hashtag = fields.text("hashtag")?.unwrap_or_default();
    if hashtag.trim().is_empty() {
        return Err(Problem::parameter("hashtag", "hashtag is required: a name such as cat, or an id"));
    }
    HashtagRef::candidates(&hashtag)
        .map_err(|why| Problem::parameter("hashtag", format!("hashtag: {why}")))?;
    let region = fields.text("region")?.map(|region| region.parse::<Region>()).transpose();
    let region = region.map_err(|why| Problem::parameter("region", format!("region: {why}")))?;
    let max_credits = fields.positive("max_credits")?.unwrap_or(WALK_CREDITS);
    if max_credits > WALK_CREDITS_MAX {
        let detail = format!("max_credits is {max_credits}; give at most {WALK_CREDITS_MAX}");
        return Err(Problem::parameter("max_credits", detail));
    }
    Ok(WalkOrder {
        hashtag: hashtag.trim().to_owned(),
        region: region.map(|region| region.to_string()),
        max_credits,
    })
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
    params(ListParams),
    responses((status = 200, description = "The walks", body = WalkList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (jobs, pagination) = request.jobs(JobKind::Walk).await?;
        let views = jobs.iter().map(WalkView::of).collect::<Result<Vec<_>, _>>()?;
        json_reply::page(&views, pagination)
    })
    .await
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
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        json_reply::ok(&WalkView::of(&request.job(JobKind::Walk).await?)?)
    })
    .await
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
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        json_reply::ok(&WalkView::of(&request.cancel(JobKind::Walk).await?)?)
    })
    .await
}
