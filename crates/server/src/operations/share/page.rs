//! Pages under the link of a share, and the headers of all of them.

use super::super::page::page as small_page;
use crate::problem::Problem;
use crate::share_access::TRIES_SECONDS;
use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use reports::Format;
use sharing::OpenShare;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Policy of a report, which has its logo in itself.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors";

/// Returns a written report.
pub(super) fn report(open: &OpenShare, format: Format, body: Vec<u8>) -> Result<Response<Body>, Problem> {
    let ancestors = open.sites().map_or_else(|| "'none'".to_owned(), |sites| sites.join(" "));
    let policy = HeaderValue::try_from(format!("{REPORT_POLICY} {ancestors}")).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if format.is_binary() {
        let disposition = format!("attachment; filename=\"{}.{format}\"", open.name());
        headers.insert(CONTENT_DISPOSITION, disposition.try_into().map_err(Problem::internal)?);
    }
    Ok(guarded(response, open.sites()))
}

/// The one page of links that open nothing.
pub(super) fn nothing() -> Response<Body> {
    let text = "<p>It may have expired, or a part of it is missing. Ask whoever sent it for a new one.</p>";
    plain(StatusCode::NOT_FOUND, "Unknown link", text)
}

/// The form for a password.
pub(super) fn form(is_wrong: bool) -> Response<Body> {
    let wrong = if is_wrong { "<p><strong>That is not the password.</strong></p>" } else { "" };
    let text = format!(
        "<p>This report opens with the password that you were given.</p>{wrong}<form method=\"post\"><label>Password \
         <input type=\"password\" name=\"password\" autocomplete=\"current-password\" required autofocus></label> \
         <button>Open</button></form>"
    );
    plain(StatusCode::FORBIDDEN, "Password", &text)
}

/// The page of a form that is blocked.
pub(super) fn blocked() -> Response<Body> {
    let text = "<p>Too many passwords were wrong. Try again in a quarter of an hour.</p>";
    let mut response = plain(StatusCode::TOO_MANY_REQUESTS, "Wait", text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(TRIES_SECONDS));
    response
}

/// An answer to a right password, without a page.
pub(super) fn see_other() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    guarded(response, None)
}

fn plain(status: StatusCode, title: &str, body: &str) -> Response<Body> {
    guarded(small_page(status, title, body), None)
}

/// Adds the headers of everything under a link. `sites` may embed it.
pub(super) fn guarded(mut response: Response<Body>, sites: Option<&[String]>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex, nofollow"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if sites.is_none() {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}
