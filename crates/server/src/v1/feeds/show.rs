//! `/v1/feeds/{id}`: one feed.

use super::{FeedAnswer, name, problem};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{ChangeFeedErrors, FeedErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Deserialize;
use sharing::FeedView;
use std::sync::Arc;
use store::feeds::Feed;
use utoipa::ToSchema;

/// A change of a feed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FeedChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New name, one line.
    #[schema(min_length = 1, max_length = 100, example = "Cats a week")]
    name: String,
}

/// Get a feed
///
/// Returns a feed with the number of times that it was opened. Free.
#[utoipa::path(
    get,
    path = "/v1/feeds/{id}",
    operation_id = "get_feed",
    tag = "feeds",
    params(("id" = String, Path, description = "Feed id")),
    responses((status = 200, description = "The feed", body = FeedAnswer), FeedErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.feed_id()?, request.caller.key.account_id);
        shown(&request.app.sharing.find_feed(account_id, id).await.map_err(problem)?)
    })
    .await
}

/// Change a feed
///
/// Names a feed. Its question stays: whoever has a link relies on it. Free.
#[utoipa::path(
    patch,
    path = "/v1/feeds/{id}",
    operation_id = "change_feed",
    tag = "feeds",
    params(("id" = String, Path, description = "Feed id")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The feed as it is now", body = FeedAnswer), ChangeFeedErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, body| {
        let (id, account_id) = (request.feed_id()?, request.caller.key.account_id);
        let asked: ChangeAsked = json_body::read(&request, body).await?;
        let name = name(&asked.name)?;
        shown(&request.app.sharing.rename_feed(account_id, id, name).await.map_err(problem)?)
    })
    .await
}

/// Revoke a feed
///
/// Its links open nothing from now on, for good, on every node. Free.
#[utoipa::path(
    delete,
    path = "/v1/feeds/{id}",
    operation_id = "revoke_feed",
    tag = "feeds",
    params(("id" = String, Path, description = "Feed id")),
    responses((status = 200, description = "The feed as it is now", body = FeedAnswer), FeedErrors),
)]
pub(crate) async fn revoke(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.feed_id()?, request.caller.key.account_id);
        shown(&request.app.sharing.revoke_feed(account_id, id).await.map_err(problem)?)
    })
    .await
}

fn shown(feed: &Feed) -> Result<Content, Problem> {
    json_reply::ok(&FeedView::of(feed, None))
}
