//! Reading stored sums over windows ahead of a file that repeats them.
//!
//! An `INSERT OR IGNORE` searches the table for each reading, in vain when a file is imported again. A scan of
//! the next rows of the same hashtag finds many of them at a fraction of the cost. So after some stored
//! readings of a hashtag, its next rows are buffered, and readings found among them need no statement. Others
//! take the usual way: the buffer affects nothing but speed. It lives as long as a transaction, the only
//! writer.

use crate::StoreError;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Repeated readings of a hashtag before its next rows are read for the first time; four times as many after
/// each time when fewer than half of the rows were used, as in a file of another order.
const REPEATS_MIN: u32 = 4;
const REPEATS_MAX: u32 = 1 << 20;

/// Rows read the first time; twice as many each time after, up to [`ROWS_MAX`].
const ROWS_FIRST: u32 = 32;
const ROWS_MAX: u32 = 1024;

/// Maximum number of buffered rows of all hashtags, above which all are dropped: some 10 MB.
const ROWS_OF_ALL_MAX: usize = 1 << 17;

/// The buffered rows of each hashtag, by their keys, ascending.
#[derive(Debug)]
pub(super) struct ReadAhead<K> {
    hashtags: HashMap<u32, Ahead<K>>,
    rows: usize,
}

#[derive(Debug)]
struct Ahead<K> {
    rows: Vec<K>,
    /// Place where the next reading is expected among them.
    next: usize,
    /// Readings found among the rows.
    hits: usize,
    /// Repeated readings that were not among the rows, since the rows were read.
    repeats: u32,
    /// Repeats before the next rows are read.
    repeats_min: u32,
    /// Rows to read the next time.
    size: u32,
}

impl<K> Default for ReadAhead<K> {
    fn default() -> Self {
        Self { hashtags: HashMap::new(), rows: 0 }
    }
}

impl<K> Default for Ahead<K> {
    fn default() -> Self {
        Self { rows: Vec::new(), next: 0, hits: 0, repeats: 0, repeats_min: REPEATS_MIN, size: ROWS_FIRST }
    }
}

impl<K> ReadAhead<K> {
    /// Returns the row of a reading, if it is buffered. `order` compares a row with the reading.
    pub(super) fn find(&mut self, hashtag: u32, order: impl Fn(&K) -> Ordering) -> Option<&K> {
        let ahead = self.hashtags.get_mut(&hashtag)?;
        let found = match ahead.rows.get(ahead.next) {
            Some(next) if order(next).is_eq() => Ok(ahead.next),
            _ => ahead.rows.binary_search_by(order),
        };
        let place = found.ok()?;
        ahead.next = place + 1;
        ahead.hits += 1;
        ahead.rows.get(place)
    }

    /// Counts a repeated reading that is not buffered; once there are enough, `read` reads up to so many rows
    /// from it on.
    pub(super) fn repeated(
        &mut self,
        hashtag: u32,
        read: impl FnOnce(u32) -> Result<Vec<K>, StoreError>,
    ) -> Result<(), StoreError> {
        let ahead = self.hashtags.entry(hashtag).or_default();
        ahead.repeats += 1;
        if ahead.repeats < ahead.repeats_min {
            return Ok(());
        }
        let rows = read(ahead.size)?;
        self.rows = self.rows + rows.len() - ahead.rows.len();
        // The first row is the reading itself.
        (ahead.next, ahead.repeats) = (1, 0);
        if ahead.rows.is_empty() || ahead.hits * 2 >= ahead.rows.len() {
            (ahead.repeats_min, ahead.size) = (1, (ahead.size * 2).min(ROWS_MAX));
        } else {
            (ahead.repeats_min, ahead.size) =
                ((ahead.repeats_min.max(REPEATS_MIN) * 4).min(REPEATS_MAX), ROWS_FIRST);
        }
        (ahead.rows, ahead.hits) = (rows, 1);
        if self.rows > ROWS_OF_ALL_MAX {
            *self = Self::default();
        }
        Ok(())
    }

    /// Resets the count after a new reading: the file does not only repeat stored ones.
    pub(super) fn is_new(&mut self, hashtag: u32) {
        if let Some(ahead) = self.hashtags.get_mut(&hashtag) {
            (ahead.repeats, ahead.repeats_min) = (0, ahead.repeats_min.max(REPEATS_MIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Stores readings in a table that ignores repeats; returns which were new, and the statements and rows
    /// needed.
    fn take(table: &mut BTreeSet<(u32, i64)>, readings: &[(u32, i64)]) -> (Vec<bool>, usize, usize) {
        let (mut ahead, mut statements, mut rows_read) = (ReadAhead::<i64>::default(), 0, 0);
        let made = readings.iter().map(|&(hashtag, at)| {
            if ahead.find(hashtag, |row| row.cmp(&at)).is_some() {
                return false;
            }
            statements += 1;
            let made = table.insert((hashtag, at));
            if made {
                ahead.is_new(hashtag);
            } else {
                let rows = |size: u32| {
                    statements += 1;
                    let rows = table.range((hashtag, at)..(hashtag + 1, i64::MIN)).map(|(_, at)| *at);
                    let rows: Vec<_> = rows.take(size as usize).collect();
                    rows_read += rows.len();
                    Ok(rows)
                };
                ahead.repeated(hashtag, rows).expect("rows");
            }
            made
        });
        (made.collect(), statements, rows_read)
    }

    proptest! {
        /// Readings are new exactly if they are new to the table, in any order and with any repeats.
        #[test]
        fn nothing_but_speed_changes(
            stored in prop::collection::btree_set((0u32..3, 0i64..400), 0..400),
            mut readings in prop::collection::vec((0u32..3, 0i64..400), 0..800),
            is_sorted: bool,
        ) {
            if is_sorted {
                readings.sort_unstable();
            }
            let mut naive = stored.clone();
            let expected: Vec<bool> = readings.iter().map(|reading| naive.insert(*reading)).collect();
            let mut table = stored;
            let (made, ..) = take(&mut table, &readings);
            prop_assert_eq!(made, expected);
            prop_assert_eq!(table, naive);
        }
    }

    #[test]
    fn repeats_in_order_take_few_statements() {
        let by_hashtag: Vec<_> = (0..20).flat_map(|hashtag| (0..700).map(move |at| (hashtag, at))).collect();
        let by_time: Vec<_> = (0..700).flat_map(|at| (0..20).map(move |hashtag| (hashtag, at))).collect();
        for readings in [by_hashtag, by_time] {
            let mut table: BTreeSet<_> = readings.iter().copied().collect();
            let (made, statements, rows_read) = take(&mut table, &readings);
            assert!(!made.contains(&true));
            assert!(statements < readings.len() / 40, "{statements} of {}", readings.len());
            assert!(rows_read <= readings.len(), "{rows_read} of {}", readings.len());
        }
    }

    #[test]
    fn repeats_in_another_order_cost_little_more_than_their_statements() {
        let descending: Vec<_> = (0..40_000).rev().map(|at| (0, at)).collect();
        let scattered: Vec<_> = (0..40_000).map(|n| (0, n * 7919 % 40_000)).collect();
        for readings in [descending, scattered] {
            let mut table: BTreeSet<_> = readings.iter().copied().collect();
            let (_, statements, rows_read) = take(&mut table, &readings);
            assert!(statements <= readings.len() * 11 / 10, "{statements}");
            assert!(rows_read <= readings.len() / 10, "{rows_read}");
        }
    }

    #[test]
    fn new_readings_among_old_ones_read_nothing_ahead() {
        let readings: Vec<_> = (0..1000).map(|at| (0, at)).collect();
        let mut table: BTreeSet<_> = readings.iter().copied().filter(|(_, at)| at % 3 != 0).collect();
        let (_, statements, _) = take(&mut table, &readings);
        assert_eq!(statements, readings.len());
    }

    #[test]
    fn what_is_in_memory_is_bounded() {
        let mut ahead = ReadAhead::<i64>::default();
        for hashtag in 0..1000 {
            for _ in 0..40 {
                ahead.repeated(hashtag, |size| Ok((0..i64::from(size)).collect())).expect("rows");
            }
            assert!(ahead.rows <= ROWS_OF_ALL_MAX);
            assert_eq!(ahead.rows, ahead.hashtags.values().map(|ahead| ahead.rows.len()).sum::<usize>());
        }
        assert!(ahead.find(999, |row| row.cmp(&0)).is_some());
    }
}
