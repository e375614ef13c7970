//! `GET /metrics`: what the server counts, for Prometheus.

use crate::app::App;
use crate::openapi::OpenErrors;
use axum::body::Body;
use axum::extract::State;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use std::sync::Arc;

/// The format that `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counts
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text", body = String), OpenErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>) -> Response<Body> {
    let (hits, misses) = app.catalog.cache_counts();
    let mut response = Response::new(Body::from(app.metrics.to_text(hits, misses)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
