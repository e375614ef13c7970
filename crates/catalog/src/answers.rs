//! Rendered answers: look-ups, walks and searches as the bytes that are sent, cached in front of the catalog.

use crate::cache::Read;
use crate::pages::{PageKey, Pages};
use crate::walk::Persist;
use crate::{Catalog, CatalogError, HashtagRef, Provenance, SearchPage, WalkPage, WalkRequest};
use bytes::Bytes;
use domain::Hashtag;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use xxhash_rust::xxh3::xxh3_128;

/// Memory for answers to look-ups, in bytes.
const HASHTAGS_BYTES_MAX: u64 = 27 << 20;
/// Memory for pages, in bytes.
const PAGES_BYTES_MAX: u64 = 48 << 20;
/// Approximate overhead of an entry beside its bytes.
const ENTRY_BYTES: u64 = 176;
/// Typical size of the answer to a look-up, in bytes.
const HASHTAG_BYTES: u64 = 416;

/// A rendered answer and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The bytes.
    pub body: Bytes,
    /// XXH3 of the bytes, 128 bits: computed once, however often they are sent.
    pub hash: u128,
    /// Provenance of its counts.
    pub provenance: Provenance,
}

impl Ready {
    /// Returns a rendered answer without spare capacity, as there are many of them.
    pub(crate) fn new(body: Vec<u8>, provenance: Provenance) -> Self {
        let hash = xxh3_128(&body);
        Self { body: Bytes::from(body.into_boxed_slice()), hash, provenance }
    }
}

/// Functions that render answers.
#[derive(Debug, Clone, Copy)]
pub struct Renderers {
    /// Renders a hashtag.
    pub hashtag: fn(&Hashtag) -> Vec<u8>,
    /// Renders a page of a walk.
    pub posts: fn(&WalkPage) -> Vec<u8>,
    /// Renders a page of a search.
    pub search: fn(&SearchPage) -> Vec<u8>,
}

/// Answers of a catalog as bytes. It renders and caches them, so that a cached answer is always one of its own renderers.
pub struct Answers {
    pub(crate) catalog: Catalog,
    pub(crate) renderers: Renderers,
    /// Answers to look-ups, separate from the records, which are three times as large and read by walks.
    hashtags: Cache<HashtagRef, Read<Ready>, ByteWeight>,
    pages: Pages,
}

#[derive(Clone)]
struct ByteWeight;

impl Weighter<HashtagRef, Read<Ready>> for ByteWeight {
    fn weight(&self, _: &HashtagRef, read: &Read<Ready>) -> u64 {
        read.value.body.len() as u64 + ENTRY_BYTES
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("renderers", &self.renderers).finish_non_exhaustive()
    }
}

impl Answers {
    /// Creates the answers of a catalog, with an empty cache.
    pub fn new(catalog: Catalog, renderers: Renderers) -> Self {
        let hashtags = (HASHTAGS_BYTES_MAX / HASHTAG_BYTES) as usize;
        Self {
            catalog,
            renderers,
            hashtags: Cache::with_weighter(hashtags, HASHTAGS_BYTES_MAX, ByteWeight),
            pages: Pages::new(PAGES_BYTES_MAX),
        }
    }

    // What a miss awaits is boxed: it would be most of the future of a hit, which is copied several times.
    pub(crate) async fn hashtag_ready(&self, reference: &HashtagRef) -> Result<Option<Ready>, CatalogError> {
        self.catalog.follow_lately().await?;
        let cache = &self.catalog.inner.cache;
        let ready = self.hashtags.get(reference).and_then(|read| cache.if_fresh(read));
        cache.count(ready.is_some());
        if ready.is_some() {
            return Ok(ready);
        }
        let epoch = cache.epoch();
        let Some(hashtag) = Box::pin(self.catalog.stored(reference)).await? else { return Ok(None) };
        let ready = self.render_hashtag(&hashtag);
        self.hashtags.insert(reference.clone(), Read { row: hashtag.row, epoch, value: ready.clone() });
        Ok(Some(ready))
    }

    pub(crate) fn render_hashtag(&self, hashtag: &Hashtag) -> Ready {
        Ready::new((self.renderers.hashtag)(hashtag), Provenance::of_hashtag(hashtag))
    }

    pub(crate) async fn posts_ready(
        &self,
        reference: &HashtagRef,
        request: WalkRequest,
    ) -> Result<Option<Ready>, CatalogError> {
        self.catalog.follow_lately().await?;
        let Some(hashtag) = self.catalog.cached(reference).await? else { return Ok(None) };
        let key = PageKey::Walk {
            hashtag: hashtag.row,
            changed: hashtag.changed,
            region: request.region,
            cursor: request.cursor.to_wire(),
            count: request.count,
        };
        if let Some(page) = self.page(&key) {
            return Ok(Some(page));
        }
        let page = Box::pin(self.catalog.page(&hashtag, request, Persist::IfLonger)).await?;
        let page = self.render_posts(&page);
        self.pages.insert(key, page.clone());
        Ok(Some(page))
    }

    pub(crate) fn render_posts(&self, page: &WalkPage) -> Ready {
        Ready::new((self.renderers.posts)(page), page.provenance)
    }

    pub(crate) async fn search_ready(
        &self,
        keyword: &str,
        offset: u64,
        limit: u32,
    ) -> Result<Ready, CatalogError> {
        let sequence = self.catalog.follow_lately().await?;
        let key = PageKey::Search { sequence, keyword: keyword.into(), offset, limit };
        if let Some(page) = self.page(&key) {
            return Ok(page);
        }
        let page = self.catalog.search_at(keyword, offset, limit, sequence).await?;
        let page = Ready::new((self.renderers.search)(&page), Provenance::of_hashtags(&page.hashtags));
        self.pages.insert(key, page.clone());
        Ok(page)
    }

    fn page(&self, key: &PageKey) -> Option<Ready> {
        let page = self.pages.get(key);
        self.catalog.inner.cache.count(page.is_some());
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_no_more_room_than_its_bytes() {
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(b"{}");
        let ready = Ready::new(body, Provenance::of_hashtags(&[]));
        assert_eq!((&ready.body[..], ready.hash), (&b"{}"[..], xxh3_128(b"{}")));
        assert_eq!(ready.body.try_into_mut().map(|bytes| bytes.capacity()), Ok(2));
    }
}
