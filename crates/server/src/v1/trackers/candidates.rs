//! `GET /v1/trackers/{id}/candidates`: hashtags that the keyword of a tracker finds.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::v1::json_reply::{self, answer};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use std::sync::Arc;
use tracking::candidates::CandidateView;

answer! {
    /// Candidates of a tracker, best match first.
    CandidateList: Vec<CandidateView>
}

/// List the candidates of a tracker
///
/// Returns the hashtags that the keyword of the tracker finds among those stored, at most 50, without those that it has. `add`
/// of `PATCH /v1/trackers/{id}` accepts one. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}/candidates",
    operation_id = "list_tracker_candidates",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id")),
    responses((status = 200, description = "The candidates; none without a keyword", body = CandidateList), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let (tracking, id) = (&request.app.tracking, request.tracker_id()?);
        json_reply::ok(&tracking.candidates(request.caller.key.account_id, id).await.map_err(problem)?)
    })
    .await
}
