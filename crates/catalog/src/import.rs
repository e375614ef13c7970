//! Importing files: one thread reads and prepares, the store's writer takes in, a bounded queue between them.
//!
//! Each transaction takes a large number of records, since that is what makes links and sums cheap; what was read of a
//! file that is cut off stays, and importing it again changes only what was missing.

mod how;

mod imported;

mod inputs;

mod stored_fields;

mod reader;

use crate::{Catalog, CatalogError};
use domain::Timestamp;
use imported::Imported;
use inputs::Entry;
use reader::{Reader, Shared};
use serde::{Deserialize, Serialize};
use sources::files::{Mapping, Progress, Reject};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use store::record::Recorded;
use tokio::sync::watch;
use tokio::time::timeout;
use utoipa::ToSchema;

pub use how::{EncodingName, HowError, HowToRead, ObservedAt, SHEET_LENGTH_MAX, SheetName};
pub use inputs::{ImportInputs, PassedOver};
pub use stored_fields::{
    MissingFieldWarning, StoredFieldsReport, StoredOfFormat, StoredOfHashtags, StoredOfVideos,
    StoredOfWindows,
};

/// Records in one transaction: more make links cheaper, fewer keep memory small.
const TRANSACTION_RECORDS_MAX: u64 = 100_000;
/// Rejects that the report lists; the rest is counted and goes to the reject file.
pub const FIRST_REJECTS_MAX: usize = 10;
/// Maximum time for a stopped reader to finish its report. One that waits for input never finishes.
const STOPPING_MAX: Duration = Duration::from_secs(1);

/// An input to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportInput {
    /// A file, or a folder with all files below it.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// Receives the progress of an import. Called from the reading thread.
pub trait ImportProgress: Send + Sync {
    /// A file is begun: its name, its number from 0 and how many files there are.
    fn begin(&self, name: &str, number: usize, files: usize);
    /// So many bytes and records are read, of all files together.
    fn advance(&self, progress: Progress, records: u64);
    /// The store has taken so much more in, durably. Called from the importing task.
    fn recorded(&self, recorded: &Recorded) {
        let _ = recorded;
    }
    /// Returns `true` to end the import early, with what it has read.
    fn is_over(&self) -> bool {
        false
    }
}

/// Options of an import.
#[derive(Default)]
pub struct ImportOptions {
    /// Receives rejected records as NDJSON of `file`, `line`, `record`, `reason`, `raw`.
    pub rejects: Option<Box<dyn Write + Send>>,
    /// Receives progress.
    pub progress: Option<Arc<dyn ImportProgress>>,
    /// Which column is what, where the files are tables or NDJSON of no format that is known.
    pub mapping: Option<Arc<Mapping>>,
    /// Reading time, encoding and sheet, as stated by the user.
    pub how: HowToRead,
    /// Original name of an uploaded file, for a time in its name.
    pub called: Option<String>,
    /// Ends the import, once it is true, with what was read until then; also one that waits for its input.
    pub stop: Option<watch::Receiver<bool>>,
}

/// Report of an import.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// A summary of each file.
    pub files: Vec<FileSummary>,
    /// Changes in the store, all files together. Records of skipped files count as unchanged.
    pub recorded: Recorded,
    /// Records that could not be used.
    pub rejected: u64,
    /// The first of them.
    pub first_rejects: Vec<RejectNote>,
    /// Number of records with each field, all files together.
    pub kept: StoredFieldsReport,
    /// Observations without a reading time: they add no history.
    pub without_time: u64,
    /// Observations whose reading time was stated ([`HowToRead::observed_at`]).
    pub times_stated: u64,
    /// Skipped files and entries.
    pub passed_over: PassedOver,
    /// Set when reading ended early ([`ImportProgress::is_over`], [`ImportOptions::stop`]).
    pub is_stopped: bool,
}

/// Summary of one file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileSummary {
    /// Its name.
    pub file: String,
    /// Time of an earlier import of the same file. It was not read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<Timestamp>,
    /// Observations by the format they came in.
    pub observations: std::collections::BTreeMap<&'static str, u64>,
    /// Records that could not be used.
    pub rejected: u64,
    /// Number of records with each field.
    pub kept: StoredFieldsReport,
    /// Missing fields that some column or key of the file looks like.
    pub warnings: Vec<MissingFieldWarning>,
    /// Every `--map` that would read the records by their columns or keys, where something is lacking.
    pub maps: Vec<String>,
    /// Notes on the reading, as sentences: lost details, parts that were not read.
    pub notes: Vec<String>,
    /// True if the file is empty.
    pub is_empty: bool,
    /// Why it was not read, or not to its end, or that nothing measurable was stored.
    pub problem: Option<String>,
    /// True if records were read and none can be measured.
    #[serde(skip)]
    pub stores_nothing: bool,
}

impl FileSummary {
    /// Returns true if the file has plays, hashtags or views and none was stored.
    pub fn misses_what_counts(&self) -> bool {
        self.warnings.iter().any(|warning| warning.is_grave)
    }
}

/// A rejected record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportReject)]
pub struct RejectNote {
    /// The file, and the entry in it if it is an archive.
    pub file: String,
    /// Line, from 1, in a file of lines.
    pub line: Option<u64>,
    /// Number in its list, from 1, if it is in one.
    pub record: Option<u64>,
    /// Reason.
    pub reason: String,
}

impl From<&Reject> for RejectNote {
    fn from(reject: &Reject) -> Self {
        let place = &reject.place;
        Self {
            file: place.file.to_string(),
            line: place.line,
            record: place.record,
            reason: reject.reason.clone(),
        }
    }
}

impl Catalog {
    /// Imports files. What cannot be read is in the report; `Err` is for the store.
    pub async fn import(
        &self,
        inputs: ImportInputs,
        options: ImportOptions,
    ) -> Result<ImportReport, CatalogError> {
        let (listener, mut stop) = (options.progress.clone(), options.stop.clone());
        // The rejected records can only be had by reading.
        let imported = if options.how.again || options.rejects.is_some() {
            Imported::default()
        } else {
            self.imported_before(&inputs).await?
        };
        let (reader, ended) = Reader::start(inputs, options, imported, Arc::clone(&self.inner.clock))?;
        let recorded = {
            let recording = self.record_all(reader.chunks, &reader.shared, listener.as_deref());
            let mut recording = std::pin::pin!(recording);
            tokio::select! {
                recorded = recording.as_mut() => recorded?,
                () = stopped(&mut stop) => {
                    reader.shared.stop();
                    recording.await?
                }
            }
        };
        if reader.shared.is_stopped() {
            // A reader that still waits for its input is left behind: all it has read is in.
            let _ = timeout(STOPPING_MAX, ended).await;
        } else {
            ended.await.map_err(|_| store::StoreError::Closed)??;
        }
        let mut report = reader.shared.report();
        if let Some(listener) = listener.filter(|_| report.recorded.records() > 0) {
            listener.recorded(&report.recorded);
        }
        report.recorded.add(&recorded);
        self.invalidate_changed().await?;
        if reader.shared.is_stopped() {
            self.inner.index.nudge();
            return Ok(report);
        }
        // Whoever asks next does what is stopped here.
        tokio::select! {
            settled = self.settle() => settled?,
            () = stopped(&mut stop) => self.inner.index.nudge(),
        }
        Ok(report)
    }

    /// Returns the imported files that have the size of one of the inputs.
    async fn imported_before(&self, inputs: &ImportInputs) -> Result<Imported, CatalogError> {
        let mut sizes: Vec<u64> =
            inputs.entries().iter().filter(|entry| entry.path().is_some()).filter_map(Entry::bytes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Ok(Imported::new(self.inner.store.imported_files(&sizes).await?))
    }

    /// Stores what is read, transaction by transaction, until there is no more, and notes the files that are in whole.
    async fn record_all(
        &self,
        mut chunks: mpsc::Receiver<Vec<store::record::Prepared>>,
        shared: &Shared,
        listener: Option<&dyn ImportProgress>,
    ) -> Result<Recorded, CatalogError> {
        let mut recorded = Recorded::default();
        loop {
            let transaction;
            let now = self.inner.clock.now();
            (transaction, chunks) = self.inner.store.record(chunks, TRANSACTION_RECORDS_MAX, now).await?;
            recorded.add(&transaction);
            if let Some(listener) = listener {
                listener.recorded(&transaction);
            }
            // Where records were forgotten, the same file may record more once they are allowed again.
            if recorded.videos_forgotten == 0 {
                let files = shared.take_finished(recorded.records());
                self.inner.store.add_imported_files(files).await?;
            }
            if transaction.records() == 0 {
                return Ok(recorded);
            }
        }
    }
}

/// Done when the import is to stop; never where nobody stops it.
async fn stopped(stop: &mut Option<watch::Receiver<bool>>) {
    let is_stopping = match stop {
        Some(stop) => stop.wait_for(|stop| *stop).await.is_ok(),
        None => false,
    };
    if !is_stopping {
        std::future::pending::<()>().await;
    }
}
