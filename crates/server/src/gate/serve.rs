//! The whole way of a paid request, in order: key, limit, quote, parameters, answer, charge, reply. Whatever ends it,
//! the headers say what it cost and where the caller stands.

use super::admit::{Caller, identify, too_many};
use super::freshness::{Freshness, wanted};
use super::keys::KnownKey;
use super::limit::Standing;
use super::quote::{Quote, Settled, key_of_other_request};
use super::reply::{JSON, Reply, Tagged};
use super::uncancelled::Uncancelled;
use crate::app::App;
use crate::contract::Endpoint;
use crate::encoding::Coding;
use crate::errors::ErrorCode;
use crate::header_value::number;
use crate::http::front::Call;
use crate::problem::{Problem, Style};
use crate::query::Query;
use axum::body::Body;
use axum::extract::Request;
use domain::{Credits, Timestamp};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::sync::Arc;
use store::idempotency::{Fingerprint, IdempotencyKey, Idempotent, Kept, KeptAnswer};

/// What a call cost. On every answer.
pub(crate) const CREDITS_CHARGED: HeaderName = HeaderName::from_static("x-credits-charged");
const CREDITS_REMAINING: HeaderName = HeaderName::from_static("x-credits-remaining");
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What is learned on the way, for the headers.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    standing: Option<(Arc<KnownKey>, Standing)>,
    pub(crate) balance: Option<Credits>,
    charged: Credits,
    freshness: Option<Freshness>,
}

/// Answers a request to a paid endpoint. A client that hangs up does not cut it off in the middle.
pub(crate) async fn serve<E: Endpoint>(app: Arc<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let drain = Arc::clone(&app.drain);
    Uncancelled::new(answer::<E>(app, parts), drain).await
}

async fn answer<E: Endpoint>(app: Arc<App>, parts: Parts) -> Response<Body> {
    let call = Call::of(&parts.extensions);
    let mut notes = Notes::default();
    let mut response = match attempt::<E>(&app, &parts, call, &mut notes).await {
        Ok(reply) => {
            notes.charged = reply.charged();
            reply.into_response(Coding::accepted(&parts.headers), &app.compressor)
        }
        Err(problem) => {
            let legacy = app.options.legacy_errors.then_some(app.options.sign_up_site.as_str());
            problem.into_response(call.id, legacy.map_or(Style::Problem, Style::Legacy))
        }
    };
    notes.write(app.clock.now(), response.headers_mut());
    response
}

async fn attempt<E: Endpoint>(
    app: &App,
    parts: &Parts,
    call: Call,
    notes: &mut Notes,
) -> Result<Reply, Problem> {
    if parts.method != Method::GET {
        return Err(only_get(&parts.method));
    }
    let key = identify(&parts.headers, &app.keys).await?;
    let caller = admit(app, key, notes).await?;
    let idempotency_key = idempotency_key(&parts.headers)?;
    let balance = caller.balance(app.catalog.store()).await?;
    notes.balance = Some(balance);
    let quote = caller.quote(balance, idempotency_key.is_some())?;
    let query = parts.uri.query().unwrap_or("");
    let asked = E::read(&Query::new(query))?;
    let wanted = wanted(&parts.headers, &Query::new(query))?;
    let repeatable = idempotency_key.map(|key| (key, fingerprint(E::PATH, query)));
    if let Some(reply) = replay(app, &quote, repeatable.as_ref()).await? {
        return Ok(reply);
    }
    let looked_up =
        tokio::time::timeout(app.options.request_timeout, E::answer(&app.catalog, asked, wanted)).await;
    let answered = looked_up.map_err(|_| Problem::unavailable("the look-up took too long"))??;
    notes.freshness = Some(Freshness::of(&answered));
    let content = Tagged::of(answered.ready);
    if repeatable.is_none() && content.is_known(&parts.headers) {
        return Ok(Reply::not_modified(content));
    }
    let idempotent = repeatable.map(|(key, fingerprint)| keep(key, fingerprint, &content)).transpose()?;
    let (settled, balance) = quote.settle(app, call.id, E::OPERATION, idempotent).await;
    notes.balance = balance.or(notes.balance);
    Ok(match settled? {
        Settled::Paid(receipt) => Reply::paid(receipt, content),
        Settled::Replayed(answer) => {
            app.metrics.replayed();
            Reply::replayed(answer)
        }
    })
}

/// Counts the request against the limit of its key.
pub(crate) async fn admit(app: &App, key: Arc<KnownKey>, notes: &mut Notes) -> Result<Caller, Problem> {
    match Caller::admit(Arc::clone(&key)) {
        Ok(caller) => {
            notes.standing = caller.standing.map(|standing| (key, standing));
            Ok(caller)
        }
        Err(denied) => {
            notes.balance = app.catalog.store().quote(key.account_id).await.ok().flatten();
            notes.standing = Some((key, denied.standing()));
            Err(too_many(denied))
        }
    }
}

fn only_get(method: &Method) -> Problem {
    let detail = format!("{method} is not answered here; use GET");
    Problem::new(ErrorCode::MethodNotAllowed, detail).allow(HeaderValue::from_static("GET"))
}

/// What makes it the same call when it is made again.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let parsed = value.to_str().unwrap_or("").trim().parse();
    parsed.map(Some).map_err(|why: store::idempotency::IdempotencyError| {
        Problem::parameter("Idempotency-Key", why.to_string())
    })
}

/// The form of the path with a last `/` stands for both.
fn fingerprint(path: &str, query: &str) -> Fingerprint {
    Fingerprint::of(format!("GET {path}?{query}").as_bytes())
}

async fn replay(
    app: &App,
    quote: &Quote,
    repeatable: Option<&(IdempotencyKey, Fingerprint)>,
) -> Result<Option<Reply>, Problem> {
    let Some((key, fingerprint)) = repeatable else { return Ok(None) };
    let account_id = quote.caller().key.account_id;
    match app.catalog.store().idempotent_answer(account_id, key, *fingerprint).await? {
        None => Ok(None),
        Some(Kept::OtherRequest) => Err(key_of_other_request()),
        Some(Kept::Answer { answer, .. }) => {
            app.metrics.replayed();
            Ok(Some(Reply::replayed(answer)))
        }
    }
}

fn keep(key: IdempotencyKey, fingerprint: Fingerprint, content: &Tagged) -> Result<Idempotent, Problem> {
    let answer = KeptAnswer::new(200, JSON, content.body().to_vec()).map_err(Problem::internal)?;
    Ok(Idempotent { key, fingerprint, answer })
}

impl Notes {
    pub(crate) fn write(&self, now: Timestamp, headers: &mut HeaderMap) {
        headers.insert(CREDITS_CHARGED, number(self.charged.get()));
        if let Some(balance) = self.balance {
            headers.insert(CREDITS_REMAINING, number(balance.get()));
        }
        if let Some(freshness) = self.freshness {
            freshness.write(now, headers);
        }
        if let Some((key, standing)) = &self.standing
            && let Some(limiter) = &key.limiter
        {
            limiter.write_headers(*standing, headers);
        }
    }
}
