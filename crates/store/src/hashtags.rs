//! Reading hashtags.

use crate::merge::known_count;
use crate::row::row;
use crate::videos::VideoRow;
use crate::{Store, StoreError};
use domain::count::COUNT_MAX;
use domain::hashtag::{AsReadCounts, Observed, ReportedTimes};
use domain::observation::{HashtagCounts, HashtagDetails};
use domain::{Caveat, CaveatSet, Hashtag, HashtagId, HashtagRow, SourceSet, Tag, TagKey, Timestamp};
use std::collections::BTreeSet;

/// Lists of changes that are retained: a follower further behind starts over, which is then cheaper anyway.
pub(crate) const CHANGES_RETAINED: u64 = 1000;
/// Maximum number of lists a follower reads at once; with more it starts over.
pub(crate) const CHANGES_READ_MAX: u64 = CHANGES_RETAINED;

/// Changes since a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// The hashtags touched by the commits since, and the sequence reached.
    Hashtags {
        /// Row numbers, each once, ascending.
        hashtags: Vec<HashtagRow>,
        /// Sequence reached.
        sequence: u64,
    },
    /// The commits in between are no longer listed: start over.
    Gap,
}

impl Store {
    /// Returns the hashtag of this key.
    pub async fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_by_key(key),
            Self::Postgres(postgres) => postgres.hashtag_by_key(key).await,
        };
        self.counted(found?).await
    }

    /// Returns the hashtag that any record had with this id.
    pub async fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_by_id(id),
            Self::Postgres(postgres) => postgres.hashtag_by_id(id).await,
        };
        self.counted(found?).await
    }

    /// Returns hashtags by their row numbers, in the given order, without unassigned numbers.
    pub async fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtags(rows),
            Self::Postgres(postgres) => postgres.hashtags(rows).await,
        };
        self.counted_all(found?).await
    }

    /// Returns up to `limit` hashtags after a row number, ascending, to iterate over all of them.
    pub async fn hashtags_after(
        &self,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<Hashtag>, StoreError> {
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtags_after(after, limit),
            Self::Postgres(postgres) => postgres.hashtags_after(after, limit).await,
        };
        self.counted_all(found?).await
    }

    /// Returns the change sequence of the catalog.
    pub async fn sequence(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.sequence(),
            Self::Postgres(postgres) => postgres.sequence().await,
        }
    }

    /// Returns the identity of this store, a number drawn at its creation.
    pub async fn identity(&self) -> Result<u128, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.identity(),
            Self::Postgres(postgres) => Ok(postgres.identity),
        }
    }

    /// Lists the changes after a sequence.
    pub async fn changes_since(&self, sequence: u64) -> Result<Changes, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.changes_since(sequence),
            Self::Postgres(postgres) => postgres.changes_since(sequence).await,
        }
    }

    /// Counts hashtags and videos.
    pub async fn catalog_size(&self) -> Result<CatalogSize, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.size(),
            Self::Postgres(postgres) => postgres.catalog_size().await,
        }
    }
}

/// Size of the catalog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatalogSize {
    /// Hashtags.
    pub hashtags: u64,
    /// Videos, without removed ones.
    pub videos: u64,
    /// Removed videos.
    pub removed: u64,
    /// Last assigned row of a video; not every row up to it still exists.
    pub last_video: VideoRow,
}

/// Merges lists of changes, in their order.
pub(crate) struct Gathered {
    after: u64,
    reached: u64,
    hashtags: BTreeSet<u32>,
}

impl Gathered {
    /// Returns an empty list of changes after a sequence.
    pub(crate) fn after(after: u64) -> Self {
        Self { after, reached: after, hashtags: BTreeSet::new() }
    }

    /// Adds the list of the next sequence. Returns `false` for a gap: it is not the next, or one too many.
    #[must_use]
    pub(crate) fn push(&mut self, sequence: u64, hashtags: &[u8]) -> bool {
        if sequence != self.reached + 1 || sequence - self.after > CHANGES_READ_MAX {
            return false;
        }
        self.reached = sequence;
        self.hashtags.extend(tags_of_blob(hashtags));
        true
    }

    /// Ends the lists, which were read in one snapshot together with `sequence`.
    pub(crate) fn finish(self, sequence: u64) -> Changes {
        // A follower ahead of the store belongs to another one (a restored copy).
        if self.reached != sequence {
            return Changes::Gap;
        }
        Changes::Hashtags { hashtags: self.hashtags.into_iter().map(HashtagRow).collect(), sequence }
    }
}

/// Encodes row numbers of hashtags: 4 bytes each, little-endian.
pub(crate) fn tags_blob(rows: &[u32]) -> Vec<u8> {
    rows.iter().flat_map(|row| row.to_le_bytes()).collect()
}

/// Decodes [`tags_blob`].
pub(crate) fn tags_of_blob(blob: &[u8]) -> Vec<u32> {
    rows_of_blob(blob).collect()
}

/// Decodes [`tags_blob`], one by one.
pub(crate) fn rows_of_blob(blob: &[u8]) -> impl Iterator<Item = u32> {
    blob.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
}

row! {
    for HashtagDetails: details_columns {
        description: Option<String>,
        is_pgcshow: Option<bool>,
        is_commerce: Option<bool>,
        is_challenge: Option<bool>,
        is_strong_music: Option<bool>,
        kind: Option<i64>,
        cover: Option<String>,
    }
}

row! {
    /// A hashtag's row; three numbers are those of views, creators and videos, in this order.
    pub(crate) struct HashtagColumns<'r>: hashtag_columns {
        hashtag: i64,
        name: &'r str,
        id: Option<i64>,
        changed: i64,
        /// Number, views and creators of the stored videos.
        sums: [i64; 3] = ["held_videos", "held_views", "held_creators"],
        /// Bits of sources and of caveats of these sums.
        made_from: [i64; 2] = ["held_sources", "held_caveats"],
        reported: [Option<i64>; 3] = ["views", "creators", "videos"],
        reported_at: [Option<i64>; 3] = ["views_at", "creators_at", "videos_at"],
        rounded: i64,
        /// Set if another hashtag already had the usual assigned id.
        assigned_id: Option<i64>,
        /// Creators of stored videos that are known by handle alone.
        held_by_handle: i64,
        /// Newest reading of a stored video.
        held_at: Option<i64>,
        details: HashtagDetails = (crate::hashtags::details_columns),
    }
}

impl HashtagColumns<'_> {
    /// Decodes the row.
    pub(crate) fn into_hashtag(self) -> Result<Hashtag, StoreError> {
        let inconsistent =
            |column| StoreError::Inconsistent { table: "hashtags", column, row: self.hashtag.to_string() };
        let row = u32::try_from(self.hashtag).map_err(|_| inconsistent("hashtag"))?;
        let tag = Tag::new(self.name).map_err(|_| inconsistent("name"))?;
        let id = self.id.map(HashtagId::from_i64).transpose().map_err(|_| inconsistent("id"))?;
        let assigned_id = self.assigned_id.map(HashtagId::from_i64).transpose();
        let mut counts = [None; 3];
        for (n, count) in counts.iter_mut().enumerate() {
            *count = known_count(self.reported[n], self.rounded >> n & 1 == 1, self.reported_at[n]);
        }
        let [views, creators, videos] = counts.map(|known| known.map(|t| t.count));
        let [held_videos, held_views, held_creators] = self.sums.map(|n| n.max(0).unsigned_abs());
        let held_views = Some(held_views).filter(|views| *views <= COUNT_MAX);
        let mut caveats = CaveatSet::from_bits(self.made_from[1]);
        if held_views.is_none() {
            caveats.insert(Caveat::SumTooLarge);
        }
        Ok(Hashtag {
            row: HashtagRow(row),
            id,
            assigned_id: assigned_id.map_err(|_| inconsistent("assigned_id"))?,
            tag,
            reported: HashtagCounts { views, creators, videos },
            as_read: AsReadCounts::default(),
            reported_times: ReportedTimes::from_array(counts.map(|known| known.and_then(|t| t.at))),
            observed: Observed {
                videos: held_videos,
                views: held_views,
                creators: held_creators,
                by_handle: self.held_by_handle.max(0).unsigned_abs(),
                read_at: self.held_at.map(Timestamp::from_ms),
                sources: SourceSet::from_bits(self.made_from[0]),
                caveats,
            },
            details: self.details,
            changed: self.changed.max(0).unsigned_abs(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(after: u64, lists: &[(u64, &[u32])], sequence: u64) -> Changes {
        let mut gathered = Gathered::after(after);
        for (at, hashtags) in lists {
            if !gathered.push(*at, &tags_blob(hashtags)) {
                return Changes::Gap;
            }
        }
        gathered.finish(sequence)
    }

    #[test]
    fn lists_are_put_together_and_gaps_are_noticed() {
        let found = |rows: &[u32], sequence| Changes::Hashtags {
            hashtags: rows.iter().copied().map(HashtagRow).collect(),
            sequence,
        };
        assert_eq!(gather(3, &[(4, &[7, 9]), (5, &[1, 7])], 5), found(&[1, 7, 9], 5));
        assert_eq!(gather(5, &[], 5), found(&[], 5));
        assert_eq!(gather(3, &[(5, &[1])], 5), Changes::Gap, "the first list was dropped");
        assert_eq!(gather(3, &[], 5), Changes::Gap, "all lists were dropped");
        assert_eq!(gather(9, &[], 5), Changes::Gap, "the store was restored from a copy");
        let many: Vec<(u64, &[u32])> = (1..=CHANGES_READ_MAX + 1).map(|at| (at, &[1_u32][..])).collect();
        assert_eq!(gather(0, &many, CHANGES_READ_MAX + 1), Changes::Gap, "too far behind");
    }
}
