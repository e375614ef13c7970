//! Digests: events of alerts wait for the hour of a destination, and are sent to it as one message.
//!
//! Each event is queued as a delivery of its own that is due at the next digest. Whoever claims the first of them sends all
//! that are due, and their deliveries end together: as that of the first does, also where it fails and is tried again.

use crate::destinations::DestinationSettings;
use crate::found::{DATA_BACK, DIGEST, FIRED, NO_DATA, RECOVERED};
use crate::{Alerting, AlertingError};
use domain::Timestamp;
use measure::grouped;
use notify::message::{FACTS_MAX, Message};
use notify::payload::EventType;
use serde_json::{Map, Value, json};
use store::deliveries::DeliveryClaim;
use store::events::Event;

/// Events of one message; the next ones have a message of their own.
const EVENTS_MAX: usize = 200;
/// Deliveries of one read.
const PART: usize = 500;
/// Facts of an event that a webhook gets of it.
const FACTS: [&str; 11] = [
    "alert",
    "name",
    "hashtag",
    "rule",
    "value",
    "unit",
    "threshold",
    "episode",
    "title",
    "sentence",
    "number",
];

/// Returns true if an event waits for a digest; notices and tests do not.
pub(crate) fn waits(kind: &str) -> bool {
    [FIRED, RECOVERED, NO_DATA, DATA_BACK].iter().any(|waiting| waiting.as_str() == kind)
}

impl Alerting {
    /// Returns the other events that are due with a claimed one, in order: none where the destination has no digest.
    pub(crate) async fn due_with(
        &self,
        claim: &DeliveryClaim,
        now: Timestamp,
    ) -> Result<Vec<Event>, AlertingError> {
        let destination = &claim.destination;
        if DestinationSettings::of(destination)?.digest.is_none() || !waits(&claim.event.kind) {
            return Ok(Vec::new());
        }
        let (mut others, mut before) = (Vec::new(), None);
        loop {
            let part = self.store().deliveries(destination.account_id, destination.id, before, PART).await?;
            before = part.last().map(|delivery| delivery.event.sequence);
            let is_last =
                part.len() < PART || before.is_some_and(|sequence| sequence <= claim.event.sequence);
            let due = part.into_iter().filter(|delivery| {
                delivery.due_at.is_some_and(|due| due <= now)
                    && delivery.event.sequence > claim.event.sequence
                    && waits(&delivery.event.kind)
            });
            others.extend(due.map(|delivery| delivery.event));
            if is_last {
                break;
            }
        }
        others.reverse();
        others.truncate(EVENTS_MAX - 1);
        Ok(others)
    }
}

/// Returns the message of events for a room of a chat: the newest of them, and how many there are.
pub(crate) fn digest(events: &[&Event]) -> Message {
    let shown = FACTS_MAX - 1;
    let mut digest = Message::new(&title(events), &sentence(events)).with_reason(REASON);
    for event in events.iter().rev().take(shown) {
        let data: Map<String, Value> = serde_json::from_str(&event.data).unwrap_or_default();
        let title = data.get("title").and_then(Value::as_str).unwrap_or_default();
        digest = digest.with_fact(&event.at.to_rfc3339(), title);
    }
    match events.len().saturating_sub(shown) {
        0 => digest,
        more => digest.with_fact("Earlier", &format!("{} more", grouped(more as u64))),
    }
}

/// Reason why a digest is sent.
const REASON: &str = "This destination gets the events of your alerts together.";

/// Returns the title of a digest.
pub(crate) fn title(events: &[&Event]) -> String {
    format!("{} events of your alerts", grouped(events.len() as u64))
}

fn sentence(events: &[&Event]) -> String {
    let fired = events.iter().filter(|event| event.kind == FIRED.as_str()).count();
    let ends = events.iter().map(|event| event.at).min().zip(events.iter().map(|event| event.at).max());
    let between = ends.map_or_else(String::new, |(first, last)| {
        format!(" from {} to {}", first.to_rfc3339(), last.to_rfc3339())
    });
    let episodes = if fired == 1 { "1 episode".to_owned() } else { format!("{fired} episodes") };
    format!("{episodes} began{between}.")
}

/// Returns type and data of the payload of events.
pub(crate) fn payload(events: &[&Event]) -> (EventType, Map<String, Value>) {
    let fact = |event: &&Event| {
        let data: Map<String, Value> = serde_json::from_str(&event.data).unwrap_or_default();
        let mut facts = Map::new();
        facts.insert("event".to_owned(), event.id.to_string().into());
        facts.insert("type".to_owned(), event.kind.clone().into());
        facts.insert("sequence".to_owned(), event.sequence.into());
        facts.insert("at".to_owned(), event.at.to_rfc3339().into());
        for name in FACTS {
            facts.extend(data.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        Value::Object(facts)
    };
    let fields = [
        ("title", json!(title(events))),
        ("sentence", json!(sentence(events))),
        ("reason", json!(REASON)),
        ("count", json!(events.len())),
        ("events", Value::Array(events.iter().rev().map(fact).collect())),
    ];
    (DIGEST, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
