//! Frozen rankings: what the cursor of a walk points into.

use crate::videos::VideoRow;
use crate::{Store, StoreError};
use domain::{HashtagRow, Region, Timestamp};

/// A frozen ranking of the videos under a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its number as cursors carry it: 1 to `domain::cursor::GENERATION_MAX`, used again only long after it expired.
    pub slot: u64,
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// Only the videos of this region.
    pub region: Option<Region>,
    /// The hashtag's change sequence it was made at.
    pub changed: u64,
    /// When it was made.
    pub built_at: Timestamp,
    /// Videos in it.
    pub videos: u64,
}

impl Store {
    /// Keeps a ranking. Rankings made before `expired_before` are dropped.
    pub async fn keep_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        changed: u64,
        built_at: Timestamp,
        expired_before: Timestamp,
        videos: Vec<VideoRow>,
    ) -> Result<Generation, StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                let identity = sqlite.catalog.identity()?;
                let generation = NewGeneration { hashtag, region, changed, built_at, expired_before, videos };
                sqlite.walks.keep(identity, generation).await
            }
        }
    }

    /// The newest ranking kept of a hashtag.
    pub async fn newest_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.newest(sqlite.catalog.identity()?, hashtag, region),
        }
    }

    /// The ranking of a cursor's number, if it is still kept.
    pub async fn generation(&self, slot: u64) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.generation(sqlite.catalog.identity()?, slot),
        }
    }

    /// Part of a ranking: at most `count` videos from `position` on.
    pub async fn ranked(&self, slot: u64, position: u64, count: u32) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.ranked(slot, position, count),
        }
    }
}

/// A ranking to be kept.
#[derive(Debug)]
pub(crate) struct NewGeneration {
    pub(crate) hashtag: HashtagRow,
    pub(crate) region: Option<Region>,
    pub(crate) changed: u64,
    pub(crate) built_at: Timestamp,
    pub(crate) expired_before: Timestamp,
    pub(crate) videos: Vec<VideoRow>,
}
