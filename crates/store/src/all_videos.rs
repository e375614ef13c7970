//! Reading all videos, under hashtags or not, in the order they came in.

use crate::videos::{VideoRow, VideoUnder};
use crate::{Store, StoreError};
use std::ops::RangeInclusive;

impl Store {
    /// The videos of these rows in numbers, ascending; removed ones are left out. Rows are given out from 1 to the last
    /// that [`Store::catalog_size`] returns.
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
