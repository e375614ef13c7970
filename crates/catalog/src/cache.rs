//! Ready answers in memory, in front of the store: which row a reference leads to, a row's record and ready bytes,
//! ready pages. Bounded by bytes; what is asked for often stays.

use crate::HashtagRef;
use crate::pages::{PageKey, Pages};
use bytes::Bytes;
use domain::{Hashtag, HashtagRow, Region};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::walks::Generation;
use xxhash_rust::xxh3::xxh3_128;

/// An answer's bytes, ready to be sent, and their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The bytes.
    pub body: Bytes,
    /// XXH3 of them, 128 bits: worked out once, however often they are sent.
    pub hash: u128,
}

impl Ready {
    /// Takes no more memory than the bytes need, as there are many of them.
    pub(crate) fn new(body: Vec<u8>) -> Self {
        let hash = xxh3_128(&body);
        Self { body: Bytes::from(body.into_boxed_slice()), hash }
    }
}

#[derive(Clone)]
struct ByteWeight;

/// What an entry costs beside its bytes, about; with the way to it where there is one.
const ENTRY_BYTES: u64 = 192;
/// About what the answer to a look-up weighs.
const HASHTAG_BYTES: u64 = 448;

impl Weighter<HashtagRow, Ready> for ByteWeight {
    fn weight(&self, _: &HashtagRow, hashtag: &Ready) -> u64 {
        hashtag.body.len() as u64 + ENTRY_BYTES
    }
}

impl Weighter<HashtagRow, Arc<Hashtag>> for ByteWeight {
    fn weight(&self, _: &HashtagRow, hashtag: &Arc<Hashtag>) -> u64 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len) as u64;
        let details = &hashtag.details;
        text(&details.description) + text(&details.cover) + size_of::<Hashtag>() as u64 + ENTRY_BYTES
    }
}

/// The ready answers.
pub(crate) struct HotCache {
    rows: Cache<HashtagRef, HashtagRow>,
    /// Answers to look-ups. Apart from the records, which are three times as large and asked for by walks.
    ready: Cache<HashtagRow, Ready, ByteWeight>,
    records: Cache<HashtagRow, Arc<Hashtag>, ByteWeight>,
    pages: Pages,
    generations: Cache<(HashtagRow, Option<Region>), Generation>,
    /// How often something was forgotten.
    era: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotCache {
    pub(crate) fn new(bytes_max: u64) -> Self {
        // A third for look-ups and the ways to them, a little for records, the rest for pages.
        let (ready, records) = (bytes_max / 3, bytes_max / 16);
        let entries = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX).max(16);
        let hashtags = entries(ready, HASHTAG_BYTES);
        Self {
            rows: Cache::new(hashtags),
            ready: Cache::with_weighter(hashtags, ready, ByteWeight),
            records: Cache::with_weighter(entries(records, HASHTAG_BYTES), records, ByteWeight),
            pages: Pages::new(bytes_max - ready - records),
            generations: Cache::new(hashtags / 8 + 16),
            era: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(crate) fn ready(&self, reference: &HashtagRef) -> Option<Ready> {
        self.ready.get(&self.rows.get(reference)?)
    }

    /// To be asked before the store is read for something that is kept afterwards.
    pub(crate) fn era(&self) -> u64 {
        self.era.load(Ordering::SeqCst)
    }

    /// Keeps what was read in an era.
    pub(crate) fn keep_ready(&self, era: u64, reference: HashtagRef, row: HashtagRow, ready: Ready) {
        self.ready.insert(row, ready);
        self.rows.insert(reference, row);
        self.drop_unless_still(era, row);
    }

    pub(crate) fn record(&self, reference: &HashtagRef) -> Option<Arc<Hashtag>> {
        self.records.get(&self.rows.get(reference)?)
    }

    /// Keeps what was read in an era.
    pub(crate) fn keep_record(&self, era: u64, reference: HashtagRef, hashtag: Hashtag) -> Arc<Hashtag> {
        let (row, hashtag) = (hashtag.row, Arc::new(hashtag));
        self.records.insert(row, Arc::clone(&hashtag));
        self.rows.insert(reference, row);
        self.drop_unless_still(era, row);
        hashtag
    }

    /// What was read before a change and kept after the change was followed would be answered until the next change.
    fn drop_unless_still(&self, era: u64, row: HashtagRow) {
        if self.era() != era {
            self.ready.remove(&row);
            self.records.remove(&row);
        }
    }

    pub(crate) fn page(&self, key: &PageKey) -> Option<Ready> {
        let page = self.pages.get(key);
        self.count(page.is_some());
        page
    }

    pub(crate) fn keep_page(&self, key: PageKey, page: Ready) {
        self.pages.keep(key, page);
    }

    pub(crate) fn generation(&self, hashtag: HashtagRow, region: Option<Region>) -> Option<Generation> {
        self.generations.get(&(hashtag, region))
    }

    pub(crate) fn keep_generation(&self, generation: Generation) {
        self.generations.insert((generation.hashtag, generation.region), generation);
    }

    /// Forgets what may have changed. The way from a reference to a row never does.
    pub(crate) fn forget(&self, hashtags: &[HashtagRow]) {
        // First: who keeps something later sees it, and what was kept before is found and removed.
        self.era.fetch_add(1, Ordering::SeqCst);
        for row in hashtags {
            self.ready.remove(row);
            self.records.remove(row);
        }
    }

    /// Forgets every record.
    pub(crate) fn forget_all(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
        self.ready.clear();
        self.records.clear();
    }

    pub(crate) fn count(&self, is_hit: bool) {
        if is_hit { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = HotCache::new(1 << 20);
        let (reference, row) = (HashtagRef::Id("7551".parse().expect("an id")), HashtagRow(1));
        let keep = |era| cache.keep_ready(era, reference.clone(), row, Ready::new(b"old".to_vec()));
        let era = cache.era();
        cache.forget(&[row]);
        keep(era);
        assert_eq!(cache.ready(&reference), None);
        keep(cache.era());
        assert!(cache.ready(&reference).is_some());
        cache.forget_all();
        assert_eq!(cache.ready(&reference), None);
    }

    #[test]
    fn an_answer_takes_no_more_room_than_its_bytes() {
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(b"{}");
        let ready = Ready::new(body);
        assert_eq!((&ready.body[..], ready.hash), (&b"{}"[..], xxh3_128(b"{}")));
        assert_eq!(ready.body.try_into_mut().map(|bytes| bytes.capacity()), Ok(2));
    }
}
