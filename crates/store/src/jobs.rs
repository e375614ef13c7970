//! Durable jobs: work that outlives the request that asked for it, and the process that does it.
//!
//! The worker of a job has a lease, which reports of progress extend. When the lease is over, another one may claim the
//! job, with a new fencing token; whatever the first one says later under its old token changes nothing. Requests, progress
//! and results are JSON that the store does not look into.

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
    /// Walk through a hashtag by way of an upstream.
    Walk = 2,
}

/// State of a job. The number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromRepr, IntoStaticStr)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// Nobody has begun.
    Queued = 1,
    /// Somebody works on it, or did until a lease was over.
    Running = 2,
    /// It was done.
    Done = 3,
    /// It cannot be done; the result says why.
    Failed = 4,
    /// It was called off.
    Cancelled = 5,
}

/// End of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// It was done.
    Done,
    /// It cannot be done; the result says why.
    Failed,
    /// It was called off.
    Cancelled,
}

/// A job to be made.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, of the time it is made at: jobs are claimed and listed in order of their ids.
    pub id: JobId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Kind of work.
    pub kind: JobKind,
    /// Request, as JSON.
    pub request: String,
    /// The one node that can do it, as what it needs lies there; `None` for any.
    pub node: Option<String>,
    /// Identifies a repeated request for the same job.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// When it is made.
    pub at: Timestamp,
}

/// Outcome of creating a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobCreated {
    /// It waits to be claimed.
    Created(Job),
    /// The same request made this job before under the same key.
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
    /// Whose it is.
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
    /// The one node that can do it.
    pub node: Option<String>,
    /// Number of times it was claimed.
    pub attempts: u64,
    /// Attempts in a row that failed by [`Self::failure`], without getting further than those before.
    pub failures: u64,
    /// Error of the last attempt that failed.
    pub failure: Option<String>,
    /// Attempts in a row of which nothing was heard after they began, the one under way among them. Counted when the job
    /// is claimed, so that a process that is killed by its work is counted, too.
    pub unheard: u64,
    /// Its owner wants it to end.
    pub is_cancel_wanted: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Longest lease that is distinguished from longer ones, in milliseconds: more than a century, and far from overflowing.
const LEASE_MS_MAX: i64 = 1 << 42;

/// Period of a lease. One that ends later than it is long from now was given while the clock stood ahead, and counts
/// as over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// When it begins: now.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
}

impl Lease {
    /// Its length in milliseconds.
    pub(crate) fn ms(self) -> i64 {
        self.until.as_ms().saturating_sub(self.from.as_ms()).clamp(0, LEASE_MS_MAX)
    }
}

/// The right to speak for a job, until another one claims it: its number of attempts is the fencing token.
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
pub enum JobKept {
    /// It is still ours.
    Ours,
    /// It is still ours, and its owner wants it to end.
    CancelWanted,
    /// It has ended or is another's: nothing was written, and the work is to be dropped.
    Lost,
}

impl Store {
    /// Makes a job, durably. With an idempotency key an account makes one job, however often and by how many nodes at once
    /// it is asked to.
    pub async fn create_job(&self, job: NewJob) -> Result<JobCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_job(job).await,
            Self::Postgres(postgres) => postgres.create_job(&job).await,
        }
    }

    /// An account's job; `None` also when it is another's.
    pub async fn job(&self, account_id: AccountId, id: JobId) -> Result<Option<Job>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job(account_id, id),
            Self::Postgres(postgres) => postgres.job(account_id, id).await,
        }
    }

    /// Up to `limit` jobs of an account, newest first, those made before the job `before` if given, of one kind if given.
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

    /// Claims the oldest job of these kinds that waits, or whose lease is over, and that this node can do. Of any
    /// number that ask at once, on whatever nodes, one gets it.
    ///
    /// On a cluster this looks at the queued and running jobs of every shard: for a worker, not for a request.
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

    /// Says how far a claimed job is, durably, and sets its lease. A lease until now gives the job back.
    pub async fn keep_job(
        &self,
        claim: &Claim,
        progress: String,
        lease: Lease,
    ) -> Result<JobKept, StoreError> {
        let is_cancel_wanted = match self {
            Self::Sqlite(sqlite) => sqlite.accounts.keep_job(*claim, progress, lease).await?,
            Self::Postgres(postgres) => postgres.keep_job(claim, &progress, lease).await?,
        };
        Ok(match is_cancel_wanted {
            Some(false) => JobKept::Ours,
            Some(true) => JobKept::CancelWanted,
            None => JobKept::Lost,
        })
    }

    /// Notes that a claimed job got further than any attempt before: this attempt and those before it are no failures.
    /// `false` when the job is another's.
    pub async fn job_got_further(&self, claim: &Claim) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.job_got_further(*claim).await,
            Self::Postgres(postgres) => postgres.job_got_further(claim).await,
        }
    }

    /// Notes that an attempt ended through no fault of the job, as where the disk is full or the worker stops: it does not
    /// count. Another one may begin when the lease is over. `progress` takes the place of what was said before, if given.
    /// `false` when the job is another's by now; also then the attempt does not count.
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

    /// Notes what an attempt failed by; another one may begin when the lease is over. Returns how many attempts in a row
    /// failed the same way; `None` when the job is another's.
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

    /// Ends a claimed job. `false` when it has ended or is another's: then nothing was written.
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

    /// Calls an account's job off, and gives it as it is now; `None` when there is none. One that nobody works on, as it
    /// waits or its lease is over, ends at once; who works on one hears of it by [`Store::keep_job`]. One that has ended
    /// stays as it is.
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

    /// Returns whether nothing will change any more.
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

/// SQL for whether a lease is over now: at its end, or if it ends later than it is long from now. Clocks of nodes may be 5
/// seconds apart, so that a lease that another node just took is not over.
macro_rules! lease_is_over {
    ($now:literal) => {
        concat!("(lease_until_ms <= ", $now, " OR lease_until_ms > ", $now, " + lease_ms + 5000)")
    };
}
pub(crate) use lease_is_over;

/// SQL for the numbers of a job after the attempt `token` was interrupted. Of the attempts of which nothing was heard it is
/// one only where it is among the last that many; whoever claimed the job since keeps the lease and says how far it is.
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
