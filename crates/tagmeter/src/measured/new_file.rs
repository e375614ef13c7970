//! An output file that gets its name only once it is complete, so that no reader finds a part of one.

use crate::exit::Failure;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::NamedTempFile;

/// A file being written, under a temporary name in the same folder. Dropped before [`NewFile::finish`], it is
/// removed.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    may_replace: bool,
}

impl NewFile {
    /// Begins a file. An existing one is an error at once, unless it may be replaced.
    pub(crate) fn begin(path: &Path, may_replace: bool) -> Result<Self, Failure> {
        let refused = |cause: &dyn Display| {
            Failure::new(format_args!("the file {} cannot be written: {cause}", path.display()))
        };
        // The target of a link, so that the link remains.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match std::fs::metadata(&path) {
            Ok(existing) if !existing.is_file() => {
                return Err(Failure::usage(format_args!("{} exists and is not a file", path.display()))
                    .hint("-o - writes to standard output"));
            }
            Ok(_) if !may_replace => return Err(exists(&path)),
            _ => {}
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tagmeter-").suffix(".unfinished");
        usual_permissions(&mut builder);
        let file = builder.tempfile_in(folder).map_err(|cause| refused(&cause))?;
        unfinished().push(file.path().to_owned());
        Ok(Self { file: BufWriter::new(file), path, may_replace })
    }

    /// Syncs it to disk and renames it to its final name. Returns its size in bytes.
    pub(crate) fn finish(self) -> Result<u64, Failure> {
        let Self { file, path, may_replace } = self;
        let refused = |cause: &dyn Display| {
            Failure::new(format_args!("the file {} cannot be written: {cause}", path.display()))
        };
        let file = file.into_inner().map_err(|cause| refused(&cause.error()))?;
        file.as_file().sync_all().map_err(|cause| refused(&cause))?;
        let bytes = file.as_file().metadata().map_err(|cause| refused(&cause))?.len();
        let named = if may_replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        match named {
            Ok(_) => Ok(bytes),
            Err(cause) if cause.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(cause) => Err(refused(&cause.error)),
        }
    }

    /// Returns its final path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Temporary files that were begun, including those finished or removed by now.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes unfinished files, before the process ends at a signal.
pub(crate) fn remove_unfinished() {
    for path in unfinished().drain(..) {
        // It may be finished, and have its final name.
        let _ = std::fs::remove_file(path);
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(format_args!("the file {} exists already", path.display())).hint("--force overwrites it")
}

/// Sets the usual permissions: temporary files are readable by their owner alone.
#[cfg(unix)]
fn usual_permissions(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn usual_permissions(_: &mut tempfile::Builder<'_, '_>) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn it_appears_when_it_is_complete_and_replaces_only_when_allowed() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("out.csv");
        let mut file = NewFile::begin(&path, false).expect("a file");
        file.write_all(b"one").expect("written");
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(place.path()), Vec::<String>::new(), "nothing is left of one that was given up");

        let write = |bytes: &[u8], may_replace| {
            let mut file = NewFile::begin(&path, may_replace)?;
            file.write_all(bytes).expect("written");
            file.finish()
        };
        write(b"one", false).expect("written");
        assert_eq!(std::fs::read(&path).expect("a file"), b"one");
        let refused = write(b"two", false).expect_err("it is there");
        assert!(refused.to_string().contains("hint: --force"), "{refused}");
        write(b"three", true).expect("replaced");
        assert_eq!(std::fs::read(&path).expect("a file"), b"three");
        assert_eq!(names(place.path()), ["out.csv"]);
    }

    #[test]
    fn one_that_appeared_meanwhile_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("out.csv");
        let file = NewFile::begin(&path, false).expect("a file");
        std::fs::write(&path, "another's").expect("a file");
        assert!(file.finish().is_err());
        assert_eq!(std::fs::read(&path).expect("a file"), b"another's");
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let refused = NewFile::begin(place.path(), true).expect_err("a folder");
        assert_eq!(refused.exit, Exit::Usage);
        assert!(NewFile::begin(&place.path().join("none/out.csv"), false).is_err());
    }
}
