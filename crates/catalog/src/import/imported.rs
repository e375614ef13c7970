//! Files that were imported before: recognised by their content and skipped, since the same records change nothing.
//!
//! The digest covers the content, the name (formats read tags and times from it), the options and the revision of the
//! reading. The first import computes it beside the reading, on a thread of its own. Later imports compute it before the
//! reading, of files that have the size of an imported one.

use super::{HowToRead, RejectNote};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sources::files::{FileReport, Mapping, READING_REVISION};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::SystemTime;
use store::imported_files::ImportedFile;
use store::record::Recorded;
use xxhash_rust::xxh3::Xxh3;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 256 * 1024;

/// Smaller files are digested when they have been read: a thread would cost more.
const BESIDE_BYTES_MIN: u64 = 1024 * 1024;

/// XXH3 with 128 bits.
type FileDigest = [u8; 16];

/// Summary of an imported file, as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Name at the time of the import. Notes may contain it.
    pub(super) name: String,
    pub(super) report: FileReport,
    pub(super) counts: RecordCounts,
    pub(super) first_rejects: Vec<RejectNote>,
    /// True if a rejected record may be accepted later.
    pub(super) has_later_records: bool,
}

impl Summary {
    /// Returns the summary for the file's present name.
    #[must_use]
    pub(super) fn renamed(mut self, name: &str) -> Self {
        let rejects = self.first_rejects.iter_mut().flat_map(|note| [&mut note.file, &mut note.reason]);
        for text in self.report.notes.iter_mut().chain(rejects) {
            *text = text.replace(&self.name, name);
        }
        self.name = name.to_owned();
        self
    }
}

/// Records of a file by kind.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct RecordCounts {
    pub(super) videos: u64,
    pub(super) hashtags: u64,
    pub(super) windows: u64,
    pub(super) removals: u64,
    /// Records without a reading time.
    pub(super) without_time: u64,
}

impl RecordCounts {
    /// Returns the records as an import that changed nothing.
    pub(super) fn unchanged(&self) -> Recorded {
        Recorded {
            video_records: self.videos,
            hashtag_records: self.hashtags,
            window_records: self.windows,
            ..Recorded::default()
        }
    }
}

/// Imported files of the sizes that an import meets.
#[derive(Debug, Default)]
pub(super) struct Imported(HashMap<u64, Vec<ImportedFile>>);

impl Imported {
    pub(super) fn new(files: Vec<ImportedFile>) -> Self {
        let mut by_size: HashMap<u64, Vec<ImportedFile>> = HashMap::new();
        for file in files {
            by_size.entry(file.bytes).or_default().push(file);
        }
        Self(by_size)
    }

    fn has_size(&self, bytes: u64) -> bool {
        self.0.contains_key(&bytes)
    }

    fn find(&self, bytes: u64, digest: &FileDigest) -> Option<(Timestamp, Summary)> {
        let file = self.0.get(&bytes)?.iter().find(|file| file.digest == *digest)?;
        Some((file.imported_at, serde_json::from_str(&file.summary).ok()?))
    }
}

/// Size and modification time: whether a file changed while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Version {
    /// Returns `None` for anything but a regular file.
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Self { bytes: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// A regular file whose digest is being computed.
pub(super) struct Fingerprint {
    path: PathBuf,
    version: Version,
    /// Everything but the content that decides what is read.
    context: String,
    is_cancelled: Arc<AtomicBool>,
    state: State,
}

enum State {
    Pending,
    Known(FileDigest),
    Running(JoinHandle<io::Result<FileDigest>>),
}

impl Fingerprint {
    /// Returns `None` for streams and pipes.
    pub(super) fn new(
        path: &Path,
        called: Option<&str>,
        how: &HowToRead,
        mapping: Option<&Mapping>,
    ) -> Option<Self> {
        let version = Version::of(path)?;
        let name = called.map(str::to_owned).or_else(|| Some(path.file_name()?.display().to_string()))?;
        // An upload has no modification time of its own, and an import reads it only where the options say so.
        let modified = version.modified.filter(|_| how.reads_modified());
        let how = HowToRead { again: false, ..how.clone() };
        let revision = (env!("CARGO_PKG_VERSION"), READING_REVISION);
        let context = format!("{:?}", (revision, name, how, mapping, modified));
        let is_cancelled = Arc::default();
        Some(Self { path: path.to_owned(), version, context, is_cancelled, state: State::Pending })
    }

    /// Returns when the file was imported and what was read, if it was. Reads the file only if one of its size was.
    pub(super) fn find(&mut self, imported: &Imported) -> Option<(Timestamp, Summary)> {
        if !imported.has_size(self.version.bytes) {
            return None;
        }
        let digest = digest(&self.path, &self.context, &self.is_cancelled).ok()?;
        self.state = State::Known(digest);
        imported.find(self.version.bytes, &digest)
    }

    /// Starts computing the digest of a large file, beside the reading.
    pub(super) fn start(&mut self) {
        if self.version.bytes >= BESIDE_BYTES_MIN && matches!(self.state, State::Pending) {
            let (path, context) = (self.path.clone(), self.context.clone());
            let is_cancelled = Arc::clone(&self.is_cancelled);
            let digest = move || digest(&path, &context, &is_cancelled);
            if let Ok(running) = std::thread::Builder::new().name("import digest".to_owned()).spawn(digest) {
                self.state = State::Running(running);
            }
        }
    }

    /// Returns the entry of a file that was read whole; `None` if it changed meanwhile, or if the same file may record
    /// something else next time.
    pub(super) fn finish(mut self, summary: &Summary, now: Timestamp) -> Option<ImportedFile> {
        if !is_final(summary) {
            return None;
        }
        let digest = match std::mem::replace(&mut self.state, State::Pending) {
            State::Pending => digest(&self.path, &self.context, &self.is_cancelled).ok()?,
            State::Known(digest) => digest,
            State::Running(running) => running.join().ok()?.ok()?,
        };
        if Version::of(&self.path) != Some(self.version) {
            return None;
        }
        let summary = serde_json::to_string(summary).ok()?;
        Some(ImportedFile { bytes: self.version.bytes, digest, imported_at: now, summary })
    }
}

impl Drop for Fingerprint {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

/// Returns whether the same file changes nothing when it is imported again. A record whose time is ahead of the clock may
/// be accepted later, and a removal applies to videos that are imported later.
fn is_final(summary: &Summary) -> bool {
    let report = &summary.report;
    report.observations_total() > 0
        && !report.is_stopped
        && !summary.has_later_records
        && report.damage.is_none()
        && !report.stores_nothing()
        && summary.counts.removals == 0
}

fn digest(path: &Path, context: &str, is_cancelled: &AtomicBool) -> io::Result<FileDigest> {
    let mut file = File::open(path)?;
    let mut hasher = Xxh3::new();
    hasher.update(&(context.len() as u64).to_be_bytes());
    hasher.update(context.as_bytes());
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(hasher.digest128().to_be_bytes()),
            Ok(bytes) => hasher.update(&block[..bytes]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if is_cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(path: &Path, how: &HowToRead) -> FileDigest {
        let found = Fingerprint::new(path, None, how, None).expect("a regular file");
        digest(path, &found.context, &AtomicBool::new(false)).expect("it can be read")
    }

    fn written(folder: &Path, name: &str, content: &str) -> PathBuf {
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(folder.join(name), content).expect("a file");
        folder.join(name)
    }

    #[test]
    fn content_name_and_options_decide() {
        let place = tempfile::tempdir().expect("a folder");
        let how = HowToRead::default();
        let file = written(place.path(), "a.json", "{}");
        let same = written(&place.path().join("b"), "a.json", "{}");
        let known = fingerprint(&file, &how);
        assert_eq!(known, fingerprint(&same, &how), "the folder does not matter");
        assert_eq!(known, fingerprint(&file, &HowToRead { again: true, ..how.clone() }));
        let other = written(&place.path().join("c"), "a.json", "[]");
        assert_ne!(known, fingerprint(&other, &how));
        let renamed = written(place.path(), "2026-11-01.json", "{}");
        assert_ne!(known, fingerprint(&renamed, &how), "a name may state a time");
        let stated = HowToRead { observed_at: "2026-11-01".parse().ok(), ..how };
        assert_ne!(known, fingerprint(&file, &stated));
        assert!(Fingerprint::new(place.path(), None, &stated, None).is_none(), "a folder has no content");
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_has_no_entry() {
        let place = tempfile::tempdir().expect("a folder");
        let file = written(place.path(), "a.json", "{}");
        let mut summary = Summary::default();
        summary.report.observations.insert(domain::Source::WebItem, 1);
        let mut kept = sources::files::StoredFields::default();
        kept.videos.records = 1;
        kept.videos.counts = 1;
        summary.report.kept.insert(domain::Source::WebItem, kept);
        let begin = || {
            let mut begun = Fingerprint::new(&file, None, &HowToRead::default(), None).expect("a file");
            begun.start();
            begun
        };
        let now = Timestamp::from_ms(1);
        let entry = begin().finish(&summary, now).expect("an entry");
        assert_eq!(entry.bytes, 2);
        let imported = Imported::new(vec![entry]);
        let found =
            Fingerprint::new(&file, None, &HowToRead::default(), None).expect("a file").find(&imported);
        assert_eq!(found.map(|(at, _)| at), Some(now));
        let changed = begin();
        std::fs::write(&file, "{} {}").expect("a file");
        assert!(changed.finish(&summary, now).is_none());
        for spoil in [
            |summary: &mut Summary| summary.has_later_records = true,
            |summary: &mut Summary| summary.report.is_stopped = true,
            |summary: &mut Summary| summary.counts.removals = 1,
            |summary: &mut Summary| summary.report.damage = Some("cut off".to_owned()),
        ] {
            let mut spoiled = summary.clone();
            spoil(&mut spoiled);
            assert!(begin().finish(&spoiled, now).is_none(), "{spoiled:?}");
        }
    }
}
