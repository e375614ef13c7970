//! Tables of any origin: a header, then rows. [`crate::csv`], workbooks and Parquet files produce them; formats of the
//! family [`Kind::Table`](crate::files::format::Kind) and `--map` parse them.
//!
//! A cell is text. Other types have a canonical text: integers as digits, whole floats as digits without `.0` and
//! others as their shortest decimal, times in RFC 3339 and UTC, `true` and `false`, nothing for null, lists as JSON.

mod beside;

mod rows;

use crate::files::format::{Table, table_formats};
use crate::files::mapped;
use crate::future::Present;
use crate::lookalike;
use crate::reading::{Reading, Refusal, SeenDescriptions, digest};
use crate::record::{RecordContext, refuse};
use crate::run::{Outcome, Run};
use beside::Beside;
use domain::Timestamp;
use rows::RowReader;

/// Most columns in a message.
const COLUMNS_SHOWN_MAX: usize = 60;

/// Rows that a parser may inspect before it parses the first, to detect how a column is written.
const SAMPLE_ROWS_MAX: usize = 256;

/// Bytes of rows that a parser may inspect before it parses the first.
const SAMPLE_BYTES_MAX: usize = 1 << 20;

/// Rows between two progress reports.
const PROGRESS_ROWS: u32 = 4096;

/// The column names, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    names: Vec<String>,
}

impl Header {
    /// Creates a header from the first row of a table.
    pub(crate) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self { names: names.map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect() }
    }

    /// Returns the column names, in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the number of columns.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the first column names, for a message.
    pub(crate) fn shown(&self) -> String {
        let names: Vec<_> = self.names.iter().take(COLUMNS_SHOWN_MAX).map(String::as_str).collect();
        let more = if self.names.len() > COLUMNS_SHOWN_MAX { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    }

    /// Returns the index of a column, ignoring ASCII case.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Returns true if there is a column of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    /// Returns true if a row repeats the header, as in concatenated files.
    fn is_repeated_by(&self, row: &Row<'_>) -> bool {
        row.len() == self.len()
            && self
                .names
                .iter()
                .zip(row.iter())
                .all(|(name, cell)| cell.trim().trim_start_matches('\u{feff}') == name)
    }
}

/// The cells of one row, in a reusable buffer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// Starts a row.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Returns the row.
    pub(crate) fn row(&self) -> Row<'_> {
        Row { text: &self.text, ends: &self.ends, gap: 0, raw: None }
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    text: &'r str,
    /// End offset of each cell in `text`.
    ends: &'r [usize],
    /// Bytes between two cells.
    gap: usize,
    /// The raw row, if the file is text.
    raw: Option<&'r [u8]>,
}

impl<'r> Row<'r> {
    /// Creates a row of a text file: cells that end at `ends` of `text`, with `gap` bytes between them.
    pub(crate) const fn of_text(text: &'r str, ends: &'r [usize], gap: usize, raw: &'r [u8]) -> Self {
        Self { text, ends, gap, raw: Some(raw) }
    }

    /// Returns the number of cells.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns a cell. `None` if the row ends before it.
    pub(crate) fn get(&self, column: usize) -> Option<&'r str> {
        let end = *self.ends.get(column)?;
        let start = match column.checked_sub(1) {
            Some(before) => *self.ends.get(before)? + self.gap,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// Iterates over the cells in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'r str> {
        let row = *self;
        (0..row.len()).filter_map(move |column| row.get(column))
    }

    /// Returns the digest of the row and the reading time that its file states.
    pub(crate) fn digest(&self, observed_at: Option<Timestamp>) -> u64 {
        match self.raw {
            Some(raw) => digest(raw, observed_at),
            None => digest(&self.shown(), observed_at),
        }
    }

    /// Returns the raw row or, if the file is not text, its cells joined by tabs.
    pub(crate) fn shown(&self) -> Vec<u8> {
        match self.raw {
            Some(raw) => raw.to_vec(),
            None => self.iter().collect::<Vec<_>>().join("\t").into_bytes(),
        }
    }

    fn is_blank(&self) -> bool {
        // Only a row that is all separators is worth a closer look.
        self.text.len() <= self.len() * 4 && self.iter().all(|cell| cell.trim().is_empty())
    }

    fn hold(self, context: RecordContext, line: Option<u64>) -> BufferedRow {
        BufferedRow {
            text: self.text.into(),
            ends: self.ends.into(),
            gap: self.gap,
            raw: self.raw.map(Into::into),
            context,
            line,
        }
    }
}

/// A row buffered until enough rows were seen.
#[derive(Debug)]
struct BufferedRow {
    text: Box<str>,
    ends: Box<[usize]>,
    gap: usize,
    raw: Option<Box<[u8]>>,
    context: RecordContext,
    line: Option<u64>,
}

impl BufferedRow {
    fn row(&self) -> Row<'_> {
        Row { text: &self.text, ends: &self.ends, gap: self.gap, raw: self.raw.as_deref() }
    }
}

/// Items buffered until enough rows were seen.
#[derive(Debug)]
enum Waiting {
    Row(BufferedRow),
    Refused { raw: Box<[u8]>, reason: String, context: RecordContext, line: Option<u64> },
}

/// The first rows of a table, which show how its columns are written.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    waiting: Vec<Waiting>,
    bytes: usize,
}

impl Sample {
    /// Iterates over the rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.waiting.iter().filter_map(|waiting| match waiting {
            Waiting::Row(buffered) => Some(buffered.row()),
            Waiting::Refused { .. } => None,
        })
    }

    /// Iterates over the cells of a column.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows().filter_map(move |row| row.get(column))
    }

    fn is_full(&self) -> bool {
        self.waiting.len() >= SAMPLE_ROWS_MAX || self.bytes >= SAMPLE_BYTES_MAX
    }

    fn push(&mut self, waiting: Waiting, bytes: usize) {
        self.waiting.push(waiting);
        self.bytes += bytes;
    }
}

/// A row parser, or why the table cannot be parsed.
pub(crate) type OpenedTable = Result<Box<dyn ReadRow>, String>;

/// Parses the rows of one table.
pub(crate) trait ReadRow: Send {
    /// Returns the number of cells that a row needs: up to the last used column.
    fn cells_needed(&self) -> usize;

    /// Returns true if the parser wants to inspect the first rows.
    fn is_sampling(&self) -> bool {
        false
    }

    /// Inspects the first rows, before any is parsed.
    fn survey(&mut self, sample: &Sample) {
        let _ = sample;
    }

    /// Parses one row.
    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal>;
}

/// A table being read: header first, then rows, then [`Rows::end`].
pub(crate) struct Rows {
    columns: usize,
    state: State,
    rows: u32,
}

/// The state of row parsing.
enum State {
    /// Buffering the first rows.
    Sampling(RowReader, Sample),
    /// Parsing on this thread.
    Here(RowReader),
    /// Parsing on a second thread.
    Beside(Beside),
    /// Finished.
    Ended,
}

impl Rows {
    /// Finds the parser for these columns: the mapping, or a format. Fails with the reason if there is none.
    pub(crate) fn open(run: &mut Run<'_>, header: Header) -> Result<Self, String> {
        let reader = reader_of(run, &header)?;
        run.sample_header(header.names().iter().map(String::as_str));
        let (columns, is_sampling) = (header.len(), reader.is_sampling());
        let reader = RowReader {
            header,
            reader,
            seen: SeenDescriptions::new(&run.options),
            present: Present::new(&run.options),
            observed_at: run.options.observed_at,
        };
        let state =
            if is_sampling { State::Sampling(reader, Sample::default()) } else { State::Here(reader) };
        Ok(Self { columns, state, rows: 0 })
    }

    /// Returns the number of columns.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Parses a row. `line` is its first line in a file of lines; otherwise `context` has its number.
    pub(crate) fn row(
        &mut self,
        run: &mut Run<'_>,
        row: &Row<'_>,
        context: RecordContext,
        line: Option<u64>,
    ) -> Outcome {
        self.rows += 1;
        if self.rows.is_multiple_of(PROGRESS_ROWS) {
            run.progress()?;
        }
        match &mut self.state {
            State::Sampling(_, sample) => {
                sample.push(Waiting::Row(row.hold(context, line)), row.text.len());
                if sample.is_full() { self.settle(run) } else { Ok(()) }
            }
            State::Here(reader) => {
                read_here(run, reader, row, context, line)?;
                // Samples are matched with their results, which only this thread sees.
                if run.options.threads.get() > 1 && !run.is_sampling() {
                    self.go_beside();
                }
                Ok(())
            }
            State::Beside(beside) => {
                beside.row(row, context, line, |line, found| run.deliver_one(found, line))
            }
            State::Ended => Ok(()),
        }
    }

    /// Rejects a row that could not be split into cells.
    pub(crate) fn refuse(
        &mut self,
        run: &mut Run<'_>,
        raw: &[u8],
        reason: String,
        context: RecordContext,
        line: Option<u64>,
    ) -> Outcome {
        let buffered = || -> Box<[u8]> { raw[..raw.len().min(crate::record::RAW_BYTES_MAX)].into() };
        match &mut self.state {
            State::Sampling(_, sample) => {
                let raw = buffered();
                let bytes = raw.len();
                sample.push(Waiting::Refused { raw, reason, context, line }, bytes);
                if sample.is_full() { self.settle(run) } else { Ok(()) }
            }
            State::Beside(beside) => {
                beside.refuse((buffered(), reason), context, line, |line, found| run.deliver_one(found, line))
            }
            State::Here(_) | State::Ended => {
                refuse(raw, reason, context, &mut run.found);
                run.deliver(line)
            }
        }
    }

    /// Ends the table, and parses buffered rows.
    pub(crate) fn end(&mut self, run: &mut Run<'_>) -> Outcome {
        self.settle(run)?;
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Beside(beside) => beside.end(|line, found| run.deliver_one(found, line)),
            State::Sampling(..) | State::Here(_) | State::Ended => Ok(()),
        }
    }

    fn go_beside(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Here(reader) => {
                Beside::start(reader).map_or_else(|reader| State::Here(*reader), State::Beside)
            }
            other => other,
        };
    }

    fn settle(&mut self, run: &mut Run<'_>) -> Outcome {
        let (mut reader, sample) = match std::mem::replace(&mut self.state, State::Ended) {
            State::Sampling(reader, sample) => (reader, sample),
            other => {
                self.state = other;
                return Ok(());
            }
        };
        reader.reader.survey(&sample);
        for waiting in sample.waiting {
            match waiting {
                Waiting::Row(buffered) => {
                    read_here(run, &mut reader, &buffered.row(), buffered.context, buffered.line)?
                }
                Waiting::Refused { raw, reason, context, line } => {
                    refuse(&raw, reason, context, &mut run.found);
                    run.deliver(line)?;
                }
            }
        }
        self.state = State::Here(reader);
        Ok(())
    }
}

fn read_here(
    run: &mut Run<'_>,
    reader: &mut RowReader,
    row: &Row<'_>,
    context: RecordContext,
    line: Option<u64>,
) -> Outcome {
    if reader.is_passed_over(row) {
        return Ok(());
    }
    if run.is_sampling() {
        run.sample_row(row.iter());
    }
    reader.read(row, context, &mut run.found);
    run.deliver(line)
}

/// Returns the parser for these columns: the mapping, or a format. Fails with the reason if there is none.
pub(crate) fn reader_of(run: &Run<'_>, header: &Header) -> OpenedTable {
    match &run.options.mapping {
        Some(mapping) => mapped::open(mapping, header),
        None => match format_of(header) {
            Some(table) => (table.open)(header, &run.name),
            None => Err(unknown(header)),
        },
    }
}

/// Returns the format of a table with these columns.
pub(crate) fn format_of(header: &Header) -> Option<&'static Table> {
    table_formats().map(|(_, table)| table).find(|table| (table.fits)(header))
}

/// Returns why a table matches no format: the columns that formats expect.
pub(crate) fn unknown(header: &Header) -> String {
    let known: Vec<_> = table_formats()
        .map(|(format, table)| format!("{} ({})", format.source.name(), table.columns))
        .collect();
    format!(
        "a table of no known format; a known one has the columns of: {}; any other is read when its columns are named with --map COLUMN=FIELD; this one has the columns {}{}",
        known.join("; "),
        header.shown(),
        lookalike::advice(header.names().iter().map(String::as_str))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_whatever_lies_between_them() {
        let raw = Row::of_text("a,,bc", &[1, 2, 5], 1, b"a,,bc");
        assert_eq!(raw.iter().collect::<Vec<_>>(), ["a", "", "bc"]);
        assert_eq!((raw.len(), raw.get(2), raw.get(3)), (3, Some("bc"), None));
        let mut cells = Cells::default();
        for cell in ["a", "", "bc"] {
            cells.push(cell);
        }
        assert_eq!(cells.row().iter().collect::<Vec<_>>(), ["a", "", "bc"]);
        assert_eq!(cells.row().shown(), b"a\t\tbc");
        assert_ne!(cells.row().digest(None), cells.row().digest(Timestamp::from_source(1_700_000_000)));
        cells.clear();
        assert_eq!(cells.row().len(), 0);
    }

    #[test]
    fn a_header_is_known_when_it_comes_again() {
        let header = Header::new(["\u{feff}a", " B "].into_iter());
        assert_eq!((header.names(), header.column("b")), (&["a".to_owned(), "B".to_owned()][..], Some(1)));
        let row = |text: &'static str| Row::of_text(text, &[1, 3], 1, text.as_bytes());
        assert!(header.is_repeated_by(&row("a,B")) && !header.is_repeated_by(&row("a,c")));
    }
}
