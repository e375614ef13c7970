//! `/v1/campaigns`: own and competing hashtags over a time, measured against the time before.

pub(crate) mod report;

pub(crate) mod show;

use super::json_reply::answer;
use super::measured::Pagination;
use super::{json_body, json_reply};
use crate::apart::apart;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateCampaignErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::campaign::{Baseline, CampaignGoals, CampaignRef};
use domain::count::COUNT_MAX;
use domain::{CampaignId, KeyScope, Moment, Zone};
use http::{Response, StatusCode};
use measure::parameters::{Whole, by};
use measure::{CampaignError, CampaignOrder, CampaignRecord, CampaignView, MeasureError};
use serde::Deserialize;
use std::sync::Arc;
use store::idempotency::Fingerprint;
use utoipa::{IntoParams, ToSchema};

const PATH: &str = "/v1/campaigns";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;
/// Most bytes of an order: lists of usual names fit.
const ORDER_BYTES_MAX: usize = 64 * 1024;

/// The order for a campaign.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCampaign)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignAsked {
    /// Name, which paths and commands take in place of the id: letters a to z, digits, `-`, `_` and `.`.
    #[schema(max_length = 60, example = "summer")]
    name: String,
    /// Own hashtags, 1 to 10: names, with or without `#`, or links of their pages.
    #[schema(min_items = 1, max_items = 10, example = json!(["oursummer", "summerdrop"]))]
    hashtags: Vec<String>,
    /// Hashtags of competitors, at most 10. They show whether others grew meanwhile.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 10, example = json!(["rivaltag"]))]
    against: Vec<String>,
    /// Beginning: a day, a moment, or a length of time back from now such as `30d`.
    #[serde(deserialize_with = "by::moment")]
    #[schema(value_type = String, example = "2026-06-01")]
    from: Moment,
    /// End, included; a day to its last millisecond. Without it, the campaign is open. A campaign lasts at most 731 days.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-07-15")]
    to: Option<Moment>,
    /// Time zone of its days: those of `from` and `to`, of participation and of charts. A name of the IANA database.
    #[serde(default)]
    #[schema(value_type = Option<String>, default = "UTC", example = "Europe/Berlin", max_length = 64)]
    tz: Zone,
    /// Length of the baseline before it, 7 to 366 days: the trend that growth is compared with.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, default = "28d", example = "4w")]
    baseline: Option<Baseline>,
    /// Targets.
    #[serde(default)]
    #[schema(value_type = Option<GoalsAsked>)]
    goals: GoalsAsked,
    /// A video with one of these hashtags is left out as off topic, at most 50.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 50, example = json!(["giveaway"]))]
    not_tags: Vec<String>,
    /// The videos of these creators are left out, at most 200: handles or user ids.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 200, example = json!(["@ourbrand"]))]
    not_creators: Vec<String>,
    /// Notes, at most 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    notes: String,
    /// Returns the measurement of the campaign and creates nothing.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    dry_run: bool,
}

/// Targets of a campaign; those that are left out have none.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = CampaignTargets)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalsAsked {
    /// Views gained: reported growth of all own hashtags together.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_992_u64, example = 1_000_000)]
    views: Option<Whole<1, COUNT_MAX>>,
    /// Videos posted.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_992_u64, example = 500)]
    videos: Option<Whole<1, COUNT_MAX>>,
    /// Creators who posted.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_992_u64)]
    creators: Option<Whole<1, COUNT_MAX>>,
    /// Likes, comments, shares and saves of the videos posted.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_992_u64)]
    engagement: Option<Whole<1, COUNT_MAX>>,
}

impl From<GoalsAsked> for CampaignGoals {
    fn from(GoalsAsked { views, videos, creators, engagement }: GoalsAsked) -> Self {
        let [views, videos, creators, engagement] =
            [views, videos, creators, engagement].map(|goal| goal.map(Whole::get));
        Self { views, videos, creators, engagement }
    }
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct CampaignsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(cmp_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<CampaignId>,
}

answer! {
    /// A campaign as its owner set it.
    CampaignAnswer: CampaignRecord
}
answer! {
    /// A measured campaign.
    MeasuredCampaignAnswer: CampaignView
}
answer! {
    /// Campaigns, newest first.
    with pages CampaignList: Vec<CampaignRecord>
}

/// Converts an error of campaigns.
pub(crate) fn problem(error: CampaignError) -> Problem {
    let detail = error.to_string();
    match error {
        CampaignError::Measure(MeasureError::Catalog(error)) => error.into(),
        CampaignError::Measure(error) => Problem::internal(error),
        CampaignError::Field { field, .. } => Problem::parameter(field, detail),
        CampaignError::NotFound => Problem::new(ErrorCode::CampaignNotFound, detail),
        CampaignError::NameTaken(_) => Problem::new(ErrorCode::CampaignExists, detail),
        CampaignError::TooMany => Problem::new(ErrorCode::LimitReached, detail),
        CampaignError::KeyOfOtherRequest => key_of_other_request(),
        CampaignError::IdTaken | CampaignError::Busy => Problem::unavailable(detail),
    }
}

impl AuthenticatedRequest {
    /// Returns the id or name of the campaign that the path names.
    fn campaign(&self) -> Result<CampaignRef, Problem> {
        let text = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed name is as unknown as any other.
        text.parse().map_err(|_| problem(CampaignError::NotFound))
    }
}

/// Create a campaign
///
/// Creates a campaign of own hashtags, competitors' hashtags, a time and a baseline before it. What is measured of it are
/// stored readings and videos: track its hashtags from the beginning of the baseline on, or import them. `dry_run` measures
/// it and creates nothing. Free.
#[utoipa::path(
    post,
    path = "/v1/campaigns",
    operation_id = "create_campaign",
    tag = "campaigns",
    request_body = CampaignAsked,
    responses(
        (status = 200, description = "The measured campaign, which was not created (`dry_run`)", body = MeasuredCampaignAnswer),
        (status = 201, description = "The campaign; `Location` is its path", body = CampaignAnswer),
        CreateCampaignErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: CampaignAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let (dry_run, account_id) = (asked.dry_run, request.caller.key.account_id);
    let order = asked.order();
    let identity = format!("POST {PATH} {order:?}");
    let measure = request.app.measure.clone();
    let order = measure.check_campaign(order).map_err(problem)?;
    let id = CampaignId::new(request.app.clock.now(), u128::from_be_bytes(request.call.id.to_bytes()));
    if dry_run {
        let view =
            apart(
                &request.app,
                async move { measure.try_campaign(account_id, id, order).await.map_err(problem) },
            );
        return json_reply::ok(&view.await?);
    }
    let idempotency = idempotency_key(&request.parts.headers)?;
    let idempotency = idempotency.map(|key| (key, Fingerprint::of(identity.as_bytes())));
    let record = measure.create_campaign(account_id, id, order, idempotency).await.map_err(problem)?;
    let path = format!("{PATH}/{}", record.id.as_deref().unwrap_or_default());
    json_reply::created(StatusCode::CREATED, &record, &request.call.public_url, &path)
}

impl CampaignAsked {
    fn order(self) -> CampaignOrder {
        CampaignOrder {
            name: self.name,
            hashtags: self.hashtags,
            against: self.against,
            from: self.from,
            to: self.to,
            tz: self.tz,
            baseline: self.baseline.unwrap_or_default(),
            goals: self.goals.into(),
            not_tags: self.not_tags,
            not_creators: self.not_creators,
            notes: self.notes,
        }
    }
}

/// List campaigns
///
/// Returns the account's campaigns, newest first, 20 per page, without measuring them. Free.
#[utoipa::path(
    get,
    path = "/v1/campaigns",
    operation_id = "list_campaigns",
    tag = "campaigns",
    params(CampaignsQuery),
    responses((status = 200, description = "The campaigns", body = CampaignList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let CampaignsQuery { cursor } = request.query()?;
        let page = request.app.measure.campaigns(request.caller.key.account_id, cursor).await;
        let page = page.map_err(problem)?;
        json_reply::page(&page.campaigns, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
