//! Handles every call that needs a key: key, rate limit, balance, then the endpoint; and writes the response
//! headers, also of errors. [`serve`] is for endpoints that cost credits, [`serve_free`] for the others.

use super::admit::{Caller, identify, too_many};
use super::free::FreeCall;
use super::freshness::FreshnessHeaders;
use super::keys::KnownKey;
use super::limit::RateLimitState;
use super::paid::{Paid, PaidCall};
use super::reply::{Content, JSON, Reply};
use super::uncancelled::Uncancelled;
use crate::app::App;
use crate::header_value::number;
use crate::http::cors::vary;
use crate::http::middleware::{CREDITS_CHARGED, Call};
use crate::problem::{Problem, Style};
use axum::body::Body;
use axum::extract::Request;
use domain::{Credits, KeyScope, Timestamp};
use http::header::VARY;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::future::Future;
use std::sync::Arc;
use store::idempotency::IdempotencyKey;

const CREDITS_REMAINING: HeaderName = HeaderName::from_static("x-credits-remaining");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request with a valid key, within its rate limit.
pub(crate) struct AuthenticatedRequest {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Caller,
    pub(crate) call: Call,
    pub(crate) parts: Box<Parts>,
    /// `None` for free endpoints and for `HEAD`, which are never charged.
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

/// Facts collected while a call is handled, for the headers of its response.
#[derive(Debug, Default)]
pub(crate) struct ResponseMetadata {
    rate_limit: Option<(Arc<KnownKey>, RateLimitState)>,
    balance: Option<Credits>,
    charged: Credits,
    pub(super) freshness: Option<FreshnessHeaders>,
    pub(super) is_negotiated: bool,
}

/// The part of a call that depends on its price: [`FreeCall`] or [`PaidCall`].
pub(super) trait Endpoint: Send {
    /// True if an `Idempotency-Key` names a charge of the endpoint.
    const IS_PAID: bool;

    /// Returns the format of errors.
    fn error_style(app: &App) -> Style<'_>;

    /// Answers the request. `balance` is the account's, and is updated by a charge.
    fn answer(
        self,
        request: AuthenticatedRequest,
        body: Body,
        metadata: &mut ResponseMetadata,
        balance: &mut Credits,
    ) -> impl Future<Output = Result<Reply, Problem>> + Send;
}

/// Answers a request to an endpoint that costs credits. It runs to its end even if the client hangs up, since a charge and
/// its answer belong together.
pub(crate) async fn serve<P: Paid>(app: Arc<App>, request: Request) -> Response<Body> {
    let drain = Arc::clone(&app.drain);
    Uncancelled::new(respond(app, request, PaidCall::<P>::new()), drain).await
}

/// Answers a request to a free endpoint, if the scope of its key covers `scope`.
pub(crate) async fn serve_free<F>(
    app: Arc<App>,
    request: Request,
    scope: KeyScope,
    work: impl FnOnce(AuthenticatedRequest, Body) -> F + Send,
) -> Response<Body>
where
    F: Future<Output = Result<Content, Problem>> + Send,
{
    serve_free_file(app, request, scope, &[JSON], work).await
}

/// [`serve_free`] for an answer of one of these media types.
pub(crate) async fn serve_free_file<F>(
    app: Arc<App>,
    request: Request,
    scope: KeyScope,
    media_types: &'static [&'static str],
    work: impl FnOnce(AuthenticatedRequest, Body) -> F + Send,
) -> Response<Body>
where
    F: Future<Output = Result<Content, Problem>> + Send,
{
    respond(app, request, FreeCall { scope, media_types, work }).await
}

async fn respond<E: Endpoint>(app: Arc<App>, request: Request, endpoint: E) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let call = Call::take(&mut parts.extensions);
    // Moved three times on the way.
    let parts = Box::new(parts);
    let mut metadata = ResponseMetadata::default();
    let answered = answer(&app, (parts, body), &call, endpoint, &mut metadata).await;
    let mut response = match answered {
        Ok((reply, balance)) => {
            metadata.charged = reply.charged();
            // The file existed a moment ago; a retry gets it or a new answer.
            reply
                .into_response(balance, call.codings, &app.compressor)
                .unwrap_or_else(|error| Problem::internal(error).into_response(&call, Style::Problem))
        }
        Err(problem) => problem.into_response(&call, E::error_style(&app)),
    };
    metadata.write(app.clock.now(), response.headers_mut());
    if metadata.is_negotiated {
        vary(response.headers_mut(), "accept");
    }
    vary_by_key(response.headers_mut());
    response
}

/// Returns the reply and the balance after it.
async fn answer<E: Endpoint>(
    app: &Arc<App>,
    (parts, body): (Box<Parts>, Body),
    call: &Call,
    endpoint: E,
    metadata: &mut ResponseMetadata,
) -> Result<(Reply, Credits), Problem> {
    let key = identify(&parts.headers, &app.keys).await?;
    let caller = admit(app, key, metadata).await?;
    let is_charged = E::IS_PAID && parts.method != Method::HEAD;
    let idempotency_key = if is_charged { idempotency_key(&parts.headers)? } else { None };
    let mut balance = caller.balance(app.catalog.store()).await?;
    metadata.balance = Some(balance);
    let request =
        AuthenticatedRequest { app: Arc::clone(app), caller, call: call.clone(), parts, idempotency_key };
    let reply = endpoint.answer(request, body, metadata, &mut balance).await;
    metadata.balance = Some(balance);
    Ok((reply?, balance))
}

/// Adds the credentials to `Vary`: they decide whether there is an answer, its cursors and the balance in it.
fn vary_by_key(headers: &mut HeaderMap) {
    if headers.get(VARY).is_some() {
        vary(headers, "authorization");
        vary(headers, "x-api-key");
    } else {
        headers.insert(VARY, HeaderValue::from_static("authorization, x-api-key"));
    }
}

/// Counts the request against the rate limit of its key.
async fn admit(app: &App, key: Arc<KnownKey>, metadata: &mut ResponseMetadata) -> Result<Caller, Problem> {
    match Caller::admit(Arc::clone(&key)) {
        Ok(caller) => {
            metadata.rate_limit = caller.rate_limit.map(|rate_limit| (key, rate_limit));
            Ok(caller)
        }
        Err(denied) => {
            metadata.balance = app.catalog.store().quote(key.account_id).await.ok().flatten();
            metadata.rate_limit = Some((key, denied.rate_limit()));
            Err(too_many(denied))
        }
    }
}

/// Parses the `Idempotency-Key` of a request.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let parsed = value.to_str().unwrap_or("").trim().parse();
    parsed.map(Some).map_err(|why: store::idempotency::IdempotencyError| {
        Problem::parameter("Idempotency-Key", why.to_string())
    })
}

impl ResponseMetadata {
    fn write(&self, now: Timestamp, headers: &mut HeaderMap) {
        headers.insert(CREDITS_CHARGED, number(self.charged.get()));
        if let Some(balance) = self.balance {
            headers.insert(CREDITS_REMAINING, number(balance.get()));
        }
        if let Some(freshness) = self.freshness {
            freshness.write(now, headers);
        }
        if let Some((key, rate_limit)) = &self.rate_limit
            && let Some(limiter) = &key.limiter
        {
            limiter.write_headers(*rate_limit, headers);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns the size of the future of a request, in bytes.
    pub(crate) fn future_bytes<P: Paid>() -> usize {
        fn of<A, B, C, F>(_: fn(A, B, C) -> F) -> usize {
            size_of::<F>()
        }
        of(respond::<PaidCall<P>>)
    }
}
