//! An import as a job: its file, progress and result.

use super::{read, state, written};
use crate::import::{HowToRead, MissingFieldWarning, RejectNote, StoredFieldsReport};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::jobs::Job;
use store::record::Recorded;

/// Request of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// The file, by its name in the [`super::Spool`].
    pub spooled: String,
    /// The owner's name of the file.
    pub file_name: Option<String>,
    /// Size of the file.
    pub bytes: u64,
    /// Options of reading it.
    #[serde(default, skip_serializing_if = "HowToRead::is_default")]
    pub how: HowToRead,
}

/// Progress of an import, and its result at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportState {
    /// Bytes read, before unpacking.
    pub bytes_read: u64,
    /// Observations read.
    pub records: u64,
    /// Most records stored by any attempt: one that ends without getting further counts as a failure.
    #[serde(skip_serializing_if = "is_none")]
    pub committed: u64,
    /// Changes in the store by all attempts.
    pub counts: ImportCounts,
    /// Number of rejects; known at the end.
    pub rejected: u64,
    /// The first rejects.
    pub first_rejects: Vec<RejectNote>,
    /// Number of records with each field; known at the end.
    pub kept: StoredFieldsReport,
    /// Missing fields that the file seems to have under another name.
    pub warnings: Vec<MissingFieldWarning>,
    /// Every `--map` of the command line that would read the records by their columns or keys.
    pub maps: Vec<String>,
    /// Notes on how the file was read.
    pub notes: Vec<String>,
    /// Readings without a time, which add no history.
    pub without_time: u64,
    /// Readings whose time was stated with the upload.
    pub times_stated: u64,
    /// Why the file was not read, or not completely; or that every record was rejected; or what was missed.
    pub problem: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde needs a reference")]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

/// Changes in the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Videos that were not stored before.
    pub videos_new: u64,
    /// Records that changed a stored video.
    pub videos_changed: u64,
    /// Hashtags that were not stored before.
    pub hashtags_new: u64,
    /// Stored hashtags that changed.
    pub hashtags_changed: u64,
    /// Snapshots that were not stored before.
    pub snapshots_new: u64,
    /// Stored videos that count as removed from now on.
    #[serde(default, skip_serializing_if = "is_none")]
    pub videos_removed: u64,
    /// Video records skipped because the video or its creator was forgotten.
    #[serde(default, skip_serializing_if = "is_none")]
    pub videos_forgotten: u64,
}

impl ImportOrder {
    /// Decodes it from a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        read(job, "request", &job.request)
    }

    /// Encodes the job's request.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl ImportState {
    /// Decodes it from a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        state(job)
    }

    /// Encodes the job's progress or result.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl ImportCounts {
    /// Adds the changes of one more transaction.
    #[must_use]
    pub fn and(self, recorded: &Recorded) -> Self {
        Self {
            videos_new: self.videos_new + recorded.videos_new,
            videos_changed: self.videos_changed + recorded.videos_changed,
            hashtags_new: self.hashtags_new + recorded.hashtags_new,
            hashtags_changed: self.hashtags_changed + recorded.hashtags_changed,
            snapshots_new: self.snapshots_new + recorded.snapshots_new,
            videos_removed: self.videos_removed + recorded.videos_removed,
            videos_forgotten: self.videos_forgotten + recorded.videos_forgotten,
        }
    }
}
