//! Durable jobs: work that outlives the request that created it, and the process that runs it.
//!
//! The worker of a job has a lease, which reports of progress extend. When the lease expires, another worker
//! may claim the job, with a new fencing token; later reports under the old token change nothing. Requests,
//! progress and results are JSON that the store does not read.

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, JobId, Timestamp};
use strum::{FromRepr, IntoStaticStr};

/// Kind of a job. The number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromRepr)]
#[repr(u8)]
pub enum JobKind {
    /// Import a file.
    Import = 1,
    /// Walk through a hashtag at an upstream.
    Walk = 2,
}

/// State of a job. The number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromRepr, IntoStaticStr)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// Not begun.
    Queued = 1,
    /// A worker runs it, or did until its lease expired.
    Running = 2,
    /// Done.
    Done = 3,
    /// Failed; the result has the reason.
    Failed = 4,
    /// Cancelled.
    Cancelled = 5,
}

/// End of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Done.
    Done,
    /// Failed; the result has the reason.
    Failed,
    /// Cancelled.
    Cancelled,
}

/// A job to create.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, which begins with its time: jobs are claimed and listed in order of their ids.
    pub id: JobId,
    /// Owner.
    pub account_id: AccountId,
    /// Kind of work.
    pub kind: JobKind,
    /// Request, as JSON.
    pub request: String,
    /// The only node that can run it, because its file is there; `None` for any.
    pub node: Option<String>,
    /// Identifies a repeated request for the same job.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// Outcome of creating a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobCreated {
    /// The job was created.
    Created(Job),
    /// The same request created this job before under the same key.
    Same(Job),
    /// The key was used for another request.
    OtherRequest,
    /// Another job of the account has this id: draw another one.
    IdTaken,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Owner.
    pub account_id: AccountId,
    /// Kind of work.
    pub kind: JobKind,
    /// State.
    pub state: JobState,
    /// Request, as JSON.
    pub request: String,
    /// Last reported progress, as JSON. It outlives leases: the next worker resumes from it.
    pub progress: Option<String>,
    /// Result, as JSON.
    pub result: Option<String>,
    /// The only node that can run it.
    pub node: Option<String>,
    /// Number of claims.
    pub attempts: u64,
    /// Consecutive attempts that failed by [`Self::failure`], without getting further than those before.
    pub failures: u64,
    /// Error of the last attempt that failed.
    pub failure: Option<String>,
    /// Consecutive attempts without a report after they began, including the one under way. Counted when the
    /// job is claimed, so that a process that is killed by its work counts, too.
    pub unheard: u64,
    /// True if its owner requested its end.
    pub is_cancel_wanted: bool,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the first claim.
    pub started_at: Option<Timestamp>,
    /// Time of its end.
    pub finished_at: Option<Timestamp>,
}

/// Longest lease, in milliseconds; longer ones count as this. More than a century, and far from overflowing.
const LEASE_MS_MAX: i64 = 1 << 42;

/// Period of a lease. One that ends later than its length from now was taken while the clock was ahead, and
/// counts as expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Begin: now.
    pub from: Timestamp,
    /// Expiry.
    pub until: Timestamp,
}

impl Lease {
    /// Returns its length in milliseconds.
    pub(crate) fn ms(self) -> i64 {
        self.until.as_ms().saturating_sub(self.from.as_ms()).clamp(0, LEASE_MS_MAX)
    }
}

/// The right to report on a job until another worker claims it; the number of attempts is the fencing token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub(crate) account_id: AccountId,
    pub(crate) id: JobId,
    pub(crate) token: i64,
}

impl Claim {
    /// Returns the id of the job.
    pub const fn id(&self) -> JobId {
        self.id
    }
}

/// Outcome of extending a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobCheckpoint {
    /// It is still ours.
    Ours,
    /// It is still ours, and its owner requested its end.
    CancelWanted,
    /// It has ended or is another worker's: nothing was written; drop the work.
    Lost,
}

impl Store {
    /// Creates a job, durably. With an idempotency key an account creates one job, however often and on however
    /// many nodes at once it is requested.
    pub async fn create_job(&self, job: NewJob) -> Result<JobCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_job(job).await,
            Self::Postgres(postgres) => postgres.create_job(&job).await,
        }
    }

    /// Returns an account's job; `None` if it does not exist or is another account's.
    pub async fn job(&self, account_id: AccountId, id: JobId) -> Result<Option<Job>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job(account_id, id),
            Self::Postgres(postgres) => postgres.job(account_id, id).await,
        }
    }

    /// Returns up to `limit` jobs of an account, newest first; if given, those before the job `before`, and of
    /// one kind.
    pub async fn jobs(
        &self,
        account_id: AccountId,
        kind: Option<JobKind>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.jobs(account_id, kind, before, limit),
            Self::Postgres(postgres) => postgres.jobs(account_id, kind, before, limit).await,
        }
    }

    /// Claims the oldest job of these kinds that waits, or whose lease expired, and that this node can run. Of
    /// concurrent claims on any nodes, one gets it.
    ///
    /// On a cluster this reads the queued and running jobs of every shard: for a worker, not for a request.
    pub async fn claim_job(
        &self,
        kinds: &[JobKind],
        node: &str,
        lease: Lease,
    ) -> Result<Option<(Job, Claim)>, StoreError> {
        let claiming = Claiming { kinds: kinds.iter().map(|kind| *kind as i64).collect(), node, lease };
        let job = match self {
            Self::Sqlite(sqlite) => sqlite.accounts.claim_job(&claiming).await,
            Self::Postgres(postgres) => postgres.claim_job(&claiming).await,
        }?;
        Ok(job.map(|job| {
            let claim = Claim { account_id: job.account_id, id: job.id, token: job.attempts.cast_signed() };
            (job, claim)
        }))
    }

    /// Stores the progress of a claimed job, durably, and sets its lease. A lease until now releases the job.
    pub async fn checkpoint_job(
        &self,
        claim: &Claim,
        progress: String,
        lease: Lease,
    ) -> Result<JobCheckpoint, StoreError> {
        let is_cancel_wanted = match self {
            Self::Sqlite(sqlite) => sqlite.accounts.checkpoint_job(*claim, progress, lease).await?,
            Self::Postgres(postgres) => postgres.checkpoint_job(claim, &progress, lease).await?,
        };
        Ok(match is_cancel_wanted {
            Some(false) => JobCheckpoint::Ours,
            Some(true) => JobCheckpoint::CancelWanted,
            None => JobCheckpoint::Lost,
        })
    }

    /// Records that a claimed job got further than any attempt before: this attempt and those before it are no
    /// failures. Returns `false` if the job is another worker's.
    pub async fn job_got_further(&self, claim: &Claim) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job_got_further(*claim).await,
            Self::Postgres(postgres) => postgres.job_got_further(claim).await,
        }
    }

    /// Records that an attempt ended through no fault of the job, such as a full disk or a stopping worker: it
    /// does not count. Another one may begin when the lease expires. `progress` replaces the stored one, if
    /// given. Returns `false` if the job is another worker's by now; the attempt does not count then either.
    pub async fn job_interrupted(
        &self,
        claim: &Claim,
        progress: Option<String>,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job_interrupted(*claim, progress, lease).await,
            Self::Postgres(postgres) => postgres.job_interrupted(claim, progress.as_deref(), lease).await,
        }
    }

    /// Records the failure of an attempt; another one may begin when the lease expires. Returns the number of
    /// consecutive attempts that failed the same way; `None` if the job is another worker's.
    pub async fn job_failed(
        &self,
        claim: &Claim,
        failure: String,
        lease: Lease,
    ) -> Result<Option<u64>, StoreError> {
        let failures = match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job_failed(*claim, failure, lease).await?,
            Self::Postgres(postgres) => postgres.job_failed(claim, &failure, lease).await?,
        };
        Ok(failures.map(|failures: i64| failures.max(0).unsigned_abs()))
    }

    /// Ends a claimed job. Returns `false`, without writing, if it has ended or is another worker's.
    pub async fn finish_job(
        &self,
        claim: &Claim,
        end: JobEnd,
        result: String,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.finish_job(*claim, end.state(), result, at).await,
            Self::Postgres(postgres) => postgres.finish_job(claim, end.state(), &result, at).await,
        }
    }

    /// Cancels an account's job, and returns it; `None` if there is none. One without a worker, because it
    /// waits or its lease expired, ends at once; a worker learns of it by [`Store::checkpoint_job`]. One that has
    /// ended does not change.
    pub async fn cancel_job(
        &self,
        account_id: AccountId,
        id: JobId,
        at: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.cancel_job(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.cancel_job(account_id, id, at).await,
        }
    }
}

/// Arguments of [`Store::claim_job`].
pub(crate) struct Claiming<'a> {
    pub(crate) kinds: Vec<i64>,
    pub(crate) node: &'a str,
    pub(crate) lease: Lease,
}

impl JobKind {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::from_repr(u8::try_from(number).ok()?)
    }
}

impl JobState {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::from_repr(u8::try_from(number).ok()?)
    }

    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns true if nothing will change any more.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl JobEnd {
    const fn state(self) -> JobState {
        match self {
            Self::Done => JobState::Done,
            Self::Failed => JobState::Failed,
            Self::Cancelled => JobState::Cancelled,
        }
    }
}

/// SQL condition of an expired lease: at its end, or if it ends later than its length from now. Clocks of nodes
/// may be 5 seconds apart, so that a lease that another node just took is valid.
macro_rules! lease_is_over {
    ($now:literal) => {
        concat!("(lease_until_ms <= ", $now, " OR lease_until_ms > ", $now, " + lease_ms + 5000)")
    };
}
pub(crate) use lease_is_over;

/// SQL for the counters of a job after the attempt `token` was interrupted. It is subtracted from the unheard
/// attempts only if it is one of them; a later claimant's lease and progress stay.
macro_rules! job_interrupted {
    ($token:literal, $progress:literal, $until:literal, $ms:literal) => {
        concat!(
            "unheard = CASE WHEN attempts - ",
            $token,
            " < unheard THEN unheard - 1 ELSE unheard END,
             progress = CASE WHEN attempts = ",
            $token,
            " THEN coalesce(",
            $progress,
            ", progress) ELSE progress END,
             lease_until_ms = CASE WHEN attempts = ",
            $token,
            " THEN ",
            $until,
            " ELSE lease_until_ms END,
             lease_ms = CASE WHEN attempts = ",
            $token,
            " THEN ",
            $ms,
            " ELSE lease_ms END"
        )
    };
}
pub(crate) use job_interrupted;

row! {
    /// A job as databases store it.
    pub(crate) struct JobRow: job_columns {
        account_id: i64,
        id: Vec<u8> = "job_id",
        kind: i64,
        state: i64,
        request: String,
        progress: Option<String>,
        result: Option<String>,
        node: Option<String>,
        attempts: i64,
        is_cancel_wanted: bool,
        created_at_ms: i64,
        started_at_ms: Option<i64>,
        finished_at_ms: Option<i64>,
        failures: i64,
        failure: Option<String>,
        unheard: i64,
    }
}

impl JobRow {
    pub(crate) fn read(self) -> Result<Job, StoreError> {
        let wrong = |column| StoreError::Inconsistent {
            table: "jobs",
            column,
            row: format!("of account {}, made at {} ms", self.account_id, self.created_at_ms),
        };
        let id = self.id.as_slice().try_into().map_err(|_| wrong("job_id"))?;
        Ok(Job {
            id: JobId::from_bytes(id),
            account_id: AccountId(self.account_id),
            kind: JobKind::from_number(self.kind).ok_or_else(|| wrong("kind"))?,
            state: JobState::from_number(self.state).ok_or_else(|| wrong("state"))?,
            attempts: u64::try_from(self.attempts).map_err(|_| wrong("attempts"))?,
            failures: u64::try_from(self.failures).map_err(|_| wrong("failures"))?,
            failure: self.failure,
            unheard: u64::try_from(self.unheard).map_err(|_| wrong("unheard"))?,
            request: self.request,
            progress: self.progress,
            result: self.result,
            node: self.node,
            is_cancel_wanted: self.is_cancel_wanted,
            created_at: Timestamp::from_ms(self.created_at_ms),
            started_at: self.started_at_ms.map(Timestamp::from_ms),
            finished_at: self.finished_at_ms.map(Timestamp::from_ms),
        })
    }
}
