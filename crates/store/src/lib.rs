//! The only crate that speaks SQL: one file per noun, every backend behind one [`Store`].
//!
//! A method is a whole transaction. Look-ups return `Option`. Driver types stay inside. Deliberately absent: HTTP.

mod error;

mod options;

mod migration;

mod row;

mod schema;

mod sqlite;

mod postgres;

pub mod record;

pub mod hashtags;

pub mod videos;

pub mod samples;

mod all_videos;

pub mod snapshots;

pub mod windows;

pub mod trends;

pub mod standings;

mod known;

pub mod source_readings;

pub mod walks;

pub mod work;

pub mod walk_runs;

pub mod notifications;

pub mod accounts;

pub mod keys;

pub mod ledger;

pub mod idempotency;

pub mod probe;

pub mod sums;

pub mod jobs;

pub mod trackers;

pub mod annotations;

pub mod campaigns;

pub mod shares;

pub mod schedules;

pub mod issues;

pub mod feeds;

pub mod tracked;

pub mod alerts;

pub mod events;

pub mod destinations;

pub mod deliveries;

pub mod upstream_calls;

pub mod upstream_fetches;

mod chain;

mod head;

mod merge;

pub mod forget;

pub mod imported_files;

mod recording;

mod packed;

mod runs;

pub mod audit;

pub mod check;

pub mod transfer;

pub mod backup;

pub mod private;

pub mod file_age;

#[cfg(feature = "seeded-panics")]
pub mod poison;

pub use error::StoreError;
pub use options::{DatabaseUrl, DatabaseUrlError, StoreOptions};

/// Everything Tagmeter keeps, on whichever backend was configured. Cheap to clone: clones share the same files.
#[derive(Debug, Clone)]
pub enum Store {
    /// SQLite files in a data folder.
    Sqlite(std::sync::Arc<sqlite::Sqlite>),
    /// A PostgreSQL database, or a Citus cluster.
    Postgres(std::sync::Arc<postgres::Postgres>),
}

impl Store {
    /// Opens the store, makes what is missing and brings the schema up to date.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        match &options.database_url {
            None => {
                sqlite::transfer::refuse_unfinished(&options.data_dir)?;
                let sqlite = sqlite::Sqlite::open(&options.data_dir)?;
                sqlite.catalog.backfill().await?;
                Ok(Self::Sqlite(std::sync::Arc::new(sqlite)))
            }
            Some(url) => {
                let postgres = postgres::Postgres::open(url).await?;
                postgres::transfer::refuse_unfinished(&postgres.pool).await?;
                postgres.backfill().await?;
                Ok(Self::Postgres(std::sync::Arc::new(postgres)))
            }
        }
    }
}
