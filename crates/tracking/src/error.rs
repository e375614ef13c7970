//! Errors of tracking.

use catalog::CatalogError;
use store::StoreError;
use store::trackers::{TRACKER_HASHTAGS_MAX, TRACKERS_MAX};

/// Errors of tracking.
#[derive(Debug, thiserror::Error)]
pub enum TrackingError {
    /// The catalog or the store failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A field of an order is wrong.
    #[error("{field}: {why}")]
    Field {
        /// The field's name in a JSON body.
        field: &'static str,
        /// The fault, and what would be right.
        why: String,
    },
    /// The tracker is to read from an upstream, and has none.
    #[error("{needed}; add one as [[upstream]] to tagmeter.toml, or {instead}")]
    NoUpstream {
        /// The part of the order that needs it, as a sentence.
        needed: &'static str,
        /// An order that works without one.
        instead: &'static str,
    },
    /// The account has too many trackers.
    #[error(
        "an account has at most {TRACKERS_MAX} trackers; delete one, or add the hashtags to a tracker that exists"
    )]
    TooManyTrackers,
    /// The tracker would have too many hashtags.
    #[error("a tracker has at most {TRACKER_HASHTAGS_MAX} hashtags; create another one")]
    TooManyHashtags,
    /// The account has no such tracker.
    #[error("this account has no such tracker")]
    NotFound,
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The new id is taken; a repeated request draws another one.
    #[error("the new tracker id is taken")]
    IdTaken,
}

impl From<StoreError> for TrackingError {
    fn from(error: StoreError) -> Self {
        Self::Catalog(error.into())
    }
}
