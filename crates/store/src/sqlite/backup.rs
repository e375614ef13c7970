//! Copies a file page by page from one snapshot. The file stays in use meanwhile; its WAL is not shortened
//! until the copy is done.

use super::connection;
use super::writer::Writer;
use crate::StoreError;
use crate::backup::BackupProgress;
use crate::error::Doing;
use crate::private;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::{Path, PathBuf};

/// Files that are copied. (The third, of frozen rankings, can be rebuilt.)
pub(crate) const FILES: [&str; 2] = ["accounts.db", "catalog.db"];
/// Pages between two reports of progress.
const PAGES: std::ffi::c_int = 4096;
const CACHE_KIB: u32 = 8 * 1024;

/// Copies the file at `from` to a new one.
pub(crate) async fn copy(from: &Path, to: &Path, progress: BackupProgress) -> Result<(), StoreError> {
    let source = connection::open_reader(from, CACHE_KIB)?;
    let to: PathBuf = to.to_owned();
    Writer::start("backup", source)?.run(move |source| copy_pages(source, &to, &progress)).await
}

fn copy_pages(source: &mut Connection, to: &Path, progress: &BackupProgress) -> Result<(), StoreError> {
    // The first statement that reads begins the snapshot: all steps below copy from it, and no write meanwhile
    // restarts the copy.
    source.execute_batch("BEGIN; SELECT 1 FROM migrations").doing("begin to copy the file")?;
    let page_bytes: u64 = source
        .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))
        .doing("read the size of pages")?
        .unsigned_abs();
    private::make_file(to)
        .map_err(|cause| StoreError::Unusable(format!("{} cannot be written: {cause}", to.display())))?;
    let mut target = Connection::open(to).doing("create the copy")?;
    let backup = Backup::new(source, &mut target).doing("begin to copy the file")?;
    loop {
        match backup.step(PAGES).doing("copy the file")? {
            StepResult::Done => return Ok(()),
            StepResult::More => {
                let at = backup.progress();
                let bytes = |pages: std::ffi::c_int| u64::from(pages.unsigned_abs()) * page_bytes;
                progress(bytes(at.pagecount - at.remaining), bytes(at.pagecount));
            }
            other => return Err(StoreError::Unusable(format!("the file cannot be copied now: {other:?}"))),
        }
    }
}
