//! NDJSON: a record a line. Lines are cut here and read by [`RecordReader`], on this thread or on several; what comes
//! out is in the order of the lines either way.

use crate::document::{RECORD_BYTES_MAX, record_of_line};
use crate::json::window::{Piece, Window};
use crate::reading::Found;
use crate::record::{Around, RecordReader, refuse};
use crate::run::{Outcome, Run};
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes of lines that are handed on at a time.
const CHUNK_BYTES: usize = 512 * 1024;

/// Chunks that wait for each thread, and results that wait for the caller.
const WAITING_MAX: usize = 2;

/// Reads lines to the end of the stream.
pub(crate) fn read<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Outcome {
    match run.options.threads.get() {
        1 => alone(run, window),
        threads => together(run, window, threads),
    }
}

fn alone<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Outcome {
    loop {
        let first_line = window.line();
        let chunk = window.lines(CHUNK_BYTES);
        if chunk.is_empty() {
            if !long_line(run, window)? {
                return Ok(());
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
fn long_line<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Result<bool, crate::run::Stop> {
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

/// Chunks go to the threads in turn, and what they found is taken from them in the same turn.
fn together<R: Read>(run: &mut Run<'_>, window: &mut Window<R>, threads: usize) -> Outcome {
    std::thread::scope(|scope| {
        let workers: Vec<(SyncSender<Chunk>, Receiver<Findings>)> = (0..threads)
            .map(|_| {
                let (give, chunks) = sync_channel::<Chunk>(WAITING_MAX);
                let (results, take) = sync_channel(WAITING_MAX);
                let reader = RecordReader::new(&run.options);
                scope.spawn(move || work(reader, &chunks, &results));
                (give, take)
            })
            .collect();
        let (mut given, mut taken) = (0, 0);
        loop {
            let first_line = window.line();
            let chunk = window.lines(CHUNK_BYTES);
            let len = chunk.len();
            if run.is_sampling() {
                records(chunk, first_line).for_each(|(_, record)| run.sample(record));
                run.keep_samples();
            }
            if len > 0 {
                // A thread takes chunks until we hang up; it ends earlier only by a panic, which the scope passes on.
                let _ = workers[given % threads].0.send((first_line, chunk.to_vec()));
                given += 1;
                window.pass(len);
            }
            // All that is under way is taken before a line that was passed over is told of, to keep the order.
            let under_way_max = if len > 0 { threads * WAITING_MAX } else { 0 };
            while given - taken > under_way_max {
                take(run, &workers[taken % threads].1)?;
                taken += 1;
            }
            if len == 0 && !long_line(run, window)? {
                return Ok(());
            }
        }
    })
}

fn work(mut reader: RecordReader, chunks: &Receiver<Chunk>, results: &SyncSender<Findings>) {
    let mut found = Vec::new();
    for (first_line, chunk) in chunks {
        let mut result = Vec::new();
        for (number, record) in records(&chunk, first_line) {
            reader.read(record, &mut found);
            result.extend(found.drain(..).map(|found| (number, found)));
        }
        if results.send(result).is_err() {
            return;
        }
    }
}

fn take(run: &mut Run<'_>, results: &Receiver<Findings>) -> Outcome {
    for (line, found) in results.recv().into_iter().flatten() {
        run.deliver_one(found, Some(line))?;
    }
    run.progress()
}
