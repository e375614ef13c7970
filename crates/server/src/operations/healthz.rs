//! `GET /healthz`: the process is alive and answers. Does not check the store.

use crate::openapi::OpenErrors;
use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};

/// Alive
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "The process answers", content_type = "text/plain", body = String, example = "ok"), OpenErrors),
)]
pub(crate) async fn handler() -> Response<Body> {
    plain("ok\n")
}

/// Builds the response of a short text that is not cached.
pub(super) fn plain(text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
