//! `GET /v1/me`: the current account and API key.

use super::json_reply::{self, answer};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::FreeErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Timestamp};
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An account and the API key of the request.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    /// Account id.
    #[schema(example = "acct_1")]
    account_id: String,
    /// Email address.
    email: String,
    /// Creation time.
    created_at: Timestamp,
    /// Credit balance.
    credits: u64,
    key: KeyView,
}

/// An API key without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyView {
    /// Public part of the key.
    id: String,
    /// Name given by the owner.
    name: String,
    /// Permissions: `read`, `call` or `admin`.
    #[schema(example = "call")]
    scope: &'static str,
    /// The key's own rate limit in requests per minute; 0 for none, `null` for the server's default.
    requests_per_minute: Option<u32>,
    /// Creation time.
    created_at: Timestamp,
}

answer! {
    /// The current account.
    MeAnswer: MeView
}

async fn me(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let store = request.app.catalog.store();
    let (account_id, key_id) = (request.caller.key.account_id, request.caller.key.key_id);
    let gone = || Problem::internal(format!("key {key_id} or {account_id} does not exist"));
    let account = store.account(account_id).await?.ok_or_else(gone)?;
    let key = store.key(key_id).await?.ok_or_else(gone)?;
    json_reply::ok(&MeView {
        account_id: account_id.to_string(),
        email: account.email.to_string(),
        created_at: account.created_at,
        credits: store.quote(account_id).await?.ok_or_else(gone)?.get(),
        key: KeyView {
            id: key_id.to_string(),
            name: key.name,
            scope: key.scope.name(),
            requests_per_minute: key.requests_per_minute,
            created_at: key.created_at,
        },
    })
}

/// Current account
///
/// Returns the account and the API key of the request. Free.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "me",
    tag = "account",
    responses((status = 200, description = "The account and the key", body = MeAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| me(request).await).await
}
