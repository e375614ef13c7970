//! Videos that finished walks saw, in `catalog.db`: they are row numbers, useless without the rows.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::walk_runs::{RunRow, WALK_RUNS_MAX, WalkRun, pack, run_columns};
use domain::{HashtagRow, Region, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

impl CatalogFile {
    pub(crate) async fn write_walk_run(&self, run: WalkRun) -> Result<(), StoreError> {
        self.writer.run(move |connection| write(connection, &run)).await
    }

    pub(crate) fn previous_walk_run(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        before: Timestamp,
    ) -> Result<Option<WalkRun>, StoreError> {
        let row = self.readers.with(|connection| {
            connection
                .prepare_cached(concat!(
                    "SELECT ",
                    run_columns!(),
                    " FROM walk_runs
                     WHERE hashtag = ?1 AND region = ?2 AND at_ms < ?3 ORDER BY at_ms DESC, job_id DESC LIMIT 1"
                ))
                .and_then(|mut statement| {
                    let of = (hashtag.0, region.map_or(0, Region::to_number), before.as_ms());
                    statement.query_row(of, row::sqlite::<RunRow>).optional()
                })
                .doing("find the previous walk")
        })?;
        row.map(|row| row.read(hashtag, region)).transpose()
    }
}

fn write(connection: &mut Connection, run: &WalkRun) -> Result<(), StoreError> {
    const DOING: &str = "store what a walk saw";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let (hashtag, region) = (run.hashtag.0, run.region.map_or(0, Region::to_number));
    transaction
        .execute(
            "INSERT INTO walk_runs (hashtag, region, job_id, at_ms, unique_videos, videos) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (hashtag, region, job_id) DO UPDATE
             SET at_ms = excluded.at_ms, unique_videos = excluded.unique_videos, videos = excluded.videos",
            params![
                hashtag,
                region,
                run.job_id.to_bytes(),
                run.at.as_ms(),
                (run.videos.len() as u64).cast_signed(),
                pack(&run.videos)
            ],
        )
        .doing(DOING)?;
    transaction
        .execute(
            "DELETE FROM walk_runs WHERE hashtag = ?1 AND region = ?2 AND job_id IN (
                 SELECT job_id FROM walk_runs WHERE hashtag = ?1 AND region = ?2
                 ORDER BY at_ms DESC, job_id DESC LIMIT -1 OFFSET ?3)",
            params![hashtag, region, crate::ledger::limit(WALK_RUNS_MAX)],
        )
        .doing("drop what old walks saw")?;
    transaction.commit().doing(DOING)
}
