//! Events: their kinds, what is known about each as JSON, and the message to people that is made of it.

use crate::settings::AlertSettings;
use crate::state::StoredRule;
use domain::alerts::{AlertEvent, Watched};
use domain::metrics::Reading;
use domain::{AccountId, EventId, Timestamp};
use measure::{grouped, plain, rule_in_words};
use notify::message::{Link, Message};
use notify::payload::EventType;
use serde_json::{Map, Value, json};
use std::fmt;
use store::alerts::{Alert, AlertSubject};
use store::events::{Event, NewEvent};
use xxhash_rust::xxh3::xxh3_128;

/// An alert began to fire.
pub(crate) const FIRED: EventType = EventType::new("alert.fired");
/// An alert recovered.
pub(crate) const RECOVERED: EventType = EventType::new("alert.recovered");
/// There was no reading for too long.
pub(crate) const NO_DATA: EventType = EventType::new("alert.no_data");
/// There are readings again.
pub(crate) const DATA_BACK: EventType = EventType::new("alert.data_back");
/// Events of alerts that a destination gets together.
pub(crate) const DIGEST: EventType = EventType::new("alert.digest");
/// A destination was turned off.
pub(crate) const DISABLED: EventType = EventType::new("webhook.disabled");
/// A test of a destination.
pub(crate) const TEST: EventType = EventType::new("webhook.test");

/// All kinds, each with a sentence on it and whether rooms of chats and mail addresses get it: the others are for
/// programs.
pub const EVENT_TYPES: [(EventType, &str, bool); 7] = [
    (FIRED, "An alert began to fire: once for each episode.", true),
    (RECOVERED, "An episode of an alert ended.", false),
    (NO_DATA, "A hashtag of an alert had no reading for too long.", true),
    (DATA_BACK, "A hashtag of an alert has readings again.", false),
    (DIGEST, "The events of alerts of a day or a week, for a destination with a digest.", true),
    (
        DISABLED,
        "A destination was turned off, because it wanted no more messages or failed for five days.",
        true,
    ),
    (TEST, "A test message, sent on request.", true),
];

/// Returns the type of a stored kind.
pub(crate) fn type_of(kind: &str) -> Option<EventType> {
    EVENT_TYPES.iter().map(|(event, ..)| *event).find(|event| event.as_str() == kind)
}

/// Returns true if rooms of chats and mail addresses get an event of this kind.
pub(crate) fn is_for_people(event: EventType) -> bool {
    EVENT_TYPES.iter().any(|(known, _, is_for_people)| *known == event && *is_for_people)
}

/// Why a message of an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The last message was sent less than the cooldown ago.
    Cooldown,
    /// The alert is muted.
    Muted,
    /// It happened long before it was known, by an import of older readings.
    Old,
    /// The episode began without a message.
    Silent,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cooldown => "within the cooldown",
            Self::Muted => "muted",
            Self::Old => "known too late",
            Self::Silent => "no message was sent when it fired",
        })
    }
}

/// An evaluated subject, for the texts of its events.
pub(crate) struct Scene<'s> {
    pub(crate) alert: &'s Alert,
    pub(crate) settings: &'s AlertSettings,
    pub(crate) subject: &'s AlertSubject,
    /// When the rule began.
    pub(crate) since_ms: i64,
    pub(crate) rule: &'s StoredRule,
    pub(crate) watched: Watched,
    pub(crate) readings: &'s [Reading],
    /// Links of messages; `None` without a public address.
    pub(crate) link: Option<String>,
}

impl Scene<'_> {
    /// Makes the event that is recorded of a finding.
    pub(crate) fn event(&self, found: &AlertEvent, unsent: Option<Unsent>) -> NewEvent {
        let (kind, at, episode) = match *found {
            AlertEvent::Fired { episode, at, .. } => (FIRED, at, episode),
            AlertEvent::Recovered { episode, at } => (RECOVERED, at, episode),
            AlertEvent::NoData { since, at } => (NO_DATA, at, since),
            AlertEvent::DataBack { at } => (DATA_BACK, at, at),
        };
        let (alert, subject) = (self.alert, &self.subject.subject);
        let episode_ms = episode.as_ms();
        let cause = format!("{} {} {subject} {} {episode_ms}", kind.as_str(), alert.id, self.since_ms);
        NewEvent {
            id: event_id(alert.account_id, at, &cause),
            kind: kind.as_str().to_owned(),
            cause,
            alert_id: Some(alert.id),
            at,
            data: Value::Object(self.data(found, at, episode, unsent)).to_string(),
            to: Vec::new(),
            due_at: at,
            later: Vec::new(),
        }
    }

    fn data(
        &self,
        found: &AlertEvent,
        at: Timestamp,
        episode: Timestamp,
        unsent: Option<Unsent>,
    ) -> Map<String, Value> {
        let name = &self.subject.name;
        let (title, sentence, value) = match *found {
            AlertEvent::Fired { value, .. } => {
                let grows = self.in_words(value);
                let above = format!("above the threshold of {}", self.with_unit(self.rule.above));
                (format!("#{name} {grows}"), format!("#{name} {grows}, {above}."), Some(value))
            }
            AlertEvent::Recovered { .. } => {
                let (below, after) = (self.with_unit(self.rule.recovers_at), span(episode, at));
                let sentence = match self.watched.has_rival() {
                    true => {
                        format!("#{name} is ahead of #{} by {below} or less, after {after}.", self.versus())
                    }
                    false => format!("#{name} is back at or below {below}, after {after}."),
                };
                (format!("#{name} is back to normal"), sentence, None)
            }
            AlertEvent::NoData { since, .. } => {
                let since = since.to_rfc3339();
                let sentence = format!(
                    "#{name} has given no number since {since}: its readings are missing, too far apart or contradictory."
                );
                (format!("#{name} has no data"), sentence, None)
            }
            AlertEvent::DataBack { .. } => {
                (format!("#{name} has data again"), format!("#{name} gives numbers again."), None)
            }
        };
        let rule = rule_in_words(self.watched, self.rule.above, self.rule.versus.as_deref());
        let reason = match self.settings.name.as_str() {
            "" => format!("Your alert: {rule}"),
            own => format!("Your alert {own}: {rule}"),
        };
        let known = self.readings.iter().rfind(|reading| reading.at <= at);
        let fields = [
            ("alert", json!(self.alert.id.to_string())),
            ("name", json!(self.settings.name)),
            ("hashtag", json!(name)),
            ("rule", json!(self.rule.watched)),
            ("versus", json!(self.rule.versus)),
            ("window", json!(self.watched.has_window().then_some(&self.rule.window))),
            ("unit", json!(self.watched.unit())),
            ("value", json!(value)),
            ("threshold", json!(self.rule.above)),
            ("recovers_at", json!(self.rule.recovers_at)),
            ("episode", json!(episode.to_rfc3339())),
            ("at", json!(at.to_rfc3339())),
            ("views", json!(known.map(|reading| reading.count.value()))),
            ("views_step", json!(known.map(|reading| reading.count.resolution()))),
            ("views_at", json!(known.map(|reading| reading.at.to_rfc3339()))),
            ("source", json!(known.map(|reading| reading.source.name()))),
            ("title", json!(title)),
            ("sentence", json!(sentence)),
            ("number", json!(value.map(|value| self.with_unit(value)))),
            ("basis", json!(self.basis())),
            ("reason", json!(reason)),
            ("link", json!(self.link)),
            ("unsent", json!(unsent.map(|why| why.to_string()))),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns a value in words: `gains 3.4 % of its views a day over 7d`.
    fn in_words(&self, value: f64) -> String {
        let (value, window) = (plain(value), &self.rule.window);
        match self.watched {
            Watched::Velocity => format!("gains {value} views a day over {window}"),
            Watched::Growth => format!("gains {value} % of its views a day over {window}"),
            Watched::Breakout => format!("grows {value} deviations faster than usual over {window}"),
            Watched::Fell => format!("lost {value} % of its views over {window}"),
            Watched::Emerging => format!("has grown at a pace of {value} % a day for weeks"),
            Watched::OvertakesViews => format!("has {value} views more than #{}", self.versus()),
            Watched::OvertakesGain => {
                format!("gains {value} views a day more than #{} over {window}", self.versus())
            }
        }
    }

    fn versus(&self) -> &str {
        self.rule.versus.as_deref().unwrap_or_default()
    }

    fn with_unit(&self, value: f64) -> String {
        let value = plain(value);
        match self.watched {
            Watched::Velocity | Watched::OvertakesGain => format!("{value} views a day"),
            Watched::OvertakesViews => format!("{value} views"),
            Watched::Growth | Watched::Emerging => format!("{value} % a day"),
            Watched::Breakout => format!("{value} deviations"),
            Watched::Fell => format!("{value} %"),
        }
    }

    fn basis(&self) -> String {
        let views = "lifetime views as reported by TikTok, repaired";
        match self.watched {
            Watched::Emerging => format!("{views}, over 7, 14 and 28 days"),
            Watched::OvertakesViews => format!("{views}, of both hashtags"),
            Watched::OvertakesGain => format!("{views}, of both hashtags over {}", self.rule.window),
            _ => format!("{views}, over {}", self.rule.window),
        }
    }
}

/// Returns the id of the event of a cause: the same for the same cause.
pub(crate) fn event_id(account_id: AccountId, at: Timestamp, cause: &str) -> EventId {
    let text = format!("{} {cause}", account_id.0);
    EventId::new(Timestamp::from_ms(at.as_ms().max(0)), xxh3_128(text.as_bytes()))
}

/// Makes the message of a recorded event.
pub(crate) fn message(event: &Event) -> Message {
    let data: Map<String, Value> = serde_json::from_str(&event.data).unwrap_or_default();
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut message = Message::new(text("title"), text("sentence"))
        .with_number(text("number"), text("basis"))
        .with_reason(text("reason"));
    if let Some(views) = data.get("views").and_then(Value::as_u64) {
        let step = data.get("views_step").and_then(Value::as_u64).filter(|step| *step > 1);
        let rounded = step.map(|step| format!(", rounded to {}", grouped(step))).unwrap_or_default();
        message = message.with_fact("Views", &format!("{}{rounded}", grouped(views)));
    }
    for (name, field) in [("Read at", "views_at"), ("Source", "source"), ("Above since", "episode")] {
        if event.kind == FIRED.as_str() && !text(field).is_empty() {
            message = message.with_fact(name, text(field));
        }
    }
    if let Ok(link) = text("link").parse::<Link>() {
        message = message.with_link(link.clone()).with_mute(link);
    }
    message
}

/// Returns the length of time between two moments: `3 days`, `5 hours`, `10 minutes`.
fn span(from: Timestamp, to: Timestamp) -> String {
    let minutes = to.as_ms().saturating_sub(from.as_ms()).max(0) / 60_000;
    let (number, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}
