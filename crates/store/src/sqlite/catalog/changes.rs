//! The list of changes that followers read.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{Changes, Gathered};
use rusqlite::Connection;

impl CatalogFile {
    pub(crate) fn sequence(&self) -> Result<u64, StoreError> {
        self.readers.with(sequence)
    }

    pub(crate) fn changes_since(&self, after: u64) -> Result<Changes, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT sequence, hashtags FROM changes WHERE sequence > ?1 ORDER BY sequence",
                )
                .doing("read the changes")?;
            let mut rows = statement.query([after.cast_signed()]).doing("read the changes")?;
            let mut gathered = Gathered::after(after);
            while let Some(row) = rows.next().doing("read the changes")? {
                let listed: i64 = row.get(0).doing("read the changes")?;
                let blob = row.get_ref(1).doing("read the changes")?.as_blob();
                let blob = blob.map_err(|_| StoreError::Inconsistent {
                    table: "changes",
                    column: "hashtags",
                    row: listed.to_string(),
                })?;
                if !gathered.push(listed.cast_unsigned(), blob) {
                    return Ok(Changes::Gap);
                }
            }
            Ok(gathered.finish(sequence(connection)?))
        })
    }
}

pub(super) fn sequence(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT sequence FROM store")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
        .map(i64::cast_unsigned)
        .doing("read the change sequence")
}
