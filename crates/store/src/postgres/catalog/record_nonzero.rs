//! The earliest stored readings that are not 0, of the hashtags or videos that a transaction looks up.

use crate::StoreError;
use crate::error::Doing;
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Transaction};

/// Times of the earliest readings from before the transaction, of `N` counts.
#[derive(Debug)]
pub(super) struct EarliestNonzero<const N: usize> {
    sql: String,
    /// By the row that was looked up.
    times: HashMap<u32, [Option<i64>; N]>,
}

impl<const N: usize> EarliestNonzero<N> {
    /// Nothing looked up yet, in the snapshots of `whose` (`hashtag` or `video`) with the counts' columns.
    pub(super) fn new(whose: &str, counts: [&str; N]) -> Self {
        let first = counts.map(|c| format!("min(observed_at) FILTER (WHERE {c} > 0)"));
        let sql = format!(
            "SELECT {whose}, {} FROM tagmeter.{whose}_snapshots WHERE {whose} = ANY($1) GROUP BY {whose}",
            first.join(", ")
        );
        Self { sql, times: HashMap::new() }
    }

    /// See `VideoRows::first_nonzero_video`. Looks up all of `group` at once, since more of them are likely to be needed.
    pub(super) async fn of(
        &mut self,
        transaction: &Transaction<'_>,
        whose: u32,
        n: usize,
        group: &[u32],
    ) -> Result<Option<i64>, StoreError> {
        const DOING: &str = "look at earlier readings";
        if let Some(times) = self.times.get(&whose) {
            return Ok(times[n]);
        }
        let wanted: BTreeSet<u32> =
            group.iter().copied().chain([whose]).filter(|row| !self.times.contains_key(row)).collect();
        let numbers: Vec<i64> = wanted.iter().copied().map(i64::from).collect();
        let parameters = [(&numbers as _, Type::INT8_ARRAY)];
        let found = transaction.query_typed(&self.sql, &parameters).await.doing(DOING)?;
        self.times.extend(wanted.into_iter().map(|row| (row, [None; N])));
        for row in &found {
            let mut times = [None; N];
            for (n, time) in times.iter_mut().enumerate() {
                *time = row.try_get(1 + n).doing(DOING)?;
            }
            self.times.insert(number(row, DOING)?, times);
        }
        Ok(self.times.get(&whose).and_then(|times| times[n]))
    }
}

/// The row number in the first column. It is one that we wrote.
pub(super) fn number(row: &Row, doing: &'static str) -> Result<u32, StoreError> {
    let number: i64 = row.try_get(0).doing(doing)?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}
