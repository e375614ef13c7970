//! A segment: an immutable index of some tags, in a file or in memory, and what its bytes mean.
//!
//! ```text
//! head    magic, format version
//! groups  documents in order of rank            (documents.rs)
//! exact   hash table from form to rank          (exact.rs)
//! lists   posting lists                         (postings.rs)
//! grams   sorted entries, gram to list          (dictionary.rs)
//! firsts  first gram of each page of `grams`    loaded when opened
//! starts  where each group begins               loaded when opened
//! foot    offsets of the above, documents, sequence, identity, checksum, magic
//! ```

use crate::bytes::Reader;
use crate::dictionary::{Dictionary, DictionaryWriter};
use crate::documents::{Documents, GROUP, GroupWriter, Record};
use crate::exact::{Exact, ExactWriter};
use crate::gram::GramLister;
use crate::invert::Inverter;
use crate::postings::{ListAt, PostingWriter};
use crate::storage::Storage;
use std::io::{self, Write};
use xxhash_rust::xxh3::Xxh3Default;

const MAGIC: [u8; 8] = *b"TMSEARCH";

/// To be raised whenever the same bytes would mean something else, the search form included.
const FORMAT_VERSION: u32 = 1;

const HEAD_BYTES: u64 = 8 + 4 + 4;
const SECTIONS: usize = 6;
const FOOT_BYTES: u64 = 8 * SECTIONS as u64 + 8 + 8 + 16 + 8 + 8;
const CHECK_BYTES: usize = 1 << 20;

/// Why a file cannot be used as the index. Whatever it is, a rebuild mends it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read; most often it is not there yet.
    #[error("the search index cannot be read")]
    Read(#[from] io::Error),
    /// The file is something else.
    #[error("the file is no search index")]
    NotAnIndex,
    /// The file was written in a format of another release.
    #[error("the search index has format version {found}, this release reads {FORMAT_VERSION}")]
    Version {
        /// The version in the file.
        found: u32,
    },
    /// The file was cut short or changed since it was written.
    #[error("the search index is damaged: {0}")]
    Damaged(&'static str),
    /// The file was built from another store.
    #[error("the search index belongs to another store")]
    OtherStore,
}

/// Whose index it is and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) identity: u128,
    pub(super) sequence: u64,
}

/// Passes bytes on, counts them and adds them to a checksum.
struct Checked<W> {
    out: W,
    position: u64,
    checksum: Xxh3Default,
}

impl<W: Write> Checked<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn put_all(&mut self, numbers: &[u64]) -> io::Result<()> {
        numbers.iter().try_for_each(|number| self.put(&number.to_le_bytes()))
    }
}

/// Writes a segment from documents in order of rank.
pub(super) struct SegmentWriter<W> {
    out: Checked<W>,
    group: GroupWriter,
    starts: Vec<u64>,
    exact: ExactWriter,
    inverter: Inverter,
    lister: GramLister,
    count: u32,
}

impl<W: Write> SegmentWriter<W> {
    /// For exactly `documents` documents.
    pub(super) fn new(out: W, documents: u64, inverter: Inverter) -> io::Result<Self> {
        if documents >= u64::from(u32::MAX) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "too many hashtags for one search index",
            ));
        }
        let mut out = Checked { out, position: 0, checksum: Xxh3Default::new() };
        out.put(&MAGIC)?;
        out.put(&FORMAT_VERSION.to_le_bytes())?;
        out.put(&[0; 4])?;
        Ok(Self {
            group: GroupWriter::default(),
            starts: vec![out.position],
            exact: ExactWriter::new(documents),
            inverter,
            lister: GramLister::default(),
            count: 0,
            out,
        })
    }

    pub(super) fn push(&mut self, record: &Record) -> io::Result<()> {
        let rank = self.count;
        self.count += 1;
        if self.group.push(record) {
            self.write_group()?;
        }
        self.exact.insert(&record.form, rank);
        self.lister.list(&record.form, |gram| self.inverter.push(gram, rank));
        self.inverter.document_done()
    }

    fn write_group(&mut self) -> io::Result<()> {
        self.out.put(&self.group.take())?;
        self.starts.push(self.out.position);
        Ok(())
    }

    /// Writes the rest and gives back where it was written to.
    pub(super) fn finish(mut self, label: Label) -> io::Result<W> {
        if !self.count.is_multiple_of(GROUP) {
            self.write_group()?;
        }
        let mut out = self.out;
        let exact_at = out.position;
        out.put(&self.exact.into_bytes())?;
        let lists_at = out.position;
        let (mut dictionary, mut lists) = (DictionaryWriter::default(), PostingWriter::new());
        let mut list = Vec::new();
        self.inverter.finish(|gram, ranks| {
            list.clear();
            lists.write(ranks, &mut list);
            let at = ListAt { offset: out.position, bytes: list.len() as u32, count: ranks.len() as u32 };
            dictionary.push(gram, at);
            out.put(&list)
        })?;
        let grams_at = out.position;
        out.put(&dictionary.entries)?;
        let firsts_at = out.position;
        out.put_all(&dictionary.firsts)?;
        let starts_at = out.position;
        out.put_all(&self.starts)?;
        let foot_at = out.position;
        out.put_all(&[exact_at, lists_at, grams_at, firsts_at, starts_at, foot_at])?;
        out.put_all(&[u64::from(self.count), label.sequence])?;
        out.put(&label.identity.to_le_bytes())?;
        let checksum = out.checksum.digest();
        out.put_all(&[checksum])?;
        out.put(&MAGIC)?;
        Ok(out.out)
    }
}

/// A segment that can be searched.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) storage: Storage,
    pub(super) label: Label,
    pub(super) documents: Documents,
    pub(super) exact: Exact,
    pub(super) dictionary: Dictionary,
}

impl Segment {
    /// Opens a segment that we have just written.
    pub(super) fn open(storage: Storage) -> Result<Self, OpenError> {
        let bytes = storage.bytes();
        let mut head = [0; HEAD_BYTES as usize];
        if bytes < HEAD_BYTES {
            return Err(OpenError::NotAnIndex);
        }
        storage.read(0, &mut head)?;
        let mut head = Reader(&head);
        if head.array()? != MAGIC {
            return Err(OpenError::NotAnIndex);
        }
        match head.u32()? {
            FORMAT_VERSION => {}
            found => return Err(OpenError::Version { found }),
        }
        let foot_at = bytes.checked_sub(FOOT_BYTES).ok_or(OpenError::Damaged("it is cut short"))?;
        let mut foot = [0; FOOT_BYTES as usize];
        storage.read(foot_at, &mut foot)?;
        let mut foot = Reader(&foot);
        let mut at = [0; SECTIONS];
        for offset in &mut at {
            *offset = foot.u64()?;
        }
        let [exact_at, lists_at, grams_at, firsts_at, starts_at, stored_foot_at] = at;
        if !at.is_sorted() || exact_at < HEAD_BYTES || stored_foot_at != foot_at {
            return Err(OpenError::Damaged("its parts are not where they should be"));
        }
        let count = u32::try_from(foot.u64()?).map_err(|_| OpenError::Damaged("number of hashtags"))?;
        let sequence = foot.u64()?;
        let label = Label { identity: u128::from_le_bytes(foot.array()?), sequence };
        let starts = numbers(&storage, starts_at, foot_at)?;
        if starts.len() as u64 != u64::from(count.div_ceil(GROUP)) + 1 {
            return Err(OpenError::Damaged("number of hashtags"));
        }
        let dictionary = Dictionary {
            offset: grams_at,
            bytes: firsts_at - grams_at,
            firsts: numbers(&storage, firsts_at, starts_at)?,
        };
        let exact = Exact { offset: exact_at, bytes: lists_at - exact_at };
        Ok(Self { storage, label, documents: Documents { starts, count }, exact, dictionary })
    }

    /// Opens a segment that may have been damaged, and reads all of it once to find out. That also brings it into
    /// the page cache.
    pub(super) fn open_checked(storage: Storage) -> Result<Self, OpenError> {
        let segment = Self::open(storage)?;
        let footer_at = segment.storage.bytes() - 16;
        let (mut checksum, mut buffer, mut at) = (Xxh3Default::new(), vec![0; CHECK_BYTES], 0);
        while at < footer_at {
            let bytes = (footer_at - at).min(CHECK_BYTES as u64);
            let chunk = &mut buffer[..bytes as usize];
            segment.storage.read(at, chunk)?;
            checksum.update(chunk);
            at += bytes;
        }
        let mut footer = [0; 16];
        segment.storage.read(footer_at, &mut footer)?;
        let mut footer = Reader(&footer);
        if footer.u64()? != checksum.digest() || footer.array()? != MAGIC {
            return Err(OpenError::Damaged("its checksum is wrong"));
        }
        Ok(segment)
    }
}

fn numbers(storage: &Storage, from: u64, until: u64) -> io::Result<Vec<u64>> {
    let mut bytes = Vec::new();
    storage.read_into(from, (until - from) as usize, &mut bytes)?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect())
}
