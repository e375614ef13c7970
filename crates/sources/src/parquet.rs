//! Parquet files as tables. Within each row group, columns are read one page at a time; the sizes that a file claims
//! are checked first.

mod columns;
mod leaf;
mod pages;
mod thrift;
mod value;

use crate::json::read_buffer::ReadBuffer;
use crate::packing::seekable;
use crate::record::RecordContext;
use crate::run::{Outcome, Run, Stop};
use crate::table::{Cells, Header, Rows};
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use columns::{Column, Unreadable, columns};
use leaf::Leaf;
use pages::{Blocks, check_footer, check_pages};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Magic numbers of Parquet files; the second is that of an encrypted footer.
const MAGICS: [&[u8]; 2] = [b"PAR1", b"PARE"];

/// Name of such files in messages.
const FILE: &str = "a Parquet file";

/// Returns true if the bytes begin a Parquet file.
pub(crate) fn is_parquet(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

/// Reads a Parquet file nested in `packings` archives.
pub(crate) fn read(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>, packings: u32) -> Outcome {
    let (file, is_spooled) = match seekable(run, window, packings, FILE) {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let counted = if is_spooled { Arc::new(AtomicU64::new(0)) } else { Arc::clone(&run.bytes_read) };
    let unreadable = |why: String| Stop::Unknown(format!("{FILE} that cannot be read: {why}"));
    let blocks = Blocks::new(file, Arc::clone(&counted)).map_err(|error| unreadable(error.to_string()))?;
    counted.store(0, Ordering::Relaxed);
    check_footer(&blocks).map_err(unreadable)?;
    let metadata = guarded(|| {
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
        reader.parse_and_finish(&blocks).map_err(|error| error.to_string())
    })
    .map_err(unreadable)?;
    let columns = columns(metadata.file_metadata().schema_descr());
    let header = Header::new(columns.iter().map(|column| column.name.as_str()));
    let mut rows = Rows::open(run, header).map_err(|why| Stop::Unknown(format!("{FILE}; {why}")))?;
    let file = Table { blocks: Arc::new(blocks), metadata, columns };
    let outcome = file.read(run, &mut rows);
    rows.end(run)?;
    match outcome {
        Ok(()) => Ok(()),
        Err(Ended::Stop(stop)) => Err(stop),
        Err(Ended::Damage(why)) => run.damage(None, &why),
    }
}

/// Why reading ends early.
enum Ended {
    Stop(Stop),
    Damage(String),
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Calls the library. It panics on damage that it does not expect, which is caught and reported as damage.
fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("its bytes make no sense".to_owned()))
}

/// A file with known columns.
struct Table {
    blocks: Arc<Blocks>,
    metadata: ParquetMetaData,
    columns: Vec<Column>,
}

impl Table {
    fn read(&self, run: &mut Run<'_>, rows: &mut Rows) -> Result<(), Ended> {
        let mut number = 0_u64;
        for group in 0..self.metadata.num_row_groups() {
            let mut leaves = guarded(|| self.open(group)).map_err(Ended::Damage)?;
            let count = self.metadata.row_group(group).num_rows();
            let (mut text, mut cells) = (String::new(), Cells::default());
            for _ in 0..count {
                number += 1;
                let context = RecordContext::default().element(Some(number));
                let refused = guarded(|| self.row(&mut leaves, &mut text, &mut cells))
                    .map_err(|why| Ended::Damage(format!("row {number}, {why}")))?;
                match refused {
                    None => rows.row(run, &cells.row(), context, None)?,
                    Some(why) => rows.refuse(run, &cells.row().shown(), why, context, None)?,
                }
            }
        }
        Ok(())
    }

    /// Assembles the next row, or the reason to reject it.
    fn row(
        &self,
        leaves: &mut [Leaf],
        text: &mut String,
        cells: &mut Cells,
    ) -> Result<Option<String>, String> {
        cells.clear();
        let mut refused = None;
        for column in &self.columns {
            text.clear();
            match column.push(leaves, text) {
                Ok(()) => cells.push(text),
                Err(Unreadable::Cell(why)) => {
                    refused.get_or_insert(why);
                    cells.push("");
                }
                Err(Unreadable::File(why)) => return Err(format!("column {}: {why}", column.name)),
            }
        }
        Ok(refused)
    }

    /// Opens the columns of a row group.
    fn open(&self, group: usize) -> Result<Vec<Leaf>, String> {
        let group = self.metadata.row_group(group);
        let mut leaves = Vec::with_capacity(group.num_columns());
        for column in 0..group.num_columns() {
            let chunk = group.column(column);
            let has_lists = chunk.column_descr().max_rep_level() > 0;
            let of_column = |why: String| format!("column {}: {why}", chunk.column_path().string());
            check_pages(&self.blocks, chunk, has_lists).map_err(of_column)?;
            leaves
                .push(Leaf::open(&self.blocks, group, column).map_err(|error| of_column(error.to_string()))?);
        }
        Ok(leaves)
    }
}
