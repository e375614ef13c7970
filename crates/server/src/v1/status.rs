//! `GET /v1/status`: what is stored, what waits, and whether the service keeps up.

use super::json_reply::{self, answer};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::FreeErrors;
use crate::status::StatusView;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use std::sync::Arc;

answer! {
    /// The state of the service.
    StatusAnswer: StatusView
}

/// State of the service
///
/// Returns what is stored, the work that waits and runs over all accounts, failures of a day, and calls to upstreams. Read
/// at most every 15 seconds. `/status` is the page for people. Free.
#[utoipa::path(
    get,
    path = "/v1/status",
    operation_id = "status",
    tag = "account",
    responses((status = 200, description = "The state", body = StatusAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        json_reply::ok(&StatusView::now(&request.app).await?)
    })
    .await
}
