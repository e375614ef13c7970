//! Reading all videos.

use super::CatalogFile;
use super::videos::under;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::REMOVED_SQL;
use crate::videos::{VideoUnder, under_columns};

impl CatalogFile {
    pub(crate) fn videos_of_rows(&self, first: i64, last: i64) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read videos";
        self.readers.with(|connection| {
            let mut statement = connection
                .prepare_cached(&format!(
                    "SELECT coalesce(v.author, 0), v.video, {} FROM videos v
                     WHERE video BETWEEN ?1 AND ?2 AND NOT {REMOVED_SQL} ORDER BY video",
                    under_columns!()
                ))
                .doing(DOING)?;
            let mut rows = statement.query((first, last)).doing(DOING)?;
            let mut videos = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                videos.push(under(row)?);
            }
            Ok(videos)
        })
    }
}
