//! Calls to upstreams, counted by upstream and UTC day. A call is counted before it is made, durably and
//! exactly over any number of processes and nodes: a daily budget is never exceeded, whatever is killed when. A
//! process that is killed in between has used up a call that it never made.

use crate::{Store, StoreError};
use domain::UtcDay;

/// Outcome of reserving a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallReservation {
    /// It was counted and may be made.
    Reserved {
        /// Calls of the day, including this one.
        calls: u64,
    },
    /// The day has no calls left; nothing was counted.
    UsedUp {
        /// Calls of the day.
        calls: u64,
    },
}

impl Store {
    /// Counts one more call to an upstream on a day, if fewer than `calls_max` were counted; `None` for no
    /// maximum. Durable on return. After an error the call may have been counted or not.
    pub async fn reserve_upstream_call(
        &self,
        upstream: &str,
        day: UtcDay,
        calls_max: Option<u64>,
    ) -> Result<CallReservation, StoreError> {
        let reserved = match self {
            _ if calls_max == Some(0) => None,
            Self::Sqlite(sqlite) => sqlite.accounts.reserve_upstream_call(upstream, day, calls_max).await?,
            Self::Postgres(postgres) => postgres.reserve_upstream_call(upstream, day, calls_max).await?,
        };
        match reserved {
            Some(calls) => Ok(CallReservation::Reserved { calls }),
            None => Ok(CallReservation::UsedUp { calls: self.upstream_calls(upstream, day).await? }),
        }
    }

    /// Returns the number of calls counted for an upstream on a day.
    pub async fn upstream_calls(&self, upstream: &str, day: UtcDay) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.upstream_calls(upstream, day),
            Self::Postgres(postgres) => postgres.upstream_calls(upstream, day).await,
        }
    }

    /// Returns every upstream that was called on a day, with its calls, by name.
    pub async fn upstream_calls_on(&self, day: UtcDay) -> Result<Vec<(String, u64)>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.upstream_calls_on(day),
            Self::Postgres(postgres) => postgres.upstream_calls_on(day).await,
        }
    }
}

/// Converts a maximum for comparison by the database. One above a column's range is no maximum.
pub(crate) fn calls_max_of(calls_max: Option<u64>) -> Option<i64> {
    calls_max.and_then(|calls_max| i64::try_from(calls_max).ok())
}
