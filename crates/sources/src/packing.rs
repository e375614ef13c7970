//! What is packed is unpacked as it is read: gzip, zstd, tar and zip, also inside one another. Memory stays bounded
//! whatever an archive claims to hold; entries are read one after another, each as if it were a file.

mod packages;

use crate::content::unpack;
use crate::files::{Place, Reject};
use crate::json::window::Window;
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

/// Most packings inside one another: a gzip in a tar in a gzip makes three.
const PACKINGS_MAX: u32 = 4;

/// Largest window of zstd, as a power of two: 128 MiB, what the `zstd` command takes without being told to.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Most bytes of what is no file of its own and has its index at its end, so that it is put into a temporary file first.
const SPOOLED_BYTES_MAX: u64 = 2 << 30;

/// Where a tar header says that it is one.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// How many bytes tell how something is packed.
pub(crate) const HEAD_BYTES: usize = TAR_MAGIC.end;

/// A way of packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Tar,
    Zip,
}

impl Packing {
    /// Tells a packing by its first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.get(TAR_MAGIC) == Some(b"ustar") => Some(Self::Tar),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // The second is a frame to be skipped, which may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // The second is that of an empty archive.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ => None,
        }
    }

    /// Unpacks and reads what is inside `packings` others already.
    pub(crate) fn read(
        self,
        run: &mut Run<'_>,
        window: &mut Window<&mut dyn Read>,
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

/// Unpacks zstd, any number of frames after one another.
fn zstd<'s>(stream: impl Read + 's) -> io::Result<impl Read + 's> {
    let mut decoder = zstd::stream::read::Decoder::new(stream)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Told(decoder))
}

/// Says what to do about a window that is too large.
struct Told<R>(R);

impl<R: Read> Read for Told<R> {
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
fn tar(run: &mut Run<'_>, window: &mut Window<&mut dyn Read>, packings: u32) -> Outcome {
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

/// Reads an entry that has been begun. One that is of no known format becomes a reject.
fn entry(run: &mut Run<'_>, stream: &mut dyn Read, packings: u32) -> Outcome {
    match unpack(run, stream, packings + 1) {
        Err(Stop::Unknown(reason)) => {
            run.found.clear();
            refuse(run, reason)
        }
        other => other,
    }
}

/// Rejects the entry that has been begun.
fn refuse(run: &mut Run<'_>, reason: String) -> Outcome {
    let place = Place { file: Arc::clone(&run.name), line: None, record: None };
    run.reject(Reject { place, reason, raw: Box::default() })
}

/// Whether it is one of the files that systems put beside those of users, which are passed over in folders, too.
fn is_hidden(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
}

/// Reads the entries of a zip, in the order of its index.
fn zip(run: &mut Run<'_>, window: &mut Window<&mut dyn Read>, packings: u32) -> Outcome {
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

/// What has to be read from any place, as a file: the file itself or, inside `packings` others or from a pipe, a
/// temporary one. Whether it is that is told, too.
pub(crate) fn seekable(
    run: &mut Run<'_>,
    window: &mut Window<&mut dyn Read>,
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

/// What is the same for all entries of a zip.
struct Entries<'c> {
    /// Length of the archive.
    bytes: u64,
    /// Counts the bytes of entries that were read.
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
        // Entries that share bytes are how a small archive pretends to hold petabytes.
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

/// When an entry of a tar was last changed.
fn changed_in_tar(header: &tar::Header) -> Option<Timestamp> {
    let seconds = i64::try_from(header.mtime().ok()?).ok()?;
    seconds.checked_mul(1000).map(Timestamp::from_ms)
}

/// When an entry of a zip was last changed. Where the archive does not say in which zone, it is taken for UTC.
fn changed_in_zip(at: &ZipDateTimeKind) -> Option<Timestamp> {
    let (day, time) = ((at.year(), at.month(), at.day()), (at.hour(), at.minute(), at.second()));
    Timestamp::parse(&format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        day.0, day.1, day.2, time.0, time.1, time.2
    ))
}

/// Whether an entry is a file by its mode, which many programs leave out: no link, device, pipe or socket.
fn is_plain(mode: rawzip::EntryMode) -> bool {
    const KIND: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    matches!(mode.value() & KIND, 0 | REGULAR)
}

/// Counts what is read of an entry.
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

/// Why a stream could not be put into a temporary file.
enum Spool {
    TooLarge,
    Read(io::Error),
    Write(io::Error),
}

/// Puts a stream into a temporary file that is gone when it is closed.
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
