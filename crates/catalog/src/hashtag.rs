//! Looking a hashtag up.

use crate::cache::HotHashtag;
use crate::{Catalog, CatalogError, HashtagRef};
use bytes::Bytes;
use domain::Hashtag;
use std::sync::Arc;

impl Catalog {
    /// The hashtag of this id or key.
    pub async fn hashtag(&self, reference: &HashtagRef) -> Result<Option<Hashtag>, CatalogError> {
        Ok(self.hot(reference).await?.map(|hot| hot.hashtag.clone()))
    }

    /// The hashtag a person means by `cat`, `#cat` or `7551`.
    pub async fn find(&self, text: &str) -> Result<Option<Hashtag>, CatalogError> {
        for reference in HashtagRef::candidates(text)? {
            if let Some(hot) = self.hot(&reference).await? {
                return Ok(Some(hot.hashtag.clone()));
            }
        }
        Ok(None)
    }

    /// The same as bytes. They are kept, so one catalog always takes the same `render`.
    pub async fn hashtag_ready(
        &self,
        reference: &HashtagRef,
        render: fn(&Hashtag) -> Vec<u8>,
    ) -> Result<Option<Bytes>, CatalogError> {
        let Some(hot) = self.hot(reference).await? else { return Ok(None) };
        Ok(Some(hot.ready.get_or_init(|| Bytes::from(render(&hot.hashtag))).clone()))
    }

    pub(crate) async fn hot(&self, reference: &HashtagRef) -> Result<Option<Arc<HotHashtag>>, CatalogError> {
        self.follow_lately().await?;
        self.held(reference).await
    }

    /// As [`Self::hot`], for who has followed the store already.
    pub(crate) async fn held(&self, reference: &HashtagRef) -> Result<Option<Arc<HotHashtag>>, CatalogError> {
        let inner = &self.inner;
        let hot = inner.cache.hashtag(reference);
        inner.cache.count(hot.is_some());
        if hot.is_some() {
            return Ok(hot);
        }
        let hashtag = match reference {
            HashtagRef::Id(id) => inner.store.hashtag_by_id(*id).await?,
            HashtagRef::Key(key) => inner.store.hashtag_by_key(key).await?,
        };
        Ok(hashtag.map(|hashtag| inner.cache.keep_hashtag(reference.clone(), hashtag)))
    }
}
