//! Plays by creator under hashtags, added up by the server.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::sums::VIEWS_MAX;
use crate::row;
use crate::trends::{CreatorPlays, row_number};
use domain::HashtagRow;
use std::collections::HashSet;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

const DOING: &str = "add plays up";

/// The plays of a creator under a hashtag.
struct Sum {
    hashtag: i64,
    plays: u128,
    /// Videos of a creator without plays: a link has 0 also if plays are unknown.
    videos: Vec<i64>,
}

impl Postgres {
    pub(crate) async fn creator_plays(
        &self,
        hashtags: &[HashtagRow],
        videos_max: u32,
    ) -> Result<Vec<CreatorPlays>, StoreError> {
        const FEW: &str = "SELECT hashtag FROM tagmeter.hashtags
            WHERE hashtag = ANY($1) AND held_videos BETWEEN 1 AND $2";
        // Halves of plays are added up separately, so that no sum overflows. Counts above the limit, which
        // older versions stored, are read as unknown.
        let plays = format!("CASE WHEN plays BETWEEN 0 AND {VIEWS_MAX} THEN plays ELSE 0 END");
        let sums = format!(
            "SELECT hashtag, sum(({plays}) >> 32)::bigint, sum(({plays}) & 4294967295)::bigint,
                CASE WHEN sum({plays}) = 0 THEN array_agg(video) END AS videos
            FROM tagmeter.links WHERE hashtag = ANY($1) AND author <> 0 GROUP BY hashtag, author
            ORDER BY hashtag, author"
        );
        let all: Vec<i64> = hashtags.iter().map(|row| i64::from(row.0)).collect();
        let few: [Parameter<'_>; 2] = [(&all, Type::INT8_ARRAY), (&i64::from(videos_max), Type::INT8)];
        let few = self.pool.query(DOING, FEW, &few).await?;
        let few: Vec<i64> = few.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
        if few.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.pool.query(DOING, &sums, &[(&few, Type::INT8_ARRAY)]).await?;
        let sums: Vec<Sum> = rows.iter().map(sum).collect::<Result<_, _>>().doing(DOING)?;
        let doubtful: Vec<i64> = sums.iter().flat_map(|sum| &sum.videos).copied().collect();
        let with_plays = self.with_plays(&doubtful).await?;
        let mut found: Vec<CreatorPlays> = Vec::new();
        for sum in
            sums.iter().filter(|sum| sum.plays > 0 || sum.videos.iter().any(|v| with_plays.contains(v)))
        {
            let (hashtag, plays) = (row_number("links", sum.hashtag)?, sum.plays);
            match found.last_mut().filter(|last| last.hashtag == hashtag) {
                Some(last) => last.plays.push(plays),
                None => found.push(CreatorPlays { hashtag, plays: vec![plays] }),
            }
        }
        Ok(found)
    }

    /// Returns the videos among these with known plays.
    async fn with_plays(&self, videos: &Vec<i64>) -> Result<HashSet<i64>, StoreError> {
        const SQL: &str = "SELECT video FROM tagmeter.videos WHERE video = ANY($1) AND plays <= $2";
        if videos.is_empty() {
            return Ok(HashSet::new());
        }
        let rows =
            self.pool.query(DOING, SQL, &[(videos, Type::INT8_ARRAY), (&VIEWS_MAX, Type::INT8)]).await?;
        rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
    }
}

fn sum(row: &Row) -> Result<Sum, tokio_postgres::Error> {
    let (hashtag, upper, lower): (i64, i64, i64) = row::read(row)?;
    let plays = (u128::from(upper.unsigned_abs()) << 32) + u128::from(lower.unsigned_abs());
    let videos: Option<Vec<i64>> = row.try_get("videos")?;
    Ok(Sum { hashtag, plays, videos: videos.unwrap_or_default() })
}
