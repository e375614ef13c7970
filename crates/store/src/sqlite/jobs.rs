//! Jobs in `accounts.db`: a job accepted with a 202 is not lost.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::jobs::{
    Claim, Claiming, Job, JobCreated, JobKind, JobRow, JobState, Lease, NewJob, job_columns, job_interrupted,
    lease_is_over,
};
use crate::row;
use domain::{AccountId, JobId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", job_columns!(), " FROM jobs ", $rest)
    };
}

const OF_KEY: &str = "SELECT job_id, fingerprint FROM jobs WHERE account_id = ?1 AND idempotency_key = ?2";
const JOB: &str = select!("WHERE account_id = ?1 AND job_id = ?2");
/// Kinds are JSON, as SQLite has no arrays.
const CLAIMABLE: &str = concat!(
    "SELECT account_id, job_id FROM jobs WHERE state IN (1, 2) AND (state = 1 OR ",
    lease_is_over!("?1"),
    ") AND kind IN (SELECT value FROM json_each(?2)) AND (node IS NULL OR node = ?3) ORDER BY job_id LIMIT 1"
);
const CANCEL: &str = concat!(
    "UPDATE jobs SET is_cancel_wanted = 1, finished_at_ms = iif(state = 1 OR ",
    lease_is_over!("?3"),
    ", ?3, NULL), state = iif(state = 1 OR ",
    lease_is_over!("?3"),
    ", 5, 2) WHERE account_id = ?1 AND job_id = ?2 AND state IN (1, 2)"
);
const FAILED: &str =
    "UPDATE jobs SET failures = iif(failure = ?4, failures + 1, 1), failure = ?4, unheard = 0,
        lease_until_ms = ?5, lease_ms = ?6
    WHERE account_id = ?1 AND job_id = ?2 AND state = 2 AND attempts = ?3 RETURNING failures";
const INTERRUPTED: &str = concat!(
    "UPDATE jobs SET ",
    job_interrupted!("?3", "?4", "?5", "?6"),
    " WHERE account_id = ?1 AND job_id = ?2 AND state = 2 AND attempts >= ?3 RETURNING attempts = ?3"
);
const FURTHER: &str = "UPDATE jobs SET failures = 0, failure = NULL, unheard = 0
    WHERE account_id = ?1 AND job_id = ?2 AND state = 2 AND attempts = ?3";

impl AccountsFile {
    pub(crate) async fn create_job(&self, job: NewJob) -> Result<JobCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &job)?;
                transaction.commit().doing("commit a job")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn job(&self, account_id: AccountId, id: JobId) -> Result<Option<Job>, StoreError> {
        self.readers.with(|connection| one(connection, JOB, (account_id.0, id.to_bytes())))
    }

    pub(crate) fn jobs(
        &self,
        account_id: AccountId,
        kind: Option<JobKind>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        const SQL: &str = select!(
            "WHERE account_id = ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR job_id < ?3)
             ORDER BY job_id DESC LIMIT ?4"
        );
        let before = before.map(JobId::to_bytes);
        let parameters =
            params![account_id.0, kind.map(|kind| kind as i64), before, crate::ledger::limit(limit)];
        self.readers.with(|connection| many(connection, SQL, parameters))
    }

    pub(crate) async fn claim_job(&self, claiming: &Claiming<'_>) -> Result<Option<Job>, StoreError> {
        let kinds: Vec<String> = claiming.kinds.iter().map(ToString::to_string).collect();
        let (kinds, node) = (format!("[{}]", kinds.join(",")), claiming.node.to_owned());
        let lease = claiming.lease;
        let (now, lease_until) = (lease.from.as_ms(), lease.until.as_ms());
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let claimable: Option<(i64, [u8; 16])> = transaction
                    .prepare_cached(CLAIMABLE)
                    .and_then(|mut s| {
                        s.query_row((now, &kinds, &node), row::sqlite).optional()
                    })
                    .doing("look for a job")?;
                let Some(place) = claimable else { return Ok(None) };
                transaction
                    .prepare_cached(
                        "UPDATE jobs SET state = 2, attempts = attempts + 1, unheard = unheard + 1,
                                lease_until_ms = ?3, lease_ms = ?5, started_at_ms = coalesce(started_at_ms, ?4)
                         WHERE account_id = ?1 AND job_id = ?2",
                    )
                    .and_then(|mut s| s.execute((place.0, place.1, lease_until, now, lease.ms())))
                    .doing("claim a job")?;
                let job = one(&transaction, JOB, place)?;
                transaction.commit().doing("commit a claim")?;
                Ok(job)
            })
            .await
    }

    /// Returns true if its end was requested; `None` if the job is not ours.
    pub(crate) async fn checkpoint_job(
        &self,
        claim: Claim,
        progress: String,
        lease: Lease,
    ) -> Result<Option<bool>, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_cancel_wanted = transaction
                    .prepare_cached(
                        "UPDATE jobs SET progress = ?4, lease_until_ms = ?5, lease_ms = ?6
                         WHERE account_id = ?1 AND job_id = ?2 AND state = 2 AND attempts = ?3
                         RETURNING is_cancel_wanted",
                    )
                    .and_then(|mut s| {
                        let (until, ms) = (lease.until.as_ms(), lease.ms());
                        let of = (claim.account_id.0, claim.id.to_bytes(), claim.token);
                        s.query_row((of.0, of.1, of.2, &progress, until, ms), row::sqlite).optional()
                    })
                    .doing("extend the lease of a job")?;
                transaction.commit().doing("commit the progress of a job")?;
                Ok(is_cancel_wanted)
            })
            .await
    }

    pub(crate) async fn job_got_further(&self, claim: Claim) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let of = (claim.account_id.0, claim.id.to_bytes(), claim.token);
                let noted = connection.prepare_cached(FURTHER).and_then(|mut s| s.execute(of));
                Ok(noted.doing("record that a job got further")? == 1)
            })
            .await
    }

    pub(crate) async fn job_interrupted(
        &self,
        claim: Claim,
        progress: Option<String>,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let (until, ms) = (lease.until.as_ms(), lease.ms());
                let of = (claim.account_id.0, claim.id.to_bytes(), claim.token);
                let noted: Option<bool> = connection
                    .prepare_cached(INTERRUPTED)
                    .and_then(|mut s| {
                        s.query_row((of.0, of.1, of.2, &progress, until, ms), row::sqlite).optional()
                    })
                    .doing("record that a job was interrupted")?;
                Ok(noted == Some(true))
            })
            .await
    }

    pub(crate) async fn job_failed(
        &self,
        claim: Claim,
        failure: String,
        lease: Lease,
    ) -> Result<Option<i64>, StoreError> {
        self.committer
            .run(move |connection| {
                let (until, ms) = (lease.until.as_ms(), lease.ms());
                let of = (claim.account_id.0, claim.id.to_bytes(), claim.token);
                connection
                    .prepare_cached(FAILED)
                    .and_then(|mut s| {
                        s.query_row((of.0, of.1, of.2, &failure, until, ms), row::sqlite).optional()
                    })
                    .doing("record that a job failed")
            })
            .await
    }

    pub(crate) async fn finish_job(
        &self,
        claim: Claim,
        state: JobState,
        result: String,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let finished = connection
                    .prepare_cached(
                        "UPDATE jobs SET state = ?4, result = ?5, finished_at_ms = ?6
                         WHERE account_id = ?1 AND job_id = ?2 AND state = 2 AND attempts = ?3",
                    )
                    .and_then(|mut s| {
                        s.execute(params![
                            claim.account_id.0,
                            claim.id.to_bytes(),
                            claim.token,
                            state as i64,
                            result,
                            at.as_ms()
                        ])
                    })
                    .doing("end a job")?;
                Ok(finished == 1)
            })
            .await
    }

    pub(crate) async fn cancel_job(
        &self,
        account_id: AccountId,
        id: JobId,
        at: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let place = (account_id.0, id.to_bytes());
                transaction
                    .prepare_cached(CANCEL)
                    .and_then(|mut s| s.execute((place.0, place.1, at.as_ms())))
                    .doing("cancel a job")?;
                let job = one(&transaction, JOB, place)?;
                transaction.commit().doing("commit the end of a job")?;
                Ok(job)
            })
            .await
    }
}

fn create(transaction: &Transaction<'_>, job: &NewJob) -> Result<JobCreated, StoreError> {
    match repeated(transaction, OF_KEY, job.account_id, job.idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, JOB, (job.account_id.0, id))?;
            return Ok(same.map_or(JobCreated::IdTaken, JobCreated::Same));
        }
        Some(Repeated::Other) => return Ok(JobCreated::OtherRequest),
        None => {}
    }
    let idempotency = job.idempotency.as_ref();
    let made = transaction
        .prepare_cached(
            "INSERT INTO jobs (account_id, job_id, kind, state, request, node, idempotency_key, fingerprint, created_at_ms)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (account_id, job_id) DO NOTHING",
        )
        .and_then(|mut s| {
            s.execute(params![
                job.account_id.0,
                job.id.to_bytes(),
                job.kind as i64,
                job.request,
                job.node,
                idempotency.map(|(key, _)| key.as_str()),
                idempotency.map(|(_, fingerprint)| fingerprint.0),
                job.at.as_ms()
            ])
        })
        .doing("create a job")?;
    if made == 0 {
        return Ok(JobCreated::IdTaken);
    }
    let created = one(transaction, JOB, (job.account_id.0, job.id.to_bytes()))?;
    Ok(created.map_or(JobCreated::IdTaken, JobCreated::Created))
}

fn one(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Option<Job>, StoreError> {
    Ok(many(connection, sql, parameters)?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Job>, StoreError> {
    let rows: Vec<JobRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read jobs")?;
    rows.into_iter().map(JobRow::read).collect()
}
