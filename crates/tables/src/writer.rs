//! Rows go out one by one, in any format, in bounded memory.

use crate::column::Columns;
use crate::csv::CsvWriter;
use crate::json::{JsonWriter, NdjsonWriter};
use crate::parquet::ParquetWriter;
use crate::xlsx::XlsxWriter;
use crate::{Column, Format, Table, Value};
use domain::Timestamp;
use std::io::{self, Write};
use std::path::PathBuf;

/// What may be chosen besides the format.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// CSV: begin with the byte order mark by which Excel tells UTF-8.
    pub has_byte_order_mark: bool,
    /// XLSX: when the workbook says that it was created. Without one that is 1980-01-01.
    pub created: Option<Timestamp>,
    /// XLSX: where rows wait to be packed; the system's folder for temporary files if there is none.
    pub temporary_folder: Option<PathBuf>,
}

/// Texts go out in pieces of about so much: less makes many calls, more does not stay in a core's cache.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// Pairs of meta data: what they are called, and what they say.
pub(crate) type Meta = [(String, String)];

/// Writes rows to `W` in a format. CSV, JSON and NDJSON go out as they come; Parquet holds one group of rows, XLSX keeps
/// its rows in a temporary file. One that is dropped before [`Writer::finish`] leaves the beginning of a file, which
/// in CSV and NDJSON looks like a shorter one.
pub struct Writer<W: Write + Send> {
    columns: Columns,
    meta: Vec<(String, String)>,
    rows: u64,
    sink: Sink<W>,
}

enum Sink<W: Write + Send> {
    Json(JsonWriter<W>),
    Ndjson(NdjsonWriter<W>),
    Csv(Box<CsvWriter<W>>),
    Xlsx(Box<XlsxWriter<W>>),
    Parquet(Box<ParquetWriter<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table with these columns and pairs of meta data.
    ///
    /// Errors are those of `out`, and a [`crate::TableError`] if there is no column or two have one name.
    pub fn begin(out: W, format: Format, columns: &[Column], meta: &[(&str, String)]) -> io::Result<Self> {
        Self::begin_with(out, format, columns, meta, &Options::default())
    }

    /// [`Writer::begin`] with options.
    pub fn begin_with(
        out: W,
        format: Format,
        columns: &[Column],
        meta: &[(&str, String)],
        options: &Options,
    ) -> io::Result<Self> {
        let columns = Columns::new(columns)?;
        let meta: Vec<_> = meta.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let sink = match format {
            Format::Json => Sink::Json(JsonWriter::begin(out, &columns)?),
            Format::Ndjson => Sink::Ndjson(NdjsonWriter::begin(out, &columns)?),
            Format::Csv => Sink::Csv(Box::new(CsvWriter::begin(out, &columns, options.has_byte_order_mark)?)),
            Format::Xlsx => Sink::Xlsx(Box::new(XlsxWriter::begin(out, &columns, options)?)),
            Format::Parquet => Sink::Parquet(Box::new(ParquetWriter::begin(out, &columns, &meta)?)),
        };
        Ok(Self { columns, meta, rows: 0, sink })
    }

    /// Writes a row: a value for each column, absent or of its kind.
    ///
    /// Errors are those of where the rows go, after which nothing more can be written, and a [`crate::TableError`] for a
    /// row that does not fit, of which nothing was written.
    pub fn row(&mut self, values: &[Value<'_>]) -> io::Result<()> {
        self.columns.check(values)?;
        match &mut self.sink {
            Sink::Json(sink) => sink.row(values),
            Sink::Ndjson(sink) => sink.row(values),
            Sink::Csv(sink) => sink.row(values),
            Sink::Xlsx(sink) => sink.row(&self.columns, values),
            Sink::Parquet(sink) => sink.row(values),
        }?;
        self.rows += 1;
        Ok(())
    }

    /// How many rows were written.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left and gives back what was written to, flushed.
    pub fn finish(self) -> io::Result<W> {
        self.finish_with(&[])
    }

    /// [`Writer::finish`]; XLSX gets a sheet for each of these tables, other formats have no place for them.
    pub(crate) fn finish_with(self, others: &[(&str, Table<'_>)]) -> io::Result<W> {
        let mut out = match self.sink {
            Sink::Json(sink) => sink.finish(&self.meta),
            Sink::Ndjson(sink) => sink.finish(),
            Sink::Csv(sink) => sink.finish(),
            Sink::Xlsx(sink) => sink.finish(&self.columns, others, &self.meta),
            Sink::Parquet(sink) => sink.finish(),
        }?;
        out.flush()?;
        Ok(out)
    }
}
