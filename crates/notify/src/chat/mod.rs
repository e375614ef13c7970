//! Chat services: one renderer each, from a message to the request that its incoming webhook takes.

mod discord;
mod google_chat;
mod mattermost;
mod ntfy;
mod slack;
mod teams;
mod telegram;

pub use discord::DISCORD_DESCRIPTION_MAX;
pub use google_chat::GOOGLE_CHAT_BYTES_MAX;
pub use mattermost::MATTERMOST_TEXT_MAX;
pub use ntfy::{NTFY_MESSAGE_BYTES_MAX, Ntfy};
pub use slack::{SLACK_FIELD_MAX, SLACK_HEADER_MAX, SLACK_TEXT_MAX};
pub use teams::TEAMS_BYTES_MAX;
pub use telegram::{TELEGRAM_TEXT_MAX, Telegram};

use crate::message::{FACTS_MAX, Message};
use crate::send::Post;
use crate::target::Target;
use crate::webhook::JSON;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

/// A room of a chat service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chat {
    /// Incoming webhook of Slack.
    Slack(Target),
    /// Incoming webhook of Mattermost.
    Mattermost(Target),
    /// Webhook of Discord.
    Discord(Target),
    /// Bot of Telegram in a chat.
    Telegram(Telegram),
    /// Topic of ntfy.
    Ntfy(Ntfy),
    /// Incoming webhook of Google Chat.
    GoogleChat(Target),
    /// Workflow of Teams that posts Adaptive Cards.
    Teams(Target),
}

impl Chat {
    /// Returns the request that posts a message. All texts are escaped for the service, so that names of hashtags are
    /// shown as they are, mention nobody and format nothing.
    pub fn post(&self, message: &Message) -> Post {
        let (target, body) = match self {
            Self::Slack(target) => (target, slack::body(message)),
            Self::Mattermost(target) => (target, mattermost::body(message)),
            Self::Discord(target) => (target, discord::body(message)),
            Self::Telegram(telegram) => (telegram.target(), telegram.body(message)),
            Self::Ntfy(ntfy) => (ntfy.target(), ntfy.body(message)),
            Self::GoogleChat(target) => (target, google_chat::body(message)),
            Self::Teams(target) => (target, teams::body(message)),
        };
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        Post { target: target.clone(), headers, body: body.to_string().into() }
    }
}

/// Renders with as many facts as fit: all of them, or one less until `fits` says so. The rest of a message always fits,
/// since its texts are bounded.
fn with_facts_that_fit<R>(message: &Message, render: impl Fn(usize) -> R, fits: impl Fn(&R) -> bool) -> R {
    let fewer = (1..=message.facts.len().min(FACTS_MAX)).rev().map(&render).find(fits);
    fewer.unwrap_or_else(|| render(0))
}

/// Returns the values without those that are null.
fn present<const VALUES: usize>(values: [Value; VALUES]) -> Vec<Value> {
    values.into_iter().filter(|value| !value.is_null()).collect()
}

#[cfg(test)]
mod tests;
