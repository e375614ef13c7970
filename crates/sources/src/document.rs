//! JSON in a stream: one record per line, or documents over many lines. Documents up to [`RECORD_BYTES_MAX`] are
//! buffered whole; of larger ones, only the current record is.

use crate::files::foreign::{self, HAR_RESOURCE};
use crate::files::har;
use crate::json::keys::Keys;
use crate::json::read_buffer::{Piece, ReadBuffer};
use crate::json::scan::{NoEnd, has_torn_string, is_whole, skip_space, value_end};
use crate::record::{RecordContext, foreign, refuse};
use crate::run::{Outcome, Run};
use crate::{files::format::is_envelope_key, lines};
use std::io::Read;

/// Longest record, in bytes; a longer one is rejected and skipped.
pub const RECORD_BYTES_MAX: usize = 32 << 20;

/// Lines examined after a damaged first line to detect NDJSON.
const LINES_LOOKED_AT: usize = 16;

/// Deepest nesting of envelopes in a document that is too large to buffer.
const ENVELOPES_MAX: u32 = 4;

/// Reads JSON to the end of the stream.
pub(crate) fn read<R: Read>(run: &mut Run<'_>, window: &mut ReadBuffer<R>) -> Outcome {
    while window.peek().is_some() {
        if is_lines(window) {
            return lines::read(run, window);
        }
        window.fill(RECORD_BYTES_MAX);
        let line = window.line();
        let end = value_end(window.buffered(), 0);
        let is_torn = match end {
            Ok(end) => has_torn_string(&window.buffered()[..end]),
            Err(_) => true,
        };
        match end {
            _ if is_torn && has_whole_lines(window.buffered()) => return lines::read(run, window),
            Ok(end) => {
                run.sample(&window.buffered()[..end]);
                run.records.read(&window.buffered()[..end], &mut run.found);
                window.consume(end);
                run.deliver(Some(line))?;
                run.progress()?;
            }
            Err(_) => {
                let mut stream = Stream { window, context: RecordContext::default(), visited: 0 };
                match stream.document(run)? {
                    Ok(()) => {}
                    // After damage, only line starts are safe places to resume.
                    Err(_) => {
                        if window.skip_line() {
                            return lines::read(run, window);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns true if the stream continues as NDJSON, or as an array written one record per line.
fn is_lines<R: Read>(window: &mut ReadBuffer<R>) -> bool {
    let mut looked = 0;
    let mut newline = |window: &mut ReadBuffer<R>| loop {
        if let Some(at) = memchr::memchr(b'\n', &window.buffered()[looked..]) {
            looked += at + 1;
            return looked - 1;
        }
        looked = window.buffered().len();
        if !window.grow() {
            return looked;
        }
    };
    let first = newline(window);
    let line = &window.buffered()[..first];
    if line.trim_ascii() != b"[" {
        return is_whole(line);
    }
    let second = newline(window);
    let line = window.buffered().get(first + 1..second).unwrap_or_default().trim_ascii();
    is_whole(line.strip_suffix(b",").unwrap_or(line))
}

/// Returns true if one of the lines after the first is a whole record.
pub(crate) fn has_whole_lines(buffered: &[u8]) -> bool {
    let lines = buffered.split(|byte| *byte == b'\n').skip(1);
    lines.take(LINES_LOOKED_AT).any(|line| line.starts_with(b"{") && is_whole(line))
}

/// A document that is damaged or too large to buffer: records are handed out as they are found.
struct Stream<'w, R> {
    window: &'w mut ReadBuffer<R>,
    context: RecordContext,
    /// Lists and envelopes entered so far.
    visited: u32,
}

/// `Err`: the document is damaged, which has been reported.
type Walked = Result<Result<(), NoEnd>, crate::run::Stop>;

impl<R: Read> Stream<'_, R> {
    fn document(&mut self, run: &mut Run<'_>) -> Walked {
        let line = self.window.line();
        let beginning = self.window.buffered()[..self.window.buffered().len().min(4096)].to_vec();
        let walked = match self.window.buffered().first() {
            Some(b'[') => self.list(run)?,
            _ => self.object(run, 0)?,
        };
        let reason = match walked {
            Err(damage) => damage.reason().to_owned(),
            Ok(()) if self.visited > 0 => return Ok(Ok(())),
            Ok(()) => format!("longer than {RECORD_BYTES_MAX} bytes and not a list of records"),
        };
        // A damaged list has already been reported.
        if self.visited == 0 {
            match foreign::of_file(&Keys::of(&beginning)) {
                Some(kind) => foreign(kind, &beginning, RecordContext::default(), &mut run.found),
                None => refuse(&beginning, reason, RecordContext::default(), &mut run.found),
            }
            run.deliver(Some(line))?;
        }
        Ok(walked)
    }

    /// Reads the members of the object at the start of the buffer.
    fn object(&mut self, run: &mut Run<'_>, envelopes: u32) -> Walked {
        self.window.consume(1);
        loop {
            match self.window.peek() {
                None => return Ok(Err(NoEnd::Incomplete)),
                Some(b'}') => {
                    self.window.consume(1);
                    return Ok(Ok(()));
                }
                Some(b',') => self.window.consume(1),
                Some(b'"') => {
                    if let Err(damage) = self.member(run, envelopes)? {
                        return Ok(Err(damage));
                    }
                }
                Some(_) => return Ok(Err(NoEnd::Mismatch)),
            }
        }
    }

    fn member(&mut self, run: &mut Run<'_>, envelopes: u32) -> Walked {
        let key = match self.window.value() {
            Ok(Piece::Whole(key)) => key[1..key.len() - 1].to_vec(),
            Ok(Piece::TooLong(_)) => Vec::new(),
            Err(damage) => return Ok(Err(damage)),
        };
        if self.window.peek() != Some(b':') {
            return Ok(Err(NoEnd::Mismatch));
        }
        self.window.consume(1);
        let is_number = !key.is_empty() && key.iter().all(u8::is_ascii_digit);
        match self.window.peek() {
            Some(b'[') if is_envelope_key(&key) => self.list(run),
            Some(b'{') if is_envelope_key(&key) && envelopes < ENVELOPES_MAX => {
                self.object(run, envelopes + 1)
            }
            Some(b'{') if is_number => {
                self.visited += 1;
                self.element(run, None)
            }
            _ => Ok(self.aside(&key)),
        }
    }

    /// Skips a value that is not a record, but notes a page time.
    fn aside(&mut self, key: &[u8]) -> Result<(), NoEnd> {
        if let Piece::Whole(value) = self.window.value()?
            && matches!(key, b"extra" | b"_fetched_at" | b"error")
        {
            let envelope = [b"{\"", key, b"\":", value, b"}"].concat();
            self.context = self.context.within(&Keys::of(&envelope));
        }
        Ok(())
    }

    /// Reads the list at the start of the buffer.
    fn list(&mut self, run: &mut Run<'_>) -> Walked {
        self.visited += 1;
        self.window.consume(1);
        let mut number = 0;
        loop {
            match self.window.peek() {
                Some(b']') => {
                    self.window.consume(1);
                    return Ok(Ok(()));
                }
                Some(b',') => self.window.consume(1),
                _ => {
                    number += 1;
                    if let Err(damage) = self.element(run, Some(number))? {
                        return Ok(Err(damage));
                    }
                }
            }
        }
    }

    /// Reads one record.
    fn element(&mut self, run: &mut Run<'_>, number: Option<u64>) -> Walked {
        let line = self.window.line();
        let context = self.context.element(number);
        let walked = match self.window.value() {
            Ok(Piece::Whole(raw)) => {
                run.sample(raw);
                run.records.read_within(raw, context, &mut run.found);
                Ok(())
            }
            Ok(Piece::TooLong(beginning)) if har::begins_entry(&beginning) => {
                foreign(&HAR_RESOURCE, &beginning, context, &mut run.found);
                Ok(())
            }
            Ok(Piece::TooLong(beginning)) => {
                let reason = format!("a record longer than {RECORD_BYTES_MAX} bytes");
                refuse(&beginning, reason, context, &mut run.found);
                Ok(())
            }
            Err(damage) => {
                refuse(self.window.buffered(), damage.reason().to_owned(), context, &mut run.found);
                Err(damage)
            }
        };
        run.deliver(Some(line))?;
        if number.is_some_and(|number| number.is_multiple_of(256)) {
            run.progress()?;
        }
        Ok(walked)
    }
}

/// Returns the record on a line of NDJSON, or of an array written one record per line; `None` if there is
/// none.
pub(crate) fn record_of_line(line: &[u8]) -> Option<&[u8]> {
    let start = skip_space(line, 0);
    let line = line[start..].trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line).trim_ascii_end();
    (!matches!(line, b"" | b"[" | b"]")).then_some(line)
}
