//! Rows on their way from one backend to the other, and the keys that say how far a table has been copied.

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Flag(bool),
    Text(String),
    Blob(Vec<u8>),
}

/// Some rows of a table, one after the other, in the order of its columns.
#[derive(Debug)]
pub(crate) struct Rows {
    width: usize,
    values: Vec<Value>,
    /// Key of the last row.
    pub(crate) last: Option<Key>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, values: Vec::new(), last: None }
    }

    pub(crate) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.width
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks_exact(self.width)
    }
}

/// Where a row is in the order that its table is read in: whole numbers and texts only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Vec<Value>);

const INTEGER: u8 = 0;
const TEXT: u8 = 1;

impl Key {
    /// As it is stored: a byte for the kind of each value, then 8 bytes, or 4 bytes of length and the text.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in &self.0 {
            match value {
                Value::Integer(number) => {
                    bytes.push(INTEGER);
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
                Value::Text(text) => {
                    bytes.push(TEXT);
                    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                Value::Null | Value::Flag(_) | Value::Blob(_) => {}
            }
        }
        bytes
    }

    /// Back from [`Self::to_bytes`]; `None` for what is no key.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut values = Vec::new();
        while let Some((kind, rest)) = bytes.split_first() {
            let (value, rest) = match *kind {
                INTEGER => {
                    let (number, rest) = rest.split_first_chunk::<8>()?;
                    (Value::Integer(i64::from_le_bytes(*number)), rest)
                }
                TEXT => {
                    let (length, rest) = rest.split_first_chunk::<4>()?;
                    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                    (Value::Text(String::from_utf8(text.to_vec()).ok()?), rest)
                }
                _ => return None,
            };
            values.push(value);
            bytes = rest;
        }
        Some(Self(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_come_back(values in proptest::collection::vec(
            prop_oneof![any::<i64>().prop_map(Value::Integer), ".{0,20}".prop_map(Value::Text)], 0..4)
        ) {
            let key = Key(values);
            prop_assert_eq!(Key::from_bytes(&key.to_bytes()), Some(key));
        }

        #[test]
        fn what_is_no_key_is_refused_quietly(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Key::from_bytes(&bytes);
        }
    }
}
