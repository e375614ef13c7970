//! Looking a hashtag up.

use crate::{Catalog, CatalogError, HashtagRef};
use domain::Hashtag;
use std::sync::Arc;

impl Catalog {
    /// Returns the hashtag of this id or key.
    pub async fn hashtag(&self, reference: &HashtagRef) -> Result<Option<Hashtag>, CatalogError> {
        Ok(self.hot(reference).await?.map(|hashtag| Hashtag::clone(&hashtag)))
    }

    /// Returns the hashtag of a typed text such as `cat`, `#cat` or `7551`.
    pub async fn find(&self, text: &str) -> Result<Option<Hashtag>, CatalogError> {
        for reference in HashtagRef::candidates(text)? {
            if let Some(hashtag) = self.hot(&reference).await? {
                return Ok(Some(Hashtag::clone(&hashtag)));
            }
        }
        Ok(None)
    }

    pub(crate) async fn hot(&self, reference: &HashtagRef) -> Result<Option<Arc<Hashtag>>, CatalogError> {
        self.follow_lately().await?;
        self.cached(reference).await
    }

    /// Returns the hashtag from the cache or the store; the caller must have followed the store already.
    pub(crate) async fn cached(&self, reference: &HashtagRef) -> Result<Option<Arc<Hashtag>>, CatalogError> {
        let cache = &self.inner.cache;
        let hashtag = cache.record(reference);
        cache.count(hashtag.is_some());
        if hashtag.is_some() {
            return Ok(hashtag);
        }
        let epoch = cache.epoch();
        let hashtag = Box::pin(self.stored(reference)).await?;
        Ok(hashtag.map(|hashtag| cache.insert_record(epoch, reference.clone(), hashtag)))
    }

    pub(crate) async fn stored(&self, reference: &HashtagRef) -> Result<Option<Hashtag>, CatalogError> {
        let store = &self.inner.store;
        Ok(match reference {
            HashtagRef::Id(id) => store.hashtag_by_id(*id).await?,
            HashtagRef::Key(key) => store.hashtag_by_key(key).await?,
        })
    }
}
