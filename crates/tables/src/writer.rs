//! Writes rows one by one, in any format, in bounded memory.

use crate::column::Columns;
use crate::csv::CsvWriter;
use crate::json::{JsonWriter, NdjsonWriter};
use crate::parquet::ParquetWriter;
use crate::xlsx::XlsxWriter;
use crate::{Column, Format, Table, Value};
use domain::Timestamp;
use std::io::{self, Write};
use std::path::PathBuf;

/// Options besides the format.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// CSV: begin with a byte order mark, by which Excel recognises UTF-8.
    pub has_byte_order_mark: bool,
    /// XLSX: creation time of the workbook. Default: 1980-01-01.
    pub created: Option<Timestamp>,
    /// XLSX: folder for buffered rows. Default: the system's temporary folder.
    pub temporary_folder: Option<PathBuf>,
}

/// Size of output chunks: smaller ones cost more calls, larger ones do not fit a core's cache.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// Metadata: names and values.
pub(crate) type Meta = [(String, String)];

/// Writes rows to `W` in a format. CSV, JSON and NDJSON are streamed; Parquet buffers one row group, XLSX
/// buffers rows in a temporary file. Dropping it before [`Writer::finish`] leaves a truncated file, which in
/// CSV and NDJSON looks like a shorter one.
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
    /// Begins a table with these columns and metadata.
    ///
    /// # Errors
    ///
    /// Those of `out`, and a [`crate::TableError`] without columns or if two have the same name.
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

    /// Writes a row: a value for each column, absent or of its type.
    ///
    /// # Errors
    ///
    /// Those of the output, after which nothing more can be written, and a [`crate::TableError`] for a row
    /// that does not fit, of which nothing was written.
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

    /// Returns the number of rows written.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes buffered data and returns the output, flushed.
    pub fn finish(self) -> io::Result<W> {
        self.finish_with(&[])
    }

    /// [`Writer::finish`] with further tables; XLSX gets a sheet for each, other formats omit them.
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
