//! One attempt at one delivery: an event becomes what its destination understands, is sent once, and the result is
//! written.

use crate::destinations::{DestinationSettings, secrets_of};
use crate::digest;
use crate::evaluate::recipients;
use crate::found::{DISABLED, event_id, message, type_of};
use crate::{Alerting, AlertingError};
use domain::{EventId, Timestamp};
use notify::destination::Destination as Parsed;
use notify::email::{Image, Mail, Mailer, SendMailError, Unsubscribe};
use notify::message::Link;
use notify::payload::Event as Payload;
use notify::send::{Post, Sender};
use notify::webhook;
use notify::webhook::schedule::{Endpoint, Failing, Next, Outcome, endpoint_after, next};
use notify::webhook::signature::MessageId;
use serde_json::{Value, json};
use std::fmt;
use store::deliveries::{Attempted, DeliveryClaim};
use store::destinations::DestinationState;
use store::events::{Event, NewEvent};
use xxhash_rust::xxh3::xxh3_64;

/// Most charts of a mail.
const CHARTS_MAX: usize = 5;
/// Longest error in the log, in characters.
const ERROR_LENGTH_MAX: usize = 300;

/// Sends requests and mails.
#[derive(Clone)]
pub struct Outgoing {
    /// Sends to webhooks and chat services.
    pub sender: Sender,
    /// Sends mails; `None` if the settings have no server for it.
    pub mailer: Option<Mailer>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("has_mail", &self.mailer.is_some()).finish_non_exhaustive()
    }
}

/// The result of sending once.
struct Sent {
    status: Option<u16>,
    error: Option<String>,
    outcome: Outcome,
    /// True if another attempt would be of no use.
    is_final: bool,
}

impl Sent {
    fn failed(error: impl fmt::Display) -> Self {
        let outcome = Outcome::Failed { retry_after_ms: None };
        Self { status: None, error: Some(error.to_string()), outcome, is_final: false }
    }
}

impl Alerting {
    /// Makes one attempt at a claimed delivery, and writes what came of it. Returns `false` if another sender has it.
    ///
    /// # Errors
    ///
    /// The store failed: the delivery is attempted again once the lease is over.
    pub async fn deliver(&self, outgoing: &Outgoing, claim: DeliveryClaim) -> Result<bool, AlertingError> {
        let began = self.now();
        let others = self.due_with(&claim, began).await?;
        let sent = self.send(outgoing, &claim, &others, began).await;
        let ended = self.now();
        let attempt = usize::try_from(claim.attempts).unwrap_or(usize::MAX).saturating_add(1);
        let next = next(attempt, sent.outcome, ended, seed(claim.event.id));
        let (state, notice) = self.state_after(&claim, sent.outcome, ended).await?;
        let attempted = Attempted {
            at: began,
            duration_ms: ended.as_ms().saturating_sub(began.as_ms()).max(0).unsigned_abs(),
            status: sent.status,
            error: sent.error.map(|error| error.chars().take(ERROR_LENGTH_MAX).collect()),
            next_at: match next {
                Next::Attempt(at) if !sent.is_final => Some(at),
                Next::Attempt(_) | Next::Delivered | Next::GivenUp => None,
            },
            state,
            notice,
            others: others.iter().map(|event| event.sequence).collect(),
        };
        Ok(self.store().write_attempt(claim, attempted).await?)
    }

    /// Sends the event of a claim, with others of a digest.
    async fn send(
        &self,
        outgoing: &Outgoing,
        claim: &DeliveryClaim,
        others: &[Event],
        now: Timestamp,
    ) -> Sent {
        let events: Vec<&Event> = std::iter::once(&claim.event).chain(others).collect();
        let id: MessageId = match claim.event.id.to_string().parse() {
            Ok(id) => id,
            Err(error) => return Sent::failed(error),
        };
        // The policy is that of now: the operator may have changed it.
        let parsed = match Parsed::parse(&claim.destination.address, &self.setup.policy) {
            Ok(parsed) => parsed,
            Err(error) => return Sent::failed(error),
        };
        match parsed {
            Parsed::Webhook(target) => {
                let signed = secrets_of(&claim.destination).map_err(|error| error.to_string());
                match signed.and_then(|secrets| Ok((secrets, payload(&events)?))) {
                    Ok((secrets, payload)) => {
                        post(outgoing, &webhook::post(target, &secrets, &id, now, payload)).await
                    }
                    Err(error) => Sent::failed(error),
                }
            }
            Parsed::Chat(chat) => {
                let message = if others.is_empty() { message(&claim.event) } else { digest::digest(&events) };
                post(outgoing, &chat.post(&message)).await
            }
            Parsed::Email(address) => {
                let Some(mailer) = &outgoing.mailer else { return Sent::failed(AlertingError::NoMail) };
                let mail = if others.is_empty() {
                    let charts = self.charts_of(&events).await.into_iter().flatten().collect();
                    Mail::of(address, &message(&claim.event), charts).map(|mail| with_way_out(mail, claim))
                } else {
                    let parts = events.iter().map(|event| message(event)).zip(self.charts_of(&events).await);
                    Mail::of_many(address, &digest::title(&events), parts.collect())
                };
                match mail {
                    Ok(mail) => mailed(mailer, &mail, &id, now).await,
                    Err(error) => Sent::failed(error),
                }
            }
        }
    }

    /// Draws the charts of a mail, up to [`CHARTS_MAX`]: for the first event of each hashtag its views up to the event.
    /// Without one the mail says the same.
    async fn charts_of(&self, events: &[&Event]) -> Vec<Vec<Image>> {
        let (mut drawn, mut charts) = (Vec::new(), Vec::with_capacity(events.len()));
        for event in events {
            let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let text = |name: &str| data.get(name).and_then(Value::as_str);
            let hashtag = text("hashtag").filter(|name| !drawn.contains(&(*name).to_owned()));
            let Some(hashtag) = hashtag.filter(|_| drawn.len() < CHARTS_MAX) else {
                charts.push(Vec::new());
                continue;
            };
            drawn.push(hashtag.to_owned());
            let name = format!("views-{}", drawn.len());
            let chart = self.measure.alert_chart(hashtag, text("versus"), event.at).await;
            let chart =
                chart.inspect_err(|error| tracing::warn!(%error, "a mail has no chart")).ok().flatten();
            let image = chart.and_then(|chart| Image::new(&name, &chart.alt, chart.png).ok());
            charts.push(image.into_iter().collect());
        }
        charts
    }

    /// Returns the state of the destination after an attempt, and the notice that it was turned off.
    async fn state_after(
        &self,
        claim: &DeliveryClaim,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(DestinationState, Option<NewEvent>), AlertingError> {
        let before = claim.destination.failing.map(|(since, failures)| Failing {
            since,
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
        });
        let why = match endpoint_after(before, outcome, now) {
            Endpoint::Working => return Ok((DestinationState::Working, None)),
            Endpoint::Failing(Failing { since, failures }) => {
                return Ok((DestinationState::Failing { since, failures: failures.into() }, None));
            }
            Endpoint::Gone => "it answered 410: it wants no more messages".to_owned(),
            Endpoint::OffAfter(Failing { since, failures }) => {
                format!("it failed {failures} times since {}", since.to_rfc3339())
            }
        };
        let notice = self.disabled(claim, &why, now).await?;
        Ok((DestinationState::Off(why), Some(notice)))
    }

    /// Makes the notice of a destination that was turned off, for all others that take it.
    async fn disabled(
        &self,
        claim: &DeliveryClaim,
        why: &str,
        now: Timestamp,
    ) -> Result<NewEvent, AlertingError> {
        let destination = &claim.destination;
        let shown = DestinationSettings::of(destination)?.shown;
        let mut others = self.store().destinations(destination.account_id).await?;
        others.retain(|other| other.id != destination.id);
        // People must hear of it even if they subscribed to nothing: whoever gets messages of alerts gets this one.
        let everybody: Vec<_> = others.iter().map(|other| other.id).collect();
        let cause = format!("{} {} {}", DISABLED.as_str(), destination.id, claim.event.id);
        let data = json!({
            "destination": destination.id.to_string(),
            "address": shown,
            "title": format!("{shown} is turned off"),
            "sentence": format!("No more messages are sent to {shown}: {why}."),
            "reason": "Turn it on again once it works; what it missed can be replayed.",
        });
        Ok(NewEvent {
            id: event_id(destination.account_id, now, &cause),
            kind: DISABLED.as_str().to_owned(),
            cause,
            alert_id: None,
            at: now,
            data: data.to_string(),
            to: recipients(&others, &everybody, DISABLED, now).0,
            due_at: now,
            later: Vec::new(),
        })
    }
}

/// Returns the payload of a webhook: of an event, or of those of a digest.
fn payload(events: &[&Event]) -> Result<bytes::Bytes, String> {
    let ([event] | [.., event]) = events else { return Err("there is no event".to_owned()) };
    let (kind, data) = if events.len() > 1 {
        digest::payload(events)
    } else {
        let kind = type_of(&event.kind).ok_or_else(|| format!("{} is no type of events", event.kind))?;
        let Ok(Value::Object(mut data)) = serde_json::from_str(&event.data) else {
            return Err("what is stored of the event cannot be read".to_owned());
        };
        data.insert("event".to_owned(), event.id.to_string().into());
        (kind, data)
    };
    let payload = Payload::new(kind, event.at, event.sequence, data).map_err(|error| error.to_string())?;
    Ok(payload.payload())
}

async fn post(outgoing: &Outgoing, post: &Post) -> Sent {
    let sent = outgoing.sender.send(post).await;
    let outcome = Outcome::from(&sent);
    match sent {
        Ok(answer) => {
            let is_accepted = answer.status.is_success();
            let error = (!is_accepted).then(|| format!("it answered {}", answer.status));
            Sent { status: Some(answer.status.as_u16()), error, outcome, is_final: false }
        }
        Err(error) => Sent { outcome, ..Sent::failed(error) },
    }
}

async fn mailed(mailer: &Mailer, mail: &Mail, id: &MessageId, now: Timestamp) -> Sent {
    match mailer.send(mail, id, now).await {
        Ok(()) => Sent { status: None, error: None, outcome: Outcome::Accepted, is_final: false },
        // The text of the server is for the operator: the log of the account says what happened, not what it said.
        Err(error) => {
            tracing::warn!(%error, "a mail was not sent");
            let is_final = matches!(error, SendMailError::Refused { .. });
            let failed = Sent::failed(match error {
                SendMailError::Refused { .. } => "the mail server refused the mail",
                SendMailError::Login { .. } => "the mail server refused the login of this server",
                SendMailError::Failed { .. } => "the mail server did not take the mail",
                SendMailError::Timeout { .. } => "the mail server did not answer in time",
            });
            Sent { is_final, ..failed }
        }
    }
}

/// Adds the link that mutes the alert, as a mail program offers it.
fn with_way_out(mail: Mail, claim: &DeliveryClaim) -> Mail {
    let data: Value = serde_json::from_str(&claim.event.data).unwrap_or_default();
    let link = data.get("link").and_then(Value::as_str).and_then(|link| link.parse::<Link>().ok());
    match link {
        Some(link) => mail.with_unsubscribe(Unsubscribe { link, is_one_click: true }),
        None => mail,
    }
}

/// Returns the seed of the jitter of a message.
fn seed(id: EventId) -> u64 {
    xxh3_64(&id.to_bytes())
}
