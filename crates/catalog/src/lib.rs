//! The core of Tagmeter: records observations and answers from the store.
//!
//! Input: [`Catalog::record`] and [`Catalog::import`]. Output: [`Catalog::hashtag`], [`Catalog::walk`],
//! [`Catalog::search`]. Deliberately absent: SQL and HTTP.

mod answers;

mod cache;

mod error;

mod follow;

mod followers;

pub mod forget;

mod epochs;

mod hashtag;

pub mod import;

mod index;

pub mod jobs;

mod pages;

mod record;

mod provenance;

mod reference;

mod searching;

mod walk;

pub mod upstream;

pub use answers::{Answers, Ready, Renderers};
pub use error::CatalogError;
pub use followers::{CatchingUp, Follower};
pub use provenance::{CountBasis, Provenance};
pub use reference::HashtagRef;
pub use searching::SearchPage;
pub use upstream::{CachedResponse, Freshness, FreshnessRequirement, Prospect, UpstreamFault, Upstreams};
pub use walk::{WALK_COUNT_MAX, WalkPage, WalkRequest};

use domain::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// Options of a catalog.
#[derive(Clone)]
pub struct CatalogOptions {
    /// Path of the search index, which is built if missing.
    pub index_path: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Upstreams that supply missing or stale data; none by default.
    pub upstreams: Option<Upstreams>,
}

impl CatalogOptions {
    /// Returns default options, with the index in the store's data folder.
    pub fn in_folder(data_dir: &std::path::Path, clock: Arc<dyn Clock>) -> Self {
        Self { index_path: data_dir.join("search.idx"), clock, upstreams: None }
    }
}

/// Records observations and answers questions. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    cache: cache::HotCache,
    follow: follow::Follow,
    index: index::Index,
    /// Locked while a large ranking is built: one at a time.
    ranking: tokio::sync::Mutex<()>,
    /// The upstreams, if any.
    live: Option<upstream::Live>,
    /// The folder of the search index.
    folder: PathBuf,
    /// Followers of the store's changes.
    followers: followers::Followers,
    /// Wakes this process's worker.
    work_made: tokio::sync::Notify,
}

impl Catalog {
    /// Opens the catalog over a store. The search index is opened if it fits the store; if not, it is rebuilt
    /// in the background and searches are refused until it is there.
    pub async fn open(store: Store, options: CatalogOptions) -> Result<Self, CatalogError> {
        store.note_rows_from_before(options.clock.now()).await?;
        let sequence = store.sequence().await?;
        let folder = options.index_path.parent().map(PathBuf::from).unwrap_or_default();
        let index = index::Index::open(store.clone(), options.index_path).await?;
        let live = options.upstreams.and_then(|all| upstream::Live::new(all, &store, &options.clock));
        let inner = Inner {
            store,
            live,
            cache: cache::HotCache::new(),
            follow: follow::Follow::new(sequence),
            clock: options.clock,
            work_made: tokio::sync::Notify::new(),
            index,
            ranking: tokio::sync::Mutex::new(()),
            folder,
            followers: followers::Followers::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Returns the clock of this catalog.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Returns the folder of the search index, for other files that can be rebuilt.
    pub fn folder(&self) -> &std::path::Path {
        &self.inner.folder
    }

    /// Returns the hits and misses of the hot cache, and of the answers of this catalog, since the start.
    pub fn cache_counts(&self) -> (u64, u64) {
        self.inner.cache.counts()
    }
}
