//! Reading hashtags.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CatalogSize, HashtagColumns, hashtag_columns};
use crate::recording::REMOVED_SQL;
use crate::row;
use crate::videos::VideoRow;
use domain::{Hashtag, HashtagId, HashtagRow, TagKey};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", hashtag_columns!(), " FROM hashtags ", $rest)
    };
}

impl CatalogFile {
    pub(crate) fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = (SELECT hashtag FROM hashtag_keys WHERE key = ?1)");
        self.readers.with(|connection| one(connection, SQL, &key.as_str()))
    }

    pub(crate) fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = (SELECT hashtag FROM hashtag_ids WHERE id = ?1)");
        self.readers.with(|connection| one(connection, SQL, &id.to_i64()))
    }

    pub(crate) fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = ?1");
        self.readers.with_snapshot(|connection| {
            let found = rows.iter().map(|row| one(connection, SQL, &row.0).transpose());
            found.flatten().collect()
        })
    }

    pub(crate) fn hashtags_after(
        &self,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE hashtag > ?1 ORDER BY hashtag LIMIT ?2");
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(SQL).doing("read hashtags")?;
            let after = after.map_or(-1, |row| i64::from(row.0));
            let mut rows = statement.query((after, limit)).doing("read hashtags")?;
            let mut hashtags = Vec::new();
            while let Some(row) = rows.next().doing("read hashtags")? {
                hashtags.push(read(row)?);
            }
            Ok(hashtags)
        })
    }

    pub(crate) fn size(&self) -> Result<CatalogSize, StoreError> {
        // Rows are assigned in order and never again, so the last number is their count.
        self.readers.with_snapshot(|connection| {
            let last = |sql: &str| {
                connection.query_row(sql, [], row::sqlite::<i64>).map(i64::cast_unsigned).doing("count rows")
            };
            let last_video =
                last("SELECT max(coalesce((SELECT max(video) FROM videos), 0), last_video) FROM store")?;
            let gone = last("SELECT videos_gone FROM store")?;
            let removed = last(&format!("SELECT count(*) FROM videos WHERE {REMOVED_SQL}"))?;
            Ok(CatalogSize {
                hashtags: last("SELECT coalesce(max(hashtag), 0) FROM hashtags")?,
                videos: last_video.saturating_sub(gone + removed),
                removed,
                last_video: VideoRow(last_video),
            })
        })
    }
}

fn one(connection: &Connection, sql: &str, key: &dyn ToSql) -> Result<Option<Hashtag>, StoreError> {
    let mut statement = connection.prepare_cached(sql).doing("read a hashtag")?;
    statement.query_row([key], |row| Ok(read(row))).optional().doing("read a hashtag")?.transpose()
}

fn read(row: &Row<'_>) -> Result<Hashtag, StoreError> {
    row::read::<HashtagColumns<'_>, _>(row).doing("read a hashtag")?.into_hashtag()
}
