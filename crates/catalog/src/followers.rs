//! Followers of the catalog: other crates that derive data from stored readings (trends) and keep it up to the
//! store's change sequence. The catalog signals changes, and knows nothing of the derived data.

use crate::{Catalog, CatalogError};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A catch-up under way.
pub type CatchingUp<'f> = Pin<Box<dyn Future<Output = Result<(), CatalogError>> + Send + 'f>>;

/// Derives data from stored readings and follows the store's change sequence.
pub trait Follower: Send + Sync {
    /// Brings the derived data up to the store.
    ///
    /// # Errors
    /// The store failed. The data derived so far stays; the next call continues from there.
    fn catch_up(&self) -> CatchingUp<'_>;

    /// Starts a catch-up in the background, unless one is running.
    fn nudge(&self);
}

/// The live followers.
#[derive(Default)]
pub(crate) struct Followers(Mutex<Vec<Weak<dyn Follower>>>);

impl Followers {
    fn alive(&self) -> Vec<Arc<dyn Follower>> {
        let mut followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|follower| follower.strong_count() > 0);
        followers.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Catalog {
    /// Adds a follower. The catalog has a weak reference only: it follows as long as its owner keeps it alive.
    pub fn subscribe(&self, follower: &Arc<dyn Follower>) {
        let mut followers = self.inner.followers.0.lock().unwrap_or_else(PoisonError::into_inner);
        followers.push(Arc::downgrade(follower));
    }

    /// Starts all followers in the background.
    pub(crate) fn nudge_followers(&self) {
        for follower in self.inner.followers.alive() {
            follower.nudge();
        }
    }

    /// Brings the followers and then the search index up to the store. The index ranks by repaired totals,
    /// which followers store; updated first, it would read and repair each changed series by itself.
    pub(crate) async fn settle(&self) -> Result<(), CatalogError> {
        let mut followed = Ok(());
        for follower in self.inner.followers.alive() {
            followed = followed.and(follower.catch_up().await);
        }
        self.inner.index.bring_up_and_write().await?;
        followed
    }
}
