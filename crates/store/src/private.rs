//! Files and folders for their owner alone: a data folder holds accounts and what was measured with the owner's keys. What
//! is there already keeps its permissions; `tagmeter doctor` warns of it.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing, with mode 0700.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options to open a file that is created with mode 0600.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file where there is none.
pub(crate) fn make_file(path: &Path) -> io::Result<()> {
    options().create(true).append(true).open(path).map(|_| ())
}
