//! Alerts. On a cluster they are distributed by account; who watches a hashtag, and what is due, is read from all shards.

use super::Postgres;
use super::connection::Parameter;
use super::events::add_event;
use crate::StoreError;
use crate::alerts::{
    ALERTS_MAX, Alert, AlertChange, AlertCreated, AlertEvaluated, AlertRow, AlertSubject, NewAlert,
    NewSubject, SubjectRow, alert_columns, first_version, subject_columns,
};
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, AlertId, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const ALERT: &str =
    concat!("SELECT ", alert_columns!(), " FROM tagmeter.alerts WHERE account_id = $1 AND alert_id = $2");
const ALERTS: &str = concat!(
    "SELECT ",
    alert_columns!(),
    " FROM tagmeter.alerts WHERE account_id = $1 AND ($2::bytea IS NULL OR alert_id < $2)
      ORDER BY alert_id DESC LIMIT $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    alert_columns!(),
    ", fingerprint FROM tagmeter.alerts WHERE account_id = $1 AND idempotency_key = $2"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.alerts WHERE account_id = $1";
const SUBJECTS: &str = concat!(
    "SELECT ",
    subject_columns!(),
    " FROM tagmeter.alert_subjects WHERE account_id = $1 AND alert_id = $2 AND subject > $3 ORDER BY subject LIMIT $4"
);
const WATCHERS: &str = concat!(
    "SELECT ",
    subject_columns!(),
    " FROM tagmeter.alert_subjects WHERE subject = $1 ORDER BY account_id, alert_id"
);
const WATCHED: &str =
    "SELECT DISTINCT subject FROM tagmeter.alert_subjects WHERE subject > $1 ORDER BY subject LIMIT $2";
const WATCHED_OF: &str = "SELECT DISTINCT subject FROM tagmeter.alert_subjects WHERE subject = ANY($1)";
const DUE: &str = "SELECT subject FROM tagmeter.alert_subjects WHERE due_at_ms <= $1
    GROUP BY subject ORDER BY min(due_at_ms) LIMIT $2";
const CREATE: &str = "INSERT INTO tagmeter.alerts
    (account_id, alert_id, settings, is_paused, created_at_ms, updated_at_ms, version, idempotency_key, fingerprint)
    VALUES ($1, $2, $3, false, $4, $4, 0, $5, $6) ON CONFLICT DO NOTHING";
const ADD_SUBJECTS: &str = "INSERT INTO tagmeter.alert_subjects
    (account_id, alert_id, subject, name, state, due_at_ms, version)
    SELECT $1::bigint, $2, added.subject, added.name, added.state, added.due_at_ms, $7
    FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[]) AS added (subject, name, state, due_at_ms)";
const DELETE_SUBJECTS: &str = "DELETE FROM tagmeter.alert_subjects WHERE account_id = $1 AND alert_id = $2";
const DELETE: &str = "DELETE FROM tagmeter.alerts WHERE account_id = $1 AND alert_id = $2";
const CHANGE: &str = "UPDATE tagmeter.alerts SET settings = coalesce($3, settings), is_paused = coalesce($4, is_paused),
        muted_until_ms = CASE WHEN $5 THEN $6 ELSE muted_until_ms END, updated_at_ms = $7, version = version + 1
    WHERE account_id = $1 AND alert_id = $2 RETURNING version";
const EVALUATED: &str = "UPDATE tagmeter.alert_subjects SET state = $5, due_at_ms = $6, version = version + 1
    WHERE account_id = $1 AND alert_id = $2 AND subject = $3 AND version = $4";

impl Postgres {
    pub(crate) async fn create_alert(&self, alert: &NewAlert) -> Result<AlertCreated, StoreError> {
        const DOING: &str = "create an alert";
        if let Some(before) = self.alert_created_before(alert).await? {
            return Ok(before);
        }
        let NewAlert { id, account_id, settings, subjects, idempotency, at } = alert;
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let account: [Parameter<'_>; 1] = [(&account_id.0, Type::INT8)];
        let number = transaction.query_typed(NUMBER, &account).await.doing(DOING)?;
        let number: i64 = number.first().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= ALERTS_MAX {
            return Ok(AlertCreated::TooMany);
        }
        let bytes = id.to_bytes();
        let key = idempotency.as_ref().map(|(key, _)| key.as_str());
        let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let parameters: [Parameter<'_>; 6] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (settings, Type::TEXT),
            (&at.as_ms(), Type::INT8),
            (&key, Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        if transaction.execute_typed(CREATE, &parameters).await.doing(DOING)? == 0 {
            drop(transaction);
            // Another node created it meanwhile, or the id is another alert's.
            return Ok(self.alert_created_before(alert).await?.unwrap_or(AlertCreated::IdTaken));
        }
        add_subjects(&transaction, *account_id, *id, subjects, first_version(0)).await?;
        transaction.commit().await.doing("commit an alert")?;
        Ok(self.alert(*account_id, *id).await?.map_or(AlertCreated::IdTaken, AlertCreated::Created))
    }

    async fn alert_created_before(&self, alert: &NewAlert) -> Result<Option<AlertCreated>, StoreError> {
        let before = self.repeated::<AlertRow>(OF_KEY, alert.account_id, alert.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(AlertCreated::Same(row.into())),
            Some(Repeated::Other) => Some(AlertCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn alert(
        &self,
        account_id: AccountId,
        id: AlertId,
    ) -> Result<Option<Alert>, StoreError> {
        const DOING: &str = "look an alert up";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let row = self.pool.query_opt(DOING, ALERT, &parameters).await?;
        Ok(row.as_ref().map(row::postgres::<AlertRow>).transpose().doing(DOING)?.map(Alert::from))
    }

    pub(crate) async fn alerts(
        &self,
        account_id: AccountId,
        before: Option<AlertId>,
        number: usize,
    ) -> Result<Vec<Alert>, StoreError> {
        const DOING: &str = "list alerts";
        let before = before.map(AlertId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, ALERTS, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<AlertRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn change_alert(
        &self,
        account_id: AccountId,
        id: AlertId,
        change: &AlertChange,
        at: Timestamp,
    ) -> Result<Option<Alert>, StoreError> {
        const DOING: &str = "change an alert";
        let bytes = id.to_bytes();
        let muted = change.muted_until.map(|until| until.map(Timestamp::as_ms));
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let parameters: [Parameter<'_>; 7] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&change.settings, Type::TEXT),
            (&change.is_paused, Type::BOOL),
            (&muted.is_some(), Type::BOOL),
            (&muted.flatten(), Type::INT8),
            (&at.as_ms(), Type::INT8),
        ];
        let rows = transaction.query_typed(CHANGE, &parameters).await.doing(DOING)?;
        let version: Option<i64> = rows.first().map(row::postgres).transpose().doing(DOING)?;
        let Some(version) = version else { return Ok(None) };
        if let Some(subjects) = &change.subjects {
            let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
            transaction.execute_typed(DELETE_SUBJECTS, &of).await.doing(DOING)?;
            add_subjects(&transaction, account_id, id, subjects, first_version(version)).await?;
        }
        transaction.commit().await.doing(DOING)?;
        self.alert(account_id, id).await
    }

    pub(crate) async fn delete_alert(&self, account_id: AccountId, id: AlertId) -> Result<bool, StoreError> {
        const DOING: &str = "delete an alert";
        let bytes = id.to_bytes();
        let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        transaction.execute_typed(DELETE_SUBJECTS, &of).await.doing(DOING)?;
        let deleted = transaction.execute_typed(DELETE, &of).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(deleted == 1)
    }

    pub(crate) async fn alert_subjects(
        &self,
        account_id: AccountId,
        id: AlertId,
        after: &str,
        number: usize,
    ) -> Result<Vec<AlertSubject>, StoreError> {
        const DOING: &str = "list the subjects of an alert";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&after, Type::TEXT),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, SUBJECTS, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<SubjectRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn watchers(&self, subject: &str) -> Result<Vec<(Alert, AlertSubject)>, StoreError> {
        const DOING: &str = "read the alerts on a hashtag";
        let rows = self.pool.query(DOING, WATCHERS, &[(&subject, Type::TEXT)]).await?;
        let mut watchers = Vec::with_capacity(rows.len());
        for row in rows {
            let subject: AlertSubject = row::postgres::<SubjectRow>(&row).doing(DOING)?.into();
            if let Some(alert) = self.alert(subject.account_id, subject.alert_id).await? {
                watchers.push((alert, subject));
            }
        }
        Ok(watchers)
    }

    pub(crate) async fn watched_subjects(
        &self,
        after: &str,
        number: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.subject_keys(WATCHED, &[(&after, Type::TEXT), (&limit(number), Type::INT8)]).await
    }

    pub(crate) async fn watched_of(&self, wanted: &[String]) -> Result<Vec<String>, StoreError> {
        self.subject_keys(WATCHED_OF, &[(&wanted, Type::TEXT_ARRAY)]).await
    }

    pub(crate) async fn due_subjects(
        &self,
        now: Timestamp,
        number: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.subject_keys(DUE, &[(&now.as_ms(), Type::INT8), (&limit(number), Type::INT8)]).await
    }

    async fn subject_keys(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<String>, StoreError> {
        const DOING: &str = "look for subjects of alerts";
        let rows = self.pool.query(DOING, sql, parameters).await?;
        rows.iter().map(|row| row::postgres(row).doing(DOING)).collect()
    }

    pub(crate) async fn write_evaluation(&self, evaluated: &AlertEvaluated) -> Result<bool, StoreError> {
        const DOING: &str = "write the evaluation of an alert";
        let AlertEvaluated { subject, state, due_at, events } = evaluated;
        let id = subject.alert_id.to_bytes();
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let parameters: [Parameter<'_>; 6] = [
            (&subject.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&subject.subject, Type::TEXT),
            (&subject.version, Type::INT8),
            (state, Type::TEXT),
            (&due_at.map(Timestamp::as_ms), Type::INT8),
        ];
        if transaction.execute_typed(EVALUATED, &parameters).await.doing(DOING)? == 0 {
            return Ok(false);
        }
        for event in events {
            add_event(&transaction, subject.account_id, event).await?;
        }
        transaction.commit().await.doing(DOING)?;
        Ok(true)
    }
}

async fn add_subjects(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: AlertId,
    subjects: &[NewSubject],
    version: i64,
) -> Result<(), StoreError> {
    let id = id.to_bytes();
    let keys: Vec<&str> = subjects.iter().map(|added| added.subject.as_str()).collect();
    let names: Vec<&str> = subjects.iter().map(|added| added.name.as_str()).collect();
    let states: Vec<&str> = subjects.iter().map(|added| added.state.as_str()).collect();
    let due: Vec<Option<i64>> = subjects.iter().map(|added| added.due_at.map(Timestamp::as_ms)).collect();
    let parameters: [Parameter<'_>; 7] = [
        (&account_id.0, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&keys, Type::TEXT_ARRAY),
        (&names, Type::TEXT_ARRAY),
        (&states, Type::TEXT_ARRAY),
        (&due, Type::INT8_ARRAY),
        (&version, Type::INT8),
    ];
    transaction.execute_typed(ADD_SUBJECTS, &parameters).await.doing("add subjects to an alert")?;
    Ok(())
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 15] = [
    ("ALERT", ALERT),
    ("ALERTS", ALERTS),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("SUBJECTS", SUBJECTS),
    ("WATCHERS", WATCHERS),
    ("WATCHED", WATCHED),
    ("WATCHED_OF", WATCHED_OF),
    ("DUE", DUE),
    ("CREATE", CREATE),
    ("ADD_SUBJECTS", ADD_SUBJECTS),
    ("DELETE_SUBJECTS", DELETE_SUBJECTS),
    ("DELETE", DELETE),
    ("CHANGE", CHANGE),
    ("EVALUATED", EVALUATED),
];
