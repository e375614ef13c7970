//! The bytes of a Parquet file: its footer and page headers, checked before the library reads them. Their claims
//! decide how much memory is allocated, so they must be within bounds first.

use super::thrift::{Compact, I32, LIST, STRUCT};
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest footer, in bytes. Ten thousand row groups of a hundred columns need about 100 MB.
const FOOTER_BYTES_MAX: u64 = 128 << 20;

/// Most columns and groups.
const SCHEMA_ELEMENTS_MAX: u64 = 20_000;

/// Deepest nesting of groups. A list of objects has three.
const SCHEMA_DEPTH_MAX: usize = 40;

/// Largest uncompressed page, in bytes. Most programs write pages of 1 MB, DuckDB up to 100 MB, and
/// fastparquet one page per column.
pub(super) const PAGE_BYTES_MAX: u64 = 512 << 20;

/// Most values of a dictionary, at about 40 bytes of memory each.
const DICTIONARY_VALUES_MAX: u64 = 4 << 20;

/// Most values of a page of lists, and of the pages that one record spans.
pub(super) const LEVELS_MAX: u64 = 8 << 20;

/// Bytes read at a time when searching for headers.
const READ_BYTES: usize = 16 * 1024;

/// Random access to the bytes of a file. Counts the bytes read.
pub(super) struct Blocks {
    file: Mutex<File>,
    bytes: u64,
    counted: Arc<AtomicU64>,
}

impl Blocks {
    pub(super) fn new(file: File, counted: Arc<AtomicU64>) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self { file: Mutex::new(file), bytes, counted })
    }

    fn read_at(&self, start: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.read(buffer)
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Blocks {
    type T = BufReader<Section>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        // Only headers are read this way.
        let mut buffered = vec![0; READ_BYTES];
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).try_clone()?;
        let read = self.read_at(start, &mut buffered)?;
        buffered.truncate(read);
        let next = start + read as u64;
        Ok(BufReader::with_capacity(READ_BYTES, Section { buffered, at: 0, file, next }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.bytes);
        if end.is_none() {
            return Err(ParquetError::EOF("the file ends before a page does".to_owned()));
        }
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match self.read_at(start + filled as u64, &mut bytes[filled..])? {
                0 => return Err(ParquetError::EOF("the file ends before a page does".to_owned())),
                read => filled += read,
            }
        }
        self.counted.fetch_add(length as u64, Ordering::Relaxed);
        Ok(bytes.into())
    }
}

/// The bytes after an offset.
pub(super) struct Section {
    buffered: Vec<u8>,
    at: usize,
    file: File,
    next: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let buffered = &self.buffered[self.at..];
        if buffered.is_empty() {
            self.file.seek(SeekFrom::Start(self.next))?;
            let read = self.file.read(buffer)?;
            self.next += read as u64;
            return Ok(read);
        }
        let bytes = buffered.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&buffered[..bytes]);
        self.at += bytes;
        Ok(bytes)
    }
}

/// Checks that the footer is present, complete and of acceptable size.
pub(super) fn check_footer(blocks: &Blocks) -> Result<(), String> {
    const TAIL: u64 = 8;
    let tail = blocks.bytes.checked_sub(TAIL).and_then(|start| blocks.get_bytes(start, TAIL as usize).ok());
    let tail = tail.ok_or("it is too short to be one")?;
    let (length, magic) = tail.split_at(4);
    match magic {
        b"PAR1" => {}
        b"PARE" => return Err("it is encrypted; write it again without encryption".to_owned()),
        _ => return Err("its end is missing, where the file says what is in it: copy it again".to_owned()),
    }
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    let start = (blocks.bytes - TAIL).checked_sub(length).filter(|_| length <= FOOTER_BYTES_MAX);
    let start = start.ok_or_else(|| format!("its footer of {length} bytes is longer than can be"))?;
    let footer = usize::try_from(length).map_err(|_| "its footer is too long".to_owned());
    let footer = blocks.get_bytes(start, footer?).map_err(|error| error.to_string())?;
    check_schema(&footer).map_err(|error| format!("its footer is damaged: {error}"))
}

/// Checks the number and nesting of columns.
fn check_schema(footer: &[u8]) -> io::Result<()> {
    const SCHEMA: i64 = 2;
    const CHILDREN: i64 = 5;
    const TOO_MANY: &str = "it has too many columns, or columns too deep inside one another";
    let mut children = Vec::new();
    Compact::new(footer).fields(&mut |footer, field, kind| {
        if (field, kind) != (SCHEMA, LIST) {
            return Ok(false);
        }
        let (length, kind) = footer.list()?;
        if kind != STRUCT || length > SCHEMA_ELEMENTS_MAX {
            return Err(io::Error::other(TOO_MANY));
        }
        for _ in 0..length {
            let mut count = 0;
            footer.fields(&mut |element, field, kind| {
                let is_count = (field, kind) == (CHILDREN, I32);
                if is_count {
                    count = element.integer()?;
                }
                Ok(is_count)
            })?;
            children.push(count);
        }
        Ok(true)
    })?;
    // Children still expected, from the outermost group to the innermost.
    let mut open: Vec<i64> = Vec::new();
    for (place, count) in children.iter().enumerate() {
        if let Some(awaited) = open.last_mut() {
            *awaited -= 1;
        }
        if *count < 0 || usize::try_from(*count).is_ok_and(|count| count >= children.len() - place) {
            return Err(io::Error::other(TOO_MANY));
        }
        if *count > 0 {
            open.push(*count);
        }
        if open.len() > SCHEMA_DEPTH_MAX {
            return Err(io::Error::other(TOO_MANY));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Ok(())
}

/// Checks the page headers of a column. Returns the uncompressed size of the largest page.
pub(super) fn check_pages(
    blocks: &Blocks,
    chunk: &ColumnChunkMetaData,
    has_lists: bool,
) -> Result<u64, String> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let place = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let place = place.and_then(|(start, bytes)| Some((start, start.checked_add(bytes)?)));
    let (mut at, end) =
        place.filter(|(_, end)| *end <= blocks.bytes).ok_or("it lies beyond the end of the file")?;
    let mut largest = 0;
    while at < end {
        let header = blocks.get_read(at).map_err(|error| error.to_string())?;
        let page =
            PageHeader::read(header).map_err(|error| format!("the header of a page is damaged: {error}"))?;
        page.check(has_lists)?;
        largest = largest.max(page.unpacked);
        at = at.saturating_add(page.bytes).saturating_add(page.packed);
    }
    Ok(largest)
}

/// The claims of a page header.
#[derive(Debug, Default)]
struct PageHeader {
    /// Length of the header itself.
    bytes: u64,
    packed: u64,
    unpacked: u64,
    values: u64,
    is_dictionary: bool,
}

impl PageHeader {
    fn read(stream: impl Read) -> io::Result<Self> {
        const UNPACKED: i64 = 2;
        const PACKED: i64 = 3;
        const OF_DATA: [i64; 2] = [5, 8];
        const OF_DICTIONARY: i64 = 7;
        const VALUES: i64 = 1;
        let mut page = Self::default();
        let mut header = Compact::new(stream);
        let unsigned = |number: i64| u64::try_from(number).map_err(|_| io::Error::other("a size below 0"));
        header.fields(&mut |header, field, kind| {
            match (field, kind) {
                (UNPACKED, I32) => page.unpacked = unsigned(header.integer()?)?,
                (PACKED, I32) => page.packed = unsigned(header.integer()?)?,
                (field, STRUCT) if field == OF_DICTIONARY || OF_DATA.contains(&field) => {
                    page.is_dictionary = field == OF_DICTIONARY;
                    header.fields(&mut |inner, field, kind| {
                        let is_count = (field, kind) == (VALUES, I32);
                        if is_count {
                            page.values = unsigned(inner.integer()?)?;
                        }
                        Ok(is_count)
                    })?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        page.bytes = header.bytes;
        Ok(page)
    }

    fn check(&self, has_lists: bool) -> Result<(), String> {
        if self.unpacked > PAGE_BYTES_MAX {
            return Err(format!(
                "a page of {} MB, more than the {} MB that are read at a time; write the file again with smaller pages",
                self.unpacked >> 20,
                PAGE_BYTES_MAX >> 20
            ));
        }
        let too_many = match self.is_dictionary {
            true => self.values > DICTIONARY_VALUES_MAX || self.values > self.unpacked.max(1),
            false => has_lists && self.values > LEVELS_MAX,
        };
        if too_many { Err(format!("a page that claims {} values", self.values)) } else { Ok(()) }
    }
}

/// The pages of a list column: fails if one record spans more values than the limit.
pub(super) struct Counted<P> {
    pub(super) pages: P,
    /// Values in the pages since the last record.
    pub(super) values: Arc<AtomicU64>,
}

impl<P: PageReader> Iterator for Counted<P> {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for Counted<P> {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        let page = self.pages.get_next_page()?;
        let values = page.as_ref().map_or(0, |page| u64::from(page.num_values()));
        if self.values.fetch_add(values, Ordering::Relaxed) + values > 2 * LEVELS_MAX {
            return Err(ParquetError::General(format!("a record of more than {LEVELS_MAX} values")));
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> ParquetResult<bool> {
        self.pages.at_record_boundary()
    }
}
