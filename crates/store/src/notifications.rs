//! Change notifications from other nodes (`LISTEN`/`NOTIFY`), which replace polling.

use crate::Store;
use tokio::sync::watch;

/// Notifications received so far. The numbers only grow; they count notifications, not changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notifications {
    /// True while notifications arrive. Otherwise the store must be polled.
    pub is_listening: bool,
    /// Notifications of created or revoked keys.
    pub keys: u64,
    /// Notifications of changes to the catalog.
    pub changes: u64,
}

impl Store {
    /// Returns the notifications of all nodes, from the first call on. `None` on SQLite, where polling costs
    /// next to nothing. Call it within a tokio runtime.
    ///
    /// Notifications may be late or lost: only the store itself is current. When a lost connection is open
    /// again, all numbers grow, since anything may have changed meanwhile.
    pub fn notifications(&self) -> Option<watch::Receiver<Notifications>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(postgres) => postgres.listener.notifications(&postgres.pool),
        }
    }

    /// Returns true if every query costs a round trip to another process.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Returns warnings about the settings of the database.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Sqlite(_) => &[],
            Self::Postgres(postgres) => &postgres.warnings,
        }
    }
}
