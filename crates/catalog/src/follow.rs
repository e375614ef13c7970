//! Following the store's change sequence: another process may import into the same store, and the hot cache
//! must not answer with data from before its changes.

use crate::{Catalog, CatalogError};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::Store;
use store::hashtags::Changes;
use store::notifications::Notifications;
use tokio::sync::watch;

/// Milliseconds for which the hot cache is trusted without reading the store's change sequence: changes of
/// other processes are seen that much later, those of this one at once. Reading it from SQLite costs
/// microseconds, a tenth of a look-up.
const TRUSTED_MS: i64 = 2;
/// Milliseconds for which it is trusted if reading the sequence costs a round trip, as much as a look-up. A
/// notification, some milliseconds after another node's commit, ends that.
const TRUSTED_REMOTE_MS: i64 = 100;

/// State of the hot cache's invalidation.
#[derive(Debug)]
pub(crate) struct Follow {
    sequence: AtomicU64,
    checked_at_ms: AtomicI64,
    /// Notifications counted when the sequence was last read.
    notified: AtomicU64,
    /// Subscribed at the first use.
    notifications: OnceLock<Option<watch::Receiver<Notifications>>>,
    following: tokio::sync::Mutex<()>,
}

impl Follow {
    pub(crate) fn new(sequence: u64) -> Self {
        Self {
            sequence: AtomicU64::new(sequence),
            checked_at_ms: AtomicI64::new(i64::MIN),
            notified: AtomicU64::new(0),
            notifications: OnceLock::new(),
            following: tokio::sync::Mutex::new(()),
        }
    }

    /// Returns the number of change notifications so far.
    fn notified(&self, store: &Store) -> u64 {
        let notifications = self.notifications.get_or_init(|| store.notifications());
        notifications.as_ref().map_or(0, |received| received.borrow().changes)
    }
}

impl Catalog {
    /// Catches up unless that was done a moment ago. Returns the sequence reached.
    pub(crate) async fn follow_lately(&self) -> Result<u64, CatalogError> {
        let follow = &self.inner.follow;
        let store = &self.inner.store;
        let trusted_ms = if store.is_remote() { TRUSTED_REMOTE_MS } else { TRUSTED_MS };
        // Load the counter before querying, so that a notification arriving meanwhile is seen by the next
        // caller.
        let notified = follow.notified(store);
        let now_ms = self.inner.clock.now().as_ms();
        let checked_at_ms = follow.checked_at_ms.load(Ordering::Relaxed);
        // A clock that was set back must not stop this.
        let is_lately = checked_at_ms <= now_ms && now_ms.saturating_sub(checked_at_ms) < trusted_ms;
        if is_lately && follow.notified.load(Ordering::Relaxed) == notified {
            return Ok(follow.sequence.load(Ordering::Acquire));
        }
        follow.checked_at_ms.store(now_ms, Ordering::Relaxed);
        follow.notified.store(notified, Ordering::Relaxed);
        Box::pin(self.follow()).await
    }

    /// Catches up with the store: afterwards no answer is older than its current state. The search index
    /// follows in the background. Returns the sequence reached.
    pub(crate) async fn follow(&self) -> Result<u64, CatalogError> {
        let before = self.inner.follow.sequence.load(Ordering::Acquire);
        let reached = self.invalidate_changed().await?;
        if reached != before {
            self.inner.index.nudge();
        }
        Ok(reached)
    }

    /// Invalidates what changed in the store, without updating the search index. Returns the sequence reached.
    pub(crate) async fn invalidate_changed(&self) -> Result<u64, CatalogError> {
        let follow = &self.inner.follow;
        let known = follow.sequence.load(Ordering::Acquire);
        if self.inner.store.sequence().await? == known {
            return Ok(known);
        }
        let _following = follow.following.lock().await;
        let known = follow.sequence.load(Ordering::Acquire);
        let reached = match self.inner.store.changes_since(known).await? {
            Changes::Hashtags { hashtags, sequence } => {
                self.inner.cache.invalidate(&hashtags);
                sequence
            }
            Changes::Gap => {
                let sequence = self.inner.store.sequence().await?;
                self.inner.cache.invalidate_all();
                sequence
            }
        };
        follow.sequence.store(reached, Ordering::Release);
        Ok(reached)
    }
}
