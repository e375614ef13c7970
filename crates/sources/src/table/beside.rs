//! Reading rows on a thread of its own, beside the one that splits the file into rows and hands on what was found. All
//! rows go to the one thread, in their order, and what it finds comes back in that order.

use super::Row;
use super::rows::RowReader;
use crate::reading::Found;
use crate::record::{Around, refuse};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Rows, and bytes of rows, that are handed over at a time.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 256 * 1024;

/// Batches that wait in each direction.
const WAITING_MAX: usize = 2;

/// What was found, with the line it was found on.
type Findings = Vec<(Option<u64>, Found)>;

/// Rows that are handed over together. Their texts and the ends of their cells lie one after another.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    ends: Vec<usize>,
    /// Rows as they stand in a file of text, where that is not their text.
    raw: Vec<u8>,
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    Row { text: usize, ends: usize, raw: Raw, gap: usize, around: Around, line: Option<u64> },
    Refused { raw: Box<[u8]>, reason: String, around: Around, line: Option<u64> },
}

/// Where the bytes of a row are.
#[derive(Debug, Clone, Copy)]
enum Raw {
    /// The file has none: it is no text.
    None,
    /// They are the row's text.
    Text,
    /// So many of the batch's.
    Apart(usize),
}

impl Batch {
    fn is_full(&self) -> bool {
        self.items.len() >= BATCH_ROWS || self.text.len() + self.raw.len() >= BATCH_BYTES
    }

    fn push(&mut self, row: &Row<'_>, around: Around, line: Option<u64>) {
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
        self.items.push(Item::Row { text, ends, raw, gap: row.gap, around, line });
    }

    /// Reads all of it.
    fn read(&self, reader: &mut RowReader) -> Findings {
        let mut findings = Vec::with_capacity(self.items.len());
        let mut found = Vec::new();
        let (mut all_text, mut all_ends, mut all_raw) = (&*self.text, &*self.ends, &*self.raw);
        for item in &self.items {
            let line = match item {
                Item::Row { text, ends, raw, gap, around, line } => {
                    let text = take_text(&mut all_text, *text);
                    let ends = take(&mut all_ends, *ends);
                    let raw = match *raw {
                        Raw::None => None,
                        Raw::Text => Some(text.as_bytes()),
                        Raw::Apart(bytes) => Some(take(&mut all_raw, bytes)),
                    };
                    let row = Row { text, ends, gap: *gap, raw };
                    if !reader.is_passed_over(&row) {
                        reader.read(&row, *around, &mut found);
                    }
                    line
                }
                Item::Refused { raw, reason, around, line } => {
                    refuse(raw, reason.clone(), *around, &mut found);
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

/// A reader of rows on a thread of its own.
pub(super) struct Beside {
    batch: Batch,
    give: SyncSender<Batch>,
    take: Receiver<Findings>,
    /// Batches that were handed over and whose findings were not taken.
    under_way: usize,
    thread: JoinHandle<()>,
}

impl Beside {
    /// Starts the thread. Gives the reader back where there can be none.
    pub(super) fn start(reader: RowReader) -> Result<Self, Box<RowReader>> {
        let (give, batches) = sync_channel::<Batch>(WAITING_MAX);
        let (results, take) = sync_channel(WAITING_MAX);
        // A thread that cannot be started drops what it was to run, and the reader with it: it is sent once it runs.
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

    /// Takes a row. What was found in earlier ones is handed to `deliver`.
    pub(super) fn row<E>(
        &mut self,
        row: &Row<'_>,
        around: Around,
        line: Option<u64>,
        deliver: impl FnMut(Option<u64>, Found) -> Result<(), E>,
    ) -> Result<(), E> {
        self.batch.push(row, around, line);
        if self.batch.is_full() { self.hand_over(deliver) } else { Ok(()) }
    }

    /// Takes a row that is refused already.
    pub(super) fn refuse<E>(
        &mut self,
        (raw, reason): (Box<[u8]>, String),
        around: Around,
        line: Option<u64>,
        deliver: impl FnMut(Option<u64>, Found) -> Result<(), E>,
    ) -> Result<(), E> {
        self.batch.items.push(Item::Refused { raw, reason, around, line });
        if self.batch.is_full() { self.hand_over(deliver) } else { Ok(()) }
    }

    fn hand_over<E>(
        &mut self,
        mut deliver: impl FnMut(Option<u64>, Found) -> Result<(), E>,
    ) -> Result<(), E> {
        let batch = std::mem::take(&mut self.batch);
        // The thread ends before we hang up only by a panic, which is passed on when its findings are waited for.
        let _ = self.give.send(batch);
        self.under_way += 1;
        // As many stay under way as keep the thread busy, and as its channels hold: it never waits for us while we wait
        // for it.
        while self.under_way > WAITING_MAX {
            let Ok(findings) = self.take.recv() else { return Ok(()) };
            self.under_way -= 1;
            findings.into_iter().try_for_each(|(line, found)| deliver(line, found))?;
        }
        Ok(())
    }

    /// Waits for the rest.
    pub(super) fn end<E>(
        mut self,
        mut deliver: impl FnMut(Option<u64>, Found) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.batch.items.is_empty() {
            self.hand_over(&mut deliver)?;
        }
        let Self { give, take, thread, .. } = self;
        drop(give);
        for findings in take {
            findings.into_iter().try_for_each(|(line, found)| deliver(line, found))?;
        }
        // What panicked while it read is passed on, as if it had been read here.
        thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(())
    }
}
