//! One JSON record becomes what it tells: its shape is found, envelopes around it are taken off, and its format reads
//! it. A record may be a whole page with a list of records.

use crate::encoding::not_text;
use crate::files::contract::error_of;
use crate::files::foreign::{self, Foreign, VALUES};
use crate::files::format::{Json, is_envelope_key, is_scope, json_formats, nearest};
use crate::files::{Mapping, Options, creative_center, flattened, har, mapped, research_api};
use crate::future::Present;
use crate::json::keys::Keys;
use crate::json::repair::repair;
use crate::json::scan::{elements, value_end};
use crate::reading::{Found, Reading, Refusal, Told, retain_from};
use crate::removed;
use domain::{Observation, Timestamp};
use std::sync::Arc;

/// Most bytes of a refused record that are kept with its reject.
pub const RAW_BYTES_MAX: usize = 64 * 1024;

/// Most envelopes inside one another: `data`, `body`, `exploreList`, `cardItem` make four.
const ENVELOPES_MAX: u32 = 8;

/// What is said of a page that TikTok sends instead of data.
const BOT_CHECK: &str = "a bot-check page ({\"type\":\"verify\"}): TikTok asked whoever captured this to solve a puzzle and sent no data";
pub(crate) const HTML: &str =
    "an HTML page, not data: a bot check, a login page or an error page that was saved in place of an answer";

/// Reads records one after another and remembers what the last one was, so that the next is tried as that first.
#[derive(Default)]
pub(crate) struct RecordReader {
    mapping: Option<Arc<Mapping>>,
    present: Present,
    encoding: Option<&'static encoding_rs::Encoding>,
    last: Option<&'static Json>,
    is_last_in_envelope: bool,
    /// The id of the last post of gallery-dl, as it stands.
    last_post: Vec<u8>,
    told: Told,
}

/// What is known of a record from around it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Around {
    pub(crate) observed_at: Option<Timestamp>,
    pub(crate) is_listed: bool,
    pub(crate) record: Option<u64>,
    envelopes: u32,
    /// Whether it was made nested again.
    is_nested: bool,
    /// Whether it is known when the answer came that it stands in.
    is_timed: bool,
}

impl Around {
    /// Of an answer that stands alone in something else, of which this is known.
    pub(crate) fn of_answer(observed_at: Option<Timestamp>, record: Option<u64>) -> Self {
        Self { observed_at, record, is_timed: observed_at.is_some(), ..Self::default() }
    }

    /// Of one of the values inside.
    pub(crate) fn element(self, record: Option<u64>) -> Self {
        Self { is_listed: true, record, ..self }
    }

    /// Adds what the keys of an envelope tell: when its page was read.
    pub(crate) fn within(self, keys: &Keys<'_>) -> Self {
        let own = if self.is_timed { None } else { time_of(keys) };
        let observed_at = own.or(self.observed_at);
        Self { observed_at, envelopes: self.envelopes + 1, is_nested: false, ..self }
    }
}

/// When a page was read: `_fetched_at` (a time or a number), `extra.now` (milliseconds), the `epoch` of a playlist, or
/// what the Research API and the Creative Center say.
fn time_of(keys: &Keys<'_>) -> Option<Timestamp> {
    let fetched = keys.text("_fetched_at");
    let fetched = fetched.and_then(|text| {
        Timestamp::parse(&text).or_else(|| text.parse().ok().and_then(Timestamp::of_reading))
    });
    let number = match keys.object("extra") {
        Some(extra) => Keys::of(extra).number("now"),
        None if keys.has("entries") => keys.number("epoch"),
        None => {
            let told = fetched.or_else(|| research_api::answered_at(keys));
            return told.or_else(|| creative_center::answered_at(keys));
        }
    };
    fetched.or_else(|| number.int().and_then(Timestamp::of_reading))
}

impl RecordReader {
    /// Reads records of all formats or, with a mapping, objects that have its columns.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            mapping: options.mapping.clone(),
            present: Present::new(options),
            encoding: options.encoding,
            told: Told::new(options),
            ..Self::default()
        }
    }

    /// Says when records were read that do not say so themselves.
    pub(crate) const fn state_time(&mut self, at: Option<Timestamp>) {
        self.told.given_at = at;
    }

    /// Reads one record that stands alone, such as a line.
    pub(crate) fn read(&mut self, raw: &[u8], found: &mut Vec<Found>) {
        self.read_within(raw, Around::default(), found);
    }

    /// Reads one record of which something is known from around it.
    pub(crate) fn read_within(&mut self, raw: &[u8], around: Around, found: &mut Vec<Found>) {
        match raw.first() {
            Some(b'{') => self.object(raw, around, found),
            Some(b'[') => self.list(raw, around, found),
            Some(b'<') => refuse(raw, HTML.to_owned(), around, found),
            // Lists have numbers and texts beside their records.
            Some(b'n') if around.is_listed && raw == b"null" => {}
            _ if around.is_listed => foreign(&VALUES, raw, around, found),
            _ => refuse(raw, "not a JSON object or list".to_owned(), around, found),
        }
    }

    fn object(&mut self, raw: &[u8], around: Around, found: &mut Vec<Found>) {
        if let Some(mapping) = &self.mapping {
            if std::str::from_utf8(raw).is_err() {
                return refuse(raw, not_text(raw, self.encoding), around, found);
            }
            let (told, start) = (&mut self.told, found.len());
            let mut reading = Reading { observed_at: None, source: None, is_listed: false, told, found };
            match mapped::read_object(raw, mapping, &mut reading) {
                Ok(()) => self.present.check(raw, around, start, found),
                Err(refusal) => refuse(raw, refusal.to_string(), around, found),
            }
            return;
        }
        let is_tried = around.envelopes > 0 || around.is_listed || !self.is_last_in_envelope;
        let keys = Keys::of(raw);
        // Made flat by a program, it has the keys of a record and lacks what lay inside.
        if !around.is_nested
            && flattened::is_flattened(&keys)
            && foreign::of_file(&keys).is_none()
            && let Some(nested) = flattened::nested(raw)
        {
            return self.object(&nested, Around { is_nested: true, ..around }, found);
        }
        // What does not look like the last one is not taken for one either: what stood before decides nothing, so that a
        // file reads the same on several threads.
        if let Some(last) = self.last.filter(|last| is_tried && last.fits(&keys))
            && self.attempt(last, raw, around, found).is_ok()
        {
            return;
        }
        if keys.text("type").is_some_and(|kind| &*kind == "verify") {
            return refuse(raw, BOT_CHECK.to_owned(), around, found);
        }
        if let Some(source) = removed::source_of(&keys)
            && value_end(raw, 0).is_ok()
        {
            let start = found.len();
            return match removed::read(&keys, source, around.observed_at) {
                Ok(removed) => {
                    found.push(Found::Observation(Observation::Removed(removed)));
                    self.present.check(raw, around, start, found);
                }
                Err(reason) => refuse(raw, reason, around, found),
            };
        }
        for (_, json) in json_formats().filter(|(_, json)| json.fits(&keys)) {
            match self.attempt(json, raw, around, found) {
                Ok(()) => {
                    self.last = Some(json);
                    if around.envelopes == 0 && !around.is_listed {
                        self.is_last_in_envelope = false;
                    }
                    return;
                }
                Err(Refusal::Shape) => {}
                Err(Refusal::Json(error)) => return refuse(raw, format!("not JSON: {error}"), around, found),
                Err(Refusal::Record(reason)) => return refuse(raw, reason, around, found),
                Err(Refusal::Foreign(kind, of)) => return foreign_of(kind, of, raw, around, found),
            }
        }
        if har::is_entry(&keys) {
            return har::read(self, raw, around, found);
        }
        if let Some(kind) = foreign::of_file(&keys) {
            return foreign(kind, raw, around, found);
        }
        self.envelope(raw, &keys, around, found);
    }

    /// Reads what stands inside an object that is no record itself.
    fn envelope(&mut self, raw: &[u8], keys: &Keys<'_>, around: Around, found: &mut Vec<Found>) {
        if around.envelopes == ENVELOPES_MAX {
            return refuse(
                raw,
                format!("more than {ENVELOPES_MAX} envelopes inside one another"),
                around,
                found,
            );
        }
        let inner = around.within(keys);
        let (mut has_content, found_before) = (false, found.len());
        match research_api::error_of(keys) {
            Some(Err(reason)) => {
                refuse(raw, reason, around, found);
                has_content = true;
            }
            Some(Ok(())) if research_api::is_without_records(keys) => return,
            _ => {}
        }
        if around.envelopes == 0 && !around.is_listed {
            self.is_last_in_envelope = true;
        }
        if let Some(values) = keys.numbered() {
            for (number, value) in (1..).zip(values) {
                self.read_within(value, Around { is_listed: true, record: Some(number), ..inner }, found);
            }
            return;
        }
        for (key, value) in keys.pairs().filter(|(key, _)| is_envelope_key(key)) {
            let start = found.len();
            // An empty object is what an answer without a record has in its place.
            let is_empty = value.first() == Some(&b'{') && Keys::of(value).is_empty();
            match value.first() {
                Some(b'{') if !is_empty => self.object(value, Around { is_listed: false, ..inner }, found),
                Some(b'[') if !foreign::is_list_key(key) || elements(value).next().is_some() => {
                    self.list(value, inner, found);
                }
                _ => continue,
            }
            // A page has scopes of many kinds; only some of them are wanted.
            if is_scope(key) {
                retain_from(found, start, |found| !matches!(found, Found::Refused { is_unknown: true, .. }));
            }
            has_content |= !is_scope(key) || found.len() > start;
        }
        // An error may have an empty list in the place of the record.
        if !has_content || (found.len() == found_before && error_of(keys).is_some()) {
            unknown(raw, keys, around, found);
        }
    }

    fn list(&mut self, raw: &[u8], around: Around, found: &mut Vec<Found>) {
        if around.envelopes == ENVELOPES_MAX {
            return refuse(raw, format!("more than {ENVELOPES_MAX} lists inside one another"), around, found);
        }
        let inner = Around { is_listed: true, envelopes: around.envelopes + 1, ..around };
        if let Some(message) = gallery_dl(raw) {
            return self.message(&message, inner, found);
        }
        for (number, element) in (1..).zip(elements(raw)) {
            // Of lists in lists, the innermost number that is not always 1 says most.
            let inner = Around { record: Some(number), ..inner };
            match element {
                Ok(element) => self.read_within(element, inner, found),
                Err(damage) => refuse(raw, damage.reason().to_owned(), inner, found),
            }
        }
    }

    /// Reads a message of gallery-dl. A post comes once for itself and again with each of its files.
    fn message(&mut self, message: &Message<'_>, around: Around, found: &mut Vec<Found>) {
        let id = Keys::of(message.record).get("id").unwrap_or_default();
        if message.number == FILE_MESSAGE && !id.is_empty() && id == self.last_post {
            return;
        }
        if message.number == POST_MESSAGE {
            id.clone_into(&mut self.last_post);
        }
        let start = found.len();
        self.object(message.record, around, found);
        if message.number == QUEUE_MESSAGE {
            retain_from(found, start, |found| matches!(found, Found::Observation(_)));
        }
    }

    /// Reads a record as one of this format; once more, repaired, if it is almost JSON.
    fn attempt(
        &mut self,
        json: &'static Json,
        raw: &[u8],
        around: Around,
        found: &mut Vec<Found>,
    ) -> Result<(), Refusal> {
        let Around { observed_at, is_listed, .. } = around;
        let start = found.len();
        let mut read = |text: &str| {
            let told = &mut self.told;
            (json.read)(text, &mut Reading { observed_at, source: None, is_listed, told, found })
        };
        // Text that is checked once as a whole is read faster than bytes that are checked string by string.
        let first = match std::str::from_utf8(raw) {
            Ok(text) => read(text),
            // A letter that is gone may have been one of a tag.
            Err(_) => return Err(Refusal::Record(not_text(raw, self.encoding))),
        };
        let read = match first {
            Err(Refusal::Shape | Refusal::Foreign(..)) | Ok(()) => first,
            // The reading of a repaired record says more than why the broken one could not be read.
            Err(why) => match repair(raw) {
                Some(repaired) => match std::str::from_utf8(&repaired) {
                    Ok(text) => read(text),
                    Err(_) => Err(why),
                },
                None => Err(why),
            },
        };
        if read.is_ok() {
            self.present.check(raw, around, start, found);
        }
        read
    }
}

/// An object that is neither a record nor an envelope.
fn unknown(raw: &[u8], keys: &Keys<'_>, around: Around, found: &mut Vec<Found>) {
    let damage = keys.damage().or(value_end(raw, 0).err());
    match damage {
        Some(damage) => refuse(raw, damage.reason().to_owned(), around, found),
        None => {
            let status = keys.number("statusCode").or(keys.number("status_code"));
            match status.0 {
                Some(code) if code != 0 => {
                    let reason = format!("an answer without a record: TikTok said statusCode {code}");
                    refuse(raw, reason, around, found);
                }
                _ => match (foreign::of(keys), error_of(keys).or(error_in_place_of(keys))) {
                    (Some(kind), _) => foreign(kind, raw, around, found),
                    (None, Some(error)) => refuse(raw, error, around, found),
                    (None, None) => push(raw, nearest(keys), true, around, found),
                },
            }
        }
    }
}

/// A message in what gallery-dl prints: its number, and the record with it.
struct Message<'r> {
    number: &'r [u8],
    record: &'r [u8],
}

/// The numbers of gallery-dl's messages: of a post, of one of its files, of a page that it would read next.
const POST_MESSAGE: &[u8] = b"2";
const FILE_MESSAGE: &[u8] = b"3";
const QUEUE_MESSAGE: &[u8] = b"6";

/// `[2,{...}]`, `[3,"link",{...}]`.
fn gallery_dl(list: &[u8]) -> Option<Message<'_>> {
    let mut parts = elements(list);
    let number =
        parts.next()?.ok().filter(|number| matches!(*number, POST_MESSAGE | FILE_MESSAGE | QUEUE_MESSAGE))?;
    let second = parts.next()?.ok()?;
    let record = if second.first() == Some(&b'"') { parts.next()?.ok()? } else { second };
    (record.first() == Some(&b'{') && parts.next().is_none()).then_some(Message { number, record })
}

/// Notes a record of a kind that is not read.
pub(crate) fn foreign(kind: &'static Foreign, raw: &[u8], around: Around, found: &mut Vec<Found>) {
    foreign_of(kind, None, raw, around, found);
}

fn foreign_of(
    kind: &'static Foreign,
    of: Option<Box<str>>,
    raw: &[u8],
    around: Around,
    found: &mut Vec<Found>,
) {
    let raw = raw[..raw.len().min(RAW_BYTES_MAX)].into();
    found.push(Found::Foreign { kind, of, raw, record: around.record });
}

/// What a tool says in the place of a record that it could not get.
fn error_in_place_of(keys: &Keys<'_>) -> Option<String> {
    if !keys.has_any(&["error_code", "errorCode", "errorDescription", "input", "message", "url"]) {
        return None;
    }
    let said = keys.text("error").filter(|error| !error.is_empty())?;
    let said: String = said.chars().take(ERROR_CHARS_MAX).collect();
    Some(format!("an error in place of a record: {said}"))
}

/// Most characters of an error that are shown.
const ERROR_CHARS_MAX: usize = 200;

/// Notes that a record cannot be used.
pub(crate) fn refuse(raw: &[u8], reason: String, around: Around, found: &mut Vec<Found>) {
    push(raw, reason, false, around, found);
}

fn push(raw: &[u8], reason: String, is_unknown: bool, around: Around, found: &mut Vec<Found>) {
    let raw = raw[..raw.len().min(RAW_BYTES_MAX)].into();
    found.push(Found::Refused { reason, raw, record: around.record, is_unknown });
}
