//! Google Chat: a card, whose texts take a little HTML, and a fallback text for notifications.

use super::present;
use crate::message::{FACTS_MAX, Limit, Message, as_is, entities, fit};
use serde_json::{Value, json};

/// Most bytes of a message with its cards, which no message reaches.
pub const GOOGLE_CHAT_BYTES_MAX: usize = 32_000;
/// Most bytes of the fallback text.
const FALLBACK_BYTES_MAX: usize = 4096;

fn html(text: &str) -> String {
    fit(text, Limit::Bytes(GOOGLE_CHAT_BYTES_MAX), entities)
}

/// Returns a paragraph; null without a text.
fn paragraph(html: &str) -> Value {
    if html.is_empty() { Value::Null } else { json!({ "textParagraph": { "text": html } }) }
}

fn bold(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<b>{}</b>", html(text)) }
}

pub(super) fn body(message: &Message) -> Value {
    let measured = [bold(message.number.as_str()), html(message.basis.as_str())];
    let measured: Vec<String> = measured.into_iter().filter(|line| !line.is_empty()).collect();
    let facts = message.facts.iter();
    let facts =
        facts.map(|fact| format!("{}: <b>{}</b>", html(fact.name.as_str()), html(fact.value.as_str())));
    let facts: Vec<String> = facts.collect();
    let mut widgets = present([
        paragraph(&bold(message.title.as_str())),
        paragraph(&html(message.sentence.as_str())),
        paragraph(&measured.join("<br>")),
        paragraph(&html(message.reason.as_str())),
        paragraph(&facts.join("<br>")),
    ]);
    let buttons: Vec<Value> = message
        .links()
        .map(|(text, link)| json!({ "text": text, "onClick": { "openLink": { "url": link.as_str() } } }))
        .collect();
    if !buttons.is_empty() {
        widgets.push(json!({ "buttonList": { "buttons": buttons } }));
    }
    json!({
        "fallbackText": fit(&message.plain(FACTS_MAX), Limit::Bytes(FALLBACK_BYTES_MAX), as_is),
        "cardsV2": [{ "cardId": "message", "card": { "sections": [{ "widgets": widgets }] } }],
    })
}
