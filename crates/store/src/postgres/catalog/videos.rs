//! Reading videos.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::samples::{PLACE_SQL, SamplePart, VideoSample};
use crate::videos::{KNOWN_SQL, ShownVideo, UnderColumns, UnderPlace, VideoRow, VideoUnder, under_columns};
use domain::{HashtagRow, Region, VideoId};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::pin::pin;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Numbers of videos.
const FIGURES: &str = concat!(
    "SELECT v.video, ",
    under_columns!(),
    " FROM tagmeter.videos v WHERE v.video = ANY($1) ORDER BY v.video"
);
/// Videos of a sample read at once.
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
            ranked.push(row::postgres(&row).doing(DOING)?);
        }
        // Sorted here: sorting there would take memory and time that all nodes share.
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
        // On a cluster videos and their links are on different shards: two statements, as for a walk.
        let links = self.pool.query(DOING, LINKS, &parameters).await?;
        let links: Vec<(i64, i64)> =
            links.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
        let numbers: Vec<i64> = links.iter().map(|(_, video)| *video).collect();
        let rows = self.pool.query(DOING, FIGURES, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let mut found: HashMap<i64, UnderColumns<'_>> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let (video, columns) = row::read(row).doing(DOING)?;
            found.insert(video, columns);
        }
        // A link is written with its video; one that was forgotten in between is left out.
        let stored = links.into_iter().filter_map(|link| Some((link, found.remove(&link.1)?)));
        stored.map(|(link, columns)| columns.into_video(link)).collect()
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
        let mut links: Vec<(i64, i64)> =
            links.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
        links.sort_unstable_by_key(|(_, video)| *video);
        let mut sample = VideoSample::default();
        for links in links.chunks(SAMPLED_AT_ONCE) {
            let numbers: Vec<i64> = links.iter().map(|(_, video)| *video).collect();
            for row in &self.pool.query(DOING, FIGURES, &[(&numbers, Type::INT8_ARRAY)]).await? {
                let (video, columns): (i64, UnderColumns<'_>) = row::read(row).doing(DOING)?;
                let Ok(place) = numbers.binary_search(&video) else { continue };
                sample.push(links[place], &columns)?;
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
            let (video, packed) = row::read(row).doing(DOING)?;
            found.insert(video, packed);
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
            let (video, packed, observed_at, known) = row::read(row)?;
            Ok((video, ShownVideo::of(packed, observed_at, known)))
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
        let row_of = |row: &Row| Ok(VideoRow(row::postgres::<i64>(row).doing(DOING)?.cast_unsigned()));
        rows.iter().map(row_of).collect()
    }
}
