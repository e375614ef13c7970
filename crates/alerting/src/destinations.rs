//! Destinations: webhooks, rooms of chat services and mail addresses, with their secrets, tests and replays.

use crate::found::{EVENT_TYPES, TEST, event_id};
use crate::{Alerting, AlertingError};
use domain::digest::Digest;
use domain::{AccountId, DestinationId, Timestamp};
use notify::destination::Destination as Parsed;
use notify::payload::EventType;
use notify::webhook::signature::{Retiring, Secret, Secrets};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::deliveries::{Delivery, LoggedAttempt, Replay};
use store::destinations::{Destination, DestinationChange, DestinationCreated, NewDestination};
use store::events::NewEvent;

/// Longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 200;
/// Deliveries of a page of the log.
pub const DELIVERIES_PER_PAGE: usize = 20;
/// Stands for all types of events in a subscription.
pub const ALL_EVENTS: &str = "*";
/// Reason of a destination that its owner turned off.
const TURNED_OFF: &str = "turned off by its owner";

/// Settings of a destination as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DestinationSettings {
    /// `webhook`, `email` or the name of a chat service.
    pub(crate) kind: String,
    /// Address without its secrets.
    pub(crate) shown: String,
    #[serde(default)]
    pub(crate) description: String,
    /// Types of events that it gets of every alert of the account; [`ALL_EVENTS`] for all, none to get only those of the
    /// alerts that name it.
    #[serde(default)]
    pub(crate) events: Vec<String>,
    /// When events of alerts are sent together; `None` to send each at once.
    #[serde(default)]
    pub(crate) digest: Option<Digest>,
}

impl DestinationSettings {
    pub(crate) fn of(destination: &Destination) -> Result<Self, AlertingError> {
        serde_json::from_str(&destination.settings).map_err(|why| AlertingError::Stored {
            of: "settings",
            id: destination.id.to_string(),
            why: why.to_string(),
        })
    }

    /// Returns true if it gets events of this type whichever alert they are of.
    pub(crate) fn subscribes_to(&self, kind: EventType) -> bool {
        self.events.iter().any(|event| event == ALL_EVENTS || event == kind.as_str())
    }

    pub(crate) fn is_webhook(&self) -> bool {
        self.kind == "webhook"
    }

    fn to_json(&self) -> String {
        json!(self).to_string()
    }
}

/// Signing secrets as they are stored.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StoredSecrets {
    newest: String,
    retiring: Vec<StoredRetiring>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredRetiring {
    secret: String,
    until_ms: i64,
}

/// Reads the signing secrets of a webhook.
pub(crate) fn secrets_of(destination: &Destination) -> Result<Secrets, AlertingError> {
    let stored = |why: String| AlertingError::Stored { of: "secrets", id: destination.id.to_string(), why };
    let read: StoredSecrets =
        serde_json::from_str(&destination.secrets).map_err(|why| stored(why.to_string()))?;
    let secret = |text: &str| text.parse::<Secret>().map_err(|why| stored(why.to_string()));
    let retiring = read
        .retiring
        .iter()
        .map(|old| Ok(Retiring { secret: secret(&old.secret)?, until: Timestamp::from_ms(old.until_ms) }));
    Ok(Secrets::new(secret(&read.newest)?, retiring.collect::<Result<_, AlertingError>>()?))
}

fn to_json(secrets: &Secrets) -> String {
    let retiring = secrets.retiring().iter();
    let retiring: Vec<_> =
        retiring.map(|old| json!({ "secret": old.secret.expose(), "until_ms": old.until.as_ms() })).collect();
    json!({ "newest": secrets.newest().expose(), "retiring": retiring }).to_string()
}

/// An order for a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationOrder {
    /// Target of messages: `slack:https://...`, an https URL, an e-mail address.
    pub to: String,
    /// Description.
    pub description: String,
    /// Types of events that it gets of every alert; [`ALL_EVENTS`] for all.
    pub events: Vec<String>,
    /// When events of alerts are sent together; `None` to send each at once, and to leave a known one as it is.
    pub digest: Option<Digest>,
}

/// A change of a destination; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestinationPatch {
    /// New description.
    pub description: Option<String>,
    /// New types of events.
    pub events: Option<Vec<String>>,
    /// Turns it on or off.
    pub is_on: Option<bool>,
    /// New digest; `Some(None)` sends each message at once.
    pub digest: Option<Option<Digest>>,
}

/// A created destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The destination.
    pub destination: Destination,
    /// The signing secret of a new webhook, which is shown once.
    pub secret: Option<String>,
}

/// A page of the log of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPage {
    /// Deliveries, the newest event first.
    pub deliveries: Vec<Delivery>,
    /// Their attempts in order of event and number.
    pub attempts: Vec<LoggedAttempt>,
    /// Cursor of the next page; `None` on the last one.
    pub next: Option<u64>,
}

impl Alerting {
    /// Creates a destination. With an address that the account has, that one is returned, with what it subscribes to in
    /// addition, and with the digest if there is one.
    ///
    /// # Errors
    ///
    /// The address is none or not allowed, mail is not configured, a type of events is unknown.
    pub async fn create_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
        order: &DestinationOrder,
    ) -> Result<Created, AlertingError> {
        let parsed = self.parse(&order.to)?;
        let settings = DestinationSettings {
            kind: parsed.kind().to_owned(),
            shown: parsed.to_string(),
            description: description(&order.description)?,
            events: events(&order.events)?,
            digest: order.digest.clone(),
        };
        let secret = match &parsed {
            Parsed::Webhook(_) => Some(self.new_secret()?),
            Parsed::Chat(_) | Parsed::Email(_) => None,
        };
        let secrets = secret.clone().map(|secret| to_json(&Secrets::new(secret, Vec::new())));
        let new = NewDestination {
            id,
            account_id,
            address: parsed.expose(),
            settings: settings.to_json(),
            secrets: secrets.unwrap_or_else(|| "{}".to_owned()),
            at: self.now(),
        };
        match self.store().create_destination(new).await? {
            DestinationCreated::Created(destination) => {
                Ok(Created { destination, secret: secret.map(|secret| secret.expose()) })
            }
            DestinationCreated::Known(known) => {
                let destination = self.add_to(known, settings).await?;
                Ok(Created { destination, secret: None })
            }
            DestinationCreated::TooMany => Err(AlertingError::TooManyDestinations),
            DestinationCreated::IdTaken => Err(AlertingError::IdTaken),
        }
    }

    async fn add_to(
        &self,
        known: Destination,
        added: DestinationSettings,
    ) -> Result<Destination, AlertingError> {
        let old = DestinationSettings::of(&known)?;
        let mut settings = old.clone();
        settings.events.extend(added.events.into_iter().filter(|event| !old.events.contains(event)));
        settings.digest = added.digest.or(settings.digest);
        if settings == old {
            return Ok(known);
        }
        let change = DestinationChange { settings: Some(settings.to_json()), ..DestinationChange::default() };
        self.changed(known.account_id, known.id, change).await
    }

    /// Parses a destination under the policy of the operator.
    pub(crate) fn parse(&self, to: &str) -> Result<Parsed, AlertingError> {
        let parsed = Parsed::parse(to, &self.setup.policy)?;
        if matches!(parsed, Parsed::Email(_)) && !self.setup.has_mail {
            return Err(AlertingError::NoMail);
        }
        Ok(parsed)
    }

    fn new_secret(&self) -> Result<Secret, AlertingError> {
        (self.setup.chance)().map(Secret::from_random).ok_or(AlertingError::NoChance)
    }

    /// Returns the destinations of an account, oldest first.
    pub async fn destinations(&self, account_id: AccountId) -> Result<Vec<Destination>, AlertingError> {
        Ok(self.store().destinations(account_id).await?)
    }

    /// Returns a destination of an account.
    pub async fn destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<Destination, AlertingError> {
        let all = self.destinations(account_id).await?;
        all.into_iter().find(|one| one.id == id).ok_or(AlertingError::NoDestination)
    }

    /// Changes a destination.
    pub async fn change_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
        patch: DestinationPatch,
    ) -> Result<Destination, AlertingError> {
        let known = self.destination(account_id, id).await?;
        let mut settings = DestinationSettings::of(&known)?;
        if let Some(text) = &patch.description {
            settings.description = description(text)?;
        }
        if let Some(wanted) = &patch.events {
            settings.events = events(wanted)?;
        }
        if let Some(digest) = patch.digest {
            settings.digest = digest;
        }
        let off_reason = patch.is_on.map(|is_on| (!is_on).then(|| TURNED_OFF.to_owned()));
        let change = DestinationChange {
            settings: Some(settings.to_json()),
            off_reason,
            ..DestinationChange::default()
        };
        self.changed(account_id, id, change).await
    }

    async fn changed(
        &self,
        account_id: AccountId,
        id: DestinationId,
        change: DestinationChange,
    ) -> Result<Destination, AlertingError> {
        let changed = self.store().change_destination(account_id, id, change, self.now()).await?;
        changed.ok_or(AlertingError::NoDestination)
    }

    /// Deletes a destination with its log.
    pub async fn delete_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<(), AlertingError> {
        let is_deleted = self.store().delete_destination(account_id, id).await?;
        if is_deleted { Ok(()) } else { Err(AlertingError::NoDestination) }
    }

    /// Replaces the signing secret of a webhook, and returns the new one. The old one signs beside it for a day.
    ///
    /// # Errors
    ///
    /// It is no webhook.
    pub async fn rotate(&self, account_id: AccountId, id: DestinationId) -> Result<Created, AlertingError> {
        let known = self.destination(account_id, id).await?;
        if !DestinationSettings::of(&known)?.is_webhook() {
            let why = "only webhooks are signed, and have a secret".to_owned();
            return Err(AlertingError::Field { field: "id", why });
        }
        let newest = self.new_secret()?;
        let rotated = secrets_of(&known)?.rotated(newest.clone(), self.now());
        let change = DestinationChange { secrets: Some(to_json(&rotated)), ..DestinationChange::default() };
        let destination = self.changed(account_id, id, change).await?;
        Ok(Created { destination, secret: Some(newest.expose()) })
    }

    /// Sends a test message. Returns the number of its event; `cause` distinguishes one test from another.
    ///
    /// # Errors
    ///
    /// It is turned off.
    pub async fn test(
        &self,
        account_id: AccountId,
        id: DestinationId,
        cause: &str,
    ) -> Result<u64, AlertingError> {
        let known = self.destination(account_id, id).await?;
        if let Some(reason) = &known.off_reason {
            let why = format!("it is off ({reason}); turn it on first");
            return Err(AlertingError::Field { field: "id", why });
        }
        let (now, cause) = (self.now(), format!("{} {cause}", TEST.as_str()));
        let data = json!({
            "destination": id.to_string(),
            "title": "Test message of Tagmeter",
            "sentence": "This destination gets the messages of your alerts.",
            "reason": "Somebody with a key of your account sent this test.",
        });
        let event = NewEvent {
            id: event_id(account_id, now, &cause),
            kind: TEST.as_str().to_owned(),
            cause,
            alert_id: None,
            at: now,
            data: data.to_string(),
            to: vec![id],
            due_at: now,
            later: Vec::new(),
        };
        let number = self.store().record_event(account_id, event).await?.ok_or(AlertingError::IdTaken)?;
        self.measure.catalog().wake_worker();
        Ok(number)
    }

    /// Sends deliveries again. Returns how many.
    pub async fn replay(
        &self,
        account_id: AccountId,
        id: DestinationId,
        replay: Replay,
    ) -> Result<u64, AlertingError> {
        self.destination(account_id, id).await?;
        let replayed = self.store().replay_deliveries(account_id, id, replay, self.now()).await?;
        self.measure.catalog().wake_worker();
        Ok(replayed)
    }

    /// Returns a page of the log of a destination, before the event of a number.
    pub async fn deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        before: Option<u64>,
    ) -> Result<DeliveryPage, AlertingError> {
        self.destination(account_id, id).await?;
        let mut deliveries = self.store().deliveries(account_id, id, before, DELIVERIES_PER_PAGE + 1).await?;
        let next = (deliveries.len() > DELIVERIES_PER_PAGE).then(|| {
            deliveries.truncate(DELIVERIES_PER_PAGE);
            deliveries[DELIVERIES_PER_PAGE - 1].event.sequence
        });
        let ends = deliveries.last().zip(deliveries.first());
        let attempts = match ends {
            Some((first, last)) => {
                let (from, to) = (first.event.sequence, last.event.sequence);
                self.store().delivery_attempts(account_id, id, from, to).await?
            }
            None => Vec::new(),
        };
        Ok(DeliveryPage { deliveries, attempts, next })
    }
}

fn description(text: &str) -> Result<String, AlertingError> {
    let is_long = text.chars().count() > DESCRIPTION_LENGTH_MAX;
    if is_long || text.chars().any(char::is_control) {
        let why = format!("give at most {DESCRIPTION_LENGTH_MAX} characters and no control characters");
        return Err(AlertingError::Field { field: "description", why });
    }
    Ok(text.to_owned())
}

/// Checks types of events.
fn events(wanted: &[String]) -> Result<Vec<String>, AlertingError> {
    let is_known = |event: &&String| {
        *event == ALL_EVENTS || EVENT_TYPES.iter().any(|(known, ..)| known.as_str() == event.as_str())
    };
    match wanted.iter().find(|event| !is_known(event)) {
        None => Ok(wanted.to_vec()),
        Some(unknown) => {
            let known: Vec<&str> = EVENT_TYPES.iter().map(|(event, ..)| event.as_str()).collect();
            let why =
                format!("{unknown:?} is no type of events; they are {}, and * for all", known.join(", "));
            Err(AlertingError::Field { field: "events", why })
        }
    }
}
