//! `POST /v1/trackers/{id}/run`: reads now what is due.

use super::{TrackerAnswer, problem};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::v1::json_reply;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use std::sync::Arc;

/// Run a tracker
///
/// Reads hashtags whose present slot has no reading yet now, without waiting for the next try after a failure. A slot that
/// was read is not read again. Free, but for the readings.
#[utoipa::path(
    post,
    path = "/v1/trackers/{id}/run",
    operation_id = "run_tracker",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id")),
    responses((status = 200, description = "The tracker; its hashtags are queued", body = TrackerAnswer), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.tracker_id()?, request.caller.key.account_id);
        request.app.tracking.run_now(account_id, id).await.map_err(problem)?;
        json_reply::ok(&request.app.tracking.show(account_id, id).await.map_err(problem)?)
    })
    .await
}
