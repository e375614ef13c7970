//! Reading snapshots: the series of a hashtag or a video, as read, oldest first.

use crate::{Store, StoreError};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{HashtagRow, Source, Timestamp, VideoId};

/// One kept reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot<C> {
    /// When it was read.
    pub observed_at: Timestamp,
    /// By which way it came.
    pub source: Source,
    /// What was told.
    pub counts: C,
}

impl Store {
    /// The readings of a hashtag after a time (all, if `None`), at most `limit`.
    pub async fn hashtag_snapshots(
        &self,
        hashtag: HashtagRow,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_snapshots(hashtag, after, limit),
            Self::Postgres(postgres) => postgres.hashtag_snapshots(hashtag, after, limit).await,
        }
    }

    /// How many readings of a hashtag are kept.
    pub async fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_snapshots_count(hashtag),
            Self::Postgres(postgres) => postgres.hashtag_snapshots_count(hashtag).await,
        }
    }

    /// The readings of a video after a time (all, if `None`), at most `limit`.
    pub async fn video_snapshots(
        &self,
        video: VideoId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<VideoCounts>>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.video_snapshots(video, after, limit),
            Self::Postgres(postgres) => postgres.video_snapshots(video, after, limit).await,
        }
    }
}
