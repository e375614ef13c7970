//! Feeds in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::error::Doing;
use crate::feeds::{FEEDS_MAX, Feed, FeedCreated, FeedRow, NewFeed, feed_columns};
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::feed_name::FeedName;
use domain::{AccountId, FeedId, ShareDigest, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

const FEED: &str = concat!("SELECT ", feed_columns!(), " FROM feeds WHERE account_id = ?1 AND feed_id = ?2");
const FEEDS: &str = concat!(
    "SELECT ",
    feed_columns!(),
    " FROM feeds WHERE account_id = ?1 AND (?2 IS NULL OR feed_id < ?2) ORDER BY feed_id DESC LIMIT ?3"
);
const OF_KEY: &str = "SELECT feed_id, fingerprint FROM feeds WHERE account_id = ?1 AND idempotency_key = ?2";
const OF_TOKEN: &str = "SELECT account_id, feed_id FROM feed_tokens WHERE sha256 = ?1";
const NUMBER: &str = "SELECT count(*) FROM feeds WHERE account_id = ?1 AND revoked_at_ms IS NULL";
const TOKEN: &str =
    "INSERT INTO feed_tokens (sha256, account_id, feed_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const DROP_TOKEN: &str = "DELETE FROM feed_tokens WHERE sha256 = ?1";
const CREATE: &str = "INSERT INTO feeds
    (account_id, feed_id, name, question, sha256, created_at_ms, opened, idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8) ON CONFLICT (account_id, feed_id) DO NOTHING";
const RENAME: &str = "UPDATE feeds SET name = ?3 WHERE account_id = ?1 AND feed_id = ?2";
const ROTATE: &str = "UPDATE feeds SET sha256 = ?3
    WHERE account_id = ?1 AND feed_id = ?2 AND sha256 = ?4 AND revoked_at_ms IS NULL";
const REVOKE: &str =
    "UPDATE feeds SET revoked_at_ms = coalesce(revoked_at_ms, ?3) WHERE account_id = ?1 AND feed_id = ?2";
const OPENED: &str =
    "UPDATE feeds SET opened = opened + 1, last_opened_at_ms = ?3 WHERE account_id = ?1 AND feed_id = ?2";

impl AccountsFile {
    pub(crate) async fn create_feed(&self, feed: NewFeed) -> Result<FeedCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &feed)?;
                // Rolled back otherwise, so that no token is left of a feed that was not made.
                if matches!(created, FeedCreated::Created(_)) {
                    transaction.commit().doing("commit a feed")?;
                }
                Ok(created)
            })
            .await
    }

    pub(crate) fn feed(&self, account_id: AccountId, id: FeedId) -> Result<Option<Feed>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn feeds(
        &self,
        account_id: AccountId,
        before: Option<FeedId>,
        count: usize,
    ) -> Result<Vec<Feed>, StoreError> {
        let parameters = params![account_id.0, before.map(FeedId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, FEEDS, parameters))
    }

    pub(crate) fn feed_of_token(
        &self,
        digest: ShareDigest,
    ) -> Result<Option<(AccountId, FeedId)>, StoreError> {
        let found: Option<(i64, [u8; 16])> = self.readers.with(|connection| {
            connection
                .prepare_cached(OF_TOKEN)
                .and_then(|mut s| s.query_row([digest.as_bytes()], row::sqlite).optional())
                .doing("look the token of a feed up")
        })?;
        Ok(found.map(|(account_id, id)| (AccountId(account_id), FeedId::from_bytes(id))))
    }

    pub(crate) async fn rename_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        name: FeedName,
    ) -> Result<Option<Feed>, StoreError> {
        self.changed_feed(account_id, id, move |transaction| {
            transaction.execute(RENAME, (account_id.0, id.to_bytes(), name.as_str()))
        })
        .await
    }

    pub(crate) async fn rotate_feed(
        &self,
        seen: &Feed,
        digest: ShareDigest,
    ) -> Result<Option<Feed>, StoreError> {
        const DOING: &str = "rotate a feed";
        let (account_id, id, old) = (seen.account_id, seen.id, seen.digest);
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let (account, feed) = (account_id.0, id.to_bytes());
                let parameters = (account, feed, digest.as_bytes(), old.as_bytes());
                let changed = transaction.execute(ROTATE, parameters).doing(DOING)?;
                transaction.execute(DROP_TOKEN, [old.as_bytes()]).doing(DOING)?;
                let token = transaction.execute(TOKEN, (digest.as_bytes(), account, feed)).doing(DOING)?;
                if (changed, token) != (1, 1) {
                    return Ok(None);
                }
                let now = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(now)
            })
            .await
    }

    pub(crate) async fn revoke_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<Option<Feed>, StoreError> {
        self.changed_feed(account_id, id, move |transaction| {
            transaction.execute(REVOKE, (account_id.0, id.to_bytes(), at.as_ms()))
        })
        .await
    }

    pub(crate) async fn count_feed_opening(
        &self,
        account_id: AccountId,
        id: FeedId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.changed_feed(account_id, id, move |transaction| {
            transaction.execute(OPENED, (account_id.0, id.to_bytes(), at.as_ms()))
        })
        .await?;
        Ok(())
    }

    /// Executes a change of a feed, and returns the feed after it.
    async fn changed_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<Option<Feed>, StoreError> {
        const DOING: &str = "change a feed";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                change(&transaction).doing(DOING)?;
                let now = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(now)
            })
            .await
    }
}

fn one(connection: &Connection, account_id: AccountId, id: FeedId) -> Result<Option<Feed>, StoreError> {
    Ok(many(connection, FEED, (account_id.0, id.to_bytes()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Feed>, StoreError> {
    let rows: Vec<FeedRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read feeds")?;
    rows.into_iter().map(FeedRow::read).collect()
}

fn create(transaction: &Transaction<'_>, feed: &NewFeed) -> Result<FeedCreated, StoreError> {
    const DOING: &str = "create a feed";
    match repeated(transaction, OF_KEY, feed.account_id, feed.idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, feed.account_id, FeedId::from_bytes(id))?;
            return Ok(same.map_or(FeedCreated::Taken, FeedCreated::Same));
        }
        Some(Repeated::Other) => return Ok(FeedCreated::OtherRequest),
        None => {}
    }
    let number: i64 = transaction.query_row(NUMBER, [feed.account_id.0], row::sqlite).doing(DOING)?;
    if number.unsigned_abs() >= FEEDS_MAX {
        return Ok(FeedCreated::TooMany);
    }
    let (account, id) = (feed.account_id.0, feed.id.to_bytes());
    let token = transaction.execute(TOKEN, (feed.digest.as_bytes(), account, id)).doing(DOING)?;
    let made = transaction
        .execute(
            CREATE,
            params![
                account,
                id,
                feed.name.as_str(),
                feed.question,
                feed.digest.as_bytes(),
                feed.at.as_ms(),
                feed.idempotency.as_ref().map(|(key, _)| key.as_str()),
                feed.idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
            ],
        )
        .doing(DOING)?;
    if (token, made) != (1, 1) {
        return Ok(FeedCreated::Taken);
    }
    Ok(one(transaction, feed.account_id, feed.id)?.map_or(FeedCreated::Taken, FeedCreated::Created))
}
