//! Calls to upstreams, in `accounts.db`: a reserved count must survive a power cut as a charge does.

use super::accounts::AccountsFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::upstream_calls::calls_max_of;
use domain::UtcDay;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

impl AccountsFile {
    /// Returns the number of calls with this one; `None` if it was not counted.
    pub(crate) async fn reserve_upstream_call(
        &self,
        upstream: &str,
        day: UtcDay,
        calls_max: Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        let (upstream, calls_max) = (upstream.to_owned(), calls_max_of(calls_max));
        self.committer.run(move |connection| take(connection, &upstream, day, calls_max)).await
    }

    pub(crate) fn upstream_calls(&self, upstream: &str, day: UtcDay) -> Result<u64, StoreError> {
        self.readers.with(|connection| {
            let calls = connection
                .prepare_cached("SELECT calls FROM upstream_calls WHERE upstream = ?1 AND day = ?2")
                .and_then(|mut s| s.query_row((upstream, day.number()), count).optional())
                .doing("read the calls to an upstream")?;
            Ok(calls.unwrap_or(0))
        })
    }

    pub(crate) fn upstream_calls_on(&self, day: UtcDay) -> Result<Vec<(String, u64)>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT calls, upstream FROM upstream_calls WHERE day = ?1 ORDER BY upstream")
                .and_then(|mut s| {
                    let of_upstream = |row: &rusqlite::Row<'_>| {
                        let (calls, upstream): (i64, String) = row::read(row)?;
                        Ok((upstream, calls.unsigned_abs()))
                    };
                    s.query_map([day.number()], of_upstream)?.collect()
                })
                .doing("read the calls of a day")
        })
    }
}

fn take(
    connection: &mut Connection,
    upstream: &str,
    day: UtcDay,
    calls_max: Option<i64>,
) -> Result<Option<u64>, StoreError> {
    const DOING: &str = "count a call to an upstream";
    // Without a transaction, a statement that returns a row commits when it is dropped, which hides a disk
    // error.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let calls = transaction
        .prepare_cached(
            "INSERT INTO upstream_calls (upstream, day, calls) VALUES (?1, ?2, 1)
             ON CONFLICT (upstream, day) DO UPDATE SET calls = calls + 1 WHERE ?3 IS NULL OR calls < ?3
             RETURNING calls",
        )
        .and_then(|mut s| s.query_row((upstream, day.number(), calls_max), count).optional())
        .doing(DOING)?;
    transaction.commit().doing(DOING)?;
    Ok(calls)
}

/// Reads the first column.
fn count(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    row::sqlite(row).map(i64::unsigned_abs)
}
