//! Destinations of an account's messages: webhooks, rooms of chat services and mail addresses, and whether they work.

use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, DestinationId, Timestamp};
use std::fmt;

/// Most destinations of one account.
pub const DESTINATIONS_MAX: u64 = 100;

/// A destination to create.
#[derive(Clone)]
pub struct NewDestination {
    /// Its id.
    pub id: DestinationId,
    /// Owner.
    pub account_id: AccountId,
    /// Target of messages, with its secrets; once for each account.
    pub address: String,
    /// Settings, as JSON.
    pub settings: String,
    /// Signing secrets, as JSON.
    pub secrets: String,
    /// Creation time.
    pub at: Timestamp,
}

/// A destination. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// Owner.
    pub account_id: AccountId,
    /// Target of messages, with its secrets.
    pub address: String,
    /// Settings, as JSON.
    pub settings: String,
    /// Signing secrets, as JSON.
    pub secrets: String,
    /// Why nothing is sent to it; `None` while it is on.
    pub off_reason: Option<String>,
    /// Time of the first failure since the last success, and the number of failures.
    pub failing: Option<(Timestamp, u64)>,
    /// Time of the last success.
    pub succeeded_at: Option<Timestamp>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl fmt::Debug for NewDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDestination").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, off_reason) = (&self.id, &self.off_reason);
        f.debug_struct("Destination").field("id", id).field("off_reason", off_reason).finish_non_exhaustive()
    }
}

/// Outcome of creating a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationCreated {
    /// It was created.
    Created(Destination),
    /// The account has one with this address; nothing was changed.
    Known(Destination),
    /// The account has [`DESTINATIONS_MAX`] destinations.
    TooMany,
    /// Another destination of the account has this id: draw another one.
    IdTaken,
}

/// A change of a destination. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestinationChange {
    /// New settings, as JSON.
    pub settings: Option<String>,
    /// New signing secrets, as JSON.
    pub secrets: Option<String>,
    /// Turns it on (`Some(None)`), which forgets its failures, or off, for a reason.
    pub off_reason: Option<Option<String>>,
}

/// State of a destination after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationState {
    /// It accepted a message.
    Working,
    /// It fails.
    Failing {
        /// Time of the first failure since the last success.
        since: Timestamp,
        /// Number of failures since then.
        failures: u64,
    },
    /// It is turned off, for a reason. What waits for it is given up.
    Off(String),
}

impl Store {
    /// Creates a destination, unless the account has one with its address.
    pub async fn create_destination(&self, new: NewDestination) -> Result<DestinationCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_destination(new).await,
            Self::Postgres(postgres) => postgres.create_destination(&new).await,
        }
    }

    /// Returns all destinations of an account, oldest first: at most [`DESTINATIONS_MAX`].
    pub async fn destinations(&self, account_id: AccountId) -> Result<Vec<Destination>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.destinations(account_id),
            Self::Postgres(postgres) => postgres.destinations(account_id).await,
        }
    }

    /// Changes an account's destination. Returns `None` if there is none.
    pub async fn change_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
        change: DestinationChange,
        at: Timestamp,
    ) -> Result<Option<Destination>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_destination(account_id, id, change, at).await,
            Self::Postgres(postgres) => postgres.change_destination(account_id, id, &change, at).await,
        }
    }

    /// Deletes an account's destination with its deliveries. Returns `false` if there is none.
    pub async fn delete_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_destination(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_destination(account_id, id).await,
        }
    }
}

row! {
    /// A destination's row.
    pub(crate) struct DestinationRow: destination_columns {
        account_id: i64,
        destination_id: [u8; 16],
        address: String,
        settings: String,
        secrets: String,
        off_reason: Option<String>,
        failing_since_ms: Option<i64>,
        failures: i64,
        succeeded_at_ms: Option<i64>,
        created_at_ms: i64,
        updated_at_ms: i64,
    }
}

impl From<DestinationRow> for Destination {
    fn from(row: DestinationRow) -> Self {
        let since = row.failing_since_ms.map(Timestamp::from_ms);
        Self {
            id: DestinationId::from_bytes(row.destination_id),
            account_id: AccountId(row.account_id),
            address: row.address,
            settings: row.settings,
            secrets: row.secrets,
            off_reason: row.off_reason,
            failing: since.map(|since| (since, row.failures.unsigned_abs())),
            succeeded_at: row.succeeded_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(row.created_at_ms),
            updated_at: Timestamp::from_ms(row.updated_at_ms),
        }
    }
}
