//! The PostgreSQL arm: the same tables in the schema `tagmeter` of one database, or distributed over a Citus
//! cluster.

pub(crate) mod connection;

pub(crate) mod migrations;

mod catalog;

mod listener;

mod server_settings;

pub(crate) mod tls;

pub(crate) mod citus;

pub(crate) mod partitions;

pub(crate) mod check;

pub(crate) mod pooling;

pub(crate) mod transfer;

mod walks;

mod work;

mod walk_runs;

mod upstream_fetches;

mod trends;

mod standings;

mod accounts;

mod keys;

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

mod quotes;

#[cfg(test)]
mod statements;

mod audit;

use crate::{DatabaseUrl, StoreError};
use connection::Pool;

/// An open database.
#[derive(Debug)]
pub struct Postgres {
    pub(crate) pool: Pool,
    /// Identity of this store.
    pub(crate) identity: u128,
    /// True if Citus distributes the tables over servers.
    pub(crate) is_cluster: bool,
    /// Receives notifications of other nodes.
    pub(crate) listener: listener::Listener,
    /// Warnings about the server.
    pub(crate) warnings: Vec<String>,
    /// Commits charges in groups.
    pub(crate) charges: charges::Charges,
    /// The change sequence up to which standings are known to be stored.
    pub(crate) settled: std::sync::atomic::AtomicU64,
}

impl Postgres {
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let pool = Pool::new(url)?;
        let warnings = server_settings::examine(&pool).await?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let is_cluster = migrations::apply(&pool).await?;
        if is_cluster {
            catalog::changes::announce_rest(&pool).await?;
        }
        let row =
            pool.query_opt("read the store's identity", "SELECT identity FROM tagmeter.store", &[]).await?;
        let identity = row.and_then(|row| row.get::<_, Vec<u8>>(0).try_into().ok()).map(u128::from_be_bytes);
        let identity = identity.ok_or_else(|| StoreError::Inconsistent {
            table: "store",
            column: "identity",
            row: "1".to_owned(),
        })?;
        let charges = charges::Charges::start(pool.clone(), is_cluster);
        let settled = std::sync::atomic::AtomicU64::new(0);
        let listener = listener::Listener::default();
        Ok(Self { pool, identity, is_cluster, listener, warnings, charges, settled })
    }
}
