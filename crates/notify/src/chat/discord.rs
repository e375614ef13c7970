//! Discord: an embed, with the sentence as the text that notifications show. Mentions are switched off.

use super::with_facts_that_fit;
use crate::message::{Limit, Link, MUTE, Message, as_is, fit, left_out};
use serde_json::{Map, Value, json};

/// Most characters of the text of a message.
const CONTENT_MAX: usize = 2000;
/// Most characters of the title of an embed.
const TITLE_MAX: usize = 256;
/// Most characters of the description of an embed.
pub const DISCORD_DESCRIPTION_MAX: usize = 4096;
/// Most characters of the name of a field.
const FIELD_NAME_MAX: usize = 256;
/// Most characters of the value of a field.
const FIELD_VALUE_MAX: usize = 1024;
/// Most characters of a footer.
const FOOTER_MAX: usize = 2048;
/// Most characters of an embed, all its texts together.
const EMBED_MAX: usize = 6000;

fn escape(c: char, out: &mut String) {
    let is_markup = matches!(
        c,
        '\\' | '`' | '*' | '_' | '~' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '-' | ':' | '@'
    );
    if is_markup {
        out.push('\\');
    }
    out.push(c);
}

fn escaped(text: &str, max: usize) -> String {
    fit(text, Limit::Utf16(max), escape)
}

/// Returns a link in Markdown. Brackets of the URL would end it.
fn markdown_link(text: &str, link: &Link) -> String {
    format!("[{text}]({})", link.as_str().replace('(', "%28").replace(')', "%29"))
}

pub(super) fn body(message: &Message) -> Value {
    let size = |text: &str| Limit::Utf16(EMBED_MAX).size(text);
    let embed = |facts: usize| {
        let mut description = vec![escaped(&message.measured(), DISCORD_DESCRIPTION_MAX / 2)];
        description.extend(left_out(&message.facts, facts).map(|line| escaped(&line, CONTENT_MAX)));
        description.extend(message.mute.as_ref().map(|mute| markdown_link(MUTE, mute)));
        let description = description.join("\n").trim().to_owned();
        let title = escaped(message.title.as_str(), TITLE_MAX);
        // Footers have no markup.
        let footer = fit(message.reason.as_str(), Limit::Utf16(FOOTER_MAX), as_is);
        let mut total = size(&title) + size(&description) + size(&footer);
        let mut fields = Vec::new();
        for fact in message.facts.iter().take(facts) {
            let name = escaped(fact.name.as_str(), FIELD_NAME_MAX);
            let value = escaped(fact.value.as_str(), FIELD_VALUE_MAX);
            total += size(&name) + size(&value);
            fields.push(json!({ "name": name, "value": value, "inline": true }));
        }
        let mut embed = Map::new();
        embed.insert("title".into(), title.into());
        if let Some(link) = &message.link {
            embed.insert("url".into(), link.as_str().into());
        }
        if !description.is_empty() {
            embed.insert("description".into(), description.into());
        }
        if !fields.is_empty() {
            embed.insert("fields".into(), fields.into());
        }
        if !footer.is_empty() {
            embed.insert("footer".into(), json!({ "text": footer }));
        }
        (embed, total)
    };
    let (embed, _) = with_facts_that_fit(message, embed, |(_, total)| *total <= EMBED_MAX);
    json!({
        "content": escaped(message.sentence.as_str(), CONTENT_MAX),
        "allowed_mentions": { "parse": [] },
        "embeds": [embed],
    })
}
