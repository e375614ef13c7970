//! Reading snapshots.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row::{self, FromRow};
use crate::snapshots::{
    HashtagReading, ReadingPlace, Snapshot, SnapshotColumns, hashtag_counts, hashtag_snapshot_columns,
    reading_of, video_snapshot_columns,
};
use crate::trends::{HashtagReadings, SeriesFacts, facts_of};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{Count, HashtagRow, Timestamp, VideoId};
use rusqlite::{Params, Statement, ToSql};

/// `?1` hashtag, `?2` after this time, `?3` limit.
const OF_HASHTAG: &str = concat!(
    "SELECT ",
    hashtag_snapshot_columns!(),
    " FROM hashtag_snapshots WHERE hashtag = ?1 AND observed_at > ?2 ORDER BY observed_at, source LIMIT ?3"
);
const OF_VIDEO: &str = concat!(
    "SELECT ",
    video_snapshot_columns!(),
    " FROM video_snapshots WHERE video = (SELECT video FROM video_ids WHERE id = ?1) AND observed_at > ?2
      ORDER BY observed_at, source LIMIT ?3"
);
/// Hashtags up to `?4`, after hashtag `?1`, time `?2` and source `?3`; `?5` limit.
const OF_HASHTAGS: &str = concat!(
    "SELECT hashtag, ",
    hashtag_snapshot_columns!(),
    " FROM hashtag_snapshots WHERE (hashtag, observed_at, source) > (?1, ?2, ?3) AND hashtag <= ?4
      ORDER BY hashtag, observed_at, source LIMIT ?5"
);
/// Initial capacity for readings of hashtags.
const READINGS_ROOM: u32 = 4_096;

impl CatalogFile {
    pub(crate) fn hashtag_snapshots(
        &self,
        hashtag: HashtagRow,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        self.series(OF_HASHTAG, &hashtag.0, after, limit, hashtag_counts)
    }

    pub(crate) fn hashtag_readings(
        &self,
        place: ReadingPlace,
        last: HashtagRow,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        const DOING: &str = "read snapshots of hashtags";
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(OF_HASHTAGS).doing(DOING)?;
            let wanted = (place.hashtag, place.observed_at, place.source, last.0, limit);
            let mut rows = statement.query(wanted).doing(DOING)?;
            let mut readings = Vec::with_capacity(limit.min(READINGS_ROOM) as usize);
            while let Some(row) = rows.next().doing(DOING)? {
                readings.push(reading_of(row::sqlite(row).doing(DOING)?)?);
            }
            Ok(readings)
        })
    }

    pub(crate) fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        self.readers.with(|connection| {
            connection
                .query_row(
                    "SELECT count(*) FROM hashtag_snapshots WHERE hashtag = ?1",
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
        self.series(OF_VIDEO, &video.to_i64(), after, limit, VideoCounts::from_array)
    }

    pub(crate) fn series_facts(&self, hashtags: &[HashtagRow]) -> Result<Vec<SeriesFacts>, StoreError> {
        const DOING: &str = "look at series";
        let mut sorted = hashtags.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT count(*), max(observed_at) FROM hashtag_snapshots WHERE hashtag = ?1
                     AND views IS NOT NULL",
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
            let mut statement = connection.prepare_cached(OF_HASHTAG).doing("read snapshots")?;
            let (mut found, mut left) = (Vec::with_capacity(hashtags.len()), i64::from(snapshots_max));
            for &hashtag in hashtags {
                // One more than there is room for reveals that this one has too many.
                let limit = if found.is_empty() { i64::MAX } else { left + 1 };
                let snapshots = read(&mut statement, (hashtag.0, i64::MIN, limit), hashtag_counts)?;
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

    fn series<C, const N: usize>(
        &self,
        sql: &str,
        whose: &dyn ToSql,
        after: Option<Timestamp>,
        limit: u32,
        counts: fn([Option<Count>; N]) -> C,
    ) -> Result<Vec<Snapshot<C>>, StoreError>
    where
        SnapshotColumns<N>: for<'r> FromRow<'r>,
    {
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(sql).doing("read snapshots")?;
            let after = after.map_or(i64::MIN, Timestamp::as_ms);
            read(&mut statement, (whose, after, limit), counts)
        })
    }
}

fn read<C, const N: usize>(
    statement: &mut Statement<'_>,
    parameters: impl Params,
    counts: fn([Option<Count>; N]) -> C,
) -> Result<Vec<Snapshot<C>>, StoreError>
where
    SnapshotColumns<N>: for<'r> FromRow<'r>,
{
    let mut rows = statement.query(parameters).doing("read snapshots")?;
    let mut series = Vec::new();
    while let Some(row) = rows.next().doing("read snapshots")? {
        let columns: SnapshotColumns<N> = row::sqlite(row).doing("read snapshots")?;
        series.push(columns.into_snapshot(counts)?);
    }
    Ok(series)
}
