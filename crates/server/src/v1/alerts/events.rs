//! `GET /v1/alerts/{id}/events`: what an alert found.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::AlertErrors;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::Pagination;
use alerting::view::EventView;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use measure::parameters::Number;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Query parameters of the events.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct EventsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    pub(crate) cursor: Option<Number>,
}

answer! {
    /// Events, newest first.
    with pages EventList: Vec<EventView>
}

/// List the events of an alert
///
/// Returns when an alert fired and recovered, and when there was no data, newest first, 50 per page, with the numbers and
/// why no message was sent where none was. Events are retained for 400 days. Free.
#[utoipa::path(
    get,
    path = "/v1/alerts/{id}/events",
    operation_id = "list_alert_events",
    tag = "alerts",
    params(("id" = String, Path, description = "Alert id"), EventsQuery),
    responses((status = 200, description = "The events", body = EventList), AlertErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let EventsQuery { cursor } = request.query()?;
        let (account_id, id) = (request.caller.key.account_id, request.alert_id()?);
        let found = request.app.alerting.events_of(account_id, Some(id), cursor.map(Number::get)).await;
        let page = found.map_err(problem)?;
        json_reply::page(&page.events, Pagination::new(page.next.map(|next| next.to_string())))
    })
    .await
}
