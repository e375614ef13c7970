//! `POST /v1/alerts/preview`: when a rule would have fired on the stored readings of a hashtag.

use super::super::json_body;
use super::super::json_reply::{self, answer};
use super::on_stored;
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::PreviewErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use measure::{AlertPreviewQuery, AlertPreviewView};
use std::sync::Arc;

answer! {
    /// When an alert would have fired.
    AlertPreviewAnswer: AlertPreviewView
}

async fn preview(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let query: AlertPreviewQuery = json_body::read(&request, body).await?;
    let preview = on_stored(&request.app, query.hashtag.clone(), |measure, hashtag| async move {
        measure.alert_preview(&hashtag, &query).await
    });
    json_reply::ok(&preview.await?)
}

/// Preview an alert
///
/// Returns when a rule would have fired on the stored readings of a hashtag, each moment judged by the readings up to it:
/// how many readings there are and what they lack, every episode with its number, and how many messages. Give either
/// `above`, a threshold, or `about`, how often it should fire (`1/week`): the threshold is found. Calls no upstream. Free.
#[utoipa::path(
    post,
    path = "/v1/alerts/preview",
    operation_id = "preview_alert",
    tag = "alerts",
    request_body = AlertPreviewQuery,
    responses((status = 200, description = "When it would have fired", body = AlertPreviewAnswer), PreviewErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, preview).await
}
