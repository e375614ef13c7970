//! The last fetch of each thing from an upstream, and its outcome: fresh data is not fetched again, nor is data
//! that was missing a moment ago.
//!
//! On SQLite they are in `walks.db`, in the table `asks`. All of them may be lost: the upstream is then called
//! once more. A serving process records them at any time, also while an import holds the catalog's write lock,
//! and a full sync for each, as in `accounts.db`, would gain nothing. Like rankings they name their store, as
//! the file may be older or newer than the catalog.

use crate::row::row;
use crate::{Store, StoreError};
use domain::Timestamp;
use sha2::{Digest, Sha256};

/// Kind of a fetch. The number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FetchKind {
    /// A hashtag by its id.
    InfoById = 1,
    /// A hashtag by its name.
    InfoByName = 2,
    /// The videos under a hashtag.
    Posts = 3,
    /// A search.
    Search = 4,
    /// The videos of a window of days.
    Window = 5,
    /// The first videos under a hashtag, to a depth.
    TopVideos = 6,
}

/// Longest key that is stored unchanged, in bytes: an index limits the length of texts.
const KEY_BYTES_MAX: usize = 500;

/// Something that can be fetched from an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fetch {
    kind: FetchKind,
    key: String,
}

impl Fetch {
    /// Returns a fetch. `key` identifies it within its kind: an id, a tag's key, a search. It may be any text;
    /// one that is too long for the database is replaced by its SHA-256.
    pub fn new(kind: FetchKind, key: &str) -> Self {
        let fits = key.len() <= KEY_BYTES_MAX && !key.contains('\0');
        let key = if fits { key.to_owned() } else { shortened(key) };
        Self { kind, key }
    }

    pub(crate) const fn kind_number(&self) -> u8 {
        self.kind as u8
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// Outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchOutcome {
    /// The upstream had it.
    Found,
    /// The upstream does not have it.
    Missing,
}

/// The last fetch of something, and its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFetch {
    /// Time of the fetch.
    pub at: Timestamp,
    /// Outcome.
    pub outcome: FetchOutcome,
    /// The upstream's cursor for the next page, at most 2^63 - 1, or the number of pages of top videos; `None` for fetches
    /// without pages.
    pub cursor: Option<u64>,
    /// True if the upstream has more.
    pub has_more: bool,
}

impl Store {
    /// Reads the last fetch of this.
    pub async fn last_fetch(&self, ask: &Fetch) -> Result<Option<LastFetch>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.last_fetch(sqlite.catalog.identity()?, ask),
            Self::Postgres(postgres) => postgres.last_fetch(ask).await,
        }
    }

    /// Stores a fetch. One that is older than the stored one changes nothing.
    pub async fn note_fetch(&self, ask: &Fetch, fetched: LastFetch) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.walks.note_fetch(sqlite.catalog.identity()?, ask.clone(), fetched).await
            }
            Self::Postgres(postgres) => postgres.note_fetch(ask, fetched).await,
        }
    }

    /// Deletes up to `limit` fetches from before a time, of whatever store. Returns their number.
    pub async fn forget_fetches_before(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.forget_fetches_before(before, limit).await,
            Self::Postgres(postgres) => postgres.forget_fetches_before(before, limit).await,
        }
    }
}

impl LastFetch {
    /// Encodes the columns: time, found, cursor, has more.
    pub(crate) fn columns(&self) -> (i64, bool, Option<i64>, bool) {
        let cursor = self.cursor.map(|cursor| i64::try_from(cursor).unwrap_or(i64::MAX));
        (self.at.as_ms(), self.outcome == FetchOutcome::Found, cursor, self.has_more)
    }
}

row! {
    /// A fetch's row.
    pub(crate) struct FetchRow: fetch_columns {
        at_ms: i64,
        is_found: bool,
        cursor: Option<i64>,
        has_more: bool,
    }
}

impl From<FetchRow> for LastFetch {
    fn from(row: FetchRow) -> Self {
        Self {
            at: Timestamp::from_ms(row.at_ms),
            outcome: if row.is_found { FetchOutcome::Found } else { FetchOutcome::Missing },
            cursor: row.cursor.map(i64::unsigned_abs),
            has_more: row.has_more,
        }
    }
}

/// Returns a key of fixed length for any text.
fn shortened(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_kind_become_keys_that_fit() {
        let key = |text: &str| Fetch::new(FetchKind::Search, text).key;
        assert_eq!(key("straße 🐈"), "straße 🐈");
        let (long, longer) = (key(&"a".repeat(501)), key(&"a".repeat(502)));
        assert!(long.starts_with("sha256:") && long.len() == 71 && long != longer);
        assert!(!key("a\0b").contains('\0'));
        assert_eq!(key(&"a".repeat(500)).len(), 500);
    }
}
