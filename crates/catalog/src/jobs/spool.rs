//! Uploaded files that wait for their import: in a folder of their own, named after their job. A file lives as
//! long as its job.

use domain::{AccountId, JobId, Timestamp};
use std::io;
use std::path::{Path, PathBuf};
use store::file_age::untouched_ms;
use store::{Store, StoreError};

/// Subfolder of uploads in the data folder.
pub const SPOOL_FOLDER: &str = "uploads";
/// Prefix of the names of incomplete files.
const PART: &str = ".part-";
/// Age after which an incomplete file counts as abandoned.
const LEFT_MS: i64 = 24 * 3600 * 1000;

/// The folder.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// Opens the spool of a data folder.
    pub fn of(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(SPOOL_FOLDER) }
    }

    /// Returns the folder, which is created with the first file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a small file to the folder, to check that this works. Blocks on the disk.
    pub fn probe(&self) -> io::Result<()> {
        store::probe::write_to_folder(&self.folder)
    }

    /// Returns the file name of a job.
    pub fn name(account_id: AccountId, job_id: JobId) -> String {
        format!("{}-{job_id}", account_id.0)
    }

    /// Returns the path of a complete file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the path of a file during its upload.
    pub fn part(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{PART}{name}"))
    }

    /// Removes the file of an ended job. The next sweep removes one that cannot be removed now.
    pub fn remove(&self, name: &str) {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, name, "an uploaded file cannot be removed");
            }
            _ => {}
        }
    }

    /// Removes leftovers: files of ended jobs, and old ones that are incomplete or of no job.
    pub async fn sweep(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        // Without a folder there is nothing to sweep.
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_old = || untouched_ms(&entry.path(), now).is_some_and(|ms| ms >= LEFT_MS);
            let goes = match owner(&name) {
                None => name.starts_with(PART) && is_old(),
                Some((account_id, job_id)) => match store.job(account_id, job_id).await? {
                    Some(job) => job.state.is_ended(),
                    // Its job may be about to be created.
                    None => is_old(),
                },
            };
            if goes {
                self.remove(&name);
            }
        }
        Ok(())
    }
}

/// Parses the job of a file from its name.
fn owner(name: &str) -> Option<(AccountId, JobId)> {
    let (account, job) = name.split_once('-')?;
    Some((AccountId(account.parse().ok()?), job.parse().ok()?))
}
