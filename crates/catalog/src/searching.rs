//! Searching hashtags by keyword.

use crate::{Catalog, CatalogError, HashtagRef};
use domain::{Hashtag, HashtagRow, TagKey};
use search::SearchForm;

/// A page of hashtags, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// The hashtags.
    pub hashtags: Vec<Hashtag>,
    /// Offset of the next page.
    pub next_offset: u64,
    /// True if there is a next page.
    pub has_more: bool,
}

impl Catalog {
    /// Returns the hashtags that match a keyword, from the `offset`th on: the exact tag first, then by match
    /// and reach.
    pub async fn search(&self, keyword: &str, offset: u64, limit: u32) -> Result<SearchPage, CatalogError> {
        let sequence = self.follow().await?;
        self.search_at(keyword, offset, limit, sequence).await
    }

    /// Brings the search index up to the store, however long that takes: for programs that search once and end.
    pub async fn bring_search_up(&self) -> Result<(), CatalogError> {
        self.inner.index.bring_up().await
    }

    pub(crate) async fn search_at(
        &self,
        keyword: &str,
        offset: u64,
        limit: u32,
        sequence: u64,
    ) -> Result<SearchPage, CatalogError> {
        let key_of = |text: &str| TagKey::new(text).ok().map(|key| key.as_str().to_owned());
        let form = SearchForm::new(keyword, key_of);
        if form.is_empty() {
            return Err(CatalogError::Name(domain::TagError::Empty));
        }
        let index = self.inner.index.caught_up(sequence).await?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = index.query(&form, start, limit as usize).map_err(CatalogError::Index)?;
        let rows: Vec<HashtagRow> = found.hits.iter().map(|hit| HashtagRow(hit.hashtag)).collect();
        let mut hashtags = self.inner.store.hashtags(&rows).await?;
        if offset == 0 && index.sequence() < sequence {
            self.put_exact_first(keyword, limit, &mut hashtags).await?;
        }
        let next_offset = offset + found.hits.len() as u64;
        Ok(SearchPage { hashtags, next_offset, has_more: found.has_more })
    }

    /// Puts the exact tag first, read from the store itself while the index is behind a large import.
    async fn put_exact_first(
        &self,
        keyword: &str,
        limit: u32,
        hashtags: &mut Vec<Hashtag>,
    ) -> Result<(), CatalogError> {
        let Ok(key) = TagKey::new(keyword) else { return Ok(()) };
        if let Some(exact) = self.cached(&HashtagRef::Key(key)).await? {
            hashtags.retain(|hashtag| hashtag.row != exact.row);
            hashtags.insert(0, Hashtag::clone(&exact));
            hashtags.truncate(limit as usize);
        }
        Ok(())
    }
}
