//! Following the store's change sequence: another process may import into the same store, and what it changed must
//! not be answered from the hot cache.

use crate::{Catalog, CatalogError};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::hashtags::Changes;

/// How long the hot cache may be trusted without asking the store how far it has come: what another process wrote is seen
/// that much later, what this one wrote at once. Asking costs some microseconds, a tenth of a look-up.
const TRUSTED_MS: i64 = 2;

/// How far the hot cache has followed.
#[derive(Debug)]
pub(crate) struct Follow {
    sequence: AtomicU64,
    asked_at_ms: AtomicI64,
    following: tokio::sync::Mutex<()>,
}

impl Follow {
    pub(crate) fn new(sequence: u64) -> Self {
        Self {
            sequence: AtomicU64::new(sequence),
            asked_at_ms: AtomicI64::new(i64::MIN),
            following: tokio::sync::Mutex::new(()),
        }
    }
}

impl Catalog {
    /// Catches up if that was not done within the last moments. Gives the sequence reached.
    pub(crate) async fn follow_lately(&self) -> Result<u64, CatalogError> {
        let follow = &self.inner.follow;
        let now_ms = self.inner.clock.now().as_ms();
        let asked_at_ms = follow.asked_at_ms.load(Ordering::Relaxed);
        // A clock that was set back must not stop the following.
        if asked_at_ms <= now_ms && now_ms.saturating_sub(asked_at_ms) < TRUSTED_MS {
            return Ok(follow.sequence.load(Ordering::Acquire));
        }
        follow.asked_at_ms.store(now_ms, Ordering::Relaxed);
        self.follow().await
    }

    /// Catches up with the store: afterwards nothing is answered from before its present state. Gives the sequence.
    pub(crate) async fn follow(&self) -> Result<u64, CatalogError> {
        let follow = &self.inner.follow;
        let known = follow.sequence.load(Ordering::Acquire);
        if self.inner.store.sequence().await? == known {
            return Ok(known);
        }
        let _following = follow.following.lock().await;
        let known = follow.sequence.load(Ordering::Acquire);
        let reached = match self.inner.store.changes_since(known).await? {
            Changes::Hashtags { hashtags, sequence } => {
                self.inner.cache.forget(&hashtags);
                sequence
            }
            Changes::Gap => {
                let sequence = self.inner.store.sequence().await?;
                self.inner.cache.forget_all();
                sequence
            }
        };
        follow.sequence.store(reached, Ordering::Release);
        self.inner.index.nudge();
        Ok(reached)
    }
}
