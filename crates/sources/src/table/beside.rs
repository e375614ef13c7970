//! Parses rows on a second thread, while the caller's thread splits the file into rows and delivers results. All rows
//! go to the one thread in order, and results return in that order.
//!
//! Rows are batched, and both channels are bounded, so a slow parser blocks the splitter and vice versa. The caller
//! keeps a few batches in flight and collects the oldest results before it sends more; that is what prevents a
//! deadlock with both channels full.

use super::Row;
use super::rows::RowReader;
use crate::reading::RecordOutput;
use crate::record::{RecordContext, refuse};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Limits of a batch, in rows and in bytes.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 256 * 1024;

/// Batches that may wait in each direction.
const WAITING_MAX: usize = 2;

/// Results, with their line.
type Findings = Vec<(Option<u64>, RecordOutput)>;

/// A batch of rows. Texts and cell ends are concatenated.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    ends: Vec<usize>,
    /// Raw rows, where they differ from the text.
    raw: Vec<u8>,
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    Row { text: usize, ends: usize, raw: Raw, gap: usize, context: RecordContext, line: Option<u64> },
    Refused { raw: Box<[u8]>, reason: String, context: RecordContext, line: Option<u64> },
}

/// Location of a row's raw bytes.
#[derive(Debug, Clone, Copy)]
enum Raw {
    /// None: the file is not text.
    None,
    /// Equal to the row's text.
    Text,
    /// This many bytes of the batch.
    Apart(usize),
}

impl Batch {
    fn is_full(&self) -> bool {
        self.items.len() >= BATCH_ROWS || self.text.len() + self.raw.len() >= BATCH_BYTES
    }

    fn push(&mut self, row: &Row<'_>, context: RecordContext, line: Option<u64>) {
        let raw = match row.raw {
            None => Raw::None,
            Some(raw) if raw == row.text.as_bytes() => Raw::Text,
            Some(raw) => {
                self.raw.extend_from_slice(raw);
                Raw::Apart(raw.len())
            }
        };
        self.text.push_str(row.text);
        self.ends.extend_from_slice(row.ends);
        let (text, ends) = (row.text.len(), row.ends.len());
        self.items.push(Item::Row { text, ends, raw, gap: row.gap, context, line });
    }

    /// Parses the batch.
    fn read(&self, reader: &mut RowReader) -> Findings {
        let mut findings = Vec::with_capacity(self.items.len());
        let mut found = Vec::new();
        let (mut all_text, mut all_ends, mut all_raw) = (&*self.text, &*self.ends, &*self.raw);
        for item in &self.items {
            let line = match item {
                Item::Row { text, ends, raw, gap, context, line } => {
                    let text = take_text(&mut all_text, *text);
                    let ends = take(&mut all_ends, *ends);
                    let raw = match *raw {
                        Raw::None => None,
                        Raw::Text => Some(text.as_bytes()),
                        Raw::Apart(bytes) => Some(take(&mut all_raw, bytes)),
                    };
                    let row = Row { text, ends, gap: *gap, raw };
                    if !reader.is_passed_over(&row) {
                        reader.read(&row, *context, &mut found);
                    }
                    line
                }
                Item::Refused { raw, reason, context, line } => {
                    refuse(raw, reason.clone(), *context, &mut found);
                    line
                }
            };
            findings.extend(found.drain(..).map(|found| (*line, found)));
        }
        findings
    }
}

fn take<'a, T>(all: &mut &'a [T], number: usize) -> &'a [T] {
    let (first, rest) = all.split_at(number);
    *all = rest;
    first
}

fn take_text<'a>(all: &mut &'a str, bytes: usize) -> &'a str {
    let (first, rest) = all.split_at(bytes);
    *all = rest;
    first
}

/// A row parser on a second thread.
pub(super) struct Beside {
    batch: Batch,
    give: SyncSender<Batch>,
    take: Receiver<Findings>,
    /// Batches sent whose results were not collected.
    under_way: usize,
    thread: JoinHandle<()>,
}

impl Beside {
    /// Starts the thread. Returns the reader if no thread can be started.
    pub(super) fn start(reader: RowReader) -> Result<Self, Box<RowReader>> {
        let (give, batches) = sync_channel::<Batch>(WAITING_MAX);
        let (results, take) = sync_channel(WAITING_MAX);
        // A thread that fails to start drops its closure, and would drop the reader with it: so the reader
        // is sent once the thread runs.
        let (hand, handed) = sync_channel::<RowReader>(1);
        let work = move || {
            let Ok(mut reader) = handed.recv() else { return };
            for batch in batches {
                if results.send(batch.read(&mut reader)).is_err() {
                    return;
                }
            }
        };
        let Ok(thread) = std::thread::Builder::new().name("import-rows".to_owned()).spawn(work) else {
            return Err(Box::new(reader));
        };
        hand.send(reader).map_err(|unsent| Box::new(unsent.0))?;
        Ok(Self { batch: Batch::default(), give, take, under_way: 0, thread })
    }

    /// Adds a row. Results of earlier rows are passed to `deliver`.
    pub(super) fn row<E>(
        &mut self,
        row: &Row<'_>,
        context: RecordContext,
        line: Option<u64>,
        deliver: impl FnMut(Option<u64>, RecordOutput) -> Result<(), E>,
    ) -> Result<(), E> {
        self.batch.push(row, context, line);
        if self.batch.is_full() { self.hand_over(deliver) } else { Ok(()) }
    }

    /// Adds a row that is already rejected.
    pub(super) fn refuse<E>(
        &mut self,
        (raw, reason): (Box<[u8]>, String),
        context: RecordContext,
        line: Option<u64>,
        deliver: impl FnMut(Option<u64>, RecordOutput) -> Result<(), E>,
    ) -> Result<(), E> {
        self.batch.items.push(Item::Refused { raw, reason, context, line });
        if self.batch.is_full() { self.hand_over(deliver) } else { Ok(()) }
    }

    fn hand_over<E>(
        &mut self,
        mut deliver: impl FnMut(Option<u64>, RecordOutput) -> Result<(), E>,
    ) -> Result<(), E> {
        let batch = std::mem::take(&mut self.batch);
        // The thread ends early only by a panic, which surfaces when its results are collected.
        let _ = self.give.send(batch);
        self.under_way += 1;
        // Keep as many batches in flight as the channels can take: the thread never waits for us while we
        // wait for it.
        while self.under_way > WAITING_MAX {
            let Ok(findings) = self.take.recv() else { return Ok(()) };
            self.under_way -= 1;
            findings.into_iter().try_for_each(|(line, found)| deliver(line, found))?;
        }
        Ok(())
    }

    /// Collects the remaining results.
    pub(super) fn end<E>(
        mut self,
        mut deliver: impl FnMut(Option<u64>, RecordOutput) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.batch.items.is_empty() {
            self.hand_over(&mut deliver)?;
        }
        let Self { give, take, thread, .. } = self;
        drop(give);
        for findings in take {
            findings.into_iter().try_for_each(|(line, found)| deliver(line, found))?;
        }
        // Propagate a panic of the thread as if it had happened here.
        thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(())
    }
}
