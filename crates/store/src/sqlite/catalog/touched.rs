//! What a transaction has found out about hashtags and not written yet, and the row numbers of tags met lately.

use super::merge::Told;
use crate::StoreError;
use crate::error::Doing;
use domain::observation::{HashtagDetails, TagRef};
use domain::{HashtagId, Timestamp};
use rusqlite::{OptionalExtension, Statement, Transaction};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_128;

/// Tags remembered between look-ups: about 17 MB.
const KNOWN_TAGS_MAX: usize = 450_000;

/// Row and last told id by XXH3-128 of the key. Two keys of one hash are not to be feared below 10^15 tags.
#[derive(Debug, Default)]
pub(super) struct KnownTags(HashMap<[u64; 2], (u32, u64)>);

impl KnownTags {
    /// Forgets everything: after a transaction that failed, or when another process may have given rows out.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn hash(key: &str) -> [u64; 2] {
        let hash = xxh3_128(key.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        [(hash >> 64) as u64, hash as u64]
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

/// All of them, by row number; in order, so that they are written in order.
pub(super) struct TouchedTags<'c> {
    pub(super) hashtags: BTreeMap<u32, Touched>,
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
            hashtags: BTreeMap::new(),
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
        let (row, id) = match known.0.get(&hash) {
            Some(found) => *found,
            None => self.find_or_make(tag)?,
        };
        let told = tag.id.map_or(0, HashtagId::get);
        if let Some(news) = tag.id.filter(|_| told != id) {
            self.hashtags.entry(row).or_default().ids.push(news);
        }
        self.bound(known);
        known.0.insert(hash, (row, if told == 0 { id } else { told }));
        Ok(row)
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

    /// The entry of a hashtag.
    pub(super) fn entry(&mut self, row: u32) -> &mut Touched {
        self.hashtags.entry(row).or_default()
    }
}
