//! Fetches from upstreams. On a cluster they are distributed by key.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::ledger::limit;
use crate::row;
use crate::upstream_fetches::{Fetch, FetchRow, LastFetch, fetch_columns};
use domain::Timestamp;
use tokio_postgres::types::Type;

const LAST_FETCH: &str =
    concat!("SELECT ", fetch_columns!(), " FROM tagmeter.asks WHERE key = $1 AND kind = $2");
const NOTE: &str =
    "INSERT INTO tagmeter.asks AS noted (key, kind, at_ms, is_found, cursor, has_more) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (key, kind) DO UPDATE
     SET at_ms = excluded.at_ms, is_found = excluded.is_found, cursor = excluded.cursor, has_more = excluded.has_more
     WHERE excluded.at_ms >= noted.at_ms";
/// By age, on all shards: the only statement for no single key.
const FORGET: &str = "DELETE FROM tagmeter.asks WHERE (key, kind) IN (
         SELECT key, kind FROM tagmeter.asks WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)
     RETURNING 1";

impl Postgres {
    pub(crate) async fn last_fetch(&self, fetch: &Fetch) -> Result<Option<LastFetch>, StoreError> {
        const DOING: &str = "read the time of an upstream fetch";
        let kind = i64::from(fetch.kind_number());
        let parameters: [Parameter<'_>; 2] = [(&fetch.key(), Type::TEXT), (&kind, Type::INT8)];
        let row = self.pool.query_opt(DOING, LAST_FETCH, &parameters).await?;
        row.map(|row| row::postgres::<FetchRow>(&row).map(LastFetch::from)).transpose().doing(DOING)
    }

    pub(crate) async fn note_fetch(&self, fetch: &Fetch, last: LastFetch) -> Result<(), StoreError> {
        let kind = i64::from(fetch.kind_number());
        let (at, is_found, cursor, has_more) = last.columns();
        let parameters: [Parameter<'_>; 6] = [
            (&fetch.key(), Type::TEXT),
            (&kind, Type::INT8),
            (&at, Type::INT8),
            (&is_found, Type::BOOL),
            (&cursor, Type::INT8),
            (&has_more, Type::BOOL),
        ];
        self.pool.query("record an upstream fetch", NOTE, &parameters).await.map(|_| ())
    }

    pub(crate) async fn forget_fetches_before(
        &self,
        before: Timestamp,
        count: usize,
    ) -> Result<usize, StoreError> {
        let parameters: [Parameter<'_>; 2] = [(&before.as_ms(), Type::INT8), (&limit(count), Type::INT8)];
        Ok(self.pool.query("delete old upstream fetches", FORGET, &parameters).await?.len())
    }
}
