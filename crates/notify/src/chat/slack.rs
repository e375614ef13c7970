//! Slack: blocks of plain text, so that nothing formats or mentions, and a fallback text for notifications.

use super::present;
use crate::message::{FACTS_MAX, Fact, Limit, Line, Message, entities, fit};
use serde_json::{Value, json};

/// Most characters of a header.
pub const SLACK_HEADER_MAX: usize = 150;
/// Most characters of a section's text.
pub const SLACK_TEXT_MAX: usize = 3000;
/// Most characters of a field.
pub const SLACK_FIELD_MAX: usize = 2000;

fn plain(text: &str, max: usize) -> Value {
    json!({ "type": "plain_text", "text": fit(text, Limit::Utf16(max), entities), "emoji": false })
}

fn block(kind: &str, line: &Line, max: usize) -> Value {
    if line.is_empty() { Value::Null } else { json!({ "type": kind, "text": plain(line.as_str(), max) }) }
}

pub(super) fn body(message: &Message) -> Value {
    let number = (!message.number.is_empty()).then_some((&message.number, &message.basis));
    let facts = message.facts.iter().map(|Fact { name, value }| (name, value));
    let fields: Vec<Value> =
        number.into_iter().chain(facts).map(|(above, below)| field(above, below)).collect();
    let fields = if fields.is_empty() { Value::Null } else { json!({ "type": "section", "fields": fields }) };
    let reason = match message.reason.as_str() {
        "" => Value::Null,
        reason => json!({ "type": "context", "elements": [plain(reason, SLACK_FIELD_MAX)] }),
    };
    let buttons: Vec<Value> = message
        .links()
        .map(|(text, link)| json!({ "type": "button", "text": plain(text, SLACK_FIELD_MAX), "url": link.as_str() }))
        .collect();
    let actions =
        if buttons.is_empty() { Value::Null } else { json!({ "type": "actions", "elements": buttons }) };
    json!({
        "text": fit(&message.plain(FACTS_MAX), Limit::Utf16(SLACK_TEXT_MAX), entities),
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": present([
            block("header", &message.title, SLACK_HEADER_MAX),
            block("section", &message.sentence, SLACK_TEXT_MAX),
            fields,
            reason,
            actions,
        ]),
    })
}

fn field(above: &Line, below: &Line) -> Value {
    plain(format!("{above}\n{below}").trim(), SLACK_FIELD_MAX)
}
