//! Small pages without scripts: nothing is loaded, no other page shows them, no search engine lists them.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderName, HeaderValue, Response, StatusCode};

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// Nothing is loaded, and no other page shows it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Returns the page of a link that opens nothing.
pub(super) fn unknown_link(why: &str) -> Response<Body> {
    page(StatusCode::NOT_FOUND, "Unknown link", &format!("<p>{why}</p>"))
}

/// Logs an error of a link, and returns the page that asks to try again.
pub(super) fn try_again(error: &dyn std::error::Error) -> Response<Body> {
    tracing::error!(%error, "a link cannot be answered");
    let text = "<p>This cannot be answered now. Try again in a moment.</p>";
    page(StatusCode::SERVICE_UNAVAILABLE, "Try again", text)
}

/// Builds a page of a title and a body in HTML.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;\
         max-width:42rem;margin:10vh auto;padding:0 1rem}}button{{font:inherit;padding:.5rem 1rem}}\
         main{{overflow-x:auto}}table{{border-collapse:collapse}}caption{{text-align:left;font-weight:600}}\
         th,td{{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}}\
         </style><main><h1>{title}</h1>{body}</main></html>\n"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    response
}
