//! Fetches from upstreams, in `walks.db`; see `crate::upstream_fetches` for the reason.

use super::walks::WalksFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::upstream_fetches::{Fetch, FetchRow, LastFetch, fetch_columns};
use domain::Timestamp;
use rusqlite::{OptionalExtension, params};

impl WalksFile {
    pub(crate) fn last_fetch(&self, store: u128, fetch: &Fetch) -> Result<Option<LastFetch>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(concat!(
                    "SELECT ",
                    fetch_columns!(),
                    " FROM asks WHERE store = ?1 AND kind = ?2 AND key = ?3"
                ))
                .and_then(|mut statement| {
                    let place = (store.to_be_bytes(), fetch.kind_number(), fetch.key());
                    statement.query_row(place, row::sqlite::<FetchRow>).optional()
                })
                .map(|found| found.map(LastFetch::from))
                .doing("read the time of an upstream fetch")
        })
    }

    pub(crate) async fn note_fetch(
        &self,
        store: u128,
        fetch: Fetch,
        last: LastFetch,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                let (at, is_found, cursor, has_more) = last.columns();
                connection
                    .prepare_cached(
                        "INSERT INTO asks (store, kind, key, at_ms, is_found, cursor, has_more)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                         ON CONFLICT (store, kind, key) DO UPDATE
                         SET at_ms = excluded.at_ms, is_found = excluded.is_found, cursor = excluded.cursor,
                             has_more = excluded.has_more
                         WHERE excluded.at_ms >= at_ms",
                    )
                    .and_then(|mut statement| {
                        statement.execute(params![
                            store.to_be_bytes(),
                            fetch.kind_number(),
                            fetch.key(),
                            at,
                            is_found,
                            cursor,
                            has_more
                        ])
                    })
                    .map(|_| ())
                    .doing("record an upstream fetch")
            })
            .await
    }

    pub(crate) async fn forget_fetches_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.writer
            .run(move |connection| {
                connection
                    .execute(
                        "DELETE FROM asks WHERE (store, kind, key) IN (
                             SELECT store, kind, key FROM asks WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
                        (before.as_ms(), crate::ledger::limit(limit)),
                    )
                    .doing("delete old upstream fetches")
            })
            .await
    }
}
