//! Tables, whatever they are read from: the names of the columns, then rows. [`crate::csv`], workbooks and Parquet
//! files make both; formats of the family [`Kind::Table`](crate::files::format::Kind) and `--map` read them.
//!
//! A cell is text. Of values that are none, the text is canonical: integers as their digits, floats that are whole as
//! digits without `.0` and others as their shortest decimal, times in RFC 3339 and UTC, `true` and `false`, nothing for
//! null, lists as JSON.

mod beside;

mod rows;

use crate::files::format::{Table, table_formats};
use crate::files::mapped;
use crate::future::Present;
use crate::lookalike;
use crate::reading::{Reading, Refusal, Told, digest};
use crate::record::{Around, refuse};
use crate::run::{Outcome, Run};
use beside::Beside;
use domain::Timestamp;
use rows::RowReader;

/// Most columns that a message names.
const COLUMNS_SHOWN_MAX: usize = 60;

/// How many rows a reader sees before it reads the first: enough to tell how a column is written.
const SAMPLE_ROWS_MAX: usize = 256;

/// How many bytes of rows a reader sees before it reads the first.
const SAMPLE_BYTES_MAX: usize = 1 << 20;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u32 = 4096;

/// The names of the columns, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    names: Vec<String>,
}

impl Header {
    /// Takes the first row of a table.
    pub(crate) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self { names: names.map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect() }
    }

    /// The names of the columns, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names of the first columns, for a message.
    pub(crate) fn shown(&self) -> String {
        let names: Vec<_> = self.names.iter().take(COLUMNS_SHOWN_MAX).map(String::as_str).collect();
        let more = if self.names.len() > COLUMNS_SHOWN_MAX { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    }

    /// Where the column of this name is; ASCII letter case does not matter.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether there is a column of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    /// Whether a row is the header again, as in files that were appended to each other.
    fn is_repeated_by(&self, row: &Row<'_>) -> bool {
        row.len() == self.len()
            && self
                .names
                .iter()
                .zip(row.iter())
                .all(|(name, cell)| cell.trim().trim_start_matches('\u{feff}') == name)
    }
}

/// The cells of one row, in a buffer that is used again for the next.
#[derive(Debug, Default, Clone)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// Begins a row.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// The row.
    pub(crate) fn row(&self) -> Row<'_> {
        Row { text: &self.text, ends: &self.ends, gap: 0, raw: None }
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    text: &'r str,
    /// Where each cell ends in `text`.
    ends: &'r [usize],
    /// Bytes between two cells.
    gap: usize,
    /// The row as it stands in a file of text.
    raw: Option<&'r [u8]>,
}

impl<'r> Row<'r> {
    /// A row of a text file: cells that end at `ends` of `text`, with `gap` bytes between them.
    pub(crate) const fn of_text(text: &'r str, ends: &'r [usize], gap: usize, raw: &'r [u8]) -> Self {
        Self { text, ends, gap, raw: Some(raw) }
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell of a column. `None` where the row ends before it.
    pub(crate) fn get(&self, column: usize) -> Option<&'r str> {
        let end = *self.ends.get(column)?;
        let start = match column.checked_sub(1) {
            Some(before) => *self.ends.get(before)? + self.gap,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// The cells, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'r str> {
        let row = *self;
        (0..row.len()).filter_map(move |column| row.get(column))
    }

    /// The digest of the reading that the row is, with the time that the file around it states.
    pub(crate) fn digest(&self, observed_at: Option<Timestamp>) -> u64 {
        match self.raw {
            Some(raw) => digest(raw, observed_at),
            None => digest(&self.shown(), observed_at),
        }
    }

    /// The row as it stands in the file or, where that is no text, its cells with tabs between them.
    pub(crate) fn shown(&self) -> Vec<u8> {
        match self.raw {
            Some(raw) => raw.to_vec(),
            None => self.iter().collect::<Vec<_>>().join("\t").into_bytes(),
        }
    }

    fn is_blank(&self) -> bool {
        // All that text and nothing but separators: only then is it worth a closer look.
        self.text.len() <= self.len() * 4 && self.iter().all(|cell| cell.trim().is_empty())
    }

    fn hold(self, around: Around, line: Option<u64>) -> Held {
        Held {
            text: self.text.into(),
            ends: self.ends.into(),
            gap: self.gap,
            raw: self.raw.map(Into::into),
            around,
            line,
        }
    }
}

/// A row that waits until enough rows are seen.
#[derive(Debug)]
struct Held {
    text: Box<str>,
    ends: Box<[usize]>,
    gap: usize,
    raw: Option<Box<[u8]>>,
    around: Around,
    line: Option<u64>,
}

impl Held {
    fn row(&self) -> Row<'_> {
        Row { text: &self.text, ends: &self.ends, gap: self.gap, raw: self.raw.as_deref() }
    }
}

/// What waits until enough rows are seen.
#[derive(Debug)]
enum Waiting {
    Row(Held),
    Refused { raw: Box<[u8]>, reason: String, around: Around, line: Option<u64> },
}

/// The first rows of a table, for a reader to tell how a column is written before it reads any.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    waiting: Vec<Waiting>,
    bytes: usize,
}

impl Sample {
    /// The rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.waiting.iter().filter_map(|waiting| match waiting {
            Waiting::Row(held) => Some(held.row()),
            Waiting::Refused { .. } => None,
        })
    }

    /// The cells of a column.
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

/// A reader of rows, or why the table cannot be read.
pub(crate) type OpenedTable = Result<Box<dyn ReadRow>, String>;

/// Reads the rows of one table.
pub(crate) trait ReadRow: Send {
    /// How many cells a row needs to be read: the last column that counts is among them.
    fn cells_needed(&self) -> usize;

    /// Whether the reader looks at the first rows before it reads one.
    fn is_sampling(&self) -> bool {
        false
    }

    /// Looks at the first rows, before any is read.
    fn survey(&mut self, sample: &Sample) {
        let _ = sample;
    }

    /// Reads one row.
    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal>;
}

/// A table that is being read: the header goes in, then the rows, then [`Rows::end`].
pub(crate) struct Rows {
    columns: usize,
    state: State,
    rows: u32,
}

/// How rows are read.
enum State {
    /// Enough of the first rows are waited for.
    Sampling(RowReader, Sample),
    /// On this thread.
    Here(RowReader),
    /// On a thread of its own.
    Beside(Beside),
    /// No more.
    Ended,
}

impl Rows {
    /// Finds who reads a table of these columns: the mapping, or a format. Fails with the reason where nobody does.
    pub(crate) fn open(run: &mut Run<'_>, header: Header) -> Result<Self, String> {
        let reader = reader_of(run, &header)?;
        run.sample_header(header.names().iter().map(String::as_str));
        let (columns, is_sampling) = (header.len(), reader.is_sampling());
        let reader = RowReader {
            header,
            reader,
            told: Told::new(&run.options),
            present: Present::new(&run.options),
            observed_at: run.options.observed_at,
        };
        let state =
            if is_sampling { State::Sampling(reader, Sample::default()) } else { State::Here(reader) };
        Ok(Self { columns, state, rows: 0 })
    }

    /// How many cells a row has.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Reads a row, which begins on this line where it has one; in a list without lines, `around` has its number.
    pub(crate) fn row(
        &mut self,
        run: &mut Run<'_>,
        row: &Row<'_>,
        around: Around,
        line: Option<u64>,
    ) -> Outcome {
        self.rows += 1;
        if self.rows.is_multiple_of(PROGRESS_ROWS) {
            run.progress()?;
        }
        match &mut self.state {
            State::Sampling(_, sample) => {
                sample.push(Waiting::Row(row.hold(around, line)), row.text.len());
                if sample.is_full() { self.settle(run) } else { Ok(()) }
            }
            State::Here(reader) => {
                read_here(run, reader, row, around, line)?;
                // The first rows are looked at beside what was found in them, which is only known here.
                if run.options.threads.get() > 1 && !run.is_sampling() {
                    self.go_beside();
                }
                Ok(())
            }
            State::Beside(beside) => {
                beside.row(row, around, line, |line, found| run.deliver_one(found, line))
            }
            State::Ended => Ok(()),
        }
    }

    /// Refuses a row that could not even be split into cells.
    pub(crate) fn refuse(
        &mut self,
        run: &mut Run<'_>,
        raw: &[u8],
        reason: String,
        around: Around,
        line: Option<u64>,
    ) -> Outcome {
        let held = || -> Box<[u8]> { raw[..raw.len().min(crate::record::RAW_BYTES_MAX)].into() };
        match &mut self.state {
            State::Sampling(_, sample) => {
                let raw = held();
                let bytes = raw.len();
                sample.push(Waiting::Refused { raw, reason, around, line }, bytes);
                if sample.is_full() { self.settle(run) } else { Ok(()) }
            }
            State::Beside(beside) => {
                beside.refuse((held(), reason), around, line, |line, found| run.deliver_one(found, line))
            }
            State::Here(_) | State::Ended => {
                refuse(raw, reason, around, &mut run.found);
                run.deliver(line)
            }
        }
    }

    /// Ends the table. What waited is read.
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
                Waiting::Row(held) => read_here(run, &mut reader, &held.row(), held.around, held.line)?,
                Waiting::Refused { raw, reason, around, line } => {
                    refuse(&raw, reason, around, &mut run.found);
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
    around: Around,
    line: Option<u64>,
) -> Outcome {
    if reader.is_passed_over(row) {
        return Ok(());
    }
    if run.is_sampling() {
        run.sample_row(row.iter());
    }
    reader.read(row, around, &mut run.found);
    run.deliver(line)
}

/// Who reads a table of these columns: the mapping, or a format. Fails with the reason where nobody does.
pub(crate) fn reader_of(run: &Run<'_>, header: &Header) -> OpenedTable {
    match &run.options.mapping {
        Some(mapping) => mapped::open(mapping, header),
        None => match format_of(header) {
            Some(table) => (table.open)(header, &run.name),
            None => Err(unknown(header)),
        },
    }
}

/// The format of a table with these columns.
pub(crate) fn format_of(header: &Header) -> Option<&'static Table> {
    table_formats().map(|(_, table)| table).find(|table| (table.fits)(header))
}

/// Why a table is of no format: what its columns would have to be.
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
