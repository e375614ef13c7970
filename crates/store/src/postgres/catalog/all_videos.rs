//! Reading all videos, by row range and not by `LIMIT`: on a cluster every shard would return `LIMIT` rows.

use super::super::Postgres;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::REMOVED_SQL;
use crate::row;
use crate::videos::{UnderColumns, VideoUnder, under_columns};
use tokio_postgres::types::Type;

impl Postgres {
    pub(crate) async fn videos_of_rows(&self, first: i64, last: i64) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read videos";
        let sql = format!(
            "SELECT coalesce(v.author, 0), v.video, {} FROM tagmeter.videos v
             WHERE video BETWEEN $1 AND $2 AND NOT {REMOVED_SQL} ORDER BY video",
            under_columns!()
        );
        let rows = self.pool.query(DOING, &sql, &[(&first, Type::INT8), (&last, Type::INT8)]).await?;
        let video = |row| {
            let (author, video, columns): (i64, i64, UnderColumns<'_>) = row::read(row).doing(DOING)?;
            columns.into_video((author, video))
        };
        rows.iter().map(video).collect()
    }
}
