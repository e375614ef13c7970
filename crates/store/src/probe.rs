//! Whether the store can be written: a real write of each file, as a full disk shows in nothing else.

use crate::{Store, StoreError};

/// A file of the store, or the part of a PostgreSQL database that holds the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// Accounts and ledger.
    Ledger,
    /// Hashtags and videos.
    Catalog,
    /// Walks and trends.
    Walks,
}

impl Store {
    /// Writes once to a file, durably, to see whether that works. For the background: it syncs. `None` while other work
    /// waits for the file's writer, which shows the same. On PostgreSQL all parts are in one database, and writing for any
    /// of them writes to it.
    pub async fn probe(&self, file: Probed) -> Option<Result<(), StoreError>> {
        match (self, file) {
            (Self::Sqlite(sqlite), Probed::Ledger) => Some(sqlite.accounts.probe().await),
            (Self::Sqlite(sqlite), Probed::Catalog) => sqlite.catalog.probe().await,
            (Self::Sqlite(sqlite), Probed::Walks) => sqlite.walks.probe().await,
            (Self::Postgres(postgres), _) => Some(postgres.probe().await),
        }
    }
}
