//! Parquet: row groups are collected in memory by column, then compressed with zstd and written.
//!
//! Integers and times are `PLAIN`; texts use a dictionary while it pays off. Every column is nullable. Ids and texts
//! are UTF-8 strings, times are milliseconds in UTC. Metadata is in the footer. Cells arrive one by one, so the column
//! writers are used directly: Arrow arrays would be another copy and more crates.

use crate::column::Columns;
use crate::writer::Meta;
use crate::{Column, Kind, Value};
use ::parquet::basic::{
    Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel,
};
use ::parquet::column::writer::{
    ColumnCloseResult, ColumnWriter, get_column_writer, get_typed_column_writer_mut,
};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use ::parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use ::parquet::schema::types::{ColumnDescPtr, Type, TypePtr};
use bytes::Bytes;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

/// Rows of a group; about the amount that DuckDB reads with one thread.
const GROUP_ROWS_MAX: usize = 131_072;

/// Size of the cells, in bytes, at which a group is written earlier.
const GROUP_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Smaller groups are compressed by one thread: starting threads would take longer.
const ROWS_ALONE_MAX: usize = 10_000;

const ZSTD_LEVEL: i32 = 3;

/// Definition level of a present value, in a flat schema of optional columns; an absent one has 0.
const DEFINED: i16 = 1;

/// The cells of a column in the current group: a presence flag for each, and the present values.
struct Cells {
    shape: ColumnDescPtr,
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    /// Concatenated texts, with the end of each.
    Text {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
}

/// The output, recoverable at the end. The library would return it too, but with its errors turned into
/// text.
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

/// Writes rows as Parquet.
pub(crate) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<Slot<W>>,
    columns: Vec<Cells>,
    /// Threads that help to compress a large group.
    helpers: usize,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(crate) fn begin(out: W, columns: &Columns, meta: &Meta) -> io::Result<Self> {
        let file = open(out, columns.as_slice(), meta).map_err(io_error)?;
        let shapes = file.schema_descr().columns();
        let columns = columns.as_slice().iter().zip(shapes).map(|(column, shape)| Cells::new(column, shape));
        let columns: Vec<Cells> = columns.collect();
        let helpers = available_parallelism().map_or(1, usize::from).min(columns.len()) - 1;
        Ok(Self { file, columns, helpers, rows: 0, bytes: 0 })
    }

    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> io::Result<()> {
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
        let others = if self.rows > ROWS_ALONE_MAX { self.helpers } else { 0 };
        let packed = pack_all(&mut self.columns, self.file.properties(), others)?;
        let mut group = self.file.next_row_group()?;
        for Packed { bytes, closed } in packed {
            group.append_column(&bytes, closed)?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

/// A compressed column of a group, with its footer metadata.
struct Packed {
    bytes: Bytes,
    closed: ColumnCloseResult,
}

/// Compresses columns, with the given number of extra threads.
fn pack_all(columns: &mut [Cells], properties: &WriterPropertiesPtr, others: usize) -> Result<Vec<Packed>> {
    let waiting = Mutex::new(columns.iter_mut().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> Result<Vec<(usize, Packed)>> {
        let mut packed = Vec::new();
        while let Some((place, cells)) = next() {
            packed.push((place, cells.pack(properties)?));
        }
        Ok(packed)
    };
    let mut packed = std::thread::scope(|scope| -> Result<_> {
        // If no more threads are available, this one does all the work.
        let begun = (0..others).map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok());
        let begun: Vec<_> = begun.collect();
        let mut packed = work()?;
        for other in begun {
            let failed = |_| ParquetError::General("packing a column has panicked".to_owned());
            packed.extend(other.join().map_err(failed)??);
        }
        Ok(packed)
    })?;
    packed.sort_unstable_by_key(|(place, _)| *place);
    Ok(packed.into_iter().map(|(_, packed)| packed).collect())
}

fn open<W: Write + Send>(out: W, columns: &[Column], meta: &Meta) -> Result<SerializedFileWriter<Slot<W>>> {
    let pairs = meta.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_key_value_metadata(Some(pairs));
    // Counts and times rarely repeat, so a dictionary would be abandoned half way. Delta encoding saves
    // little after zstd, and fastparquet decodes it wrongly: findings/fastparquet_delta_int64.sh.
    for column in columns.iter().filter(|column| matches!(column.kind, Kind::Integer | Kind::Time)) {
        properties = properties
            .set_column_dictionary_enabled(column.name.into(), false)
            .set_column_encoding(column.name.into(), Encoding::PLAIN);
    }
    let properties = properties.build();
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
    fn new(column: &Column, shape: &ColumnDescPtr) -> Self {
        let values = match column.kind {
            Kind::Text | Kind::Id => Values::Text { bytes: Vec::new(), ends: Vec::new() },
            Kind::Integer | Kind::Time => Values::Integer(Vec::new()),
            Kind::Real => Values::Real(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
        };
        Self { shape: Arc::clone(shape), levels: Vec::new(), values }
    }

    /// Adds a cell and returns its size in bytes. Its type was checked before.
    fn push(&mut self, value: &Value<'_>) -> usize {
        let bytes = match (&mut self.values, value) {
            (Values::Text { bytes, ends }, Value::Text(text) | Value::Id(text)) => {
                bytes.extend_from_slice(text.as_bytes());
                ends.push(bytes.len());
                Some(text.len() + size_of::<usize>())
            }
            (Values::Integer(values), Value::Integer(number)) => put(values, *number),
            (Values::Integer(values), Value::Time(at)) => put(values, at.as_ms()),
            (Values::Real(values), Value::Real(number)) => put(values, *number),
            (Values::Flag(values), Value::Flag(flag)) => put(values, *flag),
            _ => None,
        };
        self.levels.push(if bytes.is_some() { DEFINED } else { 0 });
        bytes.unwrap_or(0) + size_of::<i16>()
    }

    /// Encodes the cells, and clears them.
    fn pack(&mut self, properties: &WriterPropertiesPtr) -> Result<Packed> {
        let mut out = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut out));
        let column = get_column_writer(Arc::clone(&self.shape), Arc::clone(properties), pages);
        let closed = self.write(column)?;
        Ok(Packed { bytes: out.into_inner()?.into(), closed })
    }

    fn write(&mut self, mut column: ColumnWriter<'_>) -> Result<ColumnCloseResult> {
        let levels = Some(self.levels.as_slice());
        match &mut self.values {
            Values::Text { bytes, ends } => {
                let texts = texts(std::mem::take(bytes), ends);
                get_typed_column_writer_mut::<ByteArrayType>(&mut column)
                    .write_batch(&texts, levels, None)?;
                ends.clear();
            }
            Values::Integer(values) => {
                get_typed_column_writer_mut::<Int64Type>(&mut column).write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Real(values) => {
                get_typed_column_writer_mut::<DoubleType>(&mut column).write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Flag(values) => {
                get_typed_column_writer_mut::<BoolType>(&mut column).write_batch(values, levels, None)?;
                values.clear();
            }
        }
        self.levels.clear();
        column.close()
    }
}

fn put<T>(values: &mut Vec<T>, value: T) -> Option<usize> {
    values.push(value);
    Some(size_of::<T>())
}

/// Returns the texts as slices of one shared buffer.
fn texts(bytes: Vec<u8>, ends: &[usize]) -> Vec<ByteArray> {
    let whole = ByteArray::from(bytes);
    let starts = std::iter::once(&0).chain(ends);
    starts.zip(ends).map(|(start, end)| whole.slice(*start, end - start)).collect()
}

/// Returns the I/O error of the output, if that is the cause.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        error => io::Error::other(error),
    }
}
