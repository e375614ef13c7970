//! API keys.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::keys::{KeyCreated, KeyRevoked, KeysVersion, NewKey, StoredKey};
use domain::{AccountId, KeyId, Timestamp};

impl Postgres {
    pub(crate) async fn create_key(
        &self,
        account_id: AccountId,
        key: NewKey,
        at: Timestamp,
    ) -> Result<KeyCreated, StoreError> {
        let _ = (account_id, key, at);
        Err(unfinished())
    }

    pub(crate) async fn key(&self, key_id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let _ = (key_id,);
        Err(unfinished())
    }

    pub(crate) async fn keys(&self, account_id: AccountId) -> Result<Vec<StoredKey>, StoreError> {
        let _ = (account_id,);
        Err(unfinished())
    }

    pub(crate) async fn revoke_key(&self, key_id: KeyId, at: Timestamp) -> Result<KeyRevoked, StoreError> {
        let _ = (key_id, at);
        Err(unfinished())
    }

    pub(crate) async fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        Err(unfinished())
    }
}
