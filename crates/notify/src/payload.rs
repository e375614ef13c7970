//! Payloads of webhooks: a JSON object with type, time, sequence and data, small enough for every receiver.

use bytes::Bytes;
use domain::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// Most bytes of a payload: receivers of Standard Webhooks expect less than 20 KB.
pub const PAYLOAD_BYTES_MAX: usize = 20_000;
/// Most fields of `data`.
pub const FIELDS_MAX: usize = 100;
/// Longest name of a field of `data`, in bytes.
pub const FIELD_NAME_BYTES_MAX: usize = 50;
/// Largest sequence number: JavaScript reads larger ones wrong.
pub const SEQUENCE_MAX: u64 = (1 << 53) - 1;

/// Type of an event: words in lower case, joined by dots, such as `alert.fired`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EventType(&'static str);

impl EventType {
    /// Creates a type, in a constant:
    ///
    /// ```
    /// use notify::payload::EventType;
    ///
    /// const FIRED: EventType = EventType::new("alert.fired");
    /// assert_eq!(FIRED.as_str(), "alert.fired");
    /// ```
    ///
    /// # Panics
    ///
    /// It is not two or more words of `a` to `z` and `_`, joined by dots.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let (mut at, mut dots, mut letters) = (0, 0, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'a'..=b'z' | b'_' => letters += 1,
                b'.' => {
                    assert!(letters > 0, "a word of a type of events is empty");
                    (dots, letters) = (dots + 1, 0);
                }
                _ => panic!("a type of events has words of a to z and _, joined by dots"),
            }
            at += 1;
        }
        assert!(dots > 0 && letters > 0, "a type of events has at least two words, joined by dots");
        Self(name)
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// An event that becomes a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    event_type: EventType,
    at: Timestamp,
    sequence: u64,
    data: Map<String, Value>,
}

/// Data that cannot become a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// There are too many fields, or one has a name that is too long or has other characters.
    #[error(
        "data has at most {FIELDS_MAX} fields, each with a name of 1 to {FIELD_NAME_BYTES_MAX} letters a to z, digits or _"
    )]
    Fields,
    /// The sequence number is too large.
    #[error("a sequence number is at most {SEQUENCE_MAX}")]
    Sequence,
}

/// A field of `data` of which not everything fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LeftOut {
    field: String,
    /// Elements that are in the payload; 0 for a field that is no list.
    kept: usize,
    /// Elements that there were; 1 for a field that is no list.
    of: usize,
}

#[derive(Serialize)]
struct Rendered<'e> {
    #[serde(rename = "type")]
    event_type: EventType,
    timestamp: Timestamp,
    sequence: u64,
    data: &'e Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
}

impl Event {
    /// Creates an event: its type, the time at which it happened, its place in the order of the events of its account,
    /// and what to know about it.
    ///
    /// # Errors
    ///
    /// The data has too many fields or other names than snake case has, or the sequence number is above 2^53.
    pub fn new(
        event_type: EventType,
        at: Timestamp,
        sequence: u64,
        data: Map<String, Value>,
    ) -> Result<Self, EventError> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_name =
            |name: &String| (1..=FIELD_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_allowed);
        if data.len() > FIELDS_MAX || !data.keys().all(is_name) {
            return Err(EventError::Fields);
        }
        if sequence > SEQUENCE_MAX {
            return Err(EventError::Sequence);
        }
        Ok(Self { event_type, at, sequence, data })
    }

    /// Returns the payload, at most [`PAYLOAD_BYTES_MAX`] bytes of JSON. Where everything would be more, the largest
    /// lists of `data` lose elements from their ends, and then its largest other fields go; `left_out` lists each with
    /// how much of it is there.
    pub fn payload(&self) -> Bytes {
        let whole = self.rendered(&self.data, Vec::new());
        if whole.len() <= PAYLOAD_BYTES_MAX {
            return whole;
        }
        let mut cut = Cut { data: self.data.clone(), bytes: whole.len(), left_out: Vec::new() };
        for name in names_by_size(&self.data, Value::is_array) {
            cut.shorten_list(&name);
        }
        for name in names_by_size(&self.data, |value| !value.is_array()) {
            cut.drop_field(name);
        }
        self.rendered(&cut.data, cut.left_out)
    }

    fn rendered(&self, data: &Map<String, Value>, left_out: Vec<LeftOut>) -> Bytes {
        let (event_type, timestamp, sequence) = (self.event_type, self.at, self.sequence);
        let rendered = Rendered { event_type, timestamp, sequence, data, left_out };
        serde_json::to_vec(&rendered).expect("JSON with names as keys").into()
    }
}

/// Bytes that an entry of `left_out` adds at most, besides the name of its field.
const ENTRY_BYTES: usize = 100;

/// Data on its way into a payload.
struct Cut {
    data: Map<String, Value>,
    /// Bytes that the payload has at most.
    bytes: usize,
    left_out: Vec<LeftOut>,
}

impl Cut {
    /// Shortens a list until the payload is small enough, or the list is empty.
    fn shorten_list(&mut self, name: &str) {
        let Some(Value::Array(elements)) = self.data.get_mut(name) else { return };
        let of = elements.len();
        if self.bytes <= PAYLOAD_BYTES_MAX || of == 0 {
            return;
        }
        self.bytes += ENTRY_BYTES + name.len();
        while self.bytes > PAYLOAD_BYTES_MAX {
            let Some(element) = elements.pop() else { break };
            self.bytes -= size(&element) + usize::from(!elements.is_empty());
        }
        self.left_out.push(LeftOut { field: name.to_owned(), kept: elements.len(), of });
    }

    /// Drops a field if the payload is too large.
    fn drop_field(&mut self, name: String) {
        if self.bytes > PAYLOAD_BYTES_MAX {
            let value = self.data.remove(&name).unwrap_or_default();
            self.bytes = self.bytes + ENTRY_BYTES - size(&value);
            self.left_out.push(LeftOut { field: name, kept: 0, of: 1 });
        }
    }
}

/// Returns the names of some fields, the largest first, and of equals the first by name.
fn names_by_size(data: &Map<String, Value>, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
    let fields = data.iter().filter(|(_, value)| is_meant(value));
    let mut fields: Vec<(usize, &String)> = fields.map(|(name, value)| (size(value), name)).collect();
    fields.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    fields.into_iter().map(|(_, name)| name.clone()).collect()
}

/// Returns the bytes of a value in JSON.
fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const FIRED: EventType = EventType::new("alert.fired");
    const AT: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn event(data: Value) -> Event {
        let Value::Object(data) = data else { panic!("no object") };
        Event::new(FIRED, AT, 7, data).expect("an event")
    }

    fn parsed(event: &Event) -> Value {
        let payload = event.payload();
        assert!(payload.len() <= PAYLOAD_BYTES_MAX, "{} bytes", payload.len());
        serde_json::from_slice(&payload).expect("JSON")
    }

    #[test]
    fn a_small_event_is_whole() {
        let payload = event(json!({ "hashtag": "caf\u{e9}", "videos": ["7551"] })).payload();
        assert_eq!(
            std::str::from_utf8(&payload).expect("UTF-8"),
            "{\"type\":\"alert.fired\",\"timestamp\":\"2027-01-15T08:00:00Z\",\"sequence\":7,\
             \"data\":{\"hashtag\":\"caf\u{e9}\",\"videos\":[\"7551\"]}}"
        );
    }

    #[test]
    fn the_largest_list_is_cut_first_and_the_payload_says_so() {
        let videos: Vec<Value> = (0..2000).map(|id| json!({ "id": format!("75{id:017}") })).collect();
        let data = json!({ "hashtag": "cat", "videos": videos, "creators": vec!["somebody"; 100] });
        let payload = parsed(&event(data));
        let kept = payload["data"]["videos"].as_array().expect("a list").len();
        assert_eq!(payload["left_out"], json!([{ "field": "videos", "kept": kept, "of": 2000 }]));
        assert_eq!(payload["data"]["creators"].as_array().map(Vec::len), Some(100));
        assert_eq!(payload["data"]["videos"][0]["id"], "7500000000000000000");
        // Not more is left out than has to be: the room of two videos and of the note.
        let spare = PAYLOAD_BYTES_MAX - payload.to_string().len();
        assert!(kept > 500 && spare < 250, "{kept} kept, {spare} bytes to spare");
    }

    #[test]
    fn fields_that_are_no_lists_go_last_and_whole() {
        let long = "x".repeat(15_000);
        let payload =
            parsed(&event(json!({ "a": long, "b": format!("{long}y"), "list": [1, 2, 3], "tag": "cat" })));
        assert_eq!(payload["data"], json!({ "a": long, "list": [], "tag": "cat" }));
        let left_out = json!([{ "field": "list", "kept": 0, "of": 3 }, { "field": "b", "kept": 0, "of": 1 }]);
        assert_eq!(payload["left_out"], left_out);
    }

    #[test]
    fn events_have_few_fields_and_exact_sequences() {
        let field = |name: String| Map::from_iter([(name, Value::Null)]);
        let created = |sequence, data| Event::new(FIRED, AT, sequence, data).err();
        assert_eq!(created(SEQUENCE_MAX, field("x".repeat(FIELD_NAME_BYTES_MAX))), None);
        assert_eq!(created(SEQUENCE_MAX + 1, Map::new()), Some(EventError::Sequence));
        for name in ["", "Views", "a b", "a\"b", "caf\u{e9}", &"x".repeat(FIELD_NAME_BYTES_MAX + 1)] {
            assert_eq!(created(1, field(name.to_owned())), Some(EventError::Fields), "{name:?}");
        }
        let many = (0..=FIELDS_MAX).map(|number| (number.to_string(), Value::Null)).collect();
        assert_eq!(created(1, many), Some(EventError::Fields));
    }

    #[test]
    fn types_are_words_joined_by_dots() {
        for name in ["", "alert", "alert.", ".fired", "a..b", "Alert.fired", "alert fired", "alert.fired\n"] {
            assert!(std::panic::catch_unwind(|| EventType::new(name)).is_err(), "{name:?}");
        }
        assert_eq!(EventType::new("tracker.credits_low.soon").as_str(), "tracker.credits_low.soon");
    }

    proptest! {
        #[test]
        fn whatever_the_data_the_payload_is_small_and_accounts_for_it(
            lists in proptest::collection::vec((0_usize..300, 1_usize..40), 0..8),
            texts in proptest::collection::vec(("\\PC{0,20}", 0_usize..100), 0..8),
            fields in 0_usize..=(FIELDS_MAX - 24),
        ) {
            let mut data = Map::new();
            for (number, (elements, length)) in lists.iter().enumerate() {
                data.insert(format!("list{number}"), json!(vec!["<".repeat(*length); *elements]));
            }
            for (number, (text, times)) in texts.iter().enumerate() {
                data.insert(format!("text{number}"), text.repeat(*times).into());
            }
            for number in 0..fields {
                data.insert(format!("{number:0FIELD_NAME_BYTES_MAX$}"), "x".repeat(400).into());
            }
            let event = Event::new(FIRED, AT, SEQUENCE_MAX, data.clone()).expect("an event");
            let payload = parsed(&event);
            for (name, value) in data {
                let shown = &payload["data"][&name];
                let note = payload["left_out"].as_array().and_then(|notes| notes.iter().find(|note| note["field"] == name));
                match note {
                    None => prop_assert_eq!(shown, &value),
                    Some(note) => {
                        let shown = shown.as_array().map_or(0, Vec::len) as u64;
                        prop_assert_eq!(note["kept"].as_u64(), Some(shown));
                        let of = value.as_array().map_or(1, Vec::len) as u64;
                        prop_assert_eq!(note["of"].as_u64(), Some(of));
                    }
                }
            }
        }
    }
}
