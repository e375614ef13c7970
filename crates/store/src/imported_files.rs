//! Files that were imported whole, recognised by size and digest, so that the same file is not read again. Forgetting
//! videos or creators, and allowing them again, empties the list: the same file may then record something else.

use crate::row::row;
use crate::{Store, StoreError};
use domain::Timestamp;

/// Files that are remembered; the oldest imports beyond them are dropped.
pub const IMPORTED_FILES_MAX: u64 = 100_000;

/// A file that was imported whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFile {
    /// Its size.
    pub bytes: u64,
    /// Digest of its content, name and options.
    pub digest: [u8; 16],
    /// Time of the import.
    pub imported_at: Timestamp,
    /// Summary of the import, as JSON of the catalog's own.
    pub summary: String,
}

impl Store {
    /// Returns the imported files that have one of these sizes in bytes.
    pub async fn imported_files(&self, sizes: &[u64]) -> Result<Vec<ImportedFile>, StoreError> {
        let sizes: Vec<i64> = sizes.iter().filter_map(|bytes| i64::try_from(*bytes).ok()).collect();
        if sizes.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.imported_files(&sizes),
            Self::Postgres(postgres) => postgres.imported_files(&sizes).await,
        }
    }

    /// Adds imported files, or replaces the entries of the same size and digest. Only the newest
    /// [`IMPORTED_FILES_MAX`] stay.
    pub async fn add_imported_files(&self, files: Vec<ImportedFile>) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.add_imported_files(files).await,
            Self::Postgres(postgres) => postgres.add_imported_files(files).await,
        }
    }
}

row! {
    /// An imported file's row.
    pub(crate) struct ImportedRow: imported_columns {
        bytes: i64,
        digest: [u8; 16],
        imported_at: i64,
        summary: String,
    }
}

impl From<ImportedRow> for ImportedFile {
    fn from(row: ImportedRow) -> Self {
        let ImportedRow { bytes, digest, imported_at, summary } = row;
        Self { bytes: bytes.unsigned_abs(), digest, imported_at: Timestamp::from_ms(imported_at), summary }
    }
}
