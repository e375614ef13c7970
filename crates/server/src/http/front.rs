//! What is done with every request, whatever its path: a name, a bound on its URL, a line in the log, a count, and an
//! answer even when a handler panics.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::serve::CREDITS_CHARGED;
use crate::options::URL_BYTES_MAX;
use crate::problem::{Problem, Style};
use crate::request_ids;
use axum::Router;
use axum::body::Body;
use domain::RequestId;
use futures_util::FutureExt;
use http::{Extensions, HeaderName, HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::time::Instant;
use tower::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a handler knows of the call beside the request itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) id: RequestId,
}

impl Call {
    /// Of a request that came through [`Front::answer`].
    pub(crate) fn of(extensions: &Extensions) -> Self {
        *extensions.get().expect("every request comes through the front, which names it")
    }
}

/// The application and the way to its handlers.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
}

impl Front {
    /// Answers one request. Never fails: a fault is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let began = Instant::now();
        let id = self.app.request_ids.next(self.app.clock.now());
        let route = self.app.metrics.route(request.uri().path());
        let mut response = self.dispatch(request, id).await;
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, request_ids::to_header(id));
        headers.entry(CREDITS_CHARGED).or_insert(HeaderValue::from_static("0"));
        let (status, took) = (response.status(), began.elapsed());
        self.app.metrics.request_answered(route, status, took);
        // Path and query stay out of it: people put keys there. At `debug`, as few want a line for every request;
        // `tagmeter::requests=debug` in the log filter turns it on.
        tracing::debug!(
            target: "tagmeter::requests",
            request_id = %id,
            route = route.name(),
            status = status.as_u16(),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request {id}"
        );
        Ok(response)
    }

    async fn dispatch(&self, request: Request<Incoming>, id: RequestId) -> Response<Body> {
        let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        if url_bytes > URL_BYTES_MAX {
            let detail = format!("path and query have {url_bytes} bytes, of at most {URL_BYTES_MAX}");
            return Problem::new(ErrorCode::UrlTooLong, detail).into_response(id, Style::Problem);
        }
        // A request without a body, as nearly all are, is spared the boxing.
        let mut request =
            request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        request.extensions_mut().insert(Call { id });
        let mut router = self.router.clone();
        match AssertUnwindSafe(router.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => Problem::internal(words_of(panic.as_ref())).into_response(id, Style::Problem),
        }
    }
}

/// What a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", words.unwrap_or("(no words)"))
}
