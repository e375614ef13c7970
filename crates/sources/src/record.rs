//! Parses one JSON record: detects its format, unwraps envelopes, and collects observations. A record may be a whole
//! page with a list of records.

use crate::encoding::not_text;
use crate::files::contract::error_of;
use crate::files::foreign::{self, Foreign, VALUES};
use crate::files::format::{Json, is_envelope_key, is_scope, json_formats, nearest};
use crate::files::{Mapping, Options, creative_center, flattened, har, mapped, research_api};
use crate::future::Present;
use crate::json::keys::Keys;
use crate::json::repair::repair;
use crate::json::scan::{elements, value_end};
use crate::reading::{Reading, RecordOutput, Refusal, SeenDescriptions, retain_from};
use crate::removed;
use domain::{Observation, Timestamp};
use std::sync::Arc;

/// Most bytes of a rejected record that its reject retains.
pub const RAW_BYTES_MAX: usize = 64 * 1024;

/// Deepest nesting of envelopes: `data`, `body`, `exploreList`, `cardItem` make four.
const ENVELOPES_MAX: u32 = 8;

/// Message for a page that TikTok sends instead of data.
const BOT_CHECK: &str = "a bot-check page ({\"type\":\"verify\"}): TikTok asked whoever captured this to solve a puzzle and sent no data";
pub(crate) const HTML: &str =
    "an HTML page, not data: a bot check, a login page or an error page that was saved in place of an answer";

/// Parses records one after another and remembers the last format, to try it first.
#[derive(Default)]
pub(crate) struct RecordReader {
    mapping: Option<Arc<Mapping>>,
    present: Present,
    encoding: Option<&'static encoding_rs::Encoding>,
    last: Option<&'static Json>,
    is_last_in_envelope: bool,
    /// Raw id of the last gallery-dl post.
    last_post: Vec<u8>,
    seen: SeenDescriptions,
}

/// Context of a record.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RecordContext {
    pub(crate) observed_at: Option<Timestamp>,
    pub(crate) is_listed: bool,
    pub(crate) record: Option<u64>,
    envelopes: u32,
    /// True if it was flattened and has been nested again.
    is_nested: bool,
    /// True if the time of the enclosing answer is known.
    is_timed: bool,
}

impl RecordContext {
    /// Returns the context of an answer embedded in other data.
    pub(crate) fn of_answer(observed_at: Option<Timestamp>, record: Option<u64>) -> Self {
        Self { observed_at, record, is_timed: observed_at.is_some(), ..Self::default() }
    }

    /// Returns the context of a nested value.
    pub(crate) fn element(self, record: Option<u64>) -> Self {
        Self { is_listed: true, record, ..self }
    }

    /// Adds the page time in the keys of an envelope.
    pub(crate) fn within(self, keys: &Keys<'_>) -> Self {
        let own = if self.is_timed { None } else { time_of(keys) };
        let observed_at = own.or(self.observed_at);
        Self { observed_at, envelopes: self.envelopes + 1, is_nested: false, ..self }
    }
}

/// Returns the page time: `_fetched_at` (a time or a number), `extra.now` (milliseconds), the `epoch` of a
/// playlist, or the times of the Research API and the Creative Center.
fn time_of(keys: &Keys<'_>) -> Option<Timestamp> {
    let fetched = keys.text("_fetched_at");
    let fetched = fetched.and_then(|text| {
        Timestamp::parse(&text).or_else(|| text.parse().ok().and_then(Timestamp::of_reading))
    });
    let number = match keys.object("extra") {
        Some(extra) => Keys::of(extra).number("now"),
        None if keys.has("entries") => keys.number("epoch"),
        None => {
            let seen = fetched.or_else(|| research_api::answered_at(keys));
            return seen.or_else(|| creative_center::answered_at(keys));
        }
    };
    fetched.or_else(|| number.int().and_then(Timestamp::of_reading))
}

impl RecordReader {
    /// Reads all formats or, with a mapping, objects with its columns.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            mapping: options.mapping.clone(),
            present: Present::new(options),
            encoding: options.encoding,
            seen: SeenDescriptions::new(options),
            ..Self::default()
        }
    }

    /// Sets the reading time of records without one of their own.
    pub(crate) const fn state_time(&mut self, at: Option<Timestamp>) {
        self.seen.given_at = at;
    }

    /// Reads a record on its own, such as a line.
    pub(crate) fn read(&mut self, raw: &[u8], found: &mut Vec<RecordOutput>) {
        self.read_within(raw, RecordContext::default(), found);
    }

    /// Reads a record in context.
    pub(crate) fn read_within(&mut self, raw: &[u8], context: RecordContext, found: &mut Vec<RecordOutput>) {
        match raw.first() {
            Some(b'{') => self.object(raw, context, found),
            Some(b'[') => self.list(raw, context, found),
            Some(b'<') => refuse(raw, HTML.to_owned(), context, found),
            // Lists contain numbers and strings besides records.
            Some(b'n') if context.is_listed && raw == b"null" => {}
            _ if context.is_listed => foreign(&VALUES, raw, context, found),
            _ => refuse(raw, "not a JSON object or list".to_owned(), context, found),
        }
    }

    fn object(&mut self, raw: &[u8], context: RecordContext, found: &mut Vec<RecordOutput>) {
        if let Some(mapping) = &self.mapping {
            if std::str::from_utf8(raw).is_err() {
                return refuse(raw, not_text(raw, self.encoding), context, found);
            }
            let (seen, start) = (&mut self.seen, found.len());
            let mut reading = Reading { observed_at: None, source: None, is_listed: false, seen, found };
            match mapped::read_object(raw, mapping, &mut reading) {
                Ok(()) => self.present.check(raw, context, start, found),
                Err(refusal) => refuse(raw, refusal.to_string(), context, found),
            }
            return;
        }
        let is_tried = context.envelopes > 0 || context.is_listed || !self.is_last_in_envelope;
        let keys = Keys::of(raw);
        // A flattened record has the keys of a record but not its nested values.
        if !context.is_nested
            && flattened::is_flattened(&keys)
            && foreign::of_file(&keys).is_none()
            && let Some(nested) = flattened::nested(raw)
        {
            return self.object(&nested, RecordContext { is_nested: true, ..context }, found);
        }
        // Reuse the previous format only if this record matches it; otherwise the result would depend on
        // record order, and on the number of threads.
        if let Some(last) = self.last.filter(|last| is_tried && last.fits(&keys))
            && self.attempt(last, raw, context, found).is_ok()
        {
            return;
        }
        if keys.text("type").is_some_and(|kind| &*kind == "verify") {
            return refuse(raw, BOT_CHECK.to_owned(), context, found);
        }
        if let Some(source) = removed::source_of(&keys)
            && value_end(raw, 0).is_ok()
        {
            let start = found.len();
            return match removed::read(&keys, source, context.observed_at) {
                Ok(removed) => {
                    found.push(RecordOutput::Observation(Observation::Removed(removed)));
                    self.present.check(raw, context, start, found);
                }
                Err(reason) => refuse(raw, reason, context, found),
            };
        }
        for (_, json) in json_formats().filter(|(_, json)| json.fits(&keys)) {
            match self.attempt(json, raw, context, found) {
                Ok(()) => {
                    self.last = Some(json);
                    if context.envelopes == 0 && !context.is_listed {
                        self.is_last_in_envelope = false;
                    }
                    return;
                }
                Err(Refusal::Shape) => {}
                Err(Refusal::Json(error)) => {
                    return refuse(raw, format!("not JSON: {error}"), context, found);
                }
                Err(Refusal::Record(reason)) => return refuse(raw, reason, context, found),
                Err(Refusal::Foreign(kind, of)) => return foreign_of(kind, of, raw, context, found),
            }
        }
        if har::is_entry(&keys) {
            return har::read(self, raw, context, found);
        }
        if let Some(kind) = foreign::of_file(&keys) {
            return foreign(kind, raw, context, found);
        }
        self.envelope(raw, &keys, context, found);
    }

    /// Reads the content of an object that is not itself a record.
    fn envelope(
        &mut self,
        raw: &[u8],
        keys: &Keys<'_>,
        context: RecordContext,
        found: &mut Vec<RecordOutput>,
    ) {
        if context.envelopes == ENVELOPES_MAX {
            return refuse(
                raw,
                format!("more than {ENVELOPES_MAX} envelopes inside one another"),
                context,
                found,
            );
        }
        let inner = context.within(keys);
        let (mut has_content, found_before) = (false, found.len());
        match research_api::error_of(keys) {
            Some(Err(reason)) => {
                refuse(raw, reason, context, found);
                has_content = true;
            }
            Some(Ok(())) if research_api::is_without_records(keys) => return,
            _ => {}
        }
        if context.envelopes == 0 && !context.is_listed {
            self.is_last_in_envelope = true;
        }
        if let Some(values) = keys.numbered() {
            for (number, value) in (1..).zip(values) {
                self.read_within(
                    value,
                    RecordContext { is_listed: true, record: Some(number), ..inner },
                    found,
                );
            }
            return;
        }
        for (key, value) in keys.pairs().filter(|(key, _)| is_envelope_key(key)) {
            let start = found.len();
            // An answer without a record has an empty object in its place.
            let is_empty = value.first() == Some(&b'{') && Keys::of(value).is_empty();
            match value.first() {
                Some(b'{') if !is_empty => {
                    self.object(value, RecordContext { is_listed: false, ..inner }, found)
                }
                Some(b'[') if !foreign::is_list_key(key) || elements(value).next().is_some() => {
                    self.list(value, inner, found);
                }
                _ => continue,
            }
            // A page has scopes of many kinds; only some are read.
            if is_scope(key) {
                retain_from(found, start, |found| {
                    !matches!(found, RecordOutput::Refused { is_unknown: true, .. })
                });
            }
            has_content |= !is_scope(key) || found.len() > start;
        }
        // An error may have an empty list in place of the record.
        if !has_content || (found.len() == found_before && error_of(keys).is_some()) {
            unknown(raw, keys, context, found);
        }
    }

    fn list(&mut self, raw: &[u8], context: RecordContext, found: &mut Vec<RecordOutput>) {
        if context.envelopes == ENVELOPES_MAX {
            return refuse(
                raw,
                format!("more than {ENVELOPES_MAX} lists inside one another"),
                context,
                found,
            );
        }
        let inner = RecordContext { is_listed: true, envelopes: context.envelopes + 1, ..context };
        if let Some(message) = gallery_dl(raw) {
            return self.message(&message, inner, found);
        }
        for (number, element) in (1..).zip(elements(raw)) {
            // In nested lists, the innermost number that is not always 1 is the most useful.
            let inner = RecordContext { record: Some(number), ..inner };
            match element {
                Ok(element) => self.read_within(element, inner, found),
                Err(damage) => refuse(raw, damage.reason().to_owned(), inner, found),
            }
        }
    }

    /// Reads a gallery-dl message. A post comes once for itself and again with each of its files.
    fn message(&mut self, message: &Message<'_>, context: RecordContext, found: &mut Vec<RecordOutput>) {
        let id = Keys::of(message.record).get("id").unwrap_or_default();
        if message.number == FILE_MESSAGE && !id.is_empty() && id == self.last_post {
            return;
        }
        if message.number == POST_MESSAGE {
            id.clone_into(&mut self.last_post);
        }
        let start = found.len();
        self.object(message.record, context, found);
        if message.number == QUEUE_MESSAGE {
            retain_from(found, start, |found| matches!(found, RecordOutput::Observation(_)));
        }
    }

    /// Parses a record in one format; a second time after repair, if it is almost JSON.
    fn attempt(
        &mut self,
        json: &'static Json,
        raw: &[u8],
        context: RecordContext,
        found: &mut Vec<RecordOutput>,
    ) -> Result<(), Refusal> {
        let RecordContext { observed_at, is_listed, .. } = context;
        let start = found.len();
        let mut read = |text: &str| {
            let seen = &mut self.seen;
            (json.read)(text, &mut Reading { observed_at, source: None, is_listed, seen, found })
        };
        // Validating UTF-8 once for the whole record is faster than per string.
        let first = match std::str::from_utf8(raw) {
            Ok(text) => read(text),
            // The replaced character may have been part of a tag.
            Err(_) => return Err(Refusal::Record(not_text(raw, self.encoding))),
        };
        let read = match first {
            Err(Refusal::Shape | Refusal::Foreign(..)) | Ok(()) => first,
            // The outcome after the repair is more useful than the original syntax error.
            Err(why) => match repair(raw) {
                Some(repaired) => match std::str::from_utf8(&repaired) {
                    Ok(text) => read(text),
                    Err(_) => Err(why),
                },
                None => Err(why),
            },
        };
        if read.is_ok() {
            self.present.check(raw, context, start, found);
        }
        read
    }
}

/// Rejects an object that is neither a record nor an envelope.
fn unknown(raw: &[u8], keys: &Keys<'_>, context: RecordContext, found: &mut Vec<RecordOutput>) {
    let damage = keys.damage().or(value_end(raw, 0).err());
    match damage {
        Some(damage) => refuse(raw, damage.reason().to_owned(), context, found),
        None => {
            let status = keys.number("statusCode").or(keys.number("status_code"));
            match status.0 {
                Some(code) if code != 0 => {
                    let reason = format!("an answer without a record: TikTok said statusCode {code}");
                    refuse(raw, reason, context, found);
                }
                _ => match (foreign::of(keys), error_of(keys).or(error_in_place_of(keys))) {
                    (Some(kind), _) => foreign(kind, raw, context, found),
                    (None, Some(error)) => refuse(raw, error, context, found),
                    (None, None) => push(raw, nearest(keys), true, context, found),
                },
            }
        }
    }
}

/// A message of gallery-dl's output: its number, and the record.
struct Message<'r> {
    number: &'r [u8],
    record: &'r [u8],
}

/// gallery-dl's message numbers: a post, one of its files, a page to visit next.
const POST_MESSAGE: &[u8] = b"2";
const FILE_MESSAGE: &[u8] = b"3";
const QUEUE_MESSAGE: &[u8] = b"6";

/// Parses `[2,{...}]`, `[3,"link",{...}]`.
fn gallery_dl(list: &[u8]) -> Option<Message<'_>> {
    let mut parts = elements(list);
    let number =
        parts.next()?.ok().filter(|number| matches!(*number, POST_MESSAGE | FILE_MESSAGE | QUEUE_MESSAGE))?;
    let second = parts.next()?.ok()?;
    let record = if second.first() == Some(&b'"') { parts.next()?.ok()? } else { second };
    (record.first() == Some(&b'{') && parts.next().is_none()).then_some(Message { number, record })
}

/// Adds a record of an unsupported kind.
pub(crate) fn foreign(
    kind: &'static Foreign,
    raw: &[u8],
    context: RecordContext,
    found: &mut Vec<RecordOutput>,
) {
    foreign_of(kind, None, raw, context, found);
}

fn foreign_of(
    kind: &'static Foreign,
    of: Option<Box<str>>,
    raw: &[u8],
    context: RecordContext,
    found: &mut Vec<RecordOutput>,
) {
    let raw = raw[..raw.len().min(RAW_BYTES_MAX)].into();
    found.push(RecordOutput::Foreign { kind, of, raw, record: context.record });
}

/// Returns the error that a tool wrote in place of a record.
fn error_in_place_of(keys: &Keys<'_>) -> Option<String> {
    if !keys.has_any(&["error_code", "errorCode", "errorDescription", "input", "message", "url"]) {
        return None;
    }
    let said = keys.text("error").filter(|error| !error.is_empty())?;
    let said: String = said.chars().take(ERROR_CHARS_MAX).collect();
    Some(format!("an error in place of a record: {said}"))
}

/// Most characters of an error in a message.
const ERROR_CHARS_MAX: usize = 200;

/// Adds a reject.
pub(crate) fn refuse(raw: &[u8], reason: String, context: RecordContext, found: &mut Vec<RecordOutput>) {
    push(raw, reason, false, context, found);
}

fn push(raw: &[u8], reason: String, is_unknown: bool, context: RecordContext, found: &mut Vec<RecordOutput>) {
    let raw = raw[..raw.len().min(RAW_BYTES_MAX)].into();
    found.push(RecordOutput::Refused { reason, raw, record: context.record, is_unknown });
}
