//! Reading all videos. By a range of rows and not by a number of them: every shard of a cluster would send as many.

use super::super::Postgres;
use super::videos::under;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::REMOVED_SQL;
use crate::videos::VideoUnder;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

impl Postgres {
    pub(crate) async fn videos_of_rows(&self, first: i64, last: i64) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read videos";
        let sql = format!(
            "SELECT video, id, create_time, region, observed_at, rounded, tags, plays, likes, comments,
            shares, saves, downloads, coalesce(author, 0)
            FROM tagmeter.videos WHERE video BETWEEN $1 AND $2 AND NOT {REMOVED_SQL} ORDER BY video"
        );
        let rows = self.pool.query(DOING, &sql, &[(&first, Type::INT8), (&last, Type::INT8)]).await?;
        let video = |row| {
            let number = |column| Row::try_get::<_, i64>(row, column).doing(DOING);
            let link = (number(13)?, number(0)?);
            under(link, row).doing(DOING)?.into_video(row.try_get(6).doing(DOING)?)
        };
        rows.iter().map(video).collect()
    }
}
