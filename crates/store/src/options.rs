//! Where the store is and how it is opened.

use std::path::PathBuf;

/// Where the data is. (PostgreSQL joins as another field when its arm does.)
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the SQLite files; made when missing.
    pub data_dir: PathBuf,
}

impl StoreOptions {
    /// SQLite files in this folder.
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into() }
    }
}
