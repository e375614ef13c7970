//! Looking a store over without opening it for use: nothing is made, migrated or mended.

use crate::{StoreOptions, sqlite};
use std::path::PathBuf;

/// A file of the store, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// Its name in the data folder.
    pub name: &'static str,
    /// Where it is, or would be.
    pub path: PathBuf,
    /// How it is.
    pub state: FileState,
}

/// How a file of the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It is not there (yet).
    Missing,
    /// It can be read and its pages are in order.
    Sound {
        /// Bytes of the file, without its write-ahead log.
        bytes: u64,
        /// Newest schema step that was applied to it.
        schema: u32,
        /// Newest schema step of this version.
        schema_newest: u32,
    },
    /// It cannot be read, or its pages are not in order: the first things that are wrong.
    Damaged(String),
}

impl StoreOptions {
    /// Whether there is a store already.
    pub fn exists(&self) -> bool {
        sqlite::check::exists(&self.data_dir)
    }

    /// Looks every file over. Reads all of them, which takes a second per gigabyte or so.
    pub fn check(&self) -> Vec<FileCheck> {
        sqlite::check::files(&self.data_dir)
    }

    /// Name and version of the database that is used.
    pub fn backend(&self) -> String {
        sqlite::check::version()
    }
}
