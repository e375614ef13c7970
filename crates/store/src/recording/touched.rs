//! Pending changes of hashtags in a transaction, and the row numbers of tags met lately.

use super::rows::HashtagRows;
use super::sums;
use super::zeros::FirstNonzero;
use crate::StoreError;
use crate::merge::{KnownCount, known_count};
use crate::row::row;
use domain::observation::{HashtagDetails, TagRef};
use domain::{CaveatSet, HashtagId, SourceSet, TagKey, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_128;

/// Tags remembered between look-ups: about 17 MB.
const KNOWN_TAGS_MAX: usize = 450_000;

/// Row and last reported id by XXH3-128 of the key. Two keys with one hash are improbable below 10^15 tags.
#[derive(Debug, Default)]
pub(crate) struct KnownTags(HashMap<(u64, u64), (u32, u64), BuildHasherDefault<PrehashedHasher>>);

/// Hasher for keys that are hashes already, and for row numbers, which nobody chooses: a multiplication is enough.
#[derive(Debug, Default)]
pub(crate) struct PrehashedHasher(u64);

impl Hasher for PrehashedHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
}

impl KnownTags {
    /// Forgets everything: after a transaction that failed, or when another process may have given rows out.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The row of a key, if it is known.
    pub(crate) fn row(&self, key: &str) -> Option<u32> {
        self.0.get(&Self::hash(key)).map(|(row, _)| *row)
    }

    fn hash(key: &str) -> (u64, u64) {
        let hash = xxh3_128(key.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        ((hash >> 64) as u64, hash as u64)
    }
}

/// Totals and description of a hashtag as they will stand, loaded when first needed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reported {
    /// Views, creators, videos.
    pub(crate) counts: [Option<KnownCount>; 3],
    pub(crate) details: HashtagDetails,
    pub(crate) details_at: Option<Timestamp>,
    pub(crate) is_dirty: bool,
    pub(crate) first_nonzero: FirstNonzero<3>,
}

row! {
    /// Reported columns of a hashtag's row.
    pub(crate) struct ReportedColumns: reported_columns {
        counts: [Option<i64>; 3] = ["views", "creators", "videos"],
        at: [Option<i64>; 3] = ["views_at", "creators_at", "videos_at"],
        rounded: i64,
        details: HashtagDetails = (crate::hashtags::details_columns),
        details_at: Option<i64>,
    }
}

impl ReportedColumns {
    /// Returns it with the times of its counts.
    pub(crate) fn reported(self) -> Reported {
        let counts =
            std::array::from_fn(|n| known_count(self.counts[n], self.rounded >> n & 1 == 1, self.at[n]));
        Reported {
            counts,
            details: self.details,
            details_at: self.details_at.map(Timestamp::from_ms),
            ..Reported::default()
        }
    }
}

/// One hashtag in the transaction.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Name and key when it is to be made.
    pub(crate) new: Option<(Box<str>, TagKey)>,
    /// The assigned id of a new one, where it is not the usual one of its key.
    pub(crate) assigned_id: Option<HashtagId>,
    pub(crate) videos: i64,
    pub(crate) views: i128,
    pub(crate) creators: i64,
    /// Number of these creators that are known by handle alone.
    pub(crate) by_handle: i64,
    /// The newest reading of a video under it, in milliseconds.
    pub(crate) held_at: Option<i64>,
    /// Sources of the readings that moved the sums.
    pub(crate) sources: SourceSet,
    /// Caveats of these readings.
    pub(crate) caveats: CaveatSet,
    pub(crate) ids: Vec<HashtagId>,
    pub(crate) reported: Option<Box<Reported>>,
    /// Something under it changed that moves no sum: a video's text, its order.
    pub(crate) is_stirred: bool,
}

impl Touched {
    /// Change of its sum of views, for the database, at most the largest sum.
    pub(crate) fn views_moved(&self) -> i64 {
        let most = i128::from(sums::VIEWS_MAX) + 1;
        i64::try_from(self.views.clamp(-most, most)).unwrap_or(sums::VIEWS_UNKNOWN)
    }

    /// The sum of views of one that is made.
    pub(crate) fn views_made(&self) -> i64 {
        sums::views(self.views)
    }

    /// Returns whether anything of it is other than before; ids aside.
    pub(super) fn is_changed(&self) -> bool {
        self.is_stirred
            || [self.videos, self.creators, self.by_handle].iter().any(|moved| *moved != 0)
            || self.views != 0
            || self.news().is_some()
    }

    /// Returns the reported values, if they changed.
    pub(crate) fn news(&self) -> Option<&Reported> {
        self.reported.as_deref().filter(|reported| reported.is_dirty)
    }
}

/// All of them, by row number.
pub(super) struct TouchedTags {
    hashtags: HashMap<u32, Touched, BuildHasherDefault<PrehashedHasher>>,
    /// The first row number that the transaction gives out.
    first: u32,
    next: u32,
    /// Number of hashtags to be made.
    made: usize,
}

impl TouchedTags {
    pub(super) fn new(next: u32) -> Self {
        Self { hashtags: HashMap::default(), first: next, next, made: 0 }
    }

    /// Rows from here on are of hashtags that the transaction makes.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// The row number that comes next.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The row number of a tag, given out now if it has none, and its id noted when that is news.
    pub(super) fn row(
        &mut self,
        rows: &mut impl HashtagRows,
        known: &mut KnownTags,
        tag: &TagRef,
    ) -> Result<u32, StoreError> {
        let hash = KnownTags::hash(tag.tag.key().as_str());
        self.bound(known);
        let (row, id) = match known.0.entry(hash) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => place.insert(self.find_or_make(rows, tag)?),
        };
        // An assigned id comes from answers of a Tagmeter: it is derived from the key and says nothing new.
        if let Some(news) = tag.id.filter(|news| news.get() != *id && !news.is_assigned()) {
            *id = news.get();
            self.hashtags.entry(*row).or_default().ids.push(news);
        }
        Ok(*row)
    }

    fn find_or_make(&mut self, rows: &mut impl HashtagRows, tag: &TagRef) -> Result<(u32, u64), StoreError> {
        let key = tag.tag.key().as_str();
        if let Some(found) = rows.find_tag(key)? {
            return Ok(found);
        }
        let row = self.next;
        self.next += 1;
        let touched = self.hashtags.entry(row).or_default();
        touched.new = Some((tag.tag.name().into(), tag.tag.key().clone()));
        self.made += 1;
        Ok((row, 0))
    }

    /// Forgets tags when there are too many, save those this transaction made: the database does not know them yet.
    fn bound(&self, known: &mut KnownTags) {
        if known.0.len() < KNOWN_TAGS_MAX + self.made {
            return;
        }
        known.0.clear();
        for (row, touched) in &self.hashtags {
            if let Some((_, key)) = &touched.new {
                let id = touched.ids.last().map_or(0, |id| id.get());
                known.0.insert(KnownTags::hash(key.as_str()), (*row, id));
            }
        }
    }

    /// All of them in the order of the table, so that they are written in order.
    pub(super) fn in_order(self) -> Vec<(u32, Touched)> {
        let mut hashtags: Vec<(u32, Touched)> = self.hashtags.into_iter().collect();
        hashtags.sort_unstable_by_key(|(row, _)| *row);
        hashtags
    }

    /// The entry of a hashtag.
    pub(super) fn entry(&mut self, row: u32) -> &mut Touched {
        self.hashtags.entry(row).or_default()
    }
}
