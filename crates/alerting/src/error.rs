//! Errors of alerting.

use measure::MeasureError;
use notify::destination::DestinationError;
use store::StoreError;
use store::alerts::{ALERTS_MAX, SUBJECTS_MAX};
use store::destinations::DESTINATIONS_MAX;

/// Errors of alerting.
#[derive(Debug, thiserror::Error)]
pub enum AlertingError {
    /// A question on stored readings failed, or a parameter of the rule is wrong.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// A field of an order is wrong.
    #[error("{field}: {why}")]
    Field {
        /// The field's name in a JSON body.
        field: &'static str,
        /// The fault, and what would be right.
        why: String,
    },
    /// A destination is none, or is not allowed.
    #[error("to: {0}")]
    Destination(#[from] DestinationError),
    /// Mail cannot be sent.
    #[error("to: no mail can be sent from this server; the operator can set smtp.host")]
    NoMail,
    /// The account has too many alerts.
    #[error("an account has at most {ALERTS_MAX} alerts; delete one, or add hashtags to one that exists")]
    TooManyAlerts,
    /// The alert would have too many hashtags.
    #[error("an alert has at most {SUBJECTS_MAX} hashtags; create another one")]
    TooManyHashtags,
    /// The account has too many destinations.
    #[error("an account has at most {DESTINATIONS_MAX} destinations; delete one")]
    TooManyDestinations,
    /// The account has no such alert.
    #[error("this account has no such alert")]
    NotFound,
    /// The account has no such destination.
    #[error("this account has no such webhook or destination")]
    NoDestination,
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The new id is taken; a repeated request draws another one.
    #[error("the new id is taken")]
    IdTaken,
    /// The system has no random numbers.
    #[error("the system has no random numbers to make a secret of")]
    NoChance,
    /// Stored settings or states cannot be read.
    #[error("the stored {of} of {id} cannot be read: {why}")]
    Stored {
        /// Settings, state or secrets.
        of: &'static str,
        /// The alert or destination.
        id: String,
        /// The fault.
        why: String,
    },
}

impl From<StoreError> for AlertingError {
    fn from(error: StoreError) -> Self {
        Self::Measure(error.into())
    }
}
