//! CSV by RFC 4180: UTF-8, a header line, CR LF line endings.
//!
//! A spreadsheet evaluates text that looks like a formula, even from an untrusted file. Such text gets a leading `'`,
//! as OWASP advises; numbers are unchanged. An absent cell and an empty text look the same.

use crate::Value;
use crate::column::Columns;
use crate::writer::PIECE_BYTES;
use ::csv::{Terminator, WriterBuilder};
use std::io::{self, Write};

/// The UTF-8 byte order mark, by which Excel recognises the encoding.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// First characters of a formula, also in full width, and white space that a spreadsheet skips before it.
const FORMULA_STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Returns true if a spreadsheet may evaluate a text as a formula.
pub fn is_like_formula(text: &str) -> bool {
    text.starts_with(FORMULA_STARTS)
}

/// Writes rows as CSV.
pub(crate) struct CsvWriter<W: Write> {
    out: ::csv::Writer<W>,
    /// Reusable buffer of the current cell.
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

/// Returns the I/O error of the output, if that is the cause.
fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(cause) => cause,
        kind => io::Error::other(format!("a row is no CSV: {kind:?}")),
    }
}
