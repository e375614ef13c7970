//! Files that users hold: exports and captures of other tools. What a file is, is told by its content; bytes go in,
//! observations and rejects come out, and no more than a record at a time is held.
//!
//! [`open`] or [`from_reader`] make an [`Input`]; [`read`] reads it into a [`Sink`]. One bad record never sinks a
//! file: it becomes a [`Reject`] with its place and the reason.

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

use crate::run::Run;
use domain::{Clock, Observation, Source, Timestamp};
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
pub use crate::kept::{HashtagsKept, Kept, KeptField, Lack, RecordKind, VideosKept, WindowsKept};
pub use crate::record::RAW_BYTES_MAX;
pub use crate::run::UNKNOWN_RECORDS_MAX;
pub use crate::stated::TimeOf;
pub use encoding_rs::Encoding;
pub use mapping::{Mapping, MappingError};

/// What a file gives, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A reading of a hashtag or a video.
    Observation(Observation),
    /// A record that cannot be used.
    Reject(Reject),
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it stands.
    pub place: Place,
    /// Why it cannot be used; names the field where one is to blame.
    pub reason: String,
    /// The record as it stands, at most [`RAW_BYTES_MAX`] of it.
    pub raw: Box<[u8]>,
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, and the entry in it if it is an archive: `views.tar.gz/data/cat.txt`.
    pub file: Arc<str>,
    /// The line it begins on, from 1, where the file is made of lines.
    pub line: Option<u64>,
    /// Its number in the list it stands in, from 1, where it stands in one.
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

/// How far a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from the file, compressed as it is.
    pub bytes_read: u64,
    /// Bytes of the file, where that is known.
    pub bytes_total: Option<u64>,
}

/// Who takes what a file gives.
pub trait Sink {
    /// Takes one item. `Break` stops the reading, which then reports that it was stopped.
    fn item(&mut self, item: Item) -> ControlFlow<()>;

    /// Hears how far the file is read, every few hundred kilobytes. `Break` stops the reading.
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

/// How to read.
#[derive(Clone)]
pub struct Options {
    /// Threads that read NDJSON and tables, the caller's among them. With 2, the second reads records and rows while the
    /// caller's splits the file and hands on what was found; what comes out is the same, in the same order. With more, NDJSON
    /// is read on all others, and descriptions of hashtags and posts of gallery-dl that repeat may come again.
    pub threads: NonZeroUsize,
    /// Which column is what. With it, everything is read as a table or as JSON objects with these columns, and no format
    /// is looked for.
    pub mapping: Option<Arc<Mapping>>,
    /// The present: readings that are more than an hour ahead of it are rejected. Without a clock none is.
    pub clock: Option<Arc<dyn Clock>>,
    /// When records that state no time of their own were read from TikTok. Without it they are untimed.
    pub observed_at: Option<Timestamp>,
    /// The same, told by each file itself, in place of `observed_at`.
    pub time_of: Option<TimeOf>,
    /// How the text of the file is encoded. Without it the file has to be UTF-8 or begin with a byte order mark.
    pub encoding: Option<&'static Encoding>,
    /// Which sheet of a workbook is read. Without it, the first.
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

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileReport {
    /// Observations by the way they came.
    pub observations: BTreeMap<Source, u64>,
    /// What was kept of them.
    pub kept: BTreeMap<Source, Kept>,
    /// What is lacking though the file has something like it.
    pub warnings: Vec<Lack>,
    /// Every `--map` that would read the records by their columns or keys, where something is lacking.
    pub maps: Vec<String>,
    /// Observations whose time of reading is the one that was stated ([`Options::observed_at`], [`Options::time_of`]).
    pub times_stated: u64,
    /// Records that could not be used.
    pub rejects: u64,
    /// Bytes taken from the file, compressed as it is.
    pub bytes_read: u64,
    /// Whether there was nothing in the file, or white space only.
    pub is_empty: bool,
    /// Why the file could not be read to its end; everything before that was used. It is among the rejects, too.
    pub damage: Option<String>,
    /// Whether the sink stopped the reading.
    pub is_stopped: bool,
    /// Entries of archives that are links, devices, pipes, hidden files or media: they are not read.
    pub passed_over: u64,
    /// What else is to be said of the file, in words.
    pub notes: Vec<String>,
}

impl FileReport {
    /// All observations together.
    pub fn observations_total(&self) -> u64 {
        self.observations.values().sum()
    }

    /// Whether there are observations, and nothing of them can be measured: no count, and no video under a hashtag.
    pub fn keeps_nothing(&self) -> bool {
        self.observations_total() > 0 && self.kept.values().all(Kept::is_nothing)
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// Its name.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Its content is of no known format.
    #[error("{file}: {reason}")]
    Unknown {
        /// Its name.
        file: String,
        /// The nearest format and the first thing that did not fit.
        reason: String,
    },
}

/// A file that is about to be read.
pub struct Input {
    pub(crate) name: String,
    pub(crate) stream: Box<dyn Read + Send>,
    /// A second hold on the file, where it is one that can be read from any place.
    pub(crate) seekable: Option<File>,
    pub(crate) bytes_read: Arc<AtomicU64>,
    pub(crate) bytes_total: Option<u64>,
    /// When the file was last changed.
    pub(crate) modified: Option<Timestamp>,
    /// What the file is called by whoever handed it in, where that is not its name.
    pub(crate) called: Option<String>,
}

impl Input {
    /// Takes the file for one of this name where its name states a time; its content was handed in by somebody who calls
    /// it so.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { called: Some(name.to_owned()), modified: None, ..self }
    }

    /// The name without its folders; none of a stream.
    pub(crate) fn file_name(&self) -> Option<&str> {
        let name = self.called.as_deref().or(Some(self.name.as_str()).filter(|name| *name != "-"))?;
        name.rsplit('/').next()
    }
}

/// Opens a file.
pub fn open(path: &Path) -> Result<Input, FileError> {
    let name = path.display().to_string();
    let opened = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok((file, metadata)) }
    });
    match opened {
        Ok((file, metadata)) => {
            let seekable = if metadata.is_file() { file.try_clone().ok() } else { None };
            // A pipe says 0.
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

/// Takes any stream, such as standard input (named `-`).
pub fn from_reader(name: &str, reader: Box<dyn Read + Send>) -> Input {
    let bytes_read = Arc::new(AtomicU64::new(0));
    let stream = Box::new(Counted { stream: reader, bytes: Arc::clone(&bytes_read) });
    let name = name.to_owned();
    Input { name, stream, seekable: None, bytes_read, bytes_total: None, modified: None, called: None }
}

/// When a file was last changed. A pipe was not.
fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let since = metadata.modified().ok().filter(|_| metadata.is_file())?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp::from_ms)
}

/// The encoding of this name, by the names that browsers know. Fails where there is none.
pub fn encoding(label: &str) -> Result<&'static Encoding, UnknownEncoding> {
    let known = Encoding::for_label(label.trim().as_bytes());
    // The last is how browsers name what they refuse to decode.
    let known = known.filter(|encoding| *encoding != encoding_rs::REPLACEMENT);
    known.ok_or_else(|| UnknownEncoding(label.chars().take(40).collect()))
}

/// There is no encoding of this name.
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

/// Whether a file that begins with these bytes is a picture, a sound, a film or its subtitles, as tools put beside their
/// records.
pub fn is_media(head: &[u8]) -> bool {
    crate::binary::kind_of(head).is_some_and(|kind| kind.is_media) || head.starts_with(b"WEBVTT")
}

/// How many bytes [`is_media`] looks at.
pub const MEDIA_HEAD_BYTES: usize = 16;

/// Reads a file to its end. Fails only when its content is of no known format; what is wrong with single records, or
/// with the end of the file, is reported.
pub fn read(mut input: Input, options: Options, sink: &mut dyn Sink) -> Result<FileReport, FileError> {
    let mut run = Run::new(&mut input, options, sink);
    let result = crate::content::read(&mut run, &mut input.stream);
    run.finish(result)
}

/// The formats that are read: name, shape and maker.
pub fn formats() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    format::FORMATS.iter().map(|format| (format.source.name(), format.shape, format.made_by))
}
