//! Looking a hashtag up.

use crate::cache::Ready;
use crate::{Catalog, CatalogError, HashtagRef, Provenance};
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

    /// Returns the hashtag as bytes. They are cached, so a catalog must always be given the same `render`.
    // What a miss awaits is boxed: it would be most of the future of a hit, which is copied several times.
    pub async fn hashtag_ready(
        &self,
        reference: &HashtagRef,
        render: fn(&Hashtag) -> Vec<u8>,
    ) -> Result<Option<Ready>, CatalogError> {
        self.follow_lately().await?;
        let cache = &self.inner.cache;
        let ready = cache.ready(reference);
        cache.count(ready.is_some());
        if ready.is_some() {
            return Ok(ready);
        }
        let epoch = cache.epoch();
        let Some(hashtag) = Box::pin(self.stored(reference)).await? else { return Ok(None) };
        let ready = Ready::new(render(&hashtag), Provenance::of_hashtag(&hashtag));
        cache.insert_ready(epoch, reference.clone(), hashtag.row, ready.clone());
        Ok(Some(ready))
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

    async fn stored(&self, reference: &HashtagRef) -> Result<Option<Hashtag>, CatalogError> {
        let store = &self.inner.store;
        Ok(match reference {
            HashtagRef::Id(id) => store.hashtag_by_id(*id).await?,
            HashtagRef::Key(key) => store.hashtag_by_key(key).await?,
        })
    }
}
