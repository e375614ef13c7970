//! Jobs. On a cluster they are distributed by account, which every statement names but the one that looks for
//! work.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::jobs::{
    Claim, Claiming, Job, JobCreated, JobKind, JobRow, JobState, Lease, NewJob, job_columns, job_interrupted,
    lease_is_over,
};
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, JobId, Timestamp};
use tokio_postgres::types::Type;

/// Candidates read at once: each of several concurrent workers finds one that the others did not get.
const CLAIMABLE_MAX: i64 = 16;

const JOB: &str =
    concat!("SELECT ", job_columns!(), " FROM tagmeter.jobs WHERE account_id = $1 AND job_id = $2");
const JOBS: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM tagmeter.jobs WHERE account_id = $1 AND ($2::bigint IS NULL OR kind = $2)
      AND ($3::bytea IS NULL OR job_id < $3) ORDER BY job_id DESC LIMIT $4"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    job_columns!(),
    ", fingerprint FROM tagmeter.jobs WHERE account_id = $1 AND idempotency_key = $2"
);
const CREATE: &str = concat!(
    "INSERT INTO tagmeter.jobs (account_id, job_id, kind, state, request, node, idempotency_key, fingerprint,
                                created_at_ms)
     VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING ",
    job_columns!()
);
/// Reads all shards of a cluster. Nothing is locked: [`CLAIM`] checks again.
const CLAIMABLE: &str = concat!(
    "SELECT account_id, job_id FROM tagmeter.jobs WHERE state IN (1, 2) AND (state = 1 OR ",
    lease_is_over!("$1"),
    ") AND kind = ANY($2) AND (node IS NULL OR node = $3) ORDER BY job_id LIMIT $4"
);
/// Locks the row: a later claim finds a valid lease.
const CLAIM: &str = concat!(
    "UPDATE tagmeter.jobs SET state = 2, attempts = attempts + 1, unheard = unheard + 1, lease_until_ms = $4,
            lease_ms = $5, started_at_ms = coalesce(started_at_ms, $3)
     WHERE account_id = $1 AND job_id = $2 AND state IN (1, 2) AND (state = 1 OR ",
    lease_is_over!("$3"),
    ") RETURNING ",
    job_columns!()
);
const RENEW: &str = "UPDATE tagmeter.jobs SET progress = $4, lease_until_ms = $5, lease_ms = $6
    WHERE account_id = $1 AND job_id = $2 AND state = 2 AND attempts = $3 RETURNING is_cancel_wanted";
const FURTHER: &str = "UPDATE tagmeter.jobs SET failures = 0, failure = NULL, unheard = 0
    WHERE account_id = $1 AND job_id = $2 AND state = 2 AND attempts = $3 RETURNING 1";
const INTERRUPTED: &str = concat!(
    "UPDATE tagmeter.jobs SET ",
    job_interrupted!("$3", "$4", "$5", "$6"),
    " WHERE account_id = $1 AND job_id = $2 AND state = 2 AND attempts >= $3 RETURNING attempts = $3"
);
const FAILED: &str = "UPDATE tagmeter.jobs
    SET failures = CASE WHEN failure = $4 THEN failures + 1 ELSE 1 END, failure = $4, unheard = 0,
        lease_until_ms = $5, lease_ms = $6
    WHERE account_id = $1 AND job_id = $2 AND state = 2 AND attempts = $3 RETURNING failures";
const FINISH: &str = "UPDATE tagmeter.jobs SET state = $4, result = $5, finished_at_ms = $6
    WHERE account_id = $1 AND job_id = $2 AND state = 2 AND attempts = $3 RETURNING 1";
const CANCEL: &str = concat!(
    "UPDATE tagmeter.jobs SET is_cancel_wanted = true,
            finished_at_ms = CASE WHEN state = 1 OR ",
    lease_is_over!("$3"),
    " THEN $3 END, state = CASE WHEN state = 1 OR ",
    lease_is_over!("$3"),
    " THEN 5 ELSE 2 END
     WHERE account_id = $1 AND job_id = $2 AND state IN (1, 2) RETURNING ",
    job_columns!()
);

impl Postgres {
    pub(crate) async fn create_job(&self, job: &NewJob) -> Result<JobCreated, StoreError> {
        // A repeated request usually finds it.
        if let Some(before) = self.created_before(job).await? {
            return Ok(before);
        }
        let id = job.id.to_bytes();
        let key = job.idempotency.as_ref().map(|(key, _)| key.as_str());
        let fingerprint = job.idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let parameters: [Parameter<'_>; 8] = [
            (&job.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&(job.kind as i64), Type::INT8),
            (&job.request, Type::TEXT),
            (&job.node, Type::TEXT),
            (&key, Type::TEXT),
            (&fingerprint, Type::BYTEA),
            (&job.at.as_ms(), Type::INT8),
        ];
        if let Some(made) = self.read_job("make a job", CREATE, &parameters).await? {
            return Ok(JobCreated::Created(made));
        }
        // Another node created it meanwhile, or the id is another job's.
        Ok(self.created_before(job).await?.unwrap_or(JobCreated::IdTaken))
    }

    async fn created_before(&self, job: &NewJob) -> Result<Option<JobCreated>, StoreError> {
        let before = self.repeated::<JobRow>(OF_KEY, job.account_id, job.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(JobCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(JobCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn job(&self, account_id: AccountId, id: JobId) -> Result<Option<Job>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        self.read_job("look a job up", JOB, &parameters).await
    }

    pub(crate) async fn jobs(
        &self,
        account_id: AccountId,
        kind: Option<JobKind>,
        before: Option<JobId>,
        count: usize,
    ) -> Result<Vec<Job>, StoreError> {
        const DOING: &str = "list jobs";
        let before = before.map(JobId::to_bytes);
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&kind.map(|kind| kind as i64), Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(count), Type::INT8),
        ];
        let rows = self.pool.query(DOING, JOBS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<JobRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn claim_job(&self, claiming: &Claiming<'_>) -> Result<Option<Job>, StoreError> {
        const DOING: &str = "look for a job";
        let lease = claiming.lease;
        let (now, until, ms) = (lease.from.as_ms(), lease.until.as_ms(), lease.ms());
        loop {
            let parameters: [Parameter<'_>; 4] = [
                (&now, Type::INT8),
                (&claiming.kinds, Type::INT8_ARRAY),
                (&claiming.node, Type::TEXT),
                (&CLAIMABLE_MAX, Type::INT8),
            ];
            let claimable = self.pool.query(DOING, CLAIMABLE, &parameters).await?;
            if claimable.is_empty() {
                return Ok(None);
            }
            for row in claimable {
                let (account_id, id): (i64, &[u8]) = row::read(&row).doing(DOING)?;
                let parameters: [Parameter<'_>; 5] = [
                    (&account_id, Type::INT8),
                    (&id, Type::BYTEA),
                    (&now, Type::INT8),
                    (&until, Type::INT8),
                    (&ms, Type::INT8),
                ];
                if let Some(job) = self.read_job("claim a job", CLAIM, &parameters).await? {
                    return Ok(Some(job));
                }
            }
            // Other workers got all of these, and there may be more.
        }
    }

    /// Returns true if its end was requested; `None` if the job is not ours.
    pub(crate) async fn checkpoint_job(
        &self,
        claim: &Claim,
        progress: &str,
        lease: Lease,
    ) -> Result<Option<bool>, StoreError> {
        const DOING: &str = "extend the lease of a job";
        let id = claim.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&claim.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&claim.token, Type::INT8),
            (&progress, Type::TEXT),
            (&lease.until.as_ms(), Type::INT8),
            (&lease.ms(), Type::INT8),
        ];
        let renewed = self.pool.query_opt(DOING, RENEW, &parameters).await?;
        renewed.as_ref().map(row::postgres).transpose().doing(DOING)
    }

    pub(crate) async fn job_got_further(&self, claim: &Claim) -> Result<bool, StoreError> {
        let id = claim.id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&claim.account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&claim.token, Type::INT8)];
        let noted = self.pool.query_opt("record that a job got further", FURTHER, &parameters).await?;
        Ok(noted.is_some())
    }

    pub(crate) async fn job_interrupted(
        &self,
        claim: &Claim,
        progress: Option<&str>,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "record that a job was interrupted";
        let id = claim.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&claim.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&claim.token, Type::INT8),
            (&progress, Type::TEXT),
            (&lease.until.as_ms(), Type::INT8),
            (&lease.ms(), Type::INT8),
        ];
        let noted = self.pool.query_opt(DOING, INTERRUPTED, &parameters).await?;
        let is_ours: Option<bool> = noted.as_ref().map(row::postgres).transpose().doing(DOING)?;
        Ok(is_ours == Some(true))
    }

    pub(crate) async fn job_failed(
        &self,
        claim: &Claim,
        failure: &str,
        lease: Lease,
    ) -> Result<Option<i64>, StoreError> {
        const DOING: &str = "record that a job failed";
        let id = claim.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&claim.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&claim.token, Type::INT8),
            (&failure, Type::TEXT),
            (&lease.until.as_ms(), Type::INT8),
            (&lease.ms(), Type::INT8),
        ];
        let failed = self.pool.query_opt(DOING, FAILED, &parameters).await?;
        failed.as_ref().map(row::postgres).transpose().doing(DOING)
    }

    pub(crate) async fn finish_job(
        &self,
        claim: &Claim,
        state: JobState,
        result: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = claim.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&claim.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&claim.token, Type::INT8),
            (&(state as i64), Type::INT8),
            (&result, Type::TEXT),
            (&at.as_ms(), Type::INT8),
        ];
        Ok(self.pool.query_opt("end a job", FINISH, &parameters).await?.is_some())
    }

    pub(crate) async fn cancel_job(
        &self,
        account_id: AccountId,
        id: JobId,
        at: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        let bytes = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA), (&at.as_ms(), Type::INT8)];
        match self.read_job("cancel a job", CANCEL, &parameters).await? {
            Some(job) => Ok(Some(job)),
            None => self.job(account_id, id).await,
        }
    }

    async fn read_job(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Job>, StoreError> {
        let row = self.pool.query_opt(doing, sql, parameters).await?;
        row.map(|row| row::postgres::<JobRow>(&row).doing(doing)?.read()).transpose()
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 12] = [
    ("JOB", JOB),
    ("JOBS", JOBS),
    ("OF_KEY", OF_KEY),
    ("CREATE", CREATE),
    ("CLAIMABLE", CLAIMABLE),
    ("CLAIM", CLAIM),
    ("RENEW", RENEW),
    ("FURTHER", FURTHER),
    ("INTERRUPTED", INTERRUPTED),
    ("FAILED", FAILED),
    ("FINISH", FINISH),
    ("CANCEL", CANCEL),
];
