//! Why rows cannot be written.

use crate::{Kind, XLSX_ROWS_MAX, XLSX_TEXT_MAX};
use std::io;

/// Why rows cannot be written as they are. A [`crate::Writer`] wraps it in an [`io::Error`] of the kind `InvalidInput`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A table without columns.
    #[error("a table has at least one column")]
    NoColumns,
    /// Two columns of one name.
    #[error("two columns are called `{name}`")]
    SameName {
        /// The name.
        name: &'static str,
    },
    /// A row with another number of values than there are columns.
    #[error("a row has {values} values for {columns} columns")]
    Width {
        /// How many columns there are.
        columns: usize,
        /// How many values the row has.
        values: usize,
    },
    /// A value of another kind than its column's.
    #[error("the column `{column}` takes {}, and a row has {} there", want.name(), got.name())]
    Kind {
        /// The column.
        column: &'static str,
        /// What it takes.
        want: Kind,
        /// What was given.
        got: Kind,
    },
    /// NaN or infinite.
    #[error("a number of the column `{column}` is not finite")]
    NotFinite {
        /// The column.
        column: &'static str,
    },
    /// More rows than a sheet holds.
    #[error(
        "an XLSX sheet holds {XLSX_ROWS_MAX} rows, and there are more; csv and parquet have no such limit"
    )]
    TooManyRows,
    /// A text that is longer than a cell of a sheet holds.
    #[error(
        "row {row} has a text in the column `{column}` that is longer than the {XLSX_TEXT_MAX} characters of an \
         XLSX cell; csv and parquet have no such limit"
    )]
    TextTooLong {
        /// The column.
        column: &'static str,
        /// Number of the row, the first is 1.
        row: u64,
    },
}

impl TableError {
    /// What of a table caused an error of a [`crate::Writer`]; `None` when it came from where the rows go.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<TableError> for io::Error {
    fn from(error: TableError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_rows_is_told_from_one_of_the_disk() {
        assert_eq!(TableError::of(&TableError::TooManyRows.into()), Some(TableError::TooManyRows));
        assert_eq!(TableError::of(&io::Error::other("the disk is full")), None);
        assert_eq!(TableError::of(&io::ErrorKind::BrokenPipe.into()), None);
    }
}
