//! Feeds: saved questions of accounts that a link answers, until they are revoked.
//!
//! A link is looked up by the digest of its token (`feed_tokens`), which names the account, beside whose balance the feed is
//! on a cluster. The feed's row decides which token opens it.

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::feed_name::FeedName;
use domain::{AccountId, FeedId, ShareDigest, Timestamp};

/// Most feeds of one account that are not revoked.
pub const FEEDS_MAX: u64 = 1_000;

/// A feed to create.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// Its id.
    pub id: FeedId,
    /// Owner.
    pub account_id: AccountId,
    /// Name.
    pub name: FeedName,
    /// Path and query of the question, which the store does not read.
    pub question: String,
    /// Digest of its token.
    pub digest: ShareDigest,
    /// Identifies a repeated request for the same feed.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Owner.
    pub account_id: AccountId,
    /// Name.
    pub name: FeedName,
    /// Path and query of the question.
    pub question: String,
    /// Digest of the token that opens it.
    pub digest: ShareDigest,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time at which it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Number of times that it was opened.
    pub opened: u64,
    /// Last time that it was opened.
    pub last_opened_at: Option<Timestamp>,
}

/// Outcome of creating a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedCreated {
    /// It was created.
    Created(Feed),
    /// The same request created this one before under the same key.
    Same(Feed),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`FEEDS_MAX`] feeds.
    TooMany,
    /// Another feed has this id or token: draw others.
    Taken,
}

impl Store {
    /// Creates a feed, durably. With an idempotency key an account creates one, however often it is requested.
    pub async fn create_feed(&self, feed: NewFeed) -> Result<FeedCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_feed(feed).await,
            Self::Postgres(postgres) => postgres.create_feed(&feed).await,
        }
    }

    /// Returns an account's feed, also a revoked one; `None` if it does not exist or is another account's.
    pub async fn feed(&self, account_id: AccountId, id: FeedId) -> Result<Option<Feed>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.feed(account_id, id),
            Self::Postgres(postgres) => postgres.feed(account_id, id).await,
        }
    }

    /// Returns up to `limit` feeds of an account, newest first, before the feed `before`.
    pub async fn feeds(
        &self,
        account_id: AccountId,
        before: Option<FeedId>,
        limit: usize,
    ) -> Result<Vec<Feed>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.feeds(account_id, before, limit),
            Self::Postgres(postgres) => postgres.feeds(account_id, before, limit).await,
        }
    }

    /// Returns the feed that a token opens; `None` for a token that was replaced, of a revoked feed, or of none.
    pub async fn open_feed(&self, digest: ShareDigest) -> Result<Option<Feed>, StoreError> {
        let named = match self {
            Self::Sqlite(sqlite) => sqlite.accounts.feed_of_token(digest)?,
            Self::Postgres(postgres) => postgres.feed_of_token(digest).await?,
        };
        // An unknown token takes the same two look-ups.
        let (account_id, id) = named.unwrap_or((AccountId(0), FeedId::from_bytes([0; 16])));
        let feed = self.feed(account_id, id).await?;
        Ok(feed.filter(|feed| feed.digest == digest && feed.revoked_at.is_none()))
    }

    /// Names a feed. `None` if the account has none of this id.
    pub async fn rename_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        name: FeedName,
    ) -> Result<Option<Feed>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.rename_feed(account_id, id, name).await,
            Self::Postgres(postgres) => postgres.rename_feed(account_id, id, &name).await,
        }
    }

    /// Replaces the token of a feed that was read as `seen`, durably: the old one opens nothing from now on. `None` if it was
    /// replaced or revoked since, or the new token is another feed's.
    pub async fn rotate_feed(&self, seen: &Feed, digest: ShareDigest) -> Result<Option<Feed>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.rotate_feed(seen, digest).await,
            Self::Postgres(postgres) => postgres.rotate_feed(seen, digest).await,
        }
    }

    /// Revokes an account's feed, durably. `None` if the account has none of this id; one that was revoked before keeps its
    /// time.
    pub async fn revoke_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<Option<Feed>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.revoke_feed(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.revoke_feed(account_id, id, at).await,
        }
    }

    /// Counts that a feed was opened.
    pub async fn count_feed_opening(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.count_feed_opening(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.count_feed_opening(account_id, id, at).await,
        }
    }
}

row! {
    /// A feed's row.
    pub(crate) struct FeedRow: feed_columns {
        account_id: i64,
        feed_id: [u8; 16],
        name: String,
        question: String,
        sha256: [u8; 32],
        created_at_ms: i64,
        revoked_at_ms: Option<i64>,
        opened: i64,
        last_opened_at_ms: Option<i64>,
    }
}

impl FeedRow {
    pub(crate) fn read(self) -> Result<Feed, StoreError> {
        let id = FeedId::from_bytes(self.feed_id);
        let wrong = |column| StoreError::Inconsistent { table: "feeds", column, row: id.to_string() };
        Ok(Feed {
            id,
            account_id: AccountId(self.account_id),
            name: self.name.parse().map_err(|_| wrong("name"))?,
            question: self.question,
            digest: ShareDigest::from_bytes(self.sha256),
            created_at: Timestamp::from_ms(self.created_at_ms),
            revoked_at: self.revoked_at_ms.map(Timestamp::from_ms),
            opened: self.opened.unsigned_abs(),
            last_opened_at: self.last_opened_at_ms.map(Timestamp::from_ms),
        })
    }
}
