//! `GET /v1/me`: whose key this is, and what it may do.

use super::json_reply::{self, NoMeta};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, Billing, serve_free};
use crate::openapi::FreeErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An account and the key it was asked with.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    /// The account.
    #[schema(example = "acct_1")]
    account_id: String,
    /// Its address.
    email: String,
    /// When it was made.
    created_at: String,
    /// What it holds.
    credits: u64,
    key: KeyView,
}

/// A key without its secret half.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyView {
    /// Its public half.
    id: String,
    /// What its owner calls it.
    name: String,
    /// `call` or `admin`.
    #[schema(example = "call")]
    scope: &'static str,
    /// Calls a minute it may make, where it has a limit of its own; 0 for none.
    requests_per_minute: Option<u32>,
    /// When it was made.
    created_at: String,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeAnswer {
    data: MeView,
    meta: NoMeta,
    billing: Billing,
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
        created_at: account.created_at.to_rfc3339(),
        credits: store.quote(account_id).await?.ok_or_else(gone)?.get(),
        key: KeyView {
            id: key_id.to_string(),
            name: key.name,
            scope: key.scope.name(),
            requests_per_minute: key.requests_per_minute,
            created_at: key.created_at.to_rfc3339(),
        },
    })
}

/// Who asks
///
/// The account and the key. Free.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "me",
    tag = "account",
    responses((status = 200, description = "The account and the key", body = MeAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| me(request).await).await
}
