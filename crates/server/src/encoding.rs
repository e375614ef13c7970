//! Compression, where the client asks for it and it pays. Compressed bodies are kept for a while: popular pages are
//! popular again, and squeezing 30 KB takes longer than everything else about them.

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};
use quick_cache::{Weighter, sync::Cache};
use std::io::{self, Write};

/// Smaller bodies fit a packet or two as they are.
pub(crate) const COMPRESSED_BYTES_MIN: usize = 1024;
/// Fast levels: an answer's latency counts for more than the last per cent of its size.
const GZIP_LEVEL: u32 = 1;
const ZSTD_LEVEL: i32 = 1;
/// Bytes of compressed bodies kept.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// About how many bodies that is.
const KEPT_BODIES: usize = 8 * 1024;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Coding {
    /// The best one the client accepts: zstd, then gzip.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let mut best = Self::Identity;
        for value in headers.get_all(ACCEPT_ENCODING) {
            for item in value.to_str().unwrap_or("").split(',') {
                let (name, weight) = item.split_once(';').unwrap_or((item, ""));
                if is_zero(weight) {
                    continue;
                }
                let name = name.trim();
                if name.eq_ignore_ascii_case("zstd") {
                    return Self::Zstd;
                }
                if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                    best = Self::Gzip;
                }
            }
        }
        best
    }

    /// For `Content-Encoding`; none for a body as it is.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }
}

/// `q=0` means "not this one".
fn is_zero(weight: &str) -> bool {
    weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<(u128, Coding), Bytes> for BySize {
    fn weight(&self, _: &(u128, Coding), body: &Bytes) -> u64 {
        body.len() as u64 + 64
    }
}

/// Compresses bodies and remembers them by their hash.
#[derive(Debug)]
pub(crate) struct Compressor(Cache<(u128, Coding), Bytes, BySize>);

impl Compressor {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(KEPT_BODIES, KEPT_BYTES, BySize))
    }

    /// The body to send and its coding. `hash` is the body's own.
    pub(crate) fn encode(&self, body: Bytes, hash: u128, coding: Coding) -> (Bytes, Coding) {
        if coding == Coding::Identity || body.len() < COMPRESSED_BYTES_MIN {
            return (body, Coding::Identity);
        }
        if let Some(known) = self.0.get(&(hash, coding)) {
            return (known, coding);
        }
        match compress(&body, coding) {
            Ok(compressed) if compressed.len() < body.len() => {
                let compressed = Bytes::from(compressed);
                self.0.insert((hash, coding), compressed.clone());
                (compressed, coding)
            }
            _ => (body, Coding::Identity),
        }
    }
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

    fn accepted(value: &str) -> Coding {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().expect("a header"));
        Coding::accepted(&headers)
    }

    #[test]
    fn the_client_chooses() {
        assert_eq!(accepted("gzip, deflate"), Coding::Gzip);
        assert_eq!(accepted("gzip, deflate, br, zstd"), Coding::Zstd);
        assert_eq!(accepted("GZIP;q=0.5"), Coding::Gzip);
        for value in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, zstd;q=0", "*"] {
            assert_eq!(accepted(value), Coding::Identity, "{value}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn a_page_is_compressed_and_a_small_body_is_not() {
        let compressor = Compressor::new();
        let page = Bytes::from("{\"play_count\":1},".repeat(2_000));
        let (gzip, coding) = compressor.encode(page.clone(), 1, Coding::Gzip);
        assert!(coding == Coding::Gzip && gzip.len() < page.len() / 10);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut back).expect("gzip");
        assert_eq!(back, page);
        let (zstd, coding) = compressor.encode(page.clone(), 1, Coding::Zstd);
        assert_eq!(coding, Coding::Zstd);
        assert_eq!(zstd::bulk::decompress(&zstd, page.len()).expect("zstd"), page);
        let (again, _) = compressor.encode(page.clone(), 1, Coding::Zstd);
        assert_eq!(again.as_ptr(), zstd.as_ptr());
        let small = Bytes::from(vec![b'a'; COMPRESSED_BYTES_MIN - 1]);
        assert_eq!(compressor.encode(small.clone(), 2, Coding::Zstd), (small, Coding::Identity));
        let random = |number: u64| xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()).to_le_bytes();
        let noise = Bytes::from((0..512).flat_map(random).collect::<Vec<_>>());
        let (sent, coding) = compressor.encode(noise.clone(), 3, Coding::Gzip);
        assert!(sent == noise && coding == Coding::Identity, "what does not shrink is sent as it is");
    }
}
