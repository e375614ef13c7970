//! The reading half of an import: a thread that reads files, prepares what they hold and hands it to the store's writer.
//! It may wait for its input for ever (a pipe, a terminal), so all that others need of it is shared.

use super::imported::{Fingerprint, Imported, Summary};
use super::inputs::{Entry, ImportInputs};
use super::{
    FIRST_REJECTS_MAX, FileSummary, HowToRead, ImportInput, ImportOptions, ImportProgress, ImportReport,
    MissingFieldWarning, RejectNote, StoredFieldsReport,
};
use crate::record::prepare;
use domain::{Clock, Observation, Timestamp};
use sources::files::{
    self, FileError, FileReport, Input, Item, Mapping, Options, Progress, Reject, Sink, StoredFields,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use store::StoreError;
use store::imported_files::ImportedFile;
use store::record::Prepared;
use tokio::sync::oneshot;

/// Records handed over at a time.
const CHUNK_RECORDS: usize = 256;
/// Chunks that may wait for the store: some 4 MB.
const CHUNKS_MAX: usize = 8;

/// Note on a file that was imported before.
const SKIPPED: &str = "the file was imported before, so it was not read; \"again\" reads it";

/// State shared by the reading thread and those who wait for it.
pub(super) struct Shared {
    is_stopped: AtomicBool,
    outgoing: Mutex<Outgoing>,
    report: Mutex<ImportReport>,
    rejects: Mutex<Option<Box<dyn Write + Send>>>,
    /// Files that were read whole.
    finished: Mutex<Vec<Finished>>,
}

/// A file that was read whole.
struct Finished {
    /// Records handed over by its end, of all files together.
    records: u64,
    file: ImportedFile,
}

/// Records on their way to the store.
struct Outgoing {
    chunk: Vec<Prepared>,
    /// `None` once the import is to end.
    send: Option<mpsc::SyncSender<Vec<Prepared>>>,
}

impl Outgoing {
    /// The chunk, and where it is to go.
    fn take(&mut self) -> (Vec<Prepared>, Option<mpsc::SyncSender<Vec<Prepared>>>) {
        (std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_RECORDS)), self.send.clone())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Ends the import with what was read: hands the rest over and takes no more.
    pub(super) fn stop(self: &Arc<Self>) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let shared = Arc::clone(self);
        // Handing over waits for the store, which is no matter for a thread of the runtime.
        tokio::task::spawn_blocking(move || shared.close());
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// The report as it stands.
    pub(super) fn report(&self) -> ImportReport {
        let report = locked(&self.report).clone();
        ImportReport { is_stopped: report.is_stopped || self.is_stopped(), ..report }
    }

    /// Takes the files whose records are among the first `recorded` of the import.
    pub(super) fn take_finished(&self, recorded: u64) -> Vec<ImportedFile> {
        let mut finished = locked(&self.finished);
        let whole = finished.partition_point(|file| file.records <= recorded);
        finished.drain(..whole).map(|finished| finished.file).collect()
    }

    /// Hands over what is left and hangs up.
    fn close(&self) {
        let (chunk, send) = {
            let mut outgoing = locked(&self.outgoing);
            (std::mem::take(&mut outgoing.chunk), outgoing.send.take())
        };
        if let (Some(send), false) = (send, chunk.is_empty()) {
            // The receiver is gone only when the store failed, which reports that itself.
            let _ = send.send(chunk);
        }
        if let Some(mut rejects) = locked(&self.rejects).take()
            && let Err(error) = rejects.flush()
        {
            tracing::warn!(%error, "the reject file cannot be written");
        }
    }
}

/// The end of an import that others hold.
pub(super) struct Handle {
    pub(super) chunks: mpsc::Receiver<Vec<Prepared>>,
    pub(super) shared: Arc<Shared>,
}

/// Reads files on a thread of its own and hands prepared records over.
pub(super) struct Reader {
    shared: Arc<Shared>,
    progress: Option<Arc<dyn ImportProgress>>,
    mapping: Option<Arc<Mapping>>,
    how: HowToRead,
    called: Option<String>,
    /// Fields kept of all files, by format.
    kept: BTreeMap<&'static str, StoredFields>,
    clock: Arc<dyn Clock>,
    /// Files that were imported before.
    imported: Imported,
    /// Summary of the file that is read.
    summary: Summary,
    /// Records handed over.
    handed_over: u64,
    /// Records read, those of skipped files included.
    records: u64,
    /// Bytes of the files before the one that is read.
    bytes_before: u64,
    /// Bytes of all files, where all are known.
    bytes_total: Option<u64>,
}

impl Reader {
    /// Starts reading. The second of the pair signals the end of the thread: an error where reading panicked. What was read
    /// before that is handed over.
    pub(super) fn start(
        inputs: ImportInputs,
        options: ImportOptions,
        imported: Imported,
        clock: Arc<dyn Clock>,
    ) -> Result<(Handle, oneshot::Receiver<Result<(), StoreError>>), StoreError> {
        let (send, chunks) = mpsc::sync_channel(CHUNKS_MAX);
        let report = ImportReport { passed_over: *inputs.passed_over(), ..ImportReport::default() };
        let shared = Arc::new(Shared {
            is_stopped: AtomicBool::new(false),
            outgoing: Mutex::new(Outgoing { chunk: Vec::with_capacity(CHUNK_RECORDS), send: Some(send) }),
            report: Mutex::new(report),
            rejects: Mutex::new(options.rejects),
            finished: Mutex::default(),
        });
        let mut reader = Self {
            shared: Arc::clone(&shared),
            progress: options.progress,
            mapping: options.mapping,
            how: options.how,
            called: options.called,
            kept: BTreeMap::new(),
            clock,
            imported,
            summary: Summary::default(),
            handed_over: 0,
            records: 0,
            bytes_before: 0,
            bytes_total: inputs.entries().iter().map(Entry::bytes).sum(),
        };
        let (end_sender, ended) = oneshot::channel();
        let read = move || {
            let read = catch_unwind(AssertUnwindSafe(|| reader.read_all(inputs.entries())));
            let read = read.map_err(|panic| {
                // Whoever records waits for more until this hangs up.
                reader.shared.close();
                let error = StoreError::panicked(panic.as_ref());
                tracing::error!(%error, "reading a file panicked");
                error
            });
            // Nobody waits for a reader that was left behind.
            let _ = end_sender.send(read);
        };
        let started = std::thread::Builder::new().name("import".to_owned()).spawn(read);
        started.map_err(|_| StoreError::Closed)?;
        Ok((Handle { chunks, shared }, ended))
    }

    fn read_all(&mut self, entries: &[Entry]) {
        for (number, entry) in entries.iter().enumerate() {
            if self.is_over() {
                locked(&self.shared.report).is_stopped = true;
                break;
            }
            if let Some(progress) = &self.progress {
                progress.begin(&entry.name(), number, entries.len());
            }
            let summary = self.read(entry);
            locked(&self.shared.report).files.push(summary);
            self.bytes_before += entry.bytes().unwrap_or(0);
            // Small files end before their first progress report.
            let _ = self.progress(Progress { bytes_read: 0, bytes_total: None });
        }
        self.shared.close();
    }

    fn read(&mut self, entry: &Entry) -> FileSummary {
        let summary = FileSummary { file: entry.name(), ..FileSummary::default() };
        let mut fingerprint = entry.path().and_then(|path| {
            Fingerprint::new(path, self.called.as_deref(), &self.how, self.mapping.as_deref())
        });
        if let Some(fingerprint) = &mut fingerprint {
            if let Some((at, imported)) = fingerprint.find(&self.imported) {
                return self.skipped(summary, at, imported);
            }
            fingerprint.start();
        }
        let opened = match entry {
            Entry::Unreadable(_, why) => return FileSummary { problem: Some(why.clone()), ..summary },
            Entry::Empty(_) => return FileSummary { is_empty: true, ..summary },
            Entry::Named(ImportInput::Stdin) => Ok(files::from_reader("-", Box::new(std::io::stdin()))),
            Entry::Named(ImportInput::Path(path)) => files::open(path),
            Entry::Found(path) => open_regular(path),
        };
        let options = Options {
            threads: reading_threads(),
            mapping: self.mapping.clone(),
            clock: Some(Arc::clone(&self.clock)),
            ..self.how.options()
        };
        let opened = opened.map(|input| match &self.called {
            Some(name) => input.called(name),
            None => input,
        });
        self.summary = Summary { name: summary.file.clone(), ..Summary::default() };
        match opened.and_then(|input| files::read(input, options, self)) {
            Ok(report) => {
                if let Some(fingerprint) = fingerprint {
                    self.summary.report = report.clone();
                    self.finish(fingerprint);
                }
                self.summed_up(summary, report)
            }
            Err(error) => FileSummary { problem: Some(error.to_string()), ..summary },
        }
    }

    /// Notes that a file was read, to be stored once its records are.
    fn finish(&self, fingerprint: Fingerprint) {
        if let Some(file) = fingerprint.finish(&self.summary, self.clock.now()) {
            locked(&self.shared.finished).push(Finished { records: self.handed_over, file });
        }
    }

    /// Reports a file that was imported before as one that changed nothing.
    fn skipped(&mut self, summary: FileSummary, at: Timestamp, imported: Summary) -> FileSummary {
        let Summary { mut report, counts, first_rejects, .. } = imported.renamed(&summary.file);
        report.notes.push(SKIPPED.to_owned());
        self.records += report.observations_total();
        {
            let mut all = locked(&self.shared.report);
            all.without_time += counts.without_time;
            all.recorded.add(&counts.unchanged());
            all.rejected += report.rejects;
            let room = FIRST_REJECTS_MAX.saturating_sub(all.first_rejects.len());
            all.first_rejects.extend(first_rejects.into_iter().take(room));
        }
        FileSummary { imported_at: Some(at), ..self.summed_up(summary, report) }
    }

    fn summed_up(&mut self, summary: FileSummary, report: FileReport) -> FileSummary {
        let kept: BTreeMap<_, _> = report.kept.iter().map(|(source, kept)| (source.name(), *kept)).collect();
        for (format, kept) in &kept {
            self.kept.entry(format).or_default().add(kept);
        }
        let stores_nothing = report.stores_nothing();
        let nothing = || {
            let records = report.observations_total();
            format!(
                "nothing that can be measured was kept: none of its {records} records has a count or a hashtag"
            )
        };
        {
            let mut all = locked(&self.shared.report);
            all.is_stopped |= report.is_stopped;
            all.passed_over.in_archives += report.passed_over;
            all.times_stated += report.times_stated;
            all.kept = StoredFieldsReport::new(&self.kept);
        }
        FileSummary {
            observations: report.observations.iter().map(|(source, n)| (source.name(), *n)).collect(),
            rejected: report.rejects,
            kept: StoredFieldsReport::new(&kept),
            warnings: report.warnings.iter().map(MissingFieldWarning::from).collect(),
            problem: report.damage.clone().or_else(|| stores_nothing.then(nothing)),
            maps: report.maps,
            notes: report.notes,
            is_empty: report.is_empty,
            stores_nothing,
            ..summary
        }
    }

    fn is_over(&self) -> bool {
        self.shared.is_stopped() || self.progress.as_ref().is_some_and(|listener| listener.is_over())
    }

    fn observe(&mut self, observation: Observation) -> ControlFlow<()> {
        self.records += 1;
        self.handed_over += 1;
        let of_kind = match &observation {
            Observation::Video(_) => &mut self.summary.counts.videos,
            Observation::Hashtag(_) => &mut self.summary.counts.hashtags,
            Observation::Window(_) => &mut self.summary.counts.windows,
            Observation::Removed(_) => &mut self.summary.counts.removals,
        };
        *of_kind += 1;
        // A removal without a time counts as of now: no reading is lost with it.
        let is_reading = !matches!(observation, Observation::Removed(_));
        if is_reading && observation.observed_at().is_none() {
            self.summary.counts.without_time += 1;
            locked(&self.shared.report).without_time += 1;
        }
        let prepared = prepare(observation, &*self.clock);
        let full = {
            let mut outgoing = locked(&self.shared.outgoing);
            if outgoing.send.is_none() {
                return ControlFlow::Break(());
            }
            outgoing.chunk.push(prepared);
            (outgoing.chunk.len() >= CHUNK_RECORDS).then(|| outgoing.take())
        };
        let Some((chunk, send)) = full else { return ControlFlow::Continue(()) };
        match send.map(|send| send.send(chunk)) {
            Some(Ok(())) if !self.is_over() => ControlFlow::Continue(()),
            // The store failed, which reports that itself, or the import is over.
            _ => ControlFlow::Break(()),
        }
    }

    fn reject(&mut self, reject: &Reject) {
        let note = RejectNote::from(reject);
        self.summary.has_later_records |= reject.may_pass_later();
        if self.summary.first_rejects.len() < FIRST_REJECTS_MAX {
            self.summary.first_rejects.push(note.clone());
        }
        let mut rejects = locked(&self.shared.rejects);
        if let Some(file) = rejects.as_mut() {
            let raw = String::from_utf8_lossy(&reject.raw);
            let line = serde_json::json!({
                "file": note.file, "line": note.line, "record": note.record, "reason": note.reason, "raw": raw,
            });
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, "the reject file cannot be written");
                *rejects = None;
            }
        }
        let mut report = locked(&self.shared.report);
        report.rejected += 1;
        if report.first_rejects.len() < FIRST_REJECTS_MAX {
            report.first_rejects.push(note);
        }
    }
}

impl Sink for Reader {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        match item {
            Item::Observation(observation) => self.observe(observation),
            Item::Reject(reject) => {
                self.reject(&reject);
                ControlFlow::Continue(())
            }
        }
    }

    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        if let Some(listener) = &self.progress {
            let bytes_read = self.bytes_before + progress.bytes_read;
            listener.advance(Progress { bytes_read, bytes_total: self.bytes_total }, self.records);
        }
        if self.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Two threads read where there are cores for them: what comes out is the same.
fn reading_threads() -> NonZeroUsize {
    const READING_THREADS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
    std::thread::available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(READING_THREADS_MAX))
}

/// Opens a file that was found in a folder, unless it has become something else since.
fn open_regular(path: &Path) -> Result<Input, FileError> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(FileError::Open {
            file: path.display().to_string(),
            source: std::io::Error::other("it is no longer a file"),
        }),
        _ => files::open(path),
    }
}
