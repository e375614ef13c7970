//! Reading hashtags.

use super::super::{Postgres, unfinished};
use crate::StoreError;
use crate::hashtags::CatalogSize;
use domain::{Hashtag, HashtagId, HashtagRow, TagKey};

impl Postgres {
    pub(crate) async fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        let _ = (key,);
        Err(unfinished())
    }

    pub(crate) async fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        let _ = (id,);
        Err(unfinished())
    }

    pub(crate) async fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        let _ = (rows,);
        Err(unfinished())
    }

    pub(crate) async fn hashtags_after(
        &self,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<Hashtag>, StoreError> {
        let _ = (after, limit);
        Err(unfinished())
    }

    pub(crate) async fn catalog_size(&self) -> Result<CatalogSize, StoreError> {
        Err(unfinished())
    }
}
