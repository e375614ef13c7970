//! One reading of one file: what has come out so far, and where it goes.

use crate::files::{FileError, FileReport, Input, Item, Options, Place, Progress, Reject, Sink};
use crate::future::Present;
use crate::reading::Found;
use crate::record::RecordReader;
use domain::Source;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file whose first records are all of no known shape is given up after so many.
pub const UNKNOWN_RECORDS_MAX: u64 = 1000;

/// Why reading ends before the end of the file.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The sink wants no more.
    Sink,
    /// The content is of no known format.
    Unknown(String),
}

pub(crate) type Outcome = Result<(), Stop>;

/// One reading of one file.
pub(crate) struct Run<'s> {
    pub(crate) options: Options,
    /// The file's name, with the entry if it is an archive that is read.
    pub(crate) name: Arc<str>,
    pub(crate) records: RecordReader,
    pub(crate) found: Vec<Found>,
    pub(crate) bytes_read: Arc<AtomicU64>,
    /// The file itself, where it is one: it can be read from any place.
    pub(crate) seekable: Option<File>,
    sink: &'s mut dyn Sink,
    report: FileReport,
    bytes_total: Option<u64>,
    /// Records of no known shape, the first one's reason, and whether anything else was seen in this content.
    unknown: u64,
    unknown_reason: Option<String>,
    is_known: bool,
}

impl<'s> Run<'s> {
    pub(crate) fn new(input: &mut Input, options: Options, sink: &'s mut dyn Sink) -> Self {
        Self {
            name: input.name.as_str().into(),
            records: RecordReader::new(options.mapping.clone(), Present(options.clock.clone())),
            options,
            found: Vec::new(),
            bytes_read: Arc::clone(&input.bytes_read),
            seekable: input.seekable.take(),
            sink,
            report: FileReport::default(),
            bytes_total: input.bytes_total,
            unknown: 0,
            unknown_reason: None,
            is_known: false,
        }
    }

    /// Begins with new content: the file, or an entry of an archive.
    pub(crate) fn begin(&mut self, name: Arc<str>) {
        self.name = name;
        (self.unknown, self.unknown_reason, self.is_known) = (0, None, false);
    }

    /// Hands over what was found in the record that begins on this line.
    pub(crate) fn deliver(&mut self, line: Option<u64>) -> Outcome {
        let mut found = std::mem::take(&mut self.found);
        let outcome = found.drain(..).try_for_each(|found| self.deliver_one(found, line));
        self.found = found;
        outcome
    }

    /// Hands over one thing that was found.
    pub(crate) fn deliver_one(&mut self, found: Found, line: Option<u64>) -> Outcome {
        match found {
            Found::Observation(observation) => {
                self.is_known = true;
                self.count(observation.source());
                self.hand(Item::Observation(observation))
            }
            Found::Refused { reason, raw, record, is_unknown } => {
                if is_unknown {
                    self.unknown += 1;
                    self.unknown_reason.get_or_insert_with(|| reason.clone());
                } else {
                    self.is_known = true;
                }
                let place = Place { file: Arc::clone(&self.name), line, record };
                self.reject(Reject { place, reason, raw })?;
                if self.unknown == UNKNOWN_RECORDS_MAX { self.end_content() } else { Ok(()) }
            }
        }
    }

    /// Hands over a reject.
    pub(crate) fn reject(&mut self, reject: Reject) -> Outcome {
        self.report.rejects += 1;
        self.hand(Item::Reject(reject))
    }

    /// Notes that the file is damaged here and cannot be read on.
    pub(crate) fn damage(&mut self, line: Option<u64>, why: &str) -> Outcome {
        self.is_known = true;
        let reason = format!("the file is damaged here and ends early ({why}); everything before was used");
        self.report.damage.get_or_insert_with(|| reason.clone());
        let place = Place { file: Arc::clone(&self.name), line, record: None };
        self.reject(Reject { place, reason, raw: Box::default() })
    }

    /// Ends one content: unknown if all that was seen in it is of no known shape.
    pub(crate) fn end_content(&mut self) -> Outcome {
        match self.unknown_reason.take() {
            Some(reason) if !self.is_known => Err(Stop::Unknown(reason)),
            _ => Ok(()),
        }
    }

    /// Notes that an entry of an archive is not read.
    pub(crate) fn pass_over(&mut self) {
        self.report.passed_over += 1;
    }

    /// Notes that there is nothing in the file.
    pub(crate) fn empty(&mut self) {
        self.report.is_empty = true;
    }

    /// Says how far the file is read.
    pub(crate) fn progress(&mut self) -> Outcome {
        let bytes_read = self.bytes_read.load(Ordering::Relaxed);
        done(self.sink.progress(Progress { bytes_read, bytes_total: self.bytes_total }))
    }

    /// Ends the reading.
    pub(crate) fn finish(mut self, outcome: Outcome) -> Result<FileReport, FileError> {
        self.report.bytes_read = self.bytes_read.load(Ordering::Relaxed);
        // An empty entry of an archive makes no empty archive.
        self.report.is_empty &= self.report.observations.is_empty() && self.report.rejects == 0;
        match outcome {
            Ok(()) => {}
            Err(Stop::Sink) => self.report.is_stopped = true,
            Err(Stop::Unknown(reason)) => {
                return Err(FileError::Unknown { file: self.name.to_string(), reason });
            }
        }
        Ok(self.report)
    }

    fn count(&mut self, source: Source) {
        *self.report.observations.entry(source).or_insert(0) += 1;
    }

    fn hand(&mut self, item: Item) -> Outcome {
        done(self.sink.item(item))
    }
}

fn done(flow: ControlFlow<()>) -> Outcome {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Sink),
    }
}
