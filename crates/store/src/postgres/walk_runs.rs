//! Videos that finished walks saw. On a cluster they are co-located with their hashtag, which every statement
//! names.

use super::Postgres;
use super::connection::Parameter;
use super::walks::number_of;
use crate::StoreError;
use crate::error::Doing;
use crate::ledger::limit;
use crate::row;
use crate::walk_runs::{RunRow, WALK_RUNS_MAX, WalkRun, pack, run_columns};
use domain::{HashtagRow, Region, Timestamp};
use tokio_postgres::types::Type;

const INSERT: &str =
    "INSERT INTO tagmeter.walk_runs (hashtag, region, job_id, at_ms, unique_videos, videos) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (hashtag, region, job_id) DO UPDATE
     SET at_ms = excluded.at_ms, unique_videos = excluded.unique_videos, videos = excluded.videos";
const DROP_OLD: &str = "DELETE FROM tagmeter.walk_runs WHERE hashtag = $1 AND region = $2 AND job_id IN (
         SELECT job_id FROM tagmeter.walk_runs WHERE hashtag = $1 AND region = $2
         ORDER BY at_ms DESC, job_id DESC OFFSET $3)";
const PREVIOUS: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM tagmeter.walk_runs
      WHERE hashtag = $1 AND region = $2 AND at_ms < $3 ORDER BY at_ms DESC, job_id DESC LIMIT 1"
);

impl Postgres {
    pub(crate) async fn write_walk_run(&self, run: &WalkRun) -> Result<(), StoreError> {
        const DOING: &str = "store what a walk saw";
        let (hashtag, region) = (i64::from(run.hashtag.0), number_of(run.region));
        let (job_id, videos) = (run.job_id.to_bytes(), pack(&run.videos));
        let parameters: [Parameter<'_>; 6] = [
            (&hashtag, Type::INT8),
            (&region, Type::INT8),
            (&job_id.as_slice(), Type::BYTEA),
            (&run.at.as_ms(), Type::INT8),
            (&(run.videos.len() as u64).cast_signed(), Type::INT8),
            (&videos, Type::BYTEA),
        ];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        transaction.execute_typed(INSERT, &parameters).await.doing(DOING)?;
        let parameters: [Parameter<'_>; 3] =
            [(&hashtag, Type::INT8), (&region, Type::INT8), (&limit(WALK_RUNS_MAX), Type::INT8)];
        transaction.execute_typed(DROP_OLD, &parameters).await.doing("drop what old walks saw")?;
        transaction.commit().await.doing(DOING)
    }

    pub(crate) async fn previous_walk_run(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        before: Timestamp,
    ) -> Result<Option<WalkRun>, StoreError> {
        const DOING: &str = "find the previous walk";
        let parameters: [Parameter<'_>; 3] = [
            (&i64::from(hashtag.0), Type::INT8),
            (&number_of(region), Type::INT8),
            (&before.as_ms(), Type::INT8),
        ];
        let Some(row) = self.pool.query_opt(DOING, PREVIOUS, &parameters).await? else { return Ok(None) };
        row::postgres::<RunRow>(&row).doing(DOING)?.read(hashtag, region).map(Some)
    }
}
