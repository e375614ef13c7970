//! The list of changes that followers read.

use super::super::Postgres;
use super::super::connection::{Parameter, Pool};
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CHANGES_READ_MAX, Changes, Gathered};
use crate::row;
use tokio_postgres::types::Type;

impl Postgres {
    pub(crate) async fn sequence(&self) -> Result<u64, StoreError> {
        announced(&self.pool).await
    }

    pub(crate) async fn changes_since(&self, after: u64) -> Result<Changes, StoreError> {
        // One statement, so that the lists and the sequence are from one snapshot. One list too many reveals a
        // gap.
        const SQL: &str = "SELECT s.sequence, c.sequence, c.hashtags
            FROM tagmeter.told s LEFT JOIN tagmeter.changes c ON c.sequence > $1 AND c.sequence <= s.sequence
            ORDER BY c.sequence LIMIT $2";
        const DOING: &str = "read the changes";
        let after_signed = after.cast_signed();
        let limit = CHANGES_READ_MAX.cast_signed() + 1;
        let parameters: [Parameter<'_>; 2] = [(&after_signed, Type::INT8), (&limit, Type::INT8)];
        let rows = self.pool.query(DOING, SQL, &parameters).await?;
        let mut gathered = Gathered::after(after);
        let mut now = after;
        for row in &rows {
            let (sequence, listed, hashtags): (i64, Option<i64>, Option<&[u8]>) =
                row::read(row).doing(DOING)?;
            now = sequence.cast_unsigned();
            let (Some(listed), Some(hashtags)) = (listed, hashtags) else { break };
            if !gathered.push(listed.cast_unsigned(), hashtags) {
                return Ok(Changes::Gap);
            }
        }
        Ok(gathered.finish(now))
    }
}

/// Returns the sequence up to which followers may go.
pub(crate) async fn announced(pool: &Pool) -> Result<u64, StoreError> {
    const DOING: &str = "read the change sequence";
    let row = pool.query_one(DOING, "SELECT sequence FROM tagmeter.told", &[]).await?;
    row::postgres(&row).map(i64::cast_unsigned).doing(DOING)
}

/// Announces a change that every server of the cluster has committed: followers may read up to it, and nodes
/// are notified. If a writer ends before that, the next writer or the next node that starts does it.
pub(crate) async fn announce(pool: &Pool, sequence: u64) -> Result<(), StoreError> {
    const ANNOUNCE: &str = "WITH announced AS (
            UPDATE tagmeter.told SET sequence = $1 WHERE sequence < $1 RETURNING 1
        ) SELECT pg_notify('tagmeter_changes', '') FROM announced";
    let sequence = sequence.cast_signed();
    pool.query("announce a change", ANNOUNCE, &[(&sequence, Type::INT8)]).await.map(|_| ())
}

/// Announces the changes of an interrupted writer.
pub(crate) async fn announce_rest(pool: &Pool) -> Result<(), StoreError> {
    const DOING: &str = "read the change sequence";
    let row = pool.query_one(DOING, "SELECT sequence FROM tagmeter.store", &[]).await?;
    let written: i64 = row::postgres(&row).doing(DOING)?;
    announce(pool, written.cast_unsigned()).await
}
