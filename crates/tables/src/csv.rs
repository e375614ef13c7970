//! CSV by RFC 4180: UTF-8, a header line, lines end in CR LF.
//!
//! A spreadsheet computes what looks like a formula, also in a file from elsewhere. A text that begins as one gets a
//! leading `'`, as OWASP advises; numbers are left alone. An absent cell and an empty text look the same.

use crate::Value;
use crate::column::Columns;
use crate::writer::PIECE_BYTES;
use ::csv::{Terminator, WriterBuilder};
use std::io::{self, Write};

/// The mark of UTF-8 at the beginning of a file, by which Excel tells that it is.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a formula begins with, also in full width; and what a spreadsheet passes over before it.
const FORMULA_STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet might take a text for a formula.
pub(crate) fn is_like_formula(text: &str) -> bool {
    text.starts_with(FORMULA_STARTS)
}

/// Rows as CSV.
pub(crate) struct CsvWriter<W: Write> {
    out: ::csv::Writer<W>,
    /// The cell that is being written, kept for its space.
    cell: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn begin(mut out: W, columns: &Columns, has_byte_order_mark: bool) -> io::Result<Self> {
        if has_byte_order_mark {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        let mut out =
            WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(PIECE_BYTES).from_writer(out);
        out.write_record(columns.as_slice().iter().map(|column| column.name)).map_err(io_error)?;
        Ok(Self { out, cell: Vec::new() })
    }

    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> io::Result<()> {
        for value in values {
            self.cell.clear();
            if let Value::Text(text) | Value::Id(text) = value
                && is_like_formula(text)
            {
                self.cell.push(b'\'');
            }
            value.push_bare(&mut self.cell)?;
            self.out.write_field(&self.cell).map_err(io_error)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(io_error)
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(::csv::IntoInnerError::into_error)
    }
}

/// The error of where the bytes go, if that is what it was.
fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(cause) => cause,
        kind => io::Error::other(format!("a row is no CSV: {kind:?}")),
    }
}
