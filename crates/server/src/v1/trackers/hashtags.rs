//! `GET /v1/trackers/{id}/hashtags`: all hashtags of a tracker.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::problem::Problem;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::Pagination;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, TagKey};
use http::Response;
use serde::Deserialize;
use std::sync::Arc;
use tracking::view::TrackedView;
use utoipa::IntoParams;

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct HashtagsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[param(value_type = Option<String>, max_length = 512)]
    cursor: Option<String>,
}

answer! {
    /// Hashtags of a tracker, by name.
    with pages TrackedHashtagList: Vec<TrackedView>
}

/// List the hashtags of a tracker
///
/// Returns all hashtags of a tracker, by name, 100 per page. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}/hashtags",
    operation_id = "list_tracker_hashtags",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id"), HashtagsQuery),
    responses((status = 200, description = "The hashtags", body = TrackedHashtagList), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let HashtagsQuery { cursor } = request.query()?;
        let after = cursor.as_deref().map(|name| TagKey::new(name).map(|key| (&key).into())).transpose();
        let after = after.map_err(|_| {
            Problem::parameter("cursor", "cursor: give pagination.next_cursor of the previous page")
        })?;
        let (tracking, id) = (&request.app.tracking, request.tracker_id()?);
        let found = tracking.hashtags(request.caller.key.account_id, id, after.as_ref()).await;
        let (hashtags, next) = found.map_err(problem)?;
        json_reply::page(&hashtags, Pagination::new(next))
    })
    .await
}
