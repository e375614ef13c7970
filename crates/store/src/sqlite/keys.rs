//! API keys in `accounts.db`.

use super::accounts::AccountsFile;
use crate::StoreError;
use crate::error::Doing;
use crate::keys::{KeyCreated, KeyRevoked, KeyRow, KeysVersion, NewKey, StoredKey, key_columns};
use crate::row;
use domain::{AccountId, KeyId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", key_columns!(), " FROM keys ", $rest)
    };
}

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
            let found: Option<KeyRow> = connection
                .prepare_cached(select!("WHERE key_id = ?1"))
                .and_then(|mut s| s.query_row([key_id.get()], row::sqlite).optional())
                .doing("look a key up")?;
            found.map(KeyRow::key).transpose()
        })
    }

    pub(crate) fn keys(&self, account_id: AccountId) -> Result<Vec<StoredKey>, StoreError> {
        self.readers.with(|connection| {
            let found: Vec<KeyRow> = connection
                .prepare_cached(select!("WHERE account_id = ?1 ORDER BY created_at_ms, key_id"))
                .and_then(|mut s| s.query_map([account_id.0], row::sqlite)?.collect())
                .doing("list keys")?;
            found.into_iter().map(KeyRow::key).collect()
        })
    }

    pub(crate) async fn revoke_key(&self, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
        self.committer.run(move |connection| revoke_key(connection, key_id, at)).await
    }

    pub(crate) fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT version FROM keys_version WHERE one = 1")
                .and_then(|mut s| s.query_row([], row::sqlite))
                .map(KeysVersion)
                .doing("read the version of the keys")
        })
    }
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
        transaction.query_row(sql, [id], row::sqlite::<bool>).doing("look up the account of a key")
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
        .doing("create a key")?;
    count_up(&transaction)?;
    transaction.commit().doing("commit a key")?;
    Ok(KeyCreated::Created)
}

fn revoke_key(connection: &mut Connection, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a revocation")?;
    let known: Option<Option<i64>> = transaction
        .query_row("SELECT revoked_at_ms FROM keys WHERE key_id = ?1", [key_id.get()], row::sqlite)
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
        .doing("announce a change of keys")
}
