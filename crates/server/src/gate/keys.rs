//! The keys this server has seen, held in memory: who a key belongs to, and its limit.
//!
//! An entry counts for one epoch. The epoch ends when the store says that a key was made or revoked, and also when the
//! store cannot be asked; an entry read during the epoch before is then read again. So a revoked key is refused as soon
//! as the next look at the store's version has been taken, and an entry that was read just before and stored just after
//! is not believed either.

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

/// Keys held in memory, and limits.
const KEYS_HELD: usize = 100_000;
/// Ids of keys that do not exist, held so that a caller who keeps trying one does not keep asking the store.
const UNKNOWN_HELD: usize = 10_000;

/// How long the store may take to look a key up or to say whether keys changed. Later than that it is as good as gone.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// A valid key.
#[derive(Debug)]
pub(crate) struct KnownKey {
    pub(crate) key_id: KeyId,
    pub(crate) account_id: AccountId,
    /// What it may be used for; paid calls are open to every scope.
    pub(crate) scope: KeyScope,
    /// `None` for no limit.
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
    /// Apart from the keys, because a limit goes on when an epoch ends.
    limiters: Cache<(KeyId, NonZeroU32), Arc<Limiter>>,
}

impl Keys {
    /// `requests_per_minute` is for keys without a setting of their own; 0 for no limit.
    pub(crate) fn new(store: Store, requests_per_minute: u32) -> Self {
        Self {
            store,
            requests_per_minute,
            epoch: AtomicU64::new(0),
            version: Mutex::new(None),
            known: Cache::new(KEYS_HELD),
            unknown: Cache::new(UNKNOWN_HELD),
            limiters: Cache::new(KEYS_HELD),
        }
    }

    /// Looks whether keys were made or revoked. To be called several times a second, or on word that they were and every
    /// few seconds.
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

    /// The key, if it is valid. An unknown id costs the same digest and comparison as a known one.
    pub(crate) async fn find(&self, key: &ApiKey) -> Result<Option<Arc<KnownKey>>, StoreError> {
        let digest = key.digest();
        let known = self.by_id(key.id()).await?;
        let expected = known.as_ref().map_or(KeyDigest::from_bytes([0; 32]), |known| known.digest);
        let matches = digest.matches(&expected);
        Ok(known.filter(|_| matches))
    }

    async fn by_id(&self, key_id: KeyId) -> Result<Option<Arc<KnownKey>>, StoreError> {
        // Read before the store is: what the store says is then at least as new as the epoch.
        let epoch = self.epoch.load(Ordering::Acquire);
        if let Some(known) = self.known.get(&key_id).filter(|known| known.epoch == epoch) {
            return Ok(Some(known));
        }
        if self.unknown.get(&key_id) == Some(epoch) {
            return Ok(None);
        }
        let Some(stored) = in_time(self.store.key(key_id)).await?.filter(|key| key.revoked_at.is_none())
        else {
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

/// The answer, if it comes while anybody can be expected to wait for it.
async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(ANSWER_MAX, answer).await.unwrap_or_else(|_| {
        Err(StoreError::Unreachable(format!("no answer about keys within {} s", ANSWER_MAX.as_secs())))
    })
}
