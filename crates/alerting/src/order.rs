//! Creating and changing alerts: what a user asks for becomes settings, states and destinations, or an error that names the
//! field.

use crate::account::{self, AccountRule};
use crate::destinations::DestinationOrder;
use crate::evaluate::later;
use crate::settings::{AlertRule, AlertSettings};
use crate::state::SubjectState;
use crate::{Alerting, AlertingError};
use domain::{AccountId, AlertId, DestinationId, Timestamp};
use measure::{AlertPreviewQuery, MeasureError};
use std::collections::BTreeMap;
use store::alerts::{Alert, AlertChange, AlertCreated, NewAlert, NewSubject, SUBJECTS_MAX};
use store::idempotency::{Fingerprint, IdempotencyKey};
use xxhash_rust::xxh3::xxh3_128;

/// Longest name, in characters.
pub const NAME_LENGTH_MAX: usize = 100;
/// Most destinations that an alert names.
pub const TO_MAX: usize = 20;
/// Longest silence, in milliseconds: a year.
pub const MUTED_MS_MAX: i64 = 366 * 86_400_000;

/// Subject of an alert, and its rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Watches {
    /// The readings of hashtags.
    Hashtags {
        /// Their names or ids, at most [`SUBJECTS_MAX`]; a hashtag may be named twice.
        hashtags: Vec<String>,
        /// The rule; its hashtag is not read.
        rule: AlertPreviewQuery,
    },
    /// The own hashtags of a campaign while it runs.
    Campaign {
        /// Its name or id.
        campaign: String,
        /// The rule; its hashtag is not read.
        rule: AlertPreviewQuery,
    },
    /// The account.
    Account(AccountRule),
}

/// An order for an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertOrder {
    /// Name; may be empty.
    pub name: String,
    /// Its subject and its rule.
    pub watches: Watches,
    /// Targets of messages: destinations, or ids of those that the account has.
    pub to: Vec<String>,
}

/// A change of an alert; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertPatch {
    /// New name.
    pub name: Option<String>,
    /// Replaces the hashtags.
    pub hashtags: Option<Vec<String>>,
    /// Replaces the rule, and finds its threshold on today's readings.
    pub rule: Option<AlertPreviewQuery>,
    /// Replaces the rule of an alert on the account.
    pub account: Option<AccountRule>,
    /// Replaces the destinations.
    pub to: Option<Vec<String>>,
    /// Pauses or resumes.
    pub is_paused: Option<bool>,
    /// Mutes until a moment, or ends that.
    pub muted_until: Option<Option<Timestamp>>,
}

impl AlertPatch {
    /// Returns true if it has hashtags or a rule on them.
    const fn has_hashtag_rule(&self) -> bool {
        self.hashtags.is_some() || self.rule.is_some()
    }
}

/// A created alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedAlert {
    /// The alert.
    pub alert: Alert,
    /// Signing secrets of the webhooks that were created for it, each with the id of its destination; they are shown once.
    pub secrets: Vec<(DestinationId, String)>,
}

impl Alerting {
    /// Creates an alert. The threshold of each hashtag is found on its stored readings; hashtags of a list that have too
    /// few wait until they have enough.
    ///
    /// # Errors
    ///
    /// A parameter is wrong, no hashtag has enough readings, or a destination is not allowed. Nothing was stored then but
    /// destinations that were named before the wrong one.
    pub async fn create(
        &self,
        account_id: AccountId,
        id: AlertId,
        order: &AlertOrder,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<CreatedAlert, AlertingError> {
        let (name, now) = (checked_name(&order.name)?, self.now());
        for to in &order.to {
            self.check_to(account_id, to).await?;
        }
        let rule = match &order.watches {
            Watches::Hashtags { rule, .. } | Watches::Campaign { rule, .. } => AlertRule::of(rule),
            Watches::Account(rule) => AlertRule::of_account(*rule),
        };
        let mut settings = AlertSettings { name, rule, campaign: None, to: Vec::new() };
        let subjects = match &order.watches {
            Watches::Hashtags { hashtags, .. } => self.subjects(hashtags, &settings, now).await?,
            Watches::Campaign { campaign, rule } => {
                rule.check_rule()?;
                let id = self.campaign(account_id, campaign).await?.id;
                settings.campaign = Some(id.to_string());
                self.campaign_subjects(account_id, id, &settings, now).await?
            }
            Watches::Account(rule) => vec![account::subject(account_id, *rule, now)?],
        };
        let (to, secrets) = self.named(account_id, id, &order.to).await?;
        settings.to = to;
        let new = NewAlert { id, account_id, settings: settings.to_json(), subjects, idempotency, at: now };
        match self.store().create_alert(new).await? {
            AlertCreated::Created(alert) | AlertCreated::Same(alert) => {
                self.measure.catalog().wake_worker();
                Ok(CreatedAlert { alert, secrets })
            }
            AlertCreated::OtherRequest => Err(AlertingError::KeyOfOtherRequest),
            AlertCreated::TooMany => Err(AlertingError::TooManyAlerts),
            AlertCreated::IdTaken => Err(AlertingError::IdTaken),
        }
    }

    /// Changes an alert. Another rule or other hashtags begin from today's readings.
    pub async fn change(
        &self,
        account_id: AccountId,
        id: AlertId,
        patch: AlertPatch,
    ) -> Result<CreatedAlert, AlertingError> {
        let alert = self.alert(account_id, id).await?;
        let (mut settings, now) = (AlertSettings::of(&alert)?, self.now());
        if let Some(name) = &patch.name {
            settings.name = checked_name(name)?;
        }
        if let Some(until) = patch.muted_until.flatten()
            && (until <= now || until > later(now, MUTED_MS_MAX))
        {
            let why = "give a moment from now to a year ahead, such as a day".to_owned();
            return Err(AlertingError::Field { field: "muted_until", why });
        }
        for to in patch.to.iter().flatten() {
            self.check_to(account_id, to).await?;
        }
        let is_of_account = settings.rule.account().is_some();
        if is_of_account != patch.account.is_some() && (patch.account.is_some() || patch.has_hashtag_rule()) {
            let why = "an alert watches either hashtags or the account; create another one".to_owned();
            return Err(AlertingError::Field { field: "account", why });
        }
        if settings.campaign.is_some() && patch.hashtags.is_some() {
            let why = "the alert follows a campaign; change the hashtags of that".to_owned();
            return Err(AlertingError::Field { field: "hashtags", why });
        }
        if let Some(rule) = &patch.rule {
            settings.rule = AlertRule::of(rule);
        }
        if let Some(rule) = patch.account {
            settings.rule = AlertRule::of_account(rule);
        }
        let subjects = match (&patch.hashtags, &patch.rule) {
            (None, None) => match patch.account {
                Some(rule) => Some(vec![account::subject(account_id, rule, now)?]),
                None => None,
            },
            (Some(hashtags), _) => Some(self.subjects(hashtags, &settings, now).await?),
            (None, Some(rule)) if settings.campaign.is_some() => {
                rule.check_rule()?;
                match settings.campaign() {
                    Some(campaign) => {
                        Some(self.campaign_subjects(account_id, campaign, &settings, now).await?)
                    }
                    None => None,
                }
            }
            (None, Some(_)) => {
                let known = self.store().alert_subjects(account_id, id, "", SUBJECTS_MAX).await?;
                let names: Vec<String> = known.into_iter().map(|subject| subject.name).collect();
                Some(self.subjects(&names, &settings, now).await?)
            }
        };
        let mut secrets = Vec::new();
        if let Some(to) = &patch.to {
            (settings.to, secrets) = self.named(account_id, id, to).await?;
        }
        let change = AlertChange {
            settings: Some(settings.to_json()),
            is_paused: patch.is_paused,
            muted_until: patch.muted_until,
            subjects,
        };
        let changed = self.store().change_alert(account_id, id, change, now).await?;
        let alert = changed.ok_or(AlertingError::NotFound)?;
        // What came while it was paused is evaluated now.
        let subjects = self.store().alert_subjects(account_id, id, "", SUBJECTS_MAX).await?;
        for subject in subjects.into_iter().filter(|_| patch.is_paused == Some(false)) {
            self.evaluate(&subject.subject).await?;
        }
        Ok(CreatedAlert { alert, secrets })
    }

    /// Deletes an alert; its events stay.
    pub async fn delete(&self, account_id: AccountId, id: AlertId) -> Result<(), AlertingError> {
        let is_deleted = self.store().delete_alert(account_id, id).await?;
        if is_deleted { Ok(()) } else { Err(AlertingError::NotFound) }
    }

    /// Returns an alert of an account.
    pub async fn alert(&self, account_id: AccountId, id: AlertId) -> Result<Alert, AlertingError> {
        self.store().alert(account_id, id).await?.ok_or(AlertingError::NotFound)
    }

    /// Returns the subjects of an order with their states, each hashtag once.
    async fn subjects(
        &self,
        hashtags: &[String],
        settings: &AlertSettings,
        now: Timestamp,
    ) -> Result<Vec<NewSubject>, AlertingError> {
        if hashtags.is_empty() {
            let why = "name at least one hashtag, such as cat".to_owned();
            return Err(AlertingError::Field { field: "hashtags", why });
        }
        if hashtags.len() > SUBJECTS_MAX {
            return Err(AlertingError::TooManyHashtags);
        }
        let mut subjects = BTreeMap::new();
        let mut lacking = None;
        for named in hashtags {
            let found = self.measure.catalog().find(named).await.map_err(MeasureError::from)?;
            let hashtag = found.ok_or_else(|| MeasureError::NotFound(named.clone()))?;
            let (key, name) = (hashtag.tag.key().as_str().to_owned(), hashtag.tag.name().to_owned());
            let (state, due_at) = match self.seeded(&name, settings, now.as_ms()).await {
                Ok(state) => (state, Some(now)),
                Err(AlertingError::Measure(why @ MeasureError::InsufficientHistory(_))) => {
                    let waiting = Some(why.to_string());
                    lacking = Some(why);
                    let state = SubjectState { since_ms: now.as_ms(), waiting, ..SubjectState::default() };
                    (state, Some(later(now, 86_400_000)))
                }
                Err(error) => return Err(error),
            };
            let is_new = state.rule.is_some();
            let subject = NewSubject { subject: key.clone(), name, state: state.to_json()?, due_at };
            subjects.insert(key, (subject, is_new));
        }
        match lacking {
            Some(why) if !subjects.values().any(|(_, has_rule)| *has_rule) => Err(why.into()),
            _ => Ok(subjects.into_values().map(|(subject, _)| subject).collect()),
        }
    }

    /// Checks a destination without creating it.
    async fn check_to(&self, account_id: AccountId, to: &str) -> Result<(), AlertingError> {
        match to.parse::<DestinationId>() {
            Ok(id) => self.destination(account_id, id).await.map(drop),
            Err(_) => self.parse(to).map(drop),
        }
    }

    /// Returns the ids of destinations, created where the account has none, and the secrets of those created.
    async fn named(
        &self,
        account_id: AccountId,
        alert: AlertId,
        to: &[String],
    ) -> Result<(Vec<String>, Vec<(DestinationId, String)>), AlertingError> {
        if to.len() > TO_MAX {
            let why = format!("an alert has at most {TO_MAX} destinations");
            return Err(AlertingError::Field { field: "to", why });
        }
        let (mut ids, mut secrets) = (Vec::new(), Vec::new());
        for to in to {
            let id = match to.parse::<DestinationId>() {
                Ok(id) => id,
                Err(_) => {
                    let order = DestinationOrder {
                        to: to.clone(),
                        description: String::new(),
                        events: Vec::new(),
                        digest: None,
                    };
                    let random = xxh3_128(&[&alert.to_bytes()[..], to.as_bytes()].concat());
                    let new = DestinationId::new(self.now(), random);
                    let created = self.create_destination(account_id, new, &order).await?;
                    secrets.extend(created.secret.map(|secret| (created.destination.id, secret)));
                    created.destination.id
                }
            };
            let id = id.to_string();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok((ids, secrets))
    }
}

fn checked_name(name: &str) -> Result<String, AlertingError> {
    let name = name.trim();
    if name.chars().count() > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        let why = format!("give at most {NAME_LENGTH_MAX} characters and no control characters");
        return Err(AlertingError::Field { field: "name", why });
    }
    Ok(name.to_owned())
}
