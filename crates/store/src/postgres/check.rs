//! Checks a database without creating, migrating or repairing anything.

use super::connection::{CONNECTIONS_MAX, Pool};
use super::server_settings;
use crate::check::DatabaseCheck;
use crate::error::Doing;
use crate::row;
use crate::schema::SETS;
use crate::{DatabaseUrl, StoreError};

/// Returns true if the database contains a store.
pub(crate) async fn exists(pool: &Pool) -> Result<bool, StoreError> {
    let sql = "SELECT to_regclass('tagmeter.store') IS NOT NULL";
    let row = pool.query_opt("look for a store", sql, &[]).await?;
    row.as_ref().map_or(Ok(false), row::postgres).doing("look for a store")
}

pub(crate) async fn exists_at(url: &DatabaseUrl) -> Result<bool, StoreError> {
    exists(&Pool::new(url)?).await
}

pub(crate) async fn inspect(url: &DatabaseUrl) -> Result<DatabaseCheck, StoreError> {
    let pool = Pool::new(url)?;
    let sql = "SELECT current_setting('server_version'),
                      current_setting('max_connections')::bigint
                          - current_setting('superuser_reserved_connections')::bigint,
                      (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus')";
    let doing = "check the database";
    let row = pool.query_opt(doing, sql, &[]).await?.ok_or(StoreError::Closed)?;
    let (warnings, refusal) = match server_settings::examine(&pool).await {
        Ok(warnings) => (warnings, None),
        Err(StoreError::Unusable(why)) => (Vec::new(), Some(why)),
        Err(other) => return Err(other),
    };
    let schema_steps = if exists(&pool).await? {
        let sql = "SELECT count(*) FROM tagmeter.migrations";
        let steps = pool.query_opt(doing, sql, &[]).await?;
        steps.map(|row| row::postgres(&row).map(i64::unsigned_abs)).transpose().doing(doing)?
    } else {
        None
    };
    let (version, connections_max, citus): (String, i64, Option<String>) = row::read(&row).doing(doing)?;
    Ok(DatabaseCheck {
        version,
        warnings,
        refusal,
        connections_max: connections_max.unsigned_abs(),
        // One more listens for notifications.
        connections_of_a_node: CONNECTIONS_MAX as u64 + 1,
        citus,
        schema_steps,
        schema_steps_newest: SETS.iter().map(|set| set.postgres.len() as u64).sum(),
    })
}
