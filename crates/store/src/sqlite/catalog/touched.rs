//! What a transaction has found out about hashtags and not written yet, and the row numbers of tags met lately.

use crate::StoreError;
use crate::error::Doing;
use crate::merge::Told;
use domain::observation::{HashtagDetails, TagRef};
use domain::{HashtagId, Timestamp};
use rusqlite::{OptionalExtension, Statement, Transaction};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_128;

/// Tags remembered between look-ups: about 17 MB.
const KNOWN_TAGS_MAX: usize = 450_000;

/// Row and last told id by XXH3-128 of the key. Two keys of one hash are not to be feared below 10^15 tags.
#[derive(Debug, Default)]
pub(super) struct KnownTags(HashMap<(u64, u64), (u32, u64), BuildHasherDefault<Spread>>);

/// Hashes what is spread already, and row numbers, which nobody chooses: a multiplication is enough.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
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
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn hash(key: &str) -> (u64, u64) {
        let hash = xxh3_128(key.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        ((hash >> 64) as u64, hash as u64)
    }
}

/// Totals and description of a hashtag as they will stand, loaded when first needed.
#[derive(Debug, Default, Clone)]
pub(super) struct Reported {
    /// Views, creators, videos.
    pub(super) counts: [Option<Told>; 3],
    pub(super) details: HashtagDetails,
    pub(super) details_at: Option<Timestamp>,
    pub(super) is_dirty: bool,
}

/// One hashtag in the transaction.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Name and key when it is to be made.
    pub(super) new: Option<(Box<str>, Box<str>)>,
    pub(super) videos: i64,
    pub(super) views: i64,
    pub(super) creators: i64,
    pub(super) ids: Vec<HashtagId>,
    pub(super) reported: Option<Box<Reported>>,
    /// Something under it changed that moves no sum: a video's text, its order.
    pub(super) is_stirred: bool,
}

/// All of them, by row number.
pub(super) struct TouchedTags<'c> {
    hashtags: HashMap<u32, Touched, BuildHasherDefault<Spread>>,
    next: u32,
    /// How many of them are to be made.
    made: usize,
    find: Statement<'c>,
    id_of: Statement<'c>,
}

impl<'c> TouchedTags<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let next: u32 = transaction
            .query_row("SELECT coalesce(max(hashtag), 0) + 1 FROM hashtags", [], |row| row.get(0))
            .doing("find the next hashtag row")?;
        Ok(Self {
            hashtags: HashMap::default(),
            next,
            made: 0,
            find: transaction
                .prepare("SELECT hashtag FROM hashtag_keys WHERE key = ?1")
                .doing("look a tag up")?,
            id_of: transaction
                .prepare("SELECT coalesce(id, 0) FROM hashtags WHERE hashtag = ?1")
                .doing("look a tag's id up")?,
        })
    }

    /// The row number of a tag, given out now if it has none, and its id noted when that is news.
    pub(super) fn row(&mut self, known: &mut KnownTags, tag: &TagRef) -> Result<u32, StoreError> {
        let hash = KnownTags::hash(tag.tag.key().as_str());
        self.bound(known);
        let (row, id) = match known.0.entry(hash) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => place.insert(self.find_or_make(tag)?),
        };
        if let Some(news) = tag.id.filter(|news| news.get() != *id) {
            *id = news.get();
            self.hashtags.entry(*row).or_default().ids.push(news);
        }
        Ok(*row)
    }

    fn find_or_make(&mut self, tag: &TagRef) -> Result<(u32, u64), StoreError> {
        let key = tag.tag.key().as_str();
        let found: Option<u32> =
            self.find.query_row([key], |row| row.get(0)).optional().doing("look a tag up")?;
        if let Some(row) = found {
            let id: i64 = self
                .id_of
                .query_row([row], |row| row.get(0))
                .optional()
                .doing("look a tag's id up")?
                .unwrap_or(0);
            return Ok((row, id.unsigned_abs()));
        }
        let row = self.next;
        self.next += 1;
        let touched = self.hashtags.entry(row).or_default();
        touched.new = Some((tag.tag.name().into(), key.into()));
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
                known.0.insert(KnownTags::hash(key), (*row, id));
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
