//! Reading all videos, under hashtags or not, in the order in which they were stored.

use crate::videos::{VideoRow, VideoUnder};
use crate::{Store, StoreError};
use std::ops::RangeInclusive;

impl Store {
    /// Returns the numbers of the videos of these rows, ascending, without removed ones. Rows are assigned from
    /// 1 to the last that [`Store::catalog_size`] returns.
    pub async fn videos_of_rows(
        &self,
        rows: RangeInclusive<VideoRow>,
    ) -> Result<Vec<VideoUnder>, StoreError> {
        let (first, last) = (rows.start().0.cast_signed(), rows.end().0.cast_signed());
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.videos_of_rows(first, last),
            Self::Postgres(postgres) => postgres.videos_of_rows(first, last).await,
        }
    }
}
