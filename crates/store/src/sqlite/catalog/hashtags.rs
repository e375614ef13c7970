//! Reading hashtags.

use super::CatalogFile;
use super::merge::told;
use super::record_hashtag::details;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::CatalogSize;
use domain::hashtag::Observed;
use domain::observation::HashtagCounts;
use domain::{Hashtag, HashtagId, HashtagRow, Tag, TagKey, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// The columns of a hashtag, in the order [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT h.hashtag, h.name, h.id, h.changed, h.held_videos, h.held_views, h.held_creators, h.views, ",
            "h.creators, h.videos, h.views_at, h.creators_at, h.videos_at, h.rounded, h.description, h.is_pgcshow, ",
            "h.is_commerce, h.is_challenge, h.is_strong_music, h.kind, h.cover FROM hashtags h ",
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
        // Rows are given out in order and never taken back, so the last number is the count.
        self.readers.with(|connection| {
            let last = |sql: &str| {
                connection
                    .query_row(sql, [], |row| row.get::<_, i64>(0))
                    .map(i64::cast_unsigned)
                    .doing("count rows")
            };
            Ok(CatalogSize {
                hashtags: last("SELECT coalesce(max(hashtag), 0) FROM hashtags")?,
                videos: last("SELECT coalesce(max(video), 0) FROM videos")?,
            })
        })
    }
}

fn one(connection: &Connection, sql: &str, key: &dyn ToSql) -> Result<Option<Hashtag>, StoreError> {
    let mut statement = connection.prepare_cached(sql).doing("read a hashtag")?;
    statement.query_row([key], |row| Ok(read(row))).optional().doing("read a hashtag")?.transpose()
}

fn read(row: &Row<'_>) -> Result<Hashtag, StoreError> {
    let number: u32 = row.get(0).doing("read a hashtag")?;
    let inconsistent =
        |column| StoreError::Inconsistent { table: "hashtags", column, row: number.to_string() };
    let name = row.get_ref(1).doing("read a hashtag")?.as_str().map_err(|_| inconsistent("name"))?;
    let tag = Tag::new(name).map_err(|_| inconsistent("name"))?;
    let id = match row.get::<_, Option<i64>>(2).doing("read a hashtag")? {
        Some(id) => Some(HashtagId::from_i64(id).map_err(|_| inconsistent("id"))?),
        None => None,
    };
    rest(row, HashtagRow(number), tag, id).doing("read a hashtag")
}

fn rest(row: &Row<'_>, number: HashtagRow, tag: Tag, id: Option<HashtagId>) -> rusqlite::Result<Hashtag> {
    let unsigned = |column: usize| row.get::<_, i64>(column).map(|n| n.max(0).unsigned_abs());
    let rounded: i64 = row.get(13)?;
    let mut counts = [None; 3];
    for (n, count) in counts.iter_mut().enumerate() {
        *count = told(row.get(7 + n)?, rounded >> n & 1 == 1, row.get(10 + n)?);
    }
    let [views, creators, videos] = counts.map(|told| told.map(|t| t.count));
    let reported_at: Option<Timestamp> = counts.iter().flatten().filter_map(|told| told.at).max();
    Ok(Hashtag {
        row: number,
        id,
        tag,
        reported: HashtagCounts { views, creators, videos },
        reported_at,
        observed: Observed { videos: unsigned(4)?, views: unsigned(5)?, creators: unsigned(6)? },
        details: details(row, 14)?,
        changed: unsigned(3)?,
    })
}
