//! Frozen rankings. On a cluster they are co-located with their hashtag, which every statement for a request
//! names.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::videos::VideoRow;
use crate::walks::{
    Extended, Extension, Generation, GenerationRow, NewGeneration, NewVideos, Span, generation_columns,
};
use domain::{HashtagRow, Region};
use std::collections::BTreeMap;
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Transaction};

/// One in so many new rankings triggers a sweep of expired ones of all hashtags, on all shards ...
const SWEEP_EVERY: i64 = 16;
/// ... which drops up to so many: more than were stored since, so that they never pile up.
const SWEPT_MAX: i64 = 64;

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", generation_columns!(), " FROM tagmeter.generations ", $rest)
    };
}

impl Postgres {
    pub(crate) async fn write_generation(&self, new: NewGeneration) -> Result<Generation, StoreError> {
        const NUMBER: &str = "SELECT nextval('tagmeter.generation_numbers')";
        // In a transaction of its own: if a crash lost the number together with the ranking, a cursor with that
        // number could point into another one.
        let number = self.pool.query_one("number a ranking", NUMBER, &[]).await?;
        let number: i64 = row::postgres(&number).doing("number a ranking")?;
        let generation = new.numbered(number.cast_unsigned());
        self.insert_generation(number, &generation, &new).await?;
        if number % SWEEP_EVERY == 0
            && let Err(error) = self.sweep_generations(&new).await
        {
            // The page is answered all the same; a later ranking tries again.
            tracing::warn!(%error, "expired rankings were not dropped");
        }
        Ok(generation)
    }

    async fn insert_generation(
        &self,
        number: i64,
        generation: &Generation,
        new: &NewGeneration,
    ) -> Result<(), StoreError> {
        const DOING: &str = "store a ranking";
        let hashtag = i64::from(new.hashtag.0);
        let (numbers, chunks): (Vec<i64>, Vec<Vec<u8>>) = (0_i64..).zip(new.chunks()).unzip();
        let region = number_of(new.region);
        let generation_parameters: [Parameter<'_>; 8] = [
            (&hashtag, Type::INT8),
            (&number, Type::INT8),
            (&generation.slot.cast_signed(), Type::INT8),
            (&region, Type::INT8),
            (&generation.changed.cast_signed(), Type::INT8),
            (&generation.built_at.as_ms(), Type::INT8),
            (&generation.videos.cast_signed(), Type::INT8),
            (&new.first_page, Type::BYTEA),
        ];
        let chunk_parameters: [Parameter<'_>; 4] = [
            (&hashtag, Type::INT8),
            (&number, Type::INT8),
            (&numbers, Type::INT8_ARRAY),
            (&chunks, Type::BYTEA_ARRAY),
        ];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        // A power cut may lose it: cursors into it are then refused and walks start over.
        let written = futures_util::future::try_join3(
            transaction.batch_execute("SET LOCAL synchronous_commit = off"),
            transaction.execute_typed(
                "INSERT INTO tagmeter.generations
                     (hashtag, generation, slot, region, changed, built_at, videos, head)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &generation_parameters,
            ),
            transaction.execute_typed(
                "INSERT INTO tagmeter.generation_chunks (hashtag, generation, chunk, videos)
                 SELECT $1, $2, c.chunk, c.videos FROM unnest($3, $4) AS c (chunk, videos)",
                &chunk_parameters,
            ),
        );
        written.await.doing(DOING)?;
        transaction.commit().await.doing(DOING)
    }

    /// Implements `Store::drop_generations`. Cursors have numbers of a sequence, which are not reused for long.
    pub(crate) async fn drop_generations(&self, hashtags: Option<&[HashtagRow]>) -> Result<(), StoreError> {
        const DOING: &str = "drop rankings";
        const ALL: [&str; 2] = ["DELETE FROM tagmeter.generation_chunks", "DELETE FROM tagmeter.generations"];
        const OF_HASHTAGS: [&str; 2] = [
            "DELETE FROM tagmeter.generation_chunks WHERE hashtag = ANY($1)",
            "DELETE FROM tagmeter.generations WHERE hashtag = ANY($1)",
        ];
        let numbers: Option<Vec<i64>> =
            hashtags.map(|hashtags| hashtags.iter().map(|row| i64::from(row.0)).collect());
        match &numbers {
            None => {
                for sql in ALL {
                    self.pool.query(DOING, sql, &[]).await?;
                }
            }
            Some(numbers) => {
                for sql in OF_HASHTAGS {
                    self.pool.query(DOING, sql, &[(numbers, Type::INT8_ARRAY)]).await?;
                }
            }
        }
        Ok(())
    }

    /// Implements `Store::extend_generation`. The row of the ranking is locked meanwhile.
    pub(crate) async fn extend_generation(&self, more: &NewVideos) -> Result<Option<Extended>, StoreError> {
        const LOCK: &str = concat!(
            "SELECT generation, ",
            generation_columns!(),
            " FROM tagmeter.generations
              WHERE hashtag = $1 AND slot = $2 ORDER BY generation DESC LIMIT 1 FOR UPDATE"
        );
        const CHUNKS: &str = "SELECT videos FROM tagmeter.generation_chunks
            WHERE hashtag = $1 AND generation = $2 ORDER BY chunk";
        const DOING: &str = "extend a ranking";
        let hashtag = i64::from(more.hashtag.0);
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        // As at its creation, a power cut may lose it.
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await.doing(DOING)?;
        let parameters: [Parameter<'_>; 2] = [(&hashtag, Type::INT8), (&more.slot.cast_signed(), Type::INT8)];
        let locked = transaction.query_typed(LOCK, &parameters).await.doing(DOING)?;
        let Some(row) = locked.first() else { return Ok(None) };
        let (number, row): (i64, GenerationRow) = row::read(row).doing(DOING)?;
        let mut generation = Generation::from(row);
        let parameters: [Parameter<'_>; 2] = [(&hashtag, Type::INT8), (&number, Type::INT8)];
        let mut chunks = Vec::new();
        for row in transaction.query_typed(CHUNKS, &parameters).await.doing(DOING)? {
            chunks.extend_from_slice(row::read(&row).doing(DOING)?);
        }
        let Some(extension) = more.beyond(generation.videos, &chunks) else { return Ok(None) };
        generation.videos += extension.appended;
        if extension.appended > 0 {
            write_extension(&transaction, &generation, number, &extension).await.doing(DOING)?;
            transaction.commit().await.doing(DOING)?;
        }
        Ok(Some(Extended { generation, appended: extension.appended }))
    }

    /// Drops rankings into which no valid cursor points. Each is dropped by two separate statements, so that
    /// nothing is locked for long; the rest after an interruption is dropped next time.
    async fn sweep_generations(&self, new: &NewGeneration) -> Result<(), StoreError> {
        const DOING: &str = "drop expired rankings";
        const EXPIRED: &str = "SELECT hashtag, generation FROM tagmeter.generations
            WHERE built_at < $1 ORDER BY built_at LIMIT $2";
        const SET_RIGHT: &str = "UPDATE tagmeter.generations SET built_at = $1 WHERE built_at > $2";
        const DROPS: [&str; 2] = [
            "DELETE FROM tagmeter.generation_chunks WHERE hashtag = $1 AND generation = ANY($2)",
            "DELETE FROM tagmeter.generations WHERE hashtag = $1 AND generation = ANY($2)",
        ];
        let client = self.pool.get().await?;
        let (now, ahead) = (new.built_at.as_ms(), new.ahead_from().as_ms());
        let parameters: [Parameter<'_>; 2] = [(&now, Type::INT8), (&ahead, Type::INT8)];
        client.query("correct the time of rankings", SET_RIGHT, &parameters).await?;
        let before = new.expired_before.as_ms();
        let parameters: [Parameter<'_>; 2] = [(&before, Type::INT8), (&SWEPT_MAX, Type::INT8)];
        let mut expired: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for row in client.query(DOING, EXPIRED, &parameters).await? {
            let (hashtag, generation) = row::read(&row).doing(DOING)?;
            expired.entry(hashtag).or_default().push(generation);
        }
        for (hashtag, generations) in expired {
            for sql in DROPS {
                let parameters: [Parameter<'_>; 2] =
                    [(&hashtag, Type::INT8), (&generations, Type::INT8_ARRAY)];
                client.query(DOING, sql, &parameters).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn newest_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = $1 AND region = $2 ORDER BY generation DESC LIMIT 1");
        const DOING: &str = "find a ranking";
        let parameters: [Parameter<'_>; 2] =
            [(&i64::from(hashtag.0), Type::INT8), (&number_of(region), Type::INT8)];
        let row = self.pool.query_opt(DOING, SQL, &parameters).await?;
        row.map(|row| row::postgres::<GenerationRow>(&row).map(Generation::from)).transpose().doing(DOING)
    }

    pub(crate) async fn generation(
        &self,
        hashtag: HashtagRow,
        slot: u64,
    ) -> Result<Option<Generation>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = $1 AND slot = $2 ORDER BY generation DESC LIMIT 1");
        const DOING: &str = "find a cursor's ranking";
        let row = self.of_slot(DOING, SQL, hashtag, slot).await?;
        row.map(|row| row::postgres::<GenerationRow>(&row).map(Generation::from)).transpose().doing(DOING)
    }

    pub(crate) async fn first_page(
        &self,
        hashtag: HashtagRow,
        slot: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT head FROM tagmeter.generations
            WHERE hashtag = $1 AND slot = $2 ORDER BY generation DESC LIMIT 1";
        const DOING: &str = "read the head of a ranking";
        let row = self.of_slot(DOING, SQL, hashtag, slot).await?;
        row.as_ref().map(row::postgres).transpose().doing(DOING)
    }

    async fn of_slot(
        &self,
        doing: &'static str,
        sql: &str,
        hashtag: HashtagRow,
        slot: u64,
    ) -> Result<Option<Row>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&i64::from(hashtag.0), Type::INT8), (&slot.cast_signed(), Type::INT8)];
        self.pool.query_opt(doing, sql, &parameters).await
    }

    pub(crate) async fn ranked(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        position: u64,
        count: u32,
    ) -> Result<Vec<VideoRow>, StoreError> {
        const SQL: &str = "SELECT videos FROM tagmeter.generation_chunks
            WHERE hashtag = $1
              AND generation = (SELECT max(generation) FROM tagmeter.generations WHERE hashtag = $1 AND slot = $2)
              AND chunk BETWEEN $3 AND $4 ORDER BY chunk";
        const DOING: &str = "read a ranking";
        let span = Span::of(position, count);
        let parameters: [Parameter<'_>; 4] = [
            (&i64::from(hashtag.0), Type::INT8),
            (&slot.cast_signed(), Type::INT8),
            (&span.first, Type::INT8),
            (&span.last, Type::INT8),
        ];
        let mut chunks = Vec::new();
        for row in self.pool.query(DOING, SQL, &parameters).await? {
            chunks.extend_from_slice(row::read(&row).doing(DOING)?);
        }
        Ok(span.cut(&chunks))
    }
}

async fn write_extension(
    transaction: &Transaction<'_>,
    generation: &Generation,
    number: i64,
    extension: &Extension,
) -> Result<(), tokio_postgres::Error> {
    const FILL: &str =
        "INSERT INTO tagmeter.generation_chunks (hashtag, generation, chunk, videos) VALUES ($1, $2, $3, $4)
        ON CONFLICT (hashtag, generation, chunk) DO UPDATE SET videos = excluded.videos";
    const GROW: &str = "UPDATE tagmeter.generations SET videos = $3, head = head || $4
        WHERE hashtag = $1 AND generation = $2";
    let hashtag = i64::from(generation.hashtag.0);
    let (hashtag, number): (Parameter<'_>, Parameter<'_>) = ((&hashtag, Type::INT8), (&number, Type::INT8));
    for (chunk, videos) in &extension.chunks {
        let parameters =
            [hashtag.clone(), number.clone(), (chunk as _, Type::INT8), (videos as _, Type::BYTEA)];
        transaction.execute_typed(FILL, &parameters).await?;
    }
    let videos = generation.videos.cast_signed();
    let parameters = [hashtag, number, (&videos as _, Type::INT8), (&extension.first_page as _, Type::BYTEA)];
    transaction.execute_typed(GROW, &parameters).await.map(|_| ())
}

/// Encodes a region for its column; 0 for all.
pub(super) fn number_of(region: Option<Region>) -> i64 {
    region.map_or(0, |region| i64::from(region.to_number()))
}
