//! Forgetting videos and creators, on SQLite.

use super::CatalogFile;
use super::record::{SqliteRows, rows};
use crate::StoreError;
use crate::error::Doing;
use crate::forget::{ForgetKey, Forgettable, ForgottenVideos};
use crate::recording::{self, ForgetRows, VideoRows};
use crate::row;
use domain::{Creator, VideoId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use std::collections::{BTreeMap, HashSet};

/// Overwrites freed pages, too.
const OVERWRITE: &str = "PRAGMA secure_delete = ON";
/// Overwrites only pages that are written anyway: an import that replaces rows would write more of them.
const OVERWRITE_WRITTEN: &str = "PRAGMA secure_delete = FAST";

impl CatalogFile {
    pub(crate) async fn forget_videos(&self, ids: Vec<VideoId>) -> Result<ForgottenVideos, StoreError> {
        self.overwriting("forget videos", move |transaction| {
            let (_, forgotten) = recording::forget(&mut SqliteRows::new(transaction, None)?, &ids)?;
            Ok(forgotten)
        })
        .await
    }

    /// Runs work in a transaction that overwrites what it deletes.
    async fn overwriting<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer
            .run(move |connection| {
                overwriting(connection, |connection| {
                    let transaction =
                        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
                    let done = work(&transaction)?;
                    transaction.commit().doing(doing)?;
                    Ok(done)
                })
            })
            .await
    }

    pub(crate) fn forgotten_count(&self) -> Result<u64, StoreError> {
        let number: i64 = self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM forgotten")
                .and_then(|mut s| s.query_row([], row::sqlite))
                .doing("count what was forgotten")
        })?;
        Ok(number.unsigned_abs())
    }

    pub(crate) fn forgettable(&self, ids: &[VideoId]) -> Result<Forgettable, StoreError> {
        const DOING: &str = "look videos up";
        self.readers.with_snapshot(|connection| {
            let mut find =
                connection.prepare_cached("SELECT video FROM video_ids WHERE id = ?1").doing(DOING)?;
            let mut count = connection
                .prepare_cached("SELECT count(*) FROM video_snapshots WHERE video = ?1")
                .doing(DOING)?;
            let mut found = Forgettable::default();
            for id in ids {
                let video: Option<i64> =
                    find.query_row([id.to_i64()], row::sqlite).optional().doing(DOING)?;
                let Some(video) = video else { continue };
                let snapshots: i64 = count.query_row([video], row::sqlite).doing(DOING)?;
                found.videos += 1;
                found.snapshots += snapshots.unsigned_abs();
            }
            Ok(found)
        })
    }

    pub(crate) fn owners_of(&self, handles: &[i64]) -> Result<BTreeMap<i64, i64>, StoreError> {
        const DOING: &str = "look handles up";
        self.readers.with_snapshot(|connection| {
            let mut find =
                connection.prepare_cached("SELECT author FROM handles WHERE handle = ?1").doing(DOING)?;
            let mut found = BTreeMap::new();
            for handle in handles {
                let author = find.query_row([handle], row::sqlite).optional().doing(DOING)?;
                found.extend(author.map(|author| (*handle, author)));
            }
            Ok(found)
        })
    }

    pub(crate) async fn forget_creators(&self, creators: Vec<Creator>) -> Result<u64, StoreError> {
        const DOING: &str = "forget creators";
        const BLANK: &str = "UPDATE video_superseded SET author = NULL
            WHERE author IN (SELECT value FROM json_each(?1))";
        self.overwriting(DOING, move |transaction| {
            let key = key(transaction)?;
            let digests: Vec<i64> = creators.iter().map(|creator| key.creator(*creator)).collect();
            write_forgotten(transaction, &digests)?;
            let mut dropped = 0;
            for creator in &creators {
                // A negative number is a handle, a positive one the creator of handles.
                let sql = if creator.is_by_handle() {
                    "DELETE FROM handles WHERE handle = ?1"
                } else {
                    "DELETE FROM handles WHERE author = ?1"
                };
                let deleted = transaction.prepare_cached(sql).and_then(|mut s| s.execute([creator.to_i64()]));
                dropped += deleted.doing(DOING)? as u64;
            }
            // Of videos that are another creator's now; their own are deleted.
            let numbers: Vec<String> = creators.iter().map(|creator| creator.to_i64().to_string()).collect();
            transaction.execute(BLANK, [format!("[{}]", numbers.join(","))]).doing(DOING)?;
            Ok(dropped)
        })
        .await
    }

    pub(crate) async fn drop_idle_handles(&self, mut authors: HashSet<i64>) -> Result<u64, StoreError> {
        const DOING: &str = "drop handles";
        if authors.is_empty() {
            return Ok(0);
        }
        self.overwriting(DOING, move |transaction| {
            {
                let mut statement =
                    transaction.prepare("SELECT author FROM videos WHERE author IS NOT NULL").doing(DOING)?;
                let mut rows = statement.query([]).doing(DOING)?;
                while let Some(row) = rows.next().doing(DOING)? {
                    authors.remove(&row::sqlite(row).doing(DOING)?);
                }
            }
            let mut idle: Vec<i64> = Vec::new();
            {
                let mut statement = transaction.prepare("SELECT handle, author FROM handles").doing(DOING)?;
                let mut rows = statement.query([]).doing(DOING)?;
                while let Some(row) = rows.next().doing(DOING)? {
                    let (handle, author): (i64, i64) = row::read(row).doing(DOING)?;
                    if authors.contains(&author) {
                        idle.push(handle);
                    }
                }
            }
            let mut drop = transaction.prepare("DELETE FROM handles WHERE handle = ?1").doing(DOING)?;
            for handle in &idle {
                drop.execute([handle]).doing(DOING)?;
            }
            Ok(idle.len() as u64)
        })
        .await
    }

    pub(crate) fn forget_key(&self) -> Result<ForgetKey, StoreError> {
        self.readers.with(key)
    }

    pub(crate) async fn allow_again(&self, digests: Vec<i64>) -> Result<u64, StoreError> {
        const DOING: &str = "allow forgotten data again";
        self.overwriting(DOING, move |transaction| {
            super::imported_files::clear(transaction)?;
            let mut lift = transaction.prepare("DELETE FROM forgotten WHERE digest = ?1").doing(DOING)?;
            let mut lifted = 0;
            for digest in &digests {
                lifted += lift.execute([digest]).doing(DOING)? as u64;
            }
            Ok(lifted)
        })
        .await
    }

    pub(crate) fn is_forgetting(&self) -> Result<bool, StoreError> {
        self.readers.with(|connection| number(connection, "is_forgetting")).map(|n| n != 0)
    }

    pub(crate) fn videos_gone(&self) -> Result<u64, StoreError> {
        self.readers.with(|connection| number(connection, "videos_gone")).map(i64::unsigned_abs)
    }

    pub(crate) fn creators_of_rows(&self, first: i64, last: i64) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT video, id, coalesce(author, 0) FROM videos WHERE video BETWEEN ?1 AND ?2 ORDER BY video",
                )
                .and_then(|mut statement| statement.query_map((first, last), row::sqlite)?.collect())
                .doing("read the creators of videos")
        })
    }

    /// Records that no copies are left, and empties the log. Returns true if it is empty.
    pub(crate) async fn end_forgetting(&self, is_rewritten: bool) -> Result<bool, StoreError> {
        self.writer
            .run(move |connection| {
                connection.execute("UPDATE store SET is_forgetting = 0", []).doing("end forgetting")?;
                wipe(connection, is_rewritten)
            })
            .await
    }
}

/// Runs work on a connection that overwrites deleted data meanwhile.
pub(in crate::sqlite) fn overwriting<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch(OVERWRITE).doing("turn overwriting of deleted rows on")?;
    let done = work(connection);
    connection.execute_batch(OVERWRITE_WRITTEN).doing("turn overwriting of freed pages off")?;
    done
}

/// Rewrites the file if requested, copies the log back and empties it. Returns true if it is empty.
pub(in crate::sqlite) fn wipe(connection: &Connection, is_rewritten: bool) -> Result<bool, StoreError> {
    if is_rewritten {
        connection.execute_batch("VACUUM").doing("rewrite the file")?;
    }
    let is_busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row::sqlite)
        .doing("empty the write-ahead log")?;
    Ok(!is_busy)
}

/// Reads a number in the one row of `store`.
fn number(connection: &Connection, column: &str) -> Result<i64, StoreError> {
    connection
        .query_row(&format!("SELECT {column} FROM store"), [], row::sqlite)
        .doing("read what was forgotten")
}

fn key(connection: &Connection) -> Result<ForgetKey, StoreError> {
    let key: Vec<u8> = connection
        .query_row("SELECT forget_key FROM store", [], row::sqlite)
        .doing("read what was forgotten")?;
    ForgetKey::of(&key)
}

/// Returns the key, if anything was forgotten.
pub(super) fn key_in_use(connection: &Connection) -> Result<Option<ForgetKey>, StoreError> {
    let has_forgotten = number(connection, "has_forgotten")? != 0;
    has_forgotten.then(|| key(connection)).transpose()
}

fn write_forgotten(transaction: &Transaction<'_>, digests: &[i64]) -> Result<(), StoreError> {
    const DOING: &str = "store what is forgotten";
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO forgotten (digest) VALUES (?1)").doing(DOING)?;
    for digest in digests {
        insert.execute([digest]).doing(DOING)?;
    }
    super::imported_files::clear(transaction)?;
    transaction.execute("UPDATE store SET has_forgotten = 1, is_forgetting = 1", []).map(|_| ()).doing(DOING)
}

impl ForgetRows for SqliteRows<'_> {
    fn forget_key(&mut self) -> Result<ForgetKey, StoreError> {
        key(self.transaction)
    }

    fn write_forgotten(&mut self, digests: &[i64]) -> Result<(), StoreError> {
        write_forgotten(self.transaction, digests)
    }

    fn stored_of(&mut self, ids: &[VideoId]) -> Result<Vec<(u32, VideoId)>, StoreError> {
        let mut stored = Vec::new();
        for id in ids {
            stored.extend(self.find_video(*id)?.map(|video| (video, *id)));
        }
        stored.sort_unstable();
        stored.dedup();
        Ok(stored)
    }

    fn delete_videos(&mut self, videos: &[(u32, VideoId)]) -> Result<u64, StoreError> {
        const DOING: &str = "delete videos";
        let transaction = self.transaction;
        transaction
            .execute(
                "UPDATE store SET videos_gone = videos_gone + ?1,
                     last_video = max(last_video, coalesce((SELECT max(video) FROM videos), 0))",
                [rows(videos.len())],
            )
            .doing(DOING)?;
        let prepare = |sql: &str| transaction.prepare(sql).doing(DOING);
        let mut rows_of = [
            prepare("DELETE FROM videos WHERE video = ?1")?,
            prepare("DELETE FROM video_fragments WHERE video = ?1")?,
            prepare("DELETE FROM video_superseded WHERE video = ?1")?,
        ];
        let mut id_of = prepare("DELETE FROM video_ids WHERE id = ?1")?;
        let mut snapshots_of = prepare("DELETE FROM video_snapshots WHERE video = ?1")?;
        let mut snapshots = 0;
        for (video, id) in videos {
            for statement in &mut rows_of {
                statement.execute([video]).doing(DOING)?;
            }
            id_of.execute([id.to_i64()]).doing(DOING)?;
            snapshots += snapshots_of.execute([video]).doing(DOING)? as u64;
        }
        Ok(snapshots)
    }
}
