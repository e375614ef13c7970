//! HAR: the traffic a browser recorded with its developer tools open. Each response is parsed as JSON or a page; its
//! reading time is the end of its entry. Entries are read one by one, so that only one is in memory.

use super::foreign::{HAR_RESOURCE, HAR_WITHOUT_CONTENT};
use crate::html;
use crate::json::keys::Keys;
use crate::json::lenient::{Maybe, Text};
use crate::json::number::Number;
use crate::json::scan::{skip_space, value_end};
use crate::reading::{RecordOutput, retain_from};
use crate::record::{RecordContext, RecordReader, foreign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Entry<'a> {
    started_date_time: Text<'a>,
    /// Duration in milliseconds.
    time: Number,
    request: Maybe<Request<'a>>,
    response: Maybe<Response<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Request<'a> {
    url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Response<'a> {
    status: Number,
    content: Maybe<Content<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Content<'a> {
    text: Text<'a>,
    encoding: Text<'a>,
}

/// Returns true if an object with these keys is a HAR entry.
pub(crate) fn is_entry(keys: &Keys<'_>) -> bool {
    keys.has_all(&["startedDateTime", "response"])
}

/// Returns true if a value too long to buffer begins like an entry: usually one with the bytes of a video.
pub(crate) fn begins_entry(beginning: &[u8]) -> bool {
    memchr::memmem::find(beginning, b"startedDateTime").is_some()
        || memchr::memmem::find(beginning, b"\"request\"").is_some()
}

/// Reads the response of an entry.
pub(crate) fn read(
    records: &mut RecordReader,
    raw: &[u8],
    context: RecordContext,
    found: &mut Vec<RecordOutput>,
) {
    let Ok(entry) = serde_json::from_slice::<Entry<'_>>(raw) else {
        return foreign(&HAR_RESOURCE, raw, context, found);
    };
    let content = &entry.response.content;
    let is_of_tiktok = entry.request.url.contains("tiktok");
    let body: Cow<'_, [u8]> = match content.encoding.eq_ignore_ascii_case("base64") {
        true => STANDARD.decode(content.text.trim()).unwrap_or_default().into(),
        false => content.text.as_bytes().into(),
    };
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    let start = found.len();
    let inner = RecordContext::of_answer(read_at(&entry).or(context.observed_at), context.record);
    match body.get(skip_space(body, 0)) {
        Some(b'{' | b'[') => documents(records, body, inner, found),
        Some(b'<') => html::read_scripts(records, body, inner, found),
        None if is_of_tiktok
            && entry.request.url.contains("/api/")
            && entry.response.status.0 == Some(200) =>
        {
            return foreign(&HAR_WITHOUT_CONTENT, &raw[..raw.len().min(BEGINNING_BYTES)], context, found);
        }
        _ => {}
    }
    // Other responses of a session are not faults.
    retain_from(found, start, |found| match found {
        RecordOutput::Observation(_) => true,
        RecordOutput::Refused { is_unknown, .. } => is_of_tiktok && !is_unknown,
        RecordOutput::Foreign { .. } => is_of_tiktok,
        RecordOutput::Note { .. } => true,
    });
    if found.len() == start {
        foreign(&HAR_RESOURCE, &raw[..raw.len().min(BEGINNING_BYTES)], context, found);
    }
}

/// Bytes of an entry that a message repeats.
const BEGINNING_BYTES: usize = 1024;

/// Reads all documents of a response: some have several, one after another.
fn documents(records: &mut RecordReader, body: &[u8], context: RecordContext, found: &mut Vec<RecordOutput>) {
    let mut at = skip_space(body, 0);
    while matches!(body.get(at), Some(b'{' | b'[')) {
        let end = value_end(body, at).unwrap_or(body.len());
        records.read_within(&body[at..end], context, found);
        at = skip_space(body, end);
    }
}

/// Returns when the response was complete.
fn read_at(entry: &Entry<'_>) -> Option<Timestamp> {
    let started = Timestamp::parse(&entry.started_date_time)?;
    let took = entry.time.int().filter(|ms| (0..=TOOK_MS_MAX).contains(ms)).unwrap_or(0);
    Some(Timestamp::from_ms(started.as_ms().saturating_add(took)))
}

/// Longest plausible duration of a response: a day, in milliseconds.
const TOOK_MS_MAX: i64 = 86_400_000;
