//! Importing files: one thread reads and prepares, the store's writer takes in, a bounded queue between them.
//!
//! Each transaction takes a large number of records, since that is what makes links and sums cheap; what was read of a
//! file that is cut off stays, and importing it again changes only what was missing.

use crate::record::prepare;
use crate::{Catalog, CatalogError};
use serde::{Deserialize, Serialize};
use sources::files::{self, Item, Mapping, Options, Progress, Reject, Sink};
use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use store::record::{Prepared, Recorded};

/// Records handed over at a time.
const CHUNK_RECORDS: usize = 256;
/// Chunks that may wait for the store: some 4 MB.
const CHUNKS_MAX: usize = 8;
/// Records in one transaction: more make links cheaper, fewer keep memory small.
const TRANSACTION_RECORDS_MAX: u64 = 100_000;
/// Rejects that the report lists; the rest is counted and goes to the reject file.
pub const FIRST_REJECTS_MAX: usize = 10;

/// Where to read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportInput {
    /// A file, or a folder with all files below it.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// Hears how an import goes. Called from the reading thread.
pub trait ImportProgress: Send + Sync {
    /// A file is begun: its name, its number from 0 and how many files there are.
    fn begin(&self, name: &str, number: usize, files: usize);
    /// So many bytes and records are read, of all files together.
    fn advance(&self, progress: Progress, records: u64);
    /// The store has taken so much more in, durably. Called from the importing task.
    fn recorded(&self, recorded: &Recorded) {
        let _ = recorded;
    }
    /// Whether the import is to end soon, with what it has.
    fn is_over(&self) -> bool {
        false
    }
}

/// How to import.
#[derive(Default)]
pub struct ImportOptions {
    /// Where rejected records are kept, as NDJSON of `file`, `line`, `record`, `reason`, `raw`.
    pub rejects: Option<Box<dyn Write + Send>>,
    /// Who hears how it goes.
    pub progress: Option<Arc<dyn ImportProgress>>,
    /// Which column is what, where the files are tables or NDJSON of no format that is known.
    pub mapping: Option<Arc<Mapping>>,
}

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// Files that were read, with what became of each.
    pub files: Vec<FileSummary>,
    /// What the store took in, all files together.
    pub recorded: Recorded,
    /// Records that could not be used.
    pub rejected: u64,
    /// The first of them.
    pub first_rejects: Vec<RejectNote>,
    /// Whether it was ended before its end ([`ImportProgress::is_over`]).
    pub is_stopped: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileSummary {
    /// Its name.
    pub file: String,
    /// Observations by the format they came in.
    pub observations: std::collections::BTreeMap<&'static str, u64>,
    /// Records that could not be used.
    pub rejected: u64,
    /// Whether there was nothing in it.
    pub is_empty: bool,
    /// Why it was not read, or not to its end.
    pub problem: Option<String>,
}

/// A rejected record, as the report tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectNote {
    /// File, and entry in it if it is an archive.
    pub file: String,
    /// Line, from 1, where there are lines.
    pub line: Option<u64>,
    /// Number in its list, from 1, where it stands in one.
    pub record: Option<u64>,
    /// Why.
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
    /// Imports files. What cannot be read is in the report; `Err` is for the store and for missing files.
    pub async fn import(
        &self,
        inputs: &[ImportInput],
        options: ImportOptions,
    ) -> Result<ImportReport, CatalogError> {
        let inputs = expand(inputs)?;
        let listener = options.progress.clone();
        let (send, mut chunks) = mpsc::sync_channel(CHUNKS_MAX);
        let reading = tokio::task::spawn_blocking(move || {
            let mut reader = Reader::new(send, options);
            reader.read_all(&inputs);
            reader.report
        });
        let mut recorded = Recorded::default();
        loop {
            let transaction;
            (transaction, chunks) = self.inner.store.record(chunks, TRANSACTION_RECORDS_MAX).await?;
            let is_end = transaction.records() == 0;
            recorded.add(&transaction);
            if let Some(listener) = &listener {
                listener.recorded(&transaction);
            }
            if is_end {
                break;
            }
        }
        let mut report = reading.await.map_err(|_| store::StoreError::Closed)?;
        report.recorded = recorded;
        self.follow().await?;
        self.inner.index.bring_up_and_keep().await?;
        self.follow_trends().await?;
        Ok(report)
    }
}

/// Reads files on a thread of its own and hands prepared records over.
struct Reader {
    send: mpsc::SyncSender<Vec<Prepared>>,
    chunk: Vec<Prepared>,
    options: ImportOptions,
    report: ImportReport,
    records: u64,
    /// Bytes of the files before the one that is read.
    bytes_before: u64,
    /// Bytes of all files, where all are known.
    bytes_total: Option<u64>,
}

impl Reader {
    fn new(send: mpsc::SyncSender<Vec<Prepared>>, options: ImportOptions) -> Self {
        Self {
            send,
            chunk: Vec::with_capacity(CHUNK_RECORDS),
            options,
            report: ImportReport::default(),
            records: 0,
            bytes_before: 0,
            bytes_total: None,
        }
    }

    fn read_all(&mut self, inputs: &[ImportInput]) {
        self.bytes_total = inputs.iter().map(bytes_of).sum();
        for (number, input) in inputs.iter().enumerate() {
            let summary = self.read(input, number, inputs.len());
            self.report.files.push(summary);
        }
        // The receiver is gone only when the store failed, which reports that itself.
        let _ = self.hand_over();
    }

    fn read(&mut self, input: &ImportInput, number: usize, count: usize) -> FileSummary {
        let (name, opened) = match input {
            ImportInput::Path(path) => (path.display().to_string(), files::open(path)),
            ImportInput::Stdin => ("-".to_owned(), Ok(files::from_reader("-", Box::new(std::io::stdin())))),
        };
        if let Some(progress) = &self.options.progress {
            progress.begin(&name, number, count);
        }
        let mut summary = FileSummary { file: name, ..FileSummary::default() };
        let options = Options { threads: NonZeroUsize::MIN, mapping: self.options.mapping.clone() };
        match opened.and_then(|input| files::read(input, options, self)) {
            Ok(report) => {
                summary.observations =
                    report.observations.iter().map(|(source, n)| (source.name(), *n)).collect();
                summary.rejected = report.rejects;
                summary.is_empty = report.is_empty;
                summary.problem = report.damage;
                self.report.is_stopped |= report.is_stopped;
            }
            Err(error) => summary.problem = Some(error.to_string()),
        }
        self.bytes_before += bytes_of(input).unwrap_or(0);
        // Small files end before they have told how far they are read.
        let _ = self.progress(Progress { bytes_read: 0, bytes_total: None });
        summary
    }

    fn is_over(&self) -> bool {
        self.options.progress.as_ref().is_some_and(|listener| listener.is_over())
    }

    fn hand_over(&mut self) -> ControlFlow<()> {
        if self.chunk.is_empty() {
            return ControlFlow::Continue(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_RECORDS));
        match self.send.send(chunk) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn reject(&mut self, reject: &Reject) {
        self.report.rejected += 1;
        let note = RejectNote::from(reject);
        if let Some(file) = &mut self.options.rejects {
            let raw = String::from_utf8_lossy(&reject.raw);
            let line = serde_json::json!({
                "file": note.file, "line": note.line, "record": note.record, "reason": note.reason, "raw": raw,
            });
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, "the reject file cannot be written");
                self.options.rejects = None;
            }
        }
        if self.report.first_rejects.len() < FIRST_REJECTS_MAX {
            self.report.first_rejects.push(note);
        }
    }
}

impl Sink for Reader {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        match item {
            Item::Observation(observation) => {
                self.records += 1;
                self.chunk.push(prepare(observation));
                match self.chunk.len() {
                    ..CHUNK_RECORDS => ControlFlow::Continue(()),
                    _ if self.is_over() => ControlFlow::Break(()),
                    _ => self.hand_over(),
                }
            }
            Item::Reject(reject) => {
                self.reject(&reject);
                ControlFlow::Continue(())
            }
        }
    }

    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        if let Some(listener) = &self.options.progress {
            let bytes_read = self.bytes_before + progress.bytes_read;
            listener.advance(Progress { bytes_read, bytes_total: self.bytes_total }, self.records);
        }
        if self.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The length of a file; a stream and a pipe have none.
fn bytes_of(input: &ImportInput) -> Option<u64> {
    match input {
        ImportInput::Path(path) => {
            std::fs::metadata(path).ok().filter(|file| file.is_file()).map(|file| file.len())
        }
        ImportInput::Stdin => None,
    }
}

/// Folders become the files below them, in order of their names; hidden ones are passed over.
fn expand(inputs: &[ImportInput]) -> Result<Vec<ImportInput>, CatalogError> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            ImportInput::Path(path) if path.is_dir() => files_below(path, &mut files)?,
            other => files.push(other.clone()),
        }
    }
    Ok(files)
}

fn files_below(folder: &Path, files: &mut Vec<ImportInput>) -> Result<(), CatalogError> {
    let failed = |cause: std::io::Error| CatalogError::File {
        name: folder.display().to_string(),
        cause: format!("cannot be listed: {cause}"),
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        match path.is_dir() {
            _ if is_hidden => {}
            true => files_below(&path, files)?,
            false => files.push(ImportInput::Path(path)),
        }
    }
    Ok(())
}
