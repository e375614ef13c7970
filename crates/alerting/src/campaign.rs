//! Alerts on campaigns: they watch the campaign's own hashtags while it runs, and follow its changes.
//!
//! Beside its hashtags such an alert has a subject that stands for the campaign. It is looked at every ten minutes, and brings the
//! hashtags up to the campaign; hashtags that stay keep their states.

use crate::evaluate::later;
use crate::settings::AlertSettings;
use crate::state::SubjectState;
use crate::{Alerting, AlertingError};
use domain::campaign::CampaignRef;
use domain::{AccountId, CampaignId, Tag, Timestamp};
use measure::{CampaignError, MeasureError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::alerts::{Alert, AlertChange, AlertEvaluated, AlertSubject, NewSubject, SUBJECTS_MAX};
use store::campaigns::Campaign;
use utoipa::ToSchema;

/// Milliseconds between two looks at a campaign.
const LOOK_MS: i64 = 600_000;
/// Milliseconds after which a hashtag that waits for history is looked at again without a new reading.
const WAIT_MS: i64 = 86_400_000;
/// Begins the key of the subject that stands for a campaign. No hashtag has a `#` in its key.
const KEY_PREFIX: &str = "#campaign ";

/// The campaign of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertCampaign)]
pub struct AlertCampaignView {
    /// Campaign id.
    #[schema(example = "cmp_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// Its name; `null` once it is deleted.
    #[schema(example = "summer")]
    pub name: Option<String>,
    /// Why none of its hashtags is watched now: it has not begun, is over, or was deleted; `null` while they are watched.
    #[schema(example = json!(null))]
    pub reason: Option<String>,
}

/// Hashtags of a campaign that are watched now, and why there are none.
struct Wanted {
    tags: Vec<Tag>,
    reason: Option<String>,
    /// False once nothing can change any more.
    may_change: bool,
}

impl Wanted {
    fn of(campaign: Option<&Campaign>, now: Timestamp) -> Self {
        let none = |reason: String, may_change| Self { tags: Vec::new(), reason: Some(reason), may_change };
        let Some(campaign) = campaign else { return none("the campaign was deleted".to_owned(), false) };
        let (span, plan) = (campaign.settings.span, &campaign.settings.plan);
        if now < span.from() {
            return none(format!("the campaign begins at {}", plan.tz().rfc3339(span.from())), true);
        }
        if span.to().is_some_and(|to| to < now) {
            return none("the campaign is over".to_owned(), true);
        }
        Self { tags: plan.own().to_vec(), reason: None, may_change: true }
    }
}

/// Returns true if a subject stands for a campaign.
pub(crate) fn is_campaign(subject: &AlertSubject) -> bool {
    subject.subject.starts_with(KEY_PREFIX)
}

impl Alerting {
    /// Returns an account's campaign, by name or id.
    pub(crate) async fn campaign(
        &self,
        account_id: AccountId,
        named: &str,
    ) -> Result<Campaign, AlertingError> {
        let unknown = |why: String| AlertingError::Field { field: "campaign", why };
        let which: CampaignRef = named.parse().map_err(|why| unknown(format!("{why}")))?;
        let found = self.campaign_of(account_id, &which).await?;
        found.ok_or_else(|| unknown("this account has no such campaign".to_owned()))
    }

    /// Returns the subjects of an alert on a campaign as they are now: the campaign, and its hashtags with new states. A hashtag
    /// that is not stored yet, or has too few readings, waits.
    pub(crate) async fn campaign_subjects(
        &self,
        account_id: AccountId,
        id: CampaignId,
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Result<Vec<NewSubject>, AlertingError> {
        let campaign = self.campaign_of(account_id, &CampaignRef::Id(id)).await?;
        let wanted = Wanted::of(campaign.as_ref(), now);
        let mut subjects = vec![subject(id, &wanted, now)?];
        for tag in &wanted.tags {
            subjects.push(self.watched(tag, settings, now).await?);
        }
        Ok(subjects)
    }

    /// Brings the hashtags of an alert up to its campaign.
    pub(crate) async fn follow_campaign(
        &self,
        (alert, settings): (&Alert, &AlertSettings),
        subject_of: AlertSubject,
        id: CampaignId,
    ) -> Result<(), AlertingError> {
        let now = self.now();
        let campaign = self.campaign_of(alert.account_id, &CampaignRef::Id(id)).await?;
        let wanted = Wanted::of(campaign.as_ref(), now);
        let known = self.store().alert_subjects(alert.account_id, alert.id, "", SUBJECTS_MAX).await?;
        let watched: BTreeSet<&str> =
            known.iter().filter(|one| !is_campaign(one)).map(|one| one.subject.as_str()).collect();
        let tags: BTreeMap<&str, &Tag> = wanted.tags.iter().map(|tag| (tag.key().as_str(), tag)).collect();
        let NewSubject { state, due_at, .. } = subject(id, &wanted, now)?;
        if watched.iter().eq(tags.keys()) {
            let evaluated = AlertEvaluated { subject: subject_of, state, due_at, events: Vec::new() };
            return self.store().write_evaluation(evaluated).await.map(drop).map_err(Into::into);
        }
        let mut subjects = vec![subject(id, &wanted, now)?];
        for (key, tag) in &tags {
            match known.iter().find(|one| one.subject == *key) {
                Some(AlertSubject { subject, name, state, due_at, .. }) => subjects.push(NewSubject {
                    subject: subject.clone(),
                    name: name.clone(),
                    state: state.clone(),
                    due_at: *due_at,
                }),
                None => subjects.push(self.watched(tag, settings, now).await?),
            }
        }
        let change = AlertChange { subjects: Some(subjects), ..AlertChange::default() };
        self.store().change_alert(alert.account_id, alert.id, change, now).await?;
        Ok(())
    }

    /// Returns the campaign of an alert, and why none of its hashtags is watched.
    pub(crate) async fn campaign_view(
        &self,
        alert: &Alert,
        id: CampaignId,
    ) -> Result<AlertCampaignView, AlertingError> {
        let campaign = self.campaign_of(alert.account_id, &CampaignRef::Id(id)).await?;
        Ok(AlertCampaignView {
            id: id.to_string(),
            name: campaign.as_ref().map(|campaign| campaign.settings.name.to_string()),
            reason: Wanted::of(campaign.as_ref(), self.now()).reason,
        })
    }

    async fn campaign_of(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<Option<Campaign>, AlertingError> {
        match self.measure.find_campaign(account_id, which).await {
            Ok(campaign) => Ok(Some(campaign)),
            Err(CampaignError::NotFound) => Ok(None),
            Err(CampaignError::Measure(error)) => Err(error.into()),
            Err(why) => Err(AlertingError::Field { field: "campaign", why: why.to_string() }),
        }
    }

    async fn watched(
        &self,
        tag: &Tag,
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Result<NewSubject, AlertingError> {
        let (state, due_at) = match self.seeded(tag.name(), settings, now.as_ms()).await {
            Ok(state) => (state, now),
            Err(AlertingError::Measure(
                why @ (MeasureError::InsufficientHistory(_) | MeasureError::NotFound(_)),
            )) => {
                let waiting = Some(why.to_string());
                (
                    SubjectState { since_ms: now.as_ms(), waiting, ..SubjectState::default() },
                    later(now, WAIT_MS),
                )
            }
            Err(error) => return Err(error),
        };
        Ok(NewSubject {
            subject: tag.key().as_str().to_owned(),
            name: tag.name().to_owned(),
            state: state.to_json()?,
            due_at: Some(due_at),
        })
    }
}

/// Returns the subject that stands for a campaign.
fn subject(id: CampaignId, wanted: &Wanted, now: Timestamp) -> Result<NewSubject, AlertingError> {
    let waiting = wanted.reason.clone();
    let state = SubjectState { since_ms: now.as_ms(), waiting, ..SubjectState::default() };
    Ok(NewSubject {
        subject: format!("{KEY_PREFIX}{id}"),
        name: String::new(),
        state: state.to_json()?,
        due_at: wanted.may_change.then(|| later(now, LOOK_MS)),
    })
}
