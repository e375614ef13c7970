//! Errors of schedules.

use measure::CampaignError;
use notify::destination::DestinationError;
use sharing::ShareError;
use store::StoreError;
use store::schedules::SCHEDULES_MAX;

/// Errors of schedules.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The report cannot be made.
    #[error(transparent)]
    Report(#[from] ShareError),
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
    /// A recipient is none.
    #[error("to: {0}")]
    Recipient(#[from] DestinationError),
    /// Mail cannot be sent.
    #[error("to: no mail can be sent from this server; the operator can set smtp.host")]
    NoMail,
    /// The account has no such schedule.
    #[error("this account has no such schedule")]
    NotFound,
    /// The account has too many schedules.
    #[error("an account has at most {SCHEDULES_MAX} schedules; delete one")]
    TooMany,
    /// The key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The schedule was changed meanwhile, or its new id is taken; a repeated request succeeds.
    #[error("the schedule was changed at the same time; try again")]
    Busy,
    /// The system has no random numbers.
    #[error("the system has no random numbers to make a token of")]
    NoChance,
    /// Stored settings or facts cannot be read.
    #[error("the stored {of} of {id} cannot be read: {why}")]
    Stored {
        /// Settings or facts.
        of: &'static str,
        /// The schedule.
        id: String,
        /// The fault.
        why: String,
    },
}

impl From<CampaignError> for ScheduleError {
    fn from(error: CampaignError) -> Self {
        Self::Report(error.into())
    }
}

/// Builds the error of a field.
pub(crate) fn wrong(field: &'static str, why: impl Into<String>) -> ScheduleError {
    ScheduleError::Field { field, why: why.into() }
}
