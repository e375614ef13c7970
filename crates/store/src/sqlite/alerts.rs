//! Alerts in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::events::add_event;
use super::idempotency::repeated;
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
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

const OF_KEY: &str =
    "SELECT alert_id, fingerprint FROM alerts WHERE account_id = ?1 AND idempotency_key = ?2";
const ALERT: &str =
    concat!("SELECT ", alert_columns!(), " FROM alerts WHERE account_id = ?1 AND alert_id = ?2");
const ALERTS: &str = concat!(
    "SELECT ",
    alert_columns!(),
    " FROM alerts WHERE account_id = ?1 AND (?2 IS NULL OR alert_id < ?2) ORDER BY alert_id DESC LIMIT ?3"
);
const SUBJECTS: &str = concat!(
    "SELECT ",
    subject_columns!(),
    " FROM alert_subjects WHERE account_id = ?1 AND alert_id = ?2 AND subject > ?3 ORDER BY subject LIMIT ?4"
);
const WATCHERS: &str = concat!(
    "SELECT ",
    subject_columns!(),
    " FROM alert_subjects WHERE subject = ?1 ORDER BY account_id, alert_id"
);
const CREATE: &str = "INSERT INTO alerts
    (account_id, alert_id, settings, is_paused, created_at_ms, updated_at_ms, version, idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, 0, ?4, ?4, 0, ?5, ?6) ON CONFLICT (account_id, alert_id) DO NOTHING";
const ADD_SUBJECT: &str = "INSERT INTO alert_subjects
    (account_id, alert_id, subject, name, state, due_at_ms, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const CHANGE: &str = "UPDATE alerts SET settings = coalesce(?3, settings), is_paused = coalesce(?4, is_paused),
        muted_until_ms = CASE WHEN ?5 THEN ?6 ELSE muted_until_ms END, updated_at_ms = ?7, version = version + 1
    WHERE account_id = ?1 AND alert_id = ?2 RETURNING version";
const EVALUATED: &str = "UPDATE alert_subjects SET state = ?5, due_at_ms = ?6, version = version + 1
    WHERE account_id = ?1 AND alert_id = ?2 AND subject = ?3 AND version = ?4";

impl AccountsFile {
    pub(crate) async fn create_alert(&self, alert: NewAlert) -> Result<AlertCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &alert)?;
                transaction.commit().doing("commit an alert")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn alert(&self, account_id: AccountId, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn alerts(
        &self,
        account_id: AccountId,
        before: Option<AlertId>,
        count: usize,
    ) -> Result<Vec<Alert>, StoreError> {
        let parameters = params![account_id.0, before.map(AlertId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, ALERTS, parameters))
    }

    pub(crate) async fn change_alert(
        &self,
        account_id: AccountId,
        id: AlertId,
        change: AlertChange,
        at: Timestamp,
    ) -> Result<Option<Alert>, StoreError> {
        const DOING: &str = "change an alert";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let version: Option<i64> = transaction
                    .prepare_cached(CHANGE)
                    .and_then(|mut s| {
                        let muted = change.muted_until.map(|until| until.map(Timestamp::as_ms));
                        s.query_row(
                            params![
                                account_id.0,
                                id.to_bytes(),
                                change.settings,
                                change.is_paused,
                                muted.is_some(),
                                muted.flatten(),
                                at.as_ms()
                            ],
                            row::sqlite,
                        )
                        .optional()
                    })
                    .doing(DOING)?;
                let Some(version) = version else { return Ok(None) };
                if let Some(subjects) = &change.subjects {
                    delete_subjects(&transaction, account_id, id)?;
                    add_subjects(&transaction, account_id, id, subjects, first_version(version))?;
                }
                let changed = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_alert(&self, account_id: AccountId, id: AlertId) -> Result<bool, StoreError> {
        const DOING: &str = "delete an alert";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                delete_subjects(&transaction, account_id, id)?;
                let deleted = transaction
                    .execute(
                        "DELETE FROM alerts WHERE account_id = ?1 AND alert_id = ?2",
                        (account_id.0, id.to_bytes()),
                    )
                    .doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(deleted == 1)
            })
            .await
    }

    pub(crate) fn alert_subjects(
        &self,
        account_id: AccountId,
        id: AlertId,
        after: &str,
        count: usize,
    ) -> Result<Vec<AlertSubject>, StoreError> {
        let parameters = (account_id.0, id.to_bytes(), after, limit(count));
        self.readers.with(|connection| subjects(connection, SUBJECTS, parameters))
    }

    pub(crate) fn watchers(&self, subject: &str) -> Result<Vec<(Alert, AlertSubject)>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut watchers = Vec::new();
            for found in subjects(connection, WATCHERS, [subject])? {
                if let Some(alert) = one(connection, found.account_id, found.alert_id)? {
                    watchers.push((alert, found));
                }
            }
            Ok(watchers)
        })
    }

    pub(crate) fn watched_subjects(&self, after: &str, count: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT subject FROM alert_subjects WHERE subject > ?1 ORDER BY subject LIMIT ?2";
        self.readers.with(|connection| keys(connection, sql, (after, limit(count))))
    }

    pub(crate) fn watched_of(&self, wanted: &[String]) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT subject FROM alert_subjects WHERE subject = ?1 LIMIT 1";
        self.readers.with(|connection| {
            let mut found = Vec::new();
            for subject in wanted {
                found.extend(keys(connection, sql, [subject])?);
            }
            Ok(found)
        })
    }

    pub(crate) fn due_subjects(&self, now: Timestamp, count: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT subject FROM alert_subjects WHERE due_at_ms <= ?1
                   GROUP BY subject ORDER BY min(due_at_ms) LIMIT ?2";
        self.readers.with(|connection| keys(connection, sql, (now.as_ms(), limit(count))))
    }

    pub(crate) async fn write_evaluation(&self, evaluated: AlertEvaluated) -> Result<bool, StoreError> {
        const DOING: &str = "write the evaluation of an alert";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let AlertEvaluated { subject, state, due_at, events } = &evaluated;
                let written = transaction
                    .prepare_cached(EVALUATED)
                    .and_then(|mut s| {
                        s.execute(params![
                            subject.account_id.0,
                            subject.alert_id.to_bytes(),
                            subject.subject,
                            subject.version,
                            state,
                            due_at.map(Timestamp::as_ms)
                        ])
                    })
                    .doing(DOING)?;
                if written == 0 {
                    return Ok(false);
                }
                for event in events {
                    add_event(&transaction, subject.account_id, event)?;
                }
                transaction.commit().doing(DOING)?;
                Ok(true)
            })
            .await
    }
}

fn one(connection: &Connection, account_id: AccountId, id: AlertId) -> Result<Option<Alert>, StoreError> {
    Ok(many(connection, ALERT, (account_id.0, id.to_bytes()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Alert>, StoreError> {
    let rows: Vec<AlertRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read alerts")?;
    Ok(rows.into_iter().map(Alert::from).collect())
}

fn subjects(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<AlertSubject>, StoreError> {
    let rows: Vec<SubjectRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read subjects of alerts")?;
    Ok(rows.into_iter().map(AlertSubject::from).collect())
}

fn keys(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("look for subjects of alerts")
}

fn create(transaction: &Transaction<'_>, alert: &NewAlert) -> Result<AlertCreated, StoreError> {
    const DOING: &str = "create an alert";
    let NewAlert { id, account_id, settings, subjects, idempotency, at } = alert;
    match repeated(transaction, OF_KEY, *account_id, idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, *account_id, AlertId::from_bytes(id))?;
            return Ok(same.map_or(AlertCreated::IdTaken, AlertCreated::Same));
        }
        Some(Repeated::Other) => return Ok(AlertCreated::OtherRequest),
        None => {}
    }
    let alerts: i64 = transaction
        .query_row("SELECT count(*) FROM alerts WHERE account_id = ?1", [account_id.0], row::sqlite)
        .doing(DOING)?;
    if alerts.unsigned_abs() >= ALERTS_MAX {
        return Ok(AlertCreated::TooMany);
    }
    let made = transaction
        .execute(
            CREATE,
            params![
                account_id.0,
                id.to_bytes(),
                settings,
                at.as_ms(),
                idempotency.as_ref().map(|(key, _)| key.as_str()),
                idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
            ],
        )
        .doing(DOING)?;
    if made == 0 {
        return Ok(AlertCreated::IdTaken);
    }
    add_subjects(transaction, *account_id, *id, subjects, first_version(0))?;
    Ok(one(transaction, *account_id, *id)?.map_or(AlertCreated::IdTaken, AlertCreated::Created))
}

fn add_subjects(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: AlertId,
    subjects: &[NewSubject],
    version: i64,
) -> Result<(), StoreError> {
    const DOING: &str = "add subjects to an alert";
    let mut insert = transaction.prepare_cached(ADD_SUBJECT).doing(DOING)?;
    for NewSubject { subject, name, state, due_at } in subjects {
        let due_at_ms = due_at.map(Timestamp::as_ms);
        insert
            .execute(params![account_id.0, id.to_bytes(), subject, name, state, due_at_ms, version])
            .doing(DOING)?;
    }
    Ok(())
}

fn delete_subjects(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: AlertId,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM alert_subjects WHERE account_id = ?1 AND alert_id = ?2")
        .and_then(|mut s| s.execute((account_id.0, id.to_bytes())))
        .doing("delete the subjects of an alert")?;
    Ok(())
}
