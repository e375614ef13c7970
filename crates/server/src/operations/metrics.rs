//! `GET /metrics`: the series of the server, for Prometheus and other scrapers.

use crate::app::App;
use crate::http::cors::vary;
use crate::http::middleware::Call;
use crate::metrics::{Counted, Exposition};
use crate::negotiation::{accept, not_acceptable};
use crate::openapi::OpenErrors;
use crate::problem::Style;
use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use std::sync::Arc;
use tables::{Accept, Preference};

/// Media type and `Content-Type` of the text format of Prometheus, which every scraper knows.
const PROMETHEUS: (&str, &str) = ("text/plain", "text/plain; version=0.0.4; charset=utf-8");
const OPEN_METRICS: (&str, &str) =
    ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Metrics
///
/// In the format that `Accept` prefers: the text format of Prometheus, or OpenMetrics.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    responses(
        (status = 200, description = "All series", content(
            (String = "text/plain"),
            (String = "application/openmetrics-text"),
        )),
        OpenErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (exposition, content_type) = match exposition(request.headers()) {
        Ok(chosen) => chosen,
        Err(header) => {
            let problem = not_acceptable(&header, &[PROMETHEUS.0, OPEN_METRICS.0]);
            return problem.into_response(&Call::of(request.extensions()), Style::Problem);
        }
    };
    let (cache_hits, cache_misses) = app.catalog.cache_counts();
    // Metrics must come while the store does not answer, too.
    let work = app.status.current(&app).await.ok();
    let counted =
        Counted { cache_hits, cache_misses, upstream_rejects: app.catalog.upstream_rejects(), work };
    let mut response = Response::new(Body::from(app.metrics.to_text(exposition, &counted)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    vary(headers, "accept");
    response
}

/// Returns the format that `Accept` prefers, the first one at equal preference. Fails with the header if it
/// excludes both.
fn exposition(headers: &HeaderMap) -> Result<(Exposition, &'static str), String> {
    let prometheus = (Exposition::Prometheus, PROMETHEUS.1);
    let Some(header) = accept(headers) else { return Ok(prometheus) };
    let accept = Accept::parse(&header);
    let preference = |(name, _): (&str, &str)| accept.weigh(name);
    match (preference(PROMETHEUS), preference(OPEN_METRICS)) {
        (Some(one), Some(other)) if one.is_refusal() && other.is_refusal() => Err(header.into_owned()),
        (one, other) if other > one && !other.is_some_and(Preference::is_refusal) => {
            Ok((Exposition::OpenMetrics, OPEN_METRICS.1))
        }
        (one, _) if one.is_some_and(Preference::is_refusal) => Err(header.into_owned()),
        _ => Ok(prometheus),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_format_is_chosen() {
        let chosen = |header: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("accept", header.parse().expect("a header"));
            exposition(&headers).ok().map(|(exposition, _)| exposition)
        };
        let (old, new) = (Some(Exposition::Prometheus), Some(Exposition::OpenMetrics));
        let scraper = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                       application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,\
                       text/plain;version=0.0.4;q=0.2,/;q=0.1";
        for (header, want) in [
            (scraper, new),
            ("*/*", old),
            ("text/html,application/xhtml+xml,*/*;q=0.8", old),
            ("text/plain", old),
            ("application/openmetrics-text", new),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.2", old),
            ("text/plain;q=0, */*", new),
            ("application/json", old),
            ("text/plain;q=0, application/openmetrics-text;q=0", None),
            ("*/*;q=0", None),
            ("text/plain;q=0", None),
        ] {
            assert_eq!(chosen(header), want, "{header}");
        }
        assert_eq!(exposition(&HeaderMap::new()).expect("a format").0, Exposition::Prometheus);
    }
}
