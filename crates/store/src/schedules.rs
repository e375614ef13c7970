//! Schedules of reports: what is reported when to whom. Their reports and mails are in [`crate::issues`].

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::jobs::Lease;
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, ScheduleId, Timestamp};

/// Most schedules of one account.
pub const SCHEDULES_MAX: u64 = 100;

/// A schedule to create.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Its id.
    pub id: ScheduleId,
    /// Owner.
    pub account_id: AccountId,
    /// Subject, rhythm, recipients and look, as JSON that the store does not read.
    pub settings: String,
    /// The first report.
    pub due_at: Timestamp,
    /// Creation time.
    pub at: Timestamp,
    /// Identifies a repeated request for the same schedule.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Owner.
    pub account_id: AccountId,
    /// Subject, rhythm, recipients and look, as JSON.
    pub settings: String,
    /// Recipients that want no more, as JSON.
    pub unsubscribed: String,
    /// The next report; `None` while it is paused or has ended.
    pub due_at: Option<Timestamp>,
    /// Why it has ended; `None` unless it has.
    pub ended: Option<String>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Raised by each change, so that a change of an older state is noticed.
    pub version: u64,
}

/// Outcome of creating a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleCreated {
    /// It was created.
    Created(Schedule),
    /// The same request created this one before under the same key.
    Same(Schedule),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`SCHEDULES_MAX`] schedules.
    TooMany,
    /// Another schedule of the account has this id: draw another one.
    Taken,
}

/// The state of a schedule after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleChange {
    /// Settings.
    pub settings: String,
    /// Recipients that want no more, as JSON.
    pub unsubscribed: String,
    /// The next report.
    pub due_at: Option<Timestamp>,
    /// Why it has ended.
    pub ended: Option<String>,
    /// Recipients whose mails that wait are not sent.
    pub silenced: Vec<String>,
}

impl Store {
    /// Creates a schedule, durably. With an idempotency key an account creates one, however often it is requested.
    pub async fn create_schedule(&self, schedule: NewSchedule) -> Result<ScheduleCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_schedule(schedule).await,
            Self::Postgres(postgres) => postgres.create_schedule(&schedule).await,
        }
    }

    /// Returns an account's schedule; `None` if it does not exist or is another account's.
    pub async fn schedule(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.schedule(account_id, id),
            Self::Postgres(postgres) => postgres.schedule(account_id, id).await,
        }
    }

    /// Returns up to `limit` schedules of an account, newest first, before the schedule `before`.
    pub async fn schedules(
        &self,
        account_id: AccountId,
        before: Option<ScheduleId>,
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.schedules(account_id, before, limit),
            Self::Postgres(postgres) => postgres.schedules(account_id, before, limit).await,
        }
    }

    /// Changes a schedule that was read as `seen`, and ends the mails of silenced recipients that wait. `None`, without a
    /// change, if it was changed or deleted since.
    pub async fn change_schedule(
        &self,
        seen: &Schedule,
        change: ScheduleChange,
        at: Timestamp,
    ) -> Result<Option<Schedule>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_schedule(seen, change, at).await,
            Self::Postgres(postgres) => postgres.change_schedule(seen, &change, at).await,
        }
    }

    /// Deletes an account's schedule with its reports and mails. Returns `false` if there is none.
    pub async fn delete_schedule(&self, account_id: AccountId, id: ScheduleId) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_schedule(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_schedule(account_id, id).await,
        }
    }

    /// Claims up to `limit` schedules whose report is due, those due longest first. On a cluster this reads every shard's
    /// index.
    pub async fn claim_schedules(&self, lease: Lease, limit: usize) -> Result<Vec<Schedule>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.claim_schedules(lease, limit).await,
            Self::Postgres(postgres) => postgres.claim_schedules(lease, limit).await,
        }
    }
}

row! {
    /// A schedule's row.
    pub(crate) struct ScheduleRow: schedule_columns {
        account_id: i64,
        schedule_id: [u8; 16],
        settings: String,
        unsubscribed: String,
        due_at_ms: Option<i64>,
        ended: Option<String>,
        created_at_ms: i64,
        updated_at_ms: i64,
        version: i64,
    }
}

impl From<ScheduleRow> for Schedule {
    fn from(row: ScheduleRow) -> Self {
        Self {
            id: ScheduleId::from_bytes(row.schedule_id),
            account_id: AccountId(row.account_id),
            settings: row.settings,
            unsubscribed: row.unsubscribed,
            due_at: row.due_at_ms.map(Timestamp::from_ms),
            ended: row.ended,
            created_at: Timestamp::from_ms(row.created_at_ms),
            updated_at: Timestamp::from_ms(row.updated_at_ms),
            version: row.version.unsigned_abs(),
        }
    }
}

/// Error of a mail to a recipient that was silenced before it was sent.
pub(crate) const SILENCED: &str = "not sent: the recipient unsubscribed or was taken off the schedule";
