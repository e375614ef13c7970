//! Work that waits and work that was done. On a cluster each statement is for every shard, and is sent for the status alone.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::ledger::limit;
use crate::row;
use crate::work::{
    DueWork, Rows, TrackedRow, WorkStatus, due_columns, open_jobs_columns, tracked_sum_columns,
};
use domain::{Timestamp, UtcDay};
use tokio_postgres::types::Type;

const OPEN_JOBS: &str =
    concat!("SELECT ", open_jobs_columns!(), " FROM tagmeter.jobs WHERE state IN (1, 2) GROUP BY kind");
const ENDED_JOBS: &str =
    "SELECT kind, max(finished_at_ms), count(CASE WHEN state = 4 AND finished_at_ms >= $1 THEN 1 END)
    FROM tagmeter.jobs WHERE finished_at_ms IS NOT NULL GROUP BY kind";
const DUE_READINGS: &str = concat!(
    "SELECT ",
    due_columns!(),
    " FROM tagmeter.reading_queue WHERE due_at_ms <= $1 AND lease_until_ms <= $1"
);
const RUNNING_READINGS: &str =
    "SELECT count(*) FROM tagmeter.reading_queue WHERE due_at_ms <= $1 AND lease_until_ms > $1";
const DUE_EVALUATIONS: &str =
    concat!("SELECT ", due_columns!(), " FROM tagmeter.alert_subjects WHERE due_at_ms <= $1");
const DUE_DELIVERIES: &str = concat!(
    "SELECT ",
    due_columns!(),
    " FROM tagmeter.deliveries WHERE due_at_ms <= $1 AND lease_until_ms <= $1"
);
const RUNNING_DELIVERIES: &str =
    "SELECT count(*) FROM tagmeter.deliveries WHERE due_at_ms <= $1 AND lease_until_ms > $1";
const DUE_REPORTS: &str =
    concat!("SELECT ", due_columns!(), " FROM tagmeter.schedules WHERE due_at_ms <= $1");
const DUE_MAILS: &str = concat!(
    "SELECT ",
    due_columns!(),
    " FROM tagmeter.schedule_mails WHERE due_at_ms <= $1 AND lease_until_ms <= $1"
);
const SENDING_MAILS: &str =
    "SELECT count(*) FROM tagmeter.schedule_mails WHERE due_at_ms <= $1 AND lease_until_ms > $1";
const TRACKED_SUM: &str = concat!("SELECT ", tracked_sum_columns!(), " FROM tagmeter.tracker_hashtags");
const OLD_JOBS: &str = "SELECT account_id, job_id FROM tagmeter.jobs WHERE finished_at_ms < $1
    ORDER BY finished_at_ms LIMIT $2";
const PRUNE_JOB: &str =
    "DELETE FROM tagmeter.jobs WHERE account_id = $1 AND job_id = $2 AND finished_at_ms < $3";
const PRUNE_CALLS: &str = "DELETE FROM tagmeter.upstream_calls WHERE day < $1";

impl Postgres {
    pub(crate) async fn work_status(
        &self,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<WorkStatus, StoreError> {
        const DOING: &str = "read the work that waits";
        let open = self.pool.query(DOING, OPEN_JOBS, &[]).await?;
        let ended = self.pool.query(DOING, ENDED_JOBS, &[(&since.as_ms(), Type::INT8)]).await?;
        let tracked = self.pool.query_opt(DOING, TRACKED_SUM, &[]).await?;
        let none = TrackedRow { hashtags: 0, readings: 0, gaps: 0, last_read_at_ms: None };
        let rows = Rows {
            open: open.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?,
            ended: ended.iter().map(row::read).collect::<Result<_, _>>().doing(DOING)?,
            readings: (self.due(DUE_READINGS, now).await?, self.running(RUNNING_READINGS, now).await?),
            evaluations: self.due(DUE_EVALUATIONS, now).await?,
            deliveries: (self.due(DUE_DELIVERIES, now).await?, self.running(RUNNING_DELIVERIES, now).await?),
            reports: self.due(DUE_REPORTS, now).await?,
            report_mails: (self.due(DUE_MAILS, now).await?, self.running(SENDING_MAILS, now).await?),
            tracked: tracked.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(none),
        };
        Ok(rows.status())
    }

    async fn due(&self, sql: &str, now: Timestamp) -> Result<DueWork, StoreError> {
        const DOING: &str = "read the work that is due";
        let row = self.pool.query_opt(DOING, sql, &[(&now.as_ms(), Type::INT8)]).await?;
        let due = row.as_ref().map(row::postgres).transpose().doing(DOING)?;
        Ok(due.unwrap_or(DueWork { waiting: 0, oldest: None }))
    }

    async fn running(&self, sql: &str, now: Timestamp) -> Result<i64, StoreError> {
        const DOING: &str = "count the work under way";
        let row = self.pool.query_opt(DOING, sql, &[(&now.as_ms(), Type::INT8)]).await?;
        Ok(row.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0))
    }

    pub(crate) async fn prune_jobs(&self, before: Timestamp, number: usize) -> Result<u64, StoreError> {
        const DOING: &str = "delete old jobs";
        let before = before.as_ms();
        let parameters: [Parameter<'_>; 2] = [(&before, Type::INT8), (&limit(number), Type::INT8)];
        let rows = self.pool.query(DOING, OLD_JOBS, &parameters).await?;
        for row in &rows {
            let (account_id, job_id): (i64, &[u8]) = row::read(row).doing(DOING)?;
            let of: [Parameter<'_>; 3] =
                [(&account_id, Type::INT8), (&job_id, Type::BYTEA), (&before, Type::INT8)];
            self.pool.query_opt(DOING, PRUNE_JOB, &of).await?;
        }
        Ok(rows.len() as u64)
    }

    pub(crate) async fn prune_upstream_calls(&self, before: UtcDay) -> Result<u64, StoreError> {
        const DOING: &str = "delete old counts of calls";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let deleted =
            transaction.execute_typed(PRUNE_CALLS, &[(&before.number(), Type::INT8)]).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(deleted)
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 11] = [
    ("OPEN_JOBS", OPEN_JOBS),
    ("ENDED_JOBS", ENDED_JOBS),
    ("DUE_EVALUATIONS", DUE_EVALUATIONS),
    ("DUE_DELIVERIES", DUE_DELIVERIES),
    ("RUNNING_DELIVERIES", RUNNING_DELIVERIES),
    ("DUE_REPORTS", DUE_REPORTS),
    ("DUE_MAILS", DUE_MAILS),
    ("SENDING_MAILS", SENDING_MAILS),
    ("TRACKED_SUM", TRACKED_SUM),
    ("OLD_JOBS", OLD_JOBS),
    ("PRUNE_JOB", PRUNE_JOB),
];
