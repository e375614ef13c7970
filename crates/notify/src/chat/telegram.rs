//! Telegram: a plain text whose title is bold by an entity, so that no character of it is markup.

use super::with_facts_that_fit;
use crate::message::{Limit, Message, as_is, fit, no_mention};
use crate::target::{Policy, Target};
use serde_json::{Value, json};

/// Most characters of a message.
pub const TELEGRAM_TEXT_MAX: usize = 4096;
/// Longest name of a channel or token of a bot, in bytes.
const PART_BYTES_MAX: usize = 128;

/// A chat and the bot that posts in it. `Debug` does not show the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telegram {
    chat: String,
    target: Target,
}

impl Telegram {
    /// Parses `CHAT_ID@TOKEN`: the number of a chat, or a channel as `@name`, and the token of a bot. `None` if it is
    /// neither, or the policy has no public Telegram.
    pub(crate) fn parse(text: &str, policy: &Policy) -> Option<Self> {
        let (chat, token) = text.rsplit_once('@')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let is_chat = match chat.strip_prefix('@') {
            Some(channel) => is_name(channel),
            None => is_number(chat.strip_prefix('-').unwrap_or(chat)),
        };
        let (bot, secret) = token.split_once(':')?;
        let is_short = chat.len() <= PART_BYTES_MAX && token.len() <= PART_BYTES_MAX;
        if !(is_chat && is_number(bot) && is_name(secret) && is_short) {
            return None;
        }
        let target = policy.target(&format!("https://api.telegram.org/bot{token}/sendMessage")).ok()?;
        Some(Self { chat: chat.to_owned(), target })
    }

    /// Returns the chat: its number, or `@` and the name of a channel.
    pub fn chat(&self) -> &str {
        &self.chat
    }

    /// Returns what [`Self::parse`] takes, with the token.
    pub(crate) fn expose(&self) -> String {
        let token = self.target.expose().split("/bot").nth(1).and_then(|rest| rest.split('/').next());
        format!("{}@{}", self.chat, token.unwrap_or_default())
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn body(&self, message: &Message) -> Value {
        let links: Vec<String> = message.link_lines().collect();
        let links = links.join("\n");
        // Links are whole; a text of nothing but mentions is cut instead.
        let limit = Limit::Utf16(TELEGRAM_TEXT_MAX - Limit::Utf16(TELEGRAM_TEXT_MAX).size(&links) - 1);
        let escaped = |text: &str| fit(text, Limit::Utf16(usize::MAX), no_mention);
        let text = with_facts_that_fit(
            message,
            |facts| escaped(&message.lines(facts).join("\n")),
            |text| limit.holds(text),
        );
        let text = format!("{}\n{links}", fit(&text, limit, as_is));
        let bold = limit.size(&escaped(message.title.as_str()));
        json!({
            "chat_id": self.chat,
            "text": text.trim_end(),
            "entities": [{ "type": "bold", "offset": 0, "length": bold }],
            "link_preview_options": { "is_disabled": true },
        })
    }
}
