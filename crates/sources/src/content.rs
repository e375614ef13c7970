//! Detects the content of a stream (compressed, JSON, lines of text, unknown) by its first bytes, never by the name of
//! the file.

use crate::csv;
use crate::encoding::{self, Decoded};
use crate::files;
use crate::files::format::{ReadLine, table_formats, text_formats};
use crate::files::mapped;
use crate::future::Present;
use crate::json::read_buffer::{Piece, ReadBuffer};
use crate::lookalike;
use crate::packing::{self, Packing};
use crate::reading::{Reading, Refusal, SeenDescriptions};
use crate::record::{HTML, RecordContext, refuse};
use crate::run::{Outcome, Run, Stop};
use crate::table::{self, Header};
use crate::{binary, document, html, lines, parquet};
use std::io::Read;
use std::sync::Arc;

/// Longest line of a text format, in bytes.
const TEXT_RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes searched for records after an unrecognised beginning.
const HEAD_BYTES: usize = 64 * 1024;

/// Reads a stream of any content.
pub(crate) fn read(run: &mut Run<'_>, stream: &mut dyn Read) -> Outcome {
    unpack(run, stream, 0)
}

/// Reads content nested in `packings` archives or compressions.
pub(crate) fn unpack(run: &mut Run<'_>, stream: &mut dyn Read, packings: u32) -> Outcome {
    let mut window = ReadBuffer::new(stream, document::RECORD_BYTES_MAX);
    let head = window.fill(packing::HEAD_BYTES);
    if let Some(packing) = Packing::of(head) {
        return packing.read(run, &mut window, packings);
    }
    if packings > 0 && files::is_media(head) {
        run.pass_over();
        return Ok(());
    }
    if let Some(kind) = binary::kind_of(head) {
        return Err(Stop::Unknown(kind.to_string()));
    }
    run.check_stated_time()?;
    if parquet::is_parquet(head) {
        return parquet::read(run, &mut window, packings);
    }
    match encoding::of(head, run.options.encoding) {
        Some(encoding) => {
            let mut decoded = Decoded::new(encoding, window);
            plain(run, &mut ReadBuffer::new(&mut decoded, document::RECORD_BYTES_MAX))
        }
        None => plain(run, &mut window),
    }
}

/// Reads content that is not compressed.
fn plain(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>) -> Outcome {
    if window.buffered().starts_with(b"\xef\xbb\xbf") {
        window.consume(3);
    }
    let outcome = match first_byte(window) {
        None => {
            if window.has_damage() {
                run.begin(Arc::clone(&run.name));
            } else {
                run.empty();
            }
            Ok(())
        }
        Some(b'{' | b'[') => document::read(run, window),
        Some(b'<') if html::has_scripts(window.fill(document::RECORD_BYTES_MAX)) => html::read(run, window),
        // Skip a log line, or half a record, before the first record.
        Some(_) if document::has_whole_lines(window.fill(HEAD_BYTES)) => lines::read(run, window),
        Some(b'<') => Err(Stop::Unknown(HTML.to_owned())),
        Some(_) => text(run, window),
    };
    outcome?;
    if let Some(error) = window.take_damage() {
        run.damage(Some(window.line()), &error.to_string())?;
    }
    run.end_content()
}

/// Returns the first byte that is not white space. Before text only empty lines are skipped: a tab may
/// precede the name of the second column if the first column has none.
fn first_byte(window: &mut ReadBuffer<&mut dyn Read>) -> Option<u8> {
    loop {
        let buffered = window.buffered();
        match buffered.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) if matches!(buffered[at], b'{' | b'[' | b'<') => return window.peek(),
            Some(at) => {
                let byte = buffered[at];
                let passed = memchr::memrchr2(b'\n', b'\r', &buffered[..at]).map_or(0, |end| end + 1);
                window.consume(passed);
                return Some(byte);
            }
            None if buffered.len() >= HEAD_BYTES || !window.grow() => return window.peek(),
            None => {}
        }
    }
}

/// Reads a table, or records of a format of lines.
fn text(run: &mut Run<'_>, window: &mut ReadBuffer<&mut dyn Read>) -> Outcome {
    window.set_cap(TEXT_RECORD_BYTES_MAX);
    if run.options.mapping.is_none() {
        let first = first_line(window);
        if let Some((_, format)) = text_formats().find(|(_, format)| (format.fits)(&first)) {
            return lines_of_text(run, window, (format.open)(&first, &run.name).map_err(Stop::Unknown)?);
        }
    }
    let opened = csv::open(window, run.options.encoding, |header| match &run.options.mapping {
        Some(mapping) => mapped::open(mapping, header).is_ok(),
        None => table::format_of(header).is_some(),
    });
    let opened = opened.map_err(Stop::Unknown)?;
    if run.options.mapping.is_none() && table::format_of(&opened.header).is_none() {
        return Err(Stop::Unknown(unknown_text(&first_line(window), &opened.header)));
    }
    let mut rows = table::Rows::open(run, opened.header.clone()).map_err(Stop::Unknown)?;
    csv::read(run, window, opened, &mut rows)
}

/// Reads records of a format of lines.
fn lines_of_text(
    run: &mut Run<'_>,
    window: &mut ReadBuffer<&mut dyn Read>,
    mut reader: Box<dyn ReadLine>,
) -> Outcome {
    let mut seen = SeenDescriptions::new(&run.options);
    let mut present = Present::new(&run.options);
    let mut is_progress_due = 0_u32;
    loop {
        let line = window.line();
        while memchr::memchr(b'\n', window.buffered()).is_none() && window.grow() {}
        // The last number may be truncated.
        let is_cut = window.has_damage() && memchr::memchr(b'\n', window.buffered()).is_none();
        match window.next_line() {
            None => return Ok(()),
            Some(Piece::Whole(record)) => {
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                if !record.trim_ascii().is_empty() {
                    let mut reading = Reading {
                        observed_at: run.options.observed_at,
                        source: None,
                        is_listed: false,
                        seen: &mut seen,
                        found: &mut run.found,
                    };
                    let read = match std::str::from_utf8(record) {
                        _ if is_cut => Err(Refusal::Record(csv::CUT.to_owned())),
                        Ok(text) => reader.read(text, &mut reading),
                        Err(_) => Err(Refusal::Record(encoding::not_text(record, run.options.encoding))),
                    };
                    match read {
                        Ok(()) => present.check(record, RecordContext::default(), 0, &mut run.found),
                        Err(refusal) => {
                            refuse(record, refusal.to_string(), RecordContext::default(), &mut run.found);
                        }
                    }
                }
            }
            Some(Piece::TooLong(beginning)) => {
                let reason = format!("a line longer than {TEXT_RECORD_BYTES_MAX} bytes");
                refuse(&beginning, reason, RecordContext::default(), &mut run.found);
            }
        }
        run.deliver(Some(line))?;
        is_progress_due += 1;
        if is_progress_due.is_multiple_of(4096) {
            run.progress()?;
        }
    }
}

/// Returns the buffered part of the first line.
fn first_line(window: &mut ReadBuffer<&mut dyn Read>) -> String {
    while memchr::memchr2(b'\n', b'\r', window.buffered()).is_none() && window.grow() {}
    let buffered = window.buffered();
    let line = &buffered[..memchr::memchr2(b'\n', b'\r', buffered).unwrap_or(buffered.len())];
    String::from_utf8_lossy(line).into_owned()
}

/// Returns why a text matches no format: the first lines that formats expect.
fn unknown_text(first: &str, header: &Header) -> String {
    let start: String = first.chars().take(60).collect();
    let lines = text_formats().map(|(format, text)| (format, text.first_line));
    let known: Vec<_> = table_formats()
        .map(|(format, table)| (format, table.columns))
        .chain(lines)
        .map(|(format, first)| format!("{} ({first})", format.source.name()))
        .collect();
    let hint = match header.names() {
        [_, _, ..] => format!(
            "; a table is read when its columns are named with --map COLUMN=FIELD; this one has the columns {}{}",
            header.shown(),
            lookalike::advice(header.names().iter().map(String::as_str))
        ),
        _ => String::new(),
    };
    format!(
        "neither JSON nor a known text: its first line is {start:?}; a known text begins with one of: {}{hint}",
        known.join("; ")
    )
}
