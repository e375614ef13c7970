//! Ready answers in memory, in front of the store: which row a reference leads to, a row's record and ready bytes,
//! ready pages. Bounded by bytes; what is asked for often stays.

use crate::HashtagRef;
use bytes::Bytes;
use domain::{Hashtag, HashtagRow, Region};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use store::walks::Generation;

/// A hashtag's record and, once somebody asked for them, its ready bytes.
#[derive(Debug)]
pub(crate) struct HotHashtag {
    pub(crate) hashtag: Hashtag,
    pub(crate) ready: OnceLock<Bytes>,
}

/// What tells a ready page from others. `changed` makes a page of an older state unfindable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PageKey {
    Walk { hashtag: HashtagRow, changed: u64, region: Option<Region>, cursor: u64, count: u32 },
    Search { sequence: u64, keyword: Box<str>, offset: u64, limit: u32 },
}

#[derive(Clone)]
struct ByteWeight;

/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: u64 = 160;

impl Weighter<PageKey, Bytes> for ByteWeight {
    fn weight(&self, _: &PageKey, page: &Bytes) -> u64 {
        page.len() as u64 + ENTRY_BYTES
    }
}

impl Weighter<HashtagRow, Arc<HotHashtag>> for ByteWeight {
    fn weight(&self, _: &HashtagRow, hot: &Arc<HotHashtag>) -> u64 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len) as u64;
        let details = &hot.hashtag.details;
        // The ready bytes repeat the texts and add some 250 bytes of names and numbers.
        2 * (text(&details.description) + text(&details.cover))
            + 256
            + size_of::<HotHashtag>() as u64
            + ENTRY_BYTES
    }
}

/// The ready answers.
pub(crate) struct HotCache {
    rows: Cache<HashtagRef, HashtagRow>,
    hashtags: Cache<HashtagRow, Arc<HotHashtag>, ByteWeight>,
    pages: Cache<PageKey, Bytes, ByteWeight>,
    generations: Cache<(HashtagRow, Option<Region>), Generation>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotCache {
    pub(crate) fn new(bytes_max: u64) -> Self {
        // A quarter for hashtags, some for the ways to them, the rest for pages, which are a hundred times larger.
        let hashtags = bytes_max / 4;
        let entries = usize::try_from(hashtags / 1024).unwrap_or(usize::MAX).max(16);
        Self {
            rows: Cache::new(entries),
            hashtags: Cache::with_weighter(entries, hashtags, ByteWeight),
            pages: Cache::with_weighter(entries, bytes_max - hashtags - hashtags / 8, ByteWeight),
            generations: Cache::new(entries / 4 + 16),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(crate) fn hashtag(&self, reference: &HashtagRef) -> Option<Arc<HotHashtag>> {
        let row = self.rows.get(reference)?;
        self.hashtags.get(&row)
    }

    pub(crate) fn keep_hashtag(&self, reference: HashtagRef, hashtag: Hashtag) -> Arc<HotHashtag> {
        let row = hashtag.row;
        let hot = Arc::new(HotHashtag { hashtag, ready: OnceLock::new() });
        self.hashtags.insert(row, Arc::clone(&hot));
        self.rows.insert(reference, row);
        hot
    }

    pub(crate) fn page(&self, key: &PageKey) -> Option<Bytes> {
        let page = self.pages.get(key);
        self.count(page.is_some());
        page
    }

    pub(crate) fn keep_page(&self, key: PageKey, page: Bytes) {
        self.pages.insert(key, page);
    }

    pub(crate) fn generation(&self, hashtag: HashtagRow, region: Option<Region>) -> Option<Generation> {
        self.generations.get(&(hashtag, region))
    }

    pub(crate) fn keep_generation(&self, generation: Generation) {
        self.generations.insert((generation.hashtag, generation.region), generation);
    }

    /// Forgets what may have changed. The way from a reference to a row never does.
    pub(crate) fn forget(&self, hashtags: &[HashtagRow]) {
        for row in hashtags {
            self.hashtags.remove(row);
        }
    }

    /// Forgets every record.
    pub(crate) fn forget_all(&self) {
        self.hashtags.clear();
    }

    pub(crate) fn count(&self, is_hit: bool) {
        if is_hit { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}
