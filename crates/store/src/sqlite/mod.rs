//! The SQLite arm: three files in the data folder.
//!
//! `catalog.db` has hashtags, videos and snapshots; `accounts.db` has accounts, keys, the ledger, jobs and the
//! counts of calls to upstreams, so that a long import never blocks a charge; `walks.db` has the frozen
//! rankings that cursors point into, and upstream fetches, which a serving process writes while an import may
//! hold the catalog's write lock for seconds.

pub(crate) mod connection;

pub(crate) mod migrations;

pub(crate) mod readers;

pub(crate) mod writer;

mod catalog;

mod walks;

mod work;

mod upstream_fetches;

mod trends;

mod standings;

mod trends_rebuild;

mod accounts;

mod keys;

mod committer;

mod checkpoints;

mod charges;

mod ledger;

mod idempotency;

mod jobs;

mod trackers;

mod annotations;

mod campaigns;

mod shares;

mod schedules;

mod issues;

mod feeds;

mod tracked;

mod alerts;

mod events;

mod destinations;

mod deliveries;

mod upstream_calls;

mod audit;

pub(crate) mod check;

pub(crate) mod transfer;

pub(crate) mod backup;

use crate::StoreError;
use crate::forget::Wiped;

/// The three open files.
#[derive(Debug)]
pub struct Sqlite {
    pub(crate) catalog: catalog::CatalogFile,
    pub(crate) accounts: accounts::AccountsFile,
    pub(crate) walks: walks::WalksFile,
    /// The change sequence up to which standings are known to be stored.
    pub(crate) settled: std::sync::atomic::AtomicU64,
}

impl Sqlite {
    pub(crate) fn open(data_dir: &std::path::Path) -> Result<Self, StoreError> {
        crate::private::make_folder(data_dir).map_err(|cause| {
            StoreError::Unusable(format!("cannot create the data folder {}: {cause}", data_dir.display()))
        })?;
        let file = |name: &str| data_dir.join(name);
        Ok(Self {
            catalog: catalog::CatalogFile::open(&file("catalog.db"))?,
            accounts: accounts::AccountsFile::open(&file("accounts.db"))?,
            walks: walks::WalksFile::open(&file("walks.db"))?,
            settled: std::sync::atomic::AtomicU64::new(0),
        })
    }

    /// Implements `Store::end_forgetting`. The catalog's file last: until it is done, the forget has not ended.
    pub(crate) async fn end_forgetting(&self, is_rewritten: bool) -> Result<Wiped, StoreError> {
        let walks = self.walks.wipe(is_rewritten).await?;
        let accounts = self.accounts.wipe().await?;
        let catalog = self.catalog.end_forgetting(is_rewritten).await?;
        Ok(Wiped { are_logs_empty: Some(walks && accounts && catalog) })
    }
}
