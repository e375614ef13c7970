//! Hashtags and videos as of a moment.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::known::{
    ArrivalColumns, KnownRows, Superseded, SupersededVideo, arrival_columns, as_it_was, superseded_columns,
};
use crate::row;
use crate::videos::{UnderColumns, under_columns};
use domain::{HashtagRow, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const FIRST: &str =
    concat!("SELECT ", arrival_columns!(), " FROM tagmeter.arrivals ORDER BY arrived_at LIMIT 1");
const KNOWN: &str = "SELECT hashtags, videos FROM tagmeter.arrivals WHERE arrived_at <= $1
    ORDER BY arrived_at DESC LIMIT 1";
const LINKS: &str =
    "SELECT author, video FROM tagmeter.links WHERE hashtag = $1 AND video <= $2 ORDER BY video";
const FIGURES: &str = concat!(
    "SELECT v.video, ",
    under_columns!(),
    " FROM tagmeter.videos v WHERE v.video = ANY($1) ORDER BY v.video"
);
const SUPERSEDED: &str = concat!(
    "SELECT s.video, ",
    superseded_columns!(),
    " FROM tagmeter.video_superseded s WHERE s.video = ANY($1) AND s.superseded_at > $2
      ORDER BY s.video, s.superseded_at"
);
/// Videos read at once.
const READ_AT_ONCE: usize = 20_000;

impl Postgres {
    pub(crate) async fn first_arrival(&self) -> Result<Option<ArrivalColumns>, StoreError> {
        const DOING: &str = "read when data first came in";
        let found = self.pool.query_opt(DOING, FIRST, &[]).await?;
        found.as_ref().map(row::postgres).transpose().doing(DOING)
    }

    pub(crate) async fn known_rows(&self, as_of: Timestamp) -> Result<KnownRows, StoreError> {
        const DOING: &str = "read what had come in";
        let found = self.pool.query_opt(DOING, KNOWN, &[(&as_of.as_ms(), Type::INT8)]).await?;
        let found: Option<(i64, i64)> = found.as_ref().map(row::postgres).transpose().doing(DOING)?;
        Ok(found.map_or_else(KnownRows::default, |(hashtags, videos)| KnownRows { hashtags, videos }))
    }

    pub(crate) async fn note_rows_from_before(&self, now: Timestamp) -> Result<(), StoreError> {
        const DOING: &str = "note when data came in";
        const NOTE: &str = "UPDATE tagmeter.store SET arrived_at = greatest(arrived_at, $1)
            WHERE next_hashtag > 1 AND NOT EXISTS (SELECT 1 FROM tagmeter.arrivals)
            RETURNING arrived_at, next_hashtag, next_video";
        const INSERT: &str = "INSERT INTO tagmeter.arrivals (arrived_at, hashtags, videos, from_before)
            VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING";
        if self.first_arrival().await?.is_some() {
            return Ok(());
        }
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let noted = transaction.query_typed_opt(NOTE, &[(&now.as_ms(), Type::INT8)]).await.doing(DOING)?;
        if let Some(noted) = noted {
            let (arrived_at, hashtag, video): (i64, i64, i64) = row::postgres(&noted).doing(DOING)?;
            let parameters: [Parameter<'_>; 3] =
                [(&arrived_at, Type::INT8), (&(hashtag - 1), Type::INT8), (&(video - 1), Type::INT8)];
            transaction.execute_typed(INSERT, &parameters).await.doing(DOING)?;
        }
        transaction.commit().await.doing(DOING)
    }

    pub(crate) async fn videos_as_of(
        &self,
        hashtag: HashtagRow,
        videos: i64,
        as_of: Timestamp,
        mut each: impl FnMut((i64, i64), &UnderColumns<'_>) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        const DOING: &str = "read videos as of a moment";
        let parameters: [Parameter<'_>; 2] = [(&i64::from(hashtag.0), Type::INT8), (&videos, Type::INT8)];
        let links = self.pool.query(DOING, LINKS, &parameters).await?;
        let links: Vec<(i64, i64)> =
            links.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
        for links in links.chunks(READ_AT_ONCE) {
            let numbers: Vec<i64> = links.iter().map(|(_, video)| *video).collect();
            let now = self.pool.query(DOING, FIGURES, &[(&numbers, Type::INT8_ARRAY)]).await?;
            // Afterwards, so that a change in between is undone, too.
            let before: [Parameter<'_>; 2] = [(&numbers, Type::INT8_ARRAY), (&as_of.as_ms(), Type::INT8)];
            let mut superseded = Superseded::new();
            for row in &self.pool.query(DOING, SUPERSEDED, &before).await? {
                let (video, before): (i64, SupersededVideo) = row::read(row).doing(DOING)?;
                superseded.entry(video).or_insert(before);
            }
            for row in &now {
                let (video, columns): (i64, UnderColumns<'_>) = row::read(row).doing(DOING)?;
                let Ok(place) = numbers.binary_search(&video) else { continue };
                if let Some((link, columns)) = as_it_was(hashtag, links[place], columns, &superseded) {
                    each(link, &columns)?;
                }
            }
        }
        Ok(())
    }
}

/// Notes which rows of hashtags and videos have come in by now.
pub(super) async fn note_rows(
    transaction: &Transaction<'_>,
    now: i64,
    known: KnownRows,
) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO tagmeter.arrivals (arrived_at, hashtags, videos, from_before) VALUES ($1, $2, $3, 0)";
    let parameters: [Parameter<'_>; 3] =
        [(&now, Type::INT8), (&known.hashtags, Type::INT8), (&known.videos, Type::INT8)];
    transaction.execute_typed(SQL, &parameters).await.map(|_| ()).doing("note what came in")
}
