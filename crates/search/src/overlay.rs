//! The overlay, all changes since the base was built: a few documents compared one by one, and segments in memory.
//!
//! A change goes to the fresh documents; when there are many they become a segment of their own, and segments of about
//! the same size are merged, so that a query meets few of them however much has changed. Everything is immutable:
//! a change makes a new state that shares what stayed, and queries go on with the one they began with.

use crate::documents::{Group, Record};
use crate::invert::Inverter;
use crate::segment::{Label, OpenError, Segment, SegmentWriter};
use crate::sorter::Sorter;
use crate::storage::Storage;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

/// Fresh documents, all of which every query looks at.
pub(super) const FRESH_MAX: usize = 1024;

/// Segments of a size that are left apart.
const SAME_SIZE_MAX: usize = 3;

/// Each size of segments is so many times the one before.
const SIZE_FACTOR: usize = 4;

/// Documents compared one by one.
#[derive(Debug, Clone, Default)]
pub(super) struct Fresh {
    pub(super) documents: Vec<Arc<Record>>,
    places: HashMap<u32, usize>,
}

impl Fresh {
    pub(super) fn put(&mut self, record: Record) {
        let next = self.documents.len();
        match *self.places.entry(record.hashtag).or_insert(next) {
            place if place < next => self.documents[place] = Arc::new(record),
            _ => self.documents.push(Arc::new(record)),
        }
    }

    pub(super) fn holds(&self, hashtag: u32) -> bool {
        self.places.contains_key(&hashtag)
    }
}

/// A segment in memory and the hashtags in it, ascending.
#[derive(Debug)]
pub(super) struct Tier {
    pub(super) segment: Segment,
    hashtags: Vec<u32>,
}

impl Tier {
    pub(super) fn build<'r>(records: impl IntoIterator<Item = &'r Record>) -> Result<Self, OpenError> {
        let mut sorter = Sorter::new(None, usize::MAX);
        let mut hashtags = Vec::new();
        for record in records {
            sorter.push(
                record.reach,
                record.hashtag,
                &record.form,
                record.key.as_deref().unwrap_or_default(),
            )?;
            hashtags.push(record.hashtag);
        }
        hashtags.sort_unstable();
        let mut writer = SegmentWriter::new(Vec::new(), sorter.count(), Inverter::new(None, usize::MAX))?;
        sorter.finish(|record| writer.push(record))?;
        let bytes = writer.finish(Label { identity: 0, sequence: 0 })?;
        Ok(Self { segment: Segment::open(Storage::Memory(bytes))?, hashtags })
    }

    pub(super) fn holds(&self, hashtag: u32) -> bool {
        self.hashtags.binary_search(&hashtag).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.hashtags.len()
    }

    fn size(&self) -> u32 {
        (self.len() / FRESH_MAX).max(1).ilog(SIZE_FACTOR)
    }

    fn records(&self) -> io::Result<Vec<Record>> {
        let mut group = Group::default();
        (0..self.segment.documents.count)
            .map(|rank| {
                self.segment.documents.load(&self.segment.storage, rank, &mut group)?;
                group.record(rank)
            })
            .collect()
    }
}

/// Adds the newest tier, then merges the newest ones as long as too many have about the same size.
pub(super) fn add_tier(tiers: &mut Vec<Arc<Tier>>, newest: Tier) -> Result<(), OpenError> {
    tiers.push(Arc::new(newest));
    loop {
        let size = tiers.last().map_or(0, |tier| tier.size());
        let merging = tiers.iter().rev().take_while(|tier| tier.size() <= size).count();
        if merging <= SAME_SIZE_MAX {
            return Ok(());
        }
        let (mut seen, mut records) = (HashSet::new(), Vec::new());
        for tier in tiers.drain(tiers.len() - merging..).rev() {
            records.extend(tier.records()?.into_iter().filter(|record| seen.insert(record.hashtag)));
        }
        tiers.push(Arc::new(Tier::build(&records)?));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_stay_few_and_the_newest_wins() {
        let mut tiers = Vec::new();
        for round in 0..40u32 {
            let records: Vec<Record> = (0..FRESH_MAX as u32)
                .map(|i| Record {
                    hashtag: (round * 700 + i) % 20_000,
                    reach: u64::from(round),
                    form: format!("t{i}"),
                    key: None,
                })
                .collect();
            add_tier(&mut tiers, Tier::build(&records).unwrap()).unwrap();
            assert!(tiers.len() <= 9, "{} tiers", tiers.len());
        }
        let newest = tiers.iter().rev().find(|tier| tier.holds(39 * 700 % 20_000)).unwrap();
        let records = newest.records().unwrap();
        let record = records.iter().find(|record| record.hashtag == 39 * 700 % 20_000).unwrap();
        assert_eq!(record.reach, 39);
    }
}
