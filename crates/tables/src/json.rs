//! JSON and NDJSON: an object a row, its keys in the order of the columns.
//!
//! Integers are written to the last digit, reals as the shortest number that reads back the same.

use crate::column::Columns;
use crate::writer::Meta;
use crate::{Column, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, BufWriter, Write};

/// A row as an object.
pub(crate) struct Record<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) values: &'a [Value],
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

impl Serialize for Value {
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

/// A list of pairs as an object.
struct Pairs<'a>(&'a Meta);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// An object a line.
pub(crate) struct NdjsonWriter<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> NdjsonWriter<W> {
    pub(crate) fn begin(out: W) -> Self {
        Self { out: BufWriter::new(out) }
    }

    pub(crate) fn row(&mut self, columns: &Columns, values: &[Value]) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &Record { columns: columns.as_slice(), values })?;
        self.out.write_all(b"\n")
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        Ok(self.out.into_inner()?)
    }
}

/// `{"data":[...],"meta":{...}}`, a row a line. What was cut off is no JSON, so that it is not taken for whole.
pub(crate) struct JsonWriter<W: Write> {
    out: BufWriter<W>,
    is_first: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(crate) fn begin(out: W) -> io::Result<Self> {
        let mut out = BufWriter::new(out);
        out.write_all(b"{\"data\":[")?;
        Ok(Self { out, is_first: true })
    }

    pub(crate) fn row(&mut self, columns: &Columns, values: &[Value]) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        Ok(serde_json::to_writer(&mut self.out, &Record { columns: columns.as_slice(), values })?)
    }

    pub(crate) fn finish(mut self, meta: &Meta) -> io::Result<W> {
        self.out.write_all(if self.is_first { b"],\"meta\":" } else { b"\n],\"meta\":" })?;
        serde_json::to_writer(&mut self.out, &Pairs(meta))?;
        self.out.write_all(b"}\n")?;
        Ok(self.out.into_inner()?)
    }
}
