//! Mattermost: one text in Markdown, which is its own fallback in notifications.

use crate::message::{FACTS_MAX, Limit, Message, fact_lines, fit, no_mention};
use serde_json::{Value, json};

/// Most characters of a post, which no message reaches.
pub const MATTERMOST_TEXT_MAX: usize = 16_383;

fn escape(c: char, out: &mut String) {
    if matches!(
        c,
        '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '>' | '~' | '|' | '<' | '!' | '{' | '}'
    ) {
        out.push('\\');
    }
    no_mention(c, out);
}

fn escaped(text: &str) -> String {
    fit(text, Limit::Utf16(MATTERMOST_TEXT_MAX), escape)
}

pub(super) fn body(message: &Message) -> Value {
    let mut text = format!("**{}**", escaped(message.title.as_str()));
    let facts = fact_lines(&message.facts, FACTS_MAX).map(|line| format!("\n- {}", escaped(&line)));
    text.extend(message.core().iter().map(|line| format!("\n\n{}", escaped(line))).chain(facts));
    // The angle brackets keep brackets of the URL out of the Markdown.
    let links: Vec<String> =
        message.links().map(|(text, link)| format!("[{text}](<{}>)", link.as_str())).collect();
    if !links.is_empty() {
        text = format!("{text}\n\n{}", links.join(" | "));
    }
    json!({ "text": text })
}
