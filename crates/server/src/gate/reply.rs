//! The last step: a successful answer. A paid one is made of a receipt and of nothing else.

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
use domain::credits::PRICE_OF_A_CALL;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, LINK, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::borrow::Cow;
use std::io;
use store::idempotency::{IdempotencyError, KeptAnswer};
use store::ledger::Receipt;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_128;

/// The node that stores a large answer.
const DOWNLOAD_NODE: HeaderName = HeaderName::from_static("x-download-node");
/// `Content-Type` of most answers.
pub(crate) const JSON: &str = "application/json";

/// In the ledger, what a kept answer is based on comes after its `Content-Type`, behind this.
const MARK: &str = "; provenance=";

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
}

/// Whether the caller has the data of this hash already. Entity tags begin with it; what follows a `-` tells apart the
/// forms that the same data is sent in, which matters to parts alone.
fn is_known(hash: &str, headers: &HeaderMap) -> bool {
    let values =
        headers.get_all(IF_NONE_MATCH).iter().flat_map(|value| value.to_str().unwrap_or("").split(','));
    values.map(str::trim).any(|value| {
        let tag = value.strip_prefix("W/").unwrap_or(value);
        let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        value == "*" || tag.is_some_and(|tag| FileTag::from_text(tag).hash() == hash)
    })
}

/// A hash as entity tags begin.
fn hexadecimal(hash: u128) -> String {
    format!("{hash:032x}")
}

/// A successful answer before it is paid for.
#[derive(Debug)]
pub(crate) struct Content {
    tagged: Tagged,
    /// A body that is too large to hold; `tagged` is empty then.
    file: Option<Download>,
    /// Of a large answer in memory.
    slot: Option<Slot>,
    /// Its `Content-Type`.
    kind: Cow<'static, str>,
    /// What of its JSON is still to be written: what it cost.
    is_open: bool,
    /// What it costs.
    pub(crate) price: Credits,
    /// How fresh it is, where that is told.
    pub(crate) freshness: Option<FreshnessHeaders>,
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

    /// A file.
    pub(crate) fn file(kind: impl Into<Cow<'static, str>>, download: Download) -> Self {
        Self { file: Some(download), ..Self::new(kind, Bytes::new()) }
    }

    /// The same answer, its body in a file.
    pub(crate) fn in_file(self, download: Download) -> Self {
        let tagged = Tagged { body: Bytes::new(), hash: 0 };
        Self { file: Some(download), tagged, slot: None, is_open: false, ..self }
    }

    /// The file, if its body is one.
    pub(crate) fn download(&self) -> Option<&Download> {
        self.file.as_ref()
    }

    /// The file to be changed.
    pub(crate) fn download_mut(&mut self) -> Option<&mut Download> {
        self.file.as_mut()
    }

    /// Bytes of its body that are held in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.tagged.body.len()
    }

    /// Whether what it cost is still to be written into it.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// `Content-Type`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// The hash of its data, as its entity tag begins.
    pub(crate) fn hash_of_data(&self) -> String {
        hexadecimal(self.tagged.hash)
    }

    /// With the slot of a large answer, given back when it was sent.
    pub(crate) fn holding(self, slot: Slot) -> Self {
        Self { slot: Some(slot), ..self }
    }

    /// Whether it is a large answer in memory.
    pub(crate) fn holds_slot(&self) -> bool {
        self.slot.is_some()
    }

    /// The slot apart.
    pub(crate) fn without_slot(mut self) -> (Self, Option<Slot>) {
        let slot = self.slot.take();
        (self, slot)
    }

    /// Its bytes as they are sent.
    pub(crate) fn outgoing(&self, codings: Codings) -> Outgoing {
        let (body, coding) = Compressor::encode_once(self.tagged.body.clone(), codings);
        Outgoing { body, coding }
    }

    /// With what it cost, if it says that itself.
    pub(crate) fn closed(self, billing: &Billing) -> Self {
        if !self.is_open {
            return self;
        }
        let mut body = Vec::with_capacity(self.tagged.body.len() + 80);
        body.extend_from_slice(&self.tagged.body);
        body.extend_from_slice(&billing.end_of_object());
        Self { tagged: Tagged { body: body.into(), hash: self.tagged.hash }, is_open: false, ..self }
    }

    /// As fresh as this.
    pub(crate) fn with_freshness(self, freshness: FreshnessHeaders) -> Self {
        Self { freshness: Some(freshness), ..self }
    }

    /// What the ledger kept of an answer that was paid for before.
    pub(crate) fn kept(answer: KeptAnswer, is_envelope: bool) -> Self {
        let (kind, mark) = answer.content_type().split_once(MARK).unwrap_or((answer.content_type(), ""));
        let (kind, freshness) = (kind.to_owned(), Provenance::from_text(mark).map(FreshnessHeaders::of_kept));
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
        let kind = match self.freshness {
            Some(freshness) => format!("{}{MARK}{}", self.kind, freshness.to_kept().to_text()).into(),
            None => Cow::Borrowed(&*self.kind),
        };
        KeptAnswer::new(200, &kind, self.tagged.body().to_vec())
    }

    /// Whether the caller has it already.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        is_known(&self.hash(), headers)
    }

    /// The hash that its entity tag begins with: that of a file, or that of its data.
    pub(crate) fn hash(&self) -> String {
        match &self.file {
            Some(download) => download.tag.hash().to_owned(),
            None => self.hash_of_data(),
        }
    }
}

/// An answer and what was charged for it.
#[derive(Debug)]
pub(crate) struct Reply {
    content: Content,
    status: StatusCode,
    charged: Credits,
    is_head: bool,
    /// The node that would make the file that its body is.
    outlined_on: Option<Node>,
    /// The `ETag` of a 304, where it is not that of `content`.
    known_as: Option<HeaderValue>,
}

/// The bytes of an answer as they are sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) body: Bytes,
    pub(crate) coding: Coding,
}

/// What an answer cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct Billing {
    /// What this call cost.
    credits_charged: u64,
    /// What the account holds.
    #[schema(value_type = u64, required = true)]
    balance_remaining: Option<u64>,
}

impl Billing {
    /// Of a charge and the balance after it.
    pub(crate) fn of(charged: Credits, balance: Option<Credits>) -> Self {
        Self { credits_charged: charged.get(), balance_remaining: balance.map(Credits::get) }
    }

    /// As the last member of a JSON object, with its brace.
    pub(crate) fn end_of_object(&self) -> Vec<u8> {
        let mut end = b",\"billing\":".to_vec();
        // Numbers and nothing else: it cannot fail.
        let _ = serde_json::to_writer(&mut end, self);
        end.push(b'}');
        end
    }
}

impl Reply {
    /// Paid with this receipt.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt pays for one reply: it is used up")]
    pub(crate) fn paid(receipt: Receipt, content: Content) -> Self {
        Self { charged: receipt.credits(), ..Self::unpaid(content) }
    }

    /// Costs nothing.
    pub(crate) fn free(content: Content) -> Self {
        debug_assert!(content.is_free(), "what has a price is paid with a receipt");
        Self::unpaid(content)
    }

    /// The headers of an answer, whose body is not sent.
    pub(crate) fn head(content: Content) -> Self {
        Self { is_head: true, ..Self::unpaid(content) }
    }

    /// The headers of a file that is not made: what is known without it.
    pub(crate) fn outline(content: Content, node: Node) -> Self {
        Self { outlined_on: Some(node), ..Self::head(content) }
    }

    /// Paid before.
    pub(crate) fn replayed(content: Content) -> Self {
        Self::unpaid(content)
    }

    /// The caller has it already: nothing is sent and nothing is charged.
    pub(crate) fn not_modified(content: Content) -> Self {
        Self { status: StatusCode::NOT_MODIFIED, ..Self::unpaid(content) }
    }

    /// The same of an answer that was made only to be compared. `tag` is of a file that the caller can go on with; without
    /// one the `ETag` names the data alone and is weak, since nothing is stored under it.
    pub(crate) fn not_modified_as(content: Content, tag: Option<FileTag>) -> Self {
        let known_as = match tag {
            Some(tag) => tag.etag(),
            None => format!("W/\"{}\"", content.hash()).try_into().ok(),
        };
        Self { known_as, ..Self::not_modified(content) }
    }

    fn unpaid(content: Content) -> Self {
        let (status, charged) = (StatusCode::OK, Credits::ZERO);
        Self { content, status, charged, is_head: false, outlined_on: None, known_as: None }
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

    /// The bytes to send, compressed if that is accepted and pays.
    pub(crate) fn into_response(
        self,
        balance: Option<Credits>,
        codings: Codings,
        compressor: &Compressor,
    ) -> io::Result<Response<Body>> {
        let billing = self.billing(balance);
        let Self { content, status, outlined_on, known_as, .. } = self;
        let (hash, is_open) = (content.tagged.hash, content.is_open);
        let Content { tagged, file, slot, kind, link, disposition, .. } = content.closed(&billing);
        let etag = match (known_as, &file) {
            (Some(etag), _) => Some(etag),
            (None, Some(download)) => download.etag(),
            (None, None) if outlined_on.is_some() => None,
            (None, None) => Some(Tagged { body: Bytes::new(), hash }.etag()),
        };
        let content_range = file.as_ref().and_then(Download::content_range);
        let mut codings_matter = file.is_none() && codings.matter(tagged.body.len());
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
            // What it cost is in no other answer, so nobody asks for the same bytes again.
            let (bytes, coding) = if is_open {
                Compressor::encode_once(tagged.body, codings)
            } else {
                compressor.encode(tagged.body, hash, codings)
            };
            coded = coding;
            body = match slot {
                Some(slot) => Body::new(FromMemory::new(bytes, slot)),
                None => Body::from(bytes),
            };
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
        headers.extend(others.into_iter().filter_map(|(name, value)| Some((name, value?))));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
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
    fn an_answer_the_caller_holds_is_recognised() {
        let content = Content::new(JSON, Bytes::from_static(b"{}"));
        let etag = content.tagged.etag().to_str().expect("ASCII").to_owned();
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().expect("a header value"));
            content.is_known(&headers)
        };
        let strong = etag.trim_start_matches("W/");
        assert!(known(&etag) && known("*") && known(&format!("\"a\", {etag}")) && known(strong));
        // The same data with another balance behind it, or compressed.
        let of_a_file = format!("{}-018bcfe5-6800-7000-8000-000000000007\"", strong.trim_end_matches('"'));
        assert!(known(&of_a_file));
        assert!(!known("\"a\"") && !known("") && !known("W/") && !known(strong.trim_matches('"')));
        assert!(!content.is_known(&HeaderMap::new()));
    }
}
