//! Reading sums over windows of time.

use super::super::Postgres;
use crate::StoreError;
use crate::error::Doing;
use crate::windows::{Window, WindowColumns};
use domain::HashtagRow;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// `$1` whose, `$2` how many.
const OF_HASHTAG: &str = "SELECT observed_at, source, country, window_days, views, posts, rank, industry
    FROM tagmeter.hashtag_windows WHERE hashtag = $1
    ORDER BY observed_at DESC, source, country, window_days LIMIT $2";

impl Postgres {
    pub(crate) async fn hashtag_windows(
        &self,
        hashtag: HashtagRow,
        limit: u32,
    ) -> Result<Vec<Window>, StoreError> {
        const DOING: &str = "read windows";
        let (hashtag, limit) = (i64::from(hashtag.0), i64::from(limit));
        let rows =
            self.pool.query(DOING, OF_HASHTAG, &[(&hashtag, Type::INT8), (&limit, Type::INT8)]).await?;
        rows.iter().map(|row| columns(row).doing(DOING)?.into_window()).collect()
    }
}

fn columns(row: &Row) -> Result<WindowColumns, tokio_postgres::Error> {
    Ok(WindowColumns {
        observed_at: row.try_get(0)?,
        source: row.try_get(1)?,
        country: row.try_get(2)?,
        window_days: row.try_get(3)?,
        counts: [row.try_get(4)?, row.try_get(5)?, row.try_get(6)?],
        industry: row.try_get(7)?,
    })
}
