//! Rows in transfer from one backend to the other, and the keys that record the progress of a table.

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Flag(bool),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// Rows of a table, one after the other, in the order of its columns.
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

/// The key of a row, after which a transfer continues: integers, texts and blobs only.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key(pub(crate) Vec<Value>);

const INTEGER: u8 = 0;
const TEXT: u8 = 1;
const BLOB: u8 = 2;

impl Key {
    /// Encodes the key: a byte for the kind of each value, then 8 bytes, or 4 bytes of length and the text or
    /// blob.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |kind: u8, value: &[u8]| {
            bytes.push(kind);
            if kind != INTEGER {
                bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
            }
            bytes.extend_from_slice(value);
        };
        for value in &self.0 {
            match value {
                Value::Integer(number) => put(INTEGER, &number.to_le_bytes()),
                Value::Text(text) => put(TEXT, text.as_bytes()),
                Value::Blob(blob) => put(BLOB, blob),
                Value::Null | Value::Flag(_) | Value::Real(_) => {}
            }
        }
        bytes
    }

    /// Decodes a key. Returns `None` for bytes that are not one.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut values = Vec::new();
        while let Some((kind, rest)) = bytes.split_first() {
            let (value, rest) = match *kind {
                INTEGER => {
                    let (number, rest) = rest.split_first_chunk::<8>()?;
                    (Value::Integer(i64::from_le_bytes(*number)), rest)
                }
                TEXT | BLOB => {
                    let (length, rest) = rest.split_first_chunk::<4>()?;
                    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                    let value = value.to_vec();
                    let is_text = *kind == TEXT;
                    (
                        if is_text {
                            Value::Text(String::from_utf8(value).ok()?)
                        } else {
                            Value::Blob(value)
                        },
                        rest,
                    )
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
            prop_oneof![
                any::<i64>().prop_map(Value::Integer),
                ".{0,20}".prop_map(Value::Text),
                any::<Vec<u8>>().prop_map(Value::Blob),
            ], 0..4)
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
