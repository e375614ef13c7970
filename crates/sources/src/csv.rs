//! CSV as trackers, spreadsheets and export buttons write it, by the rules of `csv-core`, which are those of pandas
//! and of Python's `csv`: a quote opens a cell only at its beginning, `""` in a quoted cell is a quote, what follows
//! the closing quote belongs to the cell, and a line ends with a line feed, a carriage return or both. DuckDB parses
//! the same way, but guesses for each file whether quotes are special.
//!
//! No rule can know whether a quote was meant to open a cell. If a quoted cell swallowed rows, its row is rejected and
//! parsing restarts at the first swallowed row.

use crate::encoding::not_text;
use crate::json::read_buffer::ReadBuffer;
use crate::record::RecordContext;
use crate::run::{Outcome, Run};
use crate::table::{Header, Row, Rows};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::io::Read;

/// Longest row, in bytes. Bounds the cost of a quoted cell that is never closed.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Bytes of swallowed rows that are parsed again per file; beyond that such rows are skipped whole.
const AGAIN_BYTES_MAX: usize = 64 << 20;

/// Known separators, most common first: spreadsheets write `;` where the comma is the decimal sign.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Separator for a table of one column: no text contains it.
const NO_SEPARATOR: u8 = 0x1f;

/// Fewest digits of a number that is an id, a time or a link rather than a count.
const LONG_DIGITS_MIN: usize = 10;

/// Splits rows into cells.
struct Splitter {
    core: Reader,
    separator: u8,
    /// Unquoted cells of a row, concatenated.
    text: Vec<u8>,
    ends: Vec<usize>,
    text_len: usize,
    cells: usize,
    /// True if `text` has the cells; otherwise they are in the row itself, with separators between them.
    is_apart: bool,
}

/// The extent of the row at the start of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    /// Bytes of the row.
    len: usize,
    /// Bytes of the row and its line ending.
    passed: usize,
}

/// The next item of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Row(Extent),
    /// A row longer than the buffer.
    TooLong,
    End,
}

impl Splitter {
    fn new(separator: u8) -> Self {
        let core = ReaderBuilder::new().delimiter(separator).build();
        Self {
            core,
            separator,
            text: vec![0; 4096],
            ends: vec![0; 64],
            text_len: 0,
            cells: 0,
            is_apart: false,
        }
    }

    /// Finds and splits the next row, without consuming it.
    fn next<R: Read>(&mut self, window: &mut ReadBuffer<R>) -> Next {
        let mut looked = 0;
        loop {
            let buffered = window.buffered();
            match memchr::memchr3(b'\n', b'\r', b'"', &buffered[looked..]).map(|at| looked + at) {
                Some(at) if buffered[at] == b'"' => return self.next_quoted(window),
                Some(at) => {
                    if buffered[at] == b'\r' && at + 1 == buffered.len() {
                        // The line feed after it may not be buffered yet.
                        window.grow();
                    }
                    let passed = at + 1 + usize::from(window.buffered()[at..].starts_with(b"\r\n"));
                    return self.plain(window.buffered(), at, passed);
                }
                None => {
                    looked = buffered.len();
                    if window.grow() {
                        continue;
                    }
                    return match looked {
                        0 => Next::End,
                        _ if window.is_full() => Next::TooLong,
                        len => self.plain(window.buffered(), len, len),
                    };
                }
            }
        }
    }

    /// Splits a row without quotes in place.
    fn plain(&mut self, buffered: &[u8], len: usize, passed: usize) -> Next {
        self.is_apart = false;
        self.cells = 0;
        let ends = memchr::memchr_iter(self.separator, &buffered[..len]).chain([len]);
        for end in ends {
            match self.ends.get_mut(self.cells) {
                Some(place) => *place = end,
                None => self.ends.push(end),
            }
            self.cells += 1;
        }
        Next::Row(Extent { len, passed })
    }

    fn next_quoted<R: Read>(&mut self, window: &mut ReadBuffer<R>) -> Next {
        self.core.reset();
        self.is_apart = true;
        (self.text_len, self.cells) = (0, 0);
        let mut fed = 0;
        loop {
            let input = &window.buffered()[fed..];
            let (text, ends) = (&mut self.text[self.text_len..], &mut self.ends[self.cells..]);
            let (result, read, wrote, ended) = self.core.read_record(input, text, ends);
            fed += read;
            self.text_len += wrote;
            self.cells += ended;
            match result {
                // At the end of the stream, an empty input ends the row.
                ReadRecordResult::InputEmpty if !window.grow() && window.is_full() => return Next::TooLong,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Next::End,
            }
        }
        if window.buffered()[..fed].ends_with(b"\r") && window.buffered().len() == fed {
            window.grow();
        }
        let (row, after) = window.buffered().split_at(fed);
        let len = row.strip_suffix(b"\n").or(row.strip_suffix(b"\r")).unwrap_or(row).len();
        let passed = fed + usize::from(row.ends_with(b"\r") && after.starts_with(b"\n"));
        Next::Row(Extent { len, passed })
    }

    /// Returns the cells of the current row; `None` if it is not UTF-8.
    fn row<'r>(&'r self, raw: &'r [u8]) -> Option<Row<'r>> {
        let whole = std::str::from_utf8(raw).ok()?;
        let ends = self.ends.get(..self.cells)?;
        if !self.is_apart {
            return Some(Row::of_text(whole, ends, 1, raw));
        }
        // Unescaping may have removed a quote between the bytes of one character.
        let text = std::str::from_utf8(self.text.get(..self.text_len)?).ok()?;
        Some(Row::of_text(text, ends, 0, raw))
    }
}

/// The look of a cell: enough to distinguish a row of data from a line of prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Empty,
    Digits,
    /// Digits of an id or a time.
    LongDigits,
    Link,
    Time,
    Prose,
}

impl Look {
    fn of(cell: &[u8]) -> Self {
        let cell = cell.trim_ascii();
        let is_time = |cell: &[u8]| {
            cell.len() >= 10 && cell[4] == b'-' && cell[7] == b'-' && cell[..4].iter().all(u8::is_ascii_digit)
        };
        match cell {
            b"" | b"NA" | b"NULL" | b"null" | b"NaN" | b"None" => Self::Empty,
            _ if cell.iter().all(u8::is_ascii_digit) => {
                if cell.len() >= LONG_DIGITS_MIN {
                    Self::LongDigits
                } else {
                    Self::Digits
                }
            }
            _ if cell.starts_with(b"http") => Self::Link,
            _ if is_time(cell) => Self::Time,
            _ => Self::Prose,
        }
    }

    /// True if prose hardly ever looks like it.
    const fn is_distinctive(self) -> bool {
        matches!(self, Self::LongDigits | Self::Link | Self::Time)
    }
}

/// The looks of each column's cells, learned from the first single-line rows.
#[derive(Debug, Default)]
struct Looks {
    columns: Vec<Look>,
    rows: u32,
}

/// Rows that looks are learned from.
const LOOKS_ROWS_MAX: u32 = 64;

impl Looks {
    fn learn(&mut self, row: &Row<'_>) {
        self.rows += 1;
        self.columns.resize(self.columns.len().max(row.len()), Look::Empty);
        for (known, cell) in self.columns.iter_mut().zip(row.iter()) {
            *known = match (*known, Look::of(cell.as_bytes())) {
                (Look::Empty, new) => new,
                (old, Look::Empty) => old,
                (old, new) if old == new => old,
                _ => Look::Prose,
            };
        }
    }

    /// Returns true if a line has a cell for each column, and they look like those of previous rows.
    fn is_row(&self, line: &csv::ByteRecord, columns: usize, is_sure: bool) -> bool {
        if line.len() != columns || columns < 2 {
            return false;
        }
        let looks: Vec<_> = line.iter().map(Look::of).collect();
        let known = |at: usize| self.columns.get(at).copied().unwrap_or(Look::Empty);
        let fits = looks.iter().enumerate().all(|(at, look)| {
            matches!(known(at), Look::Empty | Look::Prose) || *look == Look::Empty || *look == known(at)
        });
        let is_distinctive =
            |at: usize| looks[at].is_distinctive() && (self.rows == 0 || known(at) == looks[at]);
        let is_distinct = (0..columns).any(is_distinctive);
        let has_digits = looks.contains(&Look::Digits);
        fits && (is_distinct || (is_sure && has_digits))
    }
}

/// Reads the rows after the header.
struct Lines<'w, R> {
    window: &'w mut ReadBuffer<R>,
    splitter: Splitter,
    looks: Looks,
    /// Number of the next line.
    line: u64,
    /// Bytes parsed a second time.
    again: usize,
    encoding: Option<&'static encoding_rs::Encoding>,
}

/// Reject reason of the last row of a truncated file.
pub(crate) const CUT: &str = "the file is damaged and ends inside this row";

/// Reject reason of a row that swallowed others.
const SWALLOWED: &str =
    "a quote opens a cell and is not closed before the rows that follow; those are read on their own";

impl<R: Read> Lines<'_, R> {
    fn read(&mut self, run: &mut Run<'_>, rows: &mut Rows) -> Outcome {
        loop {
            match self.splitter.next(self.window) {
                Next::End => return rows.end(run),
                Next::TooLong => self.too_long(run, rows)?,
                Next::Row(extent) => self.row(run, rows, extent)?,
            }
        }
    }

    fn row(&mut self, run: &mut Run<'_>, rows: &mut Rows, extent: Extent) -> Outcome {
        let raw = &self.window.buffered()[..extent.len];
        let line = self.line;
        let has_lines = self.splitter.is_apart && memchr::memchr2(b'\n', b'\r', raw).is_some();
        if has_lines && let Some(resume) = self.swallowed(extent, rows.columns()) {
            let raw = raw[..resume].trim_ascii_end();
            rows.refuse(run, raw, SWALLOWED.to_owned(), RecordContext::default(), Some(line))?;
            self.again += extent.passed - resume;
            self.pass(resume);
            return Ok(());
        }
        if raw.is_empty() {
            self.pass(extent.passed);
            return Ok(());
        }
        // Its last number may be truncated.
        if extent.passed == extent.len && self.window.has_damage() {
            rows.refuse(run, raw, CUT.to_owned(), RecordContext::default(), Some(line))?;
            self.pass(extent.passed);
            return Ok(());
        }
        match self.splitter.row(raw) {
            Some(row) => {
                if !has_lines && self.looks.rows < LOOKS_ROWS_MAX && row.len() == rows.columns() {
                    self.looks.learn(&row);
                }
                rows.row(run, &row, RecordContext::default(), Some(line))?;
            }
            None => {
                rows.refuse(run, raw, not_text(raw, self.encoding), RecordContext::default(), Some(line))?;
            }
        }
        self.pass(extent.passed);
        Ok(())
    }

    /// Returns the offset of the first row that a cell of this row swallowed.
    fn swallowed(&self, extent: Extent, columns: usize) -> Option<usize> {
        if self.again > AGAIN_BYTES_MAX {
            return None;
        }
        let raw = &self.window.buffered()[..extent.len];
        let is_damaged =
            self.splitter.cells != columns || follows_closing_quote(raw, self.splitter.separator);
        let has_id = begins_with_id(raw, self.splitter.separator);
        let mut start = 0;
        loop {
            start += line_end(&raw[start..])?;
            let end = start + line_end(&raw[start..]).unwrap_or(raw.len() - start);
            // The last line contains the end of the quoted cell, so its cell count may be off.
            let is_whole = end < raw.len() || is_damaged;
            let line = &raw[start..end];
            let is_row = (has_id && begins_with_id(line, self.splitter.separator))
                || (is_whole && self.looks.is_row(&self.split(line), columns, is_damaged));
            if is_row {
                return Some(start);
            }
        }
    }

    /// Splits a line on its own.
    fn split(&self, line: &[u8]) -> csv::ByteRecord {
        let mut record = csv::ByteRecord::new();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.splitter.separator)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(line.len().max(1))
            .from_reader(line);
        // Reading from memory cannot fail.
        if reader.read_byte_record(&mut record).is_err() {
            record.clear();
        }
        record
    }

    /// Skips the first line of an unterminated row; what follows may be rows.
    fn too_long(&mut self, run: &mut Run<'_>, rows: &mut Rows) -> Outcome {
        let line = self.line;
        let buffered = self.window.buffered();
        let beginning = buffered[..buffered.len().min(crate::record::RAW_BYTES_MAX)].to_vec();
        let reason = format!("a row longer than {ROW_BYTES_MAX} bytes: a quote may not be closed");
        match line_end(buffered) {
            Some(end) => {
                self.again += buffered.len() - end;
                self.pass(if self.again > AGAIN_BYTES_MAX { buffered.len() } else { end });
            }
            None => {
                self.window.skip_line();
                self.line += 1;
            }
        }
        rows.refuse(run, &beginning, reason, RecordContext::default(), Some(line))
    }

    fn pass(&mut self, bytes: usize) {
        let passed = &self.window.buffered()[..bytes];
        let feeds = memchr::memchr_iter(b'\n', passed).count();
        let lines = if feeds > 0 { feeds } else { memchr::memchr_iter(b'\r', passed).count() };
        self.line += lines as u64;
        self.window.consume(bytes);
    }
}

/// Returns true if the first of several cells is a long number or a link to a video, which prose never
/// begins with.
fn begins_with_id(line: &[u8], separator: u8) -> bool {
    let end = memchr::memchr2(separator, b'\n', line).filter(|end| line[*end] == separator);
    let cell = end.map_or(&b""[..], |end| line[..end].strip_prefix(b"\"").unwrap_or(&line[..end]));
    match Look::of(cell) {
        Look::LongDigits => true,
        Look::Link => memchr::memmem::find(cell, b"/video/").is_some(),
        _ => false,
    }
}

/// Returns the offset after the first line ending.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memchr2(b'\n', b'\r', bytes)?;
    Some(at + 1 + usize::from(bytes[at..].starts_with(b"\r\n")))
}

/// Returns true if a closing quote is followed by more text: it may have been meant to open a cell.
fn follows_closing_quote(raw: &[u8], separator: u8) -> bool {
    let (mut is_quoted, mut is_start, mut at) = (false, true, 0);
    while let Some(&byte) = raw.get(at) {
        match byte {
            b'"' if is_quoted && raw.get(at + 1) == Some(&b'"') => at += 1,
            b'"' if is_quoted => {
                is_quoted = false;
                if !matches!(raw.get(at + 1), None | Some(b'\n' | b'\r'))
                    && raw.get(at + 1) != Some(&separator)
                {
                    return true;
                }
            }
            b'"' if is_start => is_quoted = true,
            _ => {}
        }
        is_start = !is_quoted && (byte == separator || matches!(byte, b'\n' | b'\r'));
        at += 1;
    }
    is_quoted
}

/// The header of a text table, and its separator.
pub(crate) struct Opened {
    pub(crate) header: Header,
    splitter: Splitter,
    /// Bytes of the header line, with its line ending and a preceding `sep=` line.
    passed: usize,
}

/// Finds the header of a table. The separator is the one for which `fits` accepts the columns, else the one
/// that yields the most columns. A first line `sep=;`, as Excel writes it, overrides both.
pub(crate) fn open<R: Read>(
    window: &mut ReadBuffer<R>,
    encoding: Option<&'static encoding_rs::Encoding>,
    fits: impl Fn(&Header) -> bool,
) -> Result<Opened, String> {
    window.set_cap(ROW_BYTES_MAX);
    let (mut all, before): (&[u8], usize) = (&SEPARATORS, 0);
    let mut probe = Splitter::new(NO_SEPARATOR);
    let mut stated = [0];
    let mut skipped = before;
    if let Next::Row(extent) = probe.next(window)
        && let Some(separator) = stated_separator(&window.buffered()[..extent.len])
    {
        stated[0] = separator;
        (all, skipped) = (&stated, extent.passed);
    }
    window.consume(skipped);
    let mut opened = Vec::new();
    for separator in all.iter().copied() {
        let mut splitter = Splitter::new(separator);
        let Next::Row(extent) = splitter.next(window) else { continue };
        let raw = &window.buffered()[..extent.len];
        let row = splitter
            .row(raw)
            .ok_or_else(|| format!("line {}: {}", window.line(), not_text(raw, encoding)))?;
        let header = Header::new(row.iter());
        opened.push(Opened { header, splitter, passed: extent.passed });
    }
    // On a tie the first one wins.
    opened.sort_by_key(|opened| std::cmp::Reverse(opened.header.len()));
    let best = opened.iter().position(|opened| fits(&opened.header)).unwrap_or(0);
    if opened.is_empty() {
        return Err("the first row is too long for column names".to_owned());
    }
    let mut best = opened.swap_remove(best);
    if best.header.len() == 1 && skipped == 0 {
        best.splitter = Splitter::new(NO_SEPARATOR);
    }
    Ok(best)
}

/// Parses the separator of a `sep=;` line.
fn stated_separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line.split_at_checked(4)? {
        (start, [separator]) if start.eq_ignore_ascii_case(b"sep=") => Some(*separator),
        (start, b"\\t") if start.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// Reads the rows after the header.
pub(crate) fn read<R: Read>(
    run: &mut Run<'_>,
    window: &mut ReadBuffer<R>,
    opened: Opened,
    rows: &mut Rows,
) -> Outcome {
    let line = window.line();
    let encoding = run.options.encoding;
    let mut lines =
        Lines { window, splitter: opened.splitter, looks: Looks::default(), line, again: 0, encoding };
    lines.pass(opened.passed);
    lines.read(run, rows)
}

#[cfg(test)]
mod tests;
