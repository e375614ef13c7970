//! NDJSON: a record a line. Lines are cut here and read by [`RecordReader`], on this thread or on others beside it; what
//! comes out is in the order of the lines either way.

use crate::document::{RECORD_BYTES_MAX, record_of_line};
use crate::json::window::{Piece, Window};
use crate::reading::Found;
use crate::record::{Around, RecordReader, refuse};
use crate::run::{Outcome, Run, Stop};
use std::io::Read;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes of lines that are handed on at a time.
const CHUNK_BYTES: usize = 128 * 1024;

/// Chunks that wait for each thread, and results that wait for the caller.
const WAITING_MAX: usize = 2;

/// Reads lines to the end of the stream.
pub(crate) fn read<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Outcome {
    let others = run.options.threads.get() - 1;
    if alone(run, window, others > 0)?.is_end { Ok(()) } else { together(run, window, others) }
}

/// How far one thread read.
struct Alone {
    is_end: bool,
}

/// Reads lines here, until the end of the stream or, if others are to go on, until enough records were looked at: those
/// are looked at beside what was found in them, which is only known here.
fn alone<R: Read>(run: &mut Run<'_>, window: &mut Window<R>, others_go_on: bool) -> Result<Alone, Stop> {
    loop {
        if others_go_on && !run.is_sampling() {
            return Ok(Alone { is_end: false });
        }
        let first_line = window.line();
        let chunk = window.lines(CHUNK_BYTES);
        if chunk.is_empty() {
            if !long_line(run, window)? {
                return Ok(Alone { is_end: true });
            }
            continue;
        }
        let len = chunk.len();
        for (number, record) in records(chunk, first_line) {
            run.sample(record);
            run.records.read(record, &mut run.found);
            run.deliver(Some(number))?;
        }
        window.pass(len);
        run.progress()?;
    }
}

/// The records of whole lines, with the numbers of their lines.
fn records(chunk: &[u8], first_line: u64) -> impl Iterator<Item = (u64, &[u8])> {
    let chunk = chunk.strip_suffix(b"\n").unwrap_or(chunk);
    let mut rest = Some(chunk);
    let lines = std::iter::from_fn(move || {
        let bytes = rest?;
        let (line, after) = match memchr::memchr(b'\n', bytes) {
            Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
            None => (bytes, None),
        };
        rest = after;
        Some(line)
    });
    (first_line..).zip(lines).filter_map(|(number, line)| Some((number, record_of_line(line)?)))
}

/// Refuses a line that is too long to hold. False at the end of the stream.
fn long_line<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Result<bool, Stop> {
    let line = window.line();
    let Some(Piece::TooLong(beginning)) = window.next_line() else { return Ok(false) };
    let reason = format!("a line longer than {RECORD_BYTES_MAX} bytes");
    refuse(&beginning, reason, Around::default(), &mut run.found);
    run.deliver(Some(line))?;
    Ok(true)
}

/// Lines and the number of the first.
type Chunk = (u64, Vec<u8>);
/// What was found, with the line it was found on.
type Findings = Vec<(u64, Found)>;

/// Chunks go to the threads in turn, and what they found is taken from them in the same turn. The first thread goes on
/// with the reader of this one, so that a single thread beside this one reads exactly as this one would.
fn together<R: Read>(run: &mut Run<'_>, window: &mut Window<R>, threads: usize) -> Outcome {
    std::thread::scope(|scope| {
        let mut first = Some(std::mem::take(&mut run.records));
        let workers: Vec<(SyncSender<Chunk>, Receiver<Findings>, _)> = (0..threads)
            .map(|_| {
                let (give, chunks) = sync_channel::<Chunk>(WAITING_MAX);
                let (results, take) = sync_channel(WAITING_MAX);
                let reader = first.take().unwrap_or_else(|| RecordReader::new(&run.options));
                let thread = scope.spawn(move || work(reader, &chunks, &results));
                (give, take, thread)
            })
            .collect();
        let (mut given, mut taken) = (0, 0);
        loop {
            let first_line = window.line();
            let chunk = window.lines(CHUNK_BYTES);
            let len = chunk.len();
            if len > 0 {
                // A thread takes chunks until we hang up; it ends earlier only by a panic, which the scope passes on.
                let _ = workers[given % threads].0.send((first_line, chunk.to_vec()));
                given += 1;
                window.pass(len);
            }
            // All that is under way is taken before a line that was passed over is reported, to keep the order.
            let under_way_max = if len > 0 { threads * WAITING_MAX } else { 0 };
            while given - taken > under_way_max {
                take(run, &workers[taken % threads].1)?;
                taken += 1;
            }
            if len == 0 && !long_line(run, window)? {
                break;
            }
        }
        for (give, _, thread) in workers.into_iter().take(1) {
            drop(give);
            run.records = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        Ok(())
    })
}

/// Reads chunks until there are no more, or nobody wants what is found; gives the reader back.
fn work(mut reader: RecordReader, chunks: &Receiver<Chunk>, results: &SyncSender<Findings>) -> RecordReader {
    let mut found = Vec::new();
    for (first_line, chunk) in chunks {
        let mut result = Vec::new();
        for (number, record) in records(&chunk, first_line) {
            reader.read(record, &mut found);
            result.extend(found.drain(..).map(|found| (number, found)));
        }
        if results.send(result).is_err() {
            break;
        }
    }
    reader
}

fn take(run: &mut Run<'_>, results: &Receiver<Findings>) -> Outcome {
    for (line, found) in results.recv().into_iter().flatten() {
        run.deliver_one(found, Some(line))?;
    }
    run.progress()
}
