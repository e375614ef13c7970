//! The whole way of a paid request, in order: key, limit, quote, parameters, answer, charge, reply. Whatever ends it,
//! the headers say what it cost and where the caller stands. `HEAD` goes the same way up to the charge.

use super::admit::{Caller, identify, too_many};
use super::freshness::{FreshnessHeaders, wanted};
use super::keys::KnownKey;
use super::limit::RateLimitState;
use super::quote::{Quote, Settled, key_of_other_request};
use super::reply::{Content, JSON, Reply};
use super::uncancelled::Uncancelled;
use crate::app::App;
use crate::contract::Endpoint;
use crate::downloads::large::ChargeContext;
use crate::downloads::resume::DownloadRequest;
use crate::errors::ErrorCode;
use crate::header_value::number;
use crate::http::cors::vary;
use crate::http::middleware::Call;
use crate::negotiation::{self, Strictness};
use crate::options::PublicUrl;
use crate::problem::{Problem, Style};
use crate::query::Query;
use crate::v1::cursor::CursorKey;
use axum::body::Body;
use axum::extract::Request;
use catalog::FreshnessRequirement;
use domain::{AccountId, Credits, KeyId, Operation, RequestId, Timestamp};
use http::header::VARY;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::idempotency::{Fingerprint, IdempotencyKey, Idempotent, Kept, KeptAnswer};

/// What a call cost. On every answer.
pub(crate) const CREDITS_CHARGED: HeaderName = HeaderName::from_static("x-credits-charged");
const CREDITS_REMAINING: HeaderName = HeaderName::from_static("x-credits-remaining");
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What is learned on the way, for the headers.
#[derive(Debug, Default)]
pub(crate) struct ResponseMetadata {
    rate_limit: Option<(Arc<KnownKey>, RateLimitState)>,
    pub(crate) balance: Option<Credits>,
    charged: Credits,
    freshness: Option<FreshnessHeaders>,
    is_negotiated: bool,
}

/// What a request asks with.
pub(crate) struct RequestContext<'a> {
    pub(crate) query: Query<'a>,
    /// As it was sent, without a last `/`.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The present moment, for times such as `30d`.
    pub(crate) now: Timestamp,
    /// Who asks, and what the cursors of its lists are sealed with.
    pub(crate) account_id: AccountId,
    /// The key it is asked with.
    pub(crate) key_id: KeyId,
    /// This call.
    pub(crate) request_id: RequestId,
    pub(crate) cursors: &'a CursorKey,
    /// What links begin with.
    pub(crate) public_url: &'a PublicUrl,
}

/// What answers requests for credits: how it reads them and where its answer comes from.
pub(crate) trait Paid: Send + 'static {
    /// What it is called in the ledger.
    const OPERATION: Operation;
    /// Whether it is one of the contract's: then its errors can be told as the original tells them.
    const IS_CONTRACT: bool;
    /// What a request asks for.
    type Query: Send + 'static;

    /// The media types that a request may be answered with; none where it chooses one among several itself.
    fn media_types(_: &RequestContext<'_>) -> &'static [&'static str] {
        &[JSON]
    }

    /// Which of its representations is requested, where `Accept` decides: part of what an `Idempotency-Key` stands for.
    fn representation(_: &Self::Query) -> &'static str {
        ""
    }

    /// Whether `Accept` chooses how the answer is represented.
    fn is_negotiated(_: &Self::Query) -> bool {
        false
    }

    /// The headers of an answer that is not made for `HEAD`, without its length. `None` where the answer is made, and not
    /// sent.
    fn outline(_: &Self::Query) -> Option<Content> {
        None
    }

    /// How long an answer may take to make.
    fn timeout(app: &App) -> Duration {
        app.options.request_timeout
    }

    /// Reads a request.
    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem>;

    /// A successful answer, as fresh as it is wanted if that can be had.
    fn answer(
        app: &App,
        asked: Self::Query,
        wanted: FreshnessRequirement,
    ) -> impl Future<Output = Result<Content, Problem>> + Send;
}

impl<E: Endpoint> Paid for E {
    const OPERATION: Operation = E::OPERATION;
    const IS_CONTRACT: bool = true;
    type Query = E::Query;

    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem> {
        E::read(&context.query)
    }

    async fn answer(app: &App, asked: Self::Query, wanted: FreshnessRequirement) -> Result<Content, Problem> {
        let answered = E::answer(&app.catalog, asked, wanted).await?;
        let (freshness, is_empty) = (FreshnessHeaders::of(&answered), E::is_empty(&answered.ready.body));
        let content = Content::ready(answered.ready).with_freshness(freshness);
        Ok(if is_empty { content.free() } else { content })
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
    let mut metadata = ResponseMetadata::default();
    let mut response = match attempt::<P>(&app, &parts, &call, &mut metadata).await {
        Ok(reply) => {
            metadata.charged = reply.charged();
            // A file that was there a moment ago: a second request finds it, or another answer.
            reply
                .into_response(metadata.balance, call.codings, &app.compressor)
                .unwrap_or_else(|error| Problem::internal(error).into_response(&call, Style::Problem))
        }
        Err(problem) => {
            let is_legacy = app.options.legacy_errors && P::IS_CONTRACT;
            let legacy = is_legacy.then_some(app.options.sign_up_site.as_str());
            problem.into_response(&call, legacy.map_or(Style::Problem, Style::Legacy))
        }
    };
    metadata.write(app.clock.now(), response.headers_mut());
    if metadata.is_negotiated {
        vary(response.headers_mut(), "accept");
    }
    vary_by_key(response.headers_mut());
    response
}

/// What is answered depends on who asks: whether at all, cursors, and what is left.
pub(crate) fn vary_by_key(headers: &mut HeaderMap) {
    if headers.get(VARY).is_some() {
        vary(headers, "authorization");
        vary(headers, "x-api-key");
    } else {
        headers.insert(VARY, HeaderValue::from_static("authorization, x-api-key"));
    }
}

async fn attempt<P: Paid>(
    app: &App,
    parts: &Parts,
    call: &Call,
    metadata: &mut ResponseMetadata,
) -> Result<Reply, Problem> {
    let is_head = parts.method == Method::HEAD;
    let key = identify(&parts.headers, &app.keys).await?;
    let caller = admit(app, key, metadata).await?;
    // A head is never charged, so that there is nothing to repeat.
    let idempotency_key = if is_head { None } else { idempotency_key(&parts.headers)? };
    let balance = caller.balance(app.catalog.store()).await?;
    metadata.balance = Some(balance);
    let (path, query) = (parts.uri.path().trim_end_matches('/'), parts.uri.query().unwrap_or(""));
    let now = app.clock.now();
    let who = (caller.key.account_id, caller.key.key_id);
    let download = DownloadRequest::read(who, (path, query), &parts.headers, call.codings);
    let (account_id, key_id) = who;
    let context = RequestContext {
        query: Query::new(query),
        path,
        headers: &parts.headers,
        now,
        account_id,
        key_id,
        request_id: call.id,
        cursors: &app.cursors,
        public_url: &call.public_url,
    };
    let asked = check::<P>(parts, call, &context).and_then(|()| P::read(&context));
    let continues = !P::IS_CONTRACT && download.continues();
    // What is wrong with a request comes before what is stored for it.
    let asked = if continues { Ok(asked?) } else { asked };
    let (stored, not_stored) = match app.downloads.resumed(&download, now) {
        _ if !continues => (None, None),
        Ok(stored) => (stored, None),
        // The ledger knows better where the file of a key is.
        Err(problem) if idempotency_key.is_some() => (None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    if let Some(content) = stored {
        metadata.is_negotiated = asked.is_ok_and(|asked| P::is_negotiated(&asked));
        return Ok(resumed(content, &parts.headers));
    }
    let quote = caller.quote(balance, idempotency_key.is_some())?;
    let asked = asked?;
    metadata.is_negotiated = P::is_negotiated(&asked);
    let wanted = wanted(&parts.headers, &Query::new(query))?;
    if is_head {
        return head::<P>(app, (parts, &download, now), call, (asked, wanted), metadata).await;
    }
    let repeatable = idempotency_key.map(|key| (key, fingerprint(path, query, P::representation(&asked))));
    if let Some(content) = replay::<P>(app, &download, repeatable.as_ref()).await? {
        metadata.freshness = content.freshness;
        return Ok(Reply::replayed(content));
    }
    if let Some(problem) = not_stored {
        return Err(problem);
    }
    let content = made::<P>(app, call, asked, wanted).await?;
    metadata.freshness = content.freshness;
    if repeatable.is_none() && content.is_known(&parts.headers) {
        return Ok(not_modified::<P>(app, (&download, now), content));
    }
    if content.is_free() {
        return Ok(Reply::free(content));
    }
    let around =
        ChargeContext { app, request: &download, id: call.id, now, is_repeatable: repeatable.is_some() };
    pay::<P>(around, quote, content, repeatable, metadata).await
}

/// Charges an answer. What is large is a file before, and is kept after.
async fn pay<P: Paid>(
    around: ChargeContext<'_>,
    quote: Quote,
    content: Content,
    repeatable: Option<(IdempotencyKey, Fingerprint)>,
    metadata: &mut ResponseMetadata,
) -> Result<Reply, Problem> {
    let app = around.app;
    let content =
        if P::IS_CONTRACT { content } else { around.before_charge(content, metadata.balance).await? };
    let idempotent = match repeatable {
        Some((key, fingerprint)) => {
            Some(Idempotent { key, fingerprint, answer: around.to_kept(&content).await? })
        }
        None => None,
    };
    let quote = quote.at_price(content.price);
    let (settled, balance) = quote.settle(app, around.id, P::OPERATION, idempotent).await;
    metadata.balance = balance.or(metadata.balance);
    match settled {
        Ok(Settled::Paid(receipt)) => {
            let content = around.after_charge(content, receipt.credits(), metadata.balance).await;
            Ok(Reply::paid(receipt, content))
        }
        Ok(Settled::Replayed(answer)) => {
            around.withdraw();
            let content = replayed::<P>(app, around.request, answer)?;
            metadata.freshness = content.freshness;
            Ok(Reply::replayed(content))
        }
        Err(problem) => {
            around.withdraw_if_refused(&problem);
            Err(problem)
        }
    }
}

/// A stored answer that a download goes on with: it was paid for before.
fn resumed(content: Content, headers: &HeaderMap) -> Reply {
    if content.is_known(headers) { Reply::not_modified(content) } else { Reply::replayed(content) }
}

/// Refuses what the path does not take.
fn check<P: Paid>(parts: &Parts, call: &Call, context: &RequestContext<'_>) -> Result<(), Problem> {
    if let Some(route) = call.route.as_ref().filter(|route| route.is_v1()) {
        route.check_query(&parts.method, parts.uri.query().unwrap_or(""))?;
    }
    let strictness = if P::IS_CONTRACT { Strictness::Excluded } else { Strictness::Named };
    negotiation::check(&parts.headers, P::media_types(context), strictness)
}

/// The answer, within its time.
async fn made<P: Paid>(
    app: &App,
    call: &Call,
    asked: P::Query,
    wanted: FreshnessRequirement,
) -> Result<Content, Problem> {
    let answered = tokio::time::timeout(P::timeout(app), P::answer(app, asked, wanted)).await;
    let content = answered.map_err(|_| Problem::unavailable("the look-up took too long"))??;
    if content.is_file() && call.codings.is_identity_refused() {
        let detail = "Accept-Encoding excludes identity, and files are sent as they are";
        return Err(Problem::new(ErrorCode::NotAcceptable, detail));
    }
    Ok(content)
}

/// The headers of the answer to `GET`, for nothing: no upstream is asked for them, and nothing is charged.
async fn head<P: Paid>(
    app: &App,
    (parts, download, now): (&Parts, &DownloadRequest, Timestamp),
    call: &Call,
    (asked, wanted): (P::Query, FreshnessRequirement),
    metadata: &mut ResponseMetadata,
) -> Result<Reply, Problem> {
    if let Some(outline) = P::outline(&asked) {
        let sequence = app.catalog.store().sequence().await?;
        return Ok(match app.downloads.current(download, now, sequence) {
            Some(content) if content.is_known(&parts.headers) => Reply::not_modified(content),
            Some(content) => Reply::head(content),
            None => Reply::outline(outline, app.downloads.node.clone()),
        });
    }
    let content = made::<P>(app, call, asked, FreshnessRequirement { only_stored: true, ..wanted }).await?;
    metadata.freshness = content.freshness;
    let is_known = content.is_known(&parts.headers);
    Ok(if is_known { not_modified::<P>(app, (download, now), content) } else { Reply::head(content) })
}

/// A 304 of an answer that was made to be compared and is not kept.
fn not_modified<P: Paid>(
    app: &App,
    (download, now): (&DownloadRequest, Timestamp),
    content: Content,
) -> Reply {
    if P::IS_CONTRACT {
        return Reply::not_modified(content);
    }
    let tag = app.downloads.tag_of_known(download, now, &content.hash());
    Reply::not_modified_as(content, tag)
}

/// Counts the request against the limit of its key.
pub(crate) async fn admit(
    app: &App,
    key: Arc<KnownKey>,
    metadata: &mut ResponseMetadata,
) -> Result<Caller, Problem> {
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

/// What makes it the same call when it is made again.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let parsed = value.to_str().unwrap_or("").trim().parse();
    parsed.map(Some).map_err(|why: store::idempotency::IdempotencyError| {
        Problem::parameter("Idempotency-Key", why.to_string())
    })
}

/// The form of the path with a last `/` stands for both. `Accept-Encoding` changes nothing of what is answered.
fn fingerprint(path: &str, query: &str, representation: &str) -> Fingerprint {
    let accepted =
        if representation.is_empty() { String::new() } else { format!("\nAccept: {representation}") };
    Fingerprint::of(format!("GET {path}/?{query}{accepted}").as_bytes())
}

async fn replay<P: Paid>(
    app: &App,
    download: &DownloadRequest,
    repeatable: Option<&(IdempotencyKey, Fingerprint)>,
) -> Result<Option<Content>, Problem> {
    let Some((key, fingerprint)) = repeatable else { return Ok(None) };
    match app.catalog.store().idempotent_answer(download.account_id, key, *fingerprint).await? {
        None => Ok(None),
        Some(Kept::OtherRequest) => Err(key_of_other_request()),
        Some(Kept::Answer { answer, .. }) => replayed::<P>(app, download, answer).map(Some),
    }
}

/// An answer that was paid for before, under the same key.
fn replayed<P: Paid>(app: &App, download: &DownloadRequest, answer: KeptAnswer) -> Result<Content, Problem> {
    let content = match app.downloads.referred(&answer, download, app.clock.now())? {
        Some(content) => content,
        None => app.downloads.counted(Content::kept(answer, !P::IS_CONTRACT), download)?,
    };
    app.metrics.replayed();
    Ok(content)
}

impl ResponseMetadata {
    pub(crate) fn write(&self, now: Timestamp, headers: &mut HeaderMap) {
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
