//! Alerts, events, destinations and deliveries as answers and the command line show them.

use crate::account_view::{AlertAccountView, account_view};
use crate::campaign::{AlertCampaignView, is_campaign};
use crate::destinations::{DeliveryPage, DestinationSettings};
use crate::settings::AlertSettings;
use crate::state::{StoredCondition, SubjectState};
use crate::{Alerting, AlertingError};
use domain::alerts::Watched;
use domain::digest::Digest;
use domain::{AccountId, AlertId, Timestamp};
use measure::rule_in_words;
use serde::Serialize;
use serde_json::{Map, Value};
use store::alerts::{Alert, AlertSubject, SUBJECTS_MAX};
use store::deliveries::Delivery;
use store::destinations::Destination;
use store::events::Event;
use utoipa::ToSchema;

/// Alerts of a page.
pub const ALERTS_PER_PAGE: usize = 20;
/// Events of a page.
pub const EVENTS_PER_PAGE: usize = 50;
/// Hashtags of each alert that a list shows.
pub const HASHTAGS_LISTED: usize = 10;

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// Alert id.
    #[schema(example = "alr_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// Name that its owner gave; empty without one.
    #[schema(example = "cats")]
    pub name: String,
    /// `active`, `muted` or `paused`.
    #[schema(example = "active")]
    pub state: &'static str,
    /// Until then it sends no messages; `null` if it is not muted.
    #[schema(example = json!(null))]
    pub muted_until: Option<Timestamp>,
    /// The rule as it was given: the parameters of a preview, or the rule on the account.
    #[schema(value_type = Object, example = json!({"rule": "growth", "window": "7d", "about": "1/week"}))]
    pub rule: Map<String, Value>,
    /// Number of its hashtags.
    pub hashtag_count: u64,
    /// Its hashtags, by key: all, or the first 10 in a list.
    pub hashtags: Vec<AlertHashtagView>,
    /// The campaign whose own hashtags it watches; `null` if it names its hashtags.
    pub campaign: Option<AlertCampaignView>,
    /// State of its rule on the account; `null` if it watches hashtags.
    pub account: Option<AlertAccountView>,
    /// Destinations that it names.
    pub to: Vec<AlertDestinationView>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change by its owner.
    pub updated_at: Timestamp,
}

/// A hashtag of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertHashtag)]
pub struct AlertHashtagView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// `ok`, `pending` (above the threshold, not yet for long enough), `firing`, `no_data`, or `waiting` while there are
    /// too few readings for the rule.
    #[schema(example = "ok")]
    pub state: &'static str,
    /// The rule in words; `null` while it waits.
    #[schema(example = "views growing faster than 2.1 %/day")]
    pub sentence: Option<String>,
    /// Threshold; `null` while it waits.
    pub above: Option<f64>,
    /// Value at or below which it recovers; `null` while it waits.
    pub recovers_at: Option<f64>,
    /// Unit of the numbers.
    #[schema(example = "percent a day")]
    pub unit: Option<&'static str>,
    /// The last number; `null` if there was none.
    pub value: Option<f64>,
    /// Time of the last number.
    pub value_at: Option<Timestamp>,
    /// Since when it is pending, firing or without data; `null` while it is ok.
    pub since: Option<Timestamp>,
    /// When it last fired, also before the alert was created.
    pub last_fired_at: Option<Timestamp>,
    /// When a message was last due.
    pub last_message_at: Option<Timestamp>,
    /// Why it waits, and until when.
    #[schema(example = json!(null))]
    pub reason: Option<String>,
}

/// A destination that an alert names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertDestination)]
pub struct AlertDestinationView {
    /// Its id.
    #[schema(example = "dst_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// Address without its secrets; `null` if it was deleted.
    #[schema(example = "slack:https://hooks.slack.com/...")]
    pub address: Option<String>,
    /// True if messages are sent to it.
    pub is_on: bool,
}

/// A destination of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Destination)]
pub struct DestinationView {
    /// Its id.
    #[schema(example = "dst_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// `webhook`, `email`, `slack`, `mattermost`, `discord`, `telegram`, `ntfy`, `gchat` or `teams`.
    #[schema(example = "webhook")]
    pub kind: String,
    /// Address without its secrets.
    #[schema(example = "https://hooks.example.com/...")]
    pub address: String,
    /// Description.
    pub description: String,
    /// Types of events that it gets of every alert; `*` for all, none if only alerts that name it send to it.
    #[schema(example = json!(["*"]))]
    pub events: Vec<String>,
    /// When events of alerts are sent together; `null` if each is sent at once.
    pub digest: Option<DigestView>,
    /// `on`, `failing`, or `off`.
    #[schema(example = "on")]
    pub state: &'static str,
    /// Why it is off.
    #[schema(example = json!(null))]
    pub off_reason: Option<String>,
    /// First failure since the last success; `null` if it works.
    pub failing_since: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u64,
    /// Time of the last success.
    pub last_success_at: Option<Timestamp>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// When events of alerts are sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DestinationDigest)]
pub struct DigestView {
    /// `day`, or `week`: on Mondays.
    #[schema(example = "day")]
    pub every: &'static str,
    /// Hour of the local day.
    #[schema(example = 8)]
    pub hour: u8,
    /// Time zone of the hour.
    #[schema(example = "Europe/Berlin")]
    pub tz: String,
}

impl DigestView {
    fn of(digest: &Digest) -> Self {
        Self { every: digest.every.into(), hour: digest.hour, tz: digest.tz.name().to_owned() }
    }
}

/// A secret of a webhook, which is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub struct SecretView {
    /// Id of the destination.
    #[schema(example = "dst_01kb3x8m7q0000000000000000")]
    pub destination: String,
    /// Signing secret after Standard Webhooks.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

impl std::fmt::Debug for SecretView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretView").field("destination", &self.destination).finish_non_exhaustive()
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertEvent)]
pub struct EventView {
    /// Its id, which webhooks get as `webhook-id`.
    #[schema(example = "evt_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// Number among the events of the account.
    pub sequence: u64,
    /// Type, such as `alert.fired`.
    #[serde(rename = "type")]
    #[schema(example = "alert.fired")]
    pub event_type: String,
    /// The alert that it is of.
    pub alert: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Facts about it: the `data` of a webhook.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A delivery with its attempts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// The event.
    pub event: EventView,
    /// `waiting`, `delivered`, or `given_up` once all attempts failed or the destination was turned off.
    #[schema(example = "delivered")]
    pub state: &'static str,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was accepted.
    pub delivered_at: Option<Timestamp>,
    /// Attempts in order.
    pub attempts: Vec<AttemptView>,
}

/// An attempt at a delivery. Nothing of an answer but its status is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct AttemptView {
    /// Its number; the first is 1.
    pub attempt: u64,
    /// When it began.
    pub at: Timestamp,
    /// Duration.
    pub duration_ms: u64,
    /// Status of the answer; `null` without one.
    pub status: Option<u16>,
    /// Why it failed; `null` after a success.
    pub error: Option<String>,
}

/// A page of alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertsPage {
    /// The alerts, newest first.
    pub alerts: Vec<AlertView>,
    /// Cursor of the next page; `None` on the last one.
    pub next: Option<AlertId>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsPage {
    /// The events, newest first.
    pub events: Vec<EventView>,
    /// Cursor of the next page; `None` on the last one.
    pub next: Option<u64>,
}

impl Alerting {
    /// Returns an alert with all its hashtags.
    pub async fn show(&self, account_id: AccountId, id: AlertId) -> Result<AlertView, AlertingError> {
        let alert = self.alert(account_id, id).await?;
        let destinations = self.destinations(account_id).await?;
        self.view(&alert, &destinations, SUBJECTS_MAX).await
    }

    /// Returns a page of an account's alerts, newest first, before one of them.
    pub async fn list(
        &self,
        account_id: AccountId,
        before: Option<AlertId>,
    ) -> Result<AlertsPage, AlertingError> {
        let mut alerts = self.store().alerts(account_id, before, ALERTS_PER_PAGE + 1).await?;
        let has_more = alerts.len() > ALERTS_PER_PAGE;
        alerts.truncate(ALERTS_PER_PAGE);
        let next = alerts.last().map(|alert| alert.id).filter(|_| has_more);
        let destinations = self.destinations(account_id).await?;
        let mut views = Vec::with_capacity(alerts.len());
        for alert in &alerts {
            views.push(self.view(alert, &destinations, HASHTAGS_LISTED).await?);
        }
        Ok(AlertsPage { alerts: views, next })
    }

    async fn view(
        &self,
        alert: &Alert,
        destinations: &[Destination],
        hashtags: usize,
    ) -> Result<AlertView, AlertingError> {
        let settings = AlertSettings::of(alert)?;
        let mut subjects = self.store().alert_subjects(alert.account_id, alert.id, "", SUBJECTS_MAX).await?;
        let account = match settings.rule.account().zip(subjects.first()) {
            Some((rule, subject)) => Some(account_view(rule, subject)?),
            None => None,
        };
        if account.is_some() {
            subjects.clear();
        }
        subjects.retain(|subject| !is_campaign(subject));
        let campaign = match settings.campaign() {
            Some(id) => Some(self.campaign_view(alert, id).await?),
            None => None,
        };
        let hashtag_count = subjects.len() as u64;
        subjects.truncate(hashtags);
        let muted_until = alert.muted_until.filter(|until| *until > self.now());
        Ok(AlertView {
            id: alert.id.to_string(),
            name: settings.name,
            state: match (alert.is_paused, muted_until) {
                (true, _) => "paused",
                (false, Some(_)) => "muted",
                (false, None) => "active",
            },
            muted_until,
            rule: settings.rule.as_object().clone(),
            hashtag_count,
            hashtags: subjects.iter().map(hashtag_view).collect::<Result<_, _>>()?,
            campaign,
            account,
            to: settings.to.iter().map(|id| named(id, destinations)).collect(),
            created_at: alert.created_at,
            updated_at: alert.updated_at,
        })
    }

    /// Returns a page of an account's events, or of those of an alert, newest first, before the one of a number.
    pub async fn events_of(
        &self,
        account_id: AccountId,
        alert: Option<AlertId>,
        before: Option<u64>,
    ) -> Result<EventsPage, AlertingError> {
        if let Some(id) = alert {
            self.alert(account_id, id).await?;
        }
        let mut events = self.store().events(account_id, alert, before, EVENTS_PER_PAGE + 1).await?;
        let has_more = events.len() > EVENTS_PER_PAGE;
        events.truncate(EVENTS_PER_PAGE);
        let next = events.last().map(|event| event.sequence).filter(|_| has_more);
        Ok(EventsPage { events: events.iter().map(EventView::from).collect(), next })
    }
}

fn hashtag_view(subject: &AlertSubject) -> Result<AlertHashtagView, AlertingError> {
    let state = SubjectState::of(subject)?;
    let rule = state.rule.as_ref();
    let watched = rule.and_then(|rule| serde_json::from_value::<Watched>(rule.watched.as_str().into()).ok());
    let at = Timestamp::from_ms;
    Ok(AlertHashtagView {
        hashtag: subject.name.clone(),
        state: state.name(),
        sentence: watched
            .zip(rule)
            .map(|(watched, rule)| rule_in_words(watched, rule.above, rule.versus.as_deref())),
        above: rule.map(|rule| rule.above),
        recovers_at: rule.map(|rule| rule.recovers_at),
        unit: watched.map(Watched::unit),
        value: state.value,
        value_at: state.value.map(|_| at(state.last_value_at_ms)),
        since: match (state.no_data_since_ms, state.condition) {
            (Some(since_ms), _) | (None, StoredCondition::Pending { since_ms }) => Some(at(since_ms)),
            (None, StoredCondition::Firing { episode_ms, .. }) => Some(at(episode_ms)),
            (None, StoredCondition::Ok) => None,
        },
        last_fired_at: state.fired_at_ms.map(at),
        last_message_at: state.sent_at_ms.map(at),
        reason: state.waiting.clone().filter(|_| rule.is_none()),
    })
}

fn named(id: &str, destinations: &[Destination]) -> AlertDestinationView {
    let known = destinations.iter().find(|one| one.id.to_string() == id);
    AlertDestinationView {
        id: id.to_owned(),
        address: known.and_then(|known| DestinationSettings::of(known).ok()).map(|settings| settings.shown),
        is_on: known.is_some_and(|known| known.off_reason.is_none()),
    }
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            sequence: event.sequence,
            event_type: event.kind.clone(),
            alert: event.alert_id.map(|id| id.to_string()),
            at: event.at,
            data: serde_json::from_str(&event.data).unwrap_or_default(),
        }
    }
}

impl DestinationView {
    /// Shows a destination.
    ///
    /// # Errors
    ///
    /// What is stored of it cannot be read.
    pub fn of(destination: &Destination) -> Result<Self, AlertingError> {
        let settings = DestinationSettings::of(destination)?;
        Ok(Self {
            id: destination.id.to_string(),
            kind: settings.kind,
            address: settings.shown,
            description: settings.description,
            events: settings.events,
            digest: settings.digest.as_ref().map(DigestView::of),
            state: match (&destination.off_reason, destination.failing) {
                (Some(_), _) => "off",
                (None, Some(_)) => "failing",
                (None, None) => "on",
            },
            off_reason: destination.off_reason.clone(),
            failing_since: destination.failing.map(|(since, _)| since),
            failures: destination.failing.map_or(0, |(_, failures)| failures),
            last_success_at: destination.succeeded_at,
            created_at: destination.created_at,
            updated_at: destination.updated_at,
        })
    }
}

impl DeliveryPage {
    /// Shows the deliveries with their attempts.
    pub fn views(&self) -> Vec<DeliveryView> {
        let view = |delivery: &Delivery| {
            let attempts = self.attempts.iter().filter(|one| one.sequence == delivery.event.sequence);
            DeliveryView {
                event: EventView::from(&delivery.event),
                state: match (delivery.due_at, delivery.delivered_at) {
                    (Some(_), _) => "waiting",
                    (None, Some(_)) => "delivered",
                    (None, None) => "given_up",
                },
                next_attempt_at: delivery.due_at,
                delivered_at: delivery.delivered_at,
                attempts: attempts
                    .map(|one| AttemptView {
                        attempt: one.attempt,
                        at: one.at,
                        duration_ms: one.duration_ms,
                        status: one.status,
                        error: one.error.clone(),
                    })
                    .collect(),
            }
        };
        self.deliveries.iter().map(view).collect()
    }
}
