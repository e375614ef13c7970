//! `GET /v1/trackers/{id}/gaps`: slots that were not read, and why.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::Pagination;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Moment};
use http::Response;
use measure::parameters::{TimeText, by};
use serde::Deserialize;
use std::sync::Arc;
use tracking::gaps::GapView;
use utoipa::IntoParams;

/// Query parameters of the gaps.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct GapsQuery {
    /// Name of a hashtag of the tracker. It may be left out where there is only one.
    #[param(value_type = Option<String>, max_length = 512, example = "cat")]
    hashtag: Option<String>,
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    cursor: Option<Moment>,
}

answer! {
    /// Gaps of a hashtag of a tracker, newest first.
    with pages GapList: Vec<GapView>
}

/// List the gaps of a tracker
///
/// Returns the gaps of a hashtag, newest first, 100 per page. A gap is never filled by a value that was read later. Those of
/// a tracker that only watches imports are the slots without a reading, and end when an import brings one. Free.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}/gaps",
    operation_id = "list_tracker_gaps",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id"), GapsQuery),
    responses((status = 200, description = "The gaps", body = GapList), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let GapsQuery { hashtag, cursor } = request.query()?;
        let before = cursor.map(|before| before.begin(request.app.clock.now()));
        let (tracking, id) = (&request.app.tracking, request.tracker_id()?);
        let found = tracking.gaps(request.caller.key.account_id, id, hashtag.as_deref(), before).await;
        let page = found.map_err(problem)?;
        json_reply::page(&page.gaps, Pagination::new(page.next.map(|next| next.to_rfc3339())))
    })
    .await
}
