//! Shares in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::catalog::forget::overwriting;
use super::idempotency::repeated;
use crate::StoreError;
use crate::error::Doing;
use crate::forget::Named;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use crate::shares::{NewShare, SHARES_MAX, Share, ShareCreated, ShareRow, left_out, share_columns};
use domain::{AccountId, ShareDigest, ShareId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

const SHARE: &str =
    concat!("SELECT ", share_columns!(), " FROM shares WHERE account_id = ?1 AND share_id = ?2");
const SHARES: &str = concat!(
    "SELECT ",
    share_columns!(),
    " FROM shares WHERE account_id = ?1 AND (?2 IS NULL OR share_id < ?2) ORDER BY share_id DESC LIMIT ?3"
);
const OF_KEY: &str =
    "SELECT share_id, fingerprint FROM shares WHERE account_id = ?1 AND idempotency_key = ?2";
const OF_TOKEN: &str = "SELECT account_id, share_id FROM share_tokens WHERE sha256 = ?1";
const DOCUMENT: &str = "SELECT document FROM share_documents WHERE account_id = ?1 AND share_id = ?2";
/// The next document in the order of their keys.
const NEXT_DOCUMENT: &str = "SELECT account_id, share_id, document FROM share_documents
    WHERE (account_id, share_id) > (?1, ?2) ORDER BY account_id, share_id LIMIT 1";
const WRITE_DOCUMENT: &str =
    "INSERT INTO share_documents (account_id, share_id, document) VALUES (?1, ?2, ?3)";
const REWRITE_DOCUMENT: &str =
    "UPDATE share_documents SET document = ?4 WHERE account_id = ?1 AND share_id = ?2 AND document = ?3";
const NUMBER: &str = "SELECT count(*) FROM shares WHERE account_id = ?1 AND revoked_at_ms IS NULL";
const TOKEN: &str =
    "INSERT INTO share_tokens (sha256, account_id, share_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const CREATE: &str = "INSERT INTO shares
    (account_id, share_id, kind, slug, title, settings, is_frozen, created_at_ms, expires_at_ms, opened,
     idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11) ON CONFLICT (account_id, share_id) DO NOTHING";
const CHANGE: &str = "UPDATE shares SET settings = ?3, expires_at_ms = ?4
    WHERE account_id = ?1 AND share_id = ?2 AND settings = ?5 AND expires_at_ms = ?6 AND revoked_at_ms IS NULL";
const REVOKE: &str = "UPDATE shares SET revoked_at_ms = coalesce(revoked_at_ms, ?3)
    WHERE account_id = ?1 AND share_id = ?2";
const OPENED: &str = "UPDATE shares SET opened = opened + 1, last_opened_at_ms = ?3
    WHERE account_id = ?1 AND share_id = ?2";

impl AccountsFile {
    pub(crate) async fn create_share(&self, share: NewShare) -> Result<ShareCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &share)?;
                // Rolled back otherwise, so that no token is left of a share that was not made.
                if matches!(created, ShareCreated::Created(_)) {
                    transaction.commit().doing("commit a share")?;
                }
                Ok(created)
            })
            .await
    }

    pub(crate) fn share(&self, account_id: AccountId, id: ShareId) -> Result<Option<Share>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn shares(
        &self,
        account_id: AccountId,
        before: Option<ShareId>,
        count: usize,
    ) -> Result<Vec<Share>, StoreError> {
        let parameters = params![account_id.0, before.map(ShareId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, SHARES, parameters))
    }

    pub(crate) async fn change_share(
        &self,
        seen: &Share,
        settings: String,
        expires_at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        const DOING: &str = "change a share";
        let seen = seen.clone();
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let (account, id) = (seen.account_id.0, seen.id.to_bytes());
                let (at, before) = (expires_at.as_ms(), seen.expires_at.as_ms());
                let parameters = params![account, id, settings, at, seen.settings, before];
                let changed = transaction.execute(CHANGE, parameters).doing(DOING)?;
                let now = if changed == 1 { one(&transaction, seen.account_id, seen.id)? } else { None };
                transaction.commit().doing(DOING)?;
                Ok(now)
            })
            .await
    }

    pub(crate) async fn revoke_share(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        const DOING: &str = "revoke a share";
        const DROP: &str = "DELETE FROM share_documents WHERE account_id = ?1 AND share_id = ?2";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                transaction.execute(REVOKE, (account_id.0, id.to_bytes(), at.as_ms())).doing(DOING)?;
                transaction.execute(DROP, (account_id.0, id.to_bytes())).doing(DOING)?;
                let revoked = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(revoked)
            })
            .await
    }

    pub(crate) fn share_of_token(
        &self,
        digest: ShareDigest,
    ) -> Result<Option<(AccountId, ShareId)>, StoreError> {
        let found: Option<(i64, [u8; 16])> = self.readers.with(|connection| {
            connection
                .prepare_cached(OF_TOKEN)
                .and_then(|mut s| s.query_row([digest.as_bytes()], row::sqlite).optional())
                .doing("look a token up")
        })?;
        Ok(found.map(|(account_id, id)| (AccountId(account_id), ShareId::from_bytes(id))))
    }

    pub(crate) fn share_document(
        &self,
        account_id: AccountId,
        id: ShareId,
    ) -> Result<Option<String>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(DOCUMENT)
                .and_then(|mut s| s.query_row((account_id.0, id.to_bytes()), row::sqlite).optional())
                .doing("read the document of a share")
        })
    }

    pub(crate) async fn count_opening(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.committer
            .run(move |connection| {
                connection
                    .execute(OPENED, (account_id.0, id.to_bytes(), at.as_ms()))
                    .doing("count the opening of a share")?;
                Ok(())
            })
            .await
    }

    /// Implements `Store::forget_in_shares`, a document at a time: an account's calls go on between them.
    pub(crate) async fn forget_in_shares(&self, named: Named) -> Result<u64, StoreError> {
        const DOING: &str = "search the documents of shares";
        let (mut after, mut changed) = ((i64::MIN, [0; 16]), 0);
        loop {
            let next: Option<(i64, [u8; 16], String)> = self.readers.with(|connection| {
                connection
                    .prepare_cached(NEXT_DOCUMENT)
                    .and_then(|mut s| s.query_row(after, row::sqlite).optional())
                    .doing(DOING)
            })?;
            let Some((account, id, document)) = next else { return Ok(changed) };
            after = (account, id);
            let Some(rest) = left_out(&document, &named) else { continue };
            changed += u64::from(self.replace_share_document((account, id), document, rest).await?);
        }
    }

    pub(crate) async fn replace_share_document(
        &self,
        (account, id): (i64, [u8; 16]),
        before: String,
        after: String,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                overwriting(connection, |connection| {
                    let parameters = params![account, id, before, after];
                    let changed = connection.execute(REWRITE_DOCUMENT, parameters);
                    Ok(changed.doing("rewrite a document")? == 1)
                })
            })
            .await
    }
}

fn one(connection: &Connection, account_id: AccountId, id: ShareId) -> Result<Option<Share>, StoreError> {
    Ok(many(connection, SHARE, (account_id.0, id.to_bytes()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Share>, StoreError> {
    let rows: Vec<ShareRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read shares")?;
    rows.into_iter().map(ShareRow::read).collect()
}

fn create(transaction: &Transaction<'_>, share: &NewShare) -> Result<ShareCreated, StoreError> {
    const DOING: &str = "create a share";
    match repeated(transaction, OF_KEY, share.account_id, share.idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, share.account_id, ShareId::from_bytes(id))?;
            return Ok(same.map_or(ShareCreated::Taken, ShareCreated::Same));
        }
        Some(Repeated::Other) => return Ok(ShareCreated::OtherRequest),
        None => {}
    }
    let number: i64 = transaction.query_row(NUMBER, [share.account_id.0], row::sqlite).doing(DOING)?;
    if number.unsigned_abs() >= SHARES_MAX {
        return Ok(ShareCreated::TooMany);
    }
    let (account, id) = (share.account_id.0, share.id.to_bytes());
    let token = transaction.execute(TOKEN, (share.digest.as_bytes(), account, id)).doing(DOING)?;
    let made = transaction
        .execute(
            CREATE,
            params![
                account,
                id,
                share.kind as u8,
                share.slug.as_str(),
                share.title,
                share.settings,
                share.is_frozen,
                share.at.as_ms(),
                share.expires_at.as_ms(),
                share.idempotency.as_ref().map(|(key, _)| key.as_str()),
                share.idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
            ],
        )
        .doing(DOING)?;
    if (token, made) != (1, 1) {
        return Ok(ShareCreated::Taken);
    }
    transaction.execute(WRITE_DOCUMENT, params![account, id, share.document]).doing(DOING)?;
    Ok(one(transaction, share.account_id, share.id)?.map_or(ShareCreated::Taken, ShareCreated::Created))
}
