//! Columns: their types, and the check of a row against them.

use crate::{TableError, Value};
use std::collections::BTreeSet;
use strum::IntoStaticStr;

/// The type of a column. Cells of any type may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Words.
    Text,
    /// An id. Text in every format, even if it is all digits: most readers have only 53 bits for a number.
    Id,
    /// A whole number.
    Integer,
    /// A finite number.
    Real,
    /// Yes or no.
    Flag,
    /// A point in time, UTC.
    Time,
}

impl Kind {
    /// Returns the name of the type in errors.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column {
    /// Name in the header.
    pub name: &'static str,
    /// Type of the cells.
    pub kind: Kind,
}

impl Column {
    /// Creates a column.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// Columns of a table: at least one, with distinct names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns(Vec<Column>);

impl Columns {
    pub(crate) fn new(columns: &[Column]) -> Result<Self, TableError> {
        if columns.is_empty() {
            return Err(TableError::NoColumns);
        }
        let mut names = BTreeSet::new();
        match columns.iter().find(|column| !names.insert(column.name)) {
            Some(Column { name, .. }) => Err(TableError::SameName { name }),
            None => Ok(Self(columns.to_vec())),
        }
    }

    pub(crate) fn as_slice(&self) -> &[Column] {
        &self.0
    }

    /// Checks that a row has a value for each column, absent or of its type.
    pub(crate) fn check(&self, row: &[Value<'_>]) -> Result<(), TableError> {
        if row.len() != self.0.len() {
            return Err(TableError::Width { columns: self.0.len(), values: row.len() });
        }
        for (column, value) in self.0.iter().zip(row) {
            if let Some(kind) = value.kind().filter(|kind| *kind != column.kind) {
                return Err(TableError::Kind { column: column.name, want: column.kind, got: kind });
            }
            if matches!(value, Value::Real(real) if !real.is_finite()) {
                return Err(TableError::NotFinite { column: column.name });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [Column::new("tag", Kind::Text), Column::new("growth", Kind::Real)];

    #[test]
    fn columns_have_names_of_their_own() {
        assert!(Columns::new(&COLUMNS).is_ok());
        assert_eq!(Columns::new(&[]), Err(TableError::NoColumns));
        assert_eq!(Columns::new(&[COLUMNS[0], COLUMNS[0]]), Err(TableError::SameName { name: "tag" }));
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused() {
        let columns = Columns::new(&COLUMNS).unwrap();
        let check = |row: &[Value<'_>]| columns.check(row).map_err(|error| error.to_string());
        assert_eq!(check(&[Value::text("cat"), Value::Real(-0.5)]), Ok(()));
        assert_eq!(check(&[Value::Absent, Value::Absent]), Ok(()));
        assert_eq!(check(&[Value::Absent]), Err("a row has 1 values for 2 columns".into()));
        assert_eq!(
            check(&[Value::id(7), Value::Absent]),
            Err("the column `tag` takes text, and a row has id there".into())
        );
        for real in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let refused = check(&[Value::Absent, Value::Real(real)]);
            assert_eq!(refused, Err("a number of the column `growth` is not finite".into()));
        }
    }
}
