//! Stored API keys: the public id and the SHA-256 of the secret.

use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, KeyDigest, KeyId, KeyScope, Timestamp};

/// Longest name of a key, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 100;

/// A key to store.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Public half.
    pub key_id: KeyId,
    /// SHA-256 of the secret half.
    pub digest: KeyDigest,
    /// The owner's name for it, at most [`KEY_NAME_BYTES_MAX`] bytes; may be empty.
    pub name: String,
    /// Scope.
    pub scope: KeyScope,
    /// Calls this key may make per minute; `None` for the server's setting, 0 for no limit.
    pub requests_per_minute: Option<u32>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Public half.
    pub key_id: KeyId,
    /// Owner.
    pub account_id: AccountId,
    /// The owner's name for it; may be empty.
    pub name: String,
    /// SHA-256 of the secret half.
    pub digest: KeyDigest,
    /// Scope.
    pub scope: KeyScope,
    /// Calls this key may make per minute; `None` for the server's setting, 0 for no limit.
    pub requests_per_minute: Option<u32>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of revocation.
    pub revoked_at: Option<Timestamp>,
}

/// Outcome of storing a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCreated {
    /// The key was stored.
    Created,
    /// Another key has this id: draw another one.
    IdTaken,
    /// The account does not exist.
    NoSuchAccount,
    /// The name is longer than [`KEY_NAME_BYTES_MAX`] bytes.
    NameTooLong,
}

/// Outcome of revoking a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRevoked {
    /// It was valid until now.
    Revoked,
    /// It was revoked before, at this time.
    Already(Timestamp),
    /// There is no such key.
    NoSuchKey,
}

/// Changes whenever a process creates or revokes a key. A server that caches keys reads it several times a
/// second, and drops them when it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysVersion(pub(crate) i64);

impl Store {
    /// Stores a key of an account.
    pub async fn create_key(
        &self,
        account_id: AccountId,
        key: NewKey,
        at: Timestamp,
    ) -> Result<KeyCreated, StoreError> {
        if key.name.len() > KEY_NAME_BYTES_MAX {
            return Ok(KeyCreated::NameTooLong);
        }
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_key(account_id, key, at).await,
            Self::Postgres(postgres) => postgres.create_key(account_id, key, at).await,
        }
    }

    /// Returns the key of this id, revoked or not.
    pub async fn key(&self, key_id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.key(key_id),
            Self::Postgres(postgres) => postgres.key(key_id).await,
        }
    }

    /// Returns all keys of an account, revoked ones too, oldest first.
    pub async fn keys(&self, account_id: AccountId) -> Result<Vec<StoredKey>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.keys(account_id),
            Self::Postgres(postgres) => postgres.keys(account_id).await,
        }
    }

    /// Revokes a key.
    pub async fn revoke_key(&self, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.revoke_key(key_id, at).await,
            Self::Postgres(postgres) => postgres.revoke_key(key_id, at).await,
        }
    }

    /// Returns the [`KeysVersion`]. Cheap: one row by its key.
    pub async fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.keys_version(),
            Self::Postgres(postgres) => postgres.keys_version().await,
        }
    }
}

row! {
    /// A key's row.
    pub(crate) struct KeyRow: key_columns {
        key_id: u32,
        account_id: i64,
        name: String,
        sha256: [u8; 32],
        scope: i64,
        requests_per_minute: Option<u32>,
        created_at_ms: i64,
        revoked_at_ms: Option<i64>,
    }
}

impl KeyRow {
    /// Returns the key.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if the scope is unknown.
    pub(crate) fn key(self) -> Result<StoredKey, StoreError> {
        let scope = u8::try_from(self.scope).ok().and_then(KeyScope::from_number);
        let unknown =
            || StoreError::Inconsistent { table: "keys", column: "scope", row: self.key_id.to_string() };
        Ok(StoredKey {
            key_id: KeyId::new(self.key_id),
            account_id: AccountId(self.account_id),
            scope: scope.ok_or_else(unknown)?,
            name: self.name,
            digest: KeyDigest::from_bytes(self.sha256),
            requests_per_minute: self.requests_per_minute,
            created_at: Timestamp::from_ms(self.created_at_ms),
            revoked_at: self.revoked_at_ms.map(Timestamp::from_ms),
        })
    }
}
