//! Inserts several rows by one statement: each statement of its own would open the table once more.

use crate::StoreError;
use crate::error::Doing;
use rusqlite::{Connection, ErrorCode, Statement};

/// Rows of one statement. They come in the order of the table, so that a statement writes neighbours.
pub(super) const ROWS_AT_ONCE: usize = 16;

/// The statements that insert rows of `N` columns, prepared once a transaction.
pub(super) struct RowsAtOnce<'c, const N: usize> {
    connection: &'c Connection,
    one: Statement<'c>,
    many: Statement<'c>,
}

impl<'c, const N: usize> RowsAtOnce<'c, N> {
    /// Prepares `INSERT INTO table (columns)`; the values follow.
    pub(super) fn new(connection: &'c Connection, insert: &str) -> Result<Self, StoreError> {
        let row = format!("({})", ["?"; N].join(", "));
        let prepare = |rows: usize| {
            let sql = format!("{insert} VALUES {}", vec![row.as_str(); rows].join(", "));
            connection.prepare(&sql).doing("prepare to insert rows")
        };
        Ok(Self { connection, one: prepare(1)?, many: prepare(ROWS_AT_ONCE)? })
    }

    /// Inserts all rows. `bind` binds the columns of a row from the parameter of this number on.
    pub(super) fn insert<T>(
        &mut self,
        rows: &[T],
        bind: impl Fn(&mut Statement<'_>, usize, &T) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let (many, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
        for rows in many {
            execute::<T, N>(&mut self.many, rows, &bind)?;
        }
        for row in rest {
            execute::<T, N>(&mut self.one, std::slice::from_ref(row), &bind)?;
        }
        Ok(())
    }

    /// Inserts the rows whose key is not in the table, by `INSERT OR FAIL`. Returns for each row whether it is new.
    pub(super) fn insert_new<T>(
        &mut self,
        rows: &[T],
        bind: impl Fn(&mut Statement<'_>, usize, &T) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Vec<bool>> {
        let mut are_new = Vec::with_capacity(rows.len());
        while are_new.len() < rows.len() {
            let rest = &rows[are_new.len()..];
            let (statement, rows) = match rest.first_chunk::<ROWS_AT_ONCE>() {
                Some(rows) => (&mut self.many, rows.as_slice()),
                None => (&mut self.one, &rest[..1]),
            };
            match execute::<T, N>(statement, rows, &bind) {
                Ok(()) => are_new.resize(are_new.len() + rows.len(), true),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    // The rows before the first known one are in, those after it are not.
                    let inserted = usize::try_from(self.connection.changes()).unwrap_or(usize::MAX);
                    are_new.resize(are_new.len() + inserted.min(rows.len() - 1), true);
                    are_new.push(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(are_new)
    }
}

fn execute<T, const N: usize>(
    statement: &mut Statement<'_>,
    rows: &[T],
    bind: &impl Fn(&mut Statement<'_>, usize, &T) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    for (n, row) in rows.iter().enumerate() {
        bind(statement, n * N + 1, row)?;
    }
    statement.raw_execute().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn bind(statement: &mut Statement<'_>, first: usize, (id, value): &(i64, i64)) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(first, id)?;
        statement.raw_bind_parameter(first + 1, value)
    }

    proptest! {
        #[test]
        fn new_rows_are_inserted_and_known_ones_are_left(
            known in proptest::collection::btree_map(0..60_i64, 1000..2000_i64, 0..30),
            rows in proptest::collection::vec((0..60_i64, 0..1000_i64), 0..80),
        ) {
            let connection = Connection::open_in_memory().expect("a database");
            connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER)").expect("a table");
            let known: Vec<(i64, i64)> = known.into_iter().collect();
            let mut all = RowsAtOnce::<2>::new(&connection, "INSERT INTO t (id, value)").expect("statements");
            all.insert(&known, bind).expect("inserted");
            let mut new = RowsAtOnce::<2>::new(&connection, "INSERT OR FAIL INTO t (id, value)").expect("statements");
            let are_new = new.insert_new(&rows, bind).expect("inserted");

            let mut model: BTreeMap<i64, i64> = known.into_iter().collect();
            let expected: Vec<bool> = rows
                .iter()
                .map(|(id, value)| !model.contains_key(id) && model.insert(*id, *value).is_none())
                .collect();
            prop_assert_eq!(are_new, expected);
            let mut read = connection.prepare("SELECT id, value FROM t").expect("a statement");
            let stored: BTreeMap<i64, i64> = read
                .query_map([], |row| row.try_into())
                .and_then(Iterator::collect)
                .expect("rows");
            prop_assert_eq!(stored, model);
        }
    }
}
