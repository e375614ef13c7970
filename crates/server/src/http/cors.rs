//! CORS: lets pages of configured origins read answers.
//!
//! Not a layer of `tower-http`: that one answers every `OPTIONS` itself, with one list of methods for all paths.

use crate::options::Origins;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Request headers that a page may send.
const REQUEST_HEADERS: &str = "accept, authorization, cache-control, content-type, idempotency-key, if-match, \
                               if-none-match, if-range, range, x-api-key";
/// Response headers that a page may read, besides those that browsers always expose.
const EXPOSED: &str = "accept-ranges, age, allow, content-disposition, content-encoding, content-range, etag, link, location, \
                       ratelimit, ratelimit-policy, retry-after, vary, www-authenticate, x-count-basis, x-credits-charged, \
                       x-credits-remaining, x-download-node, x-observed-at, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
                       x-request-id, x-stale";
/// Seconds for which a browser may cache a preflight; Chromium caps them at two hours.
const PREFLIGHT_SECONDS: &str = "7200";

/// Returns true for a preflight request.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Writes the headers that let the page that sent a request read its answer, if its origin is allowed.
pub(crate) fn write(
    origins: &Origins,
    origin: Option<&HeaderValue>,
    is_preflight: bool,
    answer: &mut HeaderMap,
) {
    if origins.is_empty() {
        return;
    }
    if !origins.is_any() {
        vary(answer, "origin");
    }
    let Some(origin) = origin.filter(|origin| origins.has(origin.as_bytes())) else { return };
    let allowed = if origins.is_any() { HeaderValue::from_static("*") } else { origin.clone() };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if !is_preflight {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        return;
    }
    vary(answer, "access-control-request-method");
    if let Some(methods) = answer.get(ALLOW).cloned() {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
}

/// Adds a request header to those that an answer depends on.
pub(crate) fn vary(answer: &mut HeaderMap, name: &'static str) {
    const NAMES: HeaderName = VARY;
    let merged = match answer.get(NAMES).and_then(|names| names.to_str().ok()) {
        None | Some("") => HeaderValue::from_static(name),
        Some(names) if names.split(',').any(|one| one.trim().eq_ignore_ascii_case(name)) => return,
        Some(names) => match format!("{names}, {name}").try_into() {
            Ok(merged) => merged,
            Err(_) => return,
        },
    };
    answer.insert(NAMES, merged);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vary_names_each_header_once() {
        let mut headers = HeaderMap::new();
        for name in ["accept", "origin", "accept"] {
            vary(&mut headers, name);
        }
        assert_eq!(headers[VARY], "accept, origin");
    }
}
