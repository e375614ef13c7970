//! Events, with the deliveries that are written beside them: on a cluster on the shard of their account.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::events::{Event, EventRow, NewEvent, before, event_columns};
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, AlertId, DestinationId, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const IS_KNOWN: &str = "SELECT 1 FROM tagmeter.events WHERE account_id = $1 AND cause = $2";
/// Locks the row: events of an account are recorded one after another.
const NUMBER: &str = "INSERT INTO tagmeter.event_sequences AS known (account_id, last) VALUES ($1, 1)
    ON CONFLICT (account_id) DO UPDATE SET last = known.last + 1 RETURNING last";
const ADD: &str = "INSERT INTO tagmeter.events
    (account_id, sequence, event_id, kind, cause, alert_id, at_ms, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING";
/// Nothing is queued for a destination that is turned off or gone.
const DELIVER: &str = "INSERT INTO tagmeter.deliveries
    (account_id, destination_id, sequence, due_at_ms, attempts, tries, lease_until_ms, token)
    SELECT $1::bigint, destination_id, $3, $4, 0, 0, 0, 0 FROM tagmeter.destinations
    WHERE account_id = $1 AND destination_id = ANY($2) AND off_reason IS NULL ON CONFLICT DO NOTHING";
const ONE: &str =
    concat!("SELECT ", event_columns!(), " FROM tagmeter.events WHERE account_id = $1 AND sequence = $2");
const EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM tagmeter.events WHERE account_id = $1 AND sequence < $2 AND ($4::bytea IS NULL OR alert_id = $4)
      ORDER BY sequence DESC LIMIT $3"
);
const PRUNABLE: &str = "SELECT account_id, sequence FROM tagmeter.events e WHERE at_ms < $1
    AND NOT EXISTS (SELECT 1 FROM tagmeter.deliveries d WHERE d.account_id = e.account_id
                    AND d.sequence = e.sequence AND d.due_at_ms IS NOT NULL)
    ORDER BY at_ms LIMIT $2";
const PRUNE_ATTEMPTS: &str = "DELETE FROM tagmeter.delivery_attempts WHERE account_id = $1 AND sequence = $2";
const PRUNE_DELIVERIES: &str = "DELETE FROM tagmeter.deliveries WHERE account_id = $1 AND sequence = $2";
const PRUNE: &str = "DELETE FROM tagmeter.events WHERE account_id = $1 AND sequence = $2";

impl Postgres {
    pub(crate) async fn record_event(
        &self,
        account_id: AccountId,
        event: &NewEvent,
    ) -> Result<Option<u64>, StoreError> {
        const DOING: &str = "record an event";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let number = add_event(&transaction, account_id, event).await?;
        transaction.commit().await.doing(DOING)?;
        Ok(number)
    }

    pub(crate) async fn events(
        &self,
        account_id: AccountId,
        alert_id: Option<AlertId>,
        before_number: Option<u64>,
        number: usize,
    ) -> Result<Vec<Event>, StoreError> {
        const DOING: &str = "list events";
        let id = alert_id.map(AlertId::to_bytes);
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&before(before_number), Type::INT8),
            (&limit(number), Type::INT8),
            (&id.as_ref().map(|id| id.as_slice()), Type::BYTEA),
        ];
        let rows = self.pool.query(DOING, EVENTS, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<EventRow>(row).doing(DOING)?.into())).collect()
    }

    /// Reads the event of a number.
    pub(super) async fn event(
        &self,
        account_id: AccountId,
        number: i64,
    ) -> Result<Option<Event>, StoreError> {
        const DOING: &str = "read an event";
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&number, Type::INT8)];
        let row = self.pool.query_opt(DOING, ONE, &parameters).await?;
        Ok(row.as_ref().map(row::postgres::<EventRow>).transpose().doing(DOING)?.map(Event::from))
    }

    pub(crate) async fn prune_events(&self, before: Timestamp, number: usize) -> Result<u64, StoreError> {
        const DOING: &str = "prune events";
        let parameters: [Parameter<'_>; 2] = [(&before.as_ms(), Type::INT8), (&limit(number), Type::INT8)];
        let rows = self.pool.query(DOING, PRUNABLE, &parameters).await?;
        for row in &rows {
            let (account_id, sequence): (i64, i64) = row::read(row).doing(DOING)?;
            let of: [Parameter<'_>; 2] = [(&account_id, Type::INT8), (&sequence, Type::INT8)];
            let mut client = self.pool.get().await?;
            let transaction = client.transaction().await.doing(DOING)?;
            for sql in [PRUNE_ATTEMPTS, PRUNE_DELIVERIES, PRUNE] {
                transaction.execute_typed(sql, &of).await.doing(DOING)?;
            }
            transaction.commit().await.doing(DOING)?;
        }
        Ok(rows.len() as u64)
    }
}

/// Adds an event with its deliveries. Returns its number; `None` if its cause made one before.
pub(super) async fn add_event(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    event: &NewEvent,
) -> Result<Option<u64>, StoreError> {
    const DOING: &str = "record an event";
    // Before a number is taken: a receiver takes a hole for an event that was lost.
    let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&event.cause, Type::TEXT)];
    if !transaction.query_typed(IS_KNOWN, &parameters).await.doing(DOING)?.is_empty() {
        return Ok(None);
    }
    let rows = transaction.query_typed(NUMBER, &[(&account_id.0, Type::INT8)]).await.doing(DOING)?;
    let number: i64 = rows.first().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
    let (id, alert_id) = (event.id.to_bytes(), event.alert_id.map(AlertId::to_bytes));
    let parameters: [Parameter<'_>; 8] = [
        (&account_id.0, Type::INT8),
        (&number, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&event.kind, Type::TEXT),
        (&event.cause, Type::TEXT),
        (&alert_id.as_ref().map(|id| id.as_slice()), Type::BYTEA),
        (&event.at.as_ms(), Type::INT8),
        (&event.data, Type::TEXT),
    ];
    if transaction.execute_typed(ADD, &parameters).await.doing(DOING)? == 0 {
        // Another node recorded the cause while this one waited for the number.
        return Ok(None);
    }
    let later = event.later.iter().map(|(id, due_at)| (vec![*id], *due_at));
    for (to, due_at) in std::iter::once((event.to.clone(), event.due_at)).chain(later) {
        deliver(transaction, account_id, number, &to, due_at).await?;
    }
    Ok(Some(number.unsigned_abs()))
}

/// Queues an event for destinations.
async fn deliver(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    number: i64,
    to: &[DestinationId],
    due_at: Timestamp,
) -> Result<(), StoreError> {
    if to.is_empty() {
        return Ok(());
    }
    let to: Vec<Vec<u8>> = to.iter().map(|id| id.to_bytes().to_vec()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&account_id.0, Type::INT8),
        (&to, Type::BYTEA_ARRAY),
        (&number, Type::INT8),
        (&due_at.as_ms(), Type::INT8),
    ];
    transaction.execute_typed(DELIVER, &parameters).await.doing("record an event")?;
    Ok(())
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 10] = [
    ("IS_KNOWN", IS_KNOWN),
    ("NUMBER", NUMBER),
    ("ADD", ADD),
    ("DELIVER", DELIVER),
    ("ONE", ONE),
    ("EVENTS", EVENTS),
    ("PRUNABLE", PRUNABLE),
    ("PRUNE_ATTEMPTS", PRUNE_ATTEMPTS),
    ("PRUNE_DELIVERIES", PRUNE_DELIVERIES),
    ("PRUNE", PRUNE),
];
