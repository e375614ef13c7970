//! Imported files. On a cluster they are on the coordinator.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::imported_files::{IMPORTED_FILES_MAX, ImportedFile, ImportedRow, imported_columns};
use crate::row;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const OF_SIZES: &str =
    concat!("SELECT ", imported_columns!(), " FROM tagmeter.imported_files WHERE bytes = ANY($1)");
const REMOVE: &str = "DELETE FROM tagmeter.imported_files WHERE bytes = $1 AND digest = $2";
const ADD: &str =
    "INSERT INTO tagmeter.imported_files (bytes, digest, imported_at, summary) VALUES ($1, $2, $3, $4)
     ON CONFLICT (bytes, digest) DO UPDATE
     SET imported_at = excluded.imported_at, summary = excluded.summary";
const DROP_OLD: &str = "DELETE FROM tagmeter.imported_files
     WHERE number <= (SELECT max(number) FROM tagmeter.imported_files) - $1";

impl Postgres {
    pub(crate) async fn imported_files(&self, sizes: &[i64]) -> Result<Vec<ImportedFile>, StoreError> {
        const DOING: &str = "look up imported files";
        let rows = self.pool.query(DOING, OF_SIZES, &[(&sizes, Type::INT8_ARRAY)]).await?;
        rows.iter().map(|row| Ok(row::postgres::<ImportedRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn add_imported_files(&self, files: Vec<ImportedFile>) -> Result<(), StoreError> {
        const DOING: &str = "note imported files";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        for file in &files {
            let (bytes, digest) = (file.bytes.cast_signed(), file.digest.as_slice());
            let key: [Parameter<'_>; 2] = [(&bytes, Type::INT8), (&digest, Type::BYTEA)];
            // A new number: the entry counts among the newest again.
            transaction.execute_typed(REMOVE, &key).await.doing(DOING)?;
            let at = file.imported_at.as_ms();
            let parameters: [Parameter<'_>; 4] = [
                (&bytes, Type::INT8),
                (&digest, Type::BYTEA),
                (&at, Type::INT8),
                (&file.summary, Type::TEXT),
            ];
            transaction.execute_typed(ADD, &parameters).await.doing(DOING)?;
        }
        let max = IMPORTED_FILES_MAX.cast_signed();
        transaction.execute_typed(DROP_OLD, &[(&max, Type::INT8)]).await.doing("drop old imported files")?;
        transaction.commit().await.doing(DOING)
    }
}

/// Empties the list: what is stored of the files is no longer what their records say.
pub(super) async fn clear(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM tagmeter.imported_files";
    transaction.execute_typed(SQL, &[]).await.map(|_| ()).doing("clear the imported files")
}
