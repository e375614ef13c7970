//! Row parsing: applies the parser, rejects bad rows, and collects results.

use super::{Header, ReadRow, Row};
use crate::future::Present;
use crate::reading::{Reading, RecordOutput, Refusal, SeenDescriptions};
use crate::record::{RecordContext, refuse};
use domain::Timestamp;

/// Parses the rows of one table, on any thread.
pub(super) struct RowReader {
    pub(super) header: Header,
    pub(super) reader: Box<dyn ReadRow>,
    pub(super) seen: SeenDescriptions,
    pub(super) present: Present,
    /// Reading time of rows without one of their own.
    pub(super) observed_at: Option<Timestamp>,
}

impl RowReader {
    /// Returns true for a row to skip: blank, or the header again.
    pub(super) fn is_passed_over(&self, row: &Row<'_>) -> bool {
        row.is_blank() || self.header.is_repeated_by(row)
    }

    /// Parses a row that is not skipped.
    pub(super) fn read(&mut self, row: &Row<'_>, context: RecordContext, found: &mut Vec<RecordOutput>) {
        let start = found.len();
        let read = self.fits(row).map_err(Refusal::Record).and_then(|()| {
            let mut reading = Reading {
                observed_at: context.observed_at.or(self.observed_at),
                source: None,
                is_listed: false,
                seen: &mut self.seen,
                found,
            };
            self.reader.read(row, &mut reading)
        });
        match read {
            Ok(()) => match row.raw {
                Some(raw) => self.present.check(raw, context, start, found),
                None => self.present.check_shown(|| row.shown().into(), context, start, found),
            },
            Err(refusal) => {
                found.truncate(start);
                refuse(&row.shown(), refusal.to_string(), context, found);
            }
        }
    }

    /// Checks the number of cells. Extra cells are allowed if empty.
    fn fits(&self, row: &Row<'_>) -> Result<(), String> {
        let (cells, columns) = (row.len(), self.header.len());
        if cells < self.reader.cells_needed() {
            let name = self.header.names.get(cells).map_or("", String::as_str);
            return Err(format!("the row has {cells} cells, too few for {name:?} ({columns} columns)"));
        }
        if cells > columns && row.iter().skip(columns).any(|cell| !cell.trim().is_empty()) {
            return Err(format!(
                "the row has {cells} cells, more than the {columns} columns: a separator inside a cell that is not in quotes?"
            ));
        }
        Ok(())
    }
}
