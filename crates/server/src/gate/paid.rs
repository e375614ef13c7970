//! Endpoints that cost credits: resumed download, quote, query, replay, answer, charge, reply, in this order. `HEAD` goes
//! the same way up to the charge.

use super::billing::Price;
use super::cursor::CursorKey;
use super::freshness::requirement;
use super::quote::{Quote, Settled, key_of_other_request};
use super::reply::{Content, JSON, Reply};
use super::serve::{AuthenticatedRequest, Endpoint, ResponseMetadata};
use crate::app::App;
use crate::downloads::large::ChargeContext;
use crate::downloads::resume::DownloadRequest;
use crate::errors::ErrorCode;
use crate::http::middleware::Call;
use crate::negotiation::{self, Strictness};
use crate::options::PublicUrl;
use crate::problem::{Problem, Style};
use crate::query::Query;
use axum::body::Body;
use catalog::FreshnessRequirement;
use domain::{AccountId, Credits, KeyId, KeyScope, Operation, RequestId, Timestamp};
use http::request::Parts;
use http::{HeaderMap, Method};
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;
use store::idempotency::{Fingerprint, IdempotencyKey, Idempotent, KeyLookup, StoredAnswer};

/// The facts of a request that an endpoint may read.
pub(crate) struct RequestContext<'a> {
    pub(crate) query: Query<'a>,
    /// The path as sent, without a trailing `/`.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) account_id: AccountId,
    pub(crate) key_id: KeyId,
    pub(crate) request_id: RequestId,
    /// Seals the cursors of lists.
    pub(crate) cursors: &'a CursorKey,
    /// Base of links.
    pub(crate) public_url: &'a PublicUrl,
}

/// An endpoint that costs credits: parses its query and makes its answer.
pub(crate) trait Paid: Send + 'static {
    /// The operation that the ledger records.
    const OPERATION: Operation;
    /// True for an endpoint of the contract, whose errors may be sent in the original's format.
    const IS_CONTRACT: bool;
    /// The parsed query.
    type Query: Send + 'static;

    /// Returns the media types of its answers; empty if the endpoint negotiates by itself.
    fn media_types(_: &RequestContext<'_>) -> &'static [&'static str] {
        &[JSON]
    }

    /// Returns the representation that `Accept` chose, which is part of the fingerprint of an `Idempotency-Key`.
    fn representation(_: &Self::Query) -> &'static str {
        ""
    }

    /// Returns true if `Accept` chose the representation.
    fn is_negotiated(_: &Self::Query) -> bool {
        false
    }

    /// Returns the headers for `HEAD`, without a length, if the answer is too expensive to make for them.
    fn outline(_: &Self::Query) -> Option<Content> {
        None
    }

    /// Returns the timeout of [`Paid::answer`].
    fn timeout(app: &App) -> Duration {
        app.options.request_timeout
    }

    /// Parses a request.
    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem>;

    /// Makes a successful answer, as fresh as required if possible.
    fn answer(
        app: &App,
        parsed: Self::Query,
        freshness: FreshnessRequirement,
    ) -> impl Future<Output = Result<Content, Problem>> + Send;
}

/// A call to an endpoint that costs credits.
pub(super) struct PaidCall<P>(PhantomData<fn() -> P>);

impl<P> PaidCall<P> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Paid> Endpoint for PaidCall<P> {
    const IS_PAID: bool = true;

    fn error_style(app: &App) -> Style<'_> {
        let is_legacy = app.options.legacy_errors && P::IS_CONTRACT;
        if is_legacy { Style::Legacy(&app.options.sign_up_site) } else { Style::Problem }
    }

    async fn answer(
        self,
        request: AuthenticatedRequest,
        _: Body,
        metadata: &mut ResponseMetadata,
        balance: &mut Credits,
    ) -> Result<Reply, Problem> {
        request.caller.allow(KeyScope::Call)?;
        let AuthenticatedRequest { app, caller, call, parts, idempotency_key } = request;
        let (app, call, parts) = (&*app, &call, &parts);
        let (path, query) = (parts.uri.path().trim_end_matches('/'), parts.uri.query().unwrap_or(""));
        let now = app.clock.now();
        let who = (caller.key.account_id, caller.key.key_id);
        let download = DownloadRequest::read(who, (path, query), &parts.headers, call.codings);
        let has_key = idempotency_key.is_some();
        let (parsed, not_stored) = match begin::<P>(app, (parts, call), &download, now, has_key)? {
            Begun::Resumed { reply, is_negotiated } => {
                metadata.is_negotiated = is_negotiated;
                return Ok(*reply);
            }
            Begun::New { parsed, not_stored } => (parsed, not_stored),
        };
        let quote = caller.quote(*balance, has_key)?;
        let parsed = parsed?;
        metadata.is_negotiated = P::is_negotiated(&parsed);
        let freshness = requirement(&parts.headers, &Query::new(query))?;
        // Rare ways are boxed: the future of every request has room for the largest of its ways, and is moved.
        if parts.method == Method::HEAD {
            let work = head::<P>(app, (parts, &download, now), call, (parsed, freshness), metadata);
            return Box::pin(work).await;
        }
        let repeatable =
            idempotency_key.map(|key| (key, fingerprint(path, query, P::representation(&parsed))));
        if let Some(repeatable) = &repeatable
            && let Some(content) = Box::pin(replay::<P>(app, &download, repeatable)).await?
        {
            metadata.freshness = content.freshness;
            return Ok(Reply::replayed(content));
        }
        if let Some(problem) = not_stored {
            return Err(*problem);
        }
        let content = made::<P>(app, call, parsed, freshness).await?;
        metadata.freshness = content.freshness;
        if repeatable.is_none() && content.is_known(&parts.headers) {
            return Ok(not_modified::<P>(app, (&download, now), content));
        }
        if content.price == Price::Free {
            return Ok(Reply::free(content));
        }
        let charge = ChargeContext { app, request: &download, id: call.id, now, is_repeatable: has_key };
        pay::<P>(charge, quote, content, repeatable, (metadata, balance)).await
    }
}

/// Beginning of a call.
enum Begun<Q> {
    /// It resumes the download of an answer that was paid for before.
    Resumed {
        /// Boxed, as it is rare and large.
        reply: Box<Reply>,
        is_negotiated: bool,
    },
    /// It needs an answer.
    New {
        /// The parsed query, or what is wrong with it, which is said after the balance was checked.
        parsed: Result<Q, Problem>,
        /// The error if the ledger has no answer for its `Idempotency-Key` either.
        not_stored: Option<Box<Problem>>,
    },
}

/// Parses a request, and looks for the stored answer that it resumes.
fn begin<P: Paid>(
    app: &App,
    (parts, call): (&Parts, &Call),
    download: &DownloadRequest<'_>,
    now: Timestamp,
    has_key: bool,
) -> Result<Begun<P::Query>, Problem> {
    let context = RequestContext {
        query: Query::new(parts.uri.query().unwrap_or("")),
        path: parts.uri.path().trim_end_matches('/'),
        headers: &parts.headers,
        account_id: download.account_id,
        key_id: download.key_id,
        request_id: call.id,
        cursors: &app.cursors,
        public_url: &call.public_url,
    };
    let parsed = check::<P>(parts, call, &context).and_then(|()| P::read(&context));
    if P::IS_CONTRACT || !download.continues() {
        return Ok(Begun::New { parsed, not_stored: None });
    }
    // An invalid request is refused before a stored answer is looked for.
    let parsed = parsed?;
    match app.downloads.resumed(download, now) {
        Ok(Some(content)) => {
            let is_negotiated = P::is_negotiated(&parsed);
            Ok(Begun::Resumed { reply: Box::new(resumed(content, &parts.headers)), is_negotiated })
        }
        Ok(None) => Ok(Begun::New { parsed: Ok(parsed), not_stored: None }),
        // The ledger knows which node has the file of an `Idempotency-Key`.
        Err(problem) if has_key => Ok(Begun::New { parsed: Ok(parsed), not_stored: Some(Box::new(problem)) }),
        Err(problem) => Err(problem),
    }
}

/// Charges an answer. A large one is written to a file before the charge, and retained after it.
async fn pay<P: Paid>(
    charge: ChargeContext<'_>,
    quote: Quote,
    content: Content,
    repeatable: Option<(IdempotencyKey, Fingerprint)>,
    (metadata, balance): (&mut ResponseMetadata, &mut Credits),
) -> Result<Reply, Problem> {
    let app = charge.app;
    let content =
        if P::IS_CONTRACT { content } else { Box::pin(charge.before_charge(content, *balance)).await? };
    let idempotent = match repeatable {
        Some((key, fingerprint)) => {
            let answer = Box::pin(charge.to_stored_answer(&content)).await?;
            Some(Box::new(Idempotent { key, fingerprint, answer }))
        }
        None => None,
    };
    let quote = quote.at_price(content.price);
    let (settled, balance_after) = quote.settle(app, charge.id, P::OPERATION, idempotent).await;
    *balance = balance_after.unwrap_or(*balance);
    match settled {
        Ok(Settled::Paid(receipt)) => {
            let content = if P::IS_CONTRACT {
                content
            } else {
                Box::pin(charge.after_charge(content, receipt.credits(), *balance)).await
            };
            Ok(Reply::paid(receipt, content))
        }
        Ok(Settled::Replayed(answer)) => {
            charge.withdraw();
            let content = replayed::<P>(app, charge.request, answer)?;
            metadata.freshness = content.freshness;
            Ok(Reply::replayed(content))
        }
        Err(problem) => {
            charge.withdraw_if_refused(&problem);
            Err(problem)
        }
    }
}

/// Replies with a stored answer, which was paid for before, to a request that resumes a download.
fn resumed(content: Content, headers: &HeaderMap) -> Reply {
    if content.is_known(headers) { Reply::not_modified(content) } else { Reply::replayed(content) }
}

/// Refuses query parameters and media types that the endpoint does not support.
fn check<P: Paid>(parts: &Parts, call: &Call, context: &RequestContext<'_>) -> Result<(), Problem> {
    if let Some(route) = call.route.as_ref().filter(|route| route.is_v1()) {
        route.check_query(&parts.method, parts.uri.query().unwrap_or(""))?;
    }
    let strictness = if P::IS_CONTRACT { Strictness::Excluded } else { Strictness::Named };
    negotiation::check(&parts.headers, P::media_types(context), strictness)
}

/// Makes the answer within the timeout of the endpoint.
async fn made<P: Paid>(
    app: &App,
    call: &Call,
    parsed: P::Query,
    freshness: FreshnessRequirement,
) -> Result<Content, Problem> {
    let answered = tokio::time::timeout(P::timeout(app), P::answer(app, parsed, freshness)).await;
    let content = answered.map_err(|_| Problem::unavailable("the look-up took too long"))??;
    if content.is_file() && call.codings.is_identity_refused() {
        let detail = "Accept-Encoding excludes identity, and files are sent as they are";
        return Err(Problem::new(ErrorCode::NotAcceptable, detail));
    }
    Ok(content)
}

/// Replies to `HEAD` with the headers of `GET`, from stored data alone and free of charge.
async fn head<P: Paid>(
    app: &App,
    (parts, download, now): (&Parts, &DownloadRequest<'_>, Timestamp),
    call: &Call,
    (parsed, freshness): (P::Query, FreshnessRequirement),
    metadata: &mut ResponseMetadata,
) -> Result<Reply, Problem> {
    if let Some(outline) = P::outline(&parsed) {
        let sequence = app.catalog.store().sequence().await?;
        return Ok(match app.downloads.current(download, now, sequence) {
            Some(content) if content.is_known(&parts.headers) => Reply::not_modified(content),
            Some(content) => Reply::head(content),
            None => Reply::outline(outline, app.downloads.node.clone()),
        });
    }
    let content =
        made::<P>(app, call, parsed, FreshnessRequirement { only_stored: true, ..freshness }).await?;
    metadata.freshness = content.freshness;
    let is_known = content.is_known(&parts.headers);
    Ok(if is_known { not_modified::<P>(app, (download, now), content) } else { Reply::head(content) })
}

/// Replies 304 for an answer that was made for the comparison alone.
fn not_modified<P: Paid>(
    app: &App,
    (download, now): (&DownloadRequest<'_>, Timestamp),
    content: Content,
) -> Reply {
    if P::IS_CONTRACT {
        return Reply::not_modified(content);
    }
    let tag = app.downloads.tag_of_known(download, now, &content.hash());
    Reply::not_modified_as(content, tag)
}

/// Returns the fingerprint of a request. Both forms of the path have the same one; `Accept-Encoding` is not part of it.
fn fingerprint(path: &str, query: &str, representation: &str) -> Fingerprint {
    let accepted =
        if representation.is_empty() { String::new() } else { format!("\nAccept: {representation}") };
    Fingerprint::of(format!("GET {path}/?{query}{accepted}").as_bytes())
}

async fn replay<P: Paid>(
    app: &App,
    download: &DownloadRequest<'_>,
    (key, fingerprint): &(IdempotencyKey, Fingerprint),
) -> Result<Option<Content>, Problem> {
    match app.catalog.store().idempotent_answer(download.account_id, key, *fingerprint).await? {
        None => Ok(None),
        Some(KeyLookup::OtherRequest) => Err(key_of_other_request()),
        Some(KeyLookup::Answer { answer, .. }) => replayed::<P>(app, download, answer).map(Some),
    }
}

/// Restores the answer that was paid for under the same `Idempotency-Key`.
fn replayed<P: Paid>(
    app: &App,
    download: &DownloadRequest<'_>,
    answer: StoredAnswer,
) -> Result<Content, Problem> {
    let content = match app.downloads.referred(&answer, download, app.clock.now())? {
        Some(content) => content,
        None => app.downloads.counted(Content::stored(answer, !P::IS_CONTRACT), download)?,
    };
    app.metrics.replayed();
    Ok(content)
}
