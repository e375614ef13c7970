//! Reading snapshots.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::runs::{REACHING_MAX, ReadingPlace, Readings, RunColumns, run_columns};
use crate::snapshots::{HashtagReading, Snapshot, SnapshotColumns, hashtag_counts, video_snapshot_columns};
use crate::trends::{HashtagReadings, SeriesFacts, facts_of};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{HashtagRow, Timestamp, VideoId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Runs of hashtags `$1` to `$4` with readings from hashtag `$1` and time `$2` on, of which none began before `$3`; `$5`
/// limit.
const OF_HASHTAGS: &str = concat!(
    "SELECT hashtag, ",
    run_columns!(),
    " FROM tagmeter.hashtag_snapshots
      WHERE (hashtag, observed_at) >= ($1, $3) AND hashtag <= $4
        AND (hashtag > $1 OR coalesce(last_at, observed_at) >= $2)
      ORDER BY hashtag, observed_at, source LIMIT $5"
);
/// The same of one hashtag, whose years are read from `$3` on.
const OF_HASHTAG: &str = concat!(
    "SELECT hashtag, ",
    run_columns!(),
    " FROM tagmeter.hashtag_snapshots
      WHERE hashtag = $1 AND observed_at >= $3 AND coalesce(last_at, observed_at) >= $2
      ORDER BY observed_at, source LIMIT $4"
);
/// All runs of hashtag `$1`, and readings that had been superseded by now, as one answer: what one transaction moves from one
/// to the other is in one of them.
const AS_OF: &str = concat!(
    "SELECT false, ",
    run_columns!(),
    " FROM tagmeter.hashtag_snapshots WHERE hashtag = $1
      UNION ALL SELECT true, observed_at, source, rounded, views, creators, videos, 1, NULL, NULL, NULL
      FROM tagmeter.hashtag_superseded
      WHERE hashtag = $1 AND superseded_at > $2 AND coalesce(arrived_at, observed_at) <= $2
      ORDER BY 1, 2, 3"
);
/// `$1` video, `$2` after this time, `$3` limit.
const OF_VIDEO: &str = concat!(
    "SELECT ",
    video_snapshot_columns!(),
    " FROM tagmeter.video_snapshots
      WHERE video = $1 AND observed_at > $2 ORDER BY observed_at, source LIMIT $3"
);
impl Postgres {
    pub(crate) async fn hashtag_readings(
        &self,
        after: ReadingPlace,
        last: HashtagRow,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        const DOING: &str = "read snapshots of hashtags";
        // Of the moment of the place there may be a run of each source, and as many that reach beyond it.
        let rows = i64::from(limit) + 2 * REACHING_MAX;
        let (begun, last) = (after.runs_from(), i64::from(last.0));
        let mut parameters: Vec<Parameter<'_>> =
            vec![(&after.hashtag, Type::INT8), (&after.observed_at, Type::INT8), (&begun, Type::INT8)];
        let sql = if after.hashtag == last {
            OF_HASHTAG
        } else {
            parameters.push((&last, Type::INT8));
            OF_HASHTAGS
        };
        parameters.push((&rows, Type::INT8));
        let rows = self.pool.query(DOING, sql, &parameters).await?;
        readings(&rows, Readings::new(after, limit), DOING)
    }

    /// Returns the readings that had come in by a moment and are as they were then, and those that are others now.
    pub(crate) async fn readings_as_of(
        &self,
        hashtag: HashtagRow,
        as_of: Timestamp,
    ) -> Result<(Vec<HashtagReading>, Vec<Snapshot<HashtagCounts>>), StoreError> {
        const DOING: &str = "read snapshots as of a moment";
        let parameters: [Parameter<'_>; 2] =
            [(&i64::from(hashtag.0), Type::INT8), (&as_of.as_ms(), Type::INT8)];
        let rows = self.pool.query(DOING, AS_OF, &parameters).await?;
        let (mut readings, mut superseded) = (Readings::as_of(hashtag, as_of), Vec::new());
        for row in &rows {
            let (is_superseded, run): (bool, RunColumns<'_>) = row::read(row).doing(DOING)?;
            if is_superseded {
                superseded.push(run.first.into_snapshot(hashtag_counts)?);
            } else {
                readings.push(i64::from(hashtag.0), run)?;
            }
        }
        Ok((readings.finish(), superseded))
    }

    pub(crate) async fn arrived_at(&self) -> Result<i64, StoreError> {
        const DOING: &str = "read when data last came in";
        let row = self.pool.query_one(DOING, "SELECT arrived_at FROM tagmeter.store", &[]).await?;
        row::postgres(&row).doing(DOING)
    }

    pub(crate) async fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        const SQL: &str =
            "SELECT coalesce(sum(readings), 0)::bigint FROM tagmeter.hashtag_snapshots WHERE hashtag = $1";
        let row = self.pool.query_one("count snapshots", SQL, &[(&i64::from(hashtag.0), Type::INT8)]).await?;
        row::postgres(&row).map(i64::cast_unsigned).doing("count snapshots")
    }

    pub(crate) async fn video_snapshots(
        &self,
        video: VideoId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<VideoCounts>>, StoreError> {
        const DOING: &str = "read snapshots";
        const WAY: &str = "SELECT video FROM tagmeter.video_ids WHERE id = $1";
        let way = self.pool.query_opt("look a video up", WAY, &[(&video.to_i64(), Type::INT8)]).await?;
        let Some(way) = way else { return Ok(Vec::new()) };
        let video: i64 = row::postgres(&way).doing("look a video up")?;
        let after = after.map_or(i64::MIN, Timestamp::as_ms);
        let parameters: [Parameter<'_>; 3] =
            [(&video, Type::INT8), (&after, Type::INT8), (&i64::from(limit), Type::INT8)];
        let rows = self.pool.query(DOING, OF_VIDEO, &parameters).await?;
        let columns = |row| row::postgres::<SnapshotColumns<6>>(row).doing(DOING);
        rows.iter().map(|row| columns(row)?.into_snapshot(VideoCounts::from_array)).collect()
    }

    pub(crate) async fn series_facts(&self, hashtags: &[HashtagRow]) -> Result<Vec<SeriesFacts>, StoreError> {
        const DOING: &str = "look at series";
        const SQL: &str = "SELECT hashtag, sum(readings)::bigint, max(coalesce(last_at, observed_at))
            FROM tagmeter.hashtag_snapshots WHERE hashtag = ANY($1) AND views IS NOT NULL
            GROUP BY hashtag HAVING sum(readings) >= 2 ORDER BY hashtag";
        let numbers: Vec<i64> = hashtags.iter().map(|row| i64::from(row.0)).collect();
        let rows = self.pool.query(DOING, SQL, &[(&numbers, Type::INT8_ARRAY)]).await?;
        rows.iter().map(|row| facts_of(row::postgres(row).doing(DOING)?)).collect()
    }

    pub(crate) async fn hashtags_readings(
        &self,
        hashtags: &[HashtagRow],
        snapshots_max: u32,
    ) -> Result<Vec<HashtagReadings>, StoreError> {
        const DOING: &str = "read snapshots";
        const SQL: &str = concat!(
            "SELECT hashtag, ",
            run_columns!(),
            " FROM tagmeter.hashtag_snapshots
              WHERE hashtag = ANY($1) ORDER BY hashtag, observed_at, source LIMIT $2"
        );
        let numbers: Vec<i64> = hashtags.iter().map(|row| i64::from(row.0)).collect();
        let limit = i64::from(snapshots_max) + 1;
        let parameters: [Parameter<'_>; 2] = [(&numbers, Type::INT8_ARRAY), (&limit, Type::INT8)];
        let rows = self.pool.query(DOING, SQL, &parameters).await?;
        // A row has a reading at least.
        let read = Readings::new(BEFORE_ALL, snapshots_max.saturating_add(1));
        let read = readings(&rows, read, DOING)?;
        // With more readings than there is room for, the last series may be incomplete.
        let cut = read.last().filter(|_| read.len() > snapshots_max as usize).map(|last| last.hashtag);
        let whole = hashtags.iter().take_while(|hashtag| Some(**hashtag) != cut);
        let mut found: Vec<HashtagReadings> =
            whole.map(|&hashtag| HashtagReadings { hashtag, snapshots: Vec::new() }).collect();
        if let (Some(&first), []) = (hashtags.first(), &found[..]) {
            let all = ReadingPlace::after_moment(first, i64::MIN);
            let readings = self.hashtag_readings(all, first, u32::MAX).await?;
            let snapshots = readings.into_iter().map(|reading| reading.snapshot).collect();
            return Ok(vec![HashtagReadings { hashtag: first, snapshots }]);
        }
        let mut place = 0;
        for HashtagReading { hashtag, snapshot } in read {
            while found.get(place).is_some_and(|readings| readings.hashtag < hashtag) {
                place += 1;
            }
            if let Some(readings) = found.get_mut(place) {
                readings.snapshots.push(snapshot);
            }
        }
        Ok(found)
    }
}

/// The place before all readings.
const BEFORE_ALL: ReadingPlace = ReadingPlace { hashtag: i64::MIN, observed_at: i64::MIN, source: i64::MIN };

/// Expands rows of runs, as far as there is room.
fn readings(
    rows: &[Row],
    mut readings: Readings,
    doing: &'static str,
) -> Result<Vec<HashtagReading>, StoreError> {
    for row in rows {
        let (hashtag, run) = row::read(row).doing(doing)?;
        if !readings.push(hashtag, run)? {
            break;
        }
    }
    Ok(readings.finish())
}
