//! What trends are compared with: kept beside them, made anew when they have changed by much, and the scores with it.

use super::trends::{KEEP_MAX, kept, lately, number_of};
use crate::{Catalog, CatalogError};
use domain::Timestamp;
use domain::metrics::Weights;
use domain::metrics::emerging::{Component, Peers, components, emerging};
use domain::metrics::trend::{Trend, TrendWindow};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Peers are made anew when so many per cent of the trends have come or gone since.
const PEERS_CHANGE_PER_CENT: u64 = 5;

/// In the order of [`TrendWindow::ALL`]; `None` where they were not made yet.
pub(super) type PeersByWindow = [Option<Peers>; TrendWindow::ALL.len()];

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

impl Catalog {
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

    /// What trends are compared with while they are worked out: as it is stored now.
    pub(super) async fn peers_by_window(&self) -> Result<PeersByWindow, CatalogError> {
        let mut peers = PeersByWindow::default();
        for (to, window) in peers.iter_mut().zip(TrendWindow::ALL) {
            *to = self.stored_peers(window).await?;
        }
        Ok(peers)
    }

    async fn stored_peers(&self, window: TrendWindow) -> Result<Option<Peers>, CatalogError> {
        let kept = self.inner.store.trend_peers(number_of(window)).await?;
        Ok(kept.and_then(|(bytes, _)| Peers::from_bytes(&bytes)))
    }

    /// Drops what moves no more, and makes anew what trends are compared with where that has changed by much.
    pub(super) async fn renew_peers(&self, newest: Option<Timestamp>) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        for window in TrendWindow::ALL {
            let number = number_of(window);
            if let Some(newest) = newest {
                store.drop_trends_before(number, lately(window, newest)).await?;
            }
            let now = store.trends_count(number).await?;
            let made_of = store.trend_peers(number).await?.map(|(_, made_of)| made_of);
            let is_far_off = |made_of: u64| now.abs_diff(made_of) * 100 > made_of * PEERS_CHANGE_PER_CENT;
            if now > 0 && made_of.is_none_or(is_far_off) {
                self.make_peers(window, now).await?;
            }
        }
        Ok(())
    }

    async fn make_peers(&self, window: TrendWindow, made_of: u64) -> Result<(), CatalogError> {
        let (store, number) = (&self.inner.store, number_of(window));
        let mut figures = Vec::new();
        let mut after = None;
        loop {
            let rows = store.trends_after(number, after, KEEP_MAX as u32).await?;
            for row in &rows {
                figures.push(figures_of(&kept(row)?.trend));
            }
            match rows.last() {
                Some(last) => after = Some(last.hashtag),
                None => break,
            }
        }
        let peers = Peers::of(figures.into_iter());
        store.keep_trend_peers(number, peers.to_bytes(), made_of).await?;
        self.score_again(window, &peers).await
    }

    /// Every score of a window, against other peers.
    async fn score_again(&self, window: TrendWindow, peers: &Peers) -> Result<(), CatalogError> {
        let store = &self.inner.store;
        let mut after = None;
        loop {
            let mut rows = store.trends_after(number_of(window), after, KEEP_MAX as u32).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.hashtag);
            for row in &mut rows {
                let score = emerging(&kept(row)?.trend, peers, &Weights::default());
                row.values[0] = score.map(|score| score.score);
            }
            store.keep_scores(rows).await?;
        }
    }
}

/// What peers are made of.
pub(super) fn figures_of(trend: &Trend) -> (u64, [Option<f64>; Component::ALL.len()]) {
    (trend.views, components(trend))
}
