//! JSON in a stream: a record a line, or documents that go over many lines. Documents up to
//! [`RECORD_BYTES_MAX`] are held whole; of larger ones, only the record that is being read.

use crate::files::foreign::{self, HAR_RESOURCE};
use crate::files::har;
use crate::json::keys::Keys;
use crate::json::scan::{NoEnd, has_torn_string, is_whole, skip_space, value_end};
use crate::json::window::{Piece, Window};
use crate::record::{Around, foreign, refuse};
use crate::run::{Outcome, Run};
use crate::{files::format::is_envelope_key, lines};
use std::io::Read;

/// Longest record that is read; a longer one is refused and passed over.
pub const RECORD_BYTES_MAX: usize = 32 << 20;

/// How many lines after a damaged first one are looked at to see whether the file is one of lines.
const LINES_LOOKED_AT: usize = 16;

/// Most envelopes inside one another in a document that is too large to hold.
const ENVELOPES_MAX: u32 = 4;

/// Reads JSON to the end of the stream.
pub(crate) fn read<R: Read>(run: &mut Run<'_>, window: &mut Window<R>) -> Outcome {
    while window.peek().is_some() {
        if is_lines(window) {
            return lines::read(run, window);
        }
        window.hold(RECORD_BYTES_MAX);
        let line = window.line();
        let end = value_end(window.held(), 0);
        let is_torn = match end {
            Ok(end) => has_torn_string(&window.held()[..end]),
            Err(_) => true,
        };
        match end {
            _ if is_torn && has_whole_lines(window.held()) => return lines::read(run, window),
            Ok(end) => {
                run.sample(&window.held()[..end]);
                run.records.read(&window.held()[..end], &mut run.found);
                window.pass(end);
                run.deliver(Some(line))?;
                run.progress()?;
            }
            Err(_) => {
                let mut stream = Stream { window, around: Around::default(), visited: 0 };
                match stream.document(run)? {
                    Ok(()) => {}
                    // What follows damage can be found again only where lines begin.
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

/// Whether the stream goes on with a record a line: its first line is one, or it is an array written a record a line.
fn is_lines<R: Read>(window: &mut Window<R>) -> bool {
    let mut looked = 0;
    let mut newline = |window: &mut Window<R>| loop {
        if let Some(at) = memchr::memchr(b'\n', &window.held()[looked..]) {
            looked += at + 1;
            return looked - 1;
        }
        looked = window.held().len();
        if !window.grow() {
            return looked;
        }
    };
    let first = newline(window);
    let line = &window.held()[..first];
    if line.trim_ascii() != b"[" {
        return is_whole(line);
    }
    let second = newline(window);
    let line = window.held().get(first + 1..second).unwrap_or_default().trim_ascii();
    is_whole(line.strip_suffix(b",").unwrap_or(line))
}

/// Whether one of the lines after the first is a whole record.
pub(crate) fn has_whole_lines(held: &[u8]) -> bool {
    let lines = held.split(|byte| *byte == b'\n').skip(1);
    lines.take(LINES_LOOKED_AT).any(|line| line.starts_with(b"{") && is_whole(line))
}

/// A document that is too large to hold, or damaged: records are handed out as they come.
struct Stream<'w, R> {
    window: &'w mut Window<R>,
    around: Around,
    /// Lists and envelopes that were gone into.
    visited: u32,
}

/// `Err`: the document is damaged, which has been noted.
type Walked = Result<Result<(), NoEnd>, crate::run::Stop>;

impl<R: Read> Stream<'_, R> {
    fn document(&mut self, run: &mut Run<'_>) -> Walked {
        let line = self.window.line();
        let beginning = self.window.held()[..self.window.held().len().min(4096)].to_vec();
        let walked = match self.window.held().first() {
            Some(b'[') => self.list(run)?,
            _ => self.object(run, 0)?,
        };
        let reason = match walked {
            Err(damage) => damage.reason().to_owned(),
            Ok(()) if self.visited > 0 => return Ok(Ok(())),
            Ok(()) => format!("longer than {RECORD_BYTES_MAX} bytes and not a list of records"),
        };
        // A damaged list has told so itself.
        if self.visited == 0 {
            match foreign::of_file(&Keys::of(&beginning)) {
                Some(kind) => foreign(kind, &beginning, Around::default(), &mut run.found),
                None => refuse(&beginning, reason, Around::default(), &mut run.found),
            }
            run.deliver(Some(line))?;
        }
        Ok(walked)
    }

    /// Reads the members of the object that begins what is held.
    fn object(&mut self, run: &mut Run<'_>, envelopes: u32) -> Walked {
        self.window.pass(1);
        loop {
            match self.window.peek() {
                None => return Ok(Err(NoEnd::Incomplete)),
                Some(b'}') => {
                    self.window.pass(1);
                    return Ok(Ok(()));
                }
                Some(b',') => self.window.pass(1),
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
        self.window.pass(1);
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

    /// Passes over a value that is no record, unless it tells when the page was read.
    fn aside(&mut self, key: &[u8]) -> Result<(), NoEnd> {
        if let Piece::Whole(value) = self.window.value()?
            && matches!(key, b"extra" | b"_fetched_at" | b"error")
        {
            let envelope = [b"{\"", key, b"\":", value, b"}"].concat();
            self.around = self.around.within(&Keys::of(&envelope));
        }
        Ok(())
    }

    /// Reads the list that begins what is held.
    fn list(&mut self, run: &mut Run<'_>) -> Walked {
        self.visited += 1;
        self.window.pass(1);
        let mut number = 0;
        loop {
            match self.window.peek() {
                Some(b']') => {
                    self.window.pass(1);
                    return Ok(Ok(()));
                }
                Some(b',') => self.window.pass(1),
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
        let around = self.around.element(number);
        let walked = match self.window.value() {
            Ok(Piece::Whole(raw)) => {
                run.sample(raw);
                run.records.read_within(raw, around, &mut run.found);
                Ok(())
            }
            Ok(Piece::TooLong(beginning)) if har::begins_entry(&beginning) => {
                foreign(&HAR_RESOURCE, &beginning, around, &mut run.found);
                Ok(())
            }
            Ok(Piece::TooLong(beginning)) => {
                let reason = format!("a record longer than {RECORD_BYTES_MAX} bytes");
                refuse(&beginning, reason, around, &mut run.found);
                Ok(())
            }
            Err(damage) => {
                refuse(self.window.held(), damage.reason().to_owned(), around, &mut run.found);
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

/// The record on a line of NDJSON, or of an array written a record a line. `None` when there is none.
pub(crate) fn record_of_line(line: &[u8]) -> Option<&[u8]> {
    let start = skip_space(line, 0);
    let line = line[start..].trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line).trim_ascii_end();
    (!matches!(line, b"" | b"[" | b"]")).then_some(line)
}
