//! Imports an uploaded file through the catalog. After a restart it is read again from the start, which changes
//! nothing already stored.

use crate::lease::{JobSignal, Lease};
use crate::{Outcome, WorkerContext};
use catalog::CatalogError;
use catalog::import::{FileSummary, ImportInputs, ImportOptions, ImportProgress, ImportReport};
use catalog::jobs::{ImportCounts, ImportOrder, ImportState};
use sources::files::Progress;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::StoreError;
use store::jobs::{Job, JobEnd};
use store::record::Recorded;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Longest time between two progress reports; each transaction of the store reports too.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(3);
/// Name in messages of a file without a name.
const UNNAMED: &str = "upload";

/// Receives the progress of an import, and stops it on request.
#[derive(Debug)]
struct Listener {
    bytes_read: AtomicU64,
    records: AtomicU64,
    counts: Mutex<ImportCounts>,
    /// Records that this attempt has stored.
    committed: AtomicU64,
    /// The most records that a previous attempt stored.
    committed_before: u64,
    has_recorded: Notify,
    is_over: AtomicBool,
}

impl ImportProgress for Listener {
    fn begin(&self, _: &str, _: usize, _: usize) {}

    fn advance(&self, progress: Progress, records: u64) {
        self.bytes_read.store(progress.bytes_read, Relaxed);
        self.records.store(records, Relaxed);
    }

    fn recorded(&self, recorded: &Recorded) {
        let mut counts = self.counts();
        *counts = counts.and(recorded);
        self.committed.fetch_add(recorded.records(), Relaxed);
        self.has_recorded.notify_one();
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }
}

impl Listener {
    /// `before` is the state after earlier attempts.
    fn new(before: &ImportState) -> Self {
        Self {
            bytes_read: AtomicU64::new(0),
            records: AtomicU64::new(0),
            counts: Mutex::new(before.counts),
            committed: AtomicU64::new(0),
            committed_before: before.committed,
            has_recorded: Notify::new(),
            is_over: AtomicBool::new(false),
        }
    }

    fn counts(&self) -> MutexGuard<'_, ImportCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if this attempt stored more than any before.
    fn is_further(&self) -> bool {
        self.committed.load(Relaxed) > self.committed_before
    }

    fn state(&self) -> ImportState {
        ImportState {
            bytes_read: self.bytes_read.load(Relaxed),
            records: self.records.load(Relaxed),
            counts: *self.counts(),
            committed: self.committed.load(Relaxed).max(self.committed_before),
            ..ImportState::default()
        }
    }
}

pub(crate) async fn run(
    context: &WorkerContext,
    job: &Job,
    lease: &Lease<'_>,
) -> Result<Outcome, CatalogError> {
    let order = ImportOrder::of(job)?;
    let path = context.spool.path(&order.spooled);
    let before = ImportState::of(job)?;
    if !path.is_file() {
        let problem = Some("the uploaded file is no longer here".to_owned());
        return Ok(Outcome::Ended(JobEnd::Failed, ImportState { problem, ..before }.to_json()));
    }
    let listener = Arc::new(Listener::new(&before));
    let (imported, signal) = import(context, (&path, &order), &listener, lease).await?;
    let report = match imported {
        Ok(report) => report,
        // What the store, the search index or trends fail by is no fault of the file.
        Err(error @ (CatalogError::Store(_) | CatalogError::Index(_) | CatalogError::Trends(_))) => {
            return Err(error);
        }
        Err(error) => {
            let problem = Some(error.to_string());
            let state = ImportState { problem, ..listener.state() };
            return Ok(Outcome::Ended(JobEnd::Failed, with_file_name(state, &path, &order).to_json()));
        }
    };
    let state = with_file_name(with_report(listener.state(), &report, &order), &path, &order);
    Ok(match signal {
        JobSignal::Drop => Outcome::Lost,
        _ if !report.is_stopped => Outcome::Ended(end_of(&report), state.to_json()),
        JobSignal::Cancel => Outcome::Ended(JobEnd::Cancelled, state.to_json()),
        _ => Outcome::HandedBack(listener.state().to_json(), Duration::ZERO),
    })
}

/// Imports the file, while the job is kept. Gives the last signal, too.
async fn import(
    context: &WorkerContext,
    (path, order): (&Path, &ImportOrder),
    listener: &Arc<Listener>,
    lease: &Lease<'_>,
) -> Result<(Result<ImportReport, CatalogError>, JobSignal), StoreError> {
    let inputs = ImportInputs::of_file(path);
    let options = ImportOptions {
        progress: Some(Arc::clone(listener) as _),
        how: order.how.clone(),
        called: Some(name_of(order).to_owned()),
        ..ImportOptions::default()
    };
    let mut importing = std::pin::pin!(context.catalog.import(inputs, options));
    let (mut signal, mut is_noted) = (JobSignal::GoOn, false);
    loop {
        tokio::select! {
            report = importing.as_mut() => return Ok((report, signal)),
            () = sleep(CHECKPOINT_INTERVAL) => {}
            () = listener.has_recorded.notified() => {}
            () = lease.stopped(), if !listener.is_over() => {}
        }
        match lease.checkpoint(listener.state().to_json()).await {
            Ok(JobSignal::GoOn) => {}
            Ok(other) => signal = other,
            Err(error) => tracing::warn!(%error, "the progress of an import cannot be stored at the moment"),
        }
        if !is_noted && listener.is_further() {
            // Once is enough: the attempt counts as a failure no more.
            is_noted = lease.got_further().await.is_ok();
        }
        if signal != JobSignal::GoOn || lease.is_stopped() {
            listener.is_over.store(true, Relaxed);
        }
    }
}

/// With what is known in the end.
fn with_report(state: ImportState, report: &ImportReport, order: &ImportOrder) -> ImportState {
    let problem = report.files.iter().find_map(|file| match &file.problem {
        None if file.is_empty => Some("there is nothing in it".to_owned()),
        problem => problem.clone(),
    });
    let problem = problem.or_else(|| all_rejected(report)).or_else(|| missed(report));
    let all = |of: fn(&FileSummary) -> &[String]| report.files.iter().flat_map(of).cloned().collect();
    ImportState {
        kept: report.kept.clone(),
        warnings: report.files.iter().flat_map(|file| file.warnings.iter().cloned()).collect(),
        maps: all(|file| &file.maps),
        notes: all(|file| &file.notes),
        without_time: report.without_time,
        times_stated: report.times_stated,
        bytes_read: if report.is_stopped { state.bytes_read } else { order.bytes },
        records: state.records.max(observations(report)),
        rejected: report.rejected,
        first_rejects: report.first_rejects.clone(),
        problem,
        ..state
    }
}

/// Returns the problem of a complete file whose records were all rejected.
fn all_rejected(report: &ImportReport) -> Option<String> {
    let first = report.first_rejects.first()?;
    let has_failed = !report.is_stopped && observations(report) == 0;
    has_failed.then(|| format!("every record was rejected; the first: {}", first.reason))
}

/// Returns the fields that the file seems to have and the import did not store.
fn missed(report: &ImportReport) -> Option<String> {
    let warnings = report.files.iter().flat_map(|file| &file.warnings);
    warnings.filter(|warning| warning.is_grave).map(|warning| warning.text.clone()).next()
}

fn observations(report: &ImportReport) -> u64 {
    report.files.iter().flat_map(|file| file.observations.values()).sum()
}

/// Decides how the job ends: it failed if nothing could be used or measured; a partly read file is done,
/// with a problem.
fn end_of(report: &ImportReport) -> JobEnd {
    let has_problem = report.rejected > 0 || report.files.iter().any(|file| file.problem.is_some());
    let stores_nothing = report.files.iter().any(|file| file.stores_nothing);
    if stores_nothing || has_problem && observations(report) == 0 { JobEnd::Failed } else { JobEnd::Done }
}

/// Returns the owner's name of the file.
fn name_of(order: &ImportOrder) -> &str {
    order.file_name.as_deref().unwrap_or(UNNAMED)
}

/// Replaces our path of the file by its owner's name.
fn with_file_name(mut state: ImportState, path: &Path, order: &ImportOrder) -> ImportState {
    let (ours, theirs) = (path.display().to_string(), name_of(order));
    state.problem = state.problem.map(|problem| problem.replace(&ours, theirs));
    for note in &mut state.notes {
        *note = note.replace(&ours, theirs);
    }
    for reject in &mut state.first_rejects {
        reject.file = reject.file.replace(&ours, theirs);
        reject.reason = reject.reason.replace(&ours, theirs);
    }
    state
}

/// Removes the file of a finished import.
pub(crate) fn clear(context: &WorkerContext, job: &Job) {
    match ImportOrder::of(job) {
        Ok(order) => context.spool.remove(&order.spooled),
        Err(error) => tracing::warn!(%error, "the file of an import is not known"),
    }
}
