//! Word from other nodes that something changed, so that it need not be asked for all the time.

use crate::Store;
use tokio::sync::watch;

/// What was heard. The numbers only ever grow; they count what was heard, not what was changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    /// Whether word is coming through at the moment. Without it one must ask.
    pub is_heard: bool,
    /// How often it was heard that keys were made or revoked.
    pub keys: u64,
    /// How often it was heard that the catalog changed.
    pub changes: u64,
}

impl Store {
    /// What other nodes, and this one, tell about changes, from the first call on. `None` on SQLite, where asking costs
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

    /// Whether every question costs a round trip to another process.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// What the owner of the store should know about how it is set up; empty when all is well.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Sqlite(_) => &[],
            Self::Postgres(postgres) => &postgres.warnings,
        }
    }
}
