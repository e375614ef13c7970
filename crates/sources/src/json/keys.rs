//! What a record is made of: the keys of an object and the values under them, unread. Formats are told apart by these.

use super::lenient::Text;
use super::number::Number;
use super::scan::{NoEnd, entries};

/// Keys kept of one object. Real records have under a hundred; what comes after is not looked at.
const KEYS_MAX: usize = 1024;

/// The keys of an object in their order, with their values as they stand.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    entries: Vec<(&'a [u8], &'a [u8])>,
    damage: Option<NoEnd>,
}

impl<'a> Keys<'a> {
    /// Looks an object over. Of a damaged one, what comes before the damage.
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

    /// What stopped the reading, if something did.
    pub(crate) const fn damage(&self) -> Option<NoEnd> {
        self.damage
    }

    /// The value of a key as it stands.
    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.entries.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| *value)
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether all of the keys are there.
    pub(crate) fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    /// Whether one of the keys is there.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// The object under a key.
    pub(crate) fn object(&self, key: &str) -> Option<&'a [u8]> {
        self.get(key).filter(|value| value.first() == Some(&b'{'))
    }

    /// The value under a key as a text.
    pub(crate) fn text(&self, key: &str) -> Option<Text<'a>> {
        self.get(key).and_then(|value| serde_json::from_slice(value).ok())
    }

    /// The value under a key as a number.
    pub(crate) fn number(&self, key: &str) -> Number {
        self.get(key).and_then(|value| serde_json::from_slice(value).ok()).unwrap_or_default()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys with their values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.entries.iter().copied()
    }

    /// The only key, if there is one only.
    pub(crate) fn only(&self) -> Option<&'a [u8]> {
        match self.entries[..] {
            [(key, _)] => Some(key),
            _ => None,
        }
    }

    /// The values, if all keys are the numbers 0, 1, 2 ... (an array that a tool wrote as an object).
    pub(crate) fn numbered(&self) -> Option<impl Iterator<Item = &'a [u8]>> {
        let is_number = |key: &[u8]| !key.is_empty() && key.iter().all(u8::is_ascii_digit);
        let all = !self.entries.is_empty() && self.entries.iter().all(|(key, _)| is_number(key));
        all.then(|| self.entries.iter().map(|(_, value)| *value))
    }

    /// The first keys, for a message.
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
