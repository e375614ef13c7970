//! Handles every request alike, whatever its path: a request id, the rules of the protocol, a log line, a count, and an
//! answer even when a handler panics.

use super::bodies::read_small;
use super::cors;
use super::routes::{self, Route};
use crate::app::App;
use crate::encoding::{Codings, encode_head};
use crate::errors::ErrorCode;
use crate::options::{PublicUrl, URL_BYTES_MAX};
use crate::problem::{Problem, Style};
use crate::request_ids;
use axum::Router;
use axum::body::Body;
use domain::RequestId;
use futures_util::FutureExt;
use http::header::{CONTENT_LENGTH, HOST, ORIGIN};
use http::uri::Authority;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use hyper::body::{Body as _, Incoming};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::time::Instant;
use tower::Service;

/// Credits charged for the call. On every answer.
pub(crate) const CREDITS_CHARGED: HeaderName = HeaderName::from_static("x-credits-charged");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Methods of the server, for `OPTIONS *`.
const ALL_METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

/// Facts about a call beside the request itself.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: RequestId,
    /// `None` for an unknown path.
    pub(crate) route: Option<Arc<Route>>,
    pub(crate) codings: Codings,
    /// Base of links.
    pub(crate) public_url: PublicUrl,
}

impl Call {
    /// Returns the call of a request that passed [`RequestMiddleware::answer`].
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().expect("the middleware adds it to every request")
    }

    /// Takes the call out of a request that passed [`RequestMiddleware::answer`].
    pub(crate) fn take(extensions: &mut Extensions) -> Self {
        extensions.remove::<Self>().expect("the middleware adds it to every request")
    }

    /// Returns a call without a route, for errors before there is a request.
    pub(crate) fn unrouted(app: &App) -> Self {
        let id = app.request_ids.next(app.clock.now());
        Self { id, route: None, codings: Codings::IDENTITY, public_url: app.options.public_url.clone() }
    }

    /// Returns a call with a fixed id.
    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let id = RequestId::new(domain::Timestamp::from_ms(1_700_000_000_000), 7);
        Self { id, route: None, codings: Codings::IDENTITY, public_url: PublicUrl::default() }
    }
}

/// Handles every request before and after its handler.
#[derive(Debug)]
pub(crate) struct RequestMiddleware {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
}

impl RequestMiddleware {
    /// Answers one request. It never fails: an error is a response too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let (app, began) = (&self.app, Instant::now());
        let codings = Codings::accepted(request.headers());
        let call = Call {
            route: app.routes.find(request.uri().path()),
            codings: codings.unwrap_or(Codings::IDENTITY),
            ..Call::unrouted(app)
        };
        let origin = request.headers().get(ORIGIN).filter(|_| !app.options.cors_origins.is_empty()).cloned();
        let is_preflight = cors::is_preflight(request.method(), request.headers());
        let (id, codings_taken, is_head) = (call.id, call.codings, request.method() == Method::HEAD);
        let counted = app.metrics.route(call.route.as_deref().map(Route::number));
        let response = match refusal(&request, &call, codings) {
            Some(problem) => problem.into_response(&call, Style::Problem),
            None => self.dispatch(request, call).await,
        };
        let mut response = if is_head {
            without_body(response, codings_taken)
        } else {
            app.compressor.encode_answer(response, codings_taken).await
        };
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, request_ids::to_header(id));
        headers.entry(CREDITS_CHARGED).or_insert(HeaderValue::from_static("0"));
        cors::write(&app.options.cors_origins, origin.as_ref(), is_preflight, headers);
        let (status, took) = (response.status(), began.elapsed());
        app.metrics.request_answered(counted, status, took);
        // Without path and query, where people put keys. At `debug`, as few want a line for every request;
        // `tagmeter::requests=debug` in the log filter turns it on.
        tracing::debug!(
            target: "tagmeter::requests",
            request_id = %id,
            route = counted.name(),
            status = status.as_u16(),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request {id}"
        );
        Ok(response)
    }

    async fn dispatch(&self, request: Request<Incoming>, call: Call) -> Response<Body> {
        if request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return routes::options(HeaderValue::from_static(ALL_METHODS));
        }
        // Spares requests without a body, which nearly all are, the boxing.
        let mut request =
            request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        if call.route.is_some() && !request.body().is_end_stream() && has_no_use_for_body(request.method()) {
            // It is not used, but a malformed body makes a malformed request, which must not be charged.
            let body = std::mem::take(request.body_mut());
            if let Err(problem) = read_small(body, self.app.options.header_timeout).await {
                return problem.into_response(&call, Style::Problem);
            }
        }
        request.extensions_mut().insert(call.clone());
        let mut router = self.router.clone();
        match AssertUnwindSafe(router.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => {
                Problem::internal(panic_message(panic.as_ref())).into_response(&call, Style::Problem)
            }
        }
    }
}

/// Returns the error of a request that is refused on every path.
fn refusal(request: &Request<Incoming>, call: &Call, codings: Option<Codings>) -> Option<Problem> {
    let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url_bytes > URL_BYTES_MAX {
        let detail = format!("path and query have {url_bytes} bytes, of at most {URL_BYTES_MAX}");
        return Some(Problem::new(ErrorCode::UrlTooLong, detail));
    }
    if let Some(detail) = wrong_host(request.version(), request.headers()) {
        return Some(Problem::new(ErrorCode::MalformedRequest, detail));
    }
    if codings.is_none() {
        let detail = "Accept-Encoding excludes every coding; bodies are sent with zstd, with gzip or as they are (identity)";
        return Some(Problem::new(ErrorCode::NotAcceptable, detail));
    }
    call.route.as_ref().and_then(|route| route.check_accept(request.headers()).err())
}

/// Returns the fault of the request's `Host`, if any (RFC 9112 section 3.2).
fn wrong_host(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => {
            Some("the request has no Host header; HTTP/1.1 needs exactly one")
        }
        (None, _) => None,
        (Some(_), Some(_)) => Some("the request has more than one Host header; send exactly one"),
        (Some(host), None) => {
            let text = host.to_str().unwrap_or("@");
            let is_wrong = !text.is_empty() && (text.contains('@') || text.parse::<Authority>().is_err());
            is_wrong
                .then_some("the Host header is not a host name with an optional port, such as localhost:8080")
        }
    }
}

fn has_no_use_for_body(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS].contains(method)
}

/// Removes the body of a response to `HEAD`, whose headers are those of `GET`.
fn without_body(answer: Response<Body>, codings: Codings) -> Response<Body> {
    let bytes = answer.body().size_hint().exact().filter(|bytes| *bytes > 0);
    // A body of unknown length stays: an empty one would state 0.
    let is_known = answer.body().size_hint().exact().is_some();
    let mut answer = if is_known { answer.map(|_| Body::empty()) } else { answer };
    if let Some(bytes) = bytes {
        answer.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(bytes));
    }
    encode_head(&mut answer, codings);
    answer
}

/// Returns the message of a panic.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let message =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", message.unwrap_or("(no message)"))
}
