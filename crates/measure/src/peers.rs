//! What trends are compared with: stored beside them, and rebuilt when they have changed by much.

use crate::Measure;
use crate::outlook::seen;
use crate::trends::{KEEP_MAX, kept, lately, number_of};
use catalog::CatalogError;
use domain::Timestamp;
use domain::metrics::emerging::{Peers, components};
use domain::metrics::trend::TrendWindow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use strum::VariantArray;

/// Peers are made anew when so many per cent of the trends have come or gone since.
const PEERS_CHANGE_PER_CENT: u64 = 5;

/// Peers for questions, read and decoded once. They are made before it is noted how far trends are worked out, so they
/// hold until that changes.
#[derive(Debug, Default)]
pub(crate) struct PeersCache {
    /// By window.
    kept: Mutex<HashMap<u8, ReadPeers>>,
}

/// Peers, and at which sequence they were read.
#[derive(Debug)]
struct ReadPeers {
    sequence: u64,
    peers: Option<Arc<Peers>>,
}

impl PeersCache {
    fn get(&self, window: u8, sequence: u64) -> Option<Option<Arc<Peers>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&window).filter(|read| read.sequence == sequence).map(|read| read.peers.clone())
    }

    fn keep(&self, window: u8, sequence: u64, peers: Option<Arc<Peers>>) {
        let read = ReadPeers { sequence, peers };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(window, read);
    }
}

impl Measure {
    /// What trends of a window are compared with, for a question.
    pub(super) async fn peers(&self, window: TrendWindow) -> Result<Option<Arc<Peers>>, CatalogError> {
        let number = number_of(window);
        let sequence = self.inner.store.trend_state().await?.sequence;
        if let Some(peers) = self.inner.peers.get(number, sequence) {
            return Ok(peers);
        }
        let peers = self.stored_peers(window).await?.map(Arc::new);
        self.inner.peers.keep(number, sequence, peers.clone());
        Ok(peers)
    }

    async fn stored_peers(&self, window: TrendWindow) -> Result<Option<Peers>, CatalogError> {
        let kept = self.inner.store.trend_peers(number_of(window)).await?;
        Ok(kept.and_then(|(bytes, _)| Peers::from_bytes(&bytes)))
    }

    /// Drops what moves no more, and makes anew what trends are compared with where that has changed by much.
    pub(super) async fn renew_peers(&self, newest: Option<Timestamp>) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        for &window in TrendWindow::VARIANTS {
            let number = number_of(window);
            if let Some(newest) = newest {
                store.drop_trends_before(number, lately(window, newest)).await?;
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
            let rows = store.trends_after(number, after, KEEP_MAX as u32).await?;
            for row in &rows {
                figures.push(components(&seen(kept(row)?.trend, newest)));
            }
            match rows.last() {
                Some(last) => after = Some(last.hashtag),
                None => break,
            }
        }
        let peers = Peers::of(figures.into_iter());
        Ok(store.keep_trend_peers(number, peers.to_bytes(), made_of).await?)
    }
}
