//! Compression, if the client accepts it and it saves bytes. Compressed bodies are cached: compressing a page
//! of 30 KB takes longer than everything else about it.

use crate::http::cors::vary;
use axum::body::Body;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::header::{ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use http::{HeaderMap, HeaderValue, Response};
use hyper::body::Body as _;
use quick_cache::{Weighter, sync::Cache};
use std::io::{self, Write};
use strum::IntoStaticStr;
use tables::weight_of;
use xxhash_rust::xxh3::xxh3_128;

/// Smallest body to compress: smaller ones fit a packet or two.
pub(crate) const COMPRESSED_BYTES_MIN: usize = 1024;
/// Fast levels: latency matters more than the last per cent of the size.
const GZIP_LEVEL: u32 = 1;
const ZSTD_LEVEL: i32 = 1;
/// Capacity of the cache of compressed bodies.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Largest answer that is buffered to be encoded.
const BUFFERED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Estimated number of bodies in the cache.
const CACHE_BODIES: usize = 8 * 1024;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Coding {
    /// No coding.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Coding {
    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// Looks a coding up by its name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::Identity, Self::Gzip, Self::Zstd].into_iter().find(|coding| coding.name() == name)
    }

    /// Returns the value of `Content-Encoding`; `None` for identity.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }
}

/// The codings that an `Accept-Encoding` header accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Codings {
    best: Coding,
    is_identity_refused: bool,
}

impl Codings {
    /// Identity alone, as without a header.
    pub(crate) const IDENTITY: Self = Self { best: Coding::Identity, is_identity_refused: false };

    /// Negotiates by RFC 9110, section 12.5.3; at equal weights zstd comes before gzip and gzip before
    /// identity. `None` if no coding is acceptable.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Some(Self::IDENTITY);
        }
        let wanted = |names: &[&str]| {
            let all = headers
                .get_all(ACCEPT_ENCODING)
                .iter()
                .flat_map(|value| value.to_str().unwrap_or("").split(','));
            all.filter_map(weighed)
                .find(|(name, _)| names.iter().any(|one| name.eq_ignore_ascii_case(one)))
                .map(|(_, weight)| weight)
        };
        let (any, identity) = (wanted(&["*"]), wanted(&["identity"]));
        let is_identity_refused = identity.or(any) == Some(0);
        // `*` stands for a coding only where identity is refused.
        let other = any.filter(|_| is_identity_refused);
        let weight = |names| wanted(names).or(other).filter(|weight| *weight > 0);
        let codings = [(Coding::Gzip, weight(&["gzip", "x-gzip"])), (Coding::Zstd, weight(&["zstd"]))];
        let best = codings
            .into_iter()
            .filter_map(|(coding, weight)| Some((weight?, coding)))
            .max_by_key(|(weight, _)| *weight);
        match best {
            Some((weight, best)) if weight >= identity.unwrap_or(0) => {
                Some(Self { best, is_identity_refused })
            }
            _ if is_identity_refused => None,
            _ => Some(Self::IDENTITY),
        }
    }

    /// Returns the preferred coding.
    pub(crate) fn best(self) -> Coding {
        self.best
    }

    /// Returns true if a body must be encoded, however small it is.
    pub(crate) fn is_identity_refused(self) -> bool {
        self.is_identity_refused
    }

    /// Returns true if `Accept-Encoding` matters to an answer with a body of this size.
    pub(crate) fn matter(self, bytes: usize) -> bool {
        bytes >= COMPRESSED_BYTES_MIN || self.is_identity_refused
    }
}

/// Parses a coding and its weight in thousandths; `None` if the weight is malformed.
fn weighed(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    match parts.next().and_then(|weight| weight.split_once('=')) {
        Some((q, weight)) if q.trim().eq_ignore_ascii_case("q") => Some((name, weight_of(weight.trim())?)),
        Some(_) => None,
        None => Some((name, 1000)),
    }
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<(u128, Coding), Bytes> for BySize {
    fn weight(&self, _: &(u128, Coding), body: &Bytes) -> u64 {
        body.len() as u64 + 64
    }
}

/// Compresses bodies and caches them by their hash.
#[derive(Debug)]
pub(crate) struct Compressor(Cache<(u128, Coding), Bytes, BySize>);

impl Compressor {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(CACHE_BODIES, CACHE_BYTES, BySize))
    }

    /// Returns the body to send and its coding. `hash` is that of `body`.
    pub(crate) fn encode(&self, body: Bytes, hash: u128, codings: Codings) -> (Bytes, Coding) {
        if codings.best != Coding::Identity
            && codings.matter(body.len())
            && let Some(known) = self.0.get(&(hash, codings.best))
        {
            return (known, codings.best);
        }
        let (body, coding) = Self::encode_once(body, codings);
        if coding != Coding::Identity {
            self.0.insert((hash, coding), body.clone());
        }
        (body, coding)
    }

    /// Encodes a body without caching it.
    pub(crate) fn encode_once(body: Bytes, codings: Codings) -> (Bytes, Coding) {
        let coding = codings.best;
        if coding == Coding::Identity || !codings.matter(body.len()) {
            return (body, Coding::Identity);
        }
        match compress(&body, coding) {
            Ok(compressed) if compressed.len() < body.len() || codings.is_identity_refused => {
                (compressed.into(), coding)
            }
            _ => (body, Coding::Identity),
        }
    }

    /// Encodes an answer that is not encoded yet and small enough to buffer. Answers with an `ETag` or ranges
    /// stay as they are.
    pub(crate) async fn encode_answer(&self, answer: Response<Body>, codings: Codings) -> Response<Body> {
        let bytes = answer.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
        let Some(bytes) = bytes.filter(|bytes| (1..=BUFFERED_BYTES_MAX).contains(bytes)) else {
            return answer;
        };
        if !codings.matter(bytes) || !is_plain(&answer) {
            return answer;
        }
        let (mut parts, body) = answer.into_parts();
        vary(&mut parts.headers, "accept-encoding");
        // Bytes in memory: it cannot fail.
        let body = axum::body::to_bytes(body, BUFFERED_BYTES_MAX).await.unwrap_or_default();
        let hash = xxh3_128(&body);
        let (body, coding) = self.encode(body, hash, codings);
        if let Some(coding) = coding.header() {
            parts.headers.insert(CONTENT_ENCODING, coding);
            parts.headers.remove(CONTENT_LENGTH);
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// Sets the headers of an answer to `HEAD` that [`Compressor::encode_answer`] sets for `GET`, except for the
/// unknown length.
pub(crate) fn encode_head(answer: &mut Response<Body>, codings: Codings) {
    let bytes = answer.headers().get(CONTENT_LENGTH).and_then(|bytes| bytes.to_str().ok()?.parse().ok());
    let is_buffered =
        bytes.is_some_and(|bytes| (1..=BUFFERED_BYTES_MAX).contains(&bytes) && codings.matter(bytes));
    if !is_buffered || !is_plain(answer) {
        return;
    }
    vary(answer.headers_mut(), "accept-encoding");
    if let Some(coding) = codings.best.header() {
        answer.headers_mut().insert(CONTENT_ENCODING, coding);
        answer.headers_mut().remove(CONTENT_LENGTH);
    }
}

/// Returns true for an answer without coding, `ETag` and ranges.
fn is_plain(answer: &Response<Body>) -> bool {
    let has = |name| answer.headers().contains_key(name);
    ![CONTENT_ENCODING, ETAG, ACCEPT_RANGES, CONTENT_RANGE].into_iter().any(has)
}

fn compress(body: &[u8], coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(body.to_vec()),
        Coding::Gzip => {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(GZIP_LEVEL));
            encoder.write_all(body)?;
            encoder.finish()
        }
        Coding::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn accepted(value: &str) -> Option<Codings> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().expect("a header"));
        Codings::accepted(&headers)
    }

    const fn may_be(best: Coding) -> Option<Codings> {
        Some(Codings { best, is_identity_refused: false })
    }

    const fn must_be(best: Coding) -> Option<Codings> {
        Some(Codings { best, is_identity_refused: true })
    }

    #[test]
    fn the_client_chooses() {
        for (value, want) in [
            ("gzip, deflate", may_be(Coding::Gzip)),
            ("gzip, deflate, br, zstd", may_be(Coding::Zstd)),
            ("zstd;q=0.4, gzip;q=0.8", may_be(Coding::Gzip)),
            ("GZIP;q=0.5", may_be(Coding::Gzip)),
            ("gzip;q=0.5, identity", may_be(Coding::Identity)),
            ("gzip;q=0.5, identity;q=0.5", may_be(Coding::Gzip)),
            ("gzip;q=0, *", may_be(Coding::Identity)),
            ("gzip;q=much", may_be(Coding::Identity)),
            ("identity;q=0, gzip", must_be(Coding::Gzip)),
            ("*;q=0, zstd;q=0.1", must_be(Coding::Zstd)),
            ("identity;q=0, *;q=0.5, zstd;q=0", must_be(Coding::Gzip)),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("br, identity;q=0", None),
            ("gzip;q=0, zstd;q=0.000, identity;q=0, *", None),
        ] {
            assert_eq!(accepted(value), want, "{value}");
        }
        for value in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, zstd;q=0", "*"] {
            assert_eq!(accepted(value), Some(Codings::IDENTITY), "{value}");
        }
        assert_eq!(Codings::accepted(&HeaderMap::new()), Some(Codings::IDENTITY));
    }

    #[test]
    fn a_page_is_compressed_and_a_small_body_is_not() {
        let compressor = Compressor::new();
        let page = Bytes::from("{\"play_count\":1},".repeat(2_000));
        let gzip_or_none = may_be(Coding::Gzip).expect("codings");
        let zstd_or_none = may_be(Coding::Zstd).expect("codings");
        let (gzip, coding) = compressor.encode(page.clone(), 1, gzip_or_none);
        assert!(coding == Coding::Gzip && gzip.len() < page.len() / 10);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut back).expect("gzip");
        assert_eq!(back, page);
        let (zstd, coding) = compressor.encode(page.clone(), 1, zstd_or_none);
        assert_eq!(coding, Coding::Zstd);
        assert_eq!(zstd::bulk::decompress(&zstd, page.len()).expect("zstd"), page);
        let (again, _) = compressor.encode(page.clone(), 1, zstd_or_none);
        assert_eq!(again.as_ptr(), zstd.as_ptr());
        let small = Bytes::from(vec![b'a'; COMPRESSED_BYTES_MIN - 1]);
        assert_eq!(compressor.encode(small.clone(), 2, zstd_or_none), (small, Coding::Identity));
        let random = |number: u64| xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()).to_le_bytes();
        let noise = Bytes::from((0..512).flat_map(random).collect::<Vec<_>>());
        let (sent, coding) = compressor.encode(noise.clone(), 3, gzip_or_none);
        assert!(sent == noise && coding == Coding::Identity, "what does not shrink is sent as it is");
        let must = must_be(Coding::Gzip).expect("codings");
        for (hash, body) in [(4, Bytes::from_static(b"ok")), (5, noise)] {
            let (_, coding) = compressor.encode(body, hash, must);
            assert_eq!(coding, Coding::Gzip, "what may not go out as it is does not");
        }
    }
}
