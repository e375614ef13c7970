//! `/v1/campaigns/{id}`: one campaign.

use super::{CampaignAnswer, GoalsAsked, MeasuredCampaignAnswer, ORDER_BYTES_MAX, problem};
use crate::apart::apart;
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{CampaignErrors, ChangeCampaignErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::campaign::Baseline;
use domain::{KeyScope, Moment, Zone};
use http::Response;
use measure::parameters::by;
use measure::{AsOfQuery, CampaignPatch, CampaignRecord, MadeOf};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A change of a campaign. Fields that are left out stay as they are; a list replaces the old one.
#[derive(Deserialize, ToSchema)]
#[schema(as = CampaignChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New name.
    #[schema(max_length = 60)]
    name: Option<String>,
    /// New own hashtags, 1 to 10.
    #[schema(min_items = 1, max_items = 10)]
    hashtags: Option<Vec<String>>,
    /// New hashtags of competitors, at most 10.
    #[schema(max_items = 10)]
    against: Option<Vec<String>>,
    /// New beginning.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-06-08")]
    from: Option<Moment>,
    /// New end, included.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-07-31")]
    to: Option<Moment>,
    /// Removes the end.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    open: bool,
    /// New time zone of its days. A beginning and an end that are those of days stay so.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin", max_length = 64)]
    tz: Option<Zone>,
    /// New baseline, 7 to 366 days.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "8w")]
    baseline: Option<Baseline>,
    /// New targets: those that are left out have none any more.
    goals: Option<GoalsAsked>,
    /// New hashtags that leave a video out, at most 50.
    #[schema(max_items = 50)]
    not_tags: Option<Vec<String>>,
    /// New creators who are left out, at most 200.
    #[schema(max_items = 200)]
    not_creators: Option<Vec<String>>,
    /// New notes, at most 2,000 characters.
    #[schema(max_length = 2_000)]
    notes: Option<String>,
}

/// Get a campaign
///
/// Returns a campaign with everything that is measured of it, up to now or as of a moment: views beyond the trend before with an interval,
/// participation, share of voice over time, overlap, goals, sentences with footnotes, and what cannot be known. Free.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}",
    operation_id = "get_campaign",
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id or name"), AsOfQuery),
    responses((status = 200, description = "The measured campaign", body = MeasuredCampaignAnswer), CampaignErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let (which, account_id) = (request.campaign()?, request.caller.key.account_id);
        let as_of: AsOfQuery = request.query()?;
        let measure = request.app.measure.at(as_of, MadeOf::Videos).await;
        let measure = measure.map_err(crate::v1::measured::problem)?;
        let campaign = measure.find_campaign(account_id, &which).await.map_err(problem)?;
        let view = apart(&request.app, async move {
            measure.campaign(&campaign).await.map_err(|error| problem(error.into()))
        });
        json_reply::ok(&view.await?)
    })
    .await
}

/// Change a campaign
///
/// Changes the fields that are given. Free.
#[utoipa::path(
    patch,
    path = "/v1/campaigns/{id}",
    operation_id = "change_campaign",
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id or name")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The campaign as it is now", body = CampaignAnswer), ChangeCampaignErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let which = request.campaign()?;
    let asked: ChangeAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    if asked.open && asked.to.is_some() {
        return Err(Problem::parameter("open", "open: to sets an end; give one of the two".to_owned()));
    }
    let patch = CampaignPatch {
        name: asked.name,
        hashtags: asked.hashtags,
        against: asked.against,
        from: asked.from,
        to: if asked.open { Some(None) } else { asked.to.map(Some) },
        tz: asked.tz,
        baseline: asked.baseline,
        goals: asked.goals.map(Into::into),
        not_tags: asked.not_tags,
        not_creators: asked.not_creators,
        notes: asked.notes,
    };
    let changed = request.app.measure.change_campaign(request.caller.key.account_id, &which, &patch);
    let changed = changed.await.map_err(problem)?;
    json_reply::ok(&CampaignRecord::of(&changed, request.app.clock.now()))
}

/// Delete a campaign
///
/// Deletes a campaign. Readings and videos of its hashtags stay. Free.
#[utoipa::path(
    delete,
    path = "/v1/campaigns/{id}",
    operation_id = "delete_campaign",
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id or name")),
    responses((status = 200, description = "The campaign as it was", body = CampaignAnswer), CampaignErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let which = request.campaign()?;
        let deleted = request.app.measure.delete_campaign(request.caller.key.account_id, &which).await;
        json_reply::ok(&deleted.map_err(problem)?)
    })
    .await
}
