//! `GET /v1/balance`: what the account holds.

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

/// What an account holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
pub(crate) struct BalanceView {
    /// The account.
    #[schema(example = "acct_1")]
    account_id: String,
    /// Credits left. They never expire.
    credits: u64,
}

/// A balance.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceAnswer {
    data: BalanceView,
    meta: NoMeta,
    billing: Billing,
}

async fn balance(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let account_id = request.caller.key.account_id;
    let balance = request.app.catalog.store().balance(account_id).await?;
    let balance = balance.ok_or_else(|| Problem::internal(format!("{account_id} does not exist")))?;
    json_reply::ok(&BalanceView { account_id: account_id.to_string(), credits: balance.get() })
}

/// What the account holds
///
/// As the ledger has it. Free.
#[utoipa::path(
    get,
    path = "/v1/balance",
    operation_id = "balance",
    tag = "account",
    responses((status = 200, description = "The balance", body = BalanceAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| balance(request).await)
        .await
}
