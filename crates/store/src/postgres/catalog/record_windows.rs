//! Sums over windows of time that wait to be written.

use super::record::PostgresRows;
use super::record_copy::{CopyRows, Staged, Staging};
use crate::StoreError;
use crate::recording::WindowRow;
use std::collections::HashSet;
use tokio_postgres::Transaction;

const COLUMNS: &str = "hashtag, observed_at, source, country, window_days, views, posts, rank, industry";

/// Windows of a group of records.
#[derive(Debug)]
pub(super) struct Windows {
    rows: CopyRows,
    /// Key of the pending ones: the first of equals is stored.
    waiting: HashSet<(u32, i64, i64, String, i64)>,
    new_rows: Staged,
}

impl Windows {
    pub(super) fn new() -> Self {
        let apply = format!(
            "INSERT INTO tagmeter.hashtag_windows ({COLUMNS}) SELECT {COLUMNS} FROM {{staged}} ON CONFLICT DO NOTHING RETURNING 1"
        );
        let new_rows = Staged {
            name: "hashtag_windows",
            columns: "LIKE tagmeter.hashtag_windows",
            copied: COLUMNS.to_owned(),
            apply,
        };
        Self { rows: CopyRows::new(9), waiting: HashSet::new(), new_rows }
    }

    /// Writes what waits; gives how many were new.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
    ) -> Result<u64, StoreError> {
        self.waiting.clear();
        let written = staging.take(transaction, "write windows", &self.new_rows, &mut self.rows).await?;
        Ok(written.len() as u64)
    }
}

impl PostgresRows<'_> {
    /// See `Rows::write_window`.
    pub(super) fn push_window(&mut self, hashtag: u32, window: &WindowRow) {
        let key = (hashtag, window.at, window.source, window.country.clone(), window.window_days);
        if !self.windows.waiting.insert(key) {
            return;
        }
        let row = self.windows.rows.row().number(i64::from(hashtag)).number(window.at).number(window.source);
        row.text(Some(&window.country)).number(window.window_days).each(&window.counts);
        row.text(Some(&window.industry));
    }
}
