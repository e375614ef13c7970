//! Word from other nodes that something changed, so that it need not be asked for all the time.

use crate::Store;
use tokio::sync::watch;

/// Notifications received so far. The numbers only grow; they count notifications, not changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    /// True if word is coming through at the moment. Without it one must ask.
    pub is_heard: bool,
    /// Notifications of keys that were made or revoked.
    pub keys: u64,
    /// Notifications of changes of the catalog.
    pub changes: u64,
}

impl Store {
    /// Returns the notifications of all nodes, from the first call on. `None` on SQLite, where polling costs
    /// next to nothing. To be called within a tokio runtime.
    ///
    /// Word may be late or lost: whoever must know asks the store. When the connection it comes by was cut and is there
    /// again, all numbers grow, as anything may have changed meanwhile.
    pub fn news(&self) -> Option<watch::Receiver<News>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(postgres) => postgres.listener.news(&postgres.pool),
        }
    }

    /// Returns whether every question costs a round trip to another process.
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
