//! The balances this node saw last, for refusing callers early without a query.
//!
//! Other nodes charge and grant too, so a balance is valid for a moment only, and zero is never trusted.

use domain::{AccountId, Credits};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// Accounts whose last known balance is cached, about 60 bytes each.
const QUOTES_MAX: usize = 500_000;
/// Time for which a balance is trusted. If another node took the credits meanwhile, an answer is computed in
/// vain.
const LIFE: Duration = Duration::from_secs(1);

/// Balances, with the time of each.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    known: RwLock<HashMap<i64, (Credits, Instant)>>,
}

impl Quotes {
    /// Returns a balance that was seen a moment ago and was not zero.
    pub(super) fn get(&self, account_id: AccountId) -> Option<Credits> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (balance, at) = *known.get(&account_id.0)?;
        (balance != Credits::ZERO && at.elapsed() < LIFE).then_some(balance)
    }

    /// Stores a balance.
    pub(super) fn publish(&self, account_id: AccountId, balance: Credits) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= QUOTES_MAX {
            // The database is queried for the others.
            known.clear();
        }
        known.insert(account_id.0, (balance, Instant::now()));
    }
}
