//! Reading videos.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::videos::VideoRow;
use domain::{HashtagRow, Region, VideoId};
use rusqlite::{Connection, OptionalExtension};

impl CatalogFile {
    pub(crate) fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT plays, video FROM links WHERE hashtag = ?1 AND (?2 = 0 OR region = ?2)",
                )
                .doing("rank videos")?;
            let mut rows =
                statement.query((hashtag.0, region.map_or(0, Region::to_number))).doing("rank videos")?;
            let mut ranked: Vec<(i64, i64)> = Vec::new();
            while let Some(row) = rows.next().doing("rank videos")? {
                ranked.push((row.get(0).doing("rank videos")?, row.get(1).doing("rank videos")?));
            }
            ranked.sort_unstable_by(|a, b| b.cmp(a));
            order_equals_by_id(connection, &mut ranked)?;
            Ok(ranked.into_iter().map(|(_, video)| VideoRow(video.cast_unsigned())).collect())
        })
    }

    pub(crate) fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT packed FROM videos WHERE video = ?1")
                .doing("read videos")?;
            videos
                .iter()
                .map(|video| {
                    statement.query_row([video.0.cast_signed()], |row| row.get(0)).doing("read videos")
                })
                .collect()
        })
    }

    pub(crate) fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT video FROM video_ids WHERE id = ?1")
                .doing("look videos up")?;
            let row_of = |id: &VideoId| {
                let row = statement.query_row([id.to_i64()], |row| row.get::<_, i64>(0)).optional();
                row.doing("look videos up")
                    .transpose()
                    .map(|row| row.map(|row| VideoRow(row.cast_unsigned())))
            };
            ids.iter().filter_map(row_of).collect()
        })
    }
}

/// Equal plays are ordered by TikTok's id, newest first, so that the order does not depend on what came in first.
fn order_equals_by_id(connection: &Connection, ranked: &mut [(i64, i64)]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM videos WHERE video = ?1").doing("rank videos")?;
    for equals in ranked.chunk_by_mut(|a, b| a.0 == b.0).filter(|equals| equals.len() > 1) {
        let mut by_id = Vec::with_capacity(equals.len());
        for &(plays, video) in &*equals {
            let id: i64 = statement.query_row([video], |row| row.get(0)).doing("rank videos")?;
            by_id.push((id, (plays, video)));
        }
        by_id.sort_unstable_by(|a, b| b.cmp(a));
        for (place, (_, link)) in equals.iter_mut().zip(by_id) {
            *place = link;
        }
    }
    Ok(())
}
