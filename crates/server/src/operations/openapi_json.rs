//! `GET /openapi.json` and `GET /openapi-3.0.json`: the description of every path, made from the handlers.

use crate::app::App;
use crate::openapi::OpenErrors;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use std::sync::Arc;

/// The API description
///
/// OpenAPI 3.1. `/openapi-3.0.json` is the same in OpenAPI 3.0.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi_json",
    tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object), OpenErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>) -> Response<Body> {
    json(app.documents.openapi_3_1.clone())
}

/// The API description in OpenAPI 3.0
///
/// The same as `/openapi.json`, for generators that do not read 3.1.
#[utoipa::path(
    get,
    path = "/openapi-3.0.json",
    operation_id = "openapi_3_0_json",
    tag = "operations",
    responses((status = 200, description = "OpenAPI 3.0", content_type = "application/json", body = Object), OpenErrors),
)]
pub(crate) async fn older(State(app): State<Arc<App>>) -> Response<Body> {
    json(app.documents.openapi_3_0.clone())
}

fn json(document: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(document));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
