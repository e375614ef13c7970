//! Building the base: a new file beside the old one, put in its place when it is whole.

use crate::form::{FORM_BYTES_MAX, cut, search_form};
use crate::invert::{Inverter, PAIRS_MAX};
use crate::segment::{Label, Segment, SegmentWriter};
use crate::sorter::{CHUNK_BYTES_MAX, Sorter};
use crate::storage::Storage;
use crate::{Document, SearchIndex};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

const BUFFER_BYTES: usize = 1 << 20;

/// Prefix of the names of files that are being written.
const UNFINISHED: &str = ".search-unfinished-";

/// Memory limits of a builder, beyond which it moves work to temporary files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) chunk_bytes_max: usize,
    pub(super) pairs_max: usize,
}

/// Takes all hashtags of a store, in any order, and writes the index of them.
///
/// It needs about 300 MB of memory for ten million hashtags and, beside the index, temporary files of about its size.
/// Dropped before [`finish`](Self::finish) it leaves nothing behind; what a killed process left, the next one removes.
pub struct Builder {
    path: PathBuf,
    folder: PathBuf,
    label: Label,
    sorter: Sorter,
    memory: Memory,
}

impl Builder {
    /// Begins an index at `path`, whose folder exists. `identity` is the store's; `sequence` is the
    /// store's change sequence that the hashtags to come were read at.
    pub fn new(path: impl Into<PathBuf>, identity: u128, sequence: u64) -> Self {
        let memory = Memory { chunk_bytes_max: CHUNK_BYTES_MAX, pairs_max: PAIRS_MAX };
        Self::with_memory(path.into(), Label { identity, sequence }, memory)
    }

    pub(super) fn with_memory(path: PathBuf, label: Label, memory: Memory) -> Self {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => Path::new(".").to_owned(),
        };
        let sorter = Sorter::new(Some(folder.clone()), memory.chunk_bytes_max);
        Self { path, folder, label, sorter, memory }
    }

    /// Takes a hashtag; each may come once. Fails when a temporary file cannot be written.
    pub fn push(&mut self, document: Document<'_>) -> io::Result<()> {
        let form = search_form(document.key);
        if form.is_empty() {
            return Ok(());
        }
        let key = if form == document.key { "" } else { cut(document.key, FORM_BYTES_MAX) };
        self.sorter.push(document.reach, document.hashtag, &form, key)
    }

    /// Writes the file, replaces the one at the path and opens it. Readers of the old one keep it.
    pub fn finish(self) -> io::Result<SearchIndex> {
        remove_abandoned(&self.folder)?;
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        file.as_file().lock()?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let inverter = Inverter::new(Some(self.folder), self.memory.pairs_max);
        let mut writer = SegmentWriter::new(out, self.sorter.count(), inverter)?;
        self.sorter.finish(|record| writer.push(record))?;
        let file = writer.finish(self.label)?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.as_file().unlock()?;
        let file = file.persist(&self.path).map_err(|error| error.error)?;
        let segment = Segment::open(Storage::open(file)?).map_err(io::Error::other)?;
        Ok(SearchIndex::new(segment))
    }
}

/// Removes the files of builders whose process was killed: those that nobody has locked.
fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        // Another builder may finish or clean up at the same time; then the file is gone and that is well.
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abandoned_files_are_removed_and_those_at_work_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let working = file(&format!("{UNFINISHED}a"));
        working.lock().unwrap();
        drop((file(&format!("{UNFINISHED}b")), file("other")));
        let path = folder.path().join("search.idx");
        let mut builder = Builder::new(&path, 1, 1);
        builder.push(Document { hashtag: 1, key: "cat", reach: 1 }).unwrap();
        builder.finish().unwrap();
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [&format!("{UNFINISHED}a")[..], "other", "search.idx"]);
    }
}
