//! An import as a job: which file, how much of it is read, and what it brought.

use super::{read, state, written};
use crate::import::{HowToRead, KeptReport, KeptWarning, RejectNote};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::jobs::Job;
use store::record::Recorded;

/// What is to be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// The file, by its name in the [`super::Spool`].
    pub spooled: String,
    /// What its owner calls it.
    pub file_name: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// How it is to be read.
    #[serde(default, skip_serializing_if = "HowToRead::is_default")]
    pub how: HowToRead,
}

/// How far an import is, and in the end what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportState {
    /// Bytes that were read, packed as they are.
    pub bytes_read: u64,
    /// Observations that were read.
    pub records: u64,
    /// Records that were in the store at most, of all attempts: one that ends before it got further counts as a failure.
    #[serde(skip_serializing_if = "is_none")]
    pub committed: u64,
    /// What changed in the store, by this attempt and those before it.
    pub counts: ImportCounts,
    /// Records that could not be used; known in the end.
    pub rejected: u64,
    /// The first of them.
    pub first_rejects: Vec<RejectNote>,
    /// Of how many records something is known; known in the end.
    pub kept: KeptReport,
    /// What is lacking though the file has something like it.
    pub warnings: Vec<KeptWarning>,
    /// Every `--map` of the command line that would read the records by their columns or keys.
    pub maps: Vec<String>,
    /// What has to be known of how the file was read.
    pub notes: Vec<String>,
    /// Readings without a time: no history is kept of them.
    pub without_time: u64,
    /// Readings whose time was stated with the upload.
    pub times_stated: u64,
    /// Why the file was not read, or not to its end, or that every record was rejected, or what was missed.
    pub problem: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

/// What changed in the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Videos that were not held before.
    pub videos_new: u64,
    /// Records that changed a video held before.
    pub videos_changed: u64,
    /// Hashtags that were not held before.
    pub hashtags_new: u64,
    /// Hashtags held before of which something changed.
    pub hashtags_changed: u64,
    /// Snapshots that were not held before.
    pub snapshots_new: u64,
    /// Stored videos that count as removed from now on.
    #[serde(default, skip_serializing_if = "is_none")]
    pub videos_removed: u64,
    /// Video records passed over because the video or its creator was forgotten.
    #[serde(default, skip_serializing_if = "is_none")]
    pub videos_forgotten: u64,
}

impl ImportOrder {
    /// Of a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        read(job, "request", &job.request)
    }

    /// As the job's request.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl ImportState {
    /// Of a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        state(job)
    }

    /// As the job's progress or result.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl ImportCounts {
    /// With what one more transaction did.
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
