//! Reading snapshots.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::runs::{ReadingPlace, Readings, run_columns};
use crate::snapshots::{
    HashtagReading, Snapshot, SnapshotColumns, hashtag_counts, hashtag_snapshot_columns,
    video_snapshot_columns,
};
use crate::trends::{HashtagReadings, SeriesFacts, facts_of};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{HashtagRow, Timestamp, VideoId};
use rusqlite::Connection;

/// Runs of hashtags `?1` to `?4` with readings from hashtag `?1` and time `?2` on, of which none began before `?3`.
const OF_HASHTAGS: &str = concat!(
    "SELECT hashtag, ",
    run_columns!(),
    " FROM hashtag_snapshots WHERE (hashtag, observed_at) >= (?1, ?3) AND hashtag <= ?4
        AND (hashtag > ?1 OR coalesce(last_at, observed_at) >= ?2)
      ORDER BY hashtag, observed_at, source"
);
/// All runs of hashtag `?1`.
const OF_HASHTAG: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM hashtag_snapshots WHERE hashtag = ?1 ORDER BY observed_at, source"
);
/// Readings of hashtag `?1` as they were known at `?2`, where they are others now.
const SUPERSEDED: &str = concat!(
    "SELECT ",
    hashtag_snapshot_columns!(),
    " FROM hashtag_superseded
      WHERE hashtag = ?1 AND superseded_at > ?2 AND coalesce(arrived_at, observed_at) <= ?2"
);
/// `?1` video, `?2` after this time, `?3` limit.
const OF_VIDEO: &str = concat!(
    "SELECT ",
    video_snapshot_columns!(),
    " FROM video_snapshots WHERE video = (SELECT video FROM video_ids WHERE id = ?1) AND observed_at > ?2
      ORDER BY observed_at, source LIMIT ?3"
);
impl CatalogFile {
    pub(crate) fn hashtag_readings(
        &self,
        after: ReadingPlace,
        last: HashtagRow,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        self.readers.with(|connection| readings(connection, after, last, limit))
    }

    /// Returns the readings that had come in by a moment and are as they were then, and those that are others now.
    pub(crate) fn readings_as_of(
        &self,
        hashtag: HashtagRow,
        as_of: Timestamp,
    ) -> Result<(Vec<HashtagReading>, Vec<Snapshot<HashtagCounts>>), StoreError> {
        const DOING: &str = "read snapshots as of a moment";
        self.readers.with_snapshot(|connection| {
            let mut readings = Readings::as_of(hashtag, as_of);
            let mut statement = connection.prepare_cached(OF_HASHTAG).doing(DOING)?;
            let mut rows = statement.query([hashtag.0]).doing(DOING)?;
            while let Some(row) = rows.next().doing(DOING)? {
                readings.push(i64::from(hashtag.0), row::read(row).doing(DOING)?)?;
            }
            let mut superseded = Vec::new();
            let mut statement = connection.prepare_cached(SUPERSEDED).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, as_of.as_ms())).doing(DOING)?;
            while let Some(row) = rows.next().doing(DOING)? {
                let columns: SnapshotColumns<3> = row::sqlite(row).doing(DOING)?;
                superseded.push(columns.into_snapshot(hashtag_counts)?);
            }
            Ok((readings.finish(), superseded))
        })
    }

    pub(crate) fn arrived_at(&self) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT arrived_at FROM store";
        let read = |connection: &Connection| connection.query_row(SQL, [], row::sqlite);
        self.readers.with(|connection| read(connection).doing("read when data last came in"))
    }

    pub(crate) fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        self.readers.with(|connection| {
            connection
                .query_row(
                    "SELECT coalesce(sum(readings), 0) FROM hashtag_snapshots WHERE hashtag = ?1",
                    [hashtag.0],
                    row::sqlite::<i64>,
                )
                .map(i64::cast_unsigned)
                .doing("count snapshots")
        })
    }

    pub(crate) fn video_snapshots(
        &self,
        video: VideoId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<VideoCounts>>, StoreError> {
        const DOING: &str = "read snapshots";
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(OF_VIDEO).doing(DOING)?;
            let after = after.map_or(i64::MIN, Timestamp::as_ms);
            let mut rows = statement.query((video.to_i64(), after, limit)).doing(DOING)?;
            let mut series = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                let columns: SnapshotColumns<6> = row::sqlite(row).doing(DOING)?;
                series.push(columns.into_snapshot(VideoCounts::from_array)?);
            }
            Ok(series)
        })
    }

    pub(crate) fn series_facts(&self, hashtags: &[HashtagRow]) -> Result<Vec<SeriesFacts>, StoreError> {
        const DOING: &str = "look at series";
        let mut sorted = hashtags.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT coalesce(sum(readings), 0), max(coalesce(last_at, observed_at))
                     FROM hashtag_snapshots WHERE hashtag = ?1 AND views IS NOT NULL",
                )
                .doing(DOING)?;
            let mut found = Vec::new();
            for hashtag in sorted {
                let (readings, newest): (i64, Option<i64>) =
                    statement.query_row([hashtag.0], row::sqlite).doing(DOING)?;
                if let Some(newest) = newest.filter(|_| readings >= 2) {
                    found.push(facts_of((hashtag.0.into(), readings, newest))?);
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn hashtags_readings(
        &self,
        hashtags: &[HashtagRow],
        snapshots_max: u32,
    ) -> Result<Vec<HashtagReadings>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let (mut found, mut left) = (Vec::with_capacity(hashtags.len()), i64::from(snapshots_max));
            for &hashtag in hashtags {
                // One more than there is room for reveals that this one has too many.
                let limit = if found.is_empty() { u32::MAX } else { u32::try_from(left + 1).unwrap_or(0) };
                let after = ReadingPlace::after_moment(hashtag, i64::MIN);
                let read = readings(connection, after, hashtag, limit)?;
                let snapshots: Vec<_> = read.into_iter().map(|reading| reading.snapshot).collect();
                left -= i64::try_from(snapshots.len()).unwrap_or(i64::MAX);
                if left >= 0 || found.is_empty() {
                    found.push(HashtagReadings { hashtag, snapshots });
                }
                if left < 0 {
                    break;
                }
            }
            Ok(found)
        })
    }
}

/// Reads up to `limit` readings after a place. Runs are read as far as that needs.
fn readings(
    connection: &Connection,
    after: ReadingPlace,
    last: HashtagRow,
    limit: u32,
) -> Result<Vec<HashtagReading>, StoreError> {
    const DOING: &str = "read snapshots of hashtags";
    let mut statement = connection.prepare_cached(OF_HASHTAGS).doing(DOING)?;
    let wanted = (after.hashtag, after.observed_at, after.runs_from(), last.0);
    let mut rows = statement.query(wanted).doing(DOING)?;
    let mut readings = Readings::new(after, limit);
    while let Some(row) = rows.next().doing(DOING)? {
        let (hashtag, run) = row::read(row).doing(DOING)?;
        if !readings.push(hashtag, run)? {
            break;
        }
    }
    Ok(readings.finish())
}
