//! API keys. Creating or revoking one increments the version and notifies all nodes, in the same transaction: a
//! node that misses the notification sees the version.

use super::Postgres;
use crate::StoreError;
use crate::error::Doing;
use crate::keys::{KeyCreated, KeyRevoked, KeyRow, KeysVersion, NewKey, StoredKey, key_columns};
use crate::row;
use domain::{AccountId, KeyId, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Channel of notifications that keys changed.
pub(crate) const CHANNEL: &str = "tagmeter_keys";

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", key_columns!(), " FROM tagmeter.keys ", $rest)
    };
}

impl Postgres {
    pub(crate) async fn create_key(
        &self,
        account_id: AccountId,
        key: NewKey,
        at: Timestamp,
    ) -> Result<KeyCreated, StoreError> {
        const DOING: &str = "create a key";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing("begin a key")?;
        let account = transaction
            .query_typed(
                "SELECT 1 FROM tagmeter.accounts WHERE account_id = $1",
                &[(&account_id.0, Type::INT8)],
            )
            .await
            .doing("look up the account of a key")?;
        if account.is_empty() {
            return Ok(KeyCreated::NoSuchAccount);
        }
        let made = transaction
            .execute_typed(
                "INSERT INTO tagmeter.keys (key_id, account_id, name, sha256, requests_per_minute, created_at_ms, scope)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key_id) DO NOTHING",
                &[
                    (&i64::from(key.key_id.get()), Type::INT8),
                    (&account_id.0, Type::INT8),
                    (&key.name, Type::TEXT),
                    (&key.digest.as_bytes().as_slice(), Type::BYTEA),
                    (&key.requests_per_minute.map(i64::from), Type::INT8),
                    (&at.as_ms(), Type::INT8),
                    (&i64::from(key.scope.number()), Type::INT8),
                ],
            )
            .await
            .doing(DOING)?;
        if made == 0 {
            return Ok(KeyCreated::IdTaken);
        }
        count_up(&transaction).await?;
        transaction.commit().await.doing("commit a key")?;
        Ok(KeyCreated::Created)
    }

    pub(crate) async fn key(&self, key_id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        const SQL: &str = select!("WHERE key_id = $1");
        let row =
            self.pool.query_opt("look a key up", SQL, &[(&i64::from(key_id.get()), Type::INT8)]).await?;
        row.map(|row| row::postgres::<KeyRow>(&row).doing("look a key up")?.key()).transpose()
    }

    pub(crate) async fn keys(&self, account_id: AccountId) -> Result<Vec<StoredKey>, StoreError> {
        const SQL: &str = select!("WHERE account_id = $1 ORDER BY created_at_ms, key_id");
        let rows = self.pool.query("list keys", SQL, &[(&account_id.0, Type::INT8)]).await?;
        rows.iter().map(|row| row::postgres::<KeyRow>(row).doing("list keys")?.key()).collect()
    }

    pub(crate) async fn revoke_key(&self, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing("begin a revocation")?;
        let number = i64::from(key_id.get());
        let known = transaction
            .query_typed(
                "SELECT revoked_at_ms FROM tagmeter.keys WHERE key_id = $1 FOR UPDATE",
                &[(&number, Type::INT8)],
            )
            .await
            .doing("look for a key")?;
        match known.first().map(row::postgres::<Option<i64>>).transpose().doing("look for a key")? {
            None => return Ok(KeyRevoked::NoSuchKey),
            Some(Some(revoked_at)) => return Ok(KeyRevoked::Already(Timestamp::from_ms(revoked_at))),
            Some(None) => {}
        }
        transaction
            .execute_typed(
                "UPDATE tagmeter.keys SET revoked_at_ms = $2 WHERE key_id = $1",
                &[(&number, Type::INT8), (&at.as_ms(), Type::INT8)],
            )
            .await
            .doing("revoke a key")?;
        count_up(&transaction).await?;
        transaction.commit().await.doing("commit a revocation")?;
        Ok(KeyRevoked::Revoked)
    }

    pub(crate) async fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        const SQL: &str = "SELECT version FROM tagmeter.keys_version WHERE one = 1";
        let row = self.pool.query_one("read the version of the keys", SQL, &[]).await?;
        row::postgres(&row).map(KeysVersion).doing("read the version of the keys")
    }
}

async fn count_up(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    const DOING: &str = "announce a change of keys";
    const UP: &str = "UPDATE tagmeter.keys_version SET version = version + 1 WHERE one = 1";
    transaction.execute_typed(UP, &[]).await.doing(DOING)?;
    transaction.batch_execute(&format!("NOTIFY {CHANNEL}")).await.doing(DOING)
}
