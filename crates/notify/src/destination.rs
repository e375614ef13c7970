//! Destinations of messages as people write them: `slack:https://...`, an https URL, an e-mail address.

use crate::chat::{Chat, Ntfy, Telegram};
use crate::target::{Policy, Target, TargetError};
use lettre::Address;
use std::fmt;

/// Place that a message goes to. `Display` and `Debug` show no secret; [`Self::expose`] is what to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A webhook that takes our signed payload.
    Webhook(Target),
    /// A room of a chat service.
    Chat(Chat),
    /// An e-mail address.
    Email(Address),
}

/// A text that is no destination. It contains no secret of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It begins like none of them.
    #[error(
        "a destination is slack:URL, mattermost:URL, discord:URL, telegram:CHAT_ID@TOKEN, ntfy:URL/TOPIC, gchat:URL, \
         teams:URL, an https URL (a webhook) or an e-mail address"
    )]
    Unknown,
    /// The URL is not allowed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The URL is of a chat service, and would be sent what it does not understand.
    #[error("{host} takes messages, not webhooks: write {service}:https://{host}/...")]
    Unnamed {
        /// Its host.
        host: String,
        /// Name of the service.
        service: &'static str,
    },
    /// The URL is not one of this service.
    #[error("{host} is not of {service}: write {form}")]
    Host {
        /// Its host.
        host: String,
        /// Name of the service.
        service: &'static str,
        /// Form of its URLs.
        form: &'static str,
    },
    /// The URL is of an Office 365 connector.
    #[error(
        "{host} is an Office 365 connector, which Microsoft retired: in Teams, add the workflow \"Send webhook alerts to a \
         channel\" and write teams: and its URL"
    )]
    RetiredTeams {
        /// Its host.
        host: String,
    },
    /// It is no chat and token of Telegram.
    #[error(
        "write telegram:CHAT_ID@TOKEN: the number of a chat or @channel, and the token of a bot (123456:ABC-DEF)"
    )]
    Telegram,
    /// The URL has no topic of ntfy.
    #[error(
        "write ntfy:https://ntfy.sh/topic: a topic has 1 to 64 letters, digits, _ or -, and nothing follows it"
    )]
    Ntfy,
    /// It is no e-mail address.
    #[error("an e-mail address is name@example.com, alone")]
    Email,
}

/// Hosts of Slack's webhooks.
const SLACK: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Hosts of Discord's webhooks.
const DISCORD: [&str; 4] = ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"];
/// Host of Google Chat's webhooks.
const GOOGLE_CHAT: [&str; 1] = ["chat.googleapis.com"];
/// Host of Telegram's bots.
const TELEGRAM: [&str; 1] = ["api.telegram.org"];
/// Domain of the retired connectors of Teams.
const RETIRED_TEAMS: &str = "webhook.office.com";
/// Hosts that had the connectors of Teams before that, under `/webhook`.
const RETIRED_OUTLOOK: [&str; 2] = ["outlook.office.com", "outlook.office365.com"];

impl Destination {
    /// Parses a destination under the policy of the operator.
    ///
    /// # Errors
    ///
    /// It is none, or its URL is not allowed; the error says what would be right.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, DestinationError> {
        let text = text.trim();
        let (service, rest) = text.split_once(':').unwrap_or(("", text));
        let chat = match service.to_ascii_lowercase().as_str() {
            "http" | "https" => return webhook(text, policy),
            "slack" => {
                let form = "slack:https://hooks.slack.com/services/...";
                Chat::Slack(of_service(policy.target(rest)?, "Slack", &SLACK, form)?)
            }
            "discord" => {
                let form = "discord:https://discord.com/api/webhooks/...";
                Chat::Discord(of_service(policy.target(rest)?, "Discord", &DISCORD, form)?)
            }
            "gchat" => {
                let form = "gchat:https://chat.googleapis.com/v1/spaces/...";
                Chat::GoogleChat(of_service(policy.target(rest)?, "Google Chat", &GOOGLE_CHAT, form)?)
            }
            "mattermost" => Chat::Mattermost(policy.target(rest)?),
            "teams" => Chat::Teams(not_retired(policy.target(rest)?)?),
            "telegram" => Chat::Telegram(Telegram::parse(rest, policy).ok_or(DestinationError::Telegram)?),
            "ntfy" => Chat::Ntfy(Ntfy::parse(rest, policy)?.ok_or(DestinationError::Ntfy)?),
            _ if text.contains('@') => {
                return text.parse().map(Self::Email).map_err(|_| DestinationError::Email);
            }
            _ => return Err(DestinationError::Unknown),
        };
        Ok(Self::Chat(chat))
    }

    /// Returns `webhook`, `email` or the name of the chat service.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
            Self::Chat(chat) => name(chat),
        }
    }

    /// Returns the text that [`Self::parse`] takes, with its secrets: to be stored, never logged or shown.
    pub fn expose(&self) -> String {
        match self {
            Self::Webhook(target) => target.expose().to_owned(),
            Self::Email(address) => address.to_string(),
            Self::Chat(chat) => {
                let secret = match chat {
                    Chat::Telegram(telegram) => telegram.expose(),
                    Chat::Ntfy(ntfy) => ntfy.expose(),
                    Chat::Slack(target)
                    | Chat::Mattermost(target)
                    | Chat::Discord(target)
                    | Chat::GoogleChat(target)
                    | Chat::Teams(target) => target.expose().to_owned(),
                };
                format!("{}:{secret}", name(chat))
            }
        }
    }
}

/// Writes the destination without its secrets: `slack:https://hooks.slack.com/...`, `telegram:-100123`.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(target) => target.fmt(f),
            Self::Email(address) => address.fmt(f),
            Self::Chat(chat) => {
                write!(f, "{}:", name(chat))?;
                match chat {
                    Chat::Telegram(telegram) => f.write_str(telegram.chat()),
                    Chat::Ntfy(ntfy) => ntfy.target().fmt(f),
                    Chat::Slack(target)
                    | Chat::Mattermost(target)
                    | Chat::Discord(target)
                    | Chat::GoogleChat(target)
                    | Chat::Teams(target) => target.fmt(f),
                }
            }
        }
    }
}

fn name(chat: &Chat) -> &'static str {
    match chat {
        Chat::Slack(_) => "slack",
        Chat::Mattermost(_) => "mattermost",
        Chat::Discord(_) => "discord",
        Chat::Telegram(_) => "telegram",
        Chat::Ntfy(_) => "ntfy",
        Chat::GoogleChat(_) => "gchat",
        Chat::Teams(_) => "teams",
    }
}

fn webhook(text: &str, policy: &Policy) -> Result<Destination, DestinationError> {
    let target = not_retired(policy.target(text)?)?;
    let host = target.host();
    let chats: [(&str, &[&str]); 4] =
        [("slack", &SLACK), ("discord", &DISCORD), ("gchat", &GOOGLE_CHAT), ("telegram", &TELEGRAM)];
    match chats.into_iter().find(|(_, hosts)| hosts.contains(&host.as_str())) {
        Some(("telegram", _)) => Err(DestinationError::Telegram),
        Some((service, _)) => Err(DestinationError::Unnamed { host, service }),
        None => Ok(Destination::Webhook(target)),
    }
}

fn of_service(
    target: Target,
    service: &'static str,
    hosts: &[&str],
    form: &'static str,
) -> Result<Target, DestinationError> {
    let host = target.host();
    if hosts.contains(&host.as_str()) {
        Ok(target)
    } else {
        Err(DestinationError::Host { host, service, form })
    }
}

fn not_retired(target: Target) -> Result<Target, DestinationError> {
    let host = target.host();
    let is_connector =
        host.strip_suffix(RETIRED_TEAMS).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let was_connector =
        RETIRED_OUTLOOK.contains(&host.as_str()) && target.url().path().starts_with("/webhook");
    if is_connector || was_connector { Err(DestinationError::RetiredTeams { host }) } else { Ok(target) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowed::Allowed;

    fn parsed(text: &str) -> Result<Destination, DestinationError> {
        let allowed = Allowed::parse(["chat.intern:8065"]).expect("entries");
        Destination::parse(text, &Policy::new(allowed, Vec::new()))
    }

    #[test]
    fn destinations_are_stored_whole_and_shown_without_secrets() {
        for (text, shown) in [
            ("slack:https://hooks.slack.com/services/T0/B0/secret", "slack:https://hooks.slack.com/..."),
            ("mattermost:http://chat.intern:8065/hooks/secret", "mattermost:http://chat.intern:8065/..."),
            ("discord:https://discord.com/api/webhooks/1/secret", "discord:https://discord.com/..."),
            ("telegram:-100123@123456:AA-secret_1", "telegram:-100123"),
            ("telegram:@news_1@123456:AA-secret_1", "telegram:@news_1"),
            ("ntfy:https://ntfy.sh/secret", "ntfy:https://ntfy.sh/..."),
            (
                "gchat:https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=secret",
                "gchat:https://chat.googleapis.com/...",
            ),
            (
                "teams:https://x.westus.logic.azure.com/workflows/1/triggers/manual/run?sig=secret",
                "teams:https://x.westus.logic.azure.com/...",
            ),
            ("https://hooks.example.com/secret", "https://hooks.example.com/..."),
            ("me@example.com", "me@example.com"),
        ] {
            let destination = parsed(text).expect(text);
            assert_eq!((destination.expose().as_str(), destination.to_string().as_str()), (text, shown));
            assert!(!format!("{destination:?}").contains("secret"), "{destination:?}");
            assert_eq!(parsed(&destination.expose()), Ok(destination));
        }
        assert_eq!(parsed(" Slack:https://hooks.slack.com/x "), parsed("slack:https://hooks.slack.com/x"));
    }

    #[test]
    fn errors_name_what_would_be_right_and_no_secret() {
        for (text, says) in [
            ("", "a destination is slack:URL"),
            ("secret", "a destination is slack:URL"),
            ("sms:secret", "a destination is slack:URL"),
            ("slack:secret", "such as https://"),
            (
                "slack:https://a.example/secret",
                "a.example is not of Slack: write slack:https://hooks.slack.com/",
            ),
            ("discord:https://a.example/secret", "write discord:https://discord.com/api/webhooks/"),
            ("gchat:https://a.example/secret", "write gchat:https://chat.googleapis.com/"),
            ("slack:https://hooks.slack.com.a.example/secret", "is not of Slack"),
            ("https://hooks.slack.com/secret", "write slack:https://hooks.slack.com/..."),
            ("https://discord.com/api/webhooks/secret", "write discord:https://discord.com/..."),
            ("https://chat.googleapis.com/secret", "write gchat:https://chat.googleapis.com/..."),
            ("https://api.telegram.org/botsecret/sendMessage", "write telegram:CHAT_ID@TOKEN"),
            ("teams:https://x.webhook.office.com/webhookb2/secret", "which Microsoft retired"),
            ("teams:https://outlook.office.com/webhook/secret", "which Microsoft retired"),
            ("https://x.webhook.office.com/webhookb2/secret", "write teams: and its URL"),
            ("telegram:12@secret", "write telegram:CHAT_ID@TOKEN"),
            ("telegram:12@1:secret/../x", "write telegram:CHAT_ID@TOKEN"),
            ("telegram:x@1:secret", "write telegram:CHAT_ID@TOKEN"),
            ("telegram:1:secret", "write telegram:CHAT_ID@TOKEN"),
            ("ntfy:https://ntfy.sh/", "write ntfy:https://ntfy.sh/topic"),
            ("ntfy:https://ntfy.sh/secret/more", "write ntfy:https://ntfy.sh/topic"),
            ("ntfy:https://ntfy.sh/secret?x=1", "write ntfy:https://ntfy.sh/topic"),
            ("mattermost:https://10.0.0.1/secret", "webhooks.allow = [\"10.0.0.1\"]"),
            ("http://hooks.example.com/secret", "write https://hooks.example.com"),
            ("me@", "an e-mail address is name@example.com"),
            ("Me <secret@example.com>", "an e-mail address is name@example.com"),
            ("secret@example.com,b@example.com", "an e-mail address is name@example.com"),
            ("secret@example.com\r\nBcc: b@example.com", "an e-mail address is name@example.com"),
        ] {
            let error = parsed(text).expect_err(text).to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{text:?}: {error}");
        }
        // Names that only end alike are not the retired ones.
        parsed("teams:https://notwebhook.office.com/x").expect("a workflow");
    }
}
