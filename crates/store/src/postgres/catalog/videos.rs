//! Reading videos.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::COUNTS;
use crate::samples::{PLACE_SQL, SamplePart, VideoSample};
use crate::videos::{KNOWN_SQL, ShownVideo, UnderColumns, UnderPlace, VideoRow, VideoUnder};
use domain::{HashtagRow, Region, VideoId};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::pin::pin;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Videos in numbers, in the order [`under`] takes them.
const FIGURES: &str =
    "SELECT video, id, create_time, region, observed_at, rounded, tags, plays, likes, comments, shares,
    saves, downloads FROM tagmeter.videos WHERE video = ANY($1) ORDER BY video";
/// Videos of a sample that are read at once.
const SAMPLED_AT_ONCE: usize = 20_000;

impl Postgres {
    pub(crate) async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        const SQL: &str = "SELECT plays, id, video FROM tagmeter.links
            WHERE hashtag = $1 AND ($2 = 0 OR region = $2)";
        const DOING: &str = "rank videos";
        let region = region.map_or(0, |region| i64::from(region.to_number()));
        let client = self.pool.get().await?;
        let parameters: [Parameter<'_>; 2] = [(&i64::from(hashtag.0), Type::INT8), (&region, Type::INT8)];
        let mut rows = pin!(client.stream(DOING, SQL, &parameters).await?);
        let mut ranked: Vec<(i64, i64, i64)> = Vec::new();
        while let Some(row) = rows.try_next().await.doing(DOING)? {
            let column = |column: usize| row.try_get::<_, i64>(column).doing(DOING);
            ranked.push((column(0)?, column(1)?, column(2)?));
        }
        // Sorted here and not there: the server would need memory and time for it that all nodes share.
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ranked.into_iter().map(|(_, _, video)| VideoRow(video.cast_unsigned())).collect())
    }

    pub(crate) async fn videos_under(
        &self,
        hashtag: HashtagRow,
        after: UnderPlace,
        limit: u32,
    ) -> Result<Vec<VideoUnder>, StoreError> {
        const DOING: &str = "read the videos under a hashtag";
        const LINKS: &str = "SELECT author, video FROM tagmeter.links
            WHERE hashtag = $1 AND (author, video) > ($2, $3) ORDER BY author, video LIMIT $4";
        let parameters: [Parameter<'_>; 4] = [
            (&i64::from(hashtag.0), Type::INT8),
            (&after.author, Type::INT8),
            (&after.video, Type::INT8),
            (&i64::from(limit), Type::INT8),
        ];
        // Videos lie elsewhere than the links to them on a cluster: two statements, as for a walk.
        let links = self.pool.query(DOING, LINKS, &parameters).await?;
        let links: Vec<(i64, i64)> = links.iter().map(link).collect::<Result<_, _>>().doing(DOING)?;
        let numbers: Vec<i64> = links.iter().map(|(_, video)| *video).collect();
        let rows = self.pool.query(DOING, FIGURES, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let mut found: HashMap<i64, &Row> = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.try_get(0).doing(DOING)?, row);
        }
        // A link is written with its video; one that was forgotten in between is left out.
        let held = links.into_iter().filter_map(|link| Some((link, *found.get(&link.1)?)));
        held.map(|(link, row)| under(link, row).doing(DOING)?.into_video(row.try_get(6).doing(DOING)?))
            .collect()
    }

    pub(crate) async fn sample(
        &self,
        hashtag: HashtagRow,
        part: SamplePart,
    ) -> Result<VideoSample, StoreError> {
        const DOING: &str = "read a sample of videos";
        let (sql, number) = match part {
            SamplePart::Creators(part) => (
                format!("SELECT author, video FROM tagmeter.links WHERE hashtag = $1 AND {PLACE_SQL} < $2"),
                part.number(),
            ),
            SamplePart::MostPlayed(most) => (
                "SELECT author, video FROM tagmeter.links WHERE hashtag = $1 ORDER BY plays DESC, video LIMIT $2"
                    .to_owned(),
                i64::from(most),
            ),
        };
        let parameters: [Parameter<'_>; 2] = [(&i64::from(hashtag.0), Type::INT8), (&number, Type::INT8)];
        let links = self.pool.query(DOING, &sql, &parameters).await?;
        let mut links: Vec<(i64, i64)> = links.iter().map(link).collect::<Result<_, _>>().doing(DOING)?;
        links.sort_unstable_by_key(|(_, video)| *video);
        let mut sample = VideoSample::default();
        for links in links.chunks(SAMPLED_AT_ONCE) {
            let numbers: Vec<i64> = links.iter().map(|(_, video)| *video).collect();
            for row in &self.pool.query(DOING, FIGURES, &[(&numbers, Type::INT8_ARRAY)]).await? {
                let video: i64 = row.try_get(0).doing(DOING)?;
                let Ok(place) = numbers.binary_search(&video) else { continue };
                sample.push(&under(links[place], row).doing(DOING)?, row.try_get(6).doing(DOING)?)?;
            }
        }
        Ok(sample)
    }

    pub(crate) async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT video, packed FROM tagmeter.video_fragments WHERE video = ANY($1)";
        const DOING: &str = "read videos";
        if videos.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<i64> = videos.iter().map(|video| video.0.cast_signed()).collect();
        let rows = self.pool.query(DOING, SQL, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let mut found: HashMap<i64, &[u8]> = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.try_get(0).doing(DOING)?, row.try_get(1).doing(DOING)?);
        }
        let in_order = numbers.iter().map(|video| {
            let packed = found.get(video).map(|packed| packed.to_vec());
            packed.ok_or_else(|| StoreError::Inconsistent {
                table: "links",
                column: "video",
                row: video.to_string(),
            })
        });
        in_order.collect()
    }

    pub(crate) async fn shown(&self, videos: &[VideoRow]) -> Result<Vec<ShownVideo>, StoreError> {
        const DOING: &str = "read videos";
        if videos.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT video, packed, observed_at, ({KNOWN_SQL})::bigint
             FROM tagmeter.video_fragments JOIN tagmeter.videos USING (video) WHERE video = ANY($1)"
        );
        let numbers: Vec<i64> = videos.iter().map(|video| video.0.cast_signed()).collect();
        let rows = self.pool.query(DOING, &sql, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let shown = |row: &Row| -> Result<_, tokio_postgres::Error> {
            let video = ShownVideo::of(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            Ok((row.try_get(0)?, video))
        };
        let found: HashMap<i64, ShownVideo> =
            rows.iter().map(shown).collect::<Result<_, _>>().doing(DOING)?;
        let missing = |video: &i64| StoreError::Inconsistent {
            table: "links",
            column: "video",
            row: video.to_string(),
        };
        numbers.iter().map(|video| found.get(video).cloned().ok_or_else(|| missing(video))).collect()
    }

    pub(crate) async fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        const SQL: &str = "SELECT video FROM tagmeter.video_ids WHERE id = ANY($1)";
        const DOING: &str = "look videos up";
        let ids: Vec<i64> = ids.iter().map(|id| id.to_i64()).collect();
        let rows = self.pool.query(DOING, SQL, &[(&ids, Type::INT8_ARRAY)]).await?;
        let number = |row: &Row| row.try_get::<_, i64>(0).doing(DOING);
        rows.iter().map(|row| Ok(VideoRow(number(row)?.cast_unsigned()))).collect()
    }
}

fn link(row: &Row) -> Result<(i64, i64), tokio_postgres::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// A video in numbers.
pub(super) fn under(link: (i64, i64), row: &Row) -> Result<UnderColumns, tokio_postgres::Error> {
    let mut counts = [None; COUNTS];
    for (n, count) in counts.iter_mut().enumerate() {
        *count = row.try_get(7 + n)?;
    }
    Ok(UnderColumns {
        link,
        id: row.try_get(1)?,
        create_time: row.try_get(2)?,
        region: row.try_get(3)?,
        observed_at: row.try_get(4)?,
        rounded: row.try_get(5)?,
        counts,
    })
}
