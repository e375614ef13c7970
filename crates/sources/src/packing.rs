//! Decompression and archives: gzip, zstd, tar and zip, also nested. Memory is bounded whatever an archive claims;
//! entries are read one after another, each like a file.

mod packages;

use crate::content::unpack;
use crate::files::{Place, Reject};
use crate::json::read_buffer::ReadBuffer;
use crate::run::{Outcome, Run, Stop};
use crate::workbook;
use domain::Timestamp;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use packages::Package;
use rawzip::time::ZipDateTimeKind;
use rawzip::{CompressionMethod, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipArchiveEntryWayfinder};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Deepest nesting: a gzip in a tar in a gzip makes three.
const PACKINGS_MAX: u32 = 4;

/// Largest zstd window, as a power of two: 128 MiB, the default limit of the `zstd` command.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Largest nested content with an index at its end, in bytes; it is spooled to a temporary file.
const SPOOLED_BYTES_MAX: u64 = 2 << 30;

/// Position of the magic number in a tar header.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// Bytes needed to detect a packing.
pub(crate) const HEAD_BYTES: usize = TAR_MAGIC.end;

/// A compression or archive format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Tar,
    Zip,
}

impl Packing {
    /// Detects a packing by its first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.get(TAR_MAGIC) == Some(b"ustar") => Some(Self::Tar),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // The second is a skippable frame, which may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // The second is that of an empty archive.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ => None,
        }
    }

    /// Unpacks content already nested in `packings` others, and reads it.
    pub(crate) fn read(
        self,
        run: &mut Run<'_>,
        window: &mut ReadBuffer<&mut dyn Read>,
        packings: u32,
    ) -> Outcome {
        if packings == PACKINGS_MAX {
            return Err(Stop::Unknown(format!("packed more than {PACKINGS_MAX} times")));
        }
        match self {
            Self::Gzip => unpack(run, &mut MultiGzDecoder::new(window), packings + 1),
            Self::Zstd => match zstd(window) {
                Ok(mut stream) => unpack(run, &mut stream, packings + 1),
                Err(error) => run.damage(None, &error.to_string()),
            },
            Self::Tar => tar(run, window, packings),
            Self::Zip => zip(run, window, packings),
        }
    }
}

/// Decompresses zstd with any number of frames.
fn zstd<'s>(stream: impl Read + 's) -> io::Result<impl Read + 's> {
    let mut decoder = zstd::stream::read::Decoder::new(stream)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(WindowAdvice(decoder))
}

/// A reader that adds advice to the error of a window that is too large.
struct WindowAdvice<R>(R);

impl<R: Read> Read for WindowAdvice<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.to_string() {
            text if text.contains("too much memory") => io::Error::other(format!(
                "it was packed with a window of more than {} MiB; unpack it first with zstd -d --long=31",
                (1_u64 << ZSTD_WINDOW_LOG_MAX) >> 20
            )),
            _ => error,
        })
    }
}

/// Reads the entries of a tar.
fn tar(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>, packings: u32) -> Outcome {
    let outer = Arc::clone(&run.name);
    let mut archive = tar::Archive::new(window);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return run.damage(None, &error.to_string()),
    };
    for item in entries {
        let mut item = match item {
            Ok(item) => item,
            Err(error) => {
                run.begin(Arc::clone(&outer));
                return run.damage(None, &error.to_string());
            }
        };
        let path = String::from_utf8_lossy(&item.path_bytes()).into_owned();
        let kind = item.header().entry_type();
        if kind.is_file() && !is_hidden(&path) {
            run.begin_entry(format!("{outer}/{path}").into(), changed_in_tar(item.header()));
            entry(run, &mut item, packings)?;
        } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
            run.pass_over();
        }
    }
    run.begin(outer);
    Ok(())
}

/// Reads the current entry. Unknown content becomes a reject.
fn entry(run: &mut Run<'_>, stream: &mut dyn Read, packings: u32) -> Outcome {
    match unpack(run, stream, packings + 1) {
        Err(Stop::Unknown(reason)) => {
            run.found.clear();
            refuse(run, reason)
        }
        other => other,
    }
}

/// Rejects the current entry.
fn refuse(run: &mut Run<'_>, reason: String) -> Outcome {
    let place = Place { file: Arc::clone(&run.name), line: None, record: None };
    run.reject(Reject { place, reason, raw: Box::default() })
}

/// Returns true for system files beside the user's, which are skipped in folders, too.
fn is_hidden(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
}

/// Reads the entries of a zip, in the order of its index.
fn zip(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>, packings: u32) -> Outcome {
    let (file, is_spooled) = match seekable(run, window, packings, "a zip archive") {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let unreadable = |error: &dyn std::fmt::Display| {
        Stop::Unknown(format!("a zip archive whose index, at its end, cannot be read: {error}"))
    };
    let bytes = file.metadata().map_err(|error| unreadable(&error))?.len();
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(|error| unreadable(&error))?;
    let counter = Arc::new(AtomicU64::new(0));
    let counted = if is_spooled { Arc::clone(&counter) } else { Arc::clone(&run.bytes_read) };
    counted.store(0, Ordering::Relaxed);
    let outcome = match packages::kind_of(&archive, &mut buffer) {
        Some(Package::Workbook) => {
            run.check_stated_time().and_then(|()| workbook::read(run, &archive, &mut buffer, &counted))
        }
        Some(Package::Other(kind)) => Err(Stop::Unknown(kind.to_owned())),
        None => entries(run, &archive, &mut buffer, &Entries { bytes, counted: &counted, packings }),
    };
    counted.store(bytes, Ordering::Relaxed);
    outcome
}

/// Returns a seekable file: the input itself or, inside `packings` others or from a pipe, a temporary copy;
/// with a flag for the latter.
pub(crate) fn seekable(
    run: &mut Run<'_>,
    window: &mut ReadBuffer<&mut dyn Read>,
    packings: u32,
    what: &str,
) -> Result<(File, bool), Outcome> {
    let opened = if packings == 0 { run.seekable.take() } else { None };
    if let Some(file) = opened {
        return Ok((file, false));
    }
    spool(window).map(|file| (file, true)).map_err(|why| match why {
        Spool::TooLarge => Err(Stop::Unknown(format!(
            "{what} of more than {} GiB that is no file by itself; save it as a file and import that",
            SPOOLED_BYTES_MAX >> 30
        ))),
        Spool::Read(error) => run.damage(None, &error.to_string()),
        Spool::Write(error) => {
            Err(Stop::Unknown(format!("{what}, for which no temporary file can be written: {error}")))
        }
    })
}

/// State shared by all entries of a zip.
struct Entries<'c> {
    /// Length of the archive.
    bytes: u64,
    /// Counts the bytes of entries read so far.
    counted: &'c Arc<AtomicU64>,
    packings: u32,
}

pub(crate) type Archive = ZipArchive<rawzip::FileReader>;

fn entries(run: &mut Run<'_>, archive: &Archive, buffer: &mut [u8], of: &Entries<'_>) -> Outcome {
    let outer = Arc::clone(&run.name);
    let mut records = archive.entries(buffer);
    let (mut number, mut bytes) = (0_u64, 0_u64);
    loop {
        let record = match records.next_entry() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                run.begin(Arc::clone(&outer));
                return run.damage(None, &format!("its index is broken: {error}"));
            }
        };
        number += 1;
        // Overlapping entries are how a small archive pretends to contain petabytes.
        bytes = bytes.saturating_add(record.compressed_size_hint());
        if bytes > of.bytes {
            run.begin(Arc::clone(&outer));
            return run.damage(None, "its entries overlap one another");
        }
        let path = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
        if record.is_dir() {
            continue;
        }
        if is_hidden(&path) || !is_plain(record.mode()) {
            run.pass_over();
            continue;
        }
        let modified = changed_in_zip(&record.last_modified());
        let (is_encrypted, method, place) =
            (record.flags().is_encrypted(), record.compression_method(), record.wayfinder());
        run.begin_entry(format!("{outer}/{path}").into(), modified);
        if is_encrypted {
            refuse(run, "encrypted; unpack it first".to_owned())?;
        } else {
            zip_entry(run, archive, method, place, of)?;
        }
        run.progress()?;
    }
    run.begin(outer);
    if number == 0 {
        run.empty();
    }
    Ok(())
}

fn zip_entry(
    run: &mut Run<'_>,
    archive: &Archive,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
    of: &Entries<'_>,
) -> Outcome {
    let found = match archive.get_entry(place) {
        Ok(found) => found,
        Err(error) => return refuse(run, format!("not where the index of the archive says: {error}")),
    };
    let packed = Counted { stream: found.reader(), bytes: Arc::clone(of.counted) };
    let unpacked: Box<dyn Read + '_> = match method {
        CompressionMethod::STORE => Box::new(packed),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
        CompressionMethod::ZSTD => match zstd(packed) {
            Ok(stream) => Box::new(stream),
            Err(error) => return run.damage(None, &error.to_string()),
        },
        other => {
            let number = other.as_u16();
            return refuse(
                run,
                format!("packed by method {number} of zip; deflate, zstd and stored are read"),
            );
        }
    };
    entry(run, &mut found.verifying_reader(unpacked), of.packings)
}

/// Returns the modification time of a tar entry.
fn changed_in_tar(header: &tar::Header) -> Option<Timestamp> {
    let seconds = i64::try_from(header.mtime().ok()?).ok()?;
    seconds.checked_mul(1000).map(Timestamp::from_ms)
}

/// Returns the modification time of a zip entry. Without a time zone it counts as UTC.
fn changed_in_zip(at: &ZipDateTimeKind) -> Option<Timestamp> {
    let (day, time) = ((at.year(), at.month(), at.day()), (at.hour(), at.minute(), at.second()));
    Timestamp::parse(&format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        day.0, day.1, day.2, time.0, time.1, time.2
    ))
}

/// Returns true if the entry's mode is that of a regular file, or is missing, as many programs leave it.
fn is_plain(mode: rawzip::EntryMode) -> bool {
    const KIND: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    matches!(mode.value() & KIND, 0 | REGULAR)
}

/// Counts the bytes read of an entry.
pub(crate) struct Counted<R> {
    pub(crate) stream: R,
    pub(crate) bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.stream.read(buffer)?;
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// Why a stream could not be spooled.
enum Spool {
    TooLarge,
    Read(io::Error),
    Write(io::Error),
}

/// Copies a stream to a temporary file that is deleted when closed.
fn spool(stream: &mut impl Read) -> Result<File, Spool> {
    let mut file = tempfile::tempfile().map_err(Spool::Write)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Spool::Read(error)),
        };
        bytes += read as u64;
        if bytes > SPOOLED_BYTES_MAX {
            return Err(Spool::TooLarge);
        }
        file.write_all(&buffer[..read]).map_err(Spool::Write)?;
    }
}
