//! Errors of the store: no type of a database driver gets out.

use std::error::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Errors of the store. "Not found" is not an error: look-ups return `Option`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed: disk full, damaged file, I/O error, lock timeout.
    #[error("the database could not {doing}: {cause}")]
    Database {
        /// Operation that failed.
        doing: &'static str,
        /// Message of the database.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The data folder or file cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// A stored row is invalid: written by something else, or damaged.
    #[error("inconsistent data in table {table}, column {column}, row {row}")]
    Inconsistent {
        /// Table of the row.
        table: &'static str,
        /// Invalid column.
        column: &'static str,
        /// The row.
        row: String,
    },
    /// The database cannot be reached: no connection in time.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The queue for the disk is full; the call was not begun.
    #[error("the ledger has more work waiting than it takes; try again in a moment")]
    Overloaded,
    /// The disk failed and its contents are uncertain: the ledger accepts no more work until a restart, which
    /// reads them again.
    #[error("the ledger stopped and must be restarted, because {0}")]
    Stopped(String),
    /// The work panicked. Its transaction was rolled back; the store continues.
    #[error("internal error of the store: {0}")]
    Panicked(String),
    /// The store is closing and accepts no more work.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Copies the error for another caller of the same work.
    pub(crate) fn for_another(&self) -> Self {
        match self {
            Self::Database { doing, cause } => {
                let cause: Box<dyn Error + Send + Sync> = match cause.downcast_ref::<rusqlite::Error>() {
                    Some(rusqlite::Error::SqliteFailure(code, text)) => {
                        Box::new(rusqlite::Error::SqliteFailure(*code, text.clone()))
                    }
                    _ if self.is_passing() => {
                        return Self::Unreachable(format!("could not {doing}: {cause}"));
                    }
                    _ => cause.to_string().into(),
                };
                Self::Database { doing, cause }
            }
            Self::Unusable(text) => Self::Unusable(text.clone()),
            Self::Unreachable(text) => Self::Unreachable(text.clone()),
            Self::Inconsistent { table, column, row } => {
                Self::Inconsistent { table, column, row: row.clone() }
            }
            Self::Overloaded => Self::Overloaded,
            Self::Stopped(reason) => Self::Stopped(reason.clone()),
            Self::Panicked(what) => Self::Panicked(what.clone()),
            Self::Closed => Self::Closed,
        }
    }

    /// Converts the error of a task that panicked, or whose runtime is closing.
    pub fn of_task(error: tokio::task::JoinError) -> Self {
        match error.try_into_panic() {
            Ok(panic) => Self::panicked(panic.as_ref()),
            Err(_) => Self::Closed,
        }
    }

    /// Converts the payload of a panic.
    pub fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self::Panicked(text.unwrap_or("a panic without a message").to_owned())
    }

    /// Returns true if the same call may succeed later without a fix (locks, a full disk).
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database { cause, .. } => {
                cause.downcast_ref().is_some_and(passes_on_sqlite)
                    || cause
                        .downcast_ref()
                        .is_some_and(|server_error: &PostgresError| passes_on_postgres(&server_error.0))
            }
            Self::Closed | Self::Overloaded | Self::Unreachable(_) => true,
            Self::Unusable(_) | Self::Inconsistent { .. } | Self::Stopped(_) | Self::Panicked(_) => false,
        }
    }
}

impl StoreError {
    /// Returns true if another process is writing.
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        let Self::Database { cause, .. } = self else { return false };
        let error = cause.downcast_ref::<rusqlite::Error>();
        matches!(error.and_then(rusqlite::Error::sqlite_error_code), Some(DatabaseBusy | DatabaseLocked))
    }
}

fn passes_on_sqlite(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked | DiskFull))
}

/// Errors by which a Citus coordinator reports that a worker was lost during a transaction, which will not be
/// committed: the code, and the place in Citus that raised it. Messages may be translated.
const LOST_BY_CITUS: [(SqlState, &str); 4] = [
    (SqlState::INTERNAL_ERROR, "remote_commands.c"),
    (SqlState::INTERNAL_ERROR, "remote_transaction.c"),
    (SqlState::INTERNAL_ERROR, "placement_connection.c"),
    (SqlState::IO_ERROR, "multi_copy.c"),
];

/// Returns true for a broken connection, a server that starts, stops or has no room, and a timeout of a lock or
/// an answer.
fn passes_on_postgres(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else { return true };
    let file = error.as_db_error().and_then(DbError::file).unwrap_or_default();
    if LOST_BY_CITUS.iter().any(|(lost, noticed_in)| lost == state && *noticed_in == file) {
        return true;
    }
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "55" | "57")
}

/// An error of PostgreSQL or its driver in full: the driver's own message is little more than "db error".
#[derive(Debug)]
pub(crate) struct PostgresError(tokio_postgres::Error);

impl std::fmt::Display for PostgresError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.as_db_error(), self.0.source()) {
            (Some(server_error), _) => {
                write!(f, "{server_error}")?;
                server_error.detail().map_or(Ok(()), |detail| write!(f, " ({detail})"))
            }
            (None, Some(cause)) => write!(f, "{}: {cause}", self.0),
            (None, None) => write!(f, "{}", self.0),
        }
    }
}

impl Error for PostgresError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Adds the operation to the error of a driver call.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "the database could not ...".
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Database { doing, cause: Box::new(PostgresError(cause)) })
    }
}

impl<T> Doing<T> for Result<T, deadpool_postgres::PoolError> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| match cause {
            deadpool_postgres::PoolError::Backend(cause) => {
                StoreError::Database { doing, cause: Box::new(PostgresError(cause)) }
            }
            cause => StoreError::Unreachable(cause.to_string()),
        })
    }
}

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Database { doing, cause: Box::new(cause) })
    }
}
