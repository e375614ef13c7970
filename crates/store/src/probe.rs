//! Tests that the store can be written, by a real write of each file, as a full disk shows in nothing else.

use crate::{Store, StoreError, private};
use std::io::{self, Write};
use std::path::Path;

/// A block of most file systems.
const PROBE_BYTES: usize = 4096;

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

/// Writes a small file without a name to a folder, durably. Blocks on the disk.
pub fn write_to_folder(folder: &Path) -> io::Result<()> {
    private::make_folder(folder)?;
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&[0; PROBE_BYTES])?;
    file.sync_data()
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
