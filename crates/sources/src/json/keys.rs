//! The keys of an object with their unparsed values. Formats are detected by these.

use super::lenient::Text;
use super::number::Number;
use super::scan::{NoEnd, entries};

/// Keys stored per object. Real records have under a hundred; the rest is ignored.
const KEYS_MAX: usize = 1024;

/// The keys of an object in order, with their raw values.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    entries: Vec<(&'a [u8], &'a [u8])>,
    damage: Option<NoEnd>,
}

impl<'a> Keys<'a> {
    /// Indexes an object. For a damaged one, the part before the damage.
    pub(crate) fn of(object: &'a [u8]) -> Self {
        let mut keys = Self { entries: Vec::new(), damage: None };
        for entry in entries(object).take(KEYS_MAX) {
            match entry {
                Ok(entry) => keys.entries.push(entry),
                Err(damage) => keys.damage = Some(damage),
            }
        }
        keys
    }

    /// Returns what stopped the scan, if the object is damaged.
    pub(crate) const fn damage(&self) -> Option<NoEnd> {
        self.damage
    }

    /// Returns the raw value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.entries.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| *value)
    }

    /// Returns true if the key is present.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Returns true if all keys are present.
    pub(crate) fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    /// Returns true if one of the keys is present.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// Returns the object under a key.
    pub(crate) fn object(&self, key: &str) -> Option<&'a [u8]> {
        self.get(key).filter(|value| value.first() == Some(&b'{'))
    }

    /// Returns the value under a key as text.
    pub(crate) fn text(&self, key: &str) -> Option<Text<'a>> {
        self.get(key).and_then(|value| serde_json::from_slice(value).ok())
    }

    /// Returns the value under a key as a number.
    pub(crate) fn number(&self, key: &str) -> Number {
        self.get(key).and_then(|value| serde_json::from_slice(value).ok()).unwrap_or_default()
    }

    /// Returns true if there are no keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Lists the keys with their values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.entries.iter().copied()
    }

    /// Returns the only key, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&'a [u8]> {
        match self.entries[..] {
            [(key, _)] => Some(key),
            _ => None,
        }
    }

    /// Returns the values, if the keys are the numbers 0, 1, 2 ... (an array written as an object).
    pub(crate) fn numbered(&self) -> Option<impl Iterator<Item = &'a [u8]>> {
        let is_number = |key: &[u8]| !key.is_empty() && key.iter().all(u8::is_ascii_digit);
        let all = !self.entries.is_empty() && self.entries.iter().all(|(key, _)| is_number(key));
        all.then(|| self.entries.iter().map(|(_, value)| *value))
    }

    /// Returns the first keys, for a message.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self
            .entries
            .iter()
            .take(8)
            .map(|(key, _)| String::from_utf8_lossy(&key[..key.len().min(40)]))
            .collect();
        let more = if self.entries.len() > 8 { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_seen_and_values_are_not_read() {
        let keys = Keys::of(br#"{"id":"1","data":{"x":[1]},"now":1700000000000}"#);
        assert!(keys.has_all(&["id", "data"]) && !keys.has("x"));
        assert_eq!(keys.object("data"), Some(&br#"{"x":[1]}"#[..]));
        assert_eq!(keys.number("now").0, Some(1_700_000_000_000));
        assert_eq!(keys.names(), "id, data, now");
        assert_eq!(Keys::of(br#"{"id":3}"#).only(), Some(&b"id"[..]));
    }

    #[test]
    fn an_object_with_numbers_for_keys_is_a_list() {
        let keys = Keys::of(br#"{"0":{},"1":[]}"#);
        assert_eq!(keys.numbered().map(Iterator::count), Some(2));
        assert!(Keys::of(br#"{"0":{},"a":[]}"#).numbered().is_none());
    }
}
