//! `/v1/trackers`: hashtags that are read on a schedule.

pub(crate) mod candidates;

pub(crate) mod gaps;

pub(crate) mod hashtags;

pub(crate) mod run;

pub(crate) mod series;

pub(crate) mod show;

pub(crate) mod videos;

use super::json_reply::answer;
use super::measured::Pagination;
use super::{json_body, json_reply};
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateTrackerErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::credits::CREDITS_MAX;
use domain::tracking::videos::VIDEO_DEPTH_MAX;
use domain::tracking::{Cadence, Interval, OnEmpty, TopVideos, TrackerSource};
use domain::{Credits, KeyScope, TrackerId};
use http::{Response, StatusCode};
use measure::parameters::{Number, Whole, by};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::idempotency::Fingerprint;
use tracking::names::{CadenceName, OnEmptyName, SourceName};
use tracking::order::TrackerOrder;
use tracking::view::{EstimateView, TopVideosView, TrackerView};
use tracking::{Tracking, TrackingError};
use utoipa::{IntoParams, ToSchema};

const PATH: &str = "/v1/trackers";
/// Top videos that a tracker shows unless it is given another number.
const SHOWN: u32 = 20;
/// Deepest walk of a tracker.
const DEPTH_MAX: u64 = VIDEO_DEPTH_MAX as u64;
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;
/// Most bytes of an order: [`store::trackers::TRACKER_HASHTAGS_MAX`] names of usual length.
const ORDER_BYTES_MAX: usize = 1024 * 1024;

/// The order for a tracker.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewTracker)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackerAsked {
    /// Names of hashtags, with or without `#`, or links of their pages. Required without `keyword`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["cat", "dog"]), max_items = 10_000)]
    hashtags: Vec<String>,
    /// Searches hashtags by this keyword, too, at the same cadence. What it finds are candidates.
    #[schema(max_length = 200, example = "street food")]
    keyword: Option<String>,
    /// Adds found hashtags with at least so many views to the tracker. Without it, none.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 9_007_199_254_740_991_u64, example = 1_000_000)]
    auto_accept_views: Option<Number>,
    /// Cadence of the readings. `adaptive` reads as seldom as the numbers move.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<CadenceName>, inline, default = "day", example = "day")]
    every: Option<Cadence>,
    /// Source of the readings: `upstream`, or `none` to watch what imports bring. Without it, an upstream if the server
    /// has one.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<SourceName>, inline)]
    source: Option<TrackerSource>,
    /// Also walks through the first videos of each hashtag, at the same cadence but at most once a day, for a credit a page.
    top_videos: Option<TopVideosAsked>,
    /// Creates it paused.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    paused: bool,
    /// Notes, at most 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    notes: String,
    /// At most 20 labels of at most 50 characters.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!(["pets"]))]
    labels: Vec<String>,
    /// Budget: credits that it may spend in a calendar month (UTC). Without it, all that the account has.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_125_899_906_842_624_u64, example = 100)]
    max_credits_per_month: Option<Whole<0, CREDITS_MAX>>,
    /// Behaviour when the budget does not last: `pause` until the next month, or `slow` down so that it lasts.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<OnEmptyName>, inline, default = "pause")]
    on_empty: Option<OnEmpty>,
    /// Returns the expected cost and creates nothing.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    dry_run: bool,
}

/// Top videos to read of each hashtag.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewTopVideos)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopVideosAsked {
    /// Videos to show of a hashtag, those with the most plays; at most `depth`.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 700, default = 20)]
    show: Option<Whole<1, DEPTH_MAX>>,
    /// Videos that a walk goes through, 35 on a page. Without it, the full pages of `show`.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 700, example = 200)]
    depth: Option<Whole<1, DEPTH_MAX>>,
}

impl TopVideosAsked {
    /// Returns the number of videos to show, and the depth.
    fn numbers(&self) -> (u32, u32) {
        let number = |whole: &Whole<1, DEPTH_MAX>| u32::try_from(whole.get()).unwrap_or(VIDEO_DEPTH_MAX);
        let shown = self.show.as_ref().map_or(SHOWN, number);
        (shown, self.depth.as_ref().map_or_else(|| TopVideos::full_pages(shown), number))
    }
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct TrackersQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(trk_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<TrackerId>,
}

/// The expected cost of a tracker. Nothing was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrackerPriceView {
    /// Names of the hashtags, each once.
    hashtags: Vec<String>,
    /// The keyword.
    keyword: Option<String>,
    /// Source that it would read from.
    #[schema(value_type = SourceName, inline)]
    source: &'static str,
    /// Its cadence. The estimate of an adaptive one is for a reading a day.
    #[schema(value_type = CadenceName, inline)]
    every: &'static str,
    /// Top videos that it would read of its hashtags; `null` for none.
    top_videos: Option<TopVideosView>,
    estimate: EstimateView,
}

answer! {
    /// One tracker.
    TrackerAnswer: TrackerView
}
answer! {
    /// The expected cost of a tracker.
    TrackerPriceAnswer: TrackerPriceView
}
answer! {
    /// Trackers, newest first.
    with pages TrackerList: Vec<TrackerView>
}

/// Converts an error of tracking.
pub(crate) fn problem(error: TrackingError) -> Problem {
    let detail = error.to_string();
    match error {
        TrackingError::Catalog(error) => error.into(),
        TrackingError::Field { field, .. } => Problem::parameter(field, detail),
        TrackingError::TooManyHashtags => Problem::parameter("hashtags", detail),
        TrackingError::NoUpstream { .. } => Problem::new(ErrorCode::NoUpstream, detail),
        TrackingError::TooManyTrackers => Problem::new(ErrorCode::LimitReached, detail),
        TrackingError::NotFound => Problem::new(ErrorCode::TrackerNotFound, detail),
        TrackingError::KeyOfOtherRequest => key_of_other_request(),
        TrackingError::IdTaken => Problem::unavailable(detail),
    }
}

impl AuthenticatedRequest {
    /// Returns the id of the tracker that the path names.
    fn tracker_id(&self) -> Result<TrackerId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(TrackingError::NotFound))
    }
}

/// Create a tracker
///
/// Reads hashtags on a schedule from now on, and charges one credit for each reading from an upstream, once. A slot that
/// passes unread is a gap with a reason. With `top_videos` it also walks through the first videos of its hashtags, for a credit
/// a page. `dry_run` returns the expected cost and creates nothing.
#[utoipa::path(
    post,
    path = "/v1/trackers",
    operation_id = "create_tracker",
    tag = "trackers",
    request_body = TrackerAsked,
    responses(
        (status = 200, description = "The expected cost (`dry_run`)", body = TrackerPriceAnswer),
        (status = 201, description = "The tracker; `Location` is its path", body = TrackerAnswer),
        CreateTrackerErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: TrackerAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let (dry_run, account_id) = (asked.dry_run, request.caller.key.account_id);
    let order = asked.order()?;
    let identity = format!("POST {PATH} {order:?}");
    let tracking = &request.app.tracking;
    let order = tracking.check(order).map_err(problem)?;
    if dry_run {
        let balance = request.app.catalog.store().quote(account_id).await?.unwrap_or(Credits::ZERO);
        let estimate = Tracking::estimate(order.settings(), order.hashtags(), balance);
        return json_reply::ok(&TrackerPriceView {
            hashtags: order.tags().map(|tag| tag.name().to_owned()).collect(),
            keyword: order.settings().keyword.as_ref().map(ToString::to_string),
            source: order.settings().source.name(),
            every: order.settings().cadence.name(),
            top_videos: order.settings().videos.map(TopVideosView::from),
            estimate: estimate.into(),
        });
    }
    let idempotency = idempotency_key(&request.parts.headers)?;
    let idempotency = idempotency.map(|key| (key, Fingerprint::of(identity.as_bytes())));
    let id = TrackerId::new(request.app.clock.now(), u128::from_be_bytes(request.call.id.to_bytes()));
    let id = tracking.create(account_id, id, order, idempotency).await.map_err(problem)?.id;
    let view = tracking.show(account_id, id).await.map_err(problem)?;
    json_reply::created(StatusCode::CREATED, &view, &request.call.public_url, &format!("{PATH}/{id}"))
}

impl TrackerAsked {
    fn order(self) -> Result<TrackerOrder, Problem> {
        Ok(TrackerOrder {
            hashtags: self.hashtags,
            keyword: self.keyword,
            accept_views: self.auto_accept_views.map(Number::get),
            every: self.every.unwrap_or(Cadence::Every(Interval::Day)),
            source: self.source,
            videos: self.top_videos.as_ref().map(TopVideosAsked::numbers),
            is_paused: self.paused,
            notes: self.notes,
            labels: self.labels,
            credits_max: self.max_credits_per_month.map(budget).transpose()?,
            on_empty: self.on_empty.unwrap_or_default(),
        })
    }
}

/// Converts a budget.
fn budget(credits: Whole<0, CREDITS_MAX>) -> Result<Credits, Problem> {
    Credits::new(credits.get()).map_err(|why| Problem::parameter("max_credits_per_month", why.to_string()))
}

/// List trackers
///
/// Returns the account's trackers, newest first, 20 per page, each with its first 10 hashtags. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers",
    operation_id = "list_trackers",
    tag = "trackers",
    params(TrackersQuery),
    responses((status = 200, description = "The trackers", body = TrackerList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let TrackersQuery { cursor } = request.query()?;
        let page = request.app.tracking.list(request.caller.key.account_id, cursor).await.map_err(problem)?;
        json_reply::page(&page.trackers, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
