//! Reading videos: the order they stand in under a hashtag, and their ready JSON.

use crate::{Store, StoreError};
use domain::{HashtagRow, Region, VideoId};

/// The number a video has in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VideoRow(pub u64);

impl Store {
    /// The videos under a hashtag, most plays first, newer ids first among equals; only those of a region if given.
    pub async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.ranking(hashtag, region),
            Self::Postgres(postgres) => postgres.ranking(hashtag, region).await,
        }
    }

    /// Ready JSON of videos, packed (`domain::fragment`), in the order asked.
    pub async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.packed(videos),
            Self::Postgres(postgres) => postgres.packed(videos).await,
        }
    }

    /// The rows of videos, each once and ascending; those that are not held are left out.
    pub async fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        let mut rows = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.video_rows(ids)?,
            Self::Postgres(postgres) => postgres.video_rows(ids).await?,
        };
        rows.sort_unstable();
        rows.dedup();
        Ok(rows)
    }
}
