//! Reading snapshots: the series of a hashtag or a video, as read, oldest first.

use crate::merge::told;
use crate::{Store, StoreError};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{Count, HashtagRow, Source, Timestamp, VideoId};

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

/// A reading's row as it is stored, with the counts in the order of their columns.
pub(crate) struct SnapshotColumns<const N: usize> {
    pub(crate) observed_at: i64,
    pub(crate) source: i64,
    pub(crate) rounded: i64,
    pub(crate) counts: [Option<i64>; N],
}

impl<const N: usize> SnapshotColumns<N> {
    /// What the row says.
    pub(crate) fn into_snapshot<C>(
        self,
        counts: fn([Option<Count>; N]) -> C,
    ) -> Result<Snapshot<C>, StoreError> {
        let observed_at = Timestamp::from_ms(self.observed_at);
        let source = u8::try_from(self.source).ok().and_then(Source::from_number);
        let source = source.ok_or_else(|| StoreError::Inconsistent {
            table: "snapshots",
            column: "source",
            row: observed_at.to_rfc3339(),
        })?;
        let mut told_counts = [None; N];
        for (n, count) in told_counts.iter_mut().enumerate() {
            *count = told(self.counts[n], self.rounded >> n & 1 == 1, None).map(|t| t.count);
        }
        Ok(Snapshot { observed_at, source, counts: counts(told_counts) })
    }
}

/// The counts of a hashtag's reading, in the order of their columns.
pub(crate) fn hashtag_counts([views, creators, videos]: [Option<Count>; 3]) -> HashtagCounts {
    HashtagCounts { views, creators, videos }
}
