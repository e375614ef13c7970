//! The newest reading of each source, in `catalog.db`.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::source_readings::{SourceColumns, source_columns};
use rusqlite::{Connection, Transaction};

const ALL: &str =
    concat!("SELECT ", source_columns!(), " FROM source_readings ORDER BY observed_at DESC, source");
const NOTE: &str = "INSERT INTO source_readings (source, observed_at, arrived_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (source) DO UPDATE SET observed_at = excluded.observed_at, arrived_at = excluded.arrived_at
    WHERE excluded.observed_at > observed_at";

impl CatalogFile {
    pub(crate) fn source_readings(&self) -> Result<Vec<SourceColumns>, StoreError> {
        let read = |connection: &Connection| {
            connection.prepare_cached(ALL).and_then(|mut s| s.query_map([], row::sqlite)?.collect())
        };
        self.readers.with(|connection| read(connection).doing("read the newest reading of each source"))
    }
}

/// Notes the newest readings of sources that came in at `now`.
pub(super) fn note_sources(
    transaction: &Transaction<'_>,
    now: i64,
    newest: &[(u8, i64)],
) -> Result<(), StoreError> {
    let note = |(source, observed_at): &(u8, i64)| {
        transaction.prepare_cached(NOTE).and_then(|mut s| s.execute((source, observed_at, now)))
    };
    newest.iter().try_for_each(|one| note(one).map(|_| ())).doing("note the newest reading of a source")
}
