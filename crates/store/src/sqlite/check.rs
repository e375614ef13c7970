//! Checks the SQLite files, each through a read-only connection.

use super::connection;
use crate::check::{FileCheck, FileState};
use crate::error::{Doing, StoreError};
use crate::migration::Migration;
use crate::schema::{ACCOUNTS, CATALOG, WALKS};
use std::path::Path;

/// Maximum number of reported problems of a file.
const PROBLEMS_LISTED_MAX: usize = 5;
/// Page cache while a file is read through once.
const CACHE_KIB: u32 = 8 * 1024;

/// The files of a data folder and their schemas.
const FILES: [(&str, &[Migration]); 3] =
    [("catalog.db", CATALOG.sqlite), ("accounts.db", ACCOUNTS.sqlite), ("walks.db", WALKS.sqlite)];

pub(crate) fn exists(data_dir: &Path) -> bool {
    FILES.iter().any(|(name, _)| data_dir.join(name).exists())
}

pub(crate) fn files(data_dir: &Path) -> Vec<FileCheck> {
    let check = |(name, migrations): (&'static str, &[Migration])| {
        let path = data_dir.join(name);
        let state = match path.exists() {
            false => FileState::Missing,
            true => {
                read_through(&path, migrations).unwrap_or_else(|error| FileState::Damaged(error.to_string()))
            }
        };
        FileCheck { name, path, state }
    };
    FILES.into_iter().map(check).collect()
}

pub(crate) fn version() -> String {
    format!("SQLite {}", rusqlite::version())
}

fn read_through(path: &Path, migrations: &[Migration]) -> Result<FileState, StoreError> {
    let connection = connection::open_reader(path, CACHE_KIB)?;
    let findings: Vec<String> = connection
        .prepare(&format!("PRAGMA quick_check({PROBLEMS_LISTED_MAX})"))
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("check the pages of the file")?;
    if findings != ["ok"] {
        return Ok(FileState::Damaged(findings.join("; ")));
    }
    let schema: u32 = connection
        .query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0))
        .doing("read the table of migrations")?;
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let schema_newest = migrations.iter().map(|step| step.number).max().unwrap_or(0);
    Ok(FileState::Sound { bytes, schema, schema_newest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, StoreOptions};

    #[tokio::test]
    async fn a_store_is_sound_and_nothing_is_made_by_looking() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = StoreOptions::in_folder(folder.path().join("data"));
        assert!(!options.exists().await.expect("an answer"));
        assert!(options.check().iter().all(|file| file.state == FileState::Missing));
        assert!(!options.data_dir.exists());
        drop(Store::open(&options).await.expect("a store"));
        assert!(options.exists().await.expect("an answer"));
        for file in options.check() {
            assert!(
                matches!(file.state, FileState::Sound { schema, schema_newest, bytes } if schema == schema_newest && bytes > 0),
                "{file:?}"
            );
        }
        assert!(options.backend().starts_with("SQLite 3."));
    }

    #[test]
    fn a_damaged_file_is_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("accounts.db"), vec![7; 8192]).expect("a file");
        let files = files(folder.path());
        assert!(matches!(&files[1].state, FileState::Damaged(why) if !why.is_empty()), "{files:?}");
    }
}
