//! The record of a stored answer, a JSON file beside its bytes.

use domain::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Request id of the call that made it.
    pub(crate) id: String,
    /// Account that paid for it.
    pub(crate) account: i64,
    /// Digest of path and query.
    pub(crate) question: String,
    /// Digest of the headers that choose its representation.
    pub(crate) variant: String,
    /// Its strong entity tag, without quotes.
    pub(crate) tag: String,
    /// `Content-Type`.
    pub(crate) kind: String,
    /// `Content-Encoding`.
    pub(crate) coding: Option<String>,
    /// `Content-Disposition`.
    pub(crate) disposition: Option<String>,
    /// `Link`.
    pub(crate) link: Option<String>,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// Text sent after the bytes of the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tail: String,
    /// Change sequence of the catalog before an export was made.
    #[serde(default)]
    pub(crate) exported_at: Option<u64>,
    /// Time of the charge.
    pub(crate) paid_at_ms: i64,
    /// True once the charge is known to be in the ledger.
    pub(crate) is_paid: bool,
}

impl Record {
    /// Returns the account that paid for it.
    pub(crate) fn account_id(&self) -> AccountId {
        AccountId(self.account)
    }

    /// Returns the milliseconds since it was paid.
    pub(crate) fn age_ms(&self, now: Timestamp) -> i64 {
        now.as_ms().saturating_sub(self.paid_at_ms)
    }
}
