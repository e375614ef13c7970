//! Trends follow the catalog: its changes start their computation, and an import waits for it.

use crate::{Inner, Measure};
use catalog::{Catalog, CatchingUp, Follower};
use std::sync::{Arc, Weak};

/// Follows a catalog for a [`Measure`], and keeps neither alive.
pub(crate) struct TrendsFollower(Weak<Inner>);

impl TrendsFollower {
    /// Subscribes to the changes of a catalog, for as long as the follower lives.
    pub(crate) fn subscribe(measure: Weak<Inner>, catalog: &Catalog) -> Arc<Self> {
        let follower = Arc::new(Self(measure));
        let subscribed: Arc<dyn Follower> = follower.clone();
        catalog.subscribe(&subscribed);
        follower
    }

    fn measure(&self) -> Option<Measure> {
        Some(Measure { inner: self.0.upgrade()?, as_of: None })
    }
}

impl Follower for TrendsFollower {
    fn catch_up(&self) -> CatchingUp<'_> {
        Box::pin(async {
            match self.measure() {
                Some(measure) => measure.follow_trends().await.map(|_| ()),
                None => Ok(()),
            }
        })
    }

    fn nudge(&self) {
        if let Some(measure) = self.measure() {
            measure.nudge_trends();
        }
    }
}
