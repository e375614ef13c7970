//! A store and a catalog in a folder that is gone when they are. The store may be in a database instead, and be shared.

use crate::FixedClock;
use catalog::{Catalog, CatalogOptions};
use domain::Observation;
use std::path::Path;
use std::sync::Arc;
use store::{DatabaseUrl, Store, StoreOptions};
use tempfile::TempDir;

/// Fields are dropped in order: the catalog closes before its folder goes.
pub struct TemporaryCatalog {
    catalog: Catalog,
    folder: TempDir,
}

impl TemporaryCatalog {
    /// An empty one.
    pub async fn open(clock: &FixedClock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
        Self::over(store, folder, clock).await
    }

    /// Over a database, as one node of it: its folder has the search index alone.
    pub async fn at_url(url: DatabaseUrl, clock: &FixedClock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreOptions::at_url(folder.path(), url)).await.expect("a store");
        Self::over(store, folder, clock).await
    }

    async fn over(store: Store, folder: TempDir, clock: &FixedClock) -> Self {
        let options = CatalogOptions::in_folder(folder.path(), Arc::new(clock.clone()));
        let catalog = Catalog::open(store, options).await.expect("a catalog");
        Self { catalog, folder }
    }

    /// The catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The store underneath.
    pub fn store(&self) -> &Store {
        self.catalog.store()
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Records observations.
    pub async fn record(&self, observations: impl IntoIterator<Item = Observation>) {
        self.catalog.record(observations.into_iter().collect()).await.expect("recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{example_hashtag, video};

    #[tokio::test]
    async fn what_is_recorded_is_found_and_the_folder_goes_away() {
        let held = TemporaryCatalog::open(&FixedClock::default()).await;
        held.record([example_hashtag().into(), video(1).tag("cat").plays(5).into()]).await;
        let cat = held.catalog().find("#Cat").await.expect("an answer").expect("a hashtag");
        assert_eq!(cat.views().map(|total| total.value), Some(1_000_681_687_205));
        assert_eq!((cat.observed.videos, cat.observed.views), (1, 5));
        let folder = held.folder().to_owned();
        drop(held);
        assert!(!folder.exists());
    }
}
