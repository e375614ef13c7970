//! Workbooks (XLSX, XLSM) as tables: finds the sheet and its header row, and reads the rows like those of any other
//! table. The archive and its XML are read here rather than by a spreadsheet library, because those hold all texts in
//! memory and convert whole numbers to doubles, which truncates ids.
//!
//! To find the header, the first non-empty rows of each sheet are tried, visible sheets first: the header is the first
//! row that a format or the mapping recognises.

mod cell;
mod package;
mod sheet;
mod strings;

pub(crate) use cell::push_moment;

use crate::packing::Archive;
use crate::record::RecordContext;
use crate::run::{Outcome, Run, Stop};
use crate::table::{Cells, Header, Rows, reader_of};
use package::{Broken, Package, Relationship, attribute, unescaped};
use quick_xml::events::Event;
use sheet::{COLUMNS_MAX, Sheet, SheetRow, Styles};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use strings::Strings;

/// Longest text, in bytes. A cell of Excel has at most 32,767 characters.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Most sheets examined.
const SHEETS_MAX: usize = 10_000;

/// Sheets in a message.
const SHEETS_SHOWN_MAX: usize = 20;

/// Non-empty rows searched for the header: a title, a date and filters may precede a table.
const HEADS_MAX: usize = 20;

/// Most bytes of those rows.
const HEADS_BYTES_MAX: usize = 4 << 20;

/// Name of workbooks in messages.
const WORKBOOK: &str = "a workbook (XLSX)";

/// Reads a workbook.
pub(crate) fn read(
    run: &mut Run<'_>,
    archive: &Archive,
    buffer: &mut [u8],
    counted: &Arc<AtomicU64>,
) -> Outcome {
    let unreadable = |why: Broken| Stop::Unknown(format!("{WORKBOOK} that cannot be read: {why}"));
    let package = Package::open(archive, buffer, counted).map_err(unreadable)?;
    let mut book = Workbook::open(&package).map_err(unreadable)?;
    let chosen = book.choose(run)?;
    book.read_sheet(run, chosen)
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    part: String,
    is_hidden: bool,
}

/// A workbook, with the data that its sheets share.
struct Workbook<'p> {
    package: &'p Package<'p>,
    sheets: Vec<Listed>,
    strings: Strings,
    styles: Styles,
}

/// The sheet to read, and its header.
struct Chosen {
    sheet: usize,
    /// Number of the header row.
    head: u32,
    header: Header,
    /// Other sheets that could be read as well.
    others: Vec<usize>,
}

impl<'p> Workbook<'p> {
    fn open(package: &'p Package<'p>) -> Result<Self, Broken> {
        let of_kind = |relations: &[Relationship], kind: &str| {
            relations.iter().find(|relation| relation.kind.ends_with(kind)).map(|found| found.target.clone())
        };
        let main = of_kind(&package.relationships("")?, "/officeDocument");
        let main = main.filter(|part| package.has(part)).unwrap_or_else(|| "xl/workbook.xml".to_owned());
        let relations = package.relationships(&main)?;
        let (sheets, from_1904) = listed(package, &main, &relations)?;
        let part = |kind: &str| of_kind(&relations, kind).filter(|part| package.has(part));
        let styles = Styles::read(package, part("/styles").as_deref(), from_1904)?;
        let strings = Strings::read(package, part("/sharedStrings").as_deref())?;
        Ok(Self { package, sheets, strings, styles })
    }

    /// Returns the names of sheets, for a message.
    fn names(&self, of: impl Iterator<Item = usize>) -> String {
        let names: Vec<_> =
            of.filter_map(|at| self.sheets.get(at)).map(|sheet| format!("{:?}", sheet.name)).collect();
        let more = if names.len() > SHEETS_SHOWN_MAX { ", ..." } else { "" };
        format!("{}{more}", names[..names.len().min(SHEETS_SHOWN_MAX)].join(", "))
    }

    /// Finds the requested sheet or, by default, the first that is a table; hidden sheets come last.
    fn choose(&mut self, run: &Run<'_>) -> Result<Chosen, Stop> {
        let all = 0..self.sheets.len();
        let candidates: Vec<usize> = match &run.options.sheet {
            Some(wanted) => {
                let exact = self.sheets.iter().position(|sheet| sheet.name == **wanted);
                let loose = || {
                    let wanted = wanted.trim().to_lowercase();
                    self.sheets.iter().position(|sheet| sheet.name.trim().to_lowercase() == wanted)
                };
                let found = exact.or_else(loose).ok_or_else(|| {
                    Stop::Unknown(format!(
                        "{WORKBOOK} without a sheet {wanted:?}; its sheets are {}",
                        self.names(all.clone())
                    ))
                })?;
                vec![found]
            }
            None => {
                let (hidden, shown): (Vec<_>, Vec<_>) =
                    all.clone().partition(|at| self.sheets[*at].is_hidden);
                [shown, hidden].concat()
            }
        };
        let (mut chosen, mut first_reason): (Option<Chosen>, Option<String>) = (None, None);
        for sheet in candidates {
            match self.head(run, sheet) {
                Ok(Some((head, header))) => match &mut chosen {
                    Some(chosen) => chosen.others.push(sheet),
                    None => chosen = Some(Chosen { sheet, head, header, others: Vec::new() }),
                },
                Ok(None) => {}
                Err(reason) => {
                    let named = format!("sheet {:?}: {reason}", self.sheets[sheet].name);
                    first_reason.get_or_insert(named);
                }
            }
        }
        chosen.ok_or_else(|| {
            let names = self.names(all);
            let reason = first_reason.unwrap_or_else(|| "its sheets are empty".to_owned());
            let which = match self.sheets.len() {
                0 | 1 => String::new(),
                count => format!(" (one of {count} sheets: {names}; --sheet NAME reads another)"),
            };
            Stop::Unknown(format!("{WORKBOOK}; {reason}{which}"))
        })
    }

    /// Finds the header: the first row that some parser accepts. Otherwise returns why the first row with
    /// several cells is not one. `None` for an empty sheet.
    fn head(&mut self, run: &Run<'_>, sheet: usize) -> Result<Option<(u32, Header)>, String> {
        let mut rows = Sheet::open(self.package, &self.sheets[sheet].part).map_err(|why| why.0)?;
        let mut row = SheetRow::default();
        let (mut looked, mut bytes, mut reason) = (0, 0, None);
        while looked < HEADS_MAX
            && bytes < HEADS_BYTES_MAX
            && rows.next(&mut row, &mut self.strings, &self.styles).map_err(|why| why.0)?
        {
            looked += 1;
            bytes += row.bytes();
            let header = header_of(&row);
            match reader_of(run, &header) {
                Ok(_) => return Ok(Some((row.number, header))),
                Err(why)
                    if reason.is_none()
                        || (row.len() > 1 && reason.as_ref().is_none_or(|(cells, _)| *cells <= 1)) =>
                {
                    reason = Some((row.len(), why));
                }
                Err(_) => {}
            }
        }
        match reason {
            Some((_, why)) => Err(why),
            None => Ok(None),
        }
    }

    /// Reads the rows below the header.
    fn read_sheet(&mut self, run: &mut Run<'_>, chosen: Chosen) -> Outcome {
        let Chosen { sheet, head, header, others } = chosen;
        let columns = header.len();
        let mut rows = Rows::open(run, header).map_err(Stop::Unknown)?;
        let others = self.names(others.into_iter());
        let name = &self.sheets[sheet].name;
        if !others.is_empty() {
            run.note(format!(
                "sheet {name:?} was read; also tables, and not read: {others} (--sheet NAME reads another)"
            ));
        }
        let opened = Sheet::open(self.package, &self.sheets[sheet].part);
        let mut source = match opened {
            Ok(source) => source,
            Err(why) => return run.damage(None, &why.0),
        };
        let (mut row, mut cells, mut last) = (SheetRow::default(), Cells::default(), None);
        loop {
            match source.next(&mut row, &mut self.strings, &self.styles) {
                Ok(true) if row.number <= head => continue,
                Ok(true) => {}
                Ok(false) => break,
                Err(why) => {
                    rows.end(run)?;
                    return run.damage(last, &why.0);
                }
            }
            fill(&mut cells, &row, columns);
            last = Some(u64::from(row.number));
            rows.row(run, &cells.row(), RecordContext::default(), last)?;
        }
        rows.end(run)?;
        if let Err(why) = source.finish() {
            run.damage(last, &why.0)?;
        }
        if source.without_result > 0 {
            run.note(format!(
                "{} cells hold formulas without a result, which is nothing; open the workbook in a spreadsheet program and save it",
                source.without_result
            ));
        }
        Ok(())
    }
}

/// Returns the header: from the first column to the last with a name.
fn header_of(row: &SheetRow) -> Header {
    let mut names =
        vec![""; row.cells().last().map_or(0, |(column, _)| column as usize + 1).min(COLUMNS_MAX as usize)];
    for (column, text) in row.cells() {
        if let Some(name) = names.get_mut(column as usize) {
            *name = text;
        }
    }
    Header::new(names.into_iter())
}

/// Copies the cells below the header. Cells beside the table are ignored.
fn fill(cells: &mut Cells, row: &SheetRow, columns: usize) {
    cells.clear();
    let mut next = 0;
    for (column, text) in row.cells().take_while(|(column, _)| (*column as usize) < columns) {
        for _ in next..column {
            cells.push("");
        }
        cells.push(text);
        next = column + 1;
    }
    for _ in next as usize..columns {
        cells.push("");
    }
}

/// Lists the sheets with cells, and whether days are counted from 1904.
fn listed(
    package: &Package<'_>,
    main: &str,
    relations: &[Relationship],
) -> Result<(Vec<Listed>, bool), Broken> {
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    let by_id: HashMap<&str, &Relationship> =
        relations.iter().map(|relation| (relation.id.as_str(), relation)).collect();
    let mut xml = package.xml(main)?;
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "workbookPr" => {
                    from_1904 |= attribute(&tag, "date1904").is_some_and(|flag| matches!(flag, "1" | "true"));
                }
                "sheet" => {
                    let name = attribute(&tag, "name").map(unescaped).unwrap_or_default();
                    let is_hidden = attribute(&tag, "state").is_some_and(|state| state != "visible");
                    let id = attribute(&tag, "id").map(unescaped).unwrap_or_default();
                    let relation = by_id.get(id.as_str());
                    // Charts and dialogs are sheets, too.
                    if let Some(found) = relation.filter(|found| found.kind.ends_with("/worksheet")) {
                        sheets.push(Listed { name, part: found.target.clone(), is_hidden });
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, from_1904)),
            _ => {}
        }
        if sheets.len() > SHEETS_MAX {
            return Err(Broken(format!("it has more than {SHEETS_MAX} sheets")));
        }
    }
}
