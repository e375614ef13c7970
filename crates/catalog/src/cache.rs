//! The hot cache in front of the store: records and rendered answers of hashtags, rendered pages. Bounded by
//! bytes; frequently requested entries stay.

use crate::epochs::{Epoch, Epochs};
use crate::pages::{PageKey, Pages};
use crate::{HashtagRef, Provenance};
use bytes::Bytes;
use domain::{Hashtag, HashtagRow, Region};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::walks::Generation;
use xxhash_rust::xxh3::xxh3_128;

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

#[derive(Clone)]
struct ByteWeight;

/// Approximate overhead of an entry beside its bytes.
const ENTRY_BYTES: u64 = 176;
/// Typical size of the answer to a look-up, in bytes.
const HASHTAG_BYTES: u64 = 416;

/// Data read of a hashtag, with its epoch.
#[derive(Clone)]
struct Read<T> {
    row: HashtagRow,
    epoch: Epoch,
    value: T,
}

impl Weighter<HashtagRef, Read<Ready>> for ByteWeight {
    fn weight(&self, _: &HashtagRef, read: &Read<Ready>) -> u64 {
        read.value.body.len() as u64 + ENTRY_BYTES
    }
}

impl Weighter<HashtagRef, Read<Arc<Hashtag>>> for ByteWeight {
    fn weight(&self, _: &HashtagRef, read: &Read<Arc<Hashtag>>) -> u64 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len) as u64;
        let details = &read.value.details;
        text(&details.description) + text(&details.cover) + size_of::<Hashtag>() as u64 + ENTRY_BYTES
    }
}

/// The cached answers, by request: a hit costs one look-up and one comparison of eras.
pub(crate) struct HotCache {
    /// Answers to look-ups, separate from the records, which are three times as large and read by walks.
    ready: Cache<HashtagRef, Read<Ready>, ByteWeight>,
    records: Cache<HashtagRef, Read<Arc<Hashtag>>, ByteWeight>,
    epochs: Epochs,
    pages: Pages,
    generations: Cache<(HashtagRow, Option<Region>), Generation>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotCache {
    pub(crate) fn new(bytes_max: u64) -> Self {
        // A third for look-ups, a little for records, the rest for pages.
        let (ready, records) = (bytes_max / 3, bytes_max / 16);
        let entries = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX).max(16);
        let hashtags = entries(ready, HASHTAG_BYTES);
        Self {
            ready: Cache::with_weighter(hashtags, ready, ByteWeight),
            records: Cache::with_weighter(entries(records, HASHTAG_BYTES), records, ByteWeight),
            epochs: Epochs::new(),
            pages: Pages::new(bytes_max - ready - records),
            generations: Cache::new(hashtags / 8 + 16),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(crate) fn ready(&self, reference: &HashtagRef) -> Option<Ready> {
        self.still_stands(self.ready.get(reference)?)
    }

    /// Returns the current epoch. Call it before reading from the store what will be cached.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.epoch()
    }

    /// Caches data read in an epoch.
    pub(crate) fn insert_ready(&self, epoch: Epoch, reference: HashtagRef, row: HashtagRow, value: Ready) {
        self.ready.insert(reference, Read { row, epoch, value });
    }

    pub(crate) fn record(&self, reference: &HashtagRef) -> Option<Arc<Hashtag>> {
        self.still_stands(self.records.get(reference)?)
    }

    /// Caches data read in an epoch.
    pub(crate) fn insert_record(
        &self,
        epoch: Epoch,
        reference: HashtagRef,
        hashtag: Hashtag,
    ) -> Arc<Hashtag> {
        let (row, value) = (hashtag.row, Arc::new(hashtag));
        self.records.insert(reference, Read { row, epoch, value: Arc::clone(&value) });
        value
    }

    fn still_stands<T>(&self, read: Read<T>) -> Option<T> {
        self.epochs.is_fresh(read.row, read.epoch).then_some(read.value)
    }

    pub(crate) fn page(&self, key: &PageKey) -> Option<Ready> {
        let page = self.pages.get(key);
        self.count(page.is_some());
        page
    }

    pub(crate) fn insert_page(&self, key: PageKey, page: Ready) {
        self.pages.insert(key, page);
    }

    pub(crate) fn generation(&self, hashtag: HashtagRow, region: Option<Region>) -> Option<Generation> {
        self.generations.get(&(hashtag, region))
    }

    pub(crate) fn insert_generation(&self, generation: Generation) {
        self.generations.insert((generation.hashtag, generation.region), generation);
    }

    /// Invalidates everything cached of these hashtags. The store must have their new state already.
    pub(crate) fn invalidate(&self, hashtags: &[HashtagRow]) {
        self.epochs.change(hashtags);
    }

    /// Invalidates everything.
    pub(crate) fn invalidate_all(&self) {
        self.epochs.change_all();
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
    fn data_read_before_a_change_is_invalid_after_it() {
        let cache = HotCache::new(1 << 20);
        let (reference, row) = (HashtagRef::Id("7551".parse().expect("an id")), HashtagRow(1));
        let insert = |epoch| {
            cache.insert_ready(
                epoch,
                reference.clone(),
                row,
                Ready::new(b"old".to_vec(), Provenance::of_hashtags(&[])),
            )
        };
        let epoch = cache.epoch();
        cache.invalidate(&[row]);
        insert(epoch);
        assert_eq!(cache.ready(&reference), None);
        insert(cache.epoch());
        assert!(cache.ready(&reference).is_some());
        cache.invalidate_all();
        assert_eq!(cache.ready(&reference), None);
    }

    #[test]
    fn an_answer_takes_no_more_room_than_its_bytes() {
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(b"{}");
        let ready = Ready::new(body, Provenance::of_hashtags(&[]));
        assert_eq!((&ready.body[..], ready.hash), (&b"{}"[..], xxh3_128(b"{}")));
        assert_eq!(ready.body.try_into_mut().map(|bytes| bytes.capacity()), Ok(2));
    }
}
