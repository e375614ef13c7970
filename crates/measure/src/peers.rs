//! Peers that trends are compared with: stored beside the trends, and rebuilt when these have changed by much.

use crate::Measure;
use crate::outlook::seen;
use crate::trends::{WRITE_MAX, decoded, number_of, recent_since};
use catalog::CatalogError;
use domain::Timestamp;
use domain::metrics::emerging::{Peers, components};
use domain::metrics::trend::TrendWindow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use strum::VariantArray;

/// Change in the number of trends, in per cent, at which peers are rebuilt.
const PEERS_CHANGE_PER_CENT: u64 = 5;

/// Cache of decoded peers. Peers are stored before the sequence of the trends, so they are valid until that
/// changes.
#[derive(Debug, Default)]
pub(crate) struct PeersCache {
    /// By window.
    cached: Mutex<HashMap<u8, ReadPeers>>,
}

/// Peers, and the sequence at which they were read.
#[derive(Debug)]
struct ReadPeers {
    sequence: u64,
    peers: Option<Arc<Peers>>,
}

impl PeersCache {
    fn get(&self, window: u8, sequence: u64) -> Option<Option<Arc<Peers>>> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get(&window).filter(|read| read.sequence == sequence).map(|read| read.peers.clone())
    }

    fn insert(&self, window: u8, sequence: u64, peers: Option<Arc<Peers>>) {
        let read = ReadPeers { sequence, peers };
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).insert(window, read);
    }
}

impl Measure {
    /// Returns the peers of a window.
    pub(super) async fn peers(&self, window: TrendWindow) -> Result<Option<Arc<Peers>>, CatalogError> {
        let number = number_of(window);
        let sequence = self.inner.store.trend_state().await?.sequence;
        if let Some(peers) = self.inner.peers.get(number, sequence) {
            return Ok(peers);
        }
        let peers = self.stored_peers(window).await?.map(Arc::new);
        self.inner.peers.insert(number, sequence, peers.clone());
        Ok(peers)
    }

    async fn stored_peers(&self, window: TrendWindow) -> Result<Option<Peers>, CatalogError> {
        let stored = self.inner.store.trend_peers(number_of(window)).await?;
        Ok(stored.and_then(|(bytes, _)| Peers::from_bytes(&bytes)))
    }

    /// Drops trends of hashtags that were not read recently, and rebuilds peers whose trends have changed by
    /// much.
    pub(super) async fn renew_peers(&self, newest: Option<Timestamp>) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        for &window in TrendWindow::VARIANTS {
            let number = number_of(window);
            if let Some(newest) = newest {
                store.drop_trends_before(number, recent_since(window, newest)).await?;
            }
            let now = store.trends_count(number).await?;
            let made_of = store.trend_peers(number).await?.map(|(_, made_of)| made_of);
            let is_far_off = |made_of: u64| now.abs_diff(made_of) * 100 > made_of * PEERS_CHANGE_PER_CENT;
            if now > 0 && made_of.is_none_or(is_far_off) {
                self.make_peers(window, newest, now).await?;
            }
        }
        Ok(())
    }

    async fn make_peers(
        &self,
        window: TrendWindow,
        newest: Option<Timestamp>,
        made_of: u64,
    ) -> Result<(), CatalogError> {
        let (store, number) = (&self.inner.store, number_of(window));
        let mut figures = Vec::new();
        let mut after = None;
        loop {
            let rows = store.trends_after(number, after, WRITE_MAX as u32).await?;
            for row in &rows {
                figures.push(components(&seen(decoded(row)?.trend, newest)));
            }
            match rows.last() {
                Some(last) => after = Some(last.hashtag),
                None => break,
            }
        }
        let peers = Peers::of(figures.into_iter());
        Ok(store.write_trend_peers(number, peers.to_bytes(), made_of).await?)
    }
}
