//! Hashtags and their snapshots: the rows that taking observations in reads and writes.

use super::record::{SqliteRows, fill_sql, rows};
use super::rows_at_once::RowsAtOnce;
use crate::StoreError;
use crate::error::Doing;
use crate::merge::{self, rounded_bits};
use crate::recording::{
    HASHTAG_COLUMNS, HashtagRows, NewHashtag, Point, Reported, ReportedColumns, Times, Touched,
    reported_columns, sums,
};
use crate::row;
use domain::{HashtagId, TagKey, Timestamp};
use rusqlite::{OptionalExtension, Statement, Transaction, params};

/// Columns that every new hashtag has.
const MADE: [&str; 12] = [
    "hashtag",
    "name",
    "id",
    "changed",
    "held_videos",
    "held_views",
    "held_creators",
    "held_sources",
    "held_caveats",
    "assigned_id",
    "held_by_handle",
    "held_at",
];
/// Columns of a hashtag's reported totals and description.
const REPORTED: [&str; 15] = [
    "views",
    "creators",
    "videos",
    "views_at",
    "creators_at",
    "videos_at",
    "rounded",
    "description",
    "is_pgcshow",
    "is_commerce",
    "is_challenge",
    "is_strong_music",
    "kind",
    "cover",
    "details_at",
];

/// Returns the beginning of the statement that makes hashtags with these columns.
fn make_sql(columns: &[&str]) -> String {
    format!("INSERT INTO hashtags ({})", columns.join(", "))
}

/// Returns the statement that sets these columns, parameters 2 and on, of the hashtag that is parameter 1.
fn update_sql(columns: &[&str]) -> String {
    let set: Vec<String> =
        columns.iter().enumerate().map(|(n, column)| format!("{column} = ?{}", n + 2)).collect();
    format!("UPDATE hashtags SET {} WHERE hashtag = ?1", set.join(", "))
}

/// The statements that hashtags need, prepared once a transaction.
pub(super) struct HashtagStatements<'c> {
    find: Statement<'c>,
    id_of: Statement<'c>,
    load: Statement<'c>,
    snapshot: Statement<'c>,
    next_snapshots: Statement<'c>,
    fill: Statement<'c>,
    known: Statement<'c>,
    first_nonzero: Vec<Statement<'c>>,
    clear_zeros: Vec<Statement<'c>>,
    remove_empty: Statement<'c>,
    make: RowsAtOnce<'c, { MADE.len() }>,
    make_reported: RowsAtOnce<'c, { MADE.len() + REPORTED.len() }>,
    keys: RowsAtOnce<'c, 2>,
    ids: RowsAtOnce<'c, 2>,
    set_id: Statement<'c>,
    sums: Statement<'c>,
    reported: Statement<'c>,
}

impl<'c> HashtagStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to record hashtags");
        let each = |sql: fn(&str) -> String| -> Result<Vec<Statement<'c>>, StoreError> {
            HASHTAG_COLUMNS.iter().map(|column| prepare(&sql(column))).collect()
        };
        Ok(Self {
            find: prepare("SELECT hashtag FROM hashtag_keys WHERE key = ?1")?,
            id_of: prepare("SELECT coalesce(id, 0) FROM hashtags WHERE hashtag = ?1")?,
            load: prepare(concat!("SELECT ", reported_columns!(), " FROM hashtags WHERE hashtag = ?1"))?,
            snapshot: prepare(
                "INSERT OR IGNORE INTO hashtag_snapshots
                    (hashtag, observed_at, source, rounded, views, creators, videos)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            next_snapshots: prepare(
                "SELECT observed_at, source,
                        (views IS NOT NULL) + 2 * (creators IS NOT NULL) + 4 * (videos IS NOT NULL),
                        (coalesce(views, 0) > 0) + 2 * (coalesce(creators, 0) > 0) + 4 * (coalesce(videos, 0) > 0)
                 FROM hashtag_snapshots WHERE hashtag = ?1 AND (observed_at, source) >= (?2, ?3)
                 ORDER BY observed_at, source LIMIT ?4",
            )?,
            fill: prepare(&fill_sql("hashtag", HASHTAG_COLUMNS))?,
            known: prepare(
                "SELECT (views IS NOT NULL) + 2 * (creators IS NOT NULL) + 4 * (videos IS NOT NULL)
                 FROM hashtag_snapshots WHERE hashtag = ?1 AND observed_at = ?2 AND source = ?3",
            )?,
            first_nonzero: each(|c| {
                format!("SELECT observed_at FROM hashtag_snapshots WHERE hashtag = ?1 AND {c} > 0 ORDER BY observed_at LIMIT 1")
            })?,
            clear_zeros: each(|c| {
                format!(
                    "UPDATE hashtag_snapshots SET {c} = NULL
                     WHERE hashtag = ?1 AND observed_at > ?2 AND observed_at <= ?3 AND {c} = 0
                     RETURNING observed_at, source"
                )
            })?,
            remove_empty: prepare(&format!(
                "DELETE FROM hashtag_snapshots
                 WHERE hashtag = ?1 AND observed_at > ?2 AND observed_at <= ?3 AND coalesce({}) IS NULL",
                HASHTAG_COLUMNS.join(", ")
            ))?,
            make: RowsAtOnce::new(transaction, &make_sql(&MADE))?,
            make_reported: RowsAtOnce::new(transaction, &make_sql(&[&MADE[..], &REPORTED].concat()))?,
            keys: RowsAtOnce::new(transaction, "INSERT INTO hashtag_keys (key, hashtag)")?,
            ids: RowsAtOnce::new(transaction, "INSERT OR FAIL INTO hashtag_ids (id, hashtag)")?,
            set_id: prepare("UPDATE hashtags SET id = ?2 WHERE hashtag = ?1 AND id IS NULL")?,
            sums: prepare(&format!(
                "UPDATE hashtags SET held_videos = held_videos + ?2, held_views = {},
                    held_creators = held_creators + ?4, changed = ?5, held_sources = held_sources | ?6,
                    held_caveats = held_caveats | ?7, held_by_handle = held_by_handle + ?8,
                    held_at = max(coalesce(held_at, ?9), coalesce(?9, held_at)) WHERE hashtag = ?1",
                sums::moved("held_views", "?3")
            ))?,
            reported: prepare(&update_sql(&REPORTED))?,
        })
    }

    /// The counts that a stored reading knows, as bits; 0 where there is no reading.
    pub(super) fn known(&mut self, reading: (u32, i64, u8)) -> Result<u8, StoreError> {
        let known = self.known.query_row(reading, row::sqlite).optional();
        Ok(known.doing("look at a stored reading")?.unwrap_or(0))
    }

    fn report(&mut self, row: u32, reported: &Reported) -> Result<(), StoreError> {
        const DOING: &str = "write a hashtag's totals";
        self.reported.raw_bind_parameter(1, row).doing(DOING)?;
        bind_reported(&mut self.reported, 2, reported).doing(DOING)?;
        self.reported.raw_execute().map(|_| ()).doing(DOING)
    }
}

/// Binds the values of [`REPORTED`], from the parameter `first`.
fn bind_reported(statement: &mut Statement<'_>, first: usize, reported: &Reported) -> rusqlite::Result<()> {
    let ats = reported.counts.map(|known| known.and_then(|known| known.at).map(Timestamp::as_ms));
    for (n, count) in reported.counts.map(merge::value).into_iter().chain(ats).enumerate() {
        statement.raw_bind_parameter(first + n, count)?;
    }
    let first = first + 2 * HASHTAG_COLUMNS.len();
    let d = &reported.details;
    let rounded = rounded_bits(reported.counts.map(|known| known.map(|known| known.count)));
    statement.raw_bind_parameter(first, rounded)?;
    statement.raw_bind_parameter(first + 1, &d.description)?;
    statement.raw_bind_parameter(first + 2, d.is_pgcshow)?;
    statement.raw_bind_parameter(first + 3, d.is_commerce)?;
    statement.raw_bind_parameter(first + 4, d.is_challenge)?;
    statement.raw_bind_parameter(first + 5, d.is_strong_music)?;
    statement.raw_bind_parameter(first + 6, d.kind)?;
    statement.raw_bind_parameter(first + 7, &d.cover)?;
    statement.raw_bind_parameter(first + 8, reported.details_at.map(Timestamp::as_ms))
}

impl SqliteRows<'_> {
    /// Notes that a reading was stored, where it knew these counts before. Later readings of the transaction may clear zeros
    /// again: whether a reading of zeros alone is a change is seen at the end.
    fn note_read(&mut self, point: &Point<3>, hashtag: u32, known_before: u8) {
        if point.positive() > 0 {
            self.hashtags_read.insert(hashtag);
        } else if !self.hashtags_read.contains(&hashtag) {
            self.zeros_stored.entry((hashtag, point.at, point.source)).or_insert(known_before);
        }
    }
}

impl HashtagRows for SqliteRows<'_> {
    fn find_tag(&mut self, key: &str) -> Result<Option<(u32, u64)>, StoreError> {
        let find = &mut self.hashtags.find;
        let found: Option<u32> = find.query_row([key], row::sqlite).optional().doing("look a tag up")?;
        let Some(row) = found else { return Ok(None) };
        let id_of = &mut self.hashtags.id_of;
        let id: Option<i64> = id_of.query_row([row], row::sqlite).optional().doing("look a tag's id up")?;
        Ok(Some((row, id.unwrap_or(0).unsigned_abs())))
    }

    fn reported(&mut self, hashtag: u32) -> Result<Reported, StoreError> {
        let stored = self.hashtags.load.query_row([hashtag], row::sqlite::<ReportedColumns>).optional();
        Ok(stored.doing("read a hashtag")?.map(ReportedColumns::reported).unwrap_or_default())
    }

    fn write_hashtag_point(&mut self, hashtag: u32, point: Point<3>) -> Result<(), StoreError> {
        let ahead = self.snapshots_ahead.find(hashtag, |row| (row.0, row.1).cmp(&(point.at, point.source)));
        let is_ahead = ahead.is_some();
        let adds = |known: u8, positive: u8| {
            point.positive() & !positive | if positive == 0 { point.known() & !known } else { 0 }
        };
        if ahead.is_some_and(|row| adds(row.2, row.3) == 0) {
            return Ok(());
        }
        let [views, creators, videos] = point.counts;
        let made = self
            .hashtags
            .snapshot
            .execute((hashtag, point.at, point.source, point.rounded, views, creators, videos))
            .doing("write a snapshot")?;
        if made > 0 {
            self.snapshots_new += rows(made);
            self.note_read(&point, hashtag, 0);
            self.snapshots_ahead.is_new(hashtag);
            return Ok(());
        }
        let Point { at, source, rounded, .. } = point;
        let known = if point.positive() == 0 { self.hashtags.known((hashtag, at, source))? } else { u8::MAX };
        let filled = self
            .hashtags
            .fill
            .execute((hashtag, at, source, rounded, views, creators, videos))
            .doing("fill a snapshot")?;
        if filled > 0 {
            self.note_read(&point, hashtag, known);
            self.snapshots_ahead.forget(hashtag);
            return Ok(());
        }
        if is_ahead {
            return Ok(());
        }
        let next = &mut self.hashtags.next_snapshots;
        self.snapshots_ahead.repeated(hashtag, |size| {
            next.query_map((hashtag, point.at, point.source, size), |row| row.try_into())
                .and_then(Iterator::collect)
                .doing("read snapshots ahead")
        })
    }

    fn first_nonzero_hashtag(&mut self, hashtag: u32, n: usize) -> Result<Option<i64>, StoreError> {
        self.hashtags.first_nonzero[n]
            .query_row([hashtag], row::sqlite)
            .optional()
            .doing("look at earlier readings")
    }

    fn clear_zeros_hashtag(&mut self, hashtag: u32, n: usize, times: Times) -> Result<(), StoreError> {
        let within = (hashtag, times.after, times.until);
        let cleared: Vec<(i64, u8)> = self.hashtags.clear_zeros[n]
            .query_map(within, |row| row.try_into())
            .and_then(Iterator::collect)
            .doing("clear zeros")?;
        if !cleared.is_empty() {
            if cleared.iter().any(|(at, source)| !self.zeros_stored.contains_key(&(hashtag, *at, *source))) {
                self.hashtags_read.insert(hashtag);
            }
            let removed = self.hashtags.remove_empty.execute(within).doing("remove empty readings")?;
            self.snapshots_new -= rows(removed);
            self.snapshots_ahead.forget(hashtag);
        }
        Ok(())
    }

    fn claim_id(&mut self, id: HashtagId, hashtag: u32) -> Result<bool, StoreError> {
        Ok(self.claim_ids(&[(id, hashtag)])? == [true])
    }

    fn claim_ids(&mut self, ids: &[(HashtagId, u32)]) -> Result<Vec<bool>, StoreError> {
        let bind = |statement: &mut Statement<'_>, first, (id, hashtag): &(HashtagId, u32)| {
            statement.raw_bind_parameter(first, id.to_i64())?;
            statement.raw_bind_parameter(first + 1, hashtag)
        };
        self.hashtags.ids.insert_new(ids, bind).doing("record hashtags' ids")
    }

    fn make_hashtags(&mut self, made: &[NewHashtag], sequence: u64) -> Result<(), StoreError> {
        const DOING: &str = "make hashtags";
        let bind = |make: &mut Statement<'_>, first: usize, new: &&NewHashtag| {
            let NewHashtag { row, name, id, touched } = *new;
            make.raw_bind_parameter(first, row)?;
            make.raw_bind_parameter(first + 1, name)?;
            make.raw_bind_parameter(first + 2, id.map(|id| id.to_i64()))?;
            make.raw_bind_parameter(first + 3, sequence.cast_signed())?;
            make.raw_bind_parameter(first + 4, touched.videos)?;
            make.raw_bind_parameter(first + 5, touched.views_made())?;
            make.raw_bind_parameter(first + 6, touched.creators)?;
            make.raw_bind_parameter(first + 7, touched.sources.to_bits())?;
            make.raw_bind_parameter(first + 8, touched.caveats.to_bits())?;
            make.raw_bind_parameter(first + 9, touched.assigned_id.map(|id| id.to_i64()))?;
            make.raw_bind_parameter(first + 10, touched.by_handle)?;
            make.raw_bind_parameter(first + 11, touched.held_at)?;
            match touched.news() {
                Some(reported) => bind_reported(make, first + MADE.len(), reported),
                None => Ok(()),
            }
        };
        let (reported, plain): (Vec<&NewHashtag>, Vec<&NewHashtag>) =
            made.iter().partition(|new| new.touched.news().is_some());
        self.hashtags.make.insert(&plain, bind).doing(DOING)?;
        self.hashtags.make_reported.insert(&reported, bind).doing(DOING)
    }

    fn change_hashtag(
        &mut self,
        hashtag: u32,
        id: Option<HashtagId>,
        touched: &Touched,
        sequence: u64,
    ) -> Result<(), StoreError> {
        if let Some(id) = id {
            self.hashtags.set_id.execute((hashtag, id.to_i64())).doing("record a hashtag's id")?;
        }
        if let Some(reported) = touched.news() {
            self.hashtags.report(hashtag, reported)?;
        }
        let Touched { videos, creators, by_handle, held_at, sources, caveats, .. } = touched;
        let (views, sources, caveats) = (touched.views_moved(), sources.to_bits(), caveats.to_bits());
        self.hashtags
            .sums
            .execute(params![
                hashtag,
                videos,
                views,
                creators,
                sequence.cast_signed(),
                sources,
                caveats,
                by_handle,
                held_at
            ])
            .map(|_| ())
            .doing("move a hashtag's sums")
    }

    fn make_keys(&mut self, keys: &[(TagKey, u32)]) -> Result<(), StoreError> {
        let bind = |statement: &mut Statement<'_>, first, (key, hashtag): &(TagKey, u32)| {
            statement.raw_bind_parameter(first, key.as_str())?;
            statement.raw_bind_parameter(first + 1, hashtag)
        };
        self.hashtags.keys.insert(keys, bind).doing("record hashtags' keys")
    }
}
