//! Looks a database over without making, migrating or mending anything.

use super::connection::Pool;
use crate::StoreError;

/// Whether the database holds a store.
pub(crate) async fn exists(pool: &Pool) -> Result<bool, StoreError> {
    let sql = "SELECT to_regclass('tagmeter.store') IS NOT NULL";
    let row = pool.query_opt("look for a store", sql, &[]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}
