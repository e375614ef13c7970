//! `tagmeter backup`: a consistent copy of the SQLite files, made while the store is in use, and looked over before it gets
//! its name. Frozen rankings, what upstreams were asked for and the search index are not copied: all are made again when
//! they are missing.

use crate::audit::AuditReport;
use crate::check::FileState;
use crate::{Store, StoreError, StoreOptions, sqlite};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Added to the name of a copy until it is complete.
const UNFINISHED: &str = ".unfinished";

/// Progress of a backup: bytes of the file that is copied, done and in all.
pub type BackupProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Outcome of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// Each file with its bytes.
    pub files: Vec<(&'static str, u64)>,
    /// The audit of the copy's ledger.
    pub audit: AuditReport,
}

/// Copies the files of a data folder to a folder that is new or empty. Each file is as it was at one moment; every charge
/// that was reported before the beginning is in the copy. On return the copy is on the disk, its pages have been checked,
/// it has been opened and its ledger audited (the report tells what the audit found). A backup that is cut off leaves
/// a folder whose name ends in `.unfinished`; the next one to the same place replaces it.
///
/// # Errors
/// A source that is not there or is not SQLite, a target that holds something, a disk that is full, and a copy that is
/// not sound.
pub async fn backup(
    from: &StoreOptions,
    to: &Path,
    progress: BackupProgress,
) -> Result<BackupReport, StoreError> {
    if let Some(url) = &from.database_url {
        return Err(StoreError::Unusable(format!(
            "{url} is PostgreSQL, which is backed up with its own tools, pg_dump or pg_basebackup"
        )));
    }
    sqlite::transfer::refuse_unfinished(&from.data_dir)?;
    let is_free = !to.exists() || std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    if !is_free {
        return Err(StoreError::Unusable(format!(
            "{} is there and is not an empty folder; a backup goes to a new one",
            to.display()
        )));
    }
    if let Some(name) = sqlite::backup::FILES.into_iter().find(|name| !from.data_dir.join(name).exists()) {
        return Err(StoreError::Unusable(format!("there is no {name} in {}", from.data_dir.display())));
    }
    let place = unfinished(to)?;
    for name in sqlite::backup::FILES {
        sqlite::backup::copy(&from.data_dir.join(name), &place.join(name), Arc::clone(&progress)).await?;
    }
    let report = look_over(&place).await?;
    std::fs::rename(&place, to).map_err(|cause| cannot(to, &cause))?;
    sync(to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")))?;
    Ok(report)
}

/// The folder that the copy is made in, empty.
fn unfinished(to: &Path) -> Result<PathBuf, StoreError> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(StoreError::Unusable(format!("{} names no folder", to.display())));
    }
    name.push(UNFINISHED);
    let place = to.with_file_name(name);
    if place.exists() {
        std::fs::remove_dir_all(&place).map_err(|cause| cannot(&place, &cause))?;
    }
    crate::private::make_folder(&place).map_err(|cause| cannot(&place, &cause))?;
    Ok(place)
}

/// Checks the pages of the copy, opens it, audits it, and brings it to the disk.
async fn look_over(place: &Path) -> Result<BackupReport, StoreError> {
    let copy = StoreOptions::in_folder(place);
    for file in copy.check() {
        if let FileState::Damaged(why) = file.state {
            return Err(StoreError::Unusable(format!("the copy of {} is damaged: {why}", file.name)));
        }
    }
    let store = Store::open(&copy).await?;
    let audit = store.audit().await?;
    drop(store);
    // Opening made it; it holds nothing.
    for name in ["walks.db", "walks.db-wal", "walks.db-shm"] {
        let _ = std::fs::remove_file(place.join(name));
    }
    let mut files = Vec::new();
    for name in sqlite::backup::FILES {
        let path = place.join(name);
        sync(&path)?;
        files.push((name, std::fs::metadata(&path).map_err(|cause| cannot(&path, &cause))?.len()));
    }
    sync(place)?;
    Ok(BackupReport { files, audit })
}

/// Brings a file, or the names in a folder, to the disk.
fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|cause| cannot(path, &cause))
}

fn cannot(path: &Path, cause: &std::io::Error) -> StoreError {
    StoreError::Unusable(format!("{} cannot be written: {cause}", path.display()))
}
