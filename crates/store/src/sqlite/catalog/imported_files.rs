//! Imported files, in `catalog.db`: an entry is never ahead of the records of its file.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::imported_files::{IMPORTED_FILES_MAX, ImportedFile, ImportedRow, imported_columns};
use crate::row;
use rusqlite::{Transaction, TransactionBehavior, params};

impl CatalogFile {
    pub(crate) fn imported_files(&self, sizes: &[i64]) -> Result<Vec<ImportedFile>, StoreError> {
        const DOING: &str = "look up imported files";
        const SQL: &str = concat!("SELECT ", imported_columns!(), " FROM imported_files WHERE bytes = ?1");
        self.readers.with_snapshot(|connection| {
            let mut statement = connection.prepare_cached(SQL).doing(DOING)?;
            let mut found = Vec::new();
            for bytes in sizes {
                let mut rows = statement.query([bytes]).doing(DOING)?;
                while let Some(row) = rows.next().doing(DOING)? {
                    found.push(row::sqlite::<ImportedRow>(row).doing(DOING)?.into());
                }
            }
            Ok(found)
        })
    }

    pub(crate) async fn add_imported_files(&self, files: Vec<ImportedFile>) -> Result<(), StoreError> {
        const DOING: &str = "note imported files";
        self.writer
            .run(move |connection| {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
                for file in &files {
                    transaction
                        .prepare_cached(
                            "INSERT OR REPLACE INTO imported_files (bytes, digest, imported_at, summary)
                             VALUES (?1, ?2, ?3, ?4)",
                        )
                        .and_then(|mut add| {
                            let bytes = file.bytes.cast_signed();
                            add.execute(params![bytes, file.digest, file.imported_at.as_ms(), file.summary])
                        })
                        .doing(DOING)?;
                }
                transaction
                    .execute(
                        "DELETE FROM imported_files
                         WHERE number <= (SELECT max(number) FROM imported_files) - ?1",
                        [IMPORTED_FILES_MAX.cast_signed()],
                    )
                    .doing("drop old imported files")?;
                transaction.commit().doing(DOING)
            })
            .await
    }
}

/// Empties the list: what is stored of the files is no longer what their records say.
pub(super) fn clear(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM imported_files", []).map(|_| ()).doing("clear the imported files")
}
