//! Parquet: a row group is gathered in memory column by column, then written, packed with zstd.
//!
//! Every column may be null. Ids and text are UTF-8 strings, times are milliseconds and say that they are UTC. Pairs of
//! meta data stand in the footer. The column writers are used as they are: cells come one by one, so arrays of Arrow
//! would only be one more copy, and its crates one more thing to build.

use crate::column::Columns;
use crate::writer::Meta;
use crate::{Column, Kind, Value};
use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{Type, TypePtr};
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

/// Rows of a group; about what DuckDB reads with one thread.
const GROUP_ROWS_MAX: usize = 131_072;

/// A group is written sooner when its cells take this much.
const GROUP_BYTES_MAX: usize = 32 * 1024 * 1024;

const ZSTD_LEVEL: i32 = 3;

/// How deep a value that is there is defined, in a flat schema of optional columns; one that is not has 0.
const DEFINED: i16 = 1;

/// The cells of a column in the group that is gathered: which are there, and those that are.
struct Cells {
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    /// Texts one after another, and where each ends.
    Text {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
}

/// Where the bytes go, to be taken out in the end. The library would give it back too, but with only the words of an
/// error.
struct Slot<W>(Option<W>);

impl<W: Write> Slot<W> {
    fn out(&mut self) -> io::Result<&mut W> {
        self.0.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }
}

impl<W: Write> Write for Slot<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out()?.flush()
    }
}

/// Rows as Parquet.
pub(crate) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<Slot<W>>,
    columns: Vec<Cells>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(crate) fn begin(out: W, columns: &Columns, meta: &Meta) -> io::Result<Self> {
        let columns = columns.as_slice();
        let file = open(out, columns, meta).map_err(io_error)?;
        Ok(Self { file, columns: columns.iter().map(Cells::new).collect(), rows: 0, bytes: 0 })
    }

    pub(crate) fn row(&mut self, values: &[Value]) -> io::Result<()> {
        for (cells, value) in self.columns.iter_mut().zip(values) {
            self.bytes += cells.push(value);
        }
        self.rows += 1;
        if self.rows < GROUP_ROWS_MAX && self.bytes < GROUP_BYTES_MAX {
            return Ok(());
        }
        self.write_group().map_err(io_error)
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.write_group().map_err(io_error)?;
        }
        self.file.finish().map_err(io_error)?;
        self.file.inner_mut().0.take().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.file.next_row_group()?;
        for cells in &mut self.columns {
            let column = group.next_column()?;
            cells.write(column.ok_or_else(|| ParquetError::General("a column is missing".to_owned()))?)?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

fn open<W: Write + Send>(out: W, columns: &[Column], meta: &Meta) -> Result<SerializedFileWriter<Slot<W>>> {
    let pairs = meta.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_key_value_metadata(Some(pairs))
        .build();
    let fields = columns.iter().map(field).collect::<Result<_>>()?;
    let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
    SerializedFileWriter::new(Slot(Some(out)), Arc::new(schema), Arc::new(properties))
}

fn field(column: &Column) -> Result<TypePtr> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Id => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (PhysicalType::INT64, None),
        Kind::Real => (PhysicalType::DOUBLE, None),
        Kind::Flag => (PhysicalType::BOOLEAN, None),
        Kind::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

impl Cells {
    fn new(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Text | Kind::Id => Values::Text { bytes: Vec::new(), ends: Vec::new() },
            Kind::Integer | Kind::Time => Values::Integer(Vec::new()),
            Kind::Real => Values::Real(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    /// Takes a cell in, and says how many bytes it takes. Its kind is its column's, which was checked before.
    fn push(&mut self, value: &Value) -> usize {
        let bytes = match (&mut self.values, value) {
            (Values::Text { bytes, ends }, Value::Text(text) | Value::Id(text)) => {
                bytes.extend_from_slice(text.as_bytes());
                ends.push(bytes.len());
                Some(text.len() + size_of::<usize>())
            }
            (Values::Integer(values), Value::Integer(number)) => keep(values, *number),
            (Values::Integer(values), Value::Time(at)) => keep(values, at.as_ms()),
            (Values::Real(values), Value::Real(number)) => keep(values, *number),
            (Values::Flag(values), Value::Flag(flag)) => keep(values, *flag),
            _ => None,
        };
        self.levels.push(if bytes.is_some() { DEFINED } else { 0 });
        bytes.unwrap_or(0) + size_of::<i16>()
    }

    /// Writes the cells as the next column of a group, and keeps none of them.
    fn write(&mut self, mut column: SerializedColumnWriter<'_>) -> Result<()> {
        let levels = Some(self.levels.as_slice());
        match &mut self.values {
            Values::Text { bytes, ends } => {
                let texts = texts(std::mem::take(bytes), ends);
                column.typed::<ByteArrayType>().write_batch(&texts, levels, None)?;
                ends.clear();
            }
            Values::Integer(values) => {
                column.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Real(values) => {
                column.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Flag(values) => {
                column.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
        }
        self.levels.clear();
        column.close()
    }
}

fn keep<T>(values: &mut Vec<T>, value: T) -> Option<usize> {
    values.push(value);
    Some(size_of::<T>())
}

/// The texts, each a part of the one piece of memory that they share.
fn texts(bytes: Vec<u8>, ends: &[usize]) -> Vec<ByteArray> {
    let whole = ByteArray::from(bytes);
    let starts = std::iter::once(&0).chain(ends);
    starts.zip(ends).map(|(start, end)| whole.slice(*start, end - start)).collect()
}

/// The error of where the bytes go, if that is what it was.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        error => io::Error::other(error),
    }
}
