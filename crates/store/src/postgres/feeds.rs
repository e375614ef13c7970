//! Feeds. On a cluster they are distributed by account, beside the balances, and their tokens by digest.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::feeds::{FEEDS_MAX, Feed, FeedCreated, FeedRow, NewFeed, feed_columns};
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::feed_name::FeedName;
use domain::{AccountId, FeedId, ShareDigest, Timestamp};
use tokio_postgres::types::Type;

const FEED: &str =
    concat!("SELECT ", feed_columns!(), " FROM tagmeter.feeds WHERE account_id = $1 AND feed_id = $2");
const FEEDS: &str = concat!(
    "SELECT ",
    feed_columns!(),
    " FROM tagmeter.feeds WHERE account_id = $1 AND ($2::bytea IS NULL OR feed_id < $2) ORDER BY feed_id DESC LIMIT $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    feed_columns!(),
    ", fingerprint FROM tagmeter.feeds WHERE account_id = $1 AND idempotency_key = $2"
);
const OF_TOKEN: &str = "SELECT account_id, feed_id FROM tagmeter.feed_tokens WHERE sha256 = $1";
const NUMBER: &str = "SELECT count(*) FROM tagmeter.feeds WHERE account_id = $1 AND revoked_at_ms IS NULL";
const TOKEN: &str = "INSERT INTO tagmeter.feed_tokens (sha256, account_id, feed_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DROP_TOKEN: &str = "DELETE FROM tagmeter.feed_tokens WHERE sha256 = $1";
const CREATE: &str = "INSERT INTO tagmeter.feeds
    (account_id, feed_id, name, question, sha256, created_at_ms, opened, idempotency_key, fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) ON CONFLICT DO NOTHING";
const RENAME: &str = concat!(
    "UPDATE tagmeter.feeds SET name = $3 WHERE account_id = $1 AND feed_id = $2 RETURNING ",
    feed_columns!()
);
const ROTATE: &str = "UPDATE tagmeter.feeds SET sha256 = $3
    WHERE account_id = $1 AND feed_id = $2 AND sha256 = $4 AND revoked_at_ms IS NULL";
const REVOKE: &str = concat!(
    "UPDATE tagmeter.feeds SET revoked_at_ms = coalesce(revoked_at_ms, $3) WHERE account_id = $1 AND feed_id = $2 RETURNING ",
    feed_columns!()
);
const OPENED: &str = concat!(
    "UPDATE tagmeter.feeds SET opened = opened + 1, last_opened_at_ms = $3 WHERE account_id = $1 AND feed_id = $2 RETURNING ",
    feed_columns!()
);

impl Postgres {
    pub(crate) async fn create_feed(&self, feed: &NewFeed) -> Result<FeedCreated, StoreError> {
        const DOING: &str = "create a feed";
        // A repeated request usually finds it.
        if let Some(before) = self.feed_created_before(feed).await? {
            return Ok(before);
        }
        let account: [Parameter<'_>; 1] = [(&feed.account_id.0, Type::INT8)];
        let number = self.pool.query_opt(DOING, NUMBER, &account).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= FEEDS_MAX {
            return Ok(FeedCreated::TooMany);
        }
        if self.write_feed(feed).await? {
            let created = self.feed(feed.account_id, feed.id).await?;
            return Ok(created.map_or(FeedCreated::Taken, FeedCreated::Created));
        }
        // Another node created it meanwhile, or the token or the id is another feed's.
        Ok(self.feed_created_before(feed).await?.unwrap_or(FeedCreated::Taken))
    }

    /// Writes the rows of a feed. Returns false if its id, token or idempotency key is taken; nothing is written then.
    async fn write_feed(&self, feed: &NewFeed) -> Result<bool, StoreError> {
        const DOING: &str = "create a feed";
        let (id, digest) = (feed.id.to_bytes(), feed.digest);
        let (account, id): (Parameter<'_>, Parameter<'_>) =
            ((&feed.account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA));
        let fingerprint = feed.idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let row: [Parameter<'_>; 8] = [
            account.clone(),
            id.clone(),
            (&feed.name.as_str(), Type::TEXT),
            (&feed.question, Type::TEXT),
            (&digest.as_bytes().as_slice(), Type::BYTEA),
            (&feed.at.as_ms(), Type::INT8),
            (&feed.idempotency.as_ref().map(|(key, _)| key.as_str()), Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        let token: [Parameter<'_>; 3] = [(&digest.as_bytes().as_slice(), Type::BYTEA), account, id];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        if transaction.execute_typed(CREATE, &row).await.doing(DOING)? != 1 {
            return Ok(false);
        }
        if transaction.execute_typed(TOKEN, &token).await.doing(DOING)? != 1 {
            return Ok(false);
        }
        transaction.commit().await.doing(DOING)?;
        Ok(true)
    }

    async fn feed_created_before(&self, feed: &NewFeed) -> Result<Option<FeedCreated>, StoreError> {
        let before = self.repeated::<FeedRow>(OF_KEY, feed.account_id, feed.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(FeedCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(FeedCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn feed(&self, account_id: AccountId, id: FeedId) -> Result<Option<Feed>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        self.read_feed("look a feed up", FEED, &parameters).await
    }

    pub(crate) async fn feeds(
        &self,
        account_id: AccountId,
        before: Option<FeedId>,
        count: usize,
    ) -> Result<Vec<Feed>, StoreError> {
        const DOING: &str = "list feeds";
        let before = before.map(FeedId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(count), Type::INT8),
        ];
        let rows = self.pool.query(DOING, FEEDS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<FeedRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn feed_of_token(
        &self,
        digest: ShareDigest,
    ) -> Result<Option<(AccountId, FeedId)>, StoreError> {
        const DOING: &str = "look the token of a feed up";
        let parameters: [Parameter<'_>; 1] = [(&digest.as_bytes().as_slice(), Type::BYTEA)];
        let Some(found) = self.pool.query_opt(DOING, OF_TOKEN, &parameters).await? else { return Ok(None) };
        let (account_id, id): (i64, [u8; 16]) = row::postgres(&found).doing(DOING)?;
        Ok(Some((AccountId(account_id), FeedId::from_bytes(id))))
    }

    pub(crate) async fn rename_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        name: &FeedName,
    ) -> Result<Option<Feed>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&name.as_str(), Type::TEXT)];
        self.read_feed("name a feed", RENAME, &parameters).await
    }

    pub(crate) async fn rotate_feed(
        &self,
        seen: &Feed,
        digest: ShareDigest,
    ) -> Result<Option<Feed>, StoreError> {
        const DOING: &str = "rotate a feed";
        let id = seen.id.to_bytes();
        let (account, id): (Parameter<'_>, Parameter<'_>) =
            ((&seen.account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA));
        let (new, old) = (digest.as_bytes().as_slice(), seen.digest.as_bytes().as_slice());
        let rotated: [Parameter<'_>; 4] =
            [account.clone(), id.clone(), (&new, Type::BYTEA), (&old, Type::BYTEA)];
        let token: [Parameter<'_>; 3] = [(&new, Type::BYTEA), account, id];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        if transaction.execute_typed(ROTATE, &rotated).await.doing(DOING)? != 1 {
            return Ok(None);
        }
        transaction.execute_typed(DROP_TOKEN, &[(&old, Type::BYTEA)]).await.doing(DOING)?;
        if transaction.execute_typed(TOKEN, &token).await.doing(DOING)? != 1 {
            return Ok(None);
        }
        transaction.commit().await.doing(DOING)?;
        self.feed(seen.account_id, seen.id).await
    }

    pub(crate) async fn revoke_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<Option<Feed>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&at.as_ms(), Type::INT8)];
        self.read_feed("revoke a feed", REVOKE, &parameters).await
    }

    pub(crate) async fn count_feed_opening(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&at.as_ms(), Type::INT8)];
        self.read_feed("count the opening of a feed", OPENED, &parameters).await?;
        Ok(())
    }

    async fn read_feed(
        &self,
        doing: &'static str,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Feed>, StoreError> {
        let Some(found) = self.pool.query_opt(doing, sql, parameters).await? else { return Ok(None) };
        row::postgres::<FeedRow>(&found).doing(doing)?.read().map(Some)
    }
}

/// Statements of this module on tables distributed by account; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 9] = [
    ("FEED", FEED),
    ("FEEDS", FEEDS),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("RENAME", RENAME),
    ("ROTATE", ROTATE),
    ("REVOKE", REVOKE),
    ("OPENED", OPENED),
];
