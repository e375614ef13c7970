//! Exports and captures of other tools. Formats are detected by content; bytes go in, observations and rejects come
//! out, with at most one record in memory.
//!
//! [`open`] or [`from_reader`] make an [`Input`]; [`read`] reads it into a [`Sink`]. One bad record never fails a
//! file: it becomes a [`Reject`] with its place and reason.

pub(crate) mod format;

pub(crate) mod foreign;

pub(crate) mod flattened;

pub(crate) mod har;

mod display_api;

mod bright_data;

mod channel_items;

mod zeeschuimer;

mod zeeschuimer_csv;

mod flattened_table;

mod web_item;

mod web_challenge;

mod web_search;

mod node_share;

mod discover;

mod tiktok_scraper;

mod mobile_aweme;

mod mobile_challenge;

pub(crate) mod creative_center;

mod mapping;

pub(crate) mod mapped;

mod tag_list;

pub(crate) mod research_api;

pub(crate) mod contract;

mod apify;

mod yt_dlp;

mod series_csv;

mod creative_center_csv;

mod series_lines;

use crate::future::IN_THE_FUTURE;
use crate::run::Run;
use domain::{Clock, Observation, Source, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

pub use crate::document::RECORD_BYTES_MAX;
pub use crate::future::{AHEAD_MS_MAX, is_ahead};
pub use crate::record::RAW_BYTES_MAX;
pub use crate::run::UNKNOWN_RECORDS_MAX;
pub use crate::stated::TimeOf;
pub use crate::stored_fields::{
    HashtagsStored, Lack, RecordKind, StoredField, StoredFields, VideosStored, WindowsStored,
};
pub use encoding_rs::Encoding;
pub use mapping::{Mapping, MappingError};

/// An item read from a file, in file order.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A parsed fact about a hashtag or a video.
    Observation(Observation),
    /// A record that cannot be used.
    Reject(Reject),
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its place.
    pub place: Place,
    /// Reason, naming the field at fault if there is one.
    pub reason: String,
    /// The raw record, truncated to [`RAW_BYTES_MAX`] bytes.
    pub raw: Box<[u8]>,
}

impl Reject {
    /// Returns true if the record may be accepted at a later time: its time is ahead of the clock.
    pub fn may_pass_later(&self) -> bool {
        self.reason.contains(IN_THE_FUTURE)
    }
}

/// The place of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, with the entry if it is an archive: `views.tar.gz/data/cat.txt`.
    pub file: Arc<str>,
    /// Its first line, from 1, for line-based files.
    pub line: Option<u64>,
    /// Its number in the enclosing list, from 1.
    pub record: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(record) = self.record {
            write!(f, " record {record}")?;
        }
        Ok(())
    }
}

/// Progress of reading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read from the file, compressed ones if it is compressed.
    pub bytes_read: u64,
    /// Size of the file in bytes, if known.
    pub bytes_total: Option<u64>,
}

/// Receives the items of a file.
pub trait Sink {
    /// Receives one item. `Break` stops reading; the report then has `is_stopped`.
    fn item(&mut self, item: Item) -> ControlFlow<()>;

    /// Receives progress every few hundred kilobytes. `Break` stops reading.
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }
}

impl Sink for Vec<Item> {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        self.push(item);
        ControlFlow::Continue(())
    }
}

/// Options for reading a file.
#[derive(Clone)]
pub struct Options {
    /// Threads that read NDJSON and tables, the caller's included. With 2, the second parses records and
    /// rows while the caller's splits the file and delivers the results; the output is the same, in the same
    /// order. With more, NDJSON is parsed on all the others, and repeated hashtag descriptions and
    /// gallery-dl posts may be delivered again.
    pub threads: NonZeroUsize,
    /// Maps columns to fields. If set, the file is read as a table or as JSON objects with these columns,
    /// and format detection is off.
    pub mapping: Option<Arc<Mapping>>,
    /// Current time: readings more than an hour ahead are rejected. Without a clock none is.
    pub clock: Option<Arc<dyn Clock>>,
    /// Reading time of records without a time of their own. If `None`, they are untimed.
    pub observed_at: Option<Timestamp>,
    /// Takes that time from each file instead of `observed_at`.
    pub time_of: Option<TimeOf>,
    /// Text encoding. If `None`, the file must be UTF-8 or have a byte order mark.
    pub encoding: Option<&'static Encoding>,
    /// Sheet of a workbook to read. If `None`, the first.
    pub sheet: Option<Arc<str>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: NonZeroUsize::MIN,
            mapping: None,
            clock: None,
            observed_at: None,
            time_of: None,
            encoding: None,
            sheet: None,
        }
    }
}

/// Revision of what is read of files. Raise it when a format reads other records or fields of the same file, so that
/// files that were imported before are read again.
pub const READING_REVISION: u32 = 1;

/// Summary of a file that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Observations by source.
    pub observations: BTreeMap<Source, u64>,
    /// Stored fields by source.
    pub kept: BTreeMap<Source, StoredFields>,
    /// Missing fields that some column or key of the file looks like.
    pub warnings: Vec<Lack>,
    /// `--map` arguments that would read the records by column or key, if a field is missing.
    pub maps: Vec<String>,
    /// Observations whose reading time was stated ([`Options::observed_at`], [`Options::time_of`]).
    pub times_stated: u64,
    /// Number of rejects.
    pub rejects: u64,
    /// Bytes read from the file, compressed ones if it is compressed.
    pub bytes_read: u64,
    /// True if the file is empty or only white space.
    pub is_empty: bool,
    /// Why the file could not be read to its end; everything before that was used. It is among the rejects, too.
    pub damage: Option<String>,
    /// True if the sink stopped reading.
    pub is_stopped: bool,
    /// Archive entries skipped: links, devices, pipes, hidden files and media.
    pub passed_over: u64,
    /// Further notes on the file, as sentences.
    pub notes: Vec<String>,
}

impl FileReport {
    /// Returns the number of observations from all sources.
    pub fn observations_total(&self) -> u64 {
        self.observations.values().sum()
    }

    /// Returns true if there are observations but none can be measured: no count, and no video under a
    /// hashtag.
    pub fn stores_nothing(&self) -> bool {
        self.observations_total() > 0 && self.kept.values().all(StoredFields::is_nothing)
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be opened.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// File name.
        file: String,
        /// Cause.
        source: io::Error,
    },
    /// The content has no known format.
    #[error("{file}: {reason}")]
    Unknown {
        /// File name.
        file: String,
        /// The closest format and the first mismatch.
        reason: String,
    },
}

/// A file ready to be read.
pub struct Input {
    pub(crate) name: String,
    pub(crate) stream: Box<dyn Read + Send>,
    /// A second handle to the file, if it is seekable.
    pub(crate) seekable: Option<File>,
    pub(crate) bytes_read: Arc<AtomicU64>,
    pub(crate) bytes_total: Option<u64>,
    /// Modification time of the file.
    pub(crate) modified: Option<Timestamp>,
    /// Name that the uploader gave the file, if different.
    pub(crate) called: Option<String>,
}

impl Input {
    /// Uses `name` where the file's name states a time; for uploads, whose stored name differs.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { called: Some(name.to_owned()), modified: None, ..self }
    }

    /// Returns the name without folders; `None` for a stream.
    pub(crate) fn file_name(&self) -> Option<&str> {
        let name = self.called.as_deref().or(Some(self.name.as_str()).filter(|name| *name != "-"))?;
        name.rsplit('/').next()
    }
}

/// Opens a file.
///
/// # Errors
///
/// [`FileError::Open`] if the file cannot be opened or inspected.
pub fn open(path: &Path) -> Result<Input, FileError> {
    let name = path.display().to_string();
    let opened = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok((file, metadata)) }
    });
    match opened {
        Ok((file, metadata)) => {
            let seekable = if metadata.is_file() { file.try_clone().ok() } else { None };
            // A pipe reports a length of 0.
            let bytes_total = Some(metadata.len()).filter(|bytes| *bytes > 0);
            Ok(Input {
                seekable,
                bytes_total,
                modified: modified(&metadata),
                ..from_reader(&name, Box::new(file))
            })
        }
        Err(source) => Err(FileError::Open { file: name, source }),
    }
}

/// Wraps any stream, such as standard input (named `-`).
pub fn from_reader(name: &str, reader: Box<dyn Read + Send>) -> Input {
    let bytes_read = Arc::new(AtomicU64::new(0));
    let stream = Box::new(Counted { stream: reader, bytes: Arc::clone(&bytes_read) });
    let name = name.to_owned();
    Input { name, stream, seekable: None, bytes_read, bytes_total: None, modified: None, called: None }
}

/// Returns the modification time; `None` for a pipe.
fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let since = metadata.modified().ok().filter(|_| metadata.is_file())?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp::from_ms)
}

/// Looks up an encoding by its WHATWG label.
///
/// # Errors
///
/// [`UnknownEncoding`] if there is none of this name.
pub fn encoding(label: &str) -> Result<&'static Encoding, UnknownEncoding> {
    let known = Encoding::for_label(label.trim().as_bytes());
    // `replacement` is the WHATWG name of encodings that browsers refuse to decode.
    let known = known.filter(|encoding| *encoding != encoding_rs::REPLACEMENT);
    known.ok_or_else(|| UnknownEncoding(label.chars().take(40).collect()))
}

/// No encoding has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no encoding {0:?}; utf-8, utf-16le, windows-1252, windows-1251, iso-8859-1, iso-8859-2, shift_jis, gbk, big5 \
     and euc-kr are some"
)]
pub struct UnknownEncoding(String);

struct Counted {
    stream: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.stream.read(buffer)?;
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// Returns true if a file with this beginning is an image, audio, video or subtitles, as tools store beside
/// their records.
pub fn is_media(head: &[u8]) -> bool {
    crate::binary::kind_of(head).is_some_and(|kind| kind.is_media) || head.starts_with(b"WEBVTT")
}

/// Bytes that [`is_media`] examines.
pub const MEDIA_HEAD_BYTES: usize = 16;

/// Reads a file to its end. Faults of single records, and a damaged end, are reported in the result.
///
/// # Errors
///
/// [`FileError::Unknown`] if the content has no known format.
pub fn read(mut input: Input, options: Options, sink: &mut dyn Sink) -> Result<FileReport, FileError> {
    let mut run = Run::new(&mut input, options, sink);
    let result = crate::content::read(&mut run, &mut input.stream);
    run.finish(result)
}

/// Lists the supported formats: name, shape and maker.
pub fn formats() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    format::FORMATS.iter().map(|format| (format.source.name(), format.shape, format.made_by))
}
