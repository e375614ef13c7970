//! `POST /v1/webhooks/{id}/rotate`: replaces a signing secret.

use super::{CreatedWebhookAnswer, CreatedWebhookView, problem};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::WebhookErrors;
use crate::v1::json_reply;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use std::sync::Arc;

/// Rotate the secret of a webhook
///
/// Makes a new signing secret, which is shown in this answer alone. The old one signs beside it for 24 hours, so that
/// receivers can change over. Free; a key of the scope `admin` is needed.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    responses((status = 200, description = "The webhook and its new secret", body = CreatedWebhookAnswer), WebhookErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Admin, async |request: AuthenticatedRequest, _| {
        let id = request.destination_id()?;
        let rotated = request.app.alerting.rotate(request.caller.key.account_id, id).await;
        json_reply::ok(&rotated.and_then(CreatedWebhookView::of).map_err(problem)?)
    })
    .await
}
