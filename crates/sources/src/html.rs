//! Saved pages: the data in the scripts of TikTok's pages, parsed like any other JSON.

use crate::document::RECORD_BYTES_MAX;
use crate::json::read_buffer::ReadBuffer;
use crate::reading::{RecordOutput, retain_from};
use crate::record::{RecordContext, RecordReader};
use crate::run::{Outcome, Run, Stop};
use memchr::memmem;
use std::borrow::Cow;
use std::io::Read;

/// Script ids with data, newest kind of page first. Some pages have more than one.
const SCRIPTS: [&str; 4] =
    ["__UNIVERSAL_DATA_FOR_REHYDRATION__", "SIGI_STATE", "sigi-persisted-data", "__NEXT_DATA__"];

/// Most scripts of one id that are read.
const SCRIPTS_MAX: usize = 16;

/// Returns true if the buffered bytes belong to a page with data.
pub(crate) fn has_scripts(buffered: &[u8]) -> bool {
    SCRIPTS.iter().any(|id| scripts(buffered, id).next().is_some())
}

/// Reads a page with data.
pub(crate) fn read(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>) -> Outcome {
    let buffered = window.fill(RECORD_BYTES_MAX);
    let bytes = buffered.len();
    if bytes >= RECORD_BYTES_MAX {
        return Err(Stop::Unknown(format!("an HTML page longer than {RECORD_BYTES_MAX} bytes")));
    }
    read_scripts(&mut run.records, buffered, RecordContext::default(), &mut run.found);
    if run.found.is_empty() {
        return Err(Stop::Unknown("a TikTok page without hashtag or video data".to_owned()));
    }
    window.consume(bytes);
    run.deliver(None)?;
    run.progress()
}

/// Reads the data of a page. It has many scopes, most of which are ignored.
pub(crate) fn read_scripts(
    records: &mut RecordReader,
    page: &[u8],
    context: RecordContext,
    found: &mut Vec<RecordOutput>,
) {
    let start = found.len();
    for id in SCRIPTS {
        for json in scripts(page, id).take(SCRIPTS_MAX) {
            records.read_within(&json, context, found);
        }
    }
    let is_useful = found.iter().skip(start).any(|found| matches!(found, RecordOutput::Observation(_)));
    retain_from(found, start, |found| match found {
        RecordOutput::Observation(_) | RecordOutput::Refused { is_unknown: false, .. } => true,
        RecordOutput::Refused { is_unknown: true, .. } => false,
        RecordOutput::Foreign { .. } => !is_useful,
        RecordOutput::Note { .. } => true,
    });
}

/// Lists the JSON in scripts of this name: their `id`, or the variable that older pages assign to.
fn scripts<'p>(page: &'p [u8], id: &'static str) -> impl Iterator<Item = Cow<'p, [u8]>> {
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            let at = memmem::find(rest, id.as_bytes())?;
            let after = &rest[at + id.len()..];
            rest = after;
            // The name is in the tag or before the `=` of an assignment; the data begins at the next
            // bracket.
            let start = after.iter().take(HEAD_BYTES_MAX).position(|byte| *byte == b'{');
            let end = memmem::find(after, b"</script").unwrap_or(after.len());
            let Some(start) = start.filter(|start| *start < end) else { continue };
            let is_tag_or_assignment = matches!(after[..start].trim_ascii_end().last(), Some(b'>' | b'='));
            if is_tag_or_assignment {
                rest = &after[end..];
                return Some(unescaped(&after[start..end]));
            }
        }
    })
}

/// Most bytes between a script's name and its data: other attributes of the tag.
const HEAD_BYTES_MAX: usize = 1024;

/// Entities that some tools write into saved scripts, where they do not belong.
const ENTITIES: [(&str, &str); 6] =
    [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];

fn unescaped(json: &[u8]) -> Cow<'_, [u8]> {
    let inner = json[1..].trim_ascii_start();
    if !inner.starts_with(b"&quot;") && !inner.starts_with(b"&#34;") {
        return Cow::Borrowed(json);
    }
    // Invalid UTF-8 is left for the record parser to reject.
    let Ok(text) = std::str::from_utf8(json) else { return Cow::Borrowed(json) };
    let plain = ENTITIES.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    Cow::Owned(plain.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, id: &'static str) -> Vec<String> {
        scripts(page.as_bytes(), id).map(|json| String::from_utf8_lossy(&json).into_owned()).collect()
    }

    #[test]
    fn scripts_are_found_by_tag_and_by_assignment() {
        let page = r#"<p>SIGI_STATE {no}</p><script nonce="x" id="SIGI_STATE" type="application/json">{"a":1}</script>
            <script>window['SIGI_STATE']={"b":{}};window['SIGI_RETRY']={}</script><script id="SIGI_STATE"></script>{}"#;
        let scripts = found(page, "SIGI_STATE");
        assert_eq!(scripts[0], r#"{"a":1}"#);
        assert!(scripts[1].starts_with(r#"{"b":{}};"#), "{scripts:?}");
        assert_eq!(scripts.len(), 2);
        assert_eq!(found("SIGI_STATE", "SIGI_STATE"), Vec::<String>::new());
    }

    #[test]
    fn what_a_tool_escaped_is_unescaped() {
        let page = "<script id=\"SIGI_STATE\">{&quot;a&quot;:&quot;x &amp;lt; y&quot;}</script>";
        assert_eq!(found(page, "SIGI_STATE"), [r#"{"a":"x &lt; y"}"#]);
    }
}
