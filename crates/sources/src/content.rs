//! What the bytes are: packed, JSON, lines of text, or nothing that is known. Told by their beginning, never by the name
//! of the file.

use crate::csv::Header;
use crate::files::format::{ReadLine, text_formats};
use crate::files::mapped;
use crate::future::Present;
use crate::json::window::{Piece, Window};
use crate::packing::{self, Packing};
use crate::reading::{Reading, Told};
use crate::record::{Around, HTML, refuse};
use crate::run::{Outcome, Run, Stop};
use crate::{document, html, lines};
use std::io::Read;
use std::sync::Arc;

/// Longest record of a text format. A quoted cell that is never closed costs no more than this.
const TEXT_RECORD_BYTES_MAX: usize = 1 << 20;

/// How much is looked at to find records after a beginning that is none.
const HEAD_BYTES: usize = 64 * 1024;

/// Reads a stream of anything.
pub(crate) fn read(run: &mut Run<'_>, stream: &mut dyn Read) -> Outcome {
    unpack(run, stream, 0)
}

/// Reads what is inside `packings` others.
pub(crate) fn unpack(run: &mut Run<'_>, stream: &mut dyn Read, packings: u32) -> Outcome {
    let mut window = Window::new(stream, document::RECORD_BYTES_MAX);
    let head = window.hold(packing::HEAD_BYTES);
    if let Some(packing) = Packing::of(head) {
        return packing.read(run, &mut window, packings);
    }
    match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(Stop::Unknown("text in UTF-16; save it as UTF-8".into())),
        _ => plain(run, &mut window),
    }
}

/// Reads what is not packed.
fn plain(run: &mut Run<'_>, window: &mut Window<&mut dyn Read>) -> Outcome {
    if window.held().starts_with(b"\xef\xbb\xbf") {
        window.pass(3);
    }
    let outcome = match window.peek() {
        None => {
            if window.has_damage() {
                run.begin(Arc::clone(&run.name));
            } else {
                run.empty();
            }
            Ok(())
        }
        Some(b'{' | b'[') => document::read(run, window),
        Some(b'<') if html::has_scripts(window.hold(document::RECORD_BYTES_MAX)) => html::read(run, window),
        // A line of a log, or half a record, before the records.
        Some(_) if document::has_whole_lines(window.hold(HEAD_BYTES)) => lines::read(run, window),
        Some(b'<') => Err(Stop::Unknown(HTML.to_owned())),
        Some(_) => text(run, window),
    };
    outcome?;
    if let Some(error) = window.take_damage() {
        run.damage(Some(window.line()), &error.to_string())?;
    }
    run.end_content()
}

/// Reads records of a format of lines.
fn text(run: &mut Run<'_>, window: &mut Window<&mut dyn Read>) -> Outcome {
    window.set_cap(TEXT_RECORD_BYTES_MAX);
    let first = first_line(window);
    let (mut reader, is_quoted) = open_text(run, &first).map_err(Stop::Unknown)?;
    let mut told = Told::default();
    let present = Present(run.options.clock.clone());
    let mut is_progress_due = 0_u32;
    loop {
        let line = window.line();
        let mut quotes = 0;
        let ends = |part: &[u8]| {
            quotes += if is_quoted { memchr::memchr_iter(b'"', part).count() } else { 0 };
            quotes % 2 == 0
        };
        match window.line_where(ends) {
            None => return Ok(()),
            Some(Piece::Whole(record)) => {
                // Only the end of the line goes: with tabs between cells, the first and last may be empty.
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                if !record.trim_ascii().is_empty() {
                    let mut reading = Reading {
                        observed_at: None,
                        source: None,
                        is_listed: false,
                        told: &mut told,
                        found: &mut run.found,
                    };
                    match reader.read(record, &mut reading) {
                        Ok(()) => present.check(record, Around::default(), 0, &mut run.found),
                        Err(refusal) => {
                            refuse(record, refusal.to_string(), Around::default(), &mut run.found);
                        }
                    }
                }
            }
            Some(Piece::TooLong(beginning)) => {
                let reason =
                    format!("a record longer than {TEXT_RECORD_BYTES_MAX} bytes: a quote may not be closed");
                refuse(&beginning, reason, Around::default(), &mut run.found);
            }
        }
        run.deliver(Some(line))?;
        is_progress_due += 1;
        if is_progress_due.is_multiple_of(4096) {
            run.progress()?;
        }
    }
}

/// A reader of the lines after the first, and whether cells in quotes may hold newlines.
fn open_text(run: &Run<'_>, first: &str) -> Result<(Box<dyn ReadLine>, bool), String> {
    if let Some(mapping) = &run.options.mapping {
        return Ok((mapped::open(mapping, first)?, true));
    }
    let (_, format) =
        text_formats().find(|(_, format)| (format.fits)(first)).ok_or_else(|| unknown_text(first))?;
    Ok(((format.open)(first, &run.name)?, format.is_quoted))
}

/// The first line, as far as it is held.
fn first_line(window: &mut Window<&mut dyn Read>) -> String {
    while memchr::memchr(b'\n', window.held()).is_none() && window.grow() {}
    let held = window.held();
    let line = &held[..memchr::memchr(b'\n', held).unwrap_or(held.len())];
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

/// Why a text is of no format: what its first line would have to be.
fn unknown_text(first: &str) -> String {
    let start: String = first.chars().take(60).collect();
    let known: Vec<_> = text_formats()
        .map(|(format, text)| format!("{} ({})", format.source.name(), text.first_line))
        .collect();
    let header = Header::of(first);
    let hint = match header.names() {
        [_, _, ..] => format!(
            "; a table is read when its columns are named with --map COLUMN=FIELD; this one has the columns {}",
            header.shown()
        ),
        _ => String::new(),
    };
    format!(
        "neither JSON nor a known text: its first line is {start:?}; a known text begins with one of: {}{hint}",
        known.join("; ")
    )
}
