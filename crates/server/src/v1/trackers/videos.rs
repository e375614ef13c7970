//! `GET /v1/trackers/{id}/videos`: the top videos of a tracker's hashtag, and their gain.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::v1::json_reply::{self, answer};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Deserialize;
use std::sync::Arc;
use tracking::videos::VideosView;
use utoipa::IntoParams;

/// Query parameters of the top videos.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct VideosQuery {
    /// Name of a hashtag of the tracker. It may be left out where there is only one.
    #[param(value_type = Option<String>, max_length = 512, example = "cat")]
    hashtag: Option<String>,
}

answer! {
    /// The top videos of a hashtag of a tracker.
    TrackerVideosAnswer: VideosView
}

/// Get the top videos of a tracker
///
/// Returns the stored videos of a hashtag with the most plays, how much each gained between its last two readings, and the walks
/// that read them. A tracker without `top_videos` shows 20, as imports and requests brought them. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}/videos",
    operation_id = "get_tracker_videos",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id"), VideosQuery),
    responses((status = 200, description = "The videos, most plays first", body = TrackerVideosAnswer), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let VideosQuery { hashtag } = request.query()?;
        let (tracking, id) = (&request.app.tracking, request.tracker_id()?);
        let found = tracking.videos(request.caller.key.account_id, id, hashtag.as_deref()).await;
        json_reply::ok(&found.map_err(problem)?)
    })
    .await
}
