//! `walks.db`: frozen rankings, and upstream fetches ([`super::upstream_fetches`]). A power cut may lose it:
//! cursors into it are then refused and walks start over, and upstreams are called once more.

use super::catalog::forget::{overwriting, wipe};
use super::connection::{self, Settings};
use super::migrations;
use super::readers::Readers;
use super::writer::Writer;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::videos::VideoRow;
use crate::walks::{
    Extended, Extension, Generation, GenerationRow, NewGeneration, NewVideos, Span, generation_columns,
};
use domain::{HashtagRow, Region};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::path::Path;

const SETTINGS: Settings = Settings { cache_kib: 4 * 1024, autocheckpoint_pages: 4_000, durable: false };
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", generation_columns!(), " FROM generations ", $rest)
    };
}

/// The open file.
#[derive(Debug)]
pub(crate) struct WalksFile {
    pub(super) readers: Readers,
    pub(super) writer: Writer,
}

impl WalksFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connection::open_writer(path, SETTINGS)?;
        migrations::apply(&mut connection, crate::schema::WALKS.sqlite)?;
        Ok(Self {
            readers: Readers::new(path),
            writer: Writer::start_on("walks-writer", connection, path, SETTINGS)?,
        })
    }

    /// Runs [`Writer::probe`].
    pub(crate) async fn probe(&self) -> Option<Result<(), StoreError>> {
        self.writer.probe().await
    }

    pub(crate) async fn write(
        &self,
        store: u128,
        generation: NewGeneration,
    ) -> Result<Generation, StoreError> {
        self.writer.run(move |connection| write(connection, store, &generation)).await
    }

    /// Implements `Store::drop_generations`. The rows stay, emptied: the last one continues the numbering, and
    /// a cursor into one that is older than any walk is refused.
    pub(crate) async fn drop_generations(&self, hashtags: Option<Vec<HashtagRow>>) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                overwriting(connection, |connection| drop_generations(connection, hashtags.as_deref()))
            })
            .await
    }

    /// Empties the log. Returns true if it is empty.
    pub(crate) async fn wipe(&self, is_rewritten: bool) -> Result<bool, StoreError> {
        self.writer.run(move |connection| wipe(connection, is_rewritten)).await
    }

    /// Implements `Store::extend_generation`.
    pub(crate) async fn extend(&self, store: u128, more: NewVideos) -> Result<Option<Extended>, StoreError> {
        self.writer.run(move |connection| extend(connection, store, &more)).await
    }

    pub(crate) fn newest(
        &self,
        store: u128,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(select!(
                    "WHERE hashtag = ?1 AND region = ?2 AND store = ?3 ORDER BY generation DESC LIMIT 1"
                ))
                .doing("find a ranking")?
                .query_row(
                    params![hashtag.0, region.map_or(0, Region::to_number), store.to_be_bytes()],
                    row::sqlite::<GenerationRow>,
                )
                .optional()
                .map(|found| found.map(Generation::from))
                .doing("find a ranking")
        })
    }

    pub(crate) fn generation(&self, store: u128, slot: u64) -> Result<Option<Generation>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(select!("WHERE slot = ?1 AND store = ?2 ORDER BY generation DESC LIMIT 1"))
                .doing("find a cursor's ranking")?
                .query_row(params![slot.cast_signed(), store.to_be_bytes()], row::sqlite::<GenerationRow>)
                .optional()
                .map(|found| found.map(Generation::from))
                .doing("find a cursor's ranking")
        })
    }

    pub(crate) fn first_page(&self, slot: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(
                    // A dropped one has no head, but its number of videos.
                    "SELECT CASE WHEN head = x'' AND videos > 0 THEN NULL ELSE head END
                     FROM generations WHERE slot = ?1 ORDER BY generation DESC LIMIT 1",
                )
                .doing("read the head of a ranking")?
                .query_row([slot.cast_signed()], row::sqlite)
                .optional()
                .map(Option::flatten)
                .doing("read the head of a ranking")
        })
    }

    pub(crate) fn ranked(&self, slot: u64, position: u64, count: u32) -> Result<Vec<VideoRow>, StoreError> {
        self.readers.with(|connection| {
            let span = Span::of(position, count);
            let mut statement = connection
                .prepare_cached(
                    "SELECT videos FROM generation_chunks
                     WHERE generation = (SELECT max(generation) FROM generations WHERE slot = ?1)
                       AND chunk BETWEEN ?2 AND ?3 ORDER BY chunk",
                )
                .doing("read a ranking")?;
            let mut rows =
                statement.query((slot.cast_signed(), span.first, span.last)).doing("read a ranking")?;
            let mut chunks = Vec::new();
            while let Some(row) = rows.next().doing("read a ranking")? {
                chunks.extend_from_slice(row::read(row).doing("read a ranking")?);
            }
            Ok(span.cut(&chunks))
        })
    }
}

fn drop_generations(connection: &mut Connection, hashtags: Option<&[HashtagRow]>) -> Result<(), StoreError> {
    const DOING: &str = "drop rankings";
    const EMPTY: &str = "UPDATE generations SET head = x'', built_at = 0";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    match hashtags {
        None => transaction.execute_batch(&format!("DELETE FROM generation_chunks; {EMPTY}")).doing(DOING)?,
        Some(hashtags) => {
            let prepare = |sql: &str| transaction.prepare(sql).doing(DOING);
            let mut chunks = prepare(
                "DELETE FROM generation_chunks
                 WHERE generation IN (SELECT generation FROM generations WHERE hashtag = ?1)",
            )?;
            let mut heads = prepare(&format!("{EMPTY} WHERE hashtag = ?1"))?;
            for hashtag in hashtags {
                chunks.execute([hashtag.0]).doing(DOING)?;
                heads.execute([hashtag.0]).doing(DOING)?;
            }
        }
    }
    transaction.commit().doing(DOING)
}

fn write(connection: &mut Connection, store: u128, new: &NewGeneration) -> Result<Generation, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("store a ranking")?;
    drop_expired(&transaction, new)?;
    let number: i64 = transaction
        .query_row("SELECT coalesce(max(generation), 0) + 1 FROM generations", [], row::sqlite)
        .doing("number a ranking")?;
    let generation = new.numbered(number.cast_unsigned());
    let region = new.region.map_or(0, Region::to_number);
    transaction
        .execute(
            "INSERT INTO generations (generation, slot, store, hashtag, region, changed, built_at, videos, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                number,
                generation.slot.cast_signed(),
                store.to_be_bytes(),
                new.hashtag.0,
                region,
                new.changed.cast_signed(),
                new.built_at.as_ms(),
                generation.videos.cast_signed(),
                new.first_page
            ],
        )
        .doing("store a ranking")?;
    {
        let mut insert = transaction
            .prepare_cached("INSERT INTO generation_chunks (generation, chunk, videos) VALUES (?1, ?2, ?3)")
            .doing("store a ranking")?;
        for (chunk, blob) in (0_i64..).zip(new.chunks()) {
            insert.execute((number, chunk, blob)).doing("store a ranking")?;
        }
    }
    transaction.commit().doing("store a ranking")?;
    Ok(generation)
}

fn extend(
    connection: &mut Connection,
    store: u128,
    more: &NewVideos,
) -> Result<Option<Extended>, StoreError> {
    const DOING: &str = "extend a ranking";
    const SQL: &str = concat!(
        "SELECT generation, ",
        generation_columns!(),
        " FROM generations WHERE slot = ?1 AND store = ?2 AND hashtag = ?3 ORDER BY generation DESC LIMIT 1"
    );
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let found: Option<(i64, GenerationRow)> = transaction
        .prepare_cached(SQL)
        .and_then(|mut statement| {
            let place = params![more.slot.cast_signed(), store.to_be_bytes(), more.hashtag.0];
            statement.query_row(place, row::sqlite).optional()
        })
        .doing(DOING)?;
    let Some((number, row)) = found else { return Ok(None) };
    let mut generation = Generation::from(row);
    let chunks: Vec<Vec<u8>> = transaction
        .prepare_cached("SELECT videos FROM generation_chunks WHERE generation = ?1 ORDER BY chunk")
        .and_then(|mut statement| statement.query_map([number], row::sqlite)?.collect())
        .doing(DOING)?;
    let Some(extension) = more.beyond(generation.videos, &chunks.concat()) else { return Ok(None) };
    generation.videos += extension.appended;
    if extension.appended > 0 {
        write_extension(&transaction, &generation, number, &extension).doing(DOING)?;
        transaction.commit().doing(DOING)?;
    }
    Ok(Some(Extended { generation, appended: extension.appended }))
}

fn write_extension(
    transaction: &Connection,
    generation: &Generation,
    number: i64,
    extension: &Extension,
) -> rusqlite::Result<()> {
    let mut fill = transaction.prepare_cached(
        "INSERT OR REPLACE INTO generation_chunks (generation, chunk, videos) VALUES (?1, ?2, ?3)",
    )?;
    for (chunk, videos) in &extension.chunks {
        fill.execute((number, chunk, videos))?;
    }
    transaction
        .prepare_cached(
            "UPDATE generations SET videos = ?2, head = CAST(head || ?3 AS BLOB) WHERE generation = ?1",
        )?
        .execute((number, generation.videos.cast_signed(), &extension.first_page))
        .map(|_| ())
}

/// Drops rankings into which no valid cursor points, except the newest of all, which continues the numbering.
fn drop_expired(connection: &Connection, new: &NewGeneration) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE generations SET built_at = ?1 WHERE built_at > ?2")
        .and_then(|mut statement| statement.execute((new.built_at.as_ms(), new.ahead_from().as_ms())))
        .doing("correct the time of rankings")?;
    let expired: Vec<i64> = connection
        .prepare_cached(
            "SELECT generation FROM generations WHERE built_at < ?1
               AND generation < (SELECT max(generation) FROM generations) ORDER BY built_at LIMIT 16",
        )
        .and_then(|mut statement| statement.query_map([new.expired_before.as_ms()], row::sqlite)?.collect())
        .doing("find expired rankings")?;
    for generation in expired {
        for sql in [
            "DELETE FROM generation_chunks WHERE generation = ?1",
            "DELETE FROM generations WHERE generation = ?1",
        ] {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([generation]))
                .doing("drop an expired ranking")?;
        }
    }
    Ok(())
}
