//! Reading snapshots: the unrepaired series of a hashtag or a video, oldest first, and those of many hashtags
//! one after another. Rows of hashtags are runs of readings (`runs.rs`); every reading is returned.

use crate::merge::known_count;
use crate::row::row;
use crate::runs::ReadingPlace;
use crate::{Store, StoreError};
use domain::metrics::Reading;
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{Count, HashtagRow, Source, Timestamp, VideoId};
use std::ops::RangeInclusive;

/// One stored reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot<C> {
    /// Reading time.
    pub observed_at: Timestamp,
    /// Source.
    pub source: Source,
    /// Reported counts.
    pub counts: C,
}

/// A reading of a hashtag among those of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashtagReading {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// The reading.
    pub snapshot: Snapshot<HashtagCounts>,
}

/// Returns one count of the readings that report it.
pub fn readings_of(
    snapshots: &[Snapshot<HashtagCounts>],
    count: fn(&HashtagCounts) -> Option<Count>,
) -> Vec<Reading> {
    let reading = |snapshot: &Snapshot<HashtagCounts>| {
        let count = count(&snapshot.counts)?;
        Some(Reading { at: snapshot.observed_at, count, source: snapshot.source })
    };
    snapshots.iter().filter_map(reading).collect()
}

/// Returns the place of a reading, else the one before all readings of a hashtag.
fn place_of(after: Option<&HashtagReading>, first: HashtagRow) -> ReadingPlace {
    match after {
        Some(HashtagReading { hashtag, snapshot }) => ReadingPlace {
            hashtag: i64::from(hashtag.0),
            observed_at: snapshot.observed_at.as_ms(),
            source: i64::from(snapshot.source.number()),
        },
        None => ReadingPlace { hashtag: i64::from(first.0), observed_at: i64::MIN, source: i64::MIN },
    }
}

impl Store {
    /// Returns up to `limit` readings of neighbouring hashtags, ascending by hashtag, time and source, after
    /// one of them (from the beginning, if `None`). The range limits what each shard of a cluster sends.
    pub async fn hashtag_readings(
        &self,
        hashtags: RangeInclusive<HashtagRow>,
        after: Option<&HashtagReading>,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        let (place, last) = (place_of(after, *hashtags.start()), *hashtags.end());
        self.readings_after(place, last, limit).await
    }

    async fn readings_after(
        &self,
        place: ReadingPlace,
        last: HashtagRow,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_readings(place, last, limit),
            Self::Postgres(postgres) => postgres.hashtag_readings(place, last, limit).await,
        }
    }

    /// Returns up to `limit` readings of a hashtag after a time (all, if `None`).
    pub async fn hashtag_snapshots(
        &self,
        hashtag: HashtagRow,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        let after = after.map_or(i64::MIN, Timestamp::as_ms);
        let readings =
            self.readings_after(ReadingPlace::after_moment(hashtag, after), hashtag, limit).await?;
        Ok(readings.into_iter().map(|reading| reading.snapshot).collect())
    }

    /// Returns all readings of a hashtag that had come in by a moment, with their counts as they were then. A reading
    /// of which it is not stored when it came in counts from when it was taken.
    pub async fn hashtag_snapshots_as_of(
        &self,
        hashtag: HashtagRow,
        as_of: Timestamp,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        let (readings, superseded) = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.readings_as_of(hashtag, as_of)?,
            Self::Postgres(postgres) => postgres.readings_as_of(hashtag, as_of).await?,
        };
        let mut snapshots: Vec<_> = readings.into_iter().map(|reading| reading.snapshot).collect();
        if !superseded.is_empty() {
            snapshots.extend(superseded);
            snapshots.sort_by_key(|snapshot| (snapshot.observed_at, snapshot.source.number()));
        }
        Ok(snapshots)
    }

    /// Returns when data last came in: what is known as of then stays the same whatever is recorded later. `None` if
    /// nothing was recorded since that is stored.
    pub async fn arrived_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let ms = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.arrived_at()?,
            Self::Postgres(postgres) => postgres.arrived_at().await?,
        };
        Ok((ms > 0).then(|| Timestamp::from_ms(ms)))
    }

    /// Counts the stored readings of a hashtag.
    pub async fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_snapshots_count(hashtag),
            Self::Postgres(postgres) => postgres.hashtag_snapshots_count(hashtag).await,
        }
    }

    /// Returns up to `limit` readings of a video after a time (all, if `None`).
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

/// A reading's stored row, with the counts in the order of their columns.
pub(crate) struct SnapshotColumns<const N: usize> {
    pub(crate) observed_at: i64,
    pub(crate) source: i64,
    pub(crate) rounded: i64,
    pub(crate) counts: [Option<i64>; N],
}

row! {
    for SnapshotColumns<3>: hashtag_snapshot_columns {
        observed_at: i64,
        source: i64,
        rounded: i64,
        counts: [Option<i64>; 3] = ["views", "creators", "videos"],
    }
}

row! {
    for SnapshotColumns<6>: video_snapshot_columns {
        observed_at: i64,
        source: i64,
        rounded: i64,
        counts: [Option<i64>; 6] = ["plays", "likes", "comments", "shares", "saves", "downloads"],
    }
}

impl<const N: usize> SnapshotColumns<N> {
    /// Decodes the row.
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
        let mut values = [None; N];
        for (n, count) in values.iter_mut().enumerate() {
            *count = known_count(self.counts[n], self.rounded >> n & 1 == 1, None).map(|t| t.count);
        }
        Ok(Snapshot { observed_at, source, counts: counts(values) })
    }
}

/// Converts the counts of a hashtag's reading, in the order of their columns.
pub(crate) fn hashtag_counts([views, creators, videos]: [Option<Count>; 3]) -> HashtagCounts {
    HashtagCounts { views, creators, videos }
}
