//! The end of an account's chain of entries, and how a charge or a grant extends it: the same on every backend.

use crate::StoreError;
use crate::chain::{self, Hash, Link};
use crate::ledger::{Cause, Charge, to_credits, to_i64};
use crate::row::row;
use domain::{AccountId, Credits, Timestamp};

/// Maximum number of charges that wait for a commit; the next one is refused as overload.
pub(crate) const CHARGES_WAITING_MAX: usize = 16 * 1024;
/// Maximum bytes of answers to store that wait with their charges.
pub(crate) const ANSWER_BYTES_WAITING_MAX: usize = 64 << 20;

/// The end of a chain: the account's balance, and its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) balance: Credits,
    /// Sequence of the last entry, 0 if there is none.
    pub(crate) sequence: i64,
    /// Hash of the last entry.
    pub(crate) hash: Hash,
}

impl Head {
    /// Returns the head after a charge; `None` if the balance does not cover it.
    pub(crate) fn charge(&self, charge: &Charge) -> Option<Self> {
        let balance = self.balance.checked_sub(charge.credits)?;
        let link = Link {
            account_id: charge.account_id.0,
            sequence: self.sequence + 1,
            kind: chain::KIND_CHARGE,
            credits: to_i64(charge.credits),
            balance_after: to_i64(balance),
            at_ms: charge.at.as_ms(),
            operation: i64::from(charge.operation.number().0),
            reason: &charge.request_id.to_bytes(),
        };
        Some(Self { balance, sequence: link.sequence, hash: link.hash(&self.hash) })
    }

    /// Returns the head after a grant; `None` if the balance would be too large.
    pub(crate) fn grant(
        &self,
        account_id: AccountId,
        credits: Credits,
        cause: &Cause,
        at: Timestamp,
    ) -> Option<Self> {
        let balance = self.balance.checked_add(credits)?;
        let link = Link {
            account_id: account_id.0,
            sequence: self.sequence + 1,
            kind: chain::KIND_GRANT,
            credits: to_i64(credits),
            balance_after: to_i64(balance),
            at_ms: at.as_ms(),
            operation: 0,
            reason: cause.as_str().as_bytes(),
        };
        Some(Self { balance, sequence: link.sequence, hash: link.hash(&self.hash) })
    }
}

row! {
    /// The end of a chain, in the account's row of `balances`.
    pub(crate) struct ChainRow: chain_columns {
        balance: i64,
        sequence: i64,
        hash: Hash,
    }
}

impl ChainRow {
    /// Returns the end of the chain.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if the balance is out of range.
    pub(crate) fn head(self, account_id: i64) -> Result<Head, StoreError> {
        let balance = to_credits(self.balance, "balances", "balance", account_id)?;
        Ok(Head { balance, sequence: self.sequence, hash: self.hash })
    }
}
