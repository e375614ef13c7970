//! Keeping the search index up to the store, the only source of truth: the index follows the store's change
//! sequence and is rebuilt from the store when the two disagree.

use crate::CatalogError;
use domain::{Hashtag, HashtagRow};
use search::{Builder, Document, SearchIndex};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::hashtags::Changes;
use store::{Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Hashtags read from the store at a time.
const READ_MAX: u32 = 10_000;
/// Maximum number of changes applied while a search waits; more are applied in the background.
const INLINE_MAX: usize = 2_000;

/// Maximum wait of a search for another task that brings the index up to date.
const WAIT_MAX: Duration = Duration::from_millis(250);

/// After an import the file is rewritten if it lacks more than one hashtag in so many.
const WRITTEN_SHARE: u64 = 64;

/// Parts that queue to be sorted while an index is built.
const PARTS_WAITING: usize = 1;

/// A step of building an index.
enum Part {
    Hashtags(Vec<Hashtag>),
    /// The last one was sent.
    End,
}

/// The index and the store it follows.
pub(crate) struct Index {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    path: PathBuf,
    identity: u128,
    /// `None` until the first one is built.
    current: RwLock<Option<Arc<SearchIndex>>>,
    /// Locked by the task that updates or rebuilds the index.
    following: tokio::sync::Mutex<()>,
    /// True while that task has much to do.
    is_long: AtomicBool,
}

impl Index {
    /// Opens the index of the store. One that is missing, damaged or of another store is rebuilt: at once if
    /// the store is small, else in the background.
    pub(crate) async fn open(store: Store, path: PathBuf) -> Result<Self, CatalogError> {
        let identity = store.identity().await?;
        let size = store.catalog_size().await?;
        let opened = match SearchIndex::open(&path, identity) {
            Ok(index) => Some(Arc::new(index)),
            Err(reason) => {
                // A new folder has none yet, which needs no line in the log.
                if size.hashtags > 0 {
                    tracing::info!(%reason, hashtags = size.hashtags, "building the search index");
                }
                None
            }
        };
        let is_missing = opened.is_none();
        let shared = Shared {
            store,
            path,
            identity,
            current: RwLock::new(opened),
            following: tokio::sync::Mutex::new(()),
            is_long: AtomicBool::new(false),
        };
        let index = Self { shared: Arc::new(shared) };
        if is_missing && size.hashtags <= u64::from(READ_MAX) {
            index.shared.rebuild().await?;
        } else {
            index.nudge();
        }
        Ok(index)
    }

    /// Lets the index catch up in the background.
    pub(crate) fn nudge(&self) {
        let shared = Arc::clone(&self.shared);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let blocking = runtime.clone();
        runtime.spawn_blocking(move || {
            // Another task is at it already, and reads the sequence after this change.
            let Ok(_following) = shared.following.try_lock() else { return };
            if let Err(error) = blocking.block_on(shared.catch_up(usize::MAX)) {
                tracing::error!(%error, "the search index cannot follow the store");
            }
        });
    }

    /// Returns the index, updated to `sequence` if that is little work. After a large import it may be behind
    /// for a while.
    pub(crate) async fn caught_up(&self, sequence: u64) -> Result<Arc<SearchIndex>, CatalogError> {
        let current = self.shared.current().ok_or(CatalogError::IndexBuilding)?;
        if current.sequence() >= sequence {
            return Ok(current);
        }
        // Another task is done soon with few changes. With many, the answer is from before them.
        if self.shared.is_long.load(Ordering::Relaxed) {
            return Ok(current);
        }
        if let Ok(_following) = tokio::time::timeout(WAIT_MAX, self.shared.following.lock()).await {
            self.shared.catch_up(INLINE_MAX).await?;
        }
        self.shared.current().ok_or(CatalogError::IndexBuilding)
    }

    /// Brings the index up to the store, however long that takes, and compacts it if that pays.
    pub(crate) async fn bring_up(&self) -> Result<(), CatalogError> {
        let _following = self.shared.following.lock().await;
        self.shared.catch_up(usize::MAX).await
    }

    /// Like [`Self::bring_up`], and writes the changes to the file if that is cheap compared with them, so that
    /// the next process need not apply them again.
    pub(crate) async fn bring_up_and_write(&self) -> Result<(), CatalogError> {
        let _following = self.shared.following.lock().await;
        self.shared.catch_up(usize::MAX).await?;
        match self.shared.current() {
            Some(index) if index.changes() > index.len() / WRITTEN_SHARE => self.shared.rebuild().await,
            _ => Ok(()),
        }
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<SearchIndex>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Applies the changes, unless there are more than `changes_max`.
    async fn catch_up(&self, changes_max: usize) -> Result<(), CatalogError> {
        let Some(mut index) = self.current() else { return self.rebuild().await };
        loop {
            match self.store.changes_since(index.sequence()).await? {
                Changes::Hashtags { hashtags, .. } if hashtags.is_empty() => break,
                Changes::Hashtags { hashtags, .. } if hashtags.len() > changes_max => break,
                Changes::Hashtags { hashtags, sequence } if !pays_to_rebuild(&index, hashtags.len()) => {
                    self.apply(&index, &hashtags, sequence).await?;
                }
                // Only in the background: many changes, or so many that they are no longer listed.
                Changes::Hashtags { .. } | Changes::Gap if changes_max == usize::MAX => {
                    self.rebuild().await?
                }
                Changes::Hashtags { .. } | Changes::Gap => break,
            }
            let Some(current) = self.current() else { break };
            index = current;
        }
        if changes_max == usize::MAX && index.wants_rebuild() {
            return self.rebuild().await;
        }
        Ok(())
    }

    /// Applies changed hashtags, some thousand at a time. Only the last ones bring the index to the sequence.
    async fn apply(
        &self,
        index: &SearchIndex,
        rows: &[HashtagRow],
        sequence: u64,
    ) -> Result<(), CatalogError> {
        let _long = Long::begin(&self.is_long, rows.len() > INLINE_MAX);
        let mut parts = rows.chunks(READ_MAX as usize).peekable();
        while let Some(part) = parts.next() {
            let reached = if parts.peek().is_some() { index.sequence() } else { sequence };
            let changed = self.store.hashtags(part).await?;
            index.apply(changed.iter().map(document), reached).map_err(CatalogError::Index)?;
        }
        Ok(())
    }

    async fn rebuild(&self) -> Result<(), CatalogError> {
        let _long = Long::begin(&self.is_long, true);
        // Read before the hashtags: changes made meanwhile are applied again afterwards, which is harmless.
        let sequence = self.store.sequence().await?;
        let mut builder = Builder::new(&self.path, self.identity, sequence);
        // Sorting takes as long as reading: each has its own thread.
        let (give, mut parts) = mpsc::channel::<Part>(PARTS_WAITING);
        let building = spawn_blocking(move || {
            loop {
                match parts.blocking_recv() {
                    Some(Part::Hashtags(part)) => {
                        part.iter().try_for_each(|hashtag| builder.push(document(hashtag)))?;
                    }
                    Some(Part::End) => return builder.finish().map(Some),
                    // Reading failed or was cancelled: a partial index is never written.
                    None => return Ok(None),
                }
            }
        });
        let mut after: Option<HashtagRow> = None;
        loop {
            let hashtags = self.store.hashtags_after(after, READ_MAX).await?;
            let last = hashtags.last().map(|last| last.row);
            let part = if last.is_some() { Part::Hashtags(hashtags) } else { Part::End };
            // A failed builder receives no more, and is reported below.
            if give.send(part).await.is_err() || last.is_none() {
                break;
            }
            after = last;
        }
        drop(give);
        let built = building.await.map_err(StoreError::of_task)?.map_err(CatalogError::Index)?;
        let Some(built) = built else { return Ok(()) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(built));
        Ok(())
    }
}

/// Signals, while it lives, that an update of the index takes long.
struct Long<'s>(&'s AtomicBool);

impl<'s> Long<'s> {
    fn begin(is_long: &'s AtomicBool, value: bool) -> Self {
        is_long.store(value, Ordering::Relaxed);
        Self(is_long)
    }
}

impl Drop for Long<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Returns true if a rebuild costs less than looking up so many changed hashtags one by one.
fn pays_to_rebuild(index: &SearchIndex, changes: usize) -> bool {
    changes > READ_MAX as usize && changes as u64 > index.len() / 4
}

fn document(hashtag: &Hashtag) -> Document<'_> {
    Document { hashtag: hashtag.row.0, key: hashtag.tag.key().as_str(), reach: hashtag.reach() }
}
