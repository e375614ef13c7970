//! Reading videos.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::videos::VideoRow;
use domain::{HashtagRow, Region, VideoId};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::pin::pin;
use tokio_postgres::types::Type;

impl Postgres {
    pub(crate) async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        const SQL: &str = "SELECT plays, id, video FROM tagmeter.links
            WHERE hashtag = $1 AND ($2 = 0 OR region = $2)";
        const DOING: &str = "rank videos";
        let region = region.map_or(0, |region| i64::from(region.to_number()));
        let client = self.pool.get().await?;
        let parameters: [Parameter<'_>; 2] = [(&i64::from(hashtag.0), Type::INT8), (&region, Type::INT8)];
        let mut rows = pin!(client.stream(DOING, SQL, &parameters).await?);
        let mut ranked: Vec<(i64, i64, i64)> = Vec::new();
        while let Some(row) = rows.try_next().await.doing(DOING)? {
            let column = |column: usize| row.try_get::<_, i64>(column).doing(DOING);
            ranked.push((column(0)?, column(1)?, column(2)?));
        }
        // Sorted here and not there: the server would need memory and time for it that all nodes share.
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ranked.into_iter().map(|(_, _, video)| VideoRow(video.cast_unsigned())).collect())
    }

    pub(crate) async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT video, packed FROM tagmeter.videos WHERE video = ANY($1)";
        const DOING: &str = "read videos";
        if videos.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<i64> = videos.iter().map(|video| video.0.cast_signed()).collect();
        let rows = self.pool.query(DOING, SQL, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let mut found: HashMap<i64, &[u8]> = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.try_get(0).doing(DOING)?, row.try_get(1).doing(DOING)?);
        }
        let in_order = numbers.iter().map(|video| {
            let packed = found.get(video).map(|packed| packed.to_vec());
            packed.ok_or_else(|| StoreError::Inconsistent {
                table: "links",
                column: "video",
                row: video.to_string(),
            })
        });
        in_order.collect()
    }

    pub(crate) async fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        const SQL: &str = "SELECT video FROM tagmeter.video_ids WHERE id = ANY($1)";
        const DOING: &str = "look videos up";
        let ids: Vec<i64> = ids.iter().map(|id| id.to_i64()).collect();
        let rows = self.pool.query(DOING, SQL, &[(&ids, Type::INT8_ARRAY)]).await?;
        let number = |row: &tokio_postgres::Row| row.try_get::<_, i64>(0).doing(DOING);
        rows.iter().map(|row| Ok(VideoRow(number(row)?.cast_unsigned()))).collect()
    }
}
