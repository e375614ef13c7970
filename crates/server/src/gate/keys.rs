//! A cache of API keys: the account and the rate limit of each key.
//!
//! An entry is valid for one epoch. The epoch ends when the store's version of its keys changes, because a key was created
//! or revoked, and also when the version cannot be read; entries of an earlier epoch are read again. So a revoked key is
//! refused after the next refresh, even if it was read just before and cached just after.

use super::limit::Limiter;
use domain::{AccountId, ApiKey, KeyDigest, KeyId, KeyScope};
use quick_cache::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::keys::KeysVersion;
use store::{Store, StoreError};
use tokio::time::timeout;

/// Capacity of the cache of keys and of the cache of limiters.
const KEYS_MAX: usize = 100_000;
/// Capacity of the cache of unknown key ids, which spares the store repeated look-ups.
const UNKNOWN_MAX: usize = 10_000;

/// Timeout of a look-up in the store.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// A valid key.
#[derive(Debug)]
pub(crate) struct KnownKey {
    pub(crate) key_id: KeyId,
    pub(crate) account_id: AccountId,
    /// Permissions of the key.
    pub(crate) scope: KeyScope,
    /// `None` for a key without limit.
    pub(crate) limiter: Option<Arc<Limiter>>,
    digest: KeyDigest,
    epoch: u64,
}

/// Keys by id.
#[derive(Debug)]
pub(crate) struct Keys {
    store: Store,
    requests_per_minute: u32,
    epoch: AtomicU64,
    version: Mutex<Option<KeysVersion>>,
    known: Cache<KeyId, Arc<KnownKey>>,
    unknown: Cache<KeyId, u64>,
    /// Separate from the keys, because a limit outlives the epoch.
    limiters: Cache<(KeyId, NonZeroU32), Arc<Limiter>>,
}

impl Keys {
    /// Creates an empty cache. `requests_per_minute` applies to keys without a limit of their own; 0 means no limit.
    pub(crate) fn new(store: Store, requests_per_minute: u32) -> Self {
        Self {
            store,
            requests_per_minute,
            epoch: AtomicU64::new(0),
            version: Mutex::new(None),
            known: Cache::new(KEYS_MAX),
            unknown: Cache::new(UNKNOWN_MAX),
            limiters: Cache::new(KEYS_MAX),
        }
    }

    /// Ends the epoch if keys were created or revoked. Call it several times a second; with notifications, on each of them
    /// and every few seconds.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let read = in_time(self.store.keys_version()).await;
        let current = read.as_ref().ok().copied();
        let mut version = self.version.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if current.is_none() || *version != current {
            *version = current;
            self.epoch.fetch_add(1, Ordering::Release);
        }
        read.map(|_| ())
    }

    /// Returns the key if it is valid. Takes the same time for an unknown id as for a known one.
    pub(crate) async fn find(&self, key: &ApiKey) -> Result<Option<Arc<KnownKey>>, StoreError> {
        let digest = key.digest();
        let known = self.by_id(key.id()).await?;
        let expected = known.as_ref().map_or(KeyDigest::from_bytes([0; 32]), |known| known.digest);
        let matches = digest.matches(&expected);
        Ok(known.filter(|_| matches))
    }

    async fn by_id(&self, key_id: KeyId) -> Result<Option<Arc<KnownKey>>, StoreError> {
        // Loaded before the store is read, so that the key read is at least as new as the epoch.
        let epoch = self.epoch.load(Ordering::Acquire);
        if let Some(known) = self.known.get(&key_id).filter(|known| known.epoch == epoch) {
            return Ok(Some(known));
        }
        if self.unknown.get(&key_id) == Some(epoch) {
            return Ok(None);
        }
        let read = Box::pin(in_time(self.store.key(key_id)));
        let Some(stored) = read.await?.filter(|key| key.revoked_at.is_none()) else {
            self.known.remove(&key_id);
            self.unknown.insert(key_id, epoch);
            return Ok(None);
        };
        let per_minute = NonZeroU32::new(stored.requests_per_minute.unwrap_or(self.requests_per_minute));
        let known = Arc::new(KnownKey {
            key_id,
            account_id: stored.account_id,
            scope: stored.scope,
            limiter: per_minute.map(|per_minute| self.limiter(key_id, per_minute)),
            digest: stored.digest,
            epoch,
        });
        self.known.insert(key_id, Arc::clone(&known));
        Ok(Some(known))
    }

    fn limiter(&self, key_id: KeyId, per_minute: NonZeroU32) -> Arc<Limiter> {
        let made: Result<_, std::convert::Infallible> = self
            .limiters
            .get_or_insert_with(&(key_id, per_minute), || Ok(Arc::new(Limiter::new(per_minute))));
        match made {
            Ok(limiter) => limiter,
        }
    }
}

/// Limits a look-up to [`ANSWER_MAX`].
async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(ANSWER_MAX, answer).await.unwrap_or_else(|_| {
        Err(StoreError::Unreachable(format!("no answer about keys within {} s", ANSWER_MAX.as_secs())))
    })
}
