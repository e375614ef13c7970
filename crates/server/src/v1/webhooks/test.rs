//! `POST /v1/webhooks/{id}/test`: sends a test message.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::WebhookErrors;
use crate::v1::json_reply::{self, answer};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A test message that is on its way.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTestView {
    /// Number of its event; its delivery is in the log.
    sequence: u64,
}

answer! {
    /// A test message that is on its way.
    WebhookTestAnswer: WebhookTestView
}

/// Test a webhook
///
/// Sends a `webhook.test` event to this destination. `GET /v1/webhooks/{id}/deliveries` says what came of it. Free.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    responses((status = 200, description = "It is on its way", body = WebhookTestAnswer), WebhookErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.destination_id()?, request.caller.key.account_id);
        let cause = request.call.id.to_string();
        let sequence = request.app.alerting.test(account_id, id, &cause).await.map_err(problem)?;
        json_reply::ok(&WebhookTestView { sequence })
    })
    .await
}
