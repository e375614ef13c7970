//! When an upstream was last asked for what, and what came of it: what is fresh enough need not be asked for again, and
//! what was missing a moment ago need not be looked for again.
//!
//! On SQLite asks lie in `walks.db`. All of them may be lost: the upstream is then asked once more. A serving process notes
//! them at any time, also while an import holds the catalog's write lock, and a full sync for each, as in `accounts.db`,
//! would buy nothing. Like rankings they say which store they are of, as the file may be older or newer than the catalog.

use crate::row::row;
use crate::{Store, StoreError};
use domain::Timestamp;
use sha2::{Digest, Sha256};

/// Kind of a fetch. The number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AskKind {
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
}

/// Longest key that is kept as it is, in bytes: an index takes no texts of any length.
const KEY_BYTES_MAX: usize = 500;

/// Something that an upstream can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    kind: AskKind,
    key: String,
}

impl Ask {
    /// `key` tells it from others of its kind: an id, a tag's key, a search. Any text will do; one that is too long for the
    /// database is known by its SHA-256.
    pub fn new(kind: AskKind, key: &str) -> Self {
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
pub enum AskOutcome {
    /// The upstream had it.
    Found,
    /// The upstream said that there is none.
    Missing,
}

/// When an upstream was last asked for something, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// Outcome.
    pub outcome: AskOutcome,
    /// The upstream's cursor for the next page, at most 2^63 - 1; `None` for fetches without pages.
    pub cursor: Option<u64>,
    /// True if the upstream says that there is more.
    pub has_more: bool,
}

impl Store {
    /// When an upstream was last asked for this.
    pub async fn asked(&self, ask: &Ask) -> Result<Option<Asked>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.asked(sqlite.catalog.identity()?, ask),
            Self::Postgres(postgres) => postgres.asked(ask).await,
        }
    }

    /// Notes that an upstream was asked. A note that comes late, older than what is noted, changes nothing.
    pub async fn note_asked(&self, ask: &Ask, asked: Asked) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.walks.note_asked(sqlite.catalog.identity()?, ask.clone(), asked).await
            }
            Self::Postgres(postgres) => postgres.note_asked(ask, asked).await,
        }
    }

    /// Forgets up to `limit` of what was asked before a time, whichever store it was of; gives their number.
    pub async fn forget_asks_before(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.forget_asks_before(before, limit).await,
            Self::Postgres(postgres) => postgres.forget_asks_before(before, limit).await,
        }
    }
}

impl Asked {
    /// As columns: when, found or not, cursor, more or not.
    pub(crate) fn columns(&self) -> (i64, bool, Option<i64>, bool) {
        let cursor = self.cursor.map(|cursor| i64::try_from(cursor).unwrap_or(i64::MAX));
        (self.at.as_ms(), self.outcome == AskOutcome::Found, cursor, self.has_more)
    }
}

row! {
    /// The row of something that an upstream was asked for.
    pub(crate) struct AskedRow: asked_columns {
        at_ms: i64,
        is_found: bool,
        cursor: Option<i64>,
        has_more: bool,
    }
}

impl From<AskedRow> for Asked {
    fn from(row: AskedRow) -> Self {
        Self {
            at: Timestamp::from_ms(row.at_ms),
            outcome: if row.is_found { AskOutcome::Found } else { AskOutcome::Missing },
            cursor: row.cursor.map(i64::unsigned_abs),
            has_more: row.has_more,
        }
    }
}

/// A key of one length in place of one of any.
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
        let key = |text: &str| Ask::new(AskKind::Search, text).key;
        assert_eq!(key("straße 🐈"), "straße 🐈");
        let (long, longer) = (key(&"a".repeat(501)), key(&"a".repeat(502)));
        assert!(long.starts_with("sha256:") && long.len() == 71 && long != longer);
        assert!(!key("a\0b").contains('\0'));
        assert_eq!(key(&"a".repeat(500)).len(), 500);
    }
}
