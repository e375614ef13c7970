//! Reading hashtags.

use crate::{Store, StoreError};
use domain::{Hashtag, HashtagId, HashtagRow, TagKey};

/// What changed since a follower last looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// The hashtags touched by the commits after the one asked from, and the sequence reached.
    Hashtags {
        /// Row numbers, each once, ascending.
        hashtags: Vec<HashtagRow>,
        /// Sequence they lead to.
        sequence: u64,
    },
    /// The commits in between are no longer listed: start anew from everything.
    Gap,
}

impl Store {
    /// The hashtag of this key.
    pub async fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_by_key(key),
            Self::Postgres(postgres) => postgres.hashtag_by_key(key).await,
        }
    }

    /// The hashtag that was ever told to have this id.
    pub async fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_by_id(id),
            Self::Postgres(postgres) => postgres.hashtag_by_id(id).await,
        }
    }

    /// Hashtags by their row numbers, in the order asked; numbers that are not given out are left out.
    pub async fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtags(rows),
            Self::Postgres(postgres) => postgres.hashtags(rows).await,
        }
    }

    /// The next hashtags after a row number, ascending, at most `limit`: for going through all of them.
    pub async fn hashtags_after(
        &self,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<Hashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtags_after(after, limit),
            Self::Postgres(postgres) => postgres.hashtags_after(after, limit).await,
        }
    }

    /// How often the catalog has changed.
    pub async fn sequence(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.sequence(),
            Self::Postgres(postgres) => postgres.sequence().await,
        }
    }

    /// Who this store is: a number made with it, kept for good.
    pub async fn identity(&self) -> Result<u128, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.identity(),
            Self::Postgres(postgres) => Ok(postgres.identity),
        }
    }

    /// What changed after a sequence.
    pub async fn changes_since(&self, sequence: u64) -> Result<Changes, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.changes_since(sequence),
            Self::Postgres(postgres) => postgres.changes_since(sequence).await,
        }
    }

    /// How many hashtags and videos there are.
    pub async fn catalog_size(&self) -> Result<CatalogSize, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.size(),
            Self::Postgres(postgres) => postgres.catalog_size().await,
        }
    }
}

/// How much is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatalogSize {
    /// Hashtags.
    pub hashtags: u64,
    /// Videos.
    pub videos: u64,
}
