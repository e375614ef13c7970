//! Shares. On a cluster they are distributed by account, beside the balances, and their tokens by digest.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::forget::Named;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use crate::shares::{NewShare, SHARES_MAX, Share, ShareCreated, ShareRow, left_out, share_columns};
use domain::{AccountId, ShareDigest, ShareId, Timestamp};
use tokio_postgres::types::Type;

const SHARE: &str =
    concat!("SELECT ", share_columns!(), " FROM tagmeter.shares WHERE account_id = $1 AND share_id = $2");
const SHARES: &str = concat!(
    "SELECT ",
    share_columns!(),
    " FROM tagmeter.shares WHERE account_id = $1 AND ($2::bytea IS NULL OR share_id < $2)
      ORDER BY share_id DESC LIMIT $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    share_columns!(),
    ", fingerprint FROM tagmeter.shares WHERE account_id = $1 AND idempotency_key = $2"
);
const OF_TOKEN: &str = "SELECT account_id, share_id FROM tagmeter.share_tokens WHERE sha256 = $1";
const DOCUMENT: &str =
    "SELECT document FROM tagmeter.share_documents WHERE account_id = $1 AND share_id = $2";
/// The next document in the order of their keys, on all shards, to search for forgotten data.
const NEXT_DOCUMENT: &str = "SELECT account_id, share_id, document FROM tagmeter.share_documents
    WHERE (account_id, share_id) > ($1, $2) ORDER BY account_id, share_id LIMIT 1";
const REWRITE_DOCUMENT: &str = "UPDATE tagmeter.share_documents SET document = $4
    WHERE account_id = $1 AND share_id = $2 AND document = $3 RETURNING 1";
const NUMBER: &str = "SELECT count(*) FROM tagmeter.shares WHERE account_id = $1 AND revoked_at_ms IS NULL";
const TOKEN: &str = "INSERT INTO tagmeter.share_tokens (sha256, account_id, share_id) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
const CREATE: &str = "INSERT INTO tagmeter.shares
    (account_id, share_id, kind, slug, title, settings, is_frozen, created_at_ms, expires_at_ms, opened,
     idempotency_key, fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11) ON CONFLICT DO NOTHING";
const WRITE_DOCUMENT: &str =
    "INSERT INTO tagmeter.share_documents (account_id, share_id, document) VALUES ($1, $2, $3)";
const CHANGE: &str = concat!(
    "UPDATE tagmeter.shares SET settings = $3, expires_at_ms = $4
     WHERE account_id = $1 AND share_id = $2 AND settings = $5 AND expires_at_ms = $6 AND revoked_at_ms IS NULL
     RETURNING ",
    share_columns!()
);
const REVOKE: &str = "UPDATE tagmeter.shares SET revoked_at_ms = coalesce(revoked_at_ms, $3)
    WHERE account_id = $1 AND share_id = $2";
const DROP_DOCUMENT: &str = "DELETE FROM tagmeter.share_documents WHERE account_id = $1 AND share_id = $2";
const OPENED: &str = "UPDATE tagmeter.shares SET opened = opened + 1, last_opened_at_ms = $3
    WHERE account_id = $1 AND share_id = $2 RETURNING 1";

impl Postgres {
    pub(crate) async fn create_share(&self, share: &NewShare) -> Result<ShareCreated, StoreError> {
        const DOING: &str = "create a share";
        // A repeated request usually finds it.
        if let Some(before) = self.share_created_before(share).await? {
            return Ok(before);
        }
        let account: [Parameter<'_>; 1] = [(&share.account_id.0, Type::INT8)];
        let number = self.pool.query_opt(DOING, NUMBER, &account).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= SHARES_MAX {
            return Ok(ShareCreated::TooMany);
        }
        if self.write_share(share).await? {
            let created = self.share(share.account_id, share.id).await?;
            return Ok(created.map_or(ShareCreated::Taken, ShareCreated::Created));
        }
        // Another node created it meanwhile, or the token or the id is another share's.
        Ok(self.share_created_before(share).await?.unwrap_or(ShareCreated::Taken))
    }

    /// Writes the rows of a share. Returns false if its id, token or idempotency key is taken; nothing is written then.
    async fn write_share(&self, share: &NewShare) -> Result<bool, StoreError> {
        const DOING: &str = "create a share";
        let (id, digest) = (share.id.to_bytes(), share.digest);
        let (account, id): (Parameter<'_>, Parameter<'_>) =
            ((&share.account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA));
        let fingerprint = share.idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let row: [Parameter<'_>; 11] = [
            account.clone(),
            id.clone(),
            (&(share.kind as i64), Type::INT8),
            (&share.slug.as_str(), Type::TEXT),
            (&share.title, Type::TEXT),
            (&share.settings, Type::TEXT),
            (&share.is_frozen, Type::BOOL),
            (&share.at.as_ms(), Type::INT8),
            (&share.expires_at.as_ms(), Type::INT8),
            (&share.idempotency.as_ref().map(|(key, _)| key.as_str()), Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        let token: [Parameter<'_>; 3] =
            [(&digest.as_bytes().as_slice(), Type::BYTEA), account.clone(), id.clone()];
        let document: [Parameter<'_>; 3] = [account, id, (&share.document, Type::TEXT)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        if transaction.execute_typed(CREATE, &row).await.doing(DOING)? != 1 {
            return Ok(false);
        }
        transaction.execute_typed(WRITE_DOCUMENT, &document).await.doing(DOING)?;
        if transaction.execute_typed(TOKEN, &token).await.doing(DOING)? != 1 {
            return Ok(false);
        }
        transaction.commit().await.doing(DOING)?;
        Ok(true)
    }

    async fn share_created_before(&self, share: &NewShare) -> Result<Option<ShareCreated>, StoreError> {
        let before = self.repeated::<ShareRow>(OF_KEY, share.account_id, share.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(ShareCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(ShareCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn share(
        &self,
        account_id: AccountId,
        id: ShareId,
    ) -> Result<Option<Share>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        self.read_share("look a share up", SHARE, &parameters).await
    }

    pub(crate) async fn shares(
        &self,
        account_id: AccountId,
        before: Option<ShareId>,
        count: usize,
    ) -> Result<Vec<Share>, StoreError> {
        const DOING: &str = "list shares";
        let before = before.map(ShareId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(count), Type::INT8),
        ];
        let rows = self.pool.query(DOING, SHARES, &parameters).await?;
        rows.iter().map(|row| row::postgres::<ShareRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn change_share(
        &self,
        seen: &Share,
        settings: &str,
        expires_at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        let id = seen.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&seen.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&settings, Type::TEXT),
            (&expires_at.as_ms(), Type::INT8),
            (&seen.settings, Type::TEXT),
            (&seen.expires_at.as_ms(), Type::INT8),
        ];
        self.read_share("change a share", CHANGE, &parameters).await
    }

    pub(crate) async fn revoke_share(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        const DOING: &str = "revoke a share";
        let bytes = id.to_bytes();
        let (account, share): (Parameter<'_>, Parameter<'_>) =
            ((&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA));
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let revoked: [Parameter<'_>; 3] = [account.clone(), share.clone(), (&at.as_ms(), Type::INT8)];
        transaction.execute_typed(REVOKE, &revoked).await.doing(DOING)?;
        transaction.execute_typed(DROP_DOCUMENT, &[account, share]).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        self.share(account_id, id).await
    }

    pub(crate) async fn share_of_token(
        &self,
        digest: ShareDigest,
    ) -> Result<Option<(AccountId, ShareId)>, StoreError> {
        const DOING: &str = "look a token up";
        let parameters: [Parameter<'_>; 1] = [(&digest.as_bytes().as_slice(), Type::BYTEA)];
        let Some(found) = self.pool.query_opt(DOING, OF_TOKEN, &parameters).await? else { return Ok(None) };
        let (account_id, id): (i64, [u8; 16]) = row::postgres(&found).doing(DOING)?;
        Ok(Some((AccountId(account_id), ShareId::from_bytes(id))))
    }

    pub(crate) async fn share_document(
        &self,
        account_id: AccountId,
        id: ShareId,
    ) -> Result<Option<String>, StoreError> {
        const DOING: &str = "read the document of a share";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let found = self.pool.query_opt(DOING, DOCUMENT, &parameters).await?;
        found.as_ref().map(row::postgres).transpose().doing(DOING)
    }

    pub(crate) async fn count_opening(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&at.as_ms(), Type::INT8)];
        self.pool.query_opt("count the opening of a share", OPENED, &parameters).await?;
        Ok(())
    }

    /// Implements `Store::forget_in_shares`, a document at a time.
    pub(crate) async fn forget_in_shares(&self, named: &Named) -> Result<u64, StoreError> {
        const DOING: &str = "search the documents of shares";
        let (mut account, mut share, mut changed) = (i64::MIN, [0_u8; 16], 0);
        loop {
            let after: [Parameter<'_>; 2] = [(&account, Type::INT8), (&share.as_slice(), Type::BYTEA)];
            let Some(next) = self.pool.query_opt(DOING, NEXT_DOCUMENT, &after).await? else {
                return Ok(changed);
            };
            let (next_account, next_share, document): (i64, [u8; 16], String) =
                row::postgres(&next).doing(DOING)?;
            (account, share) = (next_account, next_share);
            let Some(rest) = left_out(&document, named) else { continue };
            changed += u64::from(self.replace_share_document((account, share), &document, &rest).await?);
        }
    }

    pub(crate) async fn replace_share_document(
        &self,
        (account, share): (i64, [u8; 16]),
        before: &str,
        after: &str,
    ) -> Result<bool, StoreError> {
        let parameters: [Parameter<'_>; 4] = [
            (&account, Type::INT8),
            (&share.as_slice(), Type::BYTEA),
            (&before, Type::TEXT),
            (&after, Type::TEXT),
        ];
        let changed = self.pool.query("rewrite a document", REWRITE_DOCUMENT, &parameters).await?;
        Ok(!changed.is_empty())
    }

    async fn read_share(
        &self,
        doing: &'static str,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Share>, StoreError> {
        let Some(found) = self.pool.query_opt(doing, sql, parameters).await? else { return Ok(None) };
        row::postgres::<ShareRow>(&found).doing(doing)?.read().map(Some)
    }
}

/// Statements of this module on tables distributed by account; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 13] = [
    ("SHARE", SHARE),
    ("SHARES", SHARES),
    ("OF_KEY", OF_KEY),
    ("DOCUMENT", DOCUMENT),
    ("NEXT_DOCUMENT", NEXT_DOCUMENT),
    ("REWRITE_DOCUMENT", REWRITE_DOCUMENT),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("WRITE_DOCUMENT", WRITE_DOCUMENT),
    ("CHANGE", CHANGE),
    ("REVOKE", REVOKE),
    ("DROP_DOCUMENT", DROP_DOCUMENT),
    ("OPENED", OPENED),
];
