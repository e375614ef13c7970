//! Reading rows: who reads each, what refuses it, and what was found in it.

use super::{Header, ReadRow, Row};
use crate::future::Present;
use crate::reading::{Found, Reading, Refusal, Told};
use crate::record::{Around, refuse};
use domain::Timestamp;

/// Reads the rows of one table, on whatever thread.
pub(super) struct RowReader {
    pub(super) header: Header,
    pub(super) reader: Box<dyn ReadRow>,
    pub(super) told: Told,
    pub(super) present: Present,
    /// When rows were read that do not say so themselves.
    pub(super) observed_at: Option<Timestamp>,
}

impl RowReader {
    /// Whether nothing is to be read of a row: it is blank, or the header again.
    pub(super) fn is_passed_over(&self, row: &Row<'_>) -> bool {
        row.is_blank() || self.header.is_repeated_by(row)
    }

    /// Reads a row that is not passed over.
    pub(super) fn read(&mut self, row: &Row<'_>, around: Around, found: &mut Vec<Found>) {
        let start = found.len();
        let read = self.fits(row).map_err(Refusal::Record).and_then(|()| {
            let mut reading = Reading {
                observed_at: around.observed_at.or(self.observed_at),
                source: None,
                is_listed: false,
                told: &mut self.told,
                found,
            };
            self.reader.read(row, &mut reading)
        });
        match read {
            Ok(()) => match row.raw {
                Some(raw) => self.present.check(raw, around, start, found),
                None => self.present.check_shown(|| row.shown().into(), around, start, found),
            },
            Err(refusal) => {
                found.truncate(start);
                refuse(&row.shown(), refusal.to_string(), around, found);
            }
        }
    }

    /// Whether a row has the cells it should have. Cells beyond the header are no harm where they are empty.
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
