//! The balances this node saw last, for turning callers away early without asking the database.
//!
//! Other nodes charge and grant too, so what was seen is good for a moment only, and "nothing left" is never believed.

use domain::{AccountId, Credits};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// Accounts whose last known balance is cached, about 60 bytes each.
const QUOTES_MAX: usize = 500_000;
/// Time for which a balance is trusted. A caller whose credits another node took meanwhile costs an answer that is not given.
const LIFE: Duration = Duration::from_secs(1);

/// Balance, and when it was seen.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    known: RwLock<HashMap<i64, (Credits, Instant)>>,
}

impl Quotes {
    /// A balance that was seen a moment ago and was not nil.
    pub(super) fn get(&self, account_id: AccountId) -> Option<Credits> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (balance, at) = *known.get(&account_id.0)?;
        (balance != Credits::ZERO && at.elapsed() < LIFE).then_some(balance)
    }

    /// Tells a balance.
    pub(super) fn publish(&self, account_id: AccountId, balance: Credits) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= QUOTES_MAX {
            // Who is not found here is asked of the database.
            known.clear();
        }
        known.insert(account_id.0, (balance, Instant::now()));
    }
}
