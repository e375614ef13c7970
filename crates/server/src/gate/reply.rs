//! The last step: a successful answer. A paid one is made of a receipt and of nothing else.

use super::freshness::Freshness;
use crate::encoding::{Coding, Codings, Compressor};
use crate::header_value::Text;
use axum::body::Body;
use bytes::Bytes;
use catalog::{Provenance, Ready};
use domain::Credits;
use domain::credits::PRICE_OF_A_CALL;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Seek};
use store::idempotency::{IdempotencyError, KeptAnswer};
use store::ledger::Receipt;
use tokio_util::io::ReaderStream;
use xxhash_rust::xxh3::xxh3_128;

/// `Content-Type` of most answers.
pub(crate) const JSON: &str = "application/json";

/// In the ledger, what a kept answer is based on comes after its `Content-Type`, behind this.
const MARK: &str = "; provenance=";

/// A file is sent in pieces of so much: reading one costs a change of threads.
const FILE_PIECE_BYTES: usize = 256 * 1024;

/// A body and its hash, which is its `ETag` too.
#[derive(Debug)]
pub(crate) struct Tagged {
    body: Bytes,
    hash: u128,
}

impl Tagged {
    /// Of bytes whose hash is known.
    pub(crate) fn of(ready: Ready) -> Self {
        Self { body: ready.body, hash: ready.hash }
    }

    pub(crate) fn new(body: Bytes) -> Self {
        let hash = xxh3_128(&body);
        Self { body, hash }
    }

    /// The bytes.
    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// Weak, because the compressed forms carry it too.
    fn etag(&self) -> HeaderValue {
        Text::new().text("W/\"").hexadecimal(&self.hash.to_be_bytes()).text("\"").finish()
    }

    /// Whether the caller has this answer already.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        let Some(values) = headers.get(IF_NONE_MATCH) else { return false };
        let etag = self.etag();
        let digits = etag.as_bytes().get(2..).unwrap_or_default();
        values.to_str().unwrap_or("").split(',').any(|value| {
            let value = value.trim();
            value == "*" || value.strip_prefix("W/").unwrap_or(value).as_bytes() == digits
        })
    }
}

/// A successful answer before it is paid for.
#[derive(Debug)]
pub(crate) struct Content {
    tagged: Tagged,
    /// A body that is too large to hold; `tagged` is empty then.
    file: Option<File>,
    /// Its `Content-Type`.
    kind: Cow<'static, str>,
    /// What of its JSON is still to be written: what it cost.
    is_open: bool,
    /// What it costs.
    pub(crate) price: Credits,
    /// How fresh it is, where that is told.
    pub(crate) freshness: Option<Freshness>,
    /// `Link` to the next page.
    pub(crate) link: Option<HeaderValue>,
    /// `Content-Disposition`, of what is meant to be saved.
    pub(crate) disposition: Option<HeaderValue>,
}

impl Content {
    /// Bytes of this `Content-Type`, at the price of a call.
    pub(crate) fn new(kind: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self::of(Tagged::new(body.into()), kind)
    }

    /// JSON that is ready.
    pub(crate) fn ready(ready: Ready) -> Self {
        Self::of(Tagged::of(ready), JSON)
    }

    /// A JSON object whose last brace is left out, so that what it cost can be written into it.
    pub(crate) fn open_object(body: impl Into<Bytes>) -> Self {
        Self { is_open: true, ..Self::new(JSON, body) }
    }

    /// A file, from its beginning. It is streamed, and not kept for an `Idempotency-Key`.
    pub(crate) fn file(kind: &'static str, mut file: File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self { file: Some(file), ..Self::new(kind, Bytes::new()) })
    }

    /// As fresh as this.
    pub(crate) fn with_freshness(self, freshness: Freshness) -> Self {
        Self { freshness: Some(freshness), ..self }
    }

    /// What the ledger kept of an answer that was paid for before.
    pub(crate) fn kept(answer: KeptAnswer, is_envelope: bool) -> Self {
        let (kind, mark) = answer.content_type().split_once(MARK).unwrap_or((answer.content_type(), ""));
        let (kind, freshness) = (kind.to_owned(), Provenance::from_text(mark).map(Freshness::of_kept));
        let is_open = is_envelope && kind == JSON;
        Self { is_open, freshness, ..Self::new(kind, answer.into_body()) }
    }

    fn of(tagged: Tagged, kind: impl Into<Cow<'static, str>>) -> Self {
        Self {
            tagged,
            file: None,
            kind: kind.into(),
            is_open: false,
            price: PRICE_OF_A_CALL,
            freshness: None,
            link: None,
            disposition: None,
        }
    }

    /// Without a row: an empty search, or a page past the end. It costs nothing.
    pub(crate) fn free(self) -> Self {
        Self { price: Credits::ZERO, ..self }
    }

    /// Whether it costs nothing.
    pub(crate) fn is_free(&self) -> bool {
        self.price == Credits::ZERO
    }

    /// Whether it is sent from a file.
    pub(crate) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// What the ledger keeps of it.
    pub(crate) fn to_kept(&self) -> Result<KeptAnswer, IdempotencyError> {
        if self.file.is_some() {
            return Err(IdempotencyError::Answer);
        }
        let kind = match self.freshness {
            Some(freshness) => format!("{}{MARK}{}", self.kind, freshness.to_kept().to_text()).into(),
            None => Cow::Borrowed(&*self.kind),
        };
        KeptAnswer::new(200, &kind, self.tagged.body().to_vec())
    }

    /// Whether the caller has it already.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        self.file.is_none() && self.tagged.is_known(headers)
    }
}

/// An answer and what was charged for it.
#[derive(Debug)]
pub(crate) struct Reply {
    content: Content,
    status: StatusCode,
    charged: Credits,
    is_head: bool,
}

/// What an answer cost, as it says itself.
#[derive(Serialize)]
struct Billing {
    credits_charged: u64,
    balance_remaining: Option<u64>,
}

impl Reply {
    /// Paid with this receipt.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt pays for one reply: it is used up")]
    pub(crate) fn paid(receipt: Receipt, content: Content) -> Self {
        Self { content, status: StatusCode::OK, charged: receipt.credits(), is_head: false }
    }

    /// Costs nothing.
    pub(crate) fn free(content: Content) -> Self {
        debug_assert!(content.is_free(), "what has a price is paid with a receipt");
        Self { content, status: StatusCode::OK, charged: Credits::ZERO, is_head: false }
    }

    /// The headers of an answer, whose body is not sent.
    pub(crate) fn head(content: Content) -> Self {
        Self { content, status: StatusCode::OK, charged: Credits::ZERO, is_head: true }
    }

    /// A head of an answer that is not made for it: what is known without it.
    pub(crate) fn head_alone() -> Self {
        Self::head(Content::new(JSON, Bytes::new()))
    }

    /// Paid before.
    pub(crate) fn replayed(content: Content) -> Self {
        Self { content, status: StatusCode::OK, charged: Credits::ZERO, is_head: false }
    }

    /// The caller has it already: nothing is sent and nothing is charged.
    pub(crate) fn not_modified(content: Content) -> Self {
        Self { content, status: StatusCode::NOT_MODIFIED, charged: Credits::ZERO, is_head: false }
    }

    /// What this call cost.
    pub(crate) fn charged(&self) -> Credits {
        self.charged
    }

    /// What the answer says it cost. A head says what the answer to `GET` would, whose length it tells.
    fn billing(&self, balance: Option<Credits>) -> Billing {
        let price = if self.is_head { self.content.price } else { Credits::ZERO };
        let left = |balance: Credits| balance.get().saturating_sub(price.get());
        Billing { credits_charged: self.charged.get() + price.get(), balance_remaining: balance.map(left) }
    }

    /// The body and its hash, with what it cost where it says that.
    fn body(content: Tagged, is_open: bool, billing: &Billing) -> (Bytes, u128) {
        if !is_open {
            return (content.body, content.hash);
        }
        let mut body = Vec::with_capacity(content.body.len() + 80);
        body.extend_from_slice(&content.body);
        body.extend_from_slice(b",\"billing\":");
        // Numbers and nothing else: it cannot fail.
        let _ = serde_json::to_writer(&mut body, billing);
        body.push(b'}');
        let hash = xxh3_128(&body);
        (body.into(), hash)
    }

    /// The bytes to send, compressed if that is accepted and pays.
    pub(crate) fn into_response(
        self,
        balance: Option<Credits>,
        codings: Codings,
        compressor: &Compressor,
    ) -> Response<Body> {
        let billing = self.billing(balance);
        let Content { tagged, file, kind, is_open, link, disposition, .. } = self.content;
        let etag = file.is_none().then(|| tagged.etag());
        let (body, hash) = Self::body(tagged, is_open, &billing);
        let codings_matter = file.is_none() && codings.matter(body.len());
        let (body, coding) = if self.status == StatusCode::NOT_MODIFIED || body.is_empty() {
            (Bytes::new(), Coding::Identity)
        } else {
            compressor.encode(body, hash, codings)
        };
        let body = match file {
            Some(file) => Body::from_stream(ReaderStream::with_capacity(
                tokio::fs::File::from_std(file),
                FILE_PIECE_BYTES,
            )),
            None => Body::from(body),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(16);
        if self.status != StatusCode::NOT_MODIFIED {
            headers.insert(CONTENT_TYPE, content_type(kind));
        }
        if let Some(coding) = coding.header() {
            headers.insert(CONTENT_ENCODING, coding);
        }
        if codings_matter {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding, authorization, x-api-key"));
        }
        for (name, value) in [(LINK, link), (CONTENT_DISPOSITION, disposition)] {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        if let Some(etag) = etag {
            headers.insert(ETAG, etag);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

fn content_type(kind: Cow<'static, str>) -> HeaderValue {
    match kind {
        Cow::Borrowed(kind) => HeaderValue::from_static(kind),
        Cow::Owned(kind) => kind.try_into().unwrap_or(HeaderValue::from_static("application/octet-stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_the_caller_holds_is_recognised() {
        let content = Tagged::new(Bytes::from_static(b"{}"));
        let etag = content.etag().to_str().expect("ASCII").to_owned();
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().expect("a header value"));
            content.is_known(&headers)
        };
        assert!(
            known(&etag)
                && known("*")
                && known(&format!("\"a\", {etag}"))
                && known(etag.trim_start_matches("W/"))
        );
        assert!(!known("\"a\"") && !known("") && !known("W/") && !content.is_known(&HeaderMap::new()));
    }
}
