//! Reading sums over windows of time.

use super::super::Postgres;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::windows::{Window, WindowColumns, window_columns};
use domain::HashtagRow;
use tokio_postgres::types::Type;

/// `$1` hashtag, `$2` limit.
const OF_HASHTAG: &str = concat!(
    "SELECT ",
    window_columns!(),
    " FROM tagmeter.hashtag_windows WHERE hashtag = $1
      ORDER BY observed_at DESC, source, country, window_days LIMIT $2"
);

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
        rows.iter().map(|row| row::postgres::<WindowColumns>(row).doing(DOING)?.into_window()).collect()
    }
}
