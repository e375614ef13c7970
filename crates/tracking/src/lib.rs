//! Trackers: they read hashtags on a schedule, note which slots were read and why others were not, and charge each reading
//! once.
//!
//! The readings are the hashtag's snapshots, which imports and requests fill as well. The rules of slots, gaps and intervals
//! are in `domain::tracking`, the tables in `store::trackers` and `store::tracked`. Reading order: [`order`] (what a user
//! asks for), [`due`] (what a worker does for one hashtag), `slot_work` (what it does for one tracker of it), `adapt`, then
//! the answers: [`view`], [`gaps`], [`series`], [`videos`] and [`candidates`]. Deliberately absent: SQL, HTTP, and the worker's loop.

mod adapt;

pub mod candidates;

pub mod due;

mod error;

pub mod gaps;

pub mod names;

pub mod order;

pub mod series;

mod slot_work;

pub mod videos;

pub mod view;

pub use error::TrackingError;

use catalog::Catalog;
use domain::Timestamp;
use store::Store;

/// Creates trackers, runs them, and answers what they did. Cheap to clone.
#[derive(Clone)]
pub struct Tracking {
    catalog: Catalog,
}

impl std::fmt::Debug for Tracking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracking").finish_non_exhaustive()
    }
}

impl Tracking {
    /// Tracks hashtags of a catalog, by its upstreams.
    pub const fn new(catalog: Catalog) -> Self {
        Self { catalog }
    }

    /// Returns the names of the upstreams that trackers read from, the preferred one first.
    pub fn upstreams(&self) -> Vec<&str> {
        self.catalog.upstream_rejects().into_iter().map(|(name, _)| name).collect()
    }

    fn store(&self) -> &Store {
        self.catalog.store()
    }

    fn now(&self) -> Timestamp {
        self.catalog.clock().now()
    }
}
