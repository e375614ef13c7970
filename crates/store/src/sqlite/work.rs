//! Work that waits and work that was done, in `accounts.db`.

use super::accounts::AccountsFile;
use crate::StoreError;
use crate::error::Doing;
use crate::ledger::limit;
use crate::row;
use crate::work::{
    DueWork, EndedJobs, OpenJobs, Rows, WorkStatus, due_columns, open_jobs_columns, tracked_sum_columns,
};
use domain::{Timestamp, UtcDay};
use rusqlite::{Connection, Params, TransactionBehavior};

const OPEN: &str = concat!("SELECT ", open_jobs_columns!(), " FROM jobs WHERE state IN (1, 2) GROUP BY kind");
const ENDED: &str =
    "SELECT kind, max(finished_at_ms), count(CASE WHEN state = 4 AND finished_at_ms >= ?1 THEN 1 END)
    FROM jobs WHERE finished_at_ms IS NOT NULL GROUP BY kind";
const READINGS: &str =
    concat!("SELECT ", due_columns!(), " FROM reading_queue WHERE due_at_ms <= ?1 AND lease_until_ms <= ?1");
const READING: &str = "SELECT count(*) FROM reading_queue WHERE due_at_ms <= ?1 AND lease_until_ms > ?1";
const EVALUATIONS: &str = concat!("SELECT ", due_columns!(), " FROM alert_subjects WHERE due_at_ms <= ?1");
const DELIVERIES: &str =
    concat!("SELECT ", due_columns!(), " FROM deliveries WHERE due_at_ms <= ?1 AND lease_until_ms <= ?1");
const DELIVERING: &str = "SELECT count(*) FROM deliveries WHERE due_at_ms <= ?1 AND lease_until_ms > ?1";
const REPORTS: &str = concat!("SELECT ", due_columns!(), " FROM schedules WHERE due_at_ms <= ?1");
const MAILS: &str =
    concat!("SELECT ", due_columns!(), " FROM schedule_mails WHERE due_at_ms <= ?1 AND lease_until_ms <= ?1");
const MAILING: &str = "SELECT count(*) FROM schedule_mails WHERE due_at_ms <= ?1 AND lease_until_ms > ?1";
const TRACKED: &str = concat!("SELECT ", tracked_sum_columns!(), " FROM tracker_hashtags");
const PRUNE_JOBS: &str = "DELETE FROM jobs WHERE (account_id, job_id) IN
    (SELECT account_id, job_id FROM jobs WHERE finished_at_ms < ?1 ORDER BY finished_at_ms LIMIT ?2)";
const PRUNE_CALLS: &str = "DELETE FROM upstream_calls WHERE day < ?1";

impl AccountsFile {
    pub(crate) fn work_status(&self, now: Timestamp, since: Timestamp) -> Result<WorkStatus, StoreError> {
        const DOING: &str = "read the work that waits";
        let now = now.as_ms();
        self.readers.with(|connection| {
            let due = |sql| -> Result<DueWork, StoreError> {
                connection.prepare_cached(sql).and_then(|mut s| s.query_row([now], row::sqlite)).doing(DOING)
            };
            let running = |sql| -> Result<i64, StoreError> {
                connection.prepare_cached(sql).and_then(|mut s| s.query_row([now], row::sqlite)).doing(DOING)
            };
            let open: Vec<OpenJobs> = connection
                .prepare_cached(OPEN)
                .and_then(|mut s| s.query_map([], row::sqlite)?.collect())
                .doing(DOING)?;
            let ended: Vec<EndedJobs> = connection
                .prepare_cached(ENDED)
                .and_then(|mut s| s.query_map([since.as_ms()], row::sqlite)?.collect())
                .doing(DOING)?;
            let tracked = connection
                .prepare_cached(TRACKED)
                .and_then(|mut s| s.query_row([], row::sqlite))
                .doing(DOING)?;
            let rows = Rows {
                open,
                ended,
                readings: (due(READINGS)?, running(READING)?),
                evaluations: due(EVALUATIONS)?,
                deliveries: (due(DELIVERIES)?, running(DELIVERING)?),
                reports: due(REPORTS)?,
                report_mails: (due(MAILS)?, running(MAILING)?),
                tracked,
            };
            Ok(rows.status())
        })
    }

    pub(crate) async fn prune_jobs(&self, before: Timestamp, count: usize) -> Result<u64, StoreError> {
        let is_any: bool = self.readers.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE finished_at_ms < ?1)";
            let found =
                connection.prepare_cached(sql).and_then(|mut s| s.query_row([before.as_ms()], row::sqlite));
            found.doing("look for old jobs")
        })?;
        if !is_any {
            return Ok(0);
        }
        self.committer
            .run(move |connection| delete(connection, PRUNE_JOBS, (before.as_ms(), limit(count))))
            .await
    }

    pub(crate) async fn prune_upstream_calls(&self, before: UtcDay) -> Result<u64, StoreError> {
        self.committer.run(move |connection| delete(connection, PRUNE_CALLS, [before.number()])).await
    }
}

fn delete(connection: &mut Connection, sql: &str, parameters: impl Params) -> Result<u64, StoreError> {
    const DOING: &str = "delete what ended long ago";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let deleted = transaction.execute(sql, parameters).doing(DOING)?;
    transaction.commit().doing(DOING)?;
    Ok(deleted as u64)
}
