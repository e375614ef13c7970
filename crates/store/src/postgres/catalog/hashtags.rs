//! Reading hashtags. On a cluster a hashtag and the rows that lead to it (by key or id) are on different
//! shards: two statements, each for one shard. Those rows are written with the hashtag and never changed, so
//! the two need no common snapshot. A single server runs both as one statement.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CatalogSize, HashtagColumns, hashtag_columns};
use crate::recording::REMOVED_SQL;
use crate::row;
use crate::videos::VideoRow;
use domain::{Hashtag, HashtagId, HashtagRow, TagKey};
use std::collections::HashMap;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

macro_rules! select {
    ($($rest:literal),+) => {
        concat!("SELECT ", hashtag_columns!(), " FROM tagmeter.hashtags ", $($rest),+)
    };
}

/// Look-up of a hashtag.
struct Way {
    /// Returns its number.
    alone: &'static str,
    /// Returns its columns.
    with_the_hashtag: &'static str,
}

/// Builds a look-up from the statement that returns the number.
macro_rules! way {
    ($alone:literal) => {
        Way { alone: $alone, with_the_hashtag: select!("WHERE hashtag = (", $alone, ")") }
    };
}

impl Postgres {
    pub(crate) async fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        const WAY: Way = way!("SELECT hashtag FROM tagmeter.hashtag_keys WHERE key = $1");
        self.hashtag_by(WAY, (&key.as_str(), Type::TEXT)).await
    }

    pub(crate) async fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        const WAY: Way = way!("SELECT hashtag FROM tagmeter.hashtag_ids WHERE id = $1");
        self.hashtag_by(WAY, (&id.to_i64(), Type::INT8)).await
    }

    async fn hashtag_by(&self, way: Way, to: Parameter<'_>) -> Result<Option<Hashtag>, StoreError> {
        const DOING: &str = "look a hashtag up";
        if !self.is_cluster {
            let row = self.pool.query_opt(DOING, way.with_the_hashtag, &[to]).await?;
            return row.as_ref().map(read).transpose();
        }
        let Some(row) = self.pool.query_opt(DOING, way.alone, &[to]).await? else { return Ok(None) };
        let hashtag: i64 = row::read(&row).doing(DOING)?;
        let row =
            self.pool.query_opt(DOING, select!("WHERE hashtag = $1"), &[(&hashtag, Type::INT8)]).await?;
        row.as_ref().map(read).transpose()
    }

    pub(crate) async fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = ANY($1)");
        let numbers: Vec<i64> = rows.iter().map(|row| i64::from(row.0)).collect();
        let found = self.pool.query("read hashtags", SQL, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let found: HashMap<HashtagRow, Hashtag> =
            found.iter().map(|row| read(row).map(|h| (h.row, h))).collect::<Result<_, _>>()?;
        Ok(rows.iter().filter_map(|row| found.get(row).cloned()).collect())
    }

    pub(crate) async fn hashtags_after(
        &self,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag > $1 ORDER BY hashtag LIMIT $2");
        let after = after.map_or(-1, |row| i64::from(row.0));
        let parameters: [Parameter<'_>; 2] = [(&after, Type::INT8), (&i64::from(limit), Type::INT8)];
        self.pool.query("read hashtags", SQL, &parameters).await?.iter().map(read).collect()
    }

    pub(crate) async fn catalog_size(&self) -> Result<CatalogSize, StoreError> {
        // Rows are assigned in order and never again, so the last number is their count.
        const SQL: &str = "SELECT next_hashtag - 1, next_video - 1, videos_gone FROM tagmeter.store";
        const DOING: &str = "count rows";
        let removed = format!("SELECT count(*) FROM tagmeter.videos WHERE {REMOVED_SQL}");
        let (row, removed) = futures_util::future::try_join(
            self.pool.query_one(DOING, SQL, &[]),
            self.pool.query_one(DOING, &removed, &[]),
        )
        .await?;
        let removed = row::postgres(&removed).map(i64::cast_unsigned).doing(DOING)?;
        let (hashtags, last_video, gone): (i64, i64, i64) = row::read(&row).doing(DOING)?;
        let (last_video, gone) = (last_video.cast_unsigned(), gone.cast_unsigned());
        Ok(CatalogSize {
            hashtags: hashtags.cast_unsigned(),
            videos: last_video.saturating_sub(gone + removed),
            removed,
            last_video: VideoRow(last_video),
        })
    }
}

fn read(row: &Row) -> Result<Hashtag, StoreError> {
    row::read::<HashtagColumns<'_>, _>(row).doing("read a hashtag")?.into_hashtag()
}
