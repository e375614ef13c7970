//! Events of accounts: what happened, numbered in order, and what is to be delivered of it.
//!
//! An event has a cause, and one cause makes one event, whatever nodes and repeats do. Events and their deliveries are
//! written in one transaction ([`Store::record_event`], [`Store::write_evaluation`]).

use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, AlertId, DestinationId, EventId, Timestamp};

/// An event to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Kind, such as `alert.fired`.
    pub kind: String,
    /// The cause: of events with one cause the first is recorded.
    pub cause: String,
    /// The alert that it is of.
    pub alert_id: Option<AlertId>,
    /// When it happened.
    pub at: Timestamp,
    /// Facts about it, as JSON that the store does not read.
    pub data: String,
    /// Destinations that it is sent to. Those that do not exist any more are left out.
    pub to: Vec<DestinationId>,
    /// When the first attempts are due.
    pub due_at: Timestamp,
    /// Destinations that get it later, with others, and when.
    pub later: Vec<(DestinationId, Timestamp)>,
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Owner.
    pub account_id: AccountId,
    /// Its number among the events of the account: later ones are larger.
    pub sequence: u64,
    /// Its id.
    pub id: EventId,
    /// Kind, such as `alert.fired`.
    pub kind: String,
    /// The alert that it is of.
    pub alert_id: Option<AlertId>,
    /// When it happened.
    pub at: Timestamp,
    /// Facts about it, as JSON.
    pub data: String,
}

impl Store {
    /// Records an event with its deliveries. Returns its number; `None` if its cause made one before.
    pub async fn record_event(
        &self,
        account_id: AccountId,
        event: NewEvent,
    ) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.record_event(account_id, event).await,
            Self::Postgres(postgres) => postgres.record_event(account_id, &event).await,
        }
    }

    /// Returns up to `limit` events of an account, or of one of its alerts, newest first, before the number `before`.
    pub async fn events(
        &self,
        account_id: AccountId,
        alert_id: Option<AlertId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.events(account_id, alert_id, before, limit),
            Self::Postgres(postgres) => postgres.events(account_id, alert_id, before, limit).await,
        }
    }

    /// Deletes events from before a moment with their deliveries and attempts, up to `limit` of them, but none that is still
    /// to be sent. Returns the number of deleted events.
    pub async fn prune_events(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.prune_events(before, limit).await,
            Self::Postgres(postgres) => postgres.prune_events(before, limit).await,
        }
    }
}

row! {
    /// An event's row.
    pub(crate) struct EventRow: event_columns {
        account_id: i64,
        sequence: i64,
        event_id: [u8; 16],
        kind: String,
        alert_id: Option<[u8; 16]>,
        at_ms: i64,
        data: String,
    }
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            account_id: AccountId(row.account_id),
            sequence: row.sequence.unsigned_abs(),
            id: EventId::from_bytes(row.event_id),
            kind: row.kind,
            alert_id: row.alert_id.map(AlertId::from_bytes),
            at: Timestamp::from_ms(row.at_ms),
            data: row.data,
        }
    }
}

/// Returns the number of an event as a place in a list that is read downwards.
pub(crate) fn before(sequence: Option<u64>) -> i64 {
    sequence.and_then(|sequence| i64::try_from(sequence).ok()).unwrap_or(i64::MAX)
}
