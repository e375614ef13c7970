//! Errors of shares.

use crate::order::DAYS_MAX;
use measure::{CampaignError, MeasureError};
use store::StoreError;
use store::shares::{SHARE_DOCUMENT_BYTES_MAX, SHARES_MAX};

/// Errors of shares.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The measurement failed.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The campaign cannot be read.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of the order is wrong.
    #[error("{field}: {why}")]
    Field {
        /// Its name in a JSON body.
        field: &'static str,
        /// The fault, and what would be right.
        why: String,
    },
    /// The account has no such share.
    #[error("this account has no such share")]
    NotFound,
    /// The share was revoked, which is for good.
    #[error("this share was revoked, and cannot be changed; create another one")]
    Revoked,
    /// The account has too many shares.
    #[error("an account has at most {SHARES_MAX} shares that are not revoked; revoke one")]
    TooMany,
    /// The report is too large to be stored.
    #[error(
        "the report has {0} bytes, of at most {SHARE_DOCUMENT_BYTES_MAX}: leave out hashtags, or share it live"
    )]
    TooLarge(usize),
    /// The key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The id or the token is taken, or the share was changed meanwhile; a repeated request succeeds.
    #[error("the share was changed at the same time; try again")]
    Busy,
    /// The system has no random bits, or too little memory for the digest of a password.
    #[error("no secret could be made: {0}")]
    NoSecret(String),
    /// A stored document cannot be read.
    #[error("the stored document of share {0} cannot be read: {1}")]
    Document(String, String),
}

/// Builds the error of a field.
pub(crate) fn wrong(field: &'static str, why: impl Into<String>) -> ShareError {
    ShareError::Field { field, why: why.into() }
}

/// Builds the error of a wrong number of days.
pub(crate) fn wrong_days() -> ShareError {
    wrong("days", format!("give 1 to {DAYS_MAX} days"))
}
