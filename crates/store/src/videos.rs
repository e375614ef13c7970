//! Reading videos: the order they stand in under a hashtag, and their ready JSON.

use crate::{Store, StoreError};
use domain::observation::VideoCounts;
use domain::{HashtagRow, Region, Timestamp, VideoId};

/// The number a video has in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VideoRow(pub u64);

/// What is held of a video beside its ready JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoRecord {
    /// Which video.
    pub id: VideoId,
    /// Newest count told of each kind.
    pub counts: VideoCounts,
    /// When the newest reading was made, where told.
    pub observed_at: Option<Timestamp>,
    /// Row numbers of its hashtags.
    pub hashtags: Vec<HashtagRow>,
    /// Its ready JSON, packed (`domain::fragment`).
    pub packed: Vec<u8>,
}

impl Store {
    /// The videos under a hashtag, most plays first, newer ids first among equals; only those of a region if given.
    pub async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.ranking(hashtag, region),
        }
    }

    /// Ready JSON of videos, packed (`domain::fragment`), in the order asked.
    pub async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.packed(videos),
        }
    }

    /// One video.
    pub async fn video(&self, id: VideoId) -> Result<Option<VideoRecord>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.video(id),
        }
    }
}
