//! Reading all videos.

use super::CatalogFile;
use super::videos::{tags, under};
use crate::StoreError;
use crate::error::Doing;
use crate::recording::REMOVED_SQL;
use crate::videos::VideoUnder;

impl CatalogFile {
    pub(crate) fn videos_of_rows(&self, first: i64, last: i64) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read videos";
        self.readers.with(|connection| {
            let mut statement = connection
                .prepare_cached(&format!(
                    "SELECT coalesce(author, 0), video, id, create_time, region, observed_at, rounded, tags, plays,
                            likes, comments, shares, saves, downloads
                     FROM videos WHERE video BETWEEN ?1 AND ?2 AND NOT {REMOVED_SQL} ORDER BY video"
                ))
                .doing(DOING)?;
            let mut rows = statement.query((first, last)).doing(DOING)?;
            let mut videos = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                videos.push(under(row).doing(DOING)?.into_video(tags(row).doing(DOING)?)?);
            }
            Ok(videos)
        })
    }
}
