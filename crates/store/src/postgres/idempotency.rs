//! Answers kept for an `Idempotency-Key`.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::idempotency::{Fingerprint, IdempotencyKey, Kept};
use domain::{AccountId, Timestamp};

impl Postgres {
    pub(crate) async fn idempotent_answer(
        &self,
        account_id: AccountId,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Kept>, StoreError> {
        let _ = (account_id, key, fingerprint);
        Err(unfinished())
    }

    pub(crate) async fn forget_idempotent_answers(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let _ = (before, limit);
        Err(unfinished())
    }
}
