//! Tests that the store can be written, by a real write to each file: nothing else reveals a full disk.

use crate::{Store, StoreError, private};
use std::io::{self, Write};
use std::path::Path;

/// Size of a block on most file systems.
const PROBE_BYTES: usize = 4096;

/// A file of the store, or the same part of a PostgreSQL database.
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
    /// Writes once to a file, durably, to check that this works. For the background: it syncs. `None` while
    /// other work waits for the file's writer, which shows the same. On PostgreSQL all parts are in one
    /// database, which each of them writes to.
    pub async fn probe(&self, file: Probed) -> Option<Result<(), StoreError>> {
        match (self, file) {
            (Self::Sqlite(sqlite), Probed::Ledger) => Some(sqlite.accounts.probe().await),
            (Self::Sqlite(sqlite), Probed::Catalog) => sqlite.catalog.probe().await,
            (Self::Sqlite(sqlite), Probed::Walks) => sqlite.walks.probe().await,
            (Self::Postgres(postgres), _) => Some(postgres.probe().await),
        }
    }
}
