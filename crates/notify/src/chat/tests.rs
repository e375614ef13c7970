//! Renderings of one message for each service, as snapshots, and of hostile ones within every limit.

use super::*;
use crate::message::Limit;
use crate::target::Policy;
use proptest::prelude::*;

fn target(url: &str) -> Target {
    Policy::default().target(url).expect("a target")
}

fn chats() -> [(&'static str, Chat); 7] {
    let policy = Policy::default();
    let telegram = Telegram::parse("-100123@123456:AA-bb_7", &policy).expect("a chat");
    let ntfy = Ntfy::parse("https://ntfy.sh/topic-7", &policy).expect("a target").expect("a topic");
    [
        ("slack", Chat::Slack(target("https://hooks.slack.com/services/T0/B0/x"))),
        ("mattermost", Chat::Mattermost(target("https://chat.example.com/hooks/x"))),
        ("discord", Chat::Discord(target("https://discord.com/api/webhooks/1/x"))),
        ("telegram", Chat::Telegram(telegram)),
        ("ntfy", Chat::Ntfy(ntfy)),
        (
            "google_chat",
            Chat::GoogleChat(target("https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t")),
        ),
        ("teams", Chat::Teams(target("https://x.westus.logic.azure.com/workflows/1?sig=s"))),
    ]
}

fn message() -> Message {
    Message::new("#cat_dog grows fast", "#cat_dog gained 1.2 M views in a day, 3 times its usual.")
        .with_number("+1.2 M views a day", "reported by TikTok, rounded to 100 K")
        .with_reason("Your alert: views grow by more than 2.1 % a day")
        .with_fact("New videos", "1,204")
        .with_fact("From one video", "40 %")
        .with_link("https://tags.example.com/h/cat_dog?a=1&b=(2)".parse().expect("a link"))
        .with_mute("https://tags.example.com/mute/7".parse().expect("a link"))
}

/// Names of hashtags and texts that would mention, format, link or break out of a form that does not escape them.
fn hostile() -> Message {
    let text = "@everyone @all <!channel> <@U1> <users/all> *b* _i_ `c` ~s~ [l](https://evil.example) <b>x</b> &amp; \"q\" \\ | > \
                :tada: # -- ${1+1} {{DATE}} \u{202e}\r\nBcc: x";
    Message::new(text, text).with_number(text, text).with_reason(text).with_fact(text, text)
}

fn rendered(chat: &Chat, message: &Message) -> Value {
    let post = chat.post(message);
    let headers: std::collections::BTreeMap<String, String> = post
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned()))
        .collect();
    let body: Value = serde_json::from_slice(&post.body).expect("JSON");
    serde_json::json!({ "url": post.target.expose(), "headers": headers, "body": body })
}

#[test]
fn each_service_has_its_form() {
    for (name, chat) in chats() {
        insta::assert_json_snapshot!(name, rendered(&chat, &message()));
    }
}

#[test]
fn hostile_names_are_shown_as_they_are() {
    for (name, chat) in chats() {
        insta::assert_json_snapshot!(format!("{name}_hostile"), rendered(&chat, &hostile()));
    }
}

/// Visits every text of a JSON value with the names of its fields.
fn texts(value: &Value, path: &str, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, path, visit)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| texts(value, &format!("{path}/{name}"), visit));
        }
        _ => {}
    }
}

/// Returns the largest size of each text of a service, by the end of its path; and of the body, in bytes.
fn limits(service: &str) -> (&'static [(&'static str, usize)], usize) {
    match service {
        "slack" => (&[("/blocks/text/text", SLACK_TEXT_MAX), ("/fields/text", SLACK_FIELD_MAX)], usize::MAX),
        "mattermost" => (&[("/text", MATTERMOST_TEXT_MAX)], usize::MAX),
        "discord" => (
            &[
                ("/content", 2000),
                ("/embeds/title", 256),
                ("/embeds/description", DISCORD_DESCRIPTION_MAX),
                ("/fields/name", 256),
                ("/fields/value", 1024),
                ("/footer/text", 2048),
            ],
            usize::MAX,
        ),
        "telegram" => (&[("/text", TELEGRAM_TEXT_MAX)], usize::MAX),
        "ntfy" => (&[("/message", NTFY_MESSAGE_BYTES_MAX)], usize::MAX),
        "google_chat" => (&[], GOOGLE_CHAT_BYTES_MAX),
        "teams" => (&[], TEAMS_BYTES_MAX),
        other => panic!("{other} has no limits"),
    }
}

fn check_limits(message: &Message) {
    for (service, chat) in chats() {
        let body = chat.post(message).body;
        let value: Value = serde_json::from_slice(&body).expect("JSON");
        let (fields, bytes_max) = limits(service);
        assert!(body.len() <= bytes_max, "{service}: {} bytes", body.len());
        let mut embed = 0;
        texts(&value, "", &mut |path, text| {
            let units = Limit::Utf16(usize::MAX).size(text);
            for (end, max) in fields {
                let size = if service == "ntfy" { text.len() } else { units };
                assert!(!path.ends_with(end) || size <= *max, "{service}{path}: {size}");
            }
            if path.starts_with("/embeds") && !path.ends_with("/url") {
                embed += units;
            }
        });
        assert!(embed <= 6000, "{service}: an embed of {embed}");
    }
}

#[test]
fn the_largest_messages_fit_and_say_what_they_leave_out() {
    let link: crate::message::Link =
        format!("https://a.example/{}", "(".repeat(850)).parse().expect("a link");
    for c in ["&", "<", "\"", "\\", "_", "@", "x", "\u{30b7}", "\u{1f408}"] {
        let text = c.repeat(2000);
        let mut message = Message::new(&text, &text).with_number(&text, &text).with_reason(&text);
        for _ in 0..20 {
            message = message.with_fact(&text, &text);
        }
        check_limits(&message);
        let message = message.with_link(link.clone()).with_mute(link.clone());
        check_limits(&message);
        let telegram = rendered(&chats()[3].1, &message);
        let text = telegram["body"]["text"].as_str().expect("a text");
        let is_said = text.contains(" more left out)\n") || text.contains("\u{2026}\nOpen: ");
        assert!(is_said && text.contains("Mute for a week: https://"), "{c}: {text}");
    }
}

#[test]
fn a_message_of_a_title_alone_has_no_empty_parts() {
    for (service, chat) in chats() {
        let body = rendered(&chat, &Message::new("#cat", "It grows."))["body"].clone();
        texts(&body, "", &mut |path, text| assert!(!text.is_empty(), "{service}{path} is empty"));
    }
}

proptest! {
    #[test]
    fn whatever_a_hashtag_is_called_the_limits_hold(text in "\\PC{0,300}", facts in 0_usize..12) {
        let mut message = Message::new(&text, &text).with_number(&text, &text).with_reason(&text);
        for _ in 0..facts {
            message = message.with_fact(&text, &text);
        }
        check_limits(&message);
    }
}
