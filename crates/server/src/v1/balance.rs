//! `GET /v1/balance`: the credit balance of the account.

use super::json_reply::{self, answer};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::FreeErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A credit balance.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
pub(crate) struct BalanceView {
    /// Account id.
    #[schema(example = "acct_1")]
    account_id: String,
    /// Credits left; they never expire.
    credits: u64,
}

answer! {
    /// The balance of the account.
    BalanceAnswer: BalanceView
}

async fn balance(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let account_id = request.caller.key.account_id;
    let balance = request.app.catalog.store().balance(account_id).await?;
    let balance = balance.ok_or_else(|| Problem::internal(format!("{account_id} does not exist")))?;
    json_reply::ok(&BalanceView { account_id: account_id.to_string(), credits: balance.get() })
}

/// Credit balance
///
/// Returns the balance recorded in the ledger. Free.
#[utoipa::path(
    get,
    path = "/v1/balance",
    operation_id = "balance",
    tag = "account",
    responses((status = 200, description = "The balance", body = BalanceAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| balance(request).await)
        .await
}
