//! Teams: an Adaptive Card for a workflow that posts it. Its texts are runs, which have no markup.

use super::present;
use crate::message::{FACTS_MAX, Limit, Message, as_is, fact_lines, fit};
use serde_json::{Value, json};

/// Most bytes of a message, which no message reaches: Teams refuses at 28 KB, by a count of its own.
pub const TEAMS_BYTES_MAX: usize = 20_000;
/// Most bytes of the fallback text.
const FALLBACK_BYTES_MAX: usize = 4096;

/// Returns a paragraph in which nothing is markup; null without a text.
fn paragraph(text: &str, weight: &str, size: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let run = json!({ "type": "TextRun", "text": text, "weight": weight, "size": size });
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

pub(super) fn body(message: &Message) -> Value {
    let mut blocks = present([
        paragraph(message.title.as_str(), "Bolder", "Large"),
        paragraph(message.sentence.as_str(), "Default", "Default"),
        paragraph(message.number.as_str(), "Bolder", "Default"),
        paragraph(message.basis.as_str(), "Lighter", "Small"),
        paragraph(message.reason.as_str(), "Lighter", "Small"),
    ]);
    let facts = fact_lines(&message.facts, FACTS_MAX);
    blocks.extend(facts.map(|line| paragraph(&line, "Default", "Default")));
    let actions: Vec<Value> = message
        .links()
        .map(|(text, link)| json!({ "type": "Action.OpenUrl", "title": text, "url": link.as_str() }))
        .collect();
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": fit(&message.plain(FACTS_MAX), Limit::Bytes(FALLBACK_BYTES_MAX), as_is),
        "body": blocks,
        "actions": actions,
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": content,
    });
    json!({ "type": "message", "attachments": [attachment] })
}
