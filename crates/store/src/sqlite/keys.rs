//! API keys in `accounts.db`.

use super::accounts::AccountsFile;
use crate::StoreError;
use crate::error::Doing;
use crate::keys::{KeyCreated, KeyRevoked, KeysVersion, NewKey, StoredKey};
use domain::{AccountId, KeyDigest, KeyId, KeyScope, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

const SELECT: &str = "SELECT key_id, account_id, name, sha256, requests_per_minute, created_at_ms, revoked_at_ms, scope FROM keys";

impl AccountsFile {
    pub(crate) async fn create_key(
        &self,
        account_id: AccountId,
        key: NewKey,
        at: Timestamp,
    ) -> Result<KeyCreated, StoreError> {
        self.committer.run(move |connection| create_key(connection, account_id, &key, at)).await
    }

    pub(crate) fn key(&self, key_id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        self.readers.with(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{SELECT} WHERE key_id = ?1")).doing("look a key up")?;
            statement.query_row([key_id.get()], stored_key).optional().doing("look a key up")
        })
    }

    pub(crate) fn keys(&self, account_id: AccountId) -> Result<Vec<StoredKey>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE account_id = ?1 ORDER BY created_at_ms, key_id"))
                .and_then(|mut s| s.query_map([account_id.0], stored_key)?.collect())
                .doing("list keys")
        })
    }

    pub(crate) async fn revoke_key(&self, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
        self.committer.run(move |connection| revoke_key(connection, key_id, at)).await
    }

    pub(crate) fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT version FROM keys_version WHERE one = 1")
                .and_then(|mut s| s.query_row([], |row| row.get(0)))
                .map(KeysVersion)
                .doing("see whether keys changed")
        })
    }
}

fn stored_key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        key_id: KeyId::new(row.get(0)?),
        account_id: AccountId(row.get(1)?),
        name: row.get(2)?,
        digest: KeyDigest::from_bytes(row.get(3)?),
        requests_per_minute: row.get(4)?,
        created_at: Timestamp::from_ms(row.get(5)?),
        revoked_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_ms),
        // The schema lets no other number in.
        scope: KeyScope::from_number(row.get(7)?).unwrap_or_default(),
    })
}

fn create_key(
    connection: &mut Connection,
    account_id: AccountId,
    key: &NewKey,
    at: Timestamp,
) -> Result<KeyCreated, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a key")?;
    let exists = |sql: &str, id: i64| {
        transaction.query_row(sql, [id], |row| row.get::<_, bool>(0)).doing("look before making a key")
    };
    if !exists("SELECT EXISTS (SELECT 1 FROM accounts WHERE account_id = ?1)", account_id.0)? {
        return Ok(KeyCreated::NoSuchAccount);
    }
    if exists("SELECT EXISTS (SELECT 1 FROM keys WHERE key_id = ?1)", i64::from(key.key_id.get()))? {
        return Ok(KeyCreated::IdTaken);
    }
    transaction
        .execute(
            "INSERT INTO keys (key_id, account_id, name, sha256, requests_per_minute, created_at_ms, scope)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                key.key_id.get(),
                account_id.0,
                &key.name,
                key.digest.as_bytes(),
                key.requests_per_minute,
                at.as_ms(),
                key.scope.number(),
            ),
        )
        .doing("make a key")?;
    count_up(&transaction)?;
    transaction.commit().doing("commit a key")?;
    Ok(KeyCreated::Created)
}

fn revoke_key(connection: &mut Connection, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a revocation")?;
    let known: Option<Option<i64>> = transaction
        .query_row("SELECT revoked_at_ms FROM keys WHERE key_id = ?1", [key_id.get()], |row| row.get(0))
        .optional()
        .doing("look for a key")?;
    match known {
        None => return Ok(KeyRevoked::NoSuchKey),
        Some(Some(revoked_at)) => return Ok(KeyRevoked::Already(Timestamp::from_ms(revoked_at))),
        Some(None) => {}
    }
    transaction
        .execute("UPDATE keys SET revoked_at_ms = ?2 WHERE key_id = ?1", (key_id.get(), at.as_ms()))
        .doing("revoke a key")?;
    count_up(&transaction)?;
    transaction.commit().doing("commit a revocation")?;
    Ok(KeyRevoked::Revoked)
}

fn count_up(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE keys_version SET version = version + 1 WHERE one = 1", [])
        .map(|_| ())
        .doing("tell that keys changed")
}
