//! The whole way of a paid request, in order: key, limit, quote, parameters, answer, charge, reply. Whatever ends it,
//! the headers say what it cost and where the caller stands. `HEAD` goes the same way up to the charge.

use super::admit::{Caller, identify, too_many};
use super::freshness::{Freshness, wanted};
use super::keys::KnownKey;
use super::limit::Standing;
use super::quote::{Quote, Settled, key_of_other_request};
use super::reply::{Content, JSON, Reply};
use super::uncancelled::Uncancelled;
use crate::app::App;
use crate::contract::Endpoint;
use crate::downloads::large::Around;
use crate::downloads::resume::Wish;
use crate::errors::ErrorCode;
use crate::header_value::number;
use crate::http::cors::vary;
use crate::http::front::Call;
use crate::negotiation::{self, Strictness};
use crate::options::PublicUrl;
use crate::problem::{Problem, Style};
use crate::query::Query;
use crate::v1::cursor::CursorKey;
use axum::body::Body;
use axum::extract::Request;
use catalog::Wanted;
use domain::{AccountId, Credits, KeyId, RequestId, Timestamp};
use http::header::VARY;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::idempotency::{Fingerprint, IdempotencyKey, Idempotent, Kept, KeptAnswer};
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
    is_negotiated: bool,
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
    type Asked: Send + 'static;

    /// The media types that a request may be answered with; none where it chooses one among several itself.
    fn media_types(_: &Asking<'_>) -> &'static [&'static str] {
        &[JSON]
    }

    /// Which of its representations is requested, where `Accept` decides: part of what an `Idempotency-Key` stands for.
    fn representation(_: &Self::Asked) -> &'static str {
        ""
    }

    /// Whether `Accept` chooses how the answer is represented.
    fn is_negotiated(_: &Self::Asked) -> bool {
        false
    }

    /// The headers of an answer that is not made for `HEAD`, without its length. `None` where the answer is made, and not
    /// sent.
    fn outline(_: &Self::Asked) -> Option<Content> {
        None
    }

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
        let (freshness, is_empty) = (Freshness::of(&answered), E::is_empty(&answered.ready.body));
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
    let mut notes = Notes::default();
    let mut response = match attempt::<P>(&app, &parts, &call, &mut notes).await {
        Ok(reply) => {
            notes.charged = reply.charged();
            // A file that was there a moment ago: a second request finds it, or another answer.
            reply
                .into_response(notes.balance, call.codings, &app.compressor)
                .unwrap_or_else(|error| Problem::internal(error).into_response(&call, Style::Problem))
        }
        Err(problem) => {
            let is_legacy = app.options.legacy_errors && P::IS_CONTRACT;
            let legacy = is_legacy.then_some(app.options.sign_up_site.as_str());
            problem.into_response(&call, legacy.map_or(Style::Problem, Style::Legacy))
        }
    };
    notes.write(app.clock.now(), response.headers_mut());
    if notes.is_negotiated {
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
    notes: &mut Notes,
) -> Result<Reply, Problem> {
    let is_head = parts.method == Method::HEAD;
    let key = identify(&parts.headers, &app.keys).await?;
    let caller = admit(app, key, notes).await?;
    // A head is never charged, so that there is nothing to repeat.
    let idempotency_key = if is_head { None } else { idempotency_key(&parts.headers)? };
    let balance = caller.balance(app.catalog.store()).await?;
    notes.balance = Some(balance);
    let (path, query) = (parts.uri.path().trim_end_matches('/'), parts.uri.query().unwrap_or(""));
    let now = app.clock.now();
    let who = (caller.key.account_id, caller.key.key_id);
    let wish = Wish::read(who, (path, query), &parts.headers, call.codings);
    let (account_id, key_id) = who;
    let asking = Asking {
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
    let asked = check::<P>(parts, call, &asking).and_then(|()| P::read(&asking));
    let continues = !P::IS_CONTRACT && wish.continues();
    // What is wrong with a request comes before what is stored for it.
    let asked = if continues { Ok(asked?) } else { asked };
    let (stored, not_stored) = match app.downloads.resumed(&wish, now) {
        _ if !continues => (None, None),
        Ok(stored) => (stored, None),
        // The ledger knows better where the file of a key is.
        Err(problem) if idempotency_key.is_some() => (None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    if let Some(content) = stored {
        notes.is_negotiated = asked.is_ok_and(|asked| P::is_negotiated(&asked));
        return Ok(resumed(content, &parts.headers));
    }
    let quote = caller.quote(balance, idempotency_key.is_some())?;
    let asked = asked?;
    notes.is_negotiated = P::is_negotiated(&asked);
    let wanted = wanted(&parts.headers, &Query::new(query))?;
    if is_head {
        return head::<P>(app, (parts, &wish, now), call, (asked, wanted), notes).await;
    }
    let repeatable = idempotency_key.map(|key| (key, fingerprint(path, query, P::representation(&asked))));
    if let Some(content) = replay::<P>(app, &wish, repeatable.as_ref()).await? {
        notes.freshness = content.freshness;
        return Ok(Reply::replayed(content));
    }
    if let Some(problem) = not_stored {
        return Err(problem);
    }
    let content = made::<P>(app, call, asked, wanted).await?;
    notes.freshness = content.freshness;
    if repeatable.is_none() && content.is_known(&parts.headers) {
        return Ok(not_modified::<P>(app, (&wish, now), content));
    }
    if content.is_free() {
        return Ok(Reply::free(content));
    }
    let around = Around { app, wish: &wish, id: call.id, now, is_repeatable: repeatable.is_some() };
    pay::<P>(around, quote, content, repeatable, notes).await
}

/// Charges an answer. What is large is a file before, and is kept after.
async fn pay<P: Paid>(
    around: Around<'_>,
    quote: Quote,
    content: Content,
    repeatable: Option<(IdempotencyKey, Fingerprint)>,
    notes: &mut Notes,
) -> Result<Reply, Problem> {
    let app = around.app;
    let content = if P::IS_CONTRACT { content } else { around.before_charge(content, notes.balance).await? };
    let idempotent = match repeatable {
        Some((key, fingerprint)) => {
            Some(Idempotent { key, fingerprint, answer: around.to_kept(&content).await? })
        }
        None => None,
    };
    let quote = quote.at_price(content.price);
    let (settled, balance) = quote.settle(app, around.id, P::OPERATION, idempotent).await;
    notes.balance = balance.or(notes.balance);
    match settled {
        Ok(Settled::Paid(receipt)) => {
            let content = around.after_charge(content, receipt.credits(), notes.balance).await;
            Ok(Reply::paid(receipt, content))
        }
        Ok(Settled::Replayed(answer)) => {
            around.withdraw();
            let content = replayed::<P>(app, around.wish, answer)?;
            notes.freshness = content.freshness;
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
fn check<P: Paid>(parts: &Parts, call: &Call, asking: &Asking<'_>) -> Result<(), Problem> {
    if let Some(route) = call.route.as_ref().filter(|route| route.is_v1()) {
        route.check_query(&parts.method, parts.uri.query().unwrap_or(""))?;
    }
    let strictness = if P::IS_CONTRACT { Strictness::Excluded } else { Strictness::Named };
    negotiation::check(&parts.headers, P::media_types(asking), strictness)
}

/// The answer, within its time.
async fn made<P: Paid>(app: &App, call: &Call, asked: P::Asked, wanted: Wanted) -> Result<Content, Problem> {
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
    (parts, wish, now): (&Parts, &Wish, Timestamp),
    call: &Call,
    (asked, wanted): (P::Asked, Wanted),
    notes: &mut Notes,
) -> Result<Reply, Problem> {
    if let Some(outline) = P::outline(&asked) {
        let sequence = app.catalog.store().sequence().await?;
        return Ok(match app.downloads.current(wish, now, sequence) {
            Some(content) if content.is_known(&parts.headers) => Reply::not_modified(content),
            Some(content) => Reply::head(content),
            None => Reply::outline(outline, app.downloads.node.clone()),
        });
    }
    let content = made::<P>(app, call, asked, Wanted { only_stored: true, ..wanted }).await?;
    notes.freshness = content.freshness;
    let is_known = content.is_known(&parts.headers);
    Ok(if is_known { not_modified::<P>(app, (wish, now), content) } else { Reply::head(content) })
}

/// A 304 of an answer that was made to be compared and is not kept.
fn not_modified<P: Paid>(app: &App, (wish, now): (&Wish, Timestamp), content: Content) -> Reply {
    if P::IS_CONTRACT {
        return Reply::not_modified(content);
    }
    let tag = app.downloads.tag_of_known(wish, now, &content.hash());
    Reply::not_modified_as(content, tag)
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
    wish: &Wish,
    repeatable: Option<&(IdempotencyKey, Fingerprint)>,
) -> Result<Option<Content>, Problem> {
    let Some((key, fingerprint)) = repeatable else { return Ok(None) };
    match app.catalog.store().idempotent_answer(wish.account_id, key, *fingerprint).await? {
        None => Ok(None),
        Some(Kept::OtherRequest) => Err(key_of_other_request()),
        Some(Kept::Answer { answer, .. }) => replayed::<P>(app, wish, answer).map(Some),
    }
}

/// An answer that was paid for before, under the same key.
fn replayed<P: Paid>(app: &App, wish: &Wish, answer: KeptAnswer) -> Result<Content, Problem> {
    let content = match app.downloads.referred(&answer, wish, app.clock.now())? {
        Some(content) => content,
        None => app.downloads.counted(Content::kept(answer, !P::IS_CONTRACT), wish)?,
    };
    app.metrics.replayed();
    Ok(content)
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
