//! `POST /v1/feeds/{id}/rotate`: replaces the links of a feed.

use super::{FeedAnswer, problem};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::RotateFeedErrors;
use crate::v1::json_reply;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use sharing::{FeedLinks, FeedView};
use std::sync::Arc;

/// Rotate the links of a feed
///
/// Makes new links, which are shown in this answer alone. The old ones open nothing from now on. Free.
#[utoipa::path(
    post,
    path = "/v1/feeds/{id}/rotate",
    operation_id = "rotate_feed",
    tag = "feeds",
    params(("id" = String, Path, description = "Feed id")),
    responses((status = 200, description = "The feed and its new links", body = FeedAnswer), RotateFeedErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.feed_id()?, request.caller.key.account_id);
        let (feed, token) = request.app.sharing.rotate_feed(account_id, id).await.map_err(problem)?;
        let links = FeedLinks::of(request.call.public_url.as_str(), token);
        json_reply::ok(&FeedView::of(&feed, Some(links)))
    })
    .await
}
