//! The hot cache in front of the store: records of hashtags, and generations. Bounded; frequently requested entries stay.

use crate::HashtagRef;
use crate::epochs::{Epoch, Epochs};
use domain::{Hashtag, HashtagRow, Region};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::walks::Generation;

/// Memory for records, in bytes.
const RECORDS_BYTES_MAX: u64 = 5 << 20;
/// Number of generations.
const GENERATIONS_MAX: usize = 8_192;

#[derive(Clone)]
struct ByteWeight;

/// Approximate overhead of an entry beside its bytes.
const ENTRY_BYTES: u64 = 176;
/// Typical size of a record, in bytes.
const RECORD_BYTES: u64 = 416;

/// Data read of a hashtag, with its epoch.
#[derive(Clone)]
pub(crate) struct Read<T> {
    pub(crate) row: HashtagRow,
    pub(crate) epoch: Epoch,
    pub(crate) value: T,
}

impl Weighter<HashtagRef, Read<Arc<Hashtag>>> for ByteWeight {
    fn weight(&self, _: &HashtagRef, read: &Read<Arc<Hashtag>>) -> u64 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len) as u64;
        let details = &read.value.details;
        text(&details.description) + text(&details.cover) + size_of::<Hashtag>() as u64 + ENTRY_BYTES
    }
}

/// The cached records: a hit costs one look-up and one comparison of epochs.
pub(crate) struct HotCache {
    records: Cache<HashtagRef, Read<Arc<Hashtag>>, ByteWeight>,
    epochs: Epochs,
    generations: Cache<(HashtagRow, Option<Region>), Generation>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotCache {
    pub(crate) fn new() -> Self {
        let records = (RECORDS_BYTES_MAX / RECORD_BYTES) as usize;
        Self {
            records: Cache::with_weighter(records, RECORDS_BYTES_MAX, ByteWeight),
            epochs: Epochs::new(),
            generations: Cache::new(GENERATIONS_MAX),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns the current epoch. Call it before reading from the store what will be cached.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.epoch()
    }

    pub(crate) fn record(&self, reference: &HashtagRef) -> Option<Arc<Hashtag>> {
        self.if_fresh(self.records.get(reference)?)
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

    /// Returns the data if nothing changed since it was read.
    pub(crate) fn if_fresh<T>(&self, read: Read<T>) -> Option<T> {
        self.epochs.is_fresh(read.row, read.epoch).then_some(read.value)
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
        let (cache, row) = (HotCache::new(), HashtagRow(1));
        let read = |epoch| Read { row, epoch, value: "read" };
        let before = read(cache.epoch());
        cache.invalidate(&[row]);
        assert_eq!(cache.if_fresh(before), None);
        let after = read(cache.epoch());
        assert_eq!(cache.if_fresh(after.clone()), Some("read"));
        cache.invalidate_all();
        assert_eq!(cache.if_fresh(after), None);
    }
}
