//! Calls to upstreams. On a cluster they are distributed by upstream: each count is one statement on one shard.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::upstream_calls::calls_max_of;
use domain::UtcDay;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Concurrent calls are counted one after the other: the second waits for the row and reads it again.
const TAKE: &str = "INSERT INTO tagmeter.upstream_calls AS counted (upstream, day, calls) VALUES ($1, $2, 1)
    ON CONFLICT (upstream, day) DO UPDATE SET calls = counted.calls + 1
        WHERE $3::bigint IS NULL OR counted.calls < $3
    RETURNING calls";
const CALLS: &str = "SELECT calls FROM tagmeter.upstream_calls WHERE upstream = $1 AND day = $2";
const CALLS_ON: &str = "SELECT calls, upstream FROM tagmeter.upstream_calls WHERE day = $1 ORDER BY upstream";

impl Postgres {
    /// Returns the number of calls with this one; `None` if it was not counted.
    pub(crate) async fn reserve_upstream_call(
        &self,
        upstream: &str,
        day: UtcDay,
        calls_max: Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        let parameters: [Parameter<'_>; 3] =
            [(&upstream, Type::TEXT), (&day.number(), Type::INT8), (&calls_max_of(calls_max), Type::INT8)];
        let row = self.pool.query_opt("count a call to an upstream", TAKE, &parameters).await?;
        row.as_ref().map(count).transpose()
    }

    pub(crate) async fn upstream_calls(&self, upstream: &str, day: UtcDay) -> Result<u64, StoreError> {
        let parameters: [Parameter<'_>; 2] = [(&upstream, Type::TEXT), (&day.number(), Type::INT8)];
        let row = self.pool.query_opt("read the calls to an upstream", CALLS, &parameters).await?;
        row.as_ref().map_or(Ok(0), count)
    }

    pub(crate) async fn upstream_calls_on(&self, day: UtcDay) -> Result<Vec<(String, u64)>, StoreError> {
        let rows =
            self.pool.query("read the calls of a day", CALLS_ON, &[(&day.number(), Type::INT8)]).await?;
        let of_upstream = |row: &Row| {
            let (calls, upstream): (i64, String) = row::read(row).doing("read the calls of a day")?;
            Ok((upstream, calls.unsigned_abs()))
        };
        rows.iter().map(of_upstream).collect()
    }
}

/// Reads the first column.
fn count(row: &Row) -> Result<u64, StoreError> {
    row::postgres(row).map(i64::unsigned_abs).doing("read a number of calls")
}
