//! Reading rows of either driver by column name: a row type names its columns once, and its SELECT list, its
//! fields and the order in which they are read all come from that one list.
//!
//! `row!` declares the type and a macro of the list:
//!
//! ```ignore
//! row! {
//!     /// A finished walk.
//!     pub(crate) struct RunRow: run_columns {
//!         at_ms: i64,                               // column `at_ms`
//!         unique: i64 = "unique_videos",            // another name, or an SQL expression
//!         counts: [Option<i64>; 2] = ["plays", "likes"],  // one array, several columns
//!         details: Details = (crate::hashtags::details_columns), // the columns of another row type
//!     }
//! }
//! const SQL: &str = concat!("SELECT ", run_columns!(), " FROM walk_runs WHERE hashtag = ?1");
//! let run: RunRow = row::read(row)?;
//! ```
//!
//! Reading costs the same as reading by position: positions are constants once the code is inlined, no name is
//! looked up at run time, and texts and blobs can be borrowed from the row. A few columns read in one place are
//! a tuple, named by the pattern that destructures it.

use rusqlite::types::{FromSql as FromSqlite, FromSqlError, FromSqlResult, ValueRef};
use std::error::Error;
use tokio_postgres::types::{FromSql, Type};

/// The error of a PostgreSQL value that does not fit its type.
type Unfit = Box<dyn Error + Sync + Send>;

/// A value of one column.
pub(crate) trait Column<'r>: Sized {
    /// Reads SQLite's value.
    fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self>;

    /// Reads PostgreSQL's value, of a type that [`Self::accepts`].
    fn from_postgres(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit>;

    /// Reads PostgreSQL's NULL. An error, unless the type has a value for it.
    fn from_postgres_null() -> Result<Self, Unfit> {
        Err("NULL in a column that has none".into())
    }

    /// Returns true if PostgreSQL's type can be read.
    fn accepts(kind: &Type) -> bool;
}

/// Types that both drivers read by themselves.
macro_rules! columns_of_drivers {
    ($($kind:ty),+) => {$(
        impl<'r> Column<'r> for $kind {
            fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
                <$kind as FromSqlite>::column_result(value)
            }

            fn from_postgres(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
                <$kind as FromSql>::from_sql(kind, raw)
            }

            fn accepts(kind: &Type) -> bool {
                <$kind as FromSql>::accepts(kind)
            }
        }
    )+};
}

columns_of_drivers!(i64, f64, bool, String, Vec<u8>);

/// Integers narrower than their columns, which are all 64 bits wide.
macro_rules! narrow_columns {
    ($($kind:ty),+) => {$(
        impl<'r> Column<'r> for $kind {
            fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
                let wide = value.as_i64()?;
                Self::try_from(wide).map_err(|_| FromSqlError::OutOfRange(wide))
            }

            fn from_postgres(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
                Ok(Self::try_from(<i64 as FromSql>::from_sql(kind, raw)?)?)
            }

            fn accepts(kind: &Type) -> bool {
                <i64 as FromSql>::accepts(kind)
            }
        }
    )+};
}

narrow_columns!(u8, u16, u32);

impl<'r> Column<'r> for &'r str {
    fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
        value.as_str()
    }

    fn from_postgres(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
        <Self as FromSql>::from_sql(kind, raw)
    }

    fn accepts(kind: &Type) -> bool {
        <Self as FromSql>::accepts(kind)
    }
}

/// Blobs, and the stored bytes of texts, which can be read even if damaged.
impl<'r> Column<'r> for &'r [u8] {
    fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
        value.as_bytes()
    }

    fn from_postgres(_: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
        Ok(raw)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::BYTEA | Type::TEXT)
    }
}

/// Blobs of one length.
impl<'r, const N: usize> Column<'r> for [u8; N] {
    fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
        <Self as FromSqlite>::column_result(value)
    }

    fn from_postgres(_: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
        Ok(raw.try_into()?)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::BYTEA
    }
}

impl<'r, T: Column<'r>> Column<'r> for Option<T> {
    fn from_sqlite(value: ValueRef<'r>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_sqlite(value).map(Some),
        }
    }

    fn from_postgres(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
        T::from_postgres(kind, raw).map(Some)
    }

    fn from_postgres_null() -> Result<Self, Unfit> {
        Ok(None)
    }

    fn accepts(kind: &Type) -> bool {
        T::accepts(kind)
    }
}

/// Adapts a [`Column`] to PostgreSQL's driver.
struct FromPostgres<T>(T);

impl<'r, T: Column<'r>> FromSql<'r> for FromPostgres<T> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Unfit> {
        T::from_postgres(kind, raw).map(Self)
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unfit> {
        T::from_postgres_null().map(Self)
    }

    fn accepts(kind: &Type) -> bool {
        T::accepts(kind)
    }
}

/// A row of a driver.
pub(crate) trait Row {
    /// Error of the driver.
    type Error;

    /// Reads the value at a position.
    fn column<'r, T: Column<'r>>(&'r self, at: usize) -> Result<T, Self::Error>;
}

impl Row for rusqlite::Row<'_> {
    type Error = rusqlite::Error;

    fn column<'r, T: Column<'r>>(&'r self, at: usize) -> Result<T, Self::Error> {
        let value = self.get_ref(at)?;
        T::from_sqlite(value).map_err(|error| unfit(self, at, value, error))
    }
}

#[cold]
fn unfit(row: &rusqlite::Row<'_>, at: usize, value: ValueRef<'_>, error: FromSqlError) -> rusqlite::Error {
    match error {
        FromSqlError::InvalidType => {
            let name = row.as_ref().column_name(at).unwrap_or_default().to_owned();
            rusqlite::Error::InvalidColumnType(at, name, value.data_type())
        }
        FromSqlError::OutOfRange(number) => rusqlite::Error::IntegralValueOutOfRange(at, number),
        other => rusqlite::Error::FromSqlConversionFailure(at, value.data_type(), Box::new(other)),
    }
}

impl Row for tokio_postgres::Row {
    type Error = tokio_postgres::Error;

    fn column<'r, T: Column<'r>>(&'r self, at: usize) -> Result<T, Self::Error> {
        self.try_get::<_, FromPostgres<T>>(at).map(|value| value.0)
    }
}

/// The unread columns of a row.
pub(crate) struct Columns<'r, R> {
    row: &'r R,
    next: usize,
}

impl<'r, R: Row> Columns<'r, R> {
    /// Reads the next columns.
    #[inline]
    pub(crate) fn next<T: FromRow<'r>>(&mut self) -> Result<T, R::Error> {
        T::from_row(self)
    }

    /// Reads the next `N` columns.
    #[inline]
    pub(crate) fn array<T: Column<'r> + Copy + Default, const N: usize>(
        &mut self,
    ) -> Result<[T; N], R::Error> {
        let mut values = [T::default(); N];
        for value in &mut values {
            *value = self.next()?;
        }
        Ok(values)
    }
}

/// A value of one column, or of several that follow each other.
pub(crate) trait FromRow<'r>: Sized {
    /// Reads them in order.
    fn from_row<R: Row>(columns: &mut Columns<'r, R>) -> Result<Self, R::Error>;
}

impl<'r, T: Column<'r>> FromRow<'r> for T {
    #[inline]
    fn from_row<R: Row>(columns: &mut Columns<'r, R>) -> Result<Self, R::Error> {
        let at = columns.next;
        columns.next += 1;
        columns.row.column(at)
    }
}

macro_rules! rows_of_tuples {
    ($(($($kind:ident),+))+) => {$(
        impl<'r, $($kind: FromRow<'r>),+> FromRow<'r> for ($($kind,)+) {
            #[inline]
            fn from_row<R: Row>(columns: &mut Columns<'r, R>) -> Result<Self, R::Error> {
                Ok(($(columns.next::<$kind>()?,)+))
            }
        }
    )+};
}

rows_of_tuples! { (A, B) (A, B, C) (A, B, C, D) }

/// Reads a row, or the first of its columns.
#[inline]
pub(crate) fn read<'r, T: FromRow<'r>, R: Row>(row: &'r R) -> Result<T, R::Error> {
    Columns { row, next: 0 }.next()
}

/// [`read`] for SQLite's `query_row` and `query_map`, without borrowing from the row.
#[inline]
pub(crate) fn sqlite<T: for<'r> FromRow<'r>>(row: &rusqlite::Row<'_>) -> Result<T, rusqlite::Error> {
    read(row)
}

/// [`read`] for iterators over PostgreSQL's rows, without borrowing from them.
#[inline]
pub(crate) fn postgres<T: for<'r> FromRow<'r>>(
    row: &tokio_postgres::Row,
) -> Result<T, tokio_postgres::Error> {
    read(row)
}

/// The SQL of one field of `row!`.
macro_rules! column_sql {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident ($($columns:tt)+)) => {
        $($columns)+!()
    };
    ($field:ident [$first:literal $(, $rest:literal)*]) => {
        concat!($first $(, ", ", $rest)*)
    };
    ($field:ident $sql:literal) => {
        $sql
    };
}
pub(crate) use column_sql;

/// Reads one field of `row!`.
macro_rules! read_field {
    ($columns:ident [$($sql:literal),+]) => {
        $columns.array()?
    };
    ($columns:ident $($sql:tt)?) => {
        $columns.next()?
    };
}
pub(crate) use read_field;

/// Declares a row type and the macro of its SELECT list; see the top of this file. With `for` in place of the
/// struct's attributes, the type must exist.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(<$life:lifetime>)?: $list:ident {
            $($(#[$field_meta:meta])* $field:ident: $kind:ty $(= $sql:tt)?),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name $(<$life>)? {
            $($(#[$field_meta])* pub(crate) $field: $kind),+
        }

        $crate::row::row! { for $name $(<$life>)?: $list { $($field: $kind $(= $sql)?),+ } }
    };
    (for $name:ident<$life:lifetime>: $list:ident { $($field:ident: $kind:ty $(= $sql:tt)?),+ $(,)? }) => {
        impl<$life> $crate::row::FromRow<$life> for $name<$life> {
            #[inline]
            fn from_row<R: $crate::row::Row>(
                columns: &mut $crate::row::Columns<$life, R>,
            ) -> Result<Self, R::Error> {
                Ok(Self { $($field: $crate::row::read_field!(columns $($sql)?)),+ })
            }
        }

        $crate::row::row! { list $list { $(($field $($sql)?)),+ } }
    };
    (for $name:ty: $list:ident { $($field:ident: $kind:ty $(= $sql:tt)?),+ $(,)? }) => {
        impl<'r> $crate::row::FromRow<'r> for $name {
            #[inline]
            fn from_row<R: $crate::row::Row>(
                columns: &mut $crate::row::Columns<'r, R>,
            ) -> Result<Self, R::Error> {
                Ok(Self { $($field: $crate::row::read_field!(columns $($sql)?)),+ })
            }
        }

        $crate::row::row! { list $list { $(($field $($sql)?)),+ } }
    };
    (list $list:ident { ($($first:tt)+) $(, ($($rest:tt)+))* }) => {
        /// The SELECT list of the row type.
        macro_rules! $list {
            () => {
                concat!(
                    $crate::row::column_sql!($($first)+)
                    $(, ", ", $crate::row::column_sql!($($rest)+))*
                )
            };
        }
        pub(crate) use $list;
        const _: &str = self::$list!();
    };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    row! {
        struct Inner: inner_columns {
            counts: [Option<i64>; 2] = ["b", "c"],
            name: String = "upper(d)",
        }
    }

    row! {
        struct Outer<'r>: outer_columns {
            a: u16,
            inner: Inner = (inner_columns),
            e: &'r [u8],
        }
    }

    const SQL: &str = concat!("SELECT ", outer_columns!(), ", 9 FROM t");

    fn with_row<T>(values: &str, read: impl FnOnce(&rusqlite::Row<'_>) -> T) -> T {
        let connection = Connection::open_in_memory().expect("a database");
        let table = format!("CREATE TABLE t (e, d, c, b, a); INSERT INTO t VALUES ({values})");
        connection.execute_batch(&table).expect("a table");
        connection.query_row(SQL, [], |row| Ok(read(row))).expect("a row")
    }

    #[test]
    fn fields_are_read_from_the_columns_of_their_names() {
        assert_eq!(outer_columns!(), "a, b, c, upper(d), e");
        with_row("x'0102', 'cat', NULL, 3, 65535", |row| {
            let (Outer { a, inner, e }, last): (Outer<'_>, i64) = read(row).expect("a row");
            assert_eq!(
                (a, inner.counts, inner.name.as_str(), e, last),
                (65_535, [Some(3), None], "CAT", &[1, 2][..], 9)
            );
        });
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_column() {
        with_row("x'0102', 'cat', NULL, 'three', 1", |row| {
            let error = read::<(Outer<'_>, i64), _>(row).map(|_| ()).expect_err("a text");
            assert!(matches!(error, rusqlite::Error::InvalidColumnType(1, name, _) if name == "b"));
        });
        with_row("x'0102', 'cat', NULL, 3, 65536", |row| {
            let error = read::<(Outer<'_>, i64), _>(row).map(|_| ()).expect_err("too large");
            assert!(matches!(error, rusqlite::Error::IntegralValueOutOfRange(0, 65_536)));
        });
    }
}
