//! Files and folders for their owner alone: a data folder contains accounts and data fetched with the owner's
//! keys. Existing ones keep their permissions; `tagmeter doctor` warns of them.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder, and missing ones above it, with mode 0700.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Returns options that create a file with mode 0600.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates an empty file if there is none.
pub(crate) fn make_file(path: &Path) -> io::Result<()> {
    options().create(true).append(true).open(path).map(|_| ())
}
