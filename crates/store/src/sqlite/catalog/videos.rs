//! Reading videos.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::samples::{CreatorsPart, PLACE_SQL, SamplePart, VideoSample};
use crate::videos::{KNOWN_SQL, ShownVideo, UnderColumns, UnderPlace, VideoRow, VideoUnder, under_columns};
use domain::{HashtagRow, Region, VideoId};
use rusqlite::{Connection, OptionalExtension, Row};

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
                ranked.push(row::read(row).doing("rank videos")?);
            }
            ranked.sort_unstable_by(|a, b| b.cmp(a));
            order_equals_by_id(connection, &mut ranked)?;
            Ok(ranked.into_iter().map(|(_, video)| VideoRow(video.cast_unsigned())).collect())
        })
    }

    pub(crate) fn videos_under(
        &self,
        hashtag: HashtagRow,
        after: UnderPlace,
        limit: u32,
    ) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read the videos under a hashtag";
        self.readers.with(|connection| {
            let mut statement = connection
                .prepare_cached(concat!(
                    "SELECT l.author, l.video, ",
                    under_columns!(),
                    " FROM links l JOIN videos v ON v.video = l.video
                     WHERE l.hashtag = ?1 AND (l.author, l.video) > (?2, ?3) ORDER BY l.author, l.video LIMIT ?4"
                ))
                .doing(DOING)?;
            let mut rows =
                statement.query((hashtag.0, after.author, after.video, limit)).doing(DOING)?;
            let mut videos = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                videos.push(under(row)?);
            }
            Ok(videos)
        })
    }

    pub(crate) fn sample(&self, hashtag: HashtagRow, part: SamplePart) -> Result<VideoSample, StoreError> {
        const DOING: &str = "read a sample of videos";
        // Videos are looked up in storage order, as many are on one page; without the (infinite) limit, SQLite
        // would drop that order.
        let links = match part {
            SamplePart::Creators(CreatorsPart::ALL) => {
                "SELECT author, video FROM links WHERE hashtag = ?1 AND ?2 > 0".to_owned()
            }
            SamplePart::Creators(_) => {
                format!("SELECT author, video FROM links WHERE hashtag = ?1 AND {PLACE_SQL} < ?2")
            }
            SamplePart::MostPlayed(_) => {
                "SELECT author, video FROM links WHERE hashtag = ?1 ORDER BY plays DESC, video LIMIT ?2"
                    .to_owned()
            }
        };
        let number = match part {
            SamplePart::Creators(part) => part.number(),
            SamplePart::MostPlayed(most) => i64::from(most),
        };
        let sql = format!(
            "SELECT l.author, l.video, {} FROM (SELECT author, video FROM ({links}) ORDER BY video LIMIT -1) l
             CROSS JOIN videos v ON v.video = l.video",
            under_columns!()
        );
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(&sql).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, number)).doing(DOING)?;
            let mut sample = VideoSample::default();
            while let Some(row) = rows.next().doing(DOING)? {
                let (author, video, columns): (i64, i64, UnderColumns<'_>) = row::read(row).doing(DOING)?;
                sample.push((author, video), &columns)?;
            }
            Ok(sample)
        })
    }

    pub(crate) fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT packed FROM video_fragments WHERE video = ?1")
                .doing("read videos")?;
            videos
                .iter()
                .map(|video| statement.query_row([video.0.cast_signed()], row::sqlite).doing("read videos"))
                .collect()
        })
    }

    pub(crate) fn shown(&self, videos: &[VideoRow]) -> Result<Vec<ShownVideo>, StoreError> {
        const DOING: &str = "read videos";
        self.readers.with_snapshot(|connection| {
            let sql = format!(
                "SELECT packed, observed_at, {KNOWN_SQL} FROM video_fragments JOIN videos USING (video) WHERE video = ?1"
            );
            let mut statement = connection.prepare_cached(&sql).doing(DOING)?;
            let shown = |row: &Row<'_>| {
                let (packed, observed_at, known) = row::read(row)?;
                Ok(ShownVideo::of(packed, observed_at, known))
            };
            videos
                .iter()
                .map(|video| statement.query_row([video.0.cast_signed()], shown).doing(DOING))
                .collect()
        })
    }

    pub(crate) fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT video FROM video_ids WHERE id = ?1")
                .doing("look videos up")?;
            let row_of = |id: &VideoId| {
                let row = statement.query_row([id.to_i64()], row::sqlite::<i64>).optional();
                row.doing("look videos up")
                    .transpose()
                    .map(|row| row.map(|row| VideoRow(row.cast_unsigned())))
            };
            ids.iter().filter_map(row_of).collect()
        })
    }
}

/// Reads the author and row of a link, and the video.
pub(super) fn under(row: &Row<'_>) -> Result<VideoUnder, StoreError> {
    let (author, video, columns): (i64, i64, UnderColumns<'_>) = row::read(row).doing("read a video")?;
    columns.into_video((author, video))
}

/// Orders equal plays by TikTok's id, newest first, so that the order does not depend on the order of import.
fn order_equals_by_id(connection: &Connection, ranked: &mut [(i64, i64)]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM videos WHERE video = ?1").doing("rank videos")?;
    for equals in ranked.chunk_by_mut(|a, b| a.0 == b.0).filter(|equals| equals.len() > 1) {
        let mut by_id = Vec::with_capacity(equals.len());
        for &(plays, video) in &*equals {
            let id: i64 = statement.query_row([video], row::sqlite).doing("rank videos")?;
            by_id.push((id, (plays, video)));
        }
        by_id.sort_unstable_by(|a, b| b.cmp(a));
        for (place, (_, link)) in equals.iter_mut().zip(by_id) {
            *place = link;
        }
    }
    Ok(())
}
