//! `/v1/webhooks/{id}`: one destination.

use super::{WebhookAnswer, problem};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{ChangeWebhookErrors, WebhookErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use alerting::destinations::DestinationPatch;
use alerting::view::DestinationView;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use measure::DigestQuery;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A change of a destination. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[schema(as = WebhookChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChangeAsked {
    /// New description.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// New types of events; `*` for all.
    #[schema(max_items = 20, example = json!(["alert.fired"]))]
    events: Option<Vec<String>>,
    /// True turns it on, which forgets its failures, false turns it off and gives up what waits for it.
    on: Option<bool>,
    /// New digest.
    digest: Option<DigestQuery>,
    /// Sends each message at once again.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    no_digest: bool,
}

/// Get a webhook
///
/// Returns a destination, and whether it works. Its secret is never shown again. Free.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    operation_id = "get_webhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    responses((status = 200, description = "The destination", body = WebhookAnswer), WebhookErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let id = request.destination_id()?;
        let found = request.app.alerting.destination(request.caller.key.account_id, id).await;
        json_reply::ok(&found.and_then(|found| DestinationView::of(&found)).map_err(problem)?)
    })
    .await
}

/// Change a webhook
///
/// Changes the fields that are given. Free; a key of the scope `admin` is needed.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{id}",
    operation_id = "change_webhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    request_body = WebhookChangeAsked,
    responses((status = 200, description = "The destination as it is now", body = WebhookAnswer), ChangeWebhookErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Admin, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let id = request.destination_id()?;
    let asked: WebhookChangeAsked = json_body::read(&request, body).await?;
    if asked.no_digest && asked.digest.is_some() {
        let detail = "no_digest: digest sends messages together; give one of the two";
        return Err(Problem::parameter("no_digest", detail));
    }
    let digest = if asked.no_digest { Some(None) } else { asked.digest.map(|digest| Some(digest.into())) };
    let patch =
        DestinationPatch { description: asked.description, events: asked.events, is_on: asked.on, digest };
    let changed = request.app.alerting.change_destination(request.caller.key.account_id, id, patch).await;
    json_reply::ok(&changed.and_then(|changed| DestinationView::of(&changed)).map_err(problem)?)
}

/// Delete a webhook
///
/// Deletes a destination with the log of its deliveries. Alerts that name it go on without it. Free; a key of the scope
/// `admin` is needed.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    operation_id = "delete_webhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    responses((status = 200, description = "The destination as it was", body = WebhookAnswer), WebhookErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Admin, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.destination_id()?, request.caller.key.account_id);
        let alerting = &request.app.alerting;
        let last = alerting.destination(account_id, id).await.map_err(problem)?;
        alerting.delete_destination(account_id, id).await.map_err(problem)?;
        json_reply::ok(&DestinationView::of(&last).map_err(problem)?)
    })
    .await
}
