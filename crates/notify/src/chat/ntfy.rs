//! ntfy: plain text, published as JSON to the root of its server.

use super::with_facts_that_fit;
use crate::message::{Limit, MUTE, Message, fact_lines};
use crate::target::{Policy, Target, TargetError};
use serde_json::{Value, json};

/// Most bytes of a message; a larger one becomes an attachment.
pub const NTFY_MESSAGE_BYTES_MAX: usize = 4096;
/// Longest name of a topic, in bytes.
const TOPIC_BYTES_MAX: usize = 64;

/// A topic on a server of ntfy. `Debug` shows no topic, since whoever knows it can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ntfy {
    /// Root of the server.
    target: Target,
    topic: String,
}

impl std::fmt::Debug for Ntfy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ntfy").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Ntfy {
    /// Parses `https://ntfy.sh/topic`; `Ok(None)` if its path is no topic.
    pub(crate) fn parse(text: &str, policy: &Policy) -> Result<Option<Self>, TargetError> {
        let target = policy.target(text)?;
        let url = target.url();
        let topic = url.path().trim_start_matches('/').to_owned();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_topic = (1..=TOPIC_BYTES_MAX).contains(&topic.len()) && topic.bytes().all(is_allowed);
        if !is_topic || url.query().is_some() {
            return Ok(None);
        }
        let mut root = url.clone();
        root.set_path("/");
        Ok(Some(Self { target: policy.target(root.as_str())?, topic }))
    }

    /// Returns what [`Self::parse`] takes.
    pub(crate) fn expose(&self) -> String {
        format!("{}{}", self.target.expose(), self.topic)
    }

    /// Returns the root of the server, which messages are posted to.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn body(&self, message: &Message) -> Value {
        let text = |facts: usize| {
            let lines = message.core().into_iter().chain(fact_lines(&message.facts, facts));
            lines.collect::<Vec<_>>().join("\n")
        };
        let text =
            with_facts_that_fit(message, text, |text| Limit::Bytes(NTFY_MESSAGE_BYTES_MAX).holds(text));
        let mute: Vec<Value> = message
            .mute
            .iter()
            .map(|link| json!({ "action": "view", "label": MUTE, "url": link.as_str() }))
            .collect();
        let mut body = json!({ "topic": self.topic, "title": message.title.as_str(), "message": text });
        if let Some(link) = &message.link {
            body["click"] = link.as_str().into();
        }
        if !mute.is_empty() {
            body["actions"] = mute.into();
        }
        body
    }
}
