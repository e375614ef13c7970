//! The last step: a successful reply. A paid one needs a receipt.

use super::billing::{Billing, Price};
use super::freshness::FreshnessHeaders;
use crate::downloads::sending::{FromMemory, OfUnknownLength};
use crate::downloads::slots::Slot;
use crate::downloads::{Download, FileTag, Node};
use crate::encoding::{Coding, Codings, Compressor};
use crate::header_value::Text;
use axum::body::Body;
use bytes::Bytes;
use catalog::{Provenance, Ready};
use domain::Credits;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, LINK, LOCATION, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use std::borrow::Cow;
use std::io;
use store::idempotency::{IdempotencyError, StoredAnswer};
use store::ledger::Receipt;
use xxhash_rust::xxh3::xxh3_128;

/// The node that stores a large answer.
const DOWNLOAD_NODE: HeaderName = HeaderName::from_static("x-download-node");
/// `Content-Type` of most replies.
pub(crate) const JSON: &str = "application/json";

/// Separates the `Content-Type` of a stored answer from its provenance.
const MARK: &str = "; provenance=";

/// A body and its hash, which is its `ETag` too.
#[derive(Debug)]
pub(crate) struct Tagged {
    body: Bytes,
    hash: u128,
}

impl Tagged {
    /// Wraps bytes whose hash is known.
    pub(crate) fn of(ready: Ready) -> Self {
        Self { body: ready.body, hash: ready.hash }
    }

    pub(crate) fn new(body: Bytes) -> Self {
        let hash = xxh3_128(&body);
        Self { body, hash }
    }

    /// Returns the bytes.
    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the weak entity tag, which the compressed forms share.
    fn etag(&self) -> HeaderValue {
        Text::new().text("W/\"").hexadecimal(&self.hash.to_be_bytes()).text("\"").finish()
    }
}

/// Returns true if `If-None-Match` names this hash. Entity tags begin with it; after a `-` follows the form in which the
/// data was sent, which matters to ranges alone.
fn is_known(hash: &str, headers: &HeaderMap) -> bool {
    let values =
        headers.get_all(IF_NONE_MATCH).iter().flat_map(|value| value.to_str().unwrap_or("").split(','));
    values.map(str::trim).any(|value| {
        let tag = value.strip_prefix("W/").unwrap_or(value);
        let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        value == "*" || tag.is_some_and(|tag| FileTag::from_text(tag).hash() == hash)
    })
}

/// Formats a hash as at the beginning of an entity tag.
fn hexadecimal(hash: u128) -> String {
    format!("{hash:032x}")
}

/// A successful answer before it is paid for.
#[derive(Debug)]
pub(crate) struct Content {
    tagged: Tagged,
    /// File of a large body; `tagged` is then empty. Boxed, as few answers have one.
    file: Option<Box<Download>>,
    /// Slot of a large answer in memory.
    slot: Option<Slot>,
    /// Its `Content-Type`.
    kind: Cow<'static, str>,
    /// True if the JSON object lacks its `billing` and its closing brace.
    is_open: bool,
    pub(crate) price: Price,
    /// Age of the answer, where headers state it.
    pub(crate) freshness: Option<FreshnessHeaders>,
    /// `Link` to the next page.
    pub(crate) link: Option<HeaderValue>,
    /// `Content-Disposition` of a file.
    pub(crate) disposition: Option<HeaderValue>,
    /// `Location` of a resource that was created, with the status: 201, or 202 for a job that has not run yet.
    pub(crate) created: Option<(StatusCode, HeaderValue)>,
    /// True if the client may store it and revalidate it by its `ETag`.
    is_cacheable: bool,
}

impl Content {
    /// Creates an answer at the price of a call.
    pub(crate) fn new(kind: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self::of(Tagged::new(body.into()), kind)
    }

    /// Creates an answer from rendered JSON.
    pub(crate) fn ready(ready: Ready) -> Self {
        Self::of(Tagged::of(ready), JSON)
    }

    /// Creates an answer from a JSON object without its closing brace: `billing` is appended to it.
    pub(crate) fn open_object(body: impl Into<Bytes>) -> Self {
        Self { is_open: true, ..Self::new(JSON, body) }
    }

    /// Creates an answer whose body is a file.
    pub(crate) fn file(kind: impl Into<Cow<'static, str>>, download: Download) -> Self {
        Self { file: Some(Box::new(download)), ..Self::new(kind, Bytes::new()) }
    }

    /// Moves the body to a file.
    pub(crate) fn in_file(self, download: Download) -> Self {
        let tagged = Tagged { body: Bytes::new(), hash: 0 };
        Self { file: Some(Box::new(download)), tagged, slot: None, is_open: false, ..self }
    }

    /// Returns the file of the body, if it is in one.
    pub(crate) fn download(&self) -> Option<&Download> {
        self.file.as_deref()
    }

    /// Returns the file of the body for a change, if it is in one.
    pub(crate) fn download_mut(&mut self) -> Option<&mut Download> {
        self.file.as_deref_mut()
    }

    /// Returns type and bytes of an answer for a feed, without `billing`: the balance is nobody's business.
    pub(crate) fn into_feed(self) -> (Cow<'static, str>, Bytes) {
        if !self.is_open {
            return (self.kind, self.tagged.body);
        }
        let body = [&self.tagged.body[..], b"}"].concat();
        (self.kind, body.into())
    }

    /// Returns the number of body bytes in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.tagged.body.len()
    }

    /// Returns true if `billing` is still to be appended.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Returns its `Content-Type`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the hash of its data, with which its entity tag begins.
    pub(crate) fn hash_of_data(&self) -> String {
        hexadecimal(self.tagged.hash)
    }

    /// Adds the slot of a large answer, which is released once it was sent.
    pub(crate) fn holding(self, slot: Slot) -> Self {
        Self { slot: Some(slot), ..self }
    }

    /// Returns true for a large answer in memory.
    pub(crate) fn holds_slot(&self) -> bool {
        self.slot.is_some()
    }

    /// Takes the slot out.
    pub(crate) fn without_slot(mut self) -> (Self, Option<Slot>) {
        let slot = self.slot.take();
        (self, slot)
    }

    /// Returns its bytes as they are sent.
    pub(crate) fn outgoing(&self, codings: Codings) -> Outgoing {
        let (body, coding) = Compressor::encode_once(self.tagged.body.clone(), codings);
        Outgoing { body, coding }
    }

    /// Appends `billing`, if it is open.
    pub(crate) fn closed(self, billing: &Billing) -> Self {
        if !self.is_open {
            return self;
        }
        let mut body = Vec::with_capacity(self.tagged.body.len() + 80);
        body.extend_from_slice(&self.tagged.body);
        body.extend_from_slice(&billing.end_of_object());
        Self { tagged: Tagged { body: body.into(), hash: self.tagged.hash }, is_open: false, ..self }
    }

    /// Sets its age.
    pub(crate) fn with_freshness(self, freshness: FreshnessHeaders) -> Self {
        Self { freshness: Some(freshness), ..self }
    }

    /// Restores an answer that the ledger stored for an `Idempotency-Key`.
    pub(crate) fn stored(answer: StoredAnswer, is_envelope: bool) -> Self {
        let (kind, mark) = answer.content_type().split_once(MARK).unwrap_or((answer.content_type(), ""));
        let (kind, freshness) =
            (kind.to_owned(), Provenance::from_text(mark).map(FreshnessHeaders::from_stored));
        let is_open = is_envelope && kind == JSON;
        Self { is_open, freshness, ..Self::new(kind, answer.into_body()) }
    }

    fn of(tagged: Tagged, kind: impl Into<Cow<'static, str>>) -> Self {
        Self {
            tagged,
            file: None,
            slot: None,
            kind: kind.into(),
            is_open: false,
            price: Price::Call,
            freshness: None,
            link: None,
            disposition: None,
            created: None,
            is_cacheable: true,
        }
    }

    /// Makes an answer without a row free: an empty search, or a page past the end.
    pub(crate) fn free(self) -> Self {
        Self { price: Price::Free, ..self }
    }

    /// Makes an answer free that is sent with `Cache-Control: no-store` and without an `ETag`.
    pub(crate) fn free_and_uncached(self) -> Self {
        Self { is_cacheable: false, ..self.free() }
    }

    /// Returns true if it is sent from a file.
    pub(crate) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Returns the answer as the ledger stores it for an `Idempotency-Key`.
    pub(crate) fn to_stored_answer(&self) -> Result<StoredAnswer, IdempotencyError> {
        let kind = match self.freshness {
            Some(freshness) => format!("{}{MARK}{}", self.kind, freshness.to_stored().to_text()).into(),
            None => Cow::Borrowed(&*self.kind),
        };
        StoredAnswer::new(200, &kind, self.tagged.body().to_vec())
    }

    /// Returns true if the client has it already.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(IF_NONE_MATCH) && is_known(&self.hash(), headers)
    }

    /// Returns the hash with which its entity tag begins: that of its file or of its data.
    pub(crate) fn hash(&self) -> String {
        match &self.file {
            Some(download) => download.tag.hash().to_owned(),
            None => self.hash_of_data(),
        }
    }
}

/// A successful answer with the credits charged for it.
#[derive(Debug)]
pub(crate) struct Reply {
    content: Content,
    status: StatusCode,
    charged: Credits,
    is_head: bool,
    /// The node that would make its file.
    outlined_on: Option<Node>,
    /// `ETag` of a 304, where it is not that of `content`.
    known_as: Option<HeaderValue>,
}

/// The bytes of an answer as they are sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) body: Bytes,
    pub(crate) coding: Coding,
}

impl Reply {
    /// Builds a reply that was paid with this receipt.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt pays for one reply: it is used up")]
    pub(crate) fn paid(receipt: Receipt, content: Content) -> Self {
        Self { charged: receipt.credits(), ..Self::unpaid(content) }
    }

    /// Builds a free reply.
    pub(crate) fn free(content: Content) -> Self {
        debug_assert!(content.price == Price::Free, "an answer with a price needs a receipt");
        Self::unpaid(content)
    }

    /// Builds a reply to `HEAD`: the headers alone.
    pub(crate) fn head(content: Content) -> Self {
        Self { is_head: true, ..Self::unpaid(content) }
    }

    /// Builds a reply to `HEAD` with the headers that are known without making the file.
    pub(crate) fn outline(content: Content, node: Node) -> Self {
        Self { outlined_on: Some(node), ..Self::head(content) }
    }

    /// Builds a reply that was paid for before.
    pub(crate) fn replayed(content: Content) -> Self {
        Self::unpaid(content)
    }

    /// Builds a 304: nothing is sent and nothing is charged.
    pub(crate) fn not_modified(content: Content) -> Self {
        Self { status: StatusCode::NOT_MODIFIED, ..Self::unpaid(content) }
    }

    /// Builds a 304 for an answer that was made for the comparison alone. `tag` is of a file that the client
    /// can resume; without it the `ETag` names the data alone and is weak, since no file is stored.
    pub(crate) fn not_modified_as(content: Content, tag: Option<FileTag>) -> Self {
        let known_as = match tag {
            Some(tag) => tag.etag(),
            None => format!("W/\"{}\"", content.hash()).try_into().ok(),
        };
        Self { known_as, ..Self::not_modified(content) }
    }

    fn unpaid(content: Content) -> Self {
        let status = content.created.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        let charged = Credits::ZERO;
        Self { content, status, charged, is_head: false, outlined_on: None, known_as: None }
    }

    /// Returns the credits charged for this call.
    pub(crate) fn charged(&self) -> Credits {
        self.charged
    }

    /// Returns the `billing` of the body. `HEAD` has that of `GET`, whose length it states.
    fn billing(&self, balance: Credits) -> Billing {
        if !self.is_head {
            return Billing::new(self.charged, balance);
        }
        let price = self.content.price.credits();
        Billing::new(price, balance.checked_sub(price).unwrap_or(Credits::ZERO))
    }

    /// Builds the response, compressed if the client accepts it and it saves bytes.
    pub(crate) fn into_response(
        self,
        balance: Credits,
        codings: Codings,
        compressor: &Compressor,
    ) -> io::Result<Response<Body>> {
        let billing = self.billing(balance);
        let Self { content, status, outlined_on, known_as, .. } = self;
        let (hash, is_open, is_cacheable) = (content.tagged.hash, content.is_open, content.is_cacheable);
        let Content { tagged, file, slot, kind, link, disposition, created, .. } = content.closed(&billing);
        let etag = match (known_as, &file) {
            (Some(etag), _) => Some(etag),
            (None, Some(download)) => download.etag(),
            (None, None) if outlined_on.is_some() || !is_cacheable => None,
            (None, None) => Some(Tagged { body: Bytes::new(), hash }.etag()),
        };
        let content_range = file.as_deref().and_then(Download::content_range);
        // The middleware compresses uncacheable answers.
        let codings = if is_cacheable { codings } else { Codings::IDENTITY };
        let mut codings_matter = is_cacheable && file.is_none() && codings.matter(tagged.body.len());
        let mut response = Response::new(Body::empty());
        *response.status_mut() = if content_range.is_some() { StatusCode::PARTIAL_CONTENT } else { status };
        let is_sent = status != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.reserve(16);
        let mut body = if outlined_on.is_some() { Body::new(OfUnknownLength) } else { Body::empty() };
        let mut coded = Coding::Identity;
        if is_sent && (file.is_some() || outlined_on.is_some()) {
            let node = file.as_ref().map_or(outlined_on, |download| download.tag.node().map(Node::new));
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers.extend(node.and_then(|node| node.header()).map(|node| (DOWNLOAD_NODE, node)));
        }
        if let Some(download) = file.filter(|_| is_sent) {
            coded = download.coding;
            codings_matter = download.exported_at.is_none();
            body = download.into_body()?;
        } else if is_sent && !tagged.body.is_empty() {
            // `billing` differs from answer to answer, so the compressed bytes are not cached.
            let (bytes, coding) = if is_open {
                Compressor::encode_once(tagged.body, codings)
            } else {
                compressor.encode(tagged.body, hash, codings)
            };
            coded = coding;
            body = FromMemory::body(bytes, slot);
        }
        if is_sent {
            headers.insert(CONTENT_TYPE, content_type(kind));
        }
        if codings_matter {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding, authorization, x-api-key"));
        }
        let others = [
            (CONTENT_ENCODING, coded.header()),
            (LINK, link),
            (CONTENT_DISPOSITION, disposition),
            (ETAG, etag),
            (CONTENT_RANGE, content_range),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        let caching = if is_cacheable { "private, no-cache" } else { "no-store" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.extend(created.map(|(_, location)| (LOCATION, location)));
        *response.body_mut() = body;
        Ok(response)
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
    fn an_answer_the_client_has_is_recognised() {
        let content = Content::new(JSON, Bytes::from_static(b"{}"));
        let etag = content.tagged.etag().to_str().expect("ASCII").to_owned();
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().expect("a header value"));
            content.is_known(&headers)
        };
        let strong = etag.trim_start_matches("W/");
        assert!(known(&etag) && known("*") && known(&format!("\"a\", {etag}")) && known(strong));
        // The same data in a file.
        let of_a_file = format!("{}-018bcfe5-6800-7000-8000-000000000007\"", strong.trim_end_matches('"'));
        assert!(known(&of_a_file));
        assert!(!known("\"a\"") && !known("") && !known("W/") && !known(strong.trim_matches('"')));
        assert!(!content.is_known(&HeaderMap::new()));
    }
}
