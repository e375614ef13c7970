//! The state of a rule on the account as answers show it.

use crate::AlertingError;
use crate::account::AccountRule;
use crate::state::{StoredCondition, SubjectState};
use domain::Timestamp;
use serde::Serialize;
use store::alerts::AlertSubject;
use utoipa::ToSchema;

/// State of a rule on the account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertAccount)]
pub struct AlertAccountView {
    /// `ok` or `firing`.
    #[schema(example = "ok")]
    pub state: &'static str,
    /// The rule in words.
    #[schema(example = "fewer than 1,000 credits left")]
    pub sentence: String,
    /// Unit of the number.
    #[schema(example = "credits")]
    pub unit: &'static str,
    /// The number of the last look; `null` before it, and where nothing runs out.
    pub value: Option<f64>,
    /// Time of the last look.
    pub value_at: Option<Timestamp>,
    /// Since when it fires; `null` while it does not.
    pub since: Option<Timestamp>,
    /// When it last fired.
    pub last_fired_at: Option<Timestamp>,
    /// When a message was last due.
    pub last_message_at: Option<Timestamp>,
}

pub(crate) fn account_view(
    rule: AccountRule,
    subject: &AlertSubject,
) -> Result<AlertAccountView, AlertingError> {
    let state = SubjectState::of(subject)?;
    let at = Timestamp::from_ms;
    Ok(AlertAccountView {
        state: state.name(),
        sentence: rule.in_words(),
        unit: rule.unit(),
        value: state.value,
        value_at: state.evaluated_at_ms.map(at),
        since: match state.condition {
            StoredCondition::Firing { episode_ms, .. } => Some(at(episode_ms)),
            StoredCondition::Ok | StoredCondition::Pending { .. } => None,
        },
        last_fired_at: state.fired_at_ms.map(at),
        last_message_at: state.sent_at_ms.map(at),
    })
}
