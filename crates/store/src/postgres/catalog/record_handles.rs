//! Handles while observations are taken in: those that a group of records names, and those that wait to be written.

use super::record::PostgresRows;
use super::record_copy::{CopyRows, Staged};
use crate::StoreError;
use crate::error::Doing;
use crate::record::Prepared;
use crate::recording::ChangedHandle;
use crate::row;
use domain::Handle;
use std::collections::{HashMap, HashSet};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const COPY: &str = "COPY tagmeter.handles (handle, author) FROM STDIN (FORMAT binary)";

/// User ids of handles that were looked up.
#[derive(Debug, Default)]
pub(super) struct Handles(HashMap<i64, Option<i64>>);

impl Handles {
    /// Reads what a group of records names; of its videos only those that are `stirred` do.
    pub(super) async fn read(
        &mut self,
        transaction: &Transaction<'_>,
        records: &[Prepared],
        stirred: &HashSet<i64>,
    ) -> Result<(), StoreError> {
        let named = records.iter().filter_map(|record| match record {
            Prepared::Video(video) if stirred.contains(&video.id.to_i64()) => video.handle,
            _ => None,
        });
        let named: HashSet<i64> =
            named.map(Handle::to_i64).filter(|handle| !self.0.contains_key(handle)).collect();
        self.find(transaction, named.into_iter().collect()).await
    }

    async fn find(&mut self, transaction: &Transaction<'_>, handles: Vec<i64>) -> Result<(), StoreError> {
        const DOING: &str = "look handles up";
        const SQL: &str = "SELECT handle, author FROM tagmeter.handles WHERE handle = ANY($1)";
        if handles.is_empty() {
            return Ok(());
        }
        let found = transaction.query_typed(SQL, &[(&handles, Type::INT8_ARRAY)]).await.doing(DOING)?;
        self.0.extend(handles.into_iter().map(|handle| (handle, None)));
        for row in found {
            let (handle, author) = row::read(&row).doing(DOING)?;
            self.0.insert(handle, Some(author));
        }
        Ok(())
    }
}

impl PostgresRows<'_> {
    /// Returns the stored user id of a handle.
    pub(super) fn handle(&mut self, handle: i64) -> Result<Option<i64>, StoreError> {
        if !self.handles.0.contains_key(&handle) {
            self.on.wait(self.handles.find(self.on.transaction, vec![handle]))?;
        }
        Ok(self.handles.0.get(&handle).copied().flatten())
    }

    /// Writes what handles stand for.
    pub(super) fn put_handles(&mut self, handles: &[ChangedHandle]) -> Result<(), StoreError> {
        let (mut new, mut changed) = (CopyRows::new(2), CopyRows::new(2));
        for ChangedHandle { handle, author, is_new } in handles {
            let rows = if *is_new { &mut new } else { &mut changed };
            rows.row().number(*handle).number(*author);
        }
        self.staging.put("record handles", COPY, &mut new);
        self.staging.background.go()?;
        let staged = Staged {
            name: "handles_changed",
            columns: "LIKE tagmeter.handles",
            copied: "handle, author".to_owned(),
            apply: "INSERT INTO tagmeter.handles (handle, author) SELECT handle, author FROM {staged}
                ON CONFLICT (handle) DO UPDATE SET author = excluded.author"
                .to_owned(),
        };
        let on = self.on;
        let taken = self.staging.take(on.transaction, "record handles", &staged, &mut changed);
        on.wait(taken).map(|_| ())
    }
}
