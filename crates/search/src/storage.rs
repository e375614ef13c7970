//! Storage of a segment's bytes: a file, read by position, or memory.
//!
//! Files are read by position into small buffers and not memory-mapped. The operating system's page cache holds what
//! is hot either way, and a read of a few kilobytes from it costs about as much as decoding them. In return there is
//! no unsafe code of ours or of a wrapper that merely hides it, a file cut short under us is an error of one query
//! and not a `SIGBUS` that ends the process, and the process's own memory stays small whatever is queried.

use std::fs::File;
use std::io;

/// The bytes of one segment.
#[derive(Debug)]
pub(super) enum Storage {
    File { file: File, bytes: u64 },
    Memory(Vec<u8>),
}

impl Storage {
    pub(super) fn open(file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self::File { file, bytes })
    }

    /// Returns the length in bytes.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::File { bytes, .. } => *bytes,
            Self::Memory(all) => all.len() as u64,
        }
    }

    /// Fills `buffer` from `offset` on.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File { file, .. } => read_exact_at(file, buffer, offset),
            Self::Memory(all) => {
                let start = usize::try_from(offset).map_err(|_| damaged("offset"))?;
                let end = start.checked_add(buffer.len()).ok_or_else(|| damaged("offset"))?;
                buffer.copy_from_slice(all.get(start..end).ok_or_else(|| damaged("offset"))?);
                Ok(())
            }
        }
    }

    /// Replaces what is in `buffer` with `bytes` bytes from `offset` on.
    pub(super) fn read_into(&self, offset: u64, bytes: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        if offset.checked_add(bytes as u64).is_none_or(|end| end > self.bytes()) {
            return Err(damaged("offset"));
        }
        buffer.resize(bytes, 0);
        self.read(offset, buffer)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[read..];
        offset += read as u64;
    }
    Ok(())
}

/// The error of bytes that cannot be what was written.
pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the search index is damaged: {what}"))
}
