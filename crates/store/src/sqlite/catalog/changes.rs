//! Writing what a transaction found out about hashtags, and the list of changes that followers read.

use super::CatalogFile;
use super::touched::{Reported, Touched};
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{CHANGES_KEPT, Changes, Gathered, tags_blob};
use crate::merge;
use crate::record::Recorded;
use domain::{HashtagId, Timestamp};
use rusqlite::{Connection, Statement, Transaction, params};

impl CatalogFile {
    pub(crate) fn sequence(&self) -> Result<u64, StoreError> {
        self.readers.with(sequence)
    }

    pub(crate) fn changes_since(&self, after: u64) -> Result<Changes, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT sequence, hashtags FROM changes WHERE sequence > ?1 ORDER BY sequence",
                )
                .doing("read the changes")?;
            let mut rows = statement.query([after.cast_signed()]).doing("read the changes")?;
            let mut gathered = Gathered::after(after);
            while let Some(row) = rows.next().doing("read the changes")? {
                let listed: i64 = row.get(0).doing("read the changes")?;
                let blob = row.get_ref(1).doing("read the changes")?.as_blob();
                let blob = blob.map_err(|_| StoreError::Inconsistent {
                    table: "changes",
                    column: "hashtags",
                    row: listed.to_string(),
                })?;
                if !gathered.push(listed.cast_unsigned(), blob) {
                    return Ok(Changes::Gap);
                }
            }
            Ok(gathered.finish(sequence(connection)?))
        })
    }
}

pub(super) fn sequence(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT sequence FROM store")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
        .map(i64::cast_unsigned)
        .doing("read the change sequence")
}

/// Writes the hashtags of a transaction and lists those that changed.
pub(super) fn write(
    transaction: &Transaction<'_>,
    hashtags: Vec<(u32, Touched)>,
    recorded: &mut Recorded,
) -> Result<(), StoreError> {
    let sequence = sequence(transaction)? + 1;
    let mut changed = Vec::new();
    let mut keys: Vec<(Box<str>, u32)> = Vec::new();
    let mut write = HashtagWrite::new(transaction)?;
    for (row, mut touched) in hashtags {
        if let Some((name, key)) = touched.new.take() {
            write.make(row, &name, touched, sequence)?;
            keys.push((key, row));
            recorded.hashtags_new += 1;
            changed.push(row);
        } else if write.change(row, touched, sequence)? {
            recorded.hashtags_changed += 1;
            changed.push(row);
        }
    }
    keys.sort_unstable();
    let mut make_key = transaction
        .prepare("INSERT INTO hashtag_keys (key, hashtag) VALUES (?1, ?2)")
        .doing("record a hashtag's key")?;
    for (key, row) in keys {
        make_key.execute(params![&*key, row]).doing("record a hashtag's key")?;
    }
    recorded.sequence = sequence - 1;
    if !changed.is_empty() {
        recorded.sequence = sequence;
        list(transaction, sequence, &changed)?;
    }
    Ok(())
}

fn list(transaction: &Transaction<'_>, sequence: u64, changed: &[u32]) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO changes (sequence, hashtags) VALUES (?1, ?2)",
            (sequence.cast_signed(), tags_blob(changed)),
        )
        .doing("list the changes")?;
    transaction
        .execute(
            "DELETE FROM changes WHERE sequence <= ?1",
            [sequence.saturating_sub(CHANGES_KEPT).cast_signed()],
        )
        .doing("prune the list of changes")?;
    transaction
        .execute("UPDATE store SET sequence = ?1", [sequence.cast_signed()])
        .map(|_| ())
        .doing("move the change sequence on")
}

struct HashtagWrite<'c> {
    make: Statement<'c>,
    sums: Statement<'c>,
    reported: Statement<'c>,
    make_id: Statement<'c>,
    set_id: Statement<'c>,
}

impl<'c> HashtagWrite<'c> {
    fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to write hashtags");
        Ok(Self {
            make: prepare(
                "INSERT INTO hashtags (hashtag, name, id, changed, held_videos, held_views, held_creators)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            sums: prepare(
                "UPDATE hashtags SET held_videos = held_videos + ?2, held_views = held_views + ?3,
                    held_creators = held_creators + ?4, changed = ?5 WHERE hashtag = ?1",
            )?,
            reported: prepare(
                "UPDATE hashtags SET views = ?2, creators = ?3, videos = ?4, views_at = ?5, creators_at = ?6,
                    videos_at = ?7, rounded = ?8, description = ?9, is_pgcshow = ?10, is_commerce = ?11,
                    is_challenge = ?12, is_strong_music = ?13, kind = ?14, cover = ?15, details_at = ?16
                 WHERE hashtag = ?1",
            )?,
            make_id: prepare("INSERT OR IGNORE INTO hashtag_ids (id, hashtag) VALUES (?1, ?2)")?,
            set_id: prepare("UPDATE hashtags SET id = ?2 WHERE hashtag = ?1 AND id IS NULL")?,
        })
    }

    /// Writes a hashtag that was not there.
    fn make(&mut self, row: u32, name: &str, touched: Touched, sequence: u64) -> Result<(), StoreError> {
        let mut own = None;
        for id in &touched.ids {
            if self.claim(*id, row)? {
                own = own.or(Some(id.to_i64()));
            }
        }
        self.make
            .execute((
                row,
                name,
                own,
                sequence.cast_signed(),
                touched.videos,
                touched.views,
                touched.creators,
            ))
            .doing("make a hashtag")?;
        match touched.reported.filter(|reported| reported.is_dirty) {
            Some(reported) => self.report(row, &reported),
            None => Ok(()),
        }
    }

    /// Notes that an id leads to a hashtag. One that leads to another already stays so: that one's key was renamed.
    fn claim(&mut self, id: HashtagId, row: u32) -> Result<bool, StoreError> {
        self.make_id.execute((id.to_i64(), row)).map(|made| made == 1).doing("record a hashtag's id")
    }

    /// Writes what changed of a hashtag; says whether anything did.
    fn change(&mut self, row: u32, touched: Touched, sequence: u64) -> Result<bool, StoreError> {
        let mut is_changed =
            touched.is_stirred || touched.videos != 0 || touched.views != 0 || touched.creators != 0;
        for id in &touched.ids {
            if self.claim(*id, row)? {
                self.set_id.execute((row, id.to_i64())).doing("record a hashtag's id")?;
                is_changed = true;
            }
        }
        if let Some(reported) = touched.reported.filter(|r| r.is_dirty) {
            self.report(row, &reported)?;
            is_changed = true;
        }
        if is_changed {
            self.sums
                .execute((row, touched.videos, touched.views, touched.creators, sequence.cast_signed()))
                .doing("move a hashtag's sums")?;
        }
        Ok(is_changed)
    }

    fn report(&mut self, row: u32, reported: &Reported) -> Result<(), StoreError> {
        let [views, creators, videos] = reported.counts.map(merge::value);
        let [views_at, creators_at, videos_at] =
            reported.counts.map(|told| told.and_then(|t| t.at).map(Timestamp::as_ms));
        let d = &reported.details;
        self.reported
            .execute(params![
                row,
                views,
                creators,
                videos,
                views_at,
                creators_at,
                videos_at,
                merge::rounded_bits(reported.counts.map(|told| told.map(|t| t.count))),
                d.description,
                d.is_pgcshow,
                d.is_commerce,
                d.is_challenge,
                d.is_strong_music,
                d.kind,
                d.cover,
                reported.details_at.map(Timestamp::as_ms),
            ])
            .map(|_| ())
            .doing("write a hashtag's totals")
    }
}
