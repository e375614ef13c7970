//! Reading snapshots.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row::{self, FromRow};
use crate::snapshots::{
    HashtagReading, ReadingPlace, Snapshot, SnapshotColumns, hashtag_counts, hashtag_snapshot_columns,
    reading_of, video_snapshot_columns,
};
use crate::trends::{HashtagReadings, SeriesFacts, facts_of, row_number};
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{Count, HashtagRow, Timestamp, VideoId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// `$1` hashtag, `$2` after this time, `$3` limit.
const OF_HASHTAG: &str = concat!(
    "SELECT ",
    hashtag_snapshot_columns!(),
    " FROM tagmeter.hashtag_snapshots
      WHERE hashtag = $1 AND observed_at > $2 ORDER BY observed_at, source LIMIT $3"
);
const OF_VIDEO: &str = concat!(
    "SELECT ",
    video_snapshot_columns!(),
    " FROM tagmeter.video_snapshots
      WHERE video = $1 AND observed_at > $2 ORDER BY observed_at, source LIMIT $3"
);
/// Hashtags up to `$4`, after hashtag `$1`, time `$2` and source `$3`; `$5` limit.
const OF_HASHTAGS: &str = concat!(
    "SELECT hashtag, ",
    hashtag_snapshot_columns!(),
    " FROM tagmeter.hashtag_snapshots
      WHERE (hashtag, observed_at, source) > ($1, $2, $3) AND hashtag <= $4
      ORDER BY hashtag, observed_at, source LIMIT $5"
);

impl Postgres {
    pub(crate) async fn hashtag_snapshots(
        &self,
        hashtag: HashtagRow,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        self.series(OF_HASHTAG, i64::from(hashtag.0), after, limit, hashtag_counts).await
    }

    pub(crate) async fn hashtag_readings(
        &self,
        place: ReadingPlace,
        last: HashtagRow,
        limit: u32,
    ) -> Result<Vec<HashtagReading>, StoreError> {
        const DOING: &str = "read snapshots of hashtags";
        let parameters: [Parameter<'_>; 5] = [
            (&place.hashtag, Type::INT8),
            (&place.observed_at, Type::INT8),
            (&place.source, Type::INT8),
            (&i64::from(last.0), Type::INT8),
            (&i64::from(limit), Type::INT8),
        ];
        let rows = self.pool.query(DOING, OF_HASHTAGS, &parameters).await?;
        rows.iter().map(|row| reading_of(row::postgres(row).doing(DOING)?)).collect()
    }

    pub(crate) async fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT count(*) FROM tagmeter.hashtag_snapshots WHERE hashtag = $1";
        let row = self.pool.query_one("count snapshots", SQL, &[(&i64::from(hashtag.0), Type::INT8)]).await?;
        row::postgres(&row).map(i64::cast_unsigned).doing("count snapshots")
    }

    pub(crate) async fn video_snapshots(
        &self,
        video: VideoId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<VideoCounts>>, StoreError> {
        const WAY: &str = "SELECT video FROM tagmeter.video_ids WHERE id = $1";
        let way = self.pool.query_opt("look a video up", WAY, &[(&video.to_i64(), Type::INT8)]).await?;
        let Some(way) = way else { return Ok(Vec::new()) };
        let video: i64 = row::postgres(&way).doing("look a video up")?;
        self.series(OF_VIDEO, video, after, limit, VideoCounts::from_array).await
    }

    pub(crate) async fn series_facts(&self, hashtags: &[HashtagRow]) -> Result<Vec<SeriesFacts>, StoreError> {
        const DOING: &str = "look at series";
        const SQL: &str = "SELECT hashtag, count(*), max(observed_at) FROM tagmeter.hashtag_snapshots
            WHERE hashtag = ANY($1) AND views IS NOT NULL GROUP BY hashtag HAVING count(*) >= 2 ORDER BY hashtag";
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
            hashtag_snapshot_columns!(),
            " FROM tagmeter.hashtag_snapshots
              WHERE hashtag = ANY($1) ORDER BY hashtag, observed_at, source LIMIT $2"
        );
        let numbers: Vec<i64> = hashtags.iter().map(|row| i64::from(row.0)).collect();
        let limit = i64::from(snapshots_max) + 1;
        let parameters: [Parameter<'_>; 2] = [(&numbers, Type::INT8_ARRAY), (&limit, Type::INT8)];
        let rows = self.pool.query(DOING, SQL, &parameters).await?;
        let hashtag_of = |row: &Row| row_number("hashtag_snapshots", row::postgres(row).doing(DOING)?);
        // With more rows than there is room for, the last series may be incomplete.
        let cut = rows.last().filter(|_| rows.len() > snapshots_max as usize).map(hashtag_of).transpose()?;
        let whole = hashtags.iter().take_while(|hashtag| Some(**hashtag) != cut);
        let mut found: Vec<HashtagReadings> =
            whole.map(|&hashtag| HashtagReadings { hashtag, snapshots: Vec::new() }).collect();
        if let (Some(&first), []) = (hashtags.first(), &found[..]) {
            let snapshots = self.hashtag_snapshots(first, None, u32::MAX).await?;
            return Ok(vec![HashtagReadings { hashtag: first, snapshots }]);
        }
        let mut place = 0;
        for row in &rows {
            let HashtagReading { hashtag, snapshot } = reading_of(row::postgres(row).doing(DOING)?)?;
            while found.get(place).is_some_and(|readings| readings.hashtag < hashtag) {
                place += 1;
            }
            if let Some(readings) = found.get_mut(place) {
                readings.snapshots.push(snapshot);
            }
        }
        Ok(found)
    }

    async fn series<C, const N: usize>(
        &self,
        sql: &str,
        whose: i64,
        after: Option<Timestamp>,
        limit: u32,
        counts: fn([Option<Count>; N]) -> C,
    ) -> Result<Vec<Snapshot<C>>, StoreError>
    where
        SnapshotColumns<N>: for<'r> FromRow<'r>,
    {
        let after = after.map_or(i64::MIN, Timestamp::as_ms);
        let parameters: [Parameter<'_>; 3] =
            [(&whose, Type::INT8), (&after, Type::INT8), (&i64::from(limit), Type::INT8)];
        let rows = self.pool.query("read snapshots", sql, &parameters).await?;
        let columns = |row| row::postgres::<SnapshotColumns<N>>(row).doing("read snapshots");
        rows.iter().map(|row| columns(row)?.into_snapshot(counts)).collect()
    }
}
