//! Schedules in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::jobs::Lease;
use crate::ledger::limit;
use crate::row;
use crate::schedules::{
    NewSchedule, SCHEDULES_MAX, SILENCED, Schedule, ScheduleChange, ScheduleCreated, ScheduleRow,
    schedule_columns,
};
use crate::tracked::CLOCKS_APART_MS;
use domain::{AccountId, ScheduleId, Timestamp};
use rusqlite::{Connection, Params, Transaction, params};

const SCHEDULE: &str =
    concat!("SELECT ", schedule_columns!(), " FROM schedules WHERE account_id = ?1 AND schedule_id = ?2");
const SCHEDULES: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM schedules WHERE account_id = ?1 AND (?2 IS NULL OR schedule_id < ?2) ORDER BY schedule_id DESC LIMIT ?3"
);
const OF_KEY: &str =
    "SELECT schedule_id, fingerprint FROM schedules WHERE account_id = ?1 AND idempotency_key = ?2";
const NUMBER: &str = "SELECT count(*) FROM schedules WHERE account_id = ?1";
const CREATE: &str = "INSERT INTO schedules
    (account_id, schedule_id, settings, unsubscribed, due_at_ms, lease_until_ms, created_at_ms, updated_at_ms, version,
     idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, '[]', ?4, 0, ?5, ?5, 0, ?6, ?7) ON CONFLICT (account_id, schedule_id) DO NOTHING";
const CHANGE: &str =
    "UPDATE schedules SET settings = ?3, unsubscribed = ?4, due_at_ms = ?5, ended = ?6, updated_at_ms = ?7,
        lease_until_ms = 0, version = version + 1
    WHERE account_id = ?1 AND schedule_id = ?2 AND version = ?8";
const SILENCE: &str = "UPDATE schedule_mails SET due_at_ms = NULL, error = ?4
    WHERE account_id = ?1 AND schedule_id = ?2 AND recipient = ?3 AND due_at_ms IS NOT NULL";
const DELETES: [&str; 3] = [
    "DELETE FROM schedule_mails WHERE account_id = ?1 AND schedule_id = ?2",
    "DELETE FROM schedule_issues WHERE account_id = ?1 AND schedule_id = ?2",
    "DELETE FROM schedules WHERE account_id = ?1 AND schedule_id = ?2",
];
const DUE: &str = "SELECT account_id, schedule_id FROM schedules
    WHERE due_at_ms <= ?1 AND (lease_until_ms <= ?1 OR lease_until_ms > ?1 + ?3) ORDER BY due_at_ms LIMIT ?2";
/// Claims one schedule, if nobody else did.
const CLAIM: &str = concat!(
    "UPDATE schedules SET lease_until_ms = ?4 WHERE account_id = ?1 AND schedule_id = ?2 AND due_at_ms <= ?3
         AND (lease_until_ms <= ?3 OR lease_until_ms > ?3 + ?5)
     RETURNING ",
    schedule_columns!()
);

impl AccountsFile {
    pub(crate) async fn create_schedule(&self, schedule: NewSchedule) -> Result<ScheduleCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &schedule)?;
                transaction.commit().doing("commit a schedule")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn schedule(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn schedules(
        &self,
        account_id: AccountId,
        before: Option<ScheduleId>,
        count: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let parameters = params![account_id.0, before.map(ScheduleId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, SCHEDULES, parameters))
    }

    pub(crate) async fn change_schedule(
        &self,
        seen: &Schedule,
        change: ScheduleChange,
        at: Timestamp,
    ) -> Result<Option<Schedule>, StoreError> {
        const DOING: &str = "change a schedule";
        let (account_id, id, version) = (seen.account_id, seen.id, seen.version);
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let ScheduleChange { settings, unsubscribed, due_at, ended, silenced } = change;
                let due_at_ms = due_at.map(Timestamp::as_ms);
                let (account, bytes, seen) = (account_id.0, id.to_bytes(), version.cast_signed());
                let of = params![account, bytes, settings, unsubscribed, due_at_ms, ended, at.as_ms(), seen];
                if transaction.execute(CHANGE, of).doing(DOING)? == 0 {
                    return Ok(None);
                }
                for recipient in silenced {
                    let of = (account, bytes, recipient, SILENCED);
                    transaction.execute(SILENCE, of).doing(DOING)?;
                }
                let changed = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_schedule(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a schedule";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let mut deleted = 0;
                for sql in DELETES {
                    deleted = transaction.execute(sql, (account_id.0, id.to_bytes())).doing(DOING)?;
                }
                transaction.commit().doing(DOING)?;
                Ok(deleted == 1)
            })
            .await
    }

    pub(crate) async fn claim_schedules(
        &self,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        const DOING: &str = "claim schedules";
        let (now, lease_ms) = (lease.from.as_ms(), lease.ms().saturating_add(CLOCKS_APART_MS));
        // A worker looks often, and there mostly is nothing: without a write there is nothing to sync.
        let due: Vec<(i64, [u8; 16])> = self.readers.with(|connection| {
            let rows = connection
                .prepare_cached(DUE)
                .and_then(|mut s| s.query_map((now, limit(count), lease_ms), row::sqlite)?.collect());
            rows.doing(DOING)
        })?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let mut claimed = Vec::with_capacity(due.len());
                for (account, id) in due {
                    let of = (account, id, now, lease.until.as_ms(), lease_ms);
                    claimed.extend(many(&transaction, CLAIM, of)?);
                }
                transaction.commit().doing(DOING)?;
                Ok(claimed)
            })
            .await
    }
}

fn one(
    connection: &Connection,
    account_id: AccountId,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    Ok(many(connection, SCHEDULE, (account_id.0, id.to_bytes()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Schedule>, StoreError> {
    let rows: Vec<ScheduleRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read schedules")?;
    Ok(rows.into_iter().map(Schedule::from).collect())
}

fn create(transaction: &Transaction<'_>, schedule: &NewSchedule) -> Result<ScheduleCreated, StoreError> {
    const DOING: &str = "create a schedule";
    let NewSchedule { id, account_id, settings, due_at, at, idempotency } = schedule;
    match repeated(transaction, OF_KEY, *account_id, idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, *account_id, ScheduleId::from_bytes(id))?;
            return Ok(same.map_or(ScheduleCreated::Taken, ScheduleCreated::Same));
        }
        Some(Repeated::Other) => return Ok(ScheduleCreated::OtherRequest),
        None => {}
    }
    let number: i64 = transaction.query_row(NUMBER, [account_id.0], row::sqlite).doing(DOING)?;
    if number.unsigned_abs() >= SCHEDULES_MAX {
        return Ok(ScheduleCreated::TooMany);
    }
    let key = idempotency.as_ref().map(|(key, _)| key.as_str());
    let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0);
    let (account, bytes) = (account_id.0, id.to_bytes());
    let of = params![account, bytes, settings, due_at.as_ms(), at.as_ms(), key, fingerprint];
    if transaction.execute(CREATE, of).doing(DOING)? == 0 {
        return Ok(ScheduleCreated::Taken);
    }
    Ok(one(transaction, *account_id, *id)?.map_or(ScheduleCreated::Taken, ScheduleCreated::Created))
}
