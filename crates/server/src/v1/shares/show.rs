//! `/v1/shares/{id}`: one share.

use super::{Days, ORDER_BYTES_MAX, PasswordAsked, ShareAnswer, days, passwords, problem};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{ChangeShareErrors, ShareErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Deserialize;
use sharing::{SharePatch, ShareView};
use std::sync::Arc;
use store::shares::Share;
use utoipa::ToSchema;

/// A change of a share. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[schema(as = ShareChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New passwords, at most 5, in place of all old ones; an empty list lets the link open by itself. Whoever entered an
    /// old one has to enter a new one.
    #[schema(max_items = 5)]
    passwords: Option<Vec<PasswordAsked>>,
    /// New sites of an `embed`, 1 to 20.
    #[schema(max_items = 20, example = json!(["https://www.example.com"]))]
    sites: Option<Vec<String>>,
    /// Days from now until it expires.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 3_650, example = 30)]
    days: Option<Days>,
}

/// Get a share
///
/// Returns a share with the number of times that it was opened. Free.
#[utoipa::path(
    get,
    path = "/v1/shares/{id}",
    operation_id = "get_share",
    tag = "shares",
    params(("id" = String, Path, description = "Share id")),
    responses((status = 200, description = "The share", body = ShareAnswer), ShareErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.share_id()?, request.caller.key.account_id);
        shown(&request, &request.app.sharing.find(account_id, id).await.map_err(problem)?)
    })
    .await
}

/// Change a share
///
/// Changes passwords, sites or the end of a share that is not revoked; an expired one opens again. Free.
#[utoipa::path(
    patch,
    path = "/v1/shares/{id}",
    operation_id = "change_share",
    tag = "shares",
    params(("id" = String, Path, description = "Share id")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The share as it is now", body = ShareAnswer), ChangeShareErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let (id, account_id) = (request.share_id()?, request.caller.key.account_id);
    let asked: ChangeAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let patch = SharePatch {
        passwords: asked.passwords.map(passwords),
        sites: asked.sites,
        days: asked.days.map(days),
    };
    shown(&request, &request.app.sharing.change(account_id, id, patch).await.map_err(problem)?)
}

/// Revoke a share
///
/// Its link opens nothing from now on, for good, and its document is deleted. Free.
#[utoipa::path(
    delete,
    path = "/v1/shares/{id}",
    operation_id = "revoke_share",
    tag = "shares",
    params(("id" = String, Path, description = "Share id")),
    responses((status = 200, description = "The share as it is now", body = ShareAnswer), ShareErrors),
)]
pub(crate) async fn revoke(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.share_id()?, request.caller.key.account_id);
        shown(&request, &request.app.sharing.revoke(account_id, id).await.map_err(problem)?)
    })
    .await
}

fn shown(request: &AuthenticatedRequest, share: &Share) -> Result<Content, Problem> {
    json_reply::ok(&ShareView::of(share, None, request.app.clock.now()).map_err(problem)?)
}
