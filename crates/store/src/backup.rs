//! `tagmeter backup`: a consistent copy of the SQLite files, made while the store is in use, and checked before
//! it gets its name. Frozen rankings, upstream fetches and the search index are not copied: all are rebuilt if
//! missing.

use crate::audit::AuditReport;
use crate::check::FileState;
use crate::{Store, StoreError, StoreOptions, sqlite};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Added to the name of a copy until it is complete.
const UNFINISHED: &str = ".unfinished";

/// Progress of a backup: bytes of the current file, copied and in all.
pub type BackupProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Outcome of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// Each file with its bytes.
    pub files: Vec<(&'static str, u64)>,
    /// The audit of the copy's ledger.
    pub audit: AuditReport,
}

/// Copies the files of a data folder to a new or empty folder. Each file is a snapshot of one moment; every
/// charge reported before the start is in the copy. On return the copy is on disk, its pages have been checked,
/// it has been opened and its ledger audited (see the report). An interrupted backup leaves a folder whose name
/// ends in `.unfinished`; the next one to the same place replaces it.
///
/// # Errors
/// The source is missing or not SQLite, the target is not empty, the disk is full, or the copy is damaged.
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
            "{} exists and is not an empty folder; a backup goes to a new one",
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
    let report = inspect(&place).await?;
    std::fs::rename(&place, to).map_err(|cause| cannot(to, &cause))?;
    sync(to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")))?;
    Ok(report)
}

/// Returns the folder in which the copy is made, empty.
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

/// Checks the pages of the copy, opens it, audits it, and syncs it to disk.
async fn inspect(place: &Path) -> Result<BackupReport, StoreError> {
    let copy = StoreOptions::in_folder(place);
    for file in copy.check() {
        if let FileState::Damaged(why) = file.state {
            return Err(StoreError::Unusable(format!("the copy of {} is damaged: {why}", file.name)));
        }
    }
    let store = Store::open(&copy).await?;
    let audit = store.audit().await?;
    drop(store);
    // Opening created it, empty.
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

/// Syncs a file, or the names in a folder, to disk.
fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|cause| cannot(path, &cause))
}

fn cannot(path: &Path, cause: &std::io::Error) -> StoreError {
    StoreError::Unusable(format!("{} cannot be written: {cause}", path.display()))
}
