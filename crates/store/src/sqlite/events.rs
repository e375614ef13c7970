//! Events in `accounts.db`, with the deliveries that are written beside them.

use super::accounts::{AccountsFile, begin};
use crate::StoreError;
use crate::error::Doing;
use crate::events::{Event, EventRow, NewEvent, before, event_columns};
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, AlertId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE account_id = ?1 AND cause = ?2)";
const NUMBER: &str = "INSERT INTO event_sequences (account_id, last) VALUES (?1, 1)
    ON CONFLICT (account_id) DO UPDATE SET last = last + 1 RETURNING last";
const ADD: &str = "INSERT INTO events (account_id, sequence, event_id, kind, cause, alert_id, at_ms, data)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// Nothing is queued for a destination that is turned off or gone.
const DELIVER: &str = "INSERT OR IGNORE INTO deliveries
    (account_id, destination_id, sequence, due_at_ms, attempts, tries, lease_until_ms, token)
    SELECT account_id, destination_id, ?3, ?4, 0, 0, 0, 0 FROM destinations
    WHERE account_id = ?1 AND destination_id = ?2 AND off_reason IS NULL";
const EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM events WHERE account_id = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3"
);
const EVENTS_OF_ALERT: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM events WHERE account_id = ?1 AND sequence < ?2 AND alert_id = ?4 ORDER BY sequence DESC LIMIT ?3"
);
const PRUNABLE: &str = "SELECT account_id, sequence FROM events e WHERE at_ms < ?1
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.account_id = e.account_id AND d.sequence = e.sequence
                    AND d.due_at_ms IS NOT NULL)
    ORDER BY at_ms LIMIT ?2";

impl AccountsFile {
    pub(crate) async fn record_event(
        &self,
        account_id: AccountId,
        event: NewEvent,
    ) -> Result<Option<u64>, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let number = add_event(&transaction, account_id, &event)?;
                transaction.commit().doing("record an event")?;
                Ok(number)
            })
            .await
    }

    pub(crate) fn events(
        &self,
        account_id: AccountId,
        alert_id: Option<AlertId>,
        before_number: Option<u64>,
        count: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (before, count) = (before(before_number), limit(count));
        self.readers.with(|connection| match alert_id {
            None => many(connection, EVENTS, (account_id.0, before, count)),
            Some(id) => many(connection, EVENTS_OF_ALERT, (account_id.0, before, count, id.to_bytes())),
        })
    }

    pub(crate) async fn prune_events(&self, before: Timestamp, count: usize) -> Result<u64, StoreError> {
        const DOING: &str = "prune events";
        let is_any: bool = self.readers.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE at_ms < ?1)";
            let found =
                connection.prepare_cached(sql).and_then(|mut s| s.query_row([before.as_ms()], row::sqlite));
            found.doing(DOING)
        })?;
        if !is_any {
            return Ok(0);
        }
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let old: Vec<(i64, i64)> = transaction
                    .prepare_cached(PRUNABLE)
                    .and_then(|mut s| s.query_map((before.as_ms(), limit(count)), row::sqlite)?.collect())
                    .doing(DOING)?;
                for of in &old {
                    for sql in [
                        "DELETE FROM delivery_attempts WHERE account_id = ?1 AND sequence = ?2",
                        "DELETE FROM deliveries WHERE account_id = ?1 AND sequence = ?2",
                        "DELETE FROM events WHERE account_id = ?1 AND sequence = ?2",
                    ] {
                        transaction.prepare_cached(sql).and_then(|mut s| s.execute(*of)).doing(DOING)?;
                    }
                }
                transaction.commit().doing(DOING)?;
                Ok(old.len() as u64)
            })
            .await
    }
}

/// Adds an event with its deliveries. Returns its number; `None` if its cause made one before.
pub(super) fn add_event(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    event: &NewEvent,
) -> Result<Option<u64>, StoreError> {
    const DOING: &str = "record an event";
    let is_known: bool = transaction
        .prepare_cached(IS_KNOWN)
        .and_then(|mut s| s.query_row((account_id.0, &event.cause), row::sqlite))
        .doing(DOING)?;
    if is_known {
        return Ok(None);
    }
    let number: i64 = transaction
        .prepare_cached(NUMBER)
        .and_then(|mut s| s.query_row([account_id.0], row::sqlite))
        .doing(DOING)?;
    transaction
        .prepare_cached(ADD)
        .and_then(|mut s| {
            s.execute(params![
                account_id.0,
                number,
                event.id.to_bytes(),
                event.kind,
                event.cause,
                event.alert_id.map(AlertId::to_bytes),
                event.at.as_ms(),
                event.data
            ])
        })
        .doing(DOING)?;
    let mut deliver = transaction.prepare_cached(DELIVER).doing(DOING)?;
    let at_once = event.to.iter().map(|id| (id, event.due_at));
    for (id, due_at) in at_once.chain(event.later.iter().map(|(id, due_at)| (id, *due_at))) {
        deliver.execute((account_id.0, id.to_bytes(), number, due_at.as_ms())).doing(DOING)?;
    }
    Ok(Some(number.unsigned_abs()))
}

/// Reads the event of a number.
pub(super) fn event(
    connection: &Connection,
    account_id: AccountId,
    number: i64,
) -> Result<Option<Event>, StoreError> {
    const ONE: &str =
        concat!("SELECT ", event_columns!(), " FROM events WHERE account_id = ?1 AND sequence = ?2");
    let found: Option<EventRow> = connection
        .prepare_cached(ONE)
        .and_then(|mut s| s.query_row((account_id.0, number), row::sqlite).optional())
        .doing("read an event")?;
    Ok(found.map(Event::from))
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<EventRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read events")?;
    Ok(rows.into_iter().map(Event::from).collect())
}
