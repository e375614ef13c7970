//! Cached pages: the most requested ones as they are sent, many more of them compressed. Pages of videos repeat
//! their field names and hosts, so a compressed one takes a fraction of the memory, and decompressing it spares
//! reading its videos one by one.

use crate::{Provenance, Ready};
use bytes::Bytes;
use domain::{HashtagRow, Region};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::cell::RefCell;

/// Cache key of a page. `changed` makes a page of an older state unreachable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PageKey {
    Walk { hashtag: HashtagRow, changed: u64, region: Option<Region>, cursor: u64, count: u32 },
    Search { sequence: u64, keyword: Box<str>, offset: u64, limit: u32 },
}

/// Approximate overhead of an entry beside its bytes.
const ENTRY_BYTES: u64 = 192;
/// Typical bytes of a page, and of a compressed one.
const PAGE_BYTES: u64 = 24 * 1024;
const SQUEEZED_BYTES: u64 = 4 * 1024;
/// Smaller pages are not compressed: they cost little to render.
const SQUEEZED_MIN: usize = 4 * 1024;
/// Compression level of zstd. Higher levels cost more time than they save memory here.
const LEVEL: i32 = 1;

#[derive(Clone)]
struct ByteWeight;

impl Weighter<PageKey, Ready> for ByteWeight {
    fn weight(&self, _: &PageKey, page: &Ready) -> u64 {
        page.body.len() as u64 + ENTRY_BYTES
    }
}

/// A compressed page.
#[derive(Clone)]
struct Squeezed {
    bytes: Bytes,
    /// Provenance of the page.
    len: usize,
    hash: u128,
    provenance: Provenance,
}

impl Weighter<PageKey, Squeezed> for ByteWeight {
    fn weight(&self, _: &PageKey, page: &Squeezed) -> u64 {
        page.bytes.len() as u64 + ENTRY_BYTES
    }
}

/// The cached pages.
pub(crate) struct Pages {
    plain: Cache<PageKey, Ready, ByteWeight>,
    squeezed: Cache<PageKey, Squeezed, ByteWeight>,
}

impl Pages {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let plain = bytes_max / 4;
        let squeezed = bytes_max - plain;
        let entries = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX).max(16);
        Self {
            plain: Cache::with_weighter(entries(plain, PAGE_BYTES), plain, ByteWeight),
            squeezed: Cache::with_weighter(entries(squeezed, SQUEEZED_BYTES), squeezed, ByteWeight),
        }
    }

    pub(crate) fn get(&self, key: &PageKey) -> Option<Ready> {
        if let Some(page) = self.plain.get(key) {
            return Some(page);
        }
        let page = self.squeezed.get(key)?.restored()?;
        self.plain.insert(key.clone(), page.clone());
        Some(page)
    }

    pub(crate) fn insert(&self, key: PageKey, page: Ready) {
        if let Some(squeezed) = Squeezed::of(&page) {
            self.squeezed.insert(key.clone(), squeezed);
        }
        self.plain.insert(key, page);
    }
}

thread_local! {
    // Creating these takes longer than compressing a page. A thread without memory for them compresses no
    // pages.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new().ok());
}

impl Squeezed {
    /// Compresses a page; `None` if that does not pay.
    fn of(page: &Ready) -> Option<Self> {
        if page.body.len() < SQUEEZED_MIN {
            return None;
        }
        let bytes =
            COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(&page.body).ok())?;
        let pays = bytes.len() < page.body.len() / 2;
        pays.then(|| Self {
            bytes: bytes.into_boxed_slice().into(),
            len: page.body.len(),
            hash: page.hash,
            provenance: page.provenance,
        })
    }

    fn restored(&self) -> Option<Ready> {
        let body = DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.as_mut()?.decompress(&self.bytes, self.len).ok())?;
        Some(Ready { body: body.into(), hash: self.hash, provenance: self.provenance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(body: Vec<u8>) -> Ready {
        let read_at = Some(domain::Timestamp::from_ms(7));
        Ready::new(body, Provenance::of_videos(&[]).read_at(read_at))
    }

    fn page(number: u64) -> Ready {
        let video = format!(r#"{{"aweme_id":"{number}","title":"a video about cats"}},"#);
        ready(video.repeat(500).into_bytes())
    }

    fn key(cursor: u64) -> PageKey {
        PageKey::Walk { hashtag: HashtagRow(1), changed: 1, region: None, cursor, count: 30 }
    }

    #[test]
    fn a_page_that_was_squeezed_comes_back_byte_for_byte() {
        let pages = Pages::new(1 << 20);
        // Twenty times what fits uncompressed, a fifth of what fits compressed.
        for number in 0..200 {
            pages.insert(key(number), page(number));
        }
        assert!(pages.plain.len() < 50);
        for number in 0..200 {
            assert_eq!(pages.get(&key(number)), Some(page(number)), "{number}");
        }
        assert_eq!(pages.get(&key(200)), None);
    }

    #[test]
    fn small_pages_and_noise_are_not_compressed() {
        assert!(Squeezed::of(&ready(b"{}".to_vec())).is_none());
        let noise = |n: u64| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes()).to_le_bytes();
        assert!(Squeezed::of(&ready((0..1000).flat_map(noise).collect())).is_none());
    }
}
