//! State of reading one file: its results so far, and their destination.

use crate::files::foreign::Foreign;
use crate::files::{FileError, FileReport, Input, Item, Options, Place, Progress, Reject, Sink};
use crate::lookalike::Sample;
use crate::posting::PostingTimes;
use crate::reading::{RecordOutput, digest};
use crate::record::RecordReader;
use crate::stated::Stated;
use crate::stored_fields::{Lack, StoredFields};
use domain::{Observation, Source, Timestamp};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Records of unknown format at the start of a file, after which it is abandoned.
pub const UNKNOWN_RECORDS_MAX: u64 = 1000;

/// Most warnings of one file. Equal ones are merged, so that only a file with very many formats has more.
const WARNINGS_MAX: usize = 50;

/// Most notes of one file.
const NOTES_MAX: usize = 100;

/// Why reading ends before the end of the file.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The sink asked to stop.
    Sink,
    /// The content has no known format.
    Unknown(String),
}

pub(crate) type Outcome = Result<(), Stop>;

/// The state of reading one file.
pub(crate) struct Run<'s> {
    pub(crate) options: Options,
    /// File name, with the archive entry being read.
    pub(crate) name: Arc<str>,
    pub(crate) records: RecordReader,
    pub(crate) found: Vec<RecordOutput>,
    pub(crate) bytes_read: Arc<AtomicU64>,
    /// The file itself, if it is seekable.
    pub(crate) seekable: Option<File>,
    sink: &'s mut dyn Sink,
    report: FileReport,
    stated: Stated,
    /// Stored fields of this content, and its first records.
    kept: BTreeMap<Source, StoredFields>,
    sample: Sample,
    sampled: usize,
    bytes_total: Option<u64>,
    /// Records of unknown format, the reason of the first, and whether this content has anything else.
    unknown: u64,
    unknown_reason: Option<String>,
    is_known: bool,
    /// Notes of records, with their number and a first example.
    counted_notes: Vec<(String, u64, String)>,
    /// Unsupported kinds in this content.
    foreign: Vec<Counted>,
    /// Posting times stated in this content.
    posting: PostingTimes,
}

/// The number of records of an unsupported kind, with the place of the first.
struct Counted {
    kind: &'static Foreign,
    of: Option<Box<str>>,
    number: u64,
    first: Reject,
}

impl Counted {
    fn message(&self) -> String {
        self.kind.message(self.number, self.of.as_deref())
    }
}

impl<'s> Run<'s> {
    pub(crate) fn new(input: &mut Input, options: Options, sink: &'s mut dyn Sink) -> Self {
        let stated = Stated::new(&options, input);
        let mut run = Self {
            name: input.name.as_str().into(),
            records: RecordReader::new(&options),
            options,
            found: Vec::new(),
            bytes_read: Arc::clone(&input.bytes_read),
            seekable: input.seekable.take(),
            sink,
            report: FileReport::default(),
            stated,
            kept: BTreeMap::new(),
            sample: Sample::default(),
            sampled: 0,
            bytes_total: input.bytes_total,
            unknown: 0,
            unknown_reason: None,
            is_known: false,
            counted_notes: Vec::new(),
            foreign: Vec::new(),
            posting: PostingTimes::default(),
        };
        run.take_stated_time();
        run
    }

    /// Starts new content: the file, or an archive entry.
    pub(crate) fn begin(&mut self, name: Arc<str>) {
        self.judge();
        self.stated.file();
        self.take_stated_time();
        self.name = name;
        (self.unknown, self.unknown_reason, self.is_known) = (0, None, false);
        self.foreign.clear();
        self.posting = PostingTimes::default();
    }

    /// Starts an archive entry with its own name and modification time.
    pub(crate) fn begin_entry(&mut self, name: Arc<str>, modified: Option<Timestamp>) {
        self.begin(name);
        self.stated.entry(&self.name, modified);
        self.take_stated_time();
    }

    fn take_stated_time(&mut self) {
        self.options.observed_at = self.stated.at();
        self.records.state_time(self.options.observed_at);
    }

    /// Fails if the reading time is to come from the name or the modification time, and there is none.
    pub(crate) fn check_stated_time(&self) -> Outcome {
        self.stated.check().map_err(Stop::Unknown)
    }

    /// Returns true if records or rows should be passed to [`Self::sample`].
    pub(crate) const fn is_sampling(&self) -> bool {
        !self.sample.is_full()
    }

    /// Samples a JSON record before its results are delivered, to find look-alikes of lacking fields.
    pub(crate) fn sample(&mut self, raw: &[u8]) {
        if !self.sample.is_full() {
            self.sample.json(raw);
        }
    }

    /// Samples the header of a table.
    pub(crate) fn sample_header<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        self.sample.header(names);
    }

    /// Samples a row before its results are delivered.
    pub(crate) fn sample_row<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        self.sample.row(cells);
    }

    /// Delivers the results of the record that begins on this line.
    pub(crate) fn deliver(&mut self, line: Option<u64>) -> Outcome {
        if self.sample.mark() > self.sampled {
            let source = self.found.iter().find_map(|found| match found {
                RecordOutput::Observation(observation) => Some(observation.source()),
                RecordOutput::Refused { .. } | RecordOutput::Foreign { .. } | RecordOutput::Note { .. } => {
                    None
                }
            });
            self.sample.settle(self.sampled, source);
            self.sampled = self.sample.mark();
        }
        let mut found = std::mem::take(&mut self.found);
        let outcome = found.drain(..).try_for_each(|found| self.deliver_one(found, line));
        self.found = found;
        outcome
    }

    /// Delivers one result.
    pub(crate) fn deliver_one(&mut self, found: RecordOutput, line: Option<u64>) -> Outcome {
        match found {
            RecordOutput::Observation(mut observation) => {
                self.is_known = true;
                self.state_time(&mut observation)?;
                if let Observation::Video(video) = &observation {
                    self.posting.add(video);
                }
                self.count(&observation);
                self.hand(Item::Observation(observation))
            }
            RecordOutput::Refused { reason, raw, record, is_unknown } => {
                if is_unknown {
                    self.unknown += 1;
                    self.unknown_reason.get_or_insert_with(|| reason.clone());
                } else {
                    self.is_known = true;
                }
                let place = Place { file: Arc::clone(&self.name), line, record };
                self.reject(Reject { place, reason, raw })?;
                let is_given_up = self.unknown == UNKNOWN_RECORDS_MAX && self.foreign.is_empty();
                if is_given_up { self.end_content() } else { Ok(()) }
            }
            RecordOutput::Foreign { kind, of, raw, record } => {
                match self.foreign.iter_mut().find(|counted| counted.kind == kind) {
                    Some(counted) => counted.number += 1,
                    None => {
                        let place = Place { file: Arc::clone(&self.name), line, record };
                        let first = Reject { place, reason: String::new(), raw };
                        self.foreign.push(Counted { kind, of, number: 1, first });
                    }
                }
                Ok(())
            }
            RecordOutput::Note { what, example } => {
                let has_room = self.counted_notes.len() < NOTES_MAX;
                match self.counted_notes.iter_mut().find(|(known, ..)| *known == what) {
                    Some((_, count, _)) => *count += 1,
                    None if has_room => self.counted_notes.push((what, 1, example)),
                    None => {}
                }
                Ok(())
            }
        }
    }

    /// Delivers a reject.
    pub(crate) fn reject(&mut self, mut reject: Reject) -> Outcome {
        reject.reason = printable(reject.reason);
        self.report.rejects += 1;
        self.hand(Item::Reject(reject))
    }

    /// Reports that the file is damaged here and cannot be read further.
    pub(crate) fn damage(&mut self, line: Option<u64>, why: &str) -> Outcome {
        self.is_known = true;
        let reason = format!("the file is damaged here and ends early ({why}); everything before was used");
        self.report.damage.get_or_insert_with(|| reason.clone());
        let place = Place { file: Arc::clone(&self.name), line, record: None };
        self.reject(Reject { place, reason, raw: Box::default() })
    }

    /// Ends one content. It is unknown if every record has an unknown format or an unsupported kind;
    /// otherwise each unsupported kind is reported once.
    pub(crate) fn end_content(&mut self) -> Outcome {
        let foreign = std::mem::take(&mut self.foreign);
        if !self.is_known && !foreign.is_empty() {
            let (beside, named): (Vec<_>, Vec<_>) =
                foreign.iter().partition(|counted| counted.kind.is_beside);
            let said = if named.is_empty() { beside } else { named };
            let said: Vec<_> = said.into_iter().map(Counted::message).collect();
            return Err(Stop::Unknown(said.join("; ")));
        }
        if let Some(note) = std::mem::take(&mut self.posting).note() {
            self.note(note);
        }
        for counted in foreign {
            let reason = format!("skipped: {}", counted.message());
            if counted.kind.is_beside {
                self.note(reason);
            } else {
                self.reject(Reject { reason, ..counted.first })?;
            }
        }
        match self.unknown_reason.take() {
            Some(reason) if !self.is_known => Err(Stop::Unknown(reason)),
            _ => Ok(()),
        }
    }

    /// Counts a skipped archive entry.
    pub(crate) fn pass_over(&mut self) {
        self.report.passed_over += 1;
    }

    /// Adds a note on the file that is not a fault of a record.
    pub(crate) fn note(&mut self, note: String) {
        if self.report.notes.len() < NOTES_MAX && !self.report.notes.contains(&note) {
            self.report.notes.push(printable(note));
        }
    }

    /// Reports that the file is empty.
    pub(crate) fn empty(&mut self) {
        self.report.is_empty = true;
    }

    /// Reports progress.
    pub(crate) fn progress(&mut self) -> Outcome {
        let bytes_read = self.bytes_read.load(Ordering::Relaxed);
        done(self.sink.progress(Progress { bytes_read, bytes_total: self.bytes_total }))
    }

    /// Sets the stated reading time of an observation without its own.
    fn state_time(&mut self, observation: &mut Observation) -> Outcome {
        if observation.observed_at().is_some() {
            self.report.times_stated += u64::from(observation.observed_at() == self.options.observed_at);
            return Ok(());
        }
        self.check_stated_time()?;
        let Some(at) = self.options.observed_at else { return Ok(()) };
        self.report.times_stated += 1;
        match observation {
            Observation::Video(video) => {
                video.observed_at = Some(at);
                video.digest = digest(&video.digest.to_le_bytes(), Some(at));
            }
            Observation::Hashtag(hashtag) => hashtag.observed_at = Some(at),
            Observation::Window(_) => {}
            Observation::Removed(removed) => removed.observed_at = Some(at),
        }
        Ok(())
    }

    /// Looks for look-alikes of the fields that the finished content lacks.
    fn judge(&mut self) {
        let (kept, sample) = (std::mem::take(&mut self.kept), std::mem::take(&mut self.sample));
        self.sampled = 0;
        for (source, kept) in kept {
            self.report.kept.entry(source).or_default().add(&kept);
            let mut lacking = kept.lacking().peekable();
            if lacking.peek().is_none() {
                continue;
            }
            let used: Vec<_> = self.options.mapping.iter().flat_map(|mapping| mapping.columns()).collect();
            let found = sample.lookalikes(source, &used);
            let mut is_lacking = false;
            for lack in lacking.filter_map(|lacking| Lack::of(source, lacking, &found)) {
                is_lacking = true;
                self.report.warn(lack);
            }
            if is_lacking && self.report.maps.is_empty() && self.options.mapping.is_none() {
                self.report.maps = found.maps(kept.videos.records > 0);
            }
        }
    }

    /// Finishes the file.
    pub(crate) fn finish(mut self, outcome: Outcome) -> Result<FileReport, FileError> {
        self.judge();
        self.report.bytes_read = self.bytes_read.load(Ordering::Relaxed);
        for (what, count, example) in std::mem::take(&mut self.counted_notes) {
            let records = if count == 1 { "record" } else { "records" };
            let first = if example.is_empty() { String::new() } else { format!(", the first: {example:?}") };
            self.note(format!("{what} ({count} {records}{first})"));
        }
        // An empty entry does not make the archive empty.
        self.report.is_empty &= self.report.observations.is_empty() && self.report.rejects == 0;
        match outcome {
            Ok(()) => {}
            Err(Stop::Sink) => self.report.is_stopped = true,
            Err(Stop::Unknown(reason)) => {
                return Err(FileError::Unknown { file: self.name.to_string(), reason: printable(reason) });
            }
        }
        Ok(self.report)
    }

    fn count(&mut self, observation: &Observation) {
        let source = observation.source();
        *self.report.observations.entry(source).or_insert(0) += 1;
        self.kept.entry(source).or_default().count(observation);
    }

    fn hand(&mut self, item: Item) -> Outcome {
        done(self.sink.item(item))
    }
}

impl FileReport {
    /// Adds a warning, or merges it with an equal one.
    fn warn(&mut self, lack: Lack) {
        let has_room = self.warnings.len() < WARNINGS_MAX;
        match self.warnings.iter_mut().find(|known| known.is_like(&lack)) {
            Some(known) => {
                known.records += lack.records;
                known.have += lack.have;
            }
            None if has_room => self.warnings.push(lack),
            None => {}
        }
    }
}

/// Removes control characters, which could move the cursor of a terminal or colour its text.
fn printable(text: String) -> String {
    let is_unseen =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(is_unseen) { text.replace(is_unseen, "\u{fffd}") } else { text }
}

fn done(flow: ControlFlow<()>) -> Outcome {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Sink),
    }
}
