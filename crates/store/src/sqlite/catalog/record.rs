//! One transaction of an import, on SQLite: rows are written by statements prepared once a transaction.

use super::CatalogFile;
use super::known::note_rows;
use super::links::LinkStatements;
use super::read_ahead::ReadAhead;
use super::record_hashtag::HashtagStatements;
use super::record_video::{VideoStatements, video_id};
use super::source_readings::note_sources;
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CHANGES_RETAINED, tags_blob};
use crate::known::KnownRows;
use crate::record::Recorded;
use crate::recording::{
    self, Backfill, BackfillRows, Chunks, Ended, KnownTags, Numbers, Rewritten, Rows, Waiting, WindowRow,
};
use crate::row;
use crate::runs::{Run, UNKNOWN};
use domain::{HashtagId, Timestamp, VideoId};
use rusqlite::{Connection, Statement, Transaction, TransactionBehavior};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

const WRITE_WINDOW: &str = "INSERT OR IGNORE INTO hashtag_windows
    (hashtag, observed_at, source, country, window_days, views, posts, rank, industry)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const NEXT_WINDOWS: &str = "SELECT observed_at, source, country, window_days FROM hashtag_windows
    WHERE hashtag = ?1 AND (observed_at, source, country, window_days) >= (?2, ?3, ?4, ?5)
    ORDER BY observed_at, source, country, window_days LIMIT ?6";

/// Time, source, country and days of a window.
type WindowKey = (i64, i64, Box<str>, i64);

impl CatalogFile {
    /// See `Store::record`.
    pub(crate) async fn record(
        &self,
        chunks: Chunks,
        records_max: u64,
        at: Option<Timestamp>,
    ) -> Result<(Recorded, Chunks), StoreError> {
        let known: Arc<Mutex<KnownTags>> = Arc::clone(&self.known);
        self.writer
            .run(move |connection| {
                let is_left_by_a_panic = known.is_poisoned();
                let mut known_tags = known.lock().unwrap_or_else(PoisonError::into_inner);
                if is_left_by_a_panic {
                    // It holds rows of a transaction that was rolled back.
                    known_tags.clear();
                    known.clear_poison();
                }
                let known = &mut *known_tags;
                let recorded = record(connection, known, &chunks, records_max, at);
                if recorded.is_err() {
                    known.clear();
                }
                Ok((recorded?, chunks))
            })
            .await
    }

    /// Completes rows from before the last steps of the schema, part by part.
    pub(crate) async fn backfill(&self) -> Result<(), StoreError> {
        while self.readers.with(backfill_left)?.is_left() {
            self.writer.run(backfill).await?;
        }
        Ok(())
    }
}

fn backfill_left(connection: &Connection) -> Result<Backfill, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        let (hashtag, video, runs) = row::read(row)?;
        Ok(Backfill { hashtag, video, runs })
    };
    connection
        .query_row("SELECT backfill_hashtag, backfill_video, backfill_runs FROM store", [], read)
        .doing("read how far a migration is")
}

fn record(
    connection: &mut Connection,
    known: &mut KnownTags,
    chunks: &Chunks,
    records_max: u64,
    at: Option<Timestamp>,
) -> Result<Recorded, StoreError> {
    // Wait for the first records outside the transaction: a slow source must not hold the write lock.
    let Ok(first) = chunks.recv() else {
        // The import is over: what it was quick by is given back.
        *known = KnownTags::default();
        connection.execute_batch("PRAGMA shrink_memory").doing("give memory back")?;
        let sequence = super::changes::sequence(connection)?;
        return Ok(Recorded { sequence, ..Recorded::default() });
    };
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a transaction")?;
    let mut rows = SqliteRows::new(&transaction, at)?;
    let recorded = recording::fill(&mut rows, known, first, chunks, records_max)?;
    drop(rows);
    transaction.commit().doing("commit an import")?;
    Ok(recorded)
}

fn backfill(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a transaction")?;
    recording::backfill(&mut SqliteRows::new(&transaction, None)?)?;
    transaction.commit().doing("commit a part of a migration")
}

/// The statements of a transaction.
pub(super) struct SqliteRows<'c> {
    pub(super) transaction: &'c Transaction<'c>,
    pub(super) videos: VideoStatements<'c>,
    pub(super) hashtags: HashtagStatements<'c>,
    pub(super) links: LinkStatements<'c>,
    windows: Statement<'c>,
    next_windows: Statement<'c>,
    /// Readings of hashtags that wait to be written.
    pub(super) readings: Waiting<3>,
    /// When they have come in, in milliseconds since 1970; unknown of what is not recorded but moved about.
    pub(super) now: i64,
    /// Numbers at the beginning of the transaction.
    pub(super) first: Option<Numbers>,
    /// True if a video was kept as it was.
    pub(super) has_superseded: bool,
    windows_ahead: ReadAhead<WindowKey>,
    /// Less those that were removed.
    pub(super) snapshots_new: i64,
    /// Hashtags whose readings are others now.
    pub(super) hashtags_read: BTreeSet<u32>,
}

impl<'c> SqliteRows<'c> {
    pub(super) fn new(transaction: &'c Transaction<'c>, at: Option<Timestamp>) -> Result<Self, StoreError> {
        const ARRIVED: &str = "SELECT arrived_at FROM store";
        let last = || transaction.query_row(ARRIVED, [], row::sqlite).doing("read when data last came in");
        Ok(Self {
            transaction,
            now: at.map_or(Ok(UNKNOWN), |at| Ok(recording::arrival(at, last()?)))?,
            videos: VideoStatements::new(transaction)?,
            hashtags: HashtagStatements::new(transaction)?,
            links: LinkStatements::new(transaction)?,
            windows: transaction.prepare(WRITE_WINDOW).doing("prepare to write windows")?,
            next_windows: transaction.prepare(NEXT_WINDOWS).doing("prepare to read windows")?,
            readings: Waiting::default(),
            first: None,
            has_superseded: false,
            windows_ahead: ReadAhead::default(),
            snapshots_new: 0,
            hashtags_read: BTreeSet::new(),
        })
    }
}

impl Rows for SqliteRows<'_> {
    /// A statement costs little here: each chunk is taken in as it comes.
    const GROUP_RECORDS_MAX: usize = 1;

    fn numbers(&mut self) -> Result<Numbers, StoreError> {
        let next =
            |sql: &str| self.transaction.query_row(sql, [], row::sqlite).doing("find the next row number");
        let numbers = Numbers {
            hashtag: next("SELECT coalesce(max(hashtag), 0) + 1 FROM hashtags")?,
            video: next(
                "SELECT max(coalesce((SELECT max(video) FROM videos), 0), last_video) + 1 FROM store",
            )?,
            sequence: super::changes::sequence(self.transaction)?,
            forget_key: super::forget::key_in_use(self.transaction)?,
        };
        self.first = Some(numbers);
        Ok(numbers)
    }

    fn write_window(&mut self, hashtag: u32, window: &WindowRow) -> Result<(), StoreError> {
        let WindowRow { at, source, country, window_days, counts: [views, posts, rank], industry } = window;
        let key = (*at, *source, country.as_str(), *window_days);
        if self.windows_ahead.find(hashtag, |row| (row.0, row.1, &*row.2, row.3).cmp(&key)).is_some() {
            return Ok(());
        }
        let inserted = self
            .windows
            .execute((hashtag, at, source, country, window_days, views, posts, rank, industry))
            .doing("write a window")?;
        if inserted > 0 {
            self.snapshots_new += rows(inserted);
            self.windows_ahead.is_new(hashtag);
            return Ok(());
        }
        let next = &mut self.next_windows;
        self.windows_ahead.repeated(hashtag, |size| {
            next.query_map((hashtag, at, source, country, window_days, size), |row| row.try_into())
                .and_then(Iterator::collect)
                .doing("read windows ahead")
        })
    }

    fn hashtags_read(&mut self) -> Result<BTreeSet<u32>, StoreError> {
        self.write_readings()?;
        Ok(std::mem::take(&mut self.hashtags_read))
    }

    fn finish(&mut self, ended: &Ended) -> Result<u64, StoreError> {
        self.videos.flush()?;
        self.links.flush()?;
        // The next row numbers are those after the largest: only the sequence is kept.
        if !ended.changed.is_empty() {
            list(self.transaction, ended.next.sequence, &ended.changed)?;
        }
        let known = KnownRows::new(self.first, &ended.next).filter(|_| self.now != UNKNOWN);
        if !ended.changed.is_empty() || known.is_some() || self.has_superseded {
            note_arrival(self.transaction, self.now)?;
        }
        if let Some(known) = known {
            note_rows(self.transaction, self.now, known)?;
        }
        if self.now != UNKNOWN {
            note_sources(self.transaction, self.now, &ended.newest)?;
        }
        Ok(self.snapshots_new.max(0).cast_unsigned())
    }
}

/// The statement that fills the stored reading of a moment and source from a later one ([`Point::fill`](recording::Point)): the
/// row, time, source, rounded counts and the counts are its parameters.
pub(super) fn fill_sql<const N: usize>(whose: &str, counts: [&str; N]) -> String {
    let each = |of: &dyn Fn(&str, usize) -> String, between: &str| {
        let counts: Vec<String> = counts.iter().enumerate().map(|(n, count)| of(count, n)).collect();
        counts.join(between)
    };
    let is_zero = format!("max({}) = 0", each(&|count, _| format!("coalesce({count}, 0)"), ", "));
    let is_open = |count: &str, n: usize| {
        format!("coalesce({count}, 0) = 0 AND ?{n} IS NOT NULL AND (?{n} > 0 OR {is_zero})", n = n + 5)
    };
    let bits = each(&|count, n| format!("{} * ({})", 1 << n, is_open(count, n)), " + ");
    format!(
        "UPDATE {whose}_snapshots SET rounded = (rounded & ~({bits})) | (?4 & ({bits})), {}
         WHERE {whose} = ?1 AND observed_at = ?2 AND source = ?3 AND ({})",
        each(
            &|count, n| format!("{count} = CASE WHEN {} THEN ?{} ELSE {count} END", is_open(count, n), n + 5),
            ", "
        ),
        each(&|count, n| format!("{} AND {count} IS NOT ?{}", is_open(count, n), n + 5), " OR "),
    )
}

/// Converts the number of rows that a statement wrote.
pub(super) fn rows(written: usize) -> i64 {
    i64::try_from(written).unwrap_or(i64::MAX)
}

impl BackfillRows for SqliteRows<'_> {
    fn backfill(&mut self) -> Result<Backfill, StoreError> {
        backfill_left(self.transaction)
    }

    fn set_backfill(&mut self, left: Backfill) -> Result<(), StoreError> {
        self.transaction
            .execute(
                "UPDATE store SET backfill_hashtag = ?1, backfill_video = ?2, backfill_runs = ?3",
                (left.hashtag, left.video, left.runs),
            )
            .map(|_| ())
            .doing("note how far a migration is")
    }

    fn stored_names(&mut self, first: u32, last: u32) -> Result<Vec<(u32, String)>, StoreError> {
        self.transaction
            .prepare("SELECT hashtag, name FROM hashtags WHERE hashtag BETWEEN ?1 AND ?2 ORDER BY hashtag")
            .and_then(|mut s| s.query_map((first, last), row::sqlite)?.collect())
            .doing("read hashtags")
    }

    fn stored_videos(&mut self, first: u32, last: u32) -> Result<Vec<(u32, VideoId)>, StoreError> {
        const DOING: &str = "read videos";
        const SQL: &str = "SELECT video, id FROM videos WHERE video BETWEEN ?1 AND ?2 ORDER BY video";
        let mut statement = self.transaction.prepare(SQL).doing(DOING)?;
        let mut rows = statement.query((first, last)).doing(DOING)?;
        let mut videos = Vec::new();
        while let Some(row) = rows.next().doing(DOING)? {
            videos.push(video_id(row)?);
        }
        Ok(videos)
    }

    fn set_assigned_id(&mut self, hashtag: u32, id: HashtagId) -> Result<(), StoreError> {
        self.transaction
            .execute("UPDATE hashtags SET assigned_id = ?2 WHERE hashtag = ?1", (hashtag, id.to_i64()))
            .map(|_| ())
            .doing("record a hashtag's id")
    }

    fn hashtag_below(&mut self, last: u32, runs_max: u32) -> Result<Option<u32>, StoreError> {
        self.hashtag_of_run(last, runs_max)
    }

    fn stored_runs(&mut self, first: u32, last: u32) -> Result<Vec<(u32, Run)>, StoreError> {
        self.runs_of_hashtags(first, last)
    }

    fn write_runs(&mut self, rewritten: Vec<(u32, Rewritten)>) -> Result<(), StoreError> {
        self.change_runs(&rewritten)
    }
}

/// Notes when data last came in.
fn note_arrival(transaction: &Transaction<'_>, now: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE store SET arrived_at = max(arrived_at, ?1)";
    transaction.execute(SQL, [now]).map(|_| ()).doing("note when data came in")
}

/// Lists what changed and moves the sequence on.
pub(super) fn list(transaction: &Transaction<'_>, sequence: u64, changed: &[u32]) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO changes (sequence, hashtags) VALUES (?1, ?2)",
            (sequence.cast_signed(), tags_blob(changed)),
        )
        .doing("list the changes")?;
    transaction
        .execute(
            "DELETE FROM changes WHERE sequence <= ?1",
            [sequence.saturating_sub(CHANGES_RETAINED).cast_signed()],
        )
        .doing("prune the list of changes")?;
    transaction
        .execute("UPDATE store SET sequence = ?1", [sequence.cast_signed()])
        .map(|_| ())
        .doing("move the change sequence on")
}
