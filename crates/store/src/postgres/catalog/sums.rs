//! Comparing the sums of hashtags with their links.

use super::super::Postgres;
use super::changes::announce;
use super::record::{Begun, begin, move_on};
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{Ended, Numbers};
use crate::row;
use crate::sums::{SumsOff, SumsRow, query, stored_views};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const SET: &str = "UPDATE tagmeter.hashtags h
    SET held_videos = s.videos, held_views = s.views, held_creators = s.creators, held_by_handle = s.by_handle, changed = $6
    FROM unnest($1, $2, $3, $4, $5) AS s (hashtag, videos, views, creators, by_handle) WHERE h.hashtag = s.hashtag";
/// Reading all links may take long.
const NO_LIMIT: &str = "SET LOCAL statement_timeout = 0";

impl Postgres {
    pub(crate) async fn sums_off(&self) -> Result<Vec<SumsOff>, StoreError> {
        const DOING: &str = "add links up";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        transaction.batch_execute(NO_LIMIT).await.doing(DOING)?;
        off(&transaction).await
    }

    /// Waits for its turn among imports, so that no link is written meanwhile.
    pub(crate) async fn heal_sums(&self) -> Result<Vec<SumsOff>, StoreError> {
        const DOING: &str = "correct hashtags' sums";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let Begun { numbers, .. } = begin(&transaction).await?;
        // Reading whole tables needs other settings than an import.
        let whole =
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on";
        transaction.batch_execute(whole).await.doing(DOING)?;
        let found = off(&transaction).await?;
        if found.is_empty() {
            return Ok(found);
        }
        let next = Numbers { sequence: numbers.sequence + 1, ..numbers };
        let column = |of: fn(&SumsOff) -> i64| found.iter().map(of).collect::<Vec<i64>>();
        let hashtags = column(|off| off.hashtag.0.into());
        let videos = column(|off| off.linked.videos.cast_signed());
        let views = column(|off| stored_views(&off.linked));
        let creators = column(|off| off.linked.creators.cast_signed());
        let by_handle = column(|off| off.linked.by_handle.cast_signed());
        let parameters = [
            (&hashtags as _, Type::INT8_ARRAY),
            (&videos as _, Type::INT8_ARRAY),
            (&views as _, Type::INT8_ARRAY),
            (&creators as _, Type::INT8_ARRAY),
            (&by_handle as _, Type::INT8_ARRAY),
            (&next.sequence.cast_signed() as _, Type::INT8),
        ];
        transaction.execute_typed(SET, &parameters).await.doing(DOING)?;
        let changed = found.iter().map(|off| off.hashtag.0).collect();
        move_on(&transaction, &Ended { next, changed, newest: Vec::new() }, self.is_cluster).await?;
        transaction.commit().await.doing(DOING)?;
        if self.is_cluster {
            announce(&self.pool, next.sequence).await?;
        }
        Ok(found)
    }
}

async fn off(transaction: &Transaction<'_>) -> Result<Vec<SumsOff>, StoreError> {
    const DOING: &str = "add links up";
    let rows = transaction.query_typed(&query("tagmeter."), &[]).await.doing(DOING)?;
    let mut found = Vec::new();
    for row in &rows {
        found.extend(row::postgres::<SumsRow>(row).doing(DOING)?.read()?);
    }
    Ok(found)
}
