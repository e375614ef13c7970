//! JSON and NDJSON: one object per row, its keys in column order.
//!
//! Integers are written in full, reals as the shortest number that parses to the same value.

use crate::column::Columns;
use crate::writer::{Meta, PIECE_BYTES};
use crate::{Column, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};

/// A row as an object.
pub(crate) struct Record<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) values: &'a [Value<'a>],
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, value) in self.columns.iter().zip(self.values) {
            object.serialize_entry(column.name, value)?;
        }
        object.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) | Self::Id(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Time(at) => serializer.serialize_str(&at.to_rfc3339()),
            Self::Absent => serializer.serialize_none(),
        }
    }
}

/// Pairs as an object.
struct Pairs<'a>(&'a Meta);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Writes rows as objects, in chunks.
struct Objects<W: Write> {
    out: W,
    /// Bytes not written yet.
    piece: Vec<u8>,
    /// Text before the value of each column: `{"name":` for the first, `,"name":` for the others.
    before: Vec<Vec<u8>>,
}

impl<W: Write> Objects<W> {
    fn begin(out: W, columns: &Columns) -> io::Result<Self> {
        let mut before = Vec::with_capacity(columns.as_slice().len());
        for (place, column) in columns.as_slice().iter().enumerate() {
            let mut key = vec![if place == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut key, column.name)?;
            key.push(b':');
            before.push(key);
        }
        Ok(Self { out, piece: Vec::new(), before })
    }

    fn text(&mut self, text: &[u8]) {
        self.piece.extend_from_slice(text);
    }

    fn object(&mut self, values: &[Value<'_>]) -> io::Result<()> {
        for (before, value) in self.before.iter().zip(values) {
            self.piece.extend_from_slice(before);
            push(&mut self.piece, value)?;
        }
        self.piece.push(b'}');
        Ok(())
    }

    /// Writes the buffer if it has reached the chunk size.
    fn write_piece(&mut self) -> io::Result<()> {
        if self.piece.len() < PIECE_BYTES {
            return Ok(());
        }
        self.out.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.piece)?;
        Ok(self.out)
    }
}

/// Writes a value as JSON, as it would serialize.
fn push(out: &mut Vec<u8>, value: &Value<'_>) -> serde_json::Result<()> {
    match value {
        Value::Text(text) | Value::Id(text) if needs_escapes(text) => serde_json::to_writer(out, text),
        Value::Text(_) | Value::Id(_) | Value::Time(_) => {
            out.push(b'"');
            value.push_bare(out)?;
            out.push(b'"');
            Ok(())
        }
        Value::Integer(_) | Value::Real(_) | Value::Flag(_) => value.push_bare(out),
        Value::Absent => {
            out.extend_from_slice(b"null");
            Ok(())
        }
    }
}

/// Returns true if a text needs escapes in JSON. Scans all of it, which is faster than stopping at the
/// first.
fn needs_escapes(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

/// One object per line.
pub(crate) struct NdjsonWriter<W: Write> {
    rows: Objects<W>,
}

impl<W: Write> NdjsonWriter<W> {
    pub(crate) fn begin(out: W, columns: &Columns) -> io::Result<Self> {
        Ok(Self { rows: Objects::begin(out, columns)? })
    }

    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> io::Result<()> {
        self.rows.object(values)?;
        self.rows.text(b"\n");
        self.rows.write_piece()
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        self.rows.finish()
    }
}

/// `{"data":[...],"meta":{...}}`, one row per line. A truncated file is invalid JSON, so it cannot pass for
/// a complete one.
pub(crate) struct JsonWriter<W: Write> {
    rows: Objects<W>,
    is_first: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(crate) fn begin(out: W, columns: &Columns) -> io::Result<Self> {
        let mut rows = Objects::begin(out, columns)?;
        rows.text(b"{\"data\":[");
        Ok(Self { rows, is_first: true })
    }

    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> io::Result<()> {
        self.rows.text(if self.is_first { b"\n" } else { b",\n" });
        self.is_first = false;
        self.rows.object(values)?;
        self.rows.write_piece()
    }

    pub(crate) fn finish(mut self, meta: &Meta) -> io::Result<W> {
        self.rows.text(if self.is_first { b"],\"meta\":" } else { b"\n],\"meta\":" });
        serde_json::to_writer(&mut self.rows.piece, &Pairs(meta))?;
        self.rows.text(b"}\n");
        self.rows.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value<'static>> {
        let texts = prop_oneof![any::<String>(), "[a-z\"\\\\/\u{0}-\u{1f}\u{7f}\u{e9}\u{2028}]{0,40}"];
        prop_oneof![
            texts.clone().prop_map(Value::text),
            texts.prop_map(Value::id),
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_filter("finite", |real| real.is_finite()).prop_map(Value::Real),
            any::<bool>().prop_map(Value::Flag),
            (-99_999_999_999_999_i64..999_999_999_999_999).prop_map(|ms| Value::Time(Timestamp::from_ms(ms))),
            Just(Value::Absent),
        ]
    }

    proptest! {
        #[test]
        fn values_are_written_as_they_serialize(value in any_value()) {
            let mut written = Vec::new();
            push(&mut written, &value).expect("memory can be written to");
            prop_assert_eq!(written, serde_json::to_vec(&value).expect("JSON"));
        }
    }
}
