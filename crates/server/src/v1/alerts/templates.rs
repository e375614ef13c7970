//! `GET /v1/alerts/templates?hashtag=`: six rules in plain words, each with its preview. A path of its own, not a flag of
//! `/v1/alerts/preview`: the answer has another shape, and a link can name it.

use super::super::json_reply::{self, answer};
use super::on_stored;
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TemplatesErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use measure::{AlertTemplatesQuery, AlertTemplatesView};
use std::sync::Arc;

answer! {
    /// The templates for a hashtag.
    AlertTemplatesAnswer: AlertTemplatesView
}

async fn templates(request: AuthenticatedRequest) -> Result<Content, Problem> {
    let query: AlertTemplatesQuery = request.query()?;
    let templates = on_stored(&request.app, query.hashtag, |measure, hashtag| async move {
        measure.alert_templates(&hashtag).await
    });
    json_reply::ok(&templates.await?)
}

/// Templates of alerts
///
/// Returns six rules in plain words, each as the body of `POST /v1/alerts/preview` and with its preview on the stored
/// readings of the hashtag. Calls no upstream. Free.
#[utoipa::path(
    get,
    path = "/v1/alerts/templates",
    operation_id = "alert_templates",
    tag = "alerts",
    params(AlertTemplatesQuery),
    responses((status = 200, description = "The templates", body = AlertTemplatesAnswer), TemplatesErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        templates(request).await
    })
    .await
}
