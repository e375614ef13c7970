//! The whole way of a paid request, in order: key, limit, quote, parameters, answer, charge, reply. Whatever ends it,
//! the headers say what it cost and where the caller stands.

use super::admit::{Caller, identify, too_many};
use super::freshness::{Freshness, wanted};
use super::keys::KnownKey;
use super::limit::Standing;
use super::quote::{Quote, Settled, key_of_other_request};
use super::reply::{Content, Reply};
use super::uncancelled::Uncancelled;
use crate::app::App;
use crate::contract::Endpoint;
use crate::encoding::Coding;
use crate::errors::ErrorCode;
use crate::header_value::number;
use crate::http::front::Call;
use crate::problem::{Problem, Style};
use crate::query::Query;
use crate::v1::cursor::CursorKey;
use axum::body::Body;
use axum::extract::Request;
use catalog::Wanted;
use domain::{AccountId, Credits, Timestamp};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::idempotency::{Fingerprint, IdempotencyKey, Idempotent, Kept};
use store::ledger::Operation;

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

/// What a request asks with.
pub(crate) struct Asking<'a> {
    pub(crate) query: Query<'a>,
    /// As it was sent, without a last `/`.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The present moment, for times such as `30d`.
    pub(crate) now: Timestamp,
    /// Who asks, and what the cursors of its lists are sealed with.
    pub(crate) account_id: AccountId,
    pub(crate) cursors: &'a CursorKey,
}

/// What answers requests for credits: how it reads them and where its answer comes from.
pub(crate) trait Paid: Send + 'static {
    /// What it is called in the ledger.
    const OPERATION: Operation;
    /// Whether it is one of the contract's: then its errors can be told as the original tells them.
    const IS_CONTRACT: bool;
    /// What a request asks for.
    type Asked: Send + 'static;

    /// How long an answer may take to make.
    fn timeout(app: &App) -> Duration {
        app.options.request_timeout
    }

    /// Reads a request.
    fn read(asking: &Asking<'_>) -> Result<Self::Asked, Problem>;

    /// A successful answer, as fresh as it is wanted if that can be had.
    fn answer(
        app: &App,
        asked: Self::Asked,
        wanted: Wanted,
    ) -> impl Future<Output = Result<Content, Problem>> + Send;
}

impl<E: Endpoint> Paid for E {
    const OPERATION: Operation = E::OPERATION;
    const IS_CONTRACT: bool = true;
    type Asked = E::Asked;

    fn read(asking: &Asking<'_>) -> Result<Self::Asked, Problem> {
        E::read(&asking.query)
    }

    async fn answer(app: &App, asked: Self::Asked, wanted: Wanted) -> Result<Content, Problem> {
        let answered = E::answer(&app.catalog, asked, wanted).await?;
        let freshness = Freshness::of(&answered);
        Ok(Content::ready(answered.ready).with_freshness(freshness))
    }
}

/// Answers a request to a paid endpoint. A client that hangs up does not cut it off in the middle.
pub(crate) async fn serve<P: Paid>(app: Arc<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let drain = Arc::clone(&app.drain);
    Uncancelled::new(answer::<P>(app, parts), drain).await
}

async fn answer<P: Paid>(app: Arc<App>, parts: Parts) -> Response<Body> {
    let call = Call::of(&parts.extensions);
    let mut notes = Notes::default();
    let mut response = match attempt::<P>(&app, &parts, call, &mut notes).await {
        Ok(reply) => {
            notes.charged = reply.charged();
            reply.into_response(notes.balance, Coding::accepted(&parts.headers), &app.compressor)
        }
        Err(problem) => {
            let is_legacy = app.options.legacy_errors && P::IS_CONTRACT;
            let legacy = is_legacy.then_some(app.options.sign_up_site.as_str());
            problem.into_response(call.id, legacy.map_or(Style::Problem, Style::Legacy))
        }
    };
    notes.write(app.clock.now(), response.headers_mut());
    response
}

async fn attempt<P: Paid>(app: &App, parts: &Parts, call: Call, notes: &mut Notes) -> Result<Reply, Problem> {
    if parts.method != Method::GET {
        return Err(only_get(&parts.method));
    }
    let key = identify(&parts.headers, &app.keys).await?;
    let caller = admit(app, key, notes).await?;
    let idempotency_key = idempotency_key(&parts.headers)?;
    let balance = caller.balance(app.catalog.store()).await?;
    notes.balance = Some(balance);
    let quote = caller.quote(balance, idempotency_key.is_some())?;
    let (path, query) = (parts.uri.path().trim_end_matches('/'), parts.uri.query().unwrap_or(""));
    let asking = Asking {
        query: Query::new(query),
        path,
        headers: &parts.headers,
        now: app.clock.now(),
        account_id: quote.caller().key.account_id,
        cursors: &app.cursors,
    };
    let asked = P::read(&asking)?;
    let wanted = wanted(&parts.headers, &Query::new(query))?;
    let repeatable = idempotency_key.map(|key| (key, fingerprint(path, query)));
    if let Some(reply) = replay::<P>(app, &quote, repeatable.as_ref()).await? {
        return Ok(reply);
    }
    let answered = tokio::time::timeout(P::timeout(app), P::answer(app, asked, wanted)).await;
    let content = answered.map_err(|_| Problem::unavailable("the look-up took too long"))??;
    notes.freshness = content.freshness;
    if repeatable.is_none() && content.is_known(&parts.headers) {
        return Ok(Reply::not_modified(content));
    }
    let idempotent = repeatable.map(|(key, fingerprint)| keep(key, fingerprint, &content)).transpose()?;
    let quote = quote.at_price(content.price);
    let (settled, balance) = quote.settle(app, call.id, P::OPERATION, idempotent).await;
    notes.balance = balance.or(notes.balance);
    Ok(match settled? {
        Settled::Paid(receipt) => Reply::paid(receipt, content),
        Settled::Replayed(answer) => {
            app.metrics.replayed();
            Reply::replayed(Content::kept(answer, !P::IS_CONTRACT))
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
    Fingerprint::of(format!("GET {path}/?{query}").as_bytes())
}

async fn replay<P: Paid>(
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
            Ok(Some(Reply::replayed(Content::kept(answer, !P::IS_CONTRACT))))
        }
    }
}

fn keep(key: IdempotencyKey, fingerprint: Fingerprint, content: &Content) -> Result<Idempotent, Problem> {
    let too_large = |why: store::idempotency::IdempotencyError| {
        Problem::parameter("Idempotency-Key", format!("{why}; ask for less, or without the key"))
    };
    Ok(Idempotent { key, fingerprint, answer: content.to_kept().map_err(too_large)? })
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
