//! `catalog.db`: hashtags, videos, links and snapshots, and what walks saw.

mod all_videos;

mod changes;

pub(super) mod forget;

mod hashtags;

mod imported_files;

mod known;

mod links;

mod plays;

mod read_ahead;

mod record;

mod record_hashtag;

mod record_runs;

mod record_video;

mod rows_at_once;

mod snapshots;

mod source_readings;

mod sums;

mod videos;

mod walk_runs;

mod windows;

use super::connection::{self, Settings};
use super::migrations;
use super::readers::Readers;
use super::writer::Writer;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::KnownTags;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// An import's commits are large and rare, so the WAL is copied back explicitly at the end of each.
const SETTINGS: Settings = Settings { cache_kib: 48 * 1024, autocheckpoint_pages: 10_000, durable: true };

/// The open file.
#[derive(Debug)]
pub(crate) struct CatalogFile {
    readers: Readers,
    writer: Writer,
    identity: u128,
    /// Cached row numbers of recent tags; only the writer's transactions use it.
    known: Arc<Mutex<KnownTags>>,
}

impl CatalogFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connection::open_writer(path, SETTINGS)?;
        migrations::apply(&mut connection, crate::schema::CATALOG.sqlite)?;
        let identity: Vec<u8> = connection
            .query_row("SELECT identity FROM store", [], |row| row.get(0))
            .doing("read the store's identity")?;
        let identity = identity
            .try_into()
            .map(u128::from_be_bytes)
            .map_err(|_| StoreError::Inconsistent { table: "store", column: "identity", row: "1".into() })?;
        Ok(Self {
            readers: Readers::new(path),
            writer: Writer::start_on("catalog-writer", connection, path, SETTINGS)?,
            identity,
            known: Arc::default(),
        })
    }

    /// Runs [`Writer::probe`].
    pub(crate) async fn probe(&self) -> Option<Result<(), StoreError>> {
        self.writer.probe().await
    }

    pub(crate) fn identity(&self) -> Result<u128, StoreError> {
        Ok(self.identity)
    }
}
