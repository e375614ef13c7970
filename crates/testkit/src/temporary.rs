//! A store and a catalog in a folder that is gone when they are. The store may be in a database instead, and be shared.

use crate::FixedClock;
use catalog::{Catalog, CatalogOptions, Upstreams};
use domain::Observation;
use measure::Measure;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{DatabaseUrl, Store, StoreOptions};
use tempfile::TempDir;

/// Fields are dropped in order: the catalog closes before its folder goes.
pub struct TemporaryCatalog {
    measure: Measure,
    folder: PathBuf,
    /// Goes with it, where the folder is its own.
    _temporary: Option<TempDir>,
    options: StoreOptions,
}

impl TemporaryCatalog {
    /// An empty one.
    pub async fn open(clock: &FixedClock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = StoreOptions::in_folder(folder.path());
        Self::over(options, folder, clock, None).await
    }

    /// An empty one, in a database if one is given, that asks upstreams.
    pub async fn with(clock: &FixedClock, url: Option<DatabaseUrl>, upstreams: Option<Upstreams>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = match url {
            Some(url) => StoreOptions::at_url(folder.path(), url),
            None => StoreOptions::in_folder(folder.path()),
        };
        Self::over(options, folder, clock, upstreams).await
    }

    /// An empty one in a folder that stays.
    pub async fn in_folder(folder: &Path, clock: &FixedClock, upstreams: Option<Upstreams>) -> Self {
        let options = StoreOptions::in_folder(folder);
        let measure = open(&options, &folder.join("search.idx"), clock, upstreams).await;
        Self { measure, folder: folder.to_owned(), _temporary: None, options }
    }

    /// Over a database, as one node of it: its folder has the search index alone.
    pub async fn at_url(url: DatabaseUrl, clock: &FixedClock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = StoreOptions::at_url(folder.path(), url);
        Self::over(options, folder, clock, None).await
    }

    /// An empty one that asks upstreams.
    pub async fn live(clock: &FixedClock, upstreams: Upstreams) -> Self {
        Self::with(clock, None, Some(upstreams)).await
    }

    async fn over(
        options: StoreOptions,
        folder: TempDir,
        clock: &FixedClock,
        upstreams: Option<Upstreams>,
    ) -> Self {
        let measure = open(&options, &folder.path().join("search.idx"), clock, upstreams).await;
        Self { measure, folder: folder.path().to_owned(), _temporary: Some(folder), options }
    }

    /// Opens the same data once more, as another process or node would, with an index of its own.
    pub async fn again(&self, index: &str, clock: &FixedClock) -> Catalog {
        open(&self.options, &self.folder.join(index), clock, None).await.catalog().clone()
    }

    /// The catalog.
    pub fn catalog(&self) -> &Catalog {
        self.measure.catalog()
    }

    /// Measures the catalog, and keeps its trends up to date.
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// The store underneath.
    pub fn store(&self) -> &Store {
        self.measure.store()
    }

    /// Returns the folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records observations.
    pub async fn record(&self, observations: impl IntoIterator<Item = Observation>) {
        self.measure.catalog().record(observations.into_iter().collect()).await.expect("recorded");
    }
}

async fn open(
    options: &StoreOptions,
    index_path: &Path,
    clock: &FixedClock,
    upstreams: Option<Upstreams>,
) -> Measure {
    let store = Store::open(options).await.expect("a store");
    let catalog_options = CatalogOptions {
        index_path: index_path.to_owned(),
        upstreams,
        ..CatalogOptions::in_folder(&options.data_dir, Arc::new(clock.clone()))
    };
    Measure::new(Catalog::open(store, catalog_options).await.expect("a catalog"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{example_hashtag, video};

    #[tokio::test]
    async fn what_is_recorded_is_found_and_the_folder_goes_away() {
        let fixture = TemporaryCatalog::open(&FixedClock::default()).await;
        fixture.record([example_hashtag().into(), video(1).tag("cat").plays(5).into()]).await;
        let cat = fixture.catalog().find("#Cat").await.expect("an answer").expect("a hashtag");
        assert_eq!(cat.views().map(|total| total.value), Some(1_000_681_687_205));
        assert_eq!((cat.observed.videos, cat.observed.views), (1, Some(5)));
        let folder = fixture.folder().to_owned();
        drop(fixture);
        assert!(!folder.exists());
    }
}
