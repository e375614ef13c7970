//! Schedules. On a cluster they are distributed by account; only what is due is read from all shards.

use super::Postgres;
use super::connection::Parameter;
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
use tokio_postgres::types::Type;

const SCHEDULE: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM tagmeter.schedules WHERE account_id = $1 AND schedule_id = $2"
);
const SCHEDULES: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM tagmeter.schedules WHERE account_id = $1 AND ($2::bytea IS NULL OR schedule_id < $2) ORDER BY schedule_id DESC LIMIT $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    ", fingerprint FROM tagmeter.schedules WHERE account_id = $1 AND idempotency_key = $2"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.schedules WHERE account_id = $1";
const CREATE: &str = "INSERT INTO tagmeter.schedules
    (account_id, schedule_id, settings, unsubscribed, due_at_ms, lease_until_ms, created_at_ms, updated_at_ms, version,
     idempotency_key, fingerprint)
    VALUES ($1, $2, $3, '[]', $4, 0, $5, $5, 0, $6, $7) ON CONFLICT DO NOTHING";
const CHANGE: &str = "UPDATE tagmeter.schedules SET settings = $3, unsubscribed = $4, due_at_ms = $5, ended = $6, updated_at_ms = $7,
        lease_until_ms = 0, version = version + 1
    WHERE account_id = $1 AND schedule_id = $2 AND version = $8";
const SILENCE: &str = "UPDATE tagmeter.schedule_mails SET due_at_ms = NULL, error = $4
    WHERE account_id = $1 AND schedule_id = $2 AND recipient = $3 AND due_at_ms IS NOT NULL";
const DELETES: [&str; 3] = [
    "DELETE FROM tagmeter.schedule_mails WHERE account_id = $1 AND schedule_id = $2",
    "DELETE FROM tagmeter.schedule_issues WHERE account_id = $1 AND schedule_id = $2",
    "DELETE FROM tagmeter.schedules WHERE account_id = $1 AND schedule_id = $2",
];
const DUE: &str = "SELECT account_id, schedule_id FROM tagmeter.schedules
    WHERE due_at_ms <= $1 AND (lease_until_ms <= $1 OR lease_until_ms > $1 + $3) ORDER BY due_at_ms LIMIT $2";
/// Claims one schedule, if nobody else did.
const CLAIM: &str = concat!(
    "UPDATE tagmeter.schedules SET lease_until_ms = $4 WHERE account_id = $1 AND schedule_id = $2 AND due_at_ms <= $3
         AND (lease_until_ms <= $3 OR lease_until_ms > $3 + $5)
     RETURNING ",
    schedule_columns!()
);

impl Postgres {
    pub(crate) async fn create_schedule(
        &self,
        schedule: &NewSchedule,
    ) -> Result<ScheduleCreated, StoreError> {
        const DOING: &str = "create a schedule";
        // A repeated request usually finds it.
        if let Some(before) = self.schedule_created_before(schedule).await? {
            return Ok(before);
        }
        let NewSchedule { id, account_id, settings, due_at, at, idempotency } = schedule;
        let account: [Parameter<'_>; 1] = [(&account_id.0, Type::INT8)];
        let number = self.pool.query_opt(DOING, NUMBER, &account).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= SCHEDULES_MAX {
            return Ok(ScheduleCreated::TooMany);
        }
        let bytes = id.to_bytes();
        let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let parameters: [Parameter<'_>; 7] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (settings, Type::TEXT),
            (&due_at.as_ms(), Type::INT8),
            (&at.as_ms(), Type::INT8),
            (&idempotency.as_ref().map(|(key, _)| key.as_str()), Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let is_made = transaction.execute_typed(CREATE, &parameters).await.doing(DOING)? == 1;
        transaction.commit().await.doing(DOING)?;
        if is_made {
            let created = self.schedule(*account_id, *id).await?;
            return Ok(created.map_or(ScheduleCreated::Taken, ScheduleCreated::Created));
        }
        // Another node created it meanwhile, or the id is another schedule's.
        Ok(self.schedule_created_before(schedule).await?.unwrap_or(ScheduleCreated::Taken))
    }

    async fn schedule_created_before(
        &self,
        schedule: &NewSchedule,
    ) -> Result<Option<ScheduleCreated>, StoreError> {
        let before =
            self.repeated::<ScheduleRow>(OF_KEY, schedule.account_id, schedule.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(ScheduleCreated::Same(row.into())),
            Some(Repeated::Other) => Some(ScheduleCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn schedule(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, StoreError> {
        const DOING: &str = "look a schedule up";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let found = self.pool.query_opt(DOING, SCHEDULE, &parameters).await?;
        found.map(|row| Ok(row::postgres::<ScheduleRow>(&row).doing(DOING)?.into())).transpose()
    }

    pub(crate) async fn schedules(
        &self,
        account_id: AccountId,
        before: Option<ScheduleId>,
        count: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        const DOING: &str = "list schedules";
        let before = before.map(ScheduleId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(count), Type::INT8),
        ];
        let rows = self.pool.query(DOING, SCHEDULES, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<ScheduleRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn change_schedule(
        &self,
        seen: &Schedule,
        change: &ScheduleChange,
        at: Timestamp,
    ) -> Result<Option<Schedule>, StoreError> {
        const DOING: &str = "change a schedule";
        let id = seen.id.to_bytes();
        let (account, bytes): (Parameter<'_>, Parameter<'_>) =
            ((&seen.account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA));
        let parameters: [Parameter<'_>; 8] = [
            account.clone(),
            bytes.clone(),
            (&change.settings, Type::TEXT),
            (&change.unsubscribed, Type::TEXT),
            (&change.due_at.map(Timestamp::as_ms), Type::INT8),
            (&change.ended, Type::TEXT),
            (&at.as_ms(), Type::INT8),
            (&seen.version.cast_signed(), Type::INT8),
        ];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        if transaction.execute_typed(CHANGE, &parameters).await.doing(DOING)? == 0 {
            return Ok(None);
        }
        for recipient in &change.silenced {
            let parameters: [Parameter<'_>; 4] =
                [account.clone(), bytes.clone(), (recipient, Type::TEXT), (&SILENCED, Type::TEXT)];
            transaction.execute_typed(SILENCE, &parameters).await.doing(DOING)?;
        }
        transaction.commit().await.doing(DOING)?;
        self.schedule(seen.account_id, seen.id).await
    }

    pub(crate) async fn delete_schedule(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a schedule";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let mut deleted = 0;
        for sql in DELETES {
            deleted = transaction.execute_typed(sql, &parameters).await.doing(DOING)?;
        }
        transaction.commit().await.doing(DOING)?;
        Ok(deleted == 1)
    }

    pub(crate) async fn claim_schedules(
        &self,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        const DOING: &str = "claim schedules";
        let (now, until) = (lease.from.as_ms(), lease.until.as_ms());
        let lease_ms = lease.ms().saturating_add(CLOCKS_APART_MS);
        let parameters: [Parameter<'_>; 3] =
            [(&now, Type::INT8), (&limit(count), Type::INT8), (&lease_ms, Type::INT8)];
        let mut claimed = Vec::new();
        for found in self.pool.query(DOING, DUE, &parameters).await? {
            let (account, id): (i64, [u8; 16]) = row::read(&found).doing(DOING)?;
            let parameters: [Parameter<'_>; 5] = [
                (&account, Type::INT8),
                (&id.as_slice(), Type::BYTEA),
                (&now, Type::INT8),
                (&until, Type::INT8),
                (&lease_ms, Type::INT8),
            ];
            let Some(row) = self.pool.query_opt(DOING, CLAIM, &parameters).await? else { continue };
            claimed.push(row::postgres::<ScheduleRow>(&row).doing(DOING)?.into());
        }
        Ok(claimed)
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 12] = [
    ("SCHEDULE", SCHEDULE),
    ("SCHEDULES", SCHEDULES),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("CHANGE", CHANGE),
    ("SILENCE", SILENCE),
    ("DELETES 0", DELETES[0]),
    ("DELETES 1", DELETES[1]),
    ("DELETES 2", DELETES[2]),
    ("DUE", DUE),
    ("CLAIM", CLAIM),
];
