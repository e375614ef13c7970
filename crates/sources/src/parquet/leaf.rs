//! One leaf column as the library stores it: values, with definition and repetition levels. A few hundred are in
//! memory at a time.

use super::pages::{Blocks, Counted};
use super::value::{Meaning, Pushed};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use ::parquet::errors::Result as ParquetResult;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::serialized_reader::SerializedPageReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Records read at a time.
const BATCH_RECORDS: usize = 512;

/// Records of list columns read at a time; they may be long.
const BATCH_RECORDS_OF_LISTS: usize = 64;

/// The levels of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    /// Definition level: groups and lists around the value that are present; the maximum if it is present
    /// itself.
    pub(super) defined: i16,
    /// Repetition level: the list that the value continues; 0 at the start of a record.
    pub(super) repeated: i16,
}

/// A column being read.
pub(super) struct Leaf {
    values: Values,
    meaning: Meaning,
    defined_max: i16,
    levels: Levels,
    /// Values in the pages read for one batch.
    pages: Arc<AtomicU64>,
}

#[derive(Default)]
struct Levels {
    defined: Vec<i16>,
    repeated: Vec<i16>,
    count: usize,
    /// Index of the next level, and of the next value.
    at: usize,
    value: usize,
}

/// A reader, with the batch it has read.
struct Typed<T: DataType> {
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
}

impl<T: DataType> Typed<T> {
    const fn new(reader: ColumnReaderImpl<T>) -> Self {
        Self { reader, values: Vec::new() }
    }

    fn read(&mut self, records: usize, levels: &mut Levels) -> ParquetResult<()> {
        self.values.clear();
        let (_, _, count) = self.reader.read_records(
            records,
            Some(&mut levels.defined),
            Some(&mut levels.repeated),
            &mut self.values,
        )?;
        levels.count = count;
        Ok(())
    }
}

enum Values {
    Flag(Typed<BoolType>),
    I32(Typed<Int32Type>),
    I64(Typed<Int64Type>),
    I96(Typed<Int96Type>),
    F32(Typed<FloatType>),
    F64(Typed<DoubleType>),
    Bytes(Typed<ByteArrayType>),
    Fixed(Typed<FixedLenByteArrayType>),
}

impl Leaf {
    /// Opens a column of a row group.
    pub(super) fn open(blocks: &Arc<Blocks>, group: &RowGroupMetaData, column: usize) -> ParquetResult<Self> {
        let chunk = group.column(column);
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let shape = chunk.column_descr_ptr();
        let values = Arc::new(AtomicU64::new(0));
        let pages = Counted {
            pages: SerializedPageReader::new(Arc::clone(blocks), chunk, rows, None)?,
            values: Arc::clone(&values),
        };
        // A flat column is read value by value, whatever the size of its pages.
        let reader = match shape.max_rep_level() {
            0 => get_column_reader(Arc::clone(&shape), Box::new(pages.pages)),
            _ => get_column_reader(Arc::clone(&shape), Box::new(pages)),
        };
        Ok(Self {
            values: match reader {
                ColumnReader::BoolColumnReader(reader) => Values::Flag(Typed::new(reader)),
                ColumnReader::Int32ColumnReader(reader) => Values::I32(Typed::new(reader)),
                ColumnReader::Int64ColumnReader(reader) => Values::I64(Typed::new(reader)),
                ColumnReader::Int96ColumnReader(reader) => Values::I96(Typed::new(reader)),
                ColumnReader::FloatColumnReader(reader) => Values::F32(Typed::new(reader)),
                ColumnReader::DoubleColumnReader(reader) => Values::F64(Typed::new(reader)),
                ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(Typed::new(reader)),
                ColumnReader::FixedLenByteArrayColumnReader(reader) => Values::Fixed(Typed::new(reader)),
            },
            meaning: Meaning::of(&shape),
            defined_max: shape.max_def_level(),
            levels: Levels::default(),
            pages: values,
        })
    }

    fn fill(&mut self, records: usize) -> ParquetResult<()> {
        self.pages.store(0, Ordering::Relaxed);
        let levels = &mut self.levels;
        levels.defined.clear();
        levels.repeated.clear();
        (levels.count, levels.at, levels.value) = (0, 0, 0);
        match &mut self.values {
            Values::Flag(typed) => typed.read(records, levels),
            Values::I32(typed) => typed.read(records, levels),
            Values::I64(typed) => typed.read(records, levels),
            Values::I96(typed) => typed.read(records, levels),
            Values::F32(typed) => typed.read(records, levels),
            Values::F64(typed) => typed.read(records, levels),
            Values::Bytes(typed) => typed.read(records, levels),
            Values::Fixed(typed) => typed.read(records, levels),
        }
    }

    /// Returns the next levels without consuming them. `None` at the end of the row group.
    pub(super) fn level(&mut self, has_lists: bool) -> ParquetResult<Option<Level>> {
        if self.levels.at == self.levels.count {
            self.fill(if has_lists { BATCH_RECORDS_OF_LISTS } else { BATCH_RECORDS })?;
            if self.levels.count == 0 {
                return Ok(None);
            }
        }
        let at = self.levels.at;
        Ok(Some(Level {
            defined: self.levels.defined.get(at).copied().unwrap_or(self.defined_max),
            repeated: self.levels.repeated.get(at).copied().unwrap_or(0),
        }))
    }

    /// Writes the value at these levels, if present, and advances.
    pub(super) fn take(&mut self, level: Level, text: &mut String) -> Result<Pushed, &'static str> {
        self.levels.at += 1;
        if level.defined < self.defined_max {
            return Ok(Pushed::Nothing);
        }
        let (at, meaning) = (self.levels.value, self.meaning);
        self.levels.value += 1;
        let pushed = match &self.values {
            Values::Flag(typed) => typed.values.get(at).map(|value| meaning.push_flag(*value, text)),
            Values::I32(typed) => typed.values.get(at).map(|value| meaning.push_i32(*value, text)),
            Values::I64(typed) => typed.values.get(at).map(|value| meaning.push_i64(*value, text)),
            Values::I96(typed) => typed.values.get(at).map(|value| meaning.push_i96(value, text)),
            Values::F32(typed) => typed.values.get(at).map(|value| meaning.push_f32(*value, text)),
            Values::F64(typed) => typed.values.get(at).map(|value| meaning.push_f64(*value, text)),
            Values::Bytes(typed) => {
                typed.values.get(at).map(|value| meaning.push_bytes(value.data(), text)).transpose()?
            }
            Values::Fixed(typed) => {
                typed.values.get(at).map(|value| meaning.push_bytes(value.data(), text)).transpose()?
            }
        };
        Ok(pushed.unwrap_or(Pushed::Nothing))
    }
}
