//! The list of changes that followers read.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{Changes, Gathered};
use crate::row;
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
                let (listed, hashtags): (i64, &[u8]) = row::read(row).doing("read the changes")?;
                if !gathered.push(listed.cast_unsigned(), hashtags) {
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
        .and_then(|mut statement| statement.query_row([], row::sqlite::<i64>))
        .map(i64::cast_unsigned)
        .doing("read the change sequence")
}
