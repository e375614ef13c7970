//! NDJSON: one record per line. Lines are split here and parsed by [`RecordReader`], on this thread or on others; the
//! results come in line order either way.

use crate::document::{RECORD_BYTES_MAX, record_of_line};
use crate::json::read_buffer::{Piece, ReadBuffer};
use crate::reading::RecordOutput;
use crate::record::{RecordContext, RecordReader, refuse};
use crate::run::{Outcome, Run, Stop};
use std::io::Read;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes of lines per chunk.
const CHUNK_BYTES: usize = 128 * 1024;

/// Chunks that may wait for each thread, and results for the caller.
const WAITING_MAX: usize = 2;

/// Reads lines to the end of the stream.
pub(crate) fn read<R: Read>(run: &mut Run<'_>, window: &mut ReadBuffer<R>) -> Outcome {
    let others = run.options.threads.get() - 1;
    if alone(run, window, others > 0)?.is_end { Ok(()) } else { together(run, window, others) }
}

/// Outcome of the single-threaded part.
struct Alone {
    is_end: bool,
}

/// Reads lines on this thread until the end of the stream or, if other threads follow, until enough records
/// were sampled: samples are matched with their results, which only this thread sees.
fn alone<R: Read>(run: &mut Run<'_>, window: &mut ReadBuffer<R>, others_go_on: bool) -> Result<Alone, Stop> {
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
        window.consume(len);
        run.progress()?;
    }
}

/// Iterates over the records of whole lines, with line numbers.
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

/// Rejects a line too long to buffer. Returns false at the end of the stream.
fn long_line<R: Read>(run: &mut Run<'_>, window: &mut ReadBuffer<R>) -> Result<bool, Stop> {
    let line = window.line();
    let Some(Piece::TooLong(beginning)) = window.next_line() else { return Ok(false) };
    let reason = format!("a line longer than {RECORD_BYTES_MAX} bytes");
    refuse(&beginning, reason, RecordContext::default(), &mut run.found);
    run.deliver(Some(line))?;
    Ok(true)
}

/// Lines, with the number of the first.
type Chunk = (u64, Vec<u8>);
/// Results, with their line.
type Findings = Vec<(u64, RecordOutput)>;

/// Hands chunks to the threads in turn, and collects results in the same turn. The first thread continues
/// with this thread's reader, so that a single extra thread reads exactly as this one would.
fn together<R: Read>(run: &mut Run<'_>, window: &mut ReadBuffer<R>, threads: usize) -> Outcome {
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
                // A thread takes chunks until the channel closes; it ends earlier only by a panic, which the
                // scope propagates.
                let _ = workers[given % threads].0.send((first_line, chunk.to_vec()));
                given += 1;
                window.consume(len);
            }
            // Collect all pending results before reporting a skipped line, to preserve the order.
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

/// Reads chunks until the channel closes or results are no longer wanted; returns the reader.
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
