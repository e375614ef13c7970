//! Checking a store without opening it for use: creates, migrates and repairs nothing.

use crate::{DatabaseUrl, StoreError, StoreOptions, postgres, sqlite};
use std::path::PathBuf;

/// Result of checking a file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// Its name in the data folder.
    pub name: &'static str,
    /// Path.
    pub path: PathBuf,
    /// State.
    pub state: FileState,
}

/// State of a file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It does not exist (yet).
    Missing,
    /// It is readable and its pages are intact.
    Sound {
        /// Bytes of the file, without its write-ahead log.
        bytes: u64,
        /// Newest schema step applied to it.
        schema: u32,
        /// Newest schema step of this version.
        schema_newest: u32,
    },
    /// It is unreadable, or its pages are damaged: the first problems.
    Damaged(String),
}

/// Result of checking a PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseCheck {
    /// Version of the server.
    pub version: String,
    /// Why it cannot be used, if so: too old, may lose commits, or read-only.
    pub refusal: Option<String>,
    /// Warnings about its settings.
    pub warnings: Vec<String>,
    /// Maximum number of connections to the server.
    pub connections_max: u64,
    /// Maximum number of connections of each node.
    pub connections_of_a_node: u64,
    /// Version of the Citus extension, if present.
    pub citus: Option<String>,
    /// Schema steps that were applied; `None` if there is no store yet.
    pub schema_steps: Option<u64>,
    /// Steps of the schema of this version.
    pub schema_steps_newest: u64,
}

/// Route of connections to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pooling {
    /// A connection is one session, as without a pooler.
    Sessions,
    /// Each transaction may be on another server connection; prepared statements follow.
    Transactions,
    /// Each transaction may be on another server connection, and prepared statements do not follow: the
    /// server's error.
    Unprepared(String),
}

impl DatabaseUrl {
    /// Detects a transaction pooler in between; `None` if the URL says `prepared_statements=false`, with which
    /// that does not matter.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn pooling(&self) -> Result<Option<Pooling>, StoreError> {
        if !self.prepared_statements {
            return Ok(None);
        }
        postgres::pooling::inspect(self).await.map(Some)
    }

    /// Returns the address with unprepared statements.
    #[must_use]
    pub fn unprepared(&self) -> Self {
        let mut url = self.clone();
        url.prepared_statements = false;
        url
    }

    /// Checks the database.
    pub async fn check(&self) -> Result<DatabaseCheck, StoreError> {
        postgres::check::inspect(self).await
    }
}

impl StoreOptions {
    /// Returns true if a store exists.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        match &self.database_url {
            None => Ok(sqlite::check::exists(&self.data_dir)),
            Some(url) => postgres::check::exists_at(url).await,
        }
    }

    /// Checks every file. Reads all of them, which takes about a second per gigabyte. None on PostgreSQL.
    pub fn check(&self) -> Vec<FileCheck> {
        self.database_url.as_ref().map_or_else(|| sqlite::check::files(&self.data_dir), |_| Vec::new())
    }

    /// Returns the name of the database system; for SQLite, which is built in, with its version.
    pub fn backend(&self) -> String {
        self.database_url.as_ref().map_or_else(sqlite::check::version, |_| "PostgreSQL".to_owned())
    }
}
