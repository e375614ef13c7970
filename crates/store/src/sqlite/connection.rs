//! Opening one SQLite file with the settings that durability depends on; an error without them.

use crate::error::{Doing, StoreError};
use crate::private;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Minimum version: older ones can corrupt a WAL that two connections write and checkpoint at once (fixed in
/// 3.51.3).
const VERSION_NUMBER_MIN: i32 = 3_051_003;
/// Time that a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements cached by each connection.
const STATEMENTS_CACHED: usize = 128;

/// Settings of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Page cache, KiB.
    pub(crate) cache_kib: u32,
    /// Pages in the WAL before it is copied back; 0 leaves that to explicit checkpoints.
    pub(crate) autocheckpoint_pages: u32,
    /// `FULL` survives a power cut; `OFF` is for data that can be rebuilt.
    pub(crate) durable: bool,
}

/// Opens or creates the file for writing.
pub(crate) fn open_writer(path: &Path, settings: Settings) -> Result<Connection, StoreError> {
    let version = rusqlite::version_number();
    if version < VERSION_NUMBER_MIN {
        return Err(StoreError::Unusable(format!(
            "SQLite {} is too old: 3.51.3 or newer is needed",
            rusqlite::version()
        )));
    }
    // SQLite creates its other files with the permissions of this one.
    private::make_file(path).map_err(|cause| {
        StoreError::Unusable(format!("{} cannot be opened for writing: {cause}", path.display()))
    })?;
    let connection = Connection::open(path).doing("open the database file")?;
    prepare(&connection, settings.cache_kib)?;
    // Written pages contain no copies of replaced or moved rows, so that forgotten data is gone.
    let synchronous = if settings.durable { "FULL" } else { "OFF" };
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = 67108864;
             PRAGMA secure_delete = FAST;",
            settings.autocheckpoint_pages
        ))
        .doing("set up the database file")?;
    read_back(&connection, path, if settings.durable { 2 } else { 0 })?;
    Ok(connection)
}

/// Opens an existing file for reading.
pub(crate) fn open_reader(path: &Path, cache_kib: u32) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).doing("open the database file for reading")?;
    prepare(&connection, cache_kib)?;
    Ok(connection)
}

fn prepare(connection: &Connection, cache_kib: u32) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT).doing("set the busy timeout")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // Plans must not depend on bound values, or statements are planned again for other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).doing("set up the connection")?;
    connection
        .execute_batch(&format!(
            "PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kib};
             PRAGMA temp_store = MEMORY;"
        ))
        .doing("set up the connection")
}

/// Reads the settings back: one that silently failed (an odd file system, a read-only folder) would break
/// durability.
fn read_back(connection: &Connection, path: &Path, synchronous: i64) -> Result<(), StoreError> {
    let read = |pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0))
    };
    let wants = [
        ("journal_mode", rusqlite::types::Value::Text("wal".into())),
        ("synchronous", rusqlite::types::Value::Integer(synchronous)),
        ("foreign_keys", rusqlite::types::Value::Integer(1)),
        ("mmap_size", rusqlite::types::Value::Integer(0)),
    ];
    for (pragma, want) in wants {
        let is = read(pragma).doing("read a setting back")?;
        if is != want {
            return Err(StoreError::Unusable(format!(
                "{}: the setting {pragma} is {is:?} and must be {want:?}; is the folder on a local, writable file system?",
                path.display()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DURABLE: Settings = Settings { cache_kib: 2048, autocheckpoint_pages: 1000, durable: true };

    #[test]
    fn a_durable_file_syncs_fully_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = open_writer(&folder.path().join("a.db"), DURABLE).expect("a file");
        assert!(read_back(&connection, Path::new("a.db"), 2).is_ok());
        connection.execute_batch("PRAGMA synchronous = NORMAL").expect("a setting");
        let refused =
            read_back(&connection, Path::new("a.db"), 2).expect_err("NORMAL loses charges at a power cut");
        assert!(refused.to_string().contains("synchronous"), "{refused}");
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        std::fs::write(&path, "this is not a database, however one looks at it").expect("a file");
        assert!(open_writer(&path, DURABLE).is_err());
    }
}
