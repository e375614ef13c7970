//! Cache epochs: the last known change of each hashtag. A cached answer is compared with it when it is read, so
//! that changes need not find and remove answers one by one.

use domain::HashtagRow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hashtags share this many places: 512 KB. One that shares its place with a hashtag that changed is read once
/// more.
const PLACES: u32 = 1 << 16;

/// A moment between two changes. Data read in an epoch is valid until a later change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(u64);

/// The last known change of each hashtag.
pub(crate) struct Epochs {
    now: AtomicU64,
    all_changed: AtomicU64,
    changed: Box<[AtomicU64]>,
}

impl Epochs {
    pub(crate) fn new() -> Self {
        let changed = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        Self { now: AtomicU64::new(0), all_changed: AtomicU64::new(0), changed }
    }

    /// Returns the current epoch. Call it before reading from the store what will be cached.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.now.load(Ordering::SeqCst))
    }

    /// Returns true if data read in an epoch is current, as far as known.
    pub(crate) fn is_fresh(&self, row: HashtagRow, read_in: Epoch) -> bool {
        let changed = self.place(row).load(Ordering::SeqCst).max(self.all_changed.load(Ordering::SeqCst));
        read_in.0 >= changed
    }

    /// Records a change of these hashtags; the store must have the new state already.
    pub(crate) fn change(&self, hashtags: &[HashtagRow]) {
        let epoch = self.begin_epoch();
        for &row in hashtags {
            self.place(row).fetch_max(epoch, Ordering::SeqCst);
        }
    }

    /// Records that all may have changed.
    pub(crate) fn change_all(&self) {
        let epoch = self.begin_epoch();
        self.all_changed.fetch_max(epoch, Ordering::SeqCst);
    }

    /// Begins a new epoch. Reads that begin after this see the new state; earlier ones may have seen the old one.
    fn begin_epoch(&self) -> u64 {
        self.now.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn place(&self, row: HashtagRow) -> &AtomicU64 {
        // Rows are numbered in order of storage: those stored together do not share a place.
        &self.changed[(row.0 % PLACES) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_does_not_stand_and_what_is_read_afterwards_does() {
        let epochs = Epochs::new();
        let (cat, dog) = (HashtagRow(1), HashtagRow(2));
        let before = epochs.epoch();
        epochs.change(&[cat]);
        assert!(!epochs.is_fresh(cat, before) && epochs.is_fresh(dog, before));
        let after = epochs.epoch();
        assert!(epochs.is_fresh(cat, after));
        epochs.change_all();
        assert!(!epochs.is_fresh(cat, after) && !epochs.is_fresh(dog, after));
        assert!(epochs.is_fresh(dog, epochs.epoch()));
    }

    #[test]
    fn sharing_a_place_costs_a_reading_and_never_an_old_answer() {
        let epochs = Epochs::new();
        let (row, other) = (HashtagRow(5), HashtagRow(5 + PLACES));
        let epoch = epochs.epoch();
        epochs.change(&[other]);
        assert!(!epochs.is_fresh(row, epoch) && epochs.is_fresh(row, epochs.epoch()));
    }
}
