//! `GET /v1/webhooks/{id}/deliveries`: the log of a destination.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::WebhookErrors;
use crate::v1::alerts::events::EventsQuery;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::Pagination;
use alerting::view::DeliveryView;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use measure::parameters::Number;
use std::sync::Arc;

answer! {
    /// Deliveries, the newest event first.
    with pages DeliveryList: Vec<DeliveryView>
}

/// List the deliveries of a webhook
///
/// Returns what was sent to a destination, the newest event first, 20 per page: the data of each event, and every attempt
/// with its time, duration and status. Bodies of answers are not stored. Free.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    operation_id = "list_deliveries",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id"), EventsQuery),
    responses((status = 200, description = "The deliveries", body = DeliveryList), WebhookErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let EventsQuery { cursor } = request.query()?;
        let (account_id, id) = (request.caller.key.account_id, request.destination_id()?);
        let found = request.app.alerting.deliveries(account_id, id, cursor.map(Number::get)).await;
        let page = found.map_err(problem)?;
        json_reply::page(&page.views(), Pagination::new(page.next.map(|next| next.to_string())))
    })
    .await
}
