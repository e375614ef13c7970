//! Reading hashtags.

use super::CatalogFile;
use super::record_hashtag::details;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CatalogSize, HashtagColumns};
use crate::recording::REMOVED_SQL;
use crate::videos::VideoRow;
use domain::{Hashtag, HashtagId, HashtagRow, TagKey};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// The columns of a hashtag, in the order [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT h.hashtag, h.name, h.id, h.changed, h.held_videos, h.held_views, h.held_creators, h.views, ",
            "h.creators, h.videos, h.views_at, h.creators_at, h.videos_at, h.rounded, h.description, h.is_pgcshow, ",
            "h.is_commerce, h.is_challenge, h.is_strong_music, h.kind, h.cover, h.held_sources, h.held_caveats, ",
            "h.assigned_id, h.held_by_handle, h.held_at FROM hashtags h ",
            $rest
        )
    };
}

impl CatalogFile {
    pub(crate) fn hashtag_by_key(&self, key: &TagKey) -> Result<Option<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE h.hashtag = (SELECT hashtag FROM hashtag_keys WHERE key = ?1)");
        self.readers.with(|connection| one(connection, SQL, &key.as_str()))
    }

    pub(crate) fn hashtag_by_id(&self, id: HashtagId) -> Result<Option<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE h.hashtag = (SELECT hashtag FROM hashtag_ids WHERE id = ?1)");
        self.readers.with(|connection| one(connection, SQL, &id.to_i64()))
    }

    pub(crate) fn hashtags(&self, rows: &[HashtagRow]) -> Result<Vec<Hashtag>, StoreError> {
        const SQL: &str = select!("WHERE h.hashtag = ?1");
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
        const SQL: &str = select!("WHERE h.hashtag > ?1 ORDER BY h.hashtag LIMIT ?2");
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
        // Rows are given out in order and never again, so the last number is how many there were.
        self.readers.with_snapshot(|connection| {
            let last = |sql: &str| {
                connection
                    .query_row(sql, [], |row| row.get::<_, i64>(0))
                    .map(i64::cast_unsigned)
                    .doing("count rows")
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
    columns(row).doing("read a hashtag")?.into_hashtag()
}

fn columns<'r>(row: &'r Row<'_>) -> rusqlite::Result<HashtagColumns<'r>> {
    Ok(HashtagColumns {
        hashtag: row.get(0)?,
        name: row.get_ref(1)?.as_str()?,
        id: row.get(2)?,
        changed: row.get(3)?,
        held: [row.get(4)?, row.get(5)?, row.get(6)?],
        made_from: [row.get(21)?, row.get(22)?],
        reported: [row.get(7)?, row.get(8)?, row.get(9)?],
        reported_at: [row.get(10)?, row.get(11)?, row.get(12)?],
        rounded: row.get(13)?,
        assigned_id: row.get(23)?,
        held_by_handle: row.get(24)?,
        held_at: row.get(25)?,
        details: details(row, 14)?,
    })
}
