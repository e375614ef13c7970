//! What is to be known of a stored answer besides its bytes, as it lies beside them on the disk.

use domain::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of the call that made it.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) account: i64,
    /// Digest of path and query.
    pub(crate) question: String,
    /// Of the headers that shape an answer: the same question may be answered in another form.
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
    /// The size of the file.
    pub(crate) bytes: u64,
    /// What follows the bytes of the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tail: String,
    /// Of an export: how far the catalog's changes had come before it was made.
    #[serde(default)]
    pub(crate) exported_at: Option<u64>,
    /// When it was charged.
    pub(crate) paid_at_ms: i64,
    /// Whether the charge is known to be in the ledger.
    pub(crate) is_paid: bool,
}

impl Record {
    /// Whose it is.
    pub(crate) fn account_id(&self) -> AccountId {
        AccountId(self.account)
    }

    /// Milliseconds since it was paid.
    pub(crate) fn age_ms(&self, now: Timestamp) -> i64 {
        now.as_ms().saturating_sub(self.paid_at_ms)
    }
}
