//! `GET /readyz`: requests can be served: the store can be read, each of its files and folders written, and the server is
//! not stopping.

use super::healthz::plain;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::http::middleware::Call;
use crate::openapi::OpenErrors;
use crate::problem::{Problem, ProblemBody, Style};
use axum::body::Body;
use axum::extract::{Request, State};
use http::Response;
use std::sync::Arc;

/// Ready
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Requests can be served", content_type = "text/plain", body = String, example = "ready"),
        (status = 503, description = "Not at the moment; `detail` says why", content_type = "application/problem+json",
            body = ProblemBody),
        OpenErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let complaint = if app.drain.is_stopping() {
        Some("the server is stopping".to_owned())
    } else {
        app.health.complaint()
    };
    match complaint {
        None => plain("ready\n"),
        Some(complaint) => Problem::new(ErrorCode::Unavailable, complaint)
            .retry_after(1)
            .into_response(&Call::of(request.extensions()), Style::Problem),
    }
}
