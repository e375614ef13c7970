//! Alerts of accounts: what each watches, and how far it was evaluated.
//!
//! Settings of an alert and states of its subjects are JSON that the store does not read. An evaluation
//! ([`AlertEvaluated`]) writes the new state, the events and their deliveries in one transaction, so that an event is
//! neither lost nor sent without having been noted.

use crate::events::NewEvent;
use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, AlertId, Timestamp};

/// Most alerts of one account.
pub const ALERTS_MAX: u64 = 10_000;
/// Most subjects of one alert.
pub const SUBJECTS_MAX: usize = 1_000;

/// A subject to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubject {
    /// Key of the hashtag, or another key that no hashtag has.
    pub subject: String,
    /// Name to show.
    pub name: String,
    /// State before the first evaluation, as JSON.
    pub state: String,
    /// When to look at it without a new reading.
    pub due_at: Option<Timestamp>,
}

/// An alert to create.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// Its id.
    pub id: AlertId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings, as JSON.
    pub settings: String,
    /// Its subjects, each key once; at most [`SUBJECTS_MAX`].
    pub subjects: Vec<NewSubject>,
    /// Identifies a repeated request for the same alert.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// Outcome of creating an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertCreated {
    /// It was created.
    Created(Alert),
    /// The same request created this one before under the same key.
    Same(Alert),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`ALERTS_MAX`] alerts.
    TooMany,
    /// Another alert of the account has this id: draw another one.
    IdTaken,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings, as JSON.
    pub settings: String,
    /// True while it is not evaluated.
    pub is_paused: bool,
    /// Until then it sends no messages.
    pub muted_until: Option<Timestamp>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change by its owner.
    pub updated_at: Timestamp,
}

/// A subject of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSubject {
    /// Owner.
    pub account_id: AccountId,
    /// Its alert.
    pub alert_id: AlertId,
    /// Its key.
    pub subject: String,
    /// Name to show.
    pub name: String,
    /// State, as JSON.
    pub state: String,
    /// When to look at it without a new reading.
    pub due_at: Option<Timestamp>,
    pub(crate) version: i64,
}

/// A change of an alert by its owner. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// New settings, as JSON.
    pub settings: Option<String>,
    /// Pause or resume.
    pub is_paused: Option<bool>,
    /// New end of its silence; `Some(None)` ends it.
    pub muted_until: Option<Option<Timestamp>>,
    /// Replaces all subjects with their states.
    pub subjects: Option<Vec<NewSubject>>,
}

/// Result of evaluating a subject.
#[derive(Debug, Clone)]
pub struct AlertEvaluated {
    /// The subject as it was read.
    pub subject: AlertSubject,
    /// Its new state, as JSON.
    pub state: String,
    /// When to look at it without a new reading.
    pub due_at: Option<Timestamp>,
    /// Events in the order in which they happened.
    pub events: Vec<NewEvent>,
}

impl Store {
    /// Creates an alert with its subjects, durably. With an idempotency key an account creates one alert, however often it
    /// is requested.
    pub async fn create_alert(&self, alert: NewAlert) -> Result<AlertCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_alert(alert).await,
            Self::Postgres(postgres) => postgres.create_alert(&alert).await,
        }
    }

    /// Returns an account's alert; `None` if it does not exist or is another account's.
    pub async fn alert(&self, account_id: AccountId, id: AlertId) -> Result<Option<Alert>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.alert(account_id, id),
            Self::Postgres(postgres) => postgres.alert(account_id, id).await,
        }
    }

    /// Returns up to `limit` alerts of an account, newest first, before the alert `before`.
    pub async fn alerts(
        &self,
        account_id: AccountId,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<Alert>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.alerts(account_id, before, limit),
            Self::Postgres(postgres) => postgres.alerts(account_id, before, limit).await,
        }
    }

    /// Changes an account's alert. Returns `None` if there is none.
    pub async fn change_alert(
        &self,
        account_id: AccountId,
        id: AlertId,
        change: AlertChange,
        at: Timestamp,
    ) -> Result<Option<Alert>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_alert(account_id, id, change, at).await,
            Self::Postgres(postgres) => postgres.change_alert(account_id, id, &change, at).await,
        }
    }

    /// Deletes an account's alert with its subjects; its events stay. Returns `false` if there is none.
    pub async fn delete_alert(&self, account_id: AccountId, id: AlertId) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_alert(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_alert(account_id, id).await,
        }
    }

    /// Returns up to `limit` subjects of an alert, by key, after the key `after`.
    pub async fn alert_subjects(
        &self,
        account_id: AccountId,
        id: AlertId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<AlertSubject>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.alert_subjects(account_id, id, after, limit),
            Self::Postgres(postgres) => postgres.alert_subjects(account_id, id, after, limit).await,
        }
    }

    /// Returns every subject with a key, of all accounts, with its alert. On a cluster this reads all shards.
    pub async fn watchers(&self, subject: &str) -> Result<Vec<(Alert, AlertSubject)>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.watchers(subject),
            Self::Postgres(postgres) => postgres.watchers(subject).await,
        }
    }

    /// Returns up to `limit` keys of subjects after the key `after`, each once, of all accounts.
    pub async fn watched_subjects(&self, after: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.watched_subjects(after, limit),
            Self::Postgres(postgres) => postgres.watched_subjects(after, limit).await,
        }
    }

    /// Returns those of some keys that an alert watches, each once.
    pub async fn watched_of(&self, subjects: Vec<String>) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.watched_of(&subjects),
            Self::Postgres(postgres) => postgres.watched_of(&subjects).await,
        }
    }

    /// Returns up to `limit` keys of subjects that are due at a moment, each once.
    pub async fn due_subjects(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.due_subjects(now, limit),
            Self::Postgres(postgres) => postgres.due_subjects(now, limit).await,
        }
    }

    /// Writes the result of an evaluation with its events and their deliveries. Returns `false`, without writing, if the
    /// subject was changed or evaluated since it was read.
    pub async fn write_evaluation(&self, evaluated: AlertEvaluated) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.write_evaluation(evaluated).await,
            Self::Postgres(postgres) => postgres.write_evaluation(&evaluated).await,
        }
    }
}

row! {
    /// An alert's row.
    pub(crate) struct AlertRow: alert_columns {
        account_id: i64,
        alert_id: [u8; 16],
        settings: String,
        is_paused: bool,
        muted_until_ms: Option<i64>,
        created_at_ms: i64,
        updated_at_ms: i64,
    }
}

row! {
    /// The row of an alert's subject.
    pub(crate) struct SubjectRow: subject_columns {
        account_id: i64,
        alert_id: [u8; 16],
        subject: String,
        name: String,
        state: String,
        due_at_ms: Option<i64>,
        version: i64,
    }
}

impl From<AlertRow> for Alert {
    fn from(row: AlertRow) -> Self {
        Self {
            id: AlertId::from_bytes(row.alert_id),
            account_id: AccountId(row.account_id),
            settings: row.settings,
            is_paused: row.is_paused,
            muted_until: row.muted_until_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(row.created_at_ms),
            updated_at: Timestamp::from_ms(row.updated_at_ms),
        }
    }
}

impl From<SubjectRow> for AlertSubject {
    fn from(row: SubjectRow) -> Self {
        Self {
            account_id: AccountId(row.account_id),
            alert_id: AlertId::from_bytes(row.alert_id),
            subject: row.subject,
            name: row.name,
            state: row.state,
            due_at: row.due_at_ms.map(Timestamp::from_ms),
            version: row.version,
        }
    }
}

/// Versions of a subject between two changes of its alert: a subject that is replaced never has a version that was read.
const VERSIONS_OF_A_CHANGE: i64 = 1 << 32;

/// Returns the first version of subjects that a change of their alert writes.
pub(crate) const fn first_version(alert_version: i64) -> i64 {
    alert_version.saturating_mul(VERSIONS_OF_A_CHANGE)
}
