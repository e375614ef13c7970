//! Looking a store over without opening it for use: nothing is made, migrated or mended.

use crate::{DatabaseUrl, StoreError, StoreOptions, postgres, sqlite};
use std::path::PathBuf;

/// A file of the store, as it was found.
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

/// A PostgreSQL database, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseCheck {
    /// Version of the server.
    pub version: String,
    /// Why it cannot be used, if it cannot: too old, would lose what it was given, cannot be written.
    pub refusal: Option<String>,
    /// Warnings about its settings.
    pub warnings: Vec<String>,
    /// Connections that the server takes.
    pub connections_max: u64,
    /// Connections that each node makes at most.
    pub connections_of_a_node: u64,
    /// Version of the Citus extension, where it is present.
    pub citus: Option<String>,
    /// Steps of the schema that were applied; `None` where there is no store yet.
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
    /// The same, and prepared statements do not follow: what the server said.
    Unprepared(String),
}

impl DatabaseUrl {
    /// Finds out whether a pooler of transactions stands in between; `None` where the URL says `prepared_statements=false`,
    /// with which that does not matter. Fails when the server cannot be reached.
    pub async fn pooling(&self) -> Result<Option<Pooling>, StoreError> {
        if !self.prepared_statements {
            return Ok(None);
        }
        postgres::pooling::look(self).await.map(Some)
    }

    /// The same database, with statements that are not prepared.
    #[must_use]
    pub fn unprepared(&self) -> Self {
        let mut url = self.clone();
        url.prepared_statements = false;
        url
    }

    /// Looks the database over.
    pub async fn check(&self) -> Result<DatabaseCheck, StoreError> {
        postgres::check::look(self).await
    }
}

impl StoreOptions {
    /// Returns whether there is a store already.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        match &self.database_url {
            None => Ok(sqlite::check::exists(&self.data_dir)),
            Some(url) => postgres::check::exists_at(url).await,
        }
    }

    /// Looks every file over. Reads all of them, which takes a second per gigabyte or so. On PostgreSQL there is none.
    pub fn check(&self) -> Vec<FileCheck> {
        self.database_url.as_ref().map_or_else(|| sqlite::check::files(&self.data_dir), |_| Vec::new())
    }

    /// Name of the database that is used; for SQLite, which is built in, with its version.
    pub fn backend(&self) -> String {
        self.database_url.as_ref().map_or_else(sqlite::check::version, |_| "PostgreSQL".to_owned())
    }
}
