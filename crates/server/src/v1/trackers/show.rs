//! `/v1/trackers/{id}`: one tracker.

use super::{ORDER_BYTES_MAX, TrackerAnswer, budget, problem};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{ChangeTrackerErrors, TrackerErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use domain::credits::CREDITS_MAX;
use domain::tracking::{Cadence, OnEmpty};
use http::Response;
use measure::parameters::{Number, Whole, by};
use serde::Deserialize;
use std::sync::Arc;
use tracking::names::{CadenceName, OnEmptyName};
use tracking::order::TrackerPatch;
use utoipa::ToSchema;

/// A change of a tracker. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[schema(as = TrackerChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New cadence.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<CadenceName>, inline, example = "hour")]
    every: Option<Cadence>,
    /// True pauses it, false resumes it.
    paused: Option<bool>,
    /// New notes, at most 2,000 characters.
    #[schema(max_length = 2_000)]
    notes: Option<String>,
    /// New labels: at most 20 of at most 50 characters.
    #[schema(max_items = 20)]
    labels: Option<Vec<String>>,
    /// New budget of a calendar month (UTC), in credits.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_125_899_906_842_624_u64)]
    max_credits_per_month: Option<Whole<0, CREDITS_MAX>>,
    /// Removes the budget.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    no_budget: bool,
    /// New behaviour when the budget does not last.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<OnEmptyName>, inline)]
    on_empty: Option<OnEmpty>,
    /// New number of views from which hashtags that the keyword finds are added.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    auto_accept_views: Option<Number>,
    /// Adds no found hashtags any more.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    no_auto_accept: bool,
    /// Names of hashtags to add.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000, example = json!(["bird"]))]
    add: Vec<String>,
    /// Names of hashtags to remove, with their gaps; their readings stay in the history.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    remove: Vec<String>,
}

/// Get a tracker
///
/// Returns a tracker with its first 100 hashtags: what is due, what was read, gaps, spending and why it reads as often as it
/// does. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}",
    operation_id = "get_tracker",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id")),
    responses((status = 200, description = "The tracker", body = TrackerAnswer), TrackerErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let id = request.tracker_id()?;
        json_reply::ok(&request.app.tracking.show(request.caller.key.account_id, id).await.map_err(problem)?)
    })
    .await
}

/// Change a tracker
///
/// Changes the fields that are given. While a tracker is paused its slots are gaps with the reason `disabled`. Free.
#[utoipa::path(
    patch,
    path = "/v1/trackers/{id}",
    operation_id = "change_tracker",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The tracker as it is now", body = TrackerAnswer), ChangeTrackerErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let id = request.tracker_id()?;
    let asked: ChangeAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    if asked.no_budget && asked.max_credits_per_month.is_some() {
        let detail = "no_budget: max_credits_per_month sets a budget; give one of the two";
        return Err(Problem::parameter("no_budget", detail));
    }
    if asked.no_auto_accept && asked.auto_accept_views.is_some() {
        let detail = "no_auto_accept: auto_accept_views sets a number of views; give one of the two";
        return Err(Problem::parameter("no_auto_accept", detail));
    }
    let credits_max = asked.max_credits_per_month.map(budget).transpose()?;
    let patch = TrackerPatch {
        every: asked.every,
        is_paused: asked.paused,
        notes: asked.notes,
        labels: asked.labels,
        credits_max: if asked.no_budget { Some(None) } else { credits_max.map(Some) },
        on_empty: asked.on_empty,
        accept_views: if asked.no_auto_accept {
            Some(None)
        } else {
            asked.auto_accept_views.map(|views| Some(views.get()))
        },
        add: asked.add,
        remove: asked.remove,
    };
    let (tracking, account_id) = (&request.app.tracking, request.caller.key.account_id);
    tracking.change(account_id, id, patch).await.map_err(problem)?;
    json_reply::ok(&tracking.show(account_id, id).await.map_err(problem)?)
}

/// Delete a tracker
///
/// Deletes a tracker with its gaps. Its readings stay in the history of the hashtags. Free.
#[utoipa::path(
    delete,
    path = "/v1/trackers/{id}",
    operation_id = "delete_tracker",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id")),
    responses((status = 200, description = "The tracker as it was", body = TrackerAnswer), TrackerErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.tracker_id()?, request.caller.key.account_id);
        let last = request.app.tracking.show(account_id, id).await.map_err(problem)?;
        request.app.tracking.delete(account_id, id).await.map_err(problem)?;
        json_reply::ok(&last)
    })
    .await
}
