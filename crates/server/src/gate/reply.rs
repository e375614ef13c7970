//! The last step: a successful answer. A paid one is made of a receipt and of nothing else.

use crate::encoding::{COMPRESSED_BYTES_MIN, Coding, Compressor};
use crate::header_value::Text;
use axum::body::Body;
use bytes::Bytes;
use catalog::Ready;
use domain::Credits;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use store::idempotency::KeptAnswer;
use store::ledger::Receipt;
use xxhash_rust::xxh3::xxh3_128;

/// `Content-Type` of every paid answer.
pub(crate) const JSON: &str = "application/json";

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

/// An answer and what was charged for it.
#[derive(Debug)]
pub(crate) struct Reply {
    content: Tagged,
    status: StatusCode,
    charged: Credits,
}

impl Reply {
    /// Paid with this receipt.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt pays for one reply: it is used up")]
    pub(crate) fn paid(receipt: Receipt, content: Tagged) -> Self {
        Self { content, status: StatusCode::OK, charged: receipt.credits() }
    }

    /// Paid before: what the ledger kept of it.
    pub(crate) fn replayed(answer: KeptAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
        Self { content: Tagged::new(Bytes::from(answer.into_body())), status, charged: Credits::ZERO }
    }

    /// The caller has it already: nothing is sent and nothing is charged.
    pub(crate) fn not_modified(content: Tagged) -> Self {
        Self { content, status: StatusCode::NOT_MODIFIED, charged: Credits::ZERO }
    }

    /// What this call cost.
    pub(crate) fn charged(&self) -> Credits {
        self.charged
    }

    /// The bytes to send, compressed if that is accepted and pays.
    pub(crate) fn into_response(self, coding: Coding, compressor: &Compressor) -> Response<Body> {
        let etag = self.content.etag();
        let Tagged { body, hash } = self.content;
        let may_be_compressed = body.len() >= COMPRESSED_BYTES_MIN;
        let (body, coding) = if self.status == StatusCode::NOT_MODIFIED {
            (Bytes::new(), Coding::Identity)
        } else {
            compressor.encode(body, hash, coding)
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(16);
        if self.status != StatusCode::NOT_MODIFIED {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        if let Some(coding) = coding.header() {
            headers.insert(CONTENT_ENCODING, coding);
        }
        if may_be_compressed {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
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
