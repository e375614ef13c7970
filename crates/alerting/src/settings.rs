//! Settings of an alert as they are stored: JSON with the rule as its owner wrote it.

use crate::AlertingError;
use crate::account::AccountRule;
use domain::{CampaignId, DestinationId};
use measure::AlertPreviewQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::alerts::Alert;

/// A rule as its owner wrote it: the parameters of a preview without the hashtag, or a rule on the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertRule(Map<String, Value>);

impl AlertRule {
    /// Takes the rule of a preview.
    pub fn of(query: &AlertPreviewQuery) -> Self {
        let mut rule = Map::new();
        rule.insert("rule".to_owned(), query.rule.name().into());
        rule.insert("window".to_owned(), query.window.name().into());
        rule.extend(query.versus.iter().map(|versus| ("versus".to_owned(), versus.as_str().into())));
        let numbers = [("above", query.above), ("recovers_at", query.recovers_at)];
        for (name, number) in numbers {
            rule.extend(number.map(|number| (name.to_owned(), number.get().into())));
        }
        let texts = [
            ("about", query.about.map(|about| about.to_string())),
            ("for", query.pending_for.map(|wait| wait.to_string())),
            ("keep_firing", query.keep_firing.map(|wait| wait.to_string())),
            ("cooldown", query.cooldown.map(|wait| wait.to_string())),
        ];
        for (name, text) in texts {
            rule.extend(text.map(|text| (name.to_owned(), text.into())));
        }
        Self(rule)
    }

    /// Takes a rule on the account.
    pub(crate) fn of_account(rule: AccountRule) -> Self {
        Self(rule.as_object())
    }

    /// Returns the rule on the account that this is; `None` if it is one on hashtags.
    pub(crate) fn account(&self) -> Option<AccountRule> {
        AccountRule::of(&self.0)
    }

    /// Returns the preview of the rule on a hashtag.
    pub(crate) fn on(&self, hashtag: &str) -> Result<AlertPreviewQuery, serde_json::Error> {
        let mut query = self.0.clone();
        query.insert("hashtag".to_owned(), hashtag.into());
        AlertPreviewQuery::deserialize(Value::Object(query))
    }

    /// Returns the rule as an object.
    pub const fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Settings of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AlertSettings {
    /// Name that its owner gave; empty without one.
    #[serde(default)]
    pub(crate) name: String,
    /// The rule.
    pub(crate) rule: AlertRule,
    /// Id of the campaign whose own hashtags it watches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) campaign: Option<String>,
    /// Ids of the destinations that it names.
    #[serde(default)]
    pub(crate) to: Vec<String>,
}

impl AlertSettings {
    pub(crate) fn of(alert: &Alert) -> Result<Self, AlertingError> {
        serde_json::from_str(&alert.settings).map_err(|why| AlertingError::Stored {
            of: "settings",
            id: alert.id.to_string(),
            why: why.to_string(),
        })
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Returns the campaign whose hashtags it watches.
    pub(crate) fn campaign(&self) -> Option<CampaignId> {
        self.campaign.as_deref().and_then(|id| id.parse().ok())
    }

    /// Returns the destinations that it names.
    pub(crate) fn destinations(&self) -> Vec<DestinationId> {
        self.to.iter().filter_map(|id| id.parse().ok()).collect()
    }
}
