//! Hashtags and their snapshots: the rows that taking observations in reads and writes.

use super::record::SqliteRows;
use super::record_runs::RunStatements;
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

/// Readings that wait to be written: some 8 MB. Those of one hashtag and month are written together.
const READINGS_MAX: usize = 1 << 16;

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
    first_nonzero: Vec<Statement<'c>>,
    pub(super) runs: RunStatements<'c>,
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
        Ok(Self {
            find: prepare("SELECT hashtag FROM hashtag_keys WHERE key = ?1")?,
            id_of: prepare("SELECT coalesce(id, 0) FROM hashtags WHERE hashtag = ?1")?,
            load: prepare(concat!("SELECT ", reported_columns!(), " FROM hashtags WHERE hashtag = ?1"))?,
            first_nonzero: HASHTAG_COLUMNS
                .iter()
                .map(|c| {
                    prepare(&format!(
                        "SELECT observed_at FROM hashtag_snapshots WHERE hashtag = ?1 AND {c} > 0
                         ORDER BY observed_at LIMIT 1"
                    ))
                })
                .collect::<Result<_, _>>()?,
            runs: RunStatements::new(transaction)?,
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
        self.readings.add(hashtag, point);
        if self.readings.readings() < READINGS_MAX {
            return Ok(());
        }
        self.write_readings()
    }

    fn first_nonzero_hashtag(&mut self, hashtag: u32, n: usize) -> Result<Option<i64>, StoreError> {
        self.hashtags.first_nonzero[n]
            .query_row([hashtag], row::sqlite)
            .optional()
            .doing("look at earlier readings")
    }

    fn clear_zeros_hashtag(&mut self, hashtag: u32, n: usize, times: Times) -> Result<(), StoreError> {
        self.readings.clear_zeros(hashtag, n, times);
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
