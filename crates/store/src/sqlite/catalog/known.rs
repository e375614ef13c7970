//! Hashtags and videos as of a moment.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::known::{
    ArrivalColumns, KnownRows, Superseded, SupersededVideo, arrival_columns, as_it_was, superseded_columns,
};
use crate::row;
use crate::videos::{UnderColumns, under_columns};
use domain::{HashtagRow, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

const FIRST: &str = concat!("SELECT ", arrival_columns!(), " FROM arrivals ORDER BY arrived_at LIMIT 1");
/// Videos of hashtag `?1` up to row `?2` that have changed since `?3`, as they were before each change.
const SUPERSEDED: &str = concat!(
    "SELECT s.video, ",
    superseded_columns!(),
    " FROM links l CROSS JOIN video_superseded s ON s.video = l.video
      WHERE l.hashtag = ?1 AND l.video <= ?2 AND s.superseded_at > ?3 ORDER BY s.video, s.superseded_at"
);
/// Videos of hashtag `?1` up to row `?2`, looked up in storage order; without the (infinite) limit, SQLite would drop that order.
const VIDEOS: &str = concat!(
    "SELECT l.author, l.video, ",
    under_columns!(),
    " FROM (SELECT author, video FROM links WHERE hashtag = ?1 AND video <= ?2 ORDER BY video LIMIT -1) l
      CROSS JOIN videos v ON v.video = l.video"
);

impl CatalogFile {
    pub(crate) fn first_arrival(&self) -> Result<Option<ArrivalColumns>, StoreError> {
        let read = |connection: &Connection| connection.query_row(FIRST, [], row::sqlite).optional();
        self.readers.with(|connection| read(connection).doing("read when data first came in"))
    }

    pub(crate) fn known_rows(&self, as_of: Timestamp) -> Result<KnownRows, StoreError> {
        const SQL: &str =
            "SELECT hashtags, videos FROM arrivals WHERE arrived_at <= ?1 ORDER BY arrived_at DESC LIMIT 1";
        self.readers.with(|connection| {
            let found = connection.query_row(SQL, [as_of.as_ms()], row::sqlite::<(i64, i64)>).optional();
            let found = found.doing("read what had come in")?;
            Ok(found.map_or_else(KnownRows::default, |(hashtags, videos)| KnownRows { hashtags, videos }))
        })
    }

    pub(crate) async fn note_rows_from_before(&self, now: Timestamp) -> Result<(), StoreError> {
        const DOING: &str = "note when data came in";
        const IS_DUE: &str = "SELECT NOT EXISTS (SELECT 1 FROM arrivals) AND EXISTS (SELECT 1 FROM hashtags)";
        let is_due = |connection: &Connection| connection.query_row(IS_DUE, [], row::sqlite::<bool>);
        if !self.readers.with(|connection| is_due(connection).doing(DOING))? {
            return Ok(());
        }
        let note = move |connection: &mut Connection| {
            let transaction = connection.transaction().doing(DOING)?;
            transaction
                .execute(
                    "UPDATE store SET arrived_at = max(arrived_at, ?1) WHERE NOT EXISTS (SELECT 1 FROM arrivals)",
                    [now.as_ms()],
                )
                .and_then(|_| {
                    transaction.execute(
                        "INSERT INTO arrivals (arrived_at, hashtags, videos, from_before)
                         SELECT arrived_at, (SELECT coalesce(max(hashtag), 0) FROM hashtags),
                             max(last_video, coalesce((SELECT max(video) FROM videos), 0)), 1
                         FROM store WHERE NOT EXISTS (SELECT 1 FROM arrivals)",
                        [],
                    )
                })
                .doing(DOING)?;
            transaction.commit().doing(DOING)
        };
        self.writer.run(note).await
    }

    pub(crate) fn videos_as_of(
        &self,
        hashtag: HashtagRow,
        videos: i64,
        as_of: Timestamp,
        mut each: impl FnMut((i64, i64), &UnderColumns<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        const DOING: &str = "read videos as of a moment";
        self.readers.with_snapshot(|connection| {
            let mut superseded = Superseded::new();
            let mut statement = connection.prepare_cached(SUPERSEDED).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, videos, as_of.as_ms())).doing(DOING)?;
            while let Some(row) = rows.next().doing(DOING)? {
                let (video, before): (i64, SupersededVideo) = row::read(row).doing(DOING)?;
                superseded.entry(video).or_insert(before);
            }
            let mut statement = connection.prepare_cached(VIDEOS).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, videos)).doing(DOING)?;
            while let Some(row) = rows.next().doing(DOING)? {
                let (author, video, now): (i64, i64, UnderColumns<'_>) = row::read(row).doing(DOING)?;
                if let Some((link, columns)) = as_it_was(hashtag, (author, video), now, &superseded) {
                    each(link, &columns)?;
                }
            }
            Ok(())
        })
    }
}

/// Notes which rows of hashtags and videos have come in by now.
pub(super) fn note_rows(transaction: &Transaction<'_>, now: i64, known: KnownRows) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO arrivals (arrived_at, hashtags, videos, from_before) VALUES (?1, ?2, ?3, 0)";
    let noted = transaction.execute(SQL, (now, known.hashtags, known.videos));
    noted.map(|_| ()).doing("note what came in")
}
