//! Why rows cannot be written.

use crate::{Kind, XLSX_ROWS_MAX, XLSX_TEXT_MAX};
use std::io;

/// Why rows cannot be written. A [`crate::Writer`] wraps it in an [`io::Error`] of the kind `InvalidInput`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A table without columns.
    #[error("a table has at least one column")]
    NoColumns,
    /// Two columns with the same name.
    #[error("two columns are called `{name}`")]
    SameName {
        /// The name.
        name: &'static str,
    },
    /// A row whose number of values differs from the number of columns.
    #[error("a row has {values} values for {columns} columns")]
    Width {
        /// Number of columns.
        columns: usize,
        /// Number of values.
        values: usize,
    },
    /// A value of another type than its column.
    #[error("the column `{column}` takes {}, and a row has {} there", want.name(), got.name())]
    Kind {
        /// The column.
        column: &'static str,
        /// Expected type.
        want: Kind,
        /// Actual type.
        got: Kind,
    },
    /// NaN or infinite.
    #[error("a number of the column `{column}` is not finite")]
    NotFinite {
        /// The column.
        column: &'static str,
    },
    /// More rows than a sheet allows.
    #[error(
        "an XLSX sheet holds {XLSX_ROWS_MAX} rows, and there are more; csv and parquet have no such limit"
    )]
    TooManyRows,
    /// A text too long for a cell of a sheet.
    #[error(
        "row {row} has a text in the column `{column}` that is longer than the {XLSX_TEXT_MAX} characters of an \
         XLSX cell; csv and parquet have no such limit"
    )]
    TextTooLong {
        /// The column.
        column: &'static str,
        /// Row number, from 1.
        row: u64,
    },
}

impl TableError {
    /// Extracts the table error of a [`crate::Writer`]; `None` for an error of the output.
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
    fn an_error_of_the_rows_is_distinguished_from_one_of_the_disk() {
        assert_eq!(TableError::of(&TableError::TooManyRows.into()), Some(TableError::TooManyRows));
        assert_eq!(TableError::of(&io::Error::other("the disk is full")), None);
        assert_eq!(TableError::of(&io::ErrorKind::BrokenPipe.into()), None);
    }
}
