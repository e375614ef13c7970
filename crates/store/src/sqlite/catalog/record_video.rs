//! Videos and their snapshots: the rows that taking observations in reads and writes.

use super::record::{SqliteRows, fill_sql, rows};
use super::rows_at_once::{ROWS_AT_ONCE, RowsAtOnce};
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::tags_blob;
use crate::recording::{
    ChangedHandle, Point, StoredVideo, Times, VIDEO_COLUMNS, VideoColumns, VideoRows, video_columns,
};
use crate::row;
use crate::runs::UNKNOWN;
use domain::VideoId;
use rusqlite::{OptionalExtension, Row, Statement, Transaction, params};

/// The statements that videos need, prepared once a transaction.
pub(super) struct VideoStatements<'c> {
    find: Statement<'c>,
    make_id: Statement<'c>,
    digest: Statement<'c>,
    load: Statement<'c>,
    make: RowsAtOnce<'c, 15>,
    make_fragments: RowsAtOnce<'c, 2>,
    make_snapshots: RowsAtOnce<'c, 10>,
    /// New videos that are not written yet: whatever reads or changes rows of videos flushes them first.
    waiting: Vec<NewVideo>,
    supersede: Statement<'c>,
    change: Statement<'c>,
    change_fragment: Statement<'c>,
    snapshot: Statement<'c>,
    find_handle: Statement<'c>,
    write_handles: RowsAtOnce<'c, 2>,
    are_any_by_handle: Statement<'c>,
    by_handle: Statement<'c>,
    fill: Statement<'c>,
    first_nonzero: Vec<Statement<'c>>,
    clear_zeros: Vec<Statement<'c>>,
    remove_empty: Statement<'c>,
    is_forgotten: Statement<'c>,
    /// True if the last video was new.
    was_new: bool,
}

impl<'c> VideoStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to record videos");
        let each = |sql: fn(&str) -> String| -> Result<Vec<Statement<'c>>, StoreError> {
            VIDEO_COLUMNS.iter().map(|column| prepare(&sql(column))).collect()
        };
        Ok(Self {
            find: prepare("SELECT video, digest FROM video_ids WHERE id = ?1")?,
            make_id: prepare("INSERT OR IGNORE INTO video_ids (id, video, digest) VALUES (?1, ?2, ?3)")?,
            digest: prepare("UPDATE video_ids SET digest = ?2 WHERE id = ?1")?,
            load: prepare(concat!(
                "SELECT ",
                video_columns!(),
                ", (SELECT packed FROM video_fragments WHERE video = ?1) FROM videos WHERE video = ?1"
            ))?,
            make: RowsAtOnce::new(
                transaction,
                "INSERT INTO videos (video, id, author, create_time, region, observed_at, rounded, plays, likes,
                    comments, shares, saves, downloads, tags, handle)",
            )?,
            make_fragments: RowsAtOnce::new(transaction, "INSERT INTO video_fragments (video, packed)")?,
            make_snapshots: RowsAtOnce::new(
                transaction,
                "INSERT INTO video_snapshots
                    (video, observed_at, source, rounded, plays, likes, comments, shares, saves, downloads)",
            )?,
            waiting: Vec::with_capacity(ROWS_AT_ONCE),
            // What it was before the transaction is kept, also where that changes it several times.
            supersede: prepare(
                "INSERT OR IGNORE INTO video_superseded (video, superseded_at, author, create_time, region, observed_at,
                    rounded, plays, likes, comments, shares, saves, downloads, tags, removed_at)
                 SELECT video, ?2, author, create_time, region, observed_at, rounded, plays, likes, comments, shares,
                    saves, downloads, length(tags) / 4, removed_at FROM videos WHERE video = ?1",
            )?,
            change: prepare(
                "UPDATE videos SET author = ?2, create_time = ?3, region = ?4, observed_at = ?5, rounded = ?6,
                    plays = ?7, likes = ?8, comments = ?9, shares = ?10, saves = ?11, downloads = ?12,
                    plays_at = ?13, likes_at = ?14, comments_at = ?15, shares_at = ?16, saves_at = ?17,
                    downloads_at = ?18, tags = ?19, handle = ?20, removed_at = ?21
                 WHERE video = ?1",
            )?,
            change_fragment: prepare(
                "INSERT OR REPLACE INTO video_fragments (video, packed) VALUES (?1, ?2)",
            )?,
            snapshot: prepare(
                "INSERT OR IGNORE INTO video_snapshots
                    (video, observed_at, source, rounded, plays, likes, comments, shares, saves, downloads)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            find_handle: prepare("SELECT author FROM handles WHERE handle = ?1")?,
            write_handles: RowsAtOnce::new(transaction, "INSERT OR REPLACE INTO handles (handle, author)")?,
            are_any_by_handle: prepare(
                "SELECT 1 FROM videos INDEXED BY videos_by_handle WHERE handle IS NOT NULL LIMIT 1",
            )?,
            by_handle: prepare("SELECT video, id FROM videos WHERE handle = ?1 ORDER BY video")?,
            fill: prepare(&fill_sql("video", VIDEO_COLUMNS))?,
            first_nonzero: each(|c| {
                format!("SELECT observed_at FROM video_snapshots WHERE video = ?1 AND {c} > 0 ORDER BY observed_at LIMIT 1")
            })?,
            clear_zeros: each(|c| {
                format!(
                    "UPDATE video_snapshots SET {c} = NULL
                     WHERE video = ?1 AND observed_at > ?2 AND observed_at <= ?3 AND {c} = 0"
                )
            })?,
            remove_empty: prepare(&format!(
                "DELETE FROM video_snapshots
                 WHERE video = ?1 AND observed_at > ?2 AND observed_at <= ?3 AND coalesce({}) IS NULL",
                VIDEO_COLUMNS.join(", ")
            ))?,
            is_forgotten: prepare("SELECT 1 FROM forgotten WHERE digest = ?1")?,
            was_new: true,
        })
    }

    /// Gives the row to a video; `false` if the video has one already.
    fn claim(&mut self, id: VideoId, next: u32, digest: u64) -> Result<bool, StoreError> {
        self.make_id
            .execute((id.to_i64(), next, digest.cast_signed()))
            .map(|made| made == 1)
            .doing("record a video's id")
    }

    /// Writes a new video with the next full statement.
    fn make(&mut self, new: NewVideo) -> Result<(), StoreError> {
        self.waiting.push(new);
        if self.waiting.len() == ROWS_AT_ONCE { self.flush() } else { Ok(()) }
    }

    /// Writes the new videos that wait.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.make.insert(&self.waiting, bind_video).doing("record videos")?;
        let bind = |statement: &mut Statement<'_>, first: usize, new: &NewVideo| {
            statement.raw_bind_parameter(first, new.video)?;
            statement.raw_bind_parameter(first + 1, &new.made.packed)
        };
        self.make_fragments.insert(&self.waiting, bind).doing("record the JSON of videos")?;
        let readings: Vec<(u32, Point<6>)> =
            self.waiting.iter().filter_map(|new| Some((new.video, new.reading?))).collect();
        self.make_snapshots.insert(&readings, bind_reading).doing("record readings of videos")?;
        self.waiting.clear();
        Ok(())
    }
}

/// A video that is not written yet.
#[derive(Debug)]
struct NewVideo {
    video: u32,
    id: VideoId,
    made: StoredVideo,
    reading: Option<Point<6>>,
}

fn bind_video(make: &mut Statement<'_>, first: usize, new: &NewVideo) -> rusqlite::Result<()> {
    let NewVideo { video, id, made, .. } = new;
    // All its counts were read when it was.
    let columns = made.columns();
    make.raw_bind_parameter(first, video)?;
    make.raw_bind_parameter(first + 1, id.to_i64())?;
    make.raw_bind_parameter(first + 2, made.author)?;
    make.raw_bind_parameter(first + 3, made.create_time)?;
    make.raw_bind_parameter(first + 4, made.region)?;
    make.raw_bind_parameter(first + 5, made.observed_at)?;
    make.raw_bind_parameter(first + 6, columns.rounded)?;
    for (n, count) in columns.values.iter().enumerate() {
        make.raw_bind_parameter(first + 7 + n, count)?;
    }
    make.raw_bind_parameter(first + 13, tags_blob(&made.tags))?;
    make.raw_bind_parameter(first + 14, made.handle)
}

fn bind_reading(
    statement: &mut Statement<'_>,
    first: usize,
    (video, point): &(u32, Point<6>),
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(first, video)?;
    statement.raw_bind_parameter(first + 1, point.at)?;
    statement.raw_bind_parameter(first + 2, point.source)?;
    statement.raw_bind_parameter(first + 3, point.rounded)?;
    for (n, count) in point.counts.iter().enumerate() {
        statement.raw_bind_parameter(first + 4 + n, count)?;
    }
    Ok(())
}

impl VideoRows for SqliteRows<'_> {
    fn find_handle(&mut self, handle: i64) -> Result<Option<i64>, StoreError> {
        self.videos.find_handle.query_row([handle], row::sqlite).optional().doing("look a handle up")
    }

    fn write_handles(&mut self, handles: &[ChangedHandle]) -> Result<(), StoreError> {
        let bind = |statement: &mut Statement<'_>, first, changed: &ChangedHandle| {
            statement.raw_bind_parameter(first, changed.handle)?;
            statement.raw_bind_parameter(first + 1, changed.author)
        };
        self.videos.write_handles.insert(handles, bind).doing("record handles")
    }

    fn videos_by_handle(&mut self, handles: &[i64]) -> Result<Vec<(u32, VideoId)>, StoreError> {
        const DOING: &str = "look up the videos of a handle";
        let mut videos = Vec::new();
        self.videos.flush()?;
        // Where every record gives an id there are none: one look is enough for all handles.
        if !self.videos.are_any_by_handle.exists([]).doing(DOING)? {
            return Ok(videos);
        }
        for handle in handles {
            let mut rows = self.videos.by_handle.query([handle]).doing(DOING)?;
            while let Some(row) = rows.next().doing(DOING)? {
                videos.push(video_id(row)?);
            }
        }
        Ok(videos)
    }

    fn is_forgotten(&mut self, digests: &[i64]) -> Result<bool, StoreError> {
        for digest in digests {
            if self.videos.is_forgotten.exists([digest]).doing("look up what was forgotten")? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find_video(&mut self, id: VideoId) -> Result<Option<u32>, StoreError> {
        let found = self.videos.find.query_row([id.to_i64()], row::sqlite);
        found.optional().doing("look a video up")
    }

    fn claim_video(&mut self, id: VideoId, next: u32, digest: u64) -> Result<Option<(u32, u64)>, StoreError> {
        let s = &mut self.videos;
        // What was so for the last is likely so for this one; guessed right, one look at the table is enough.
        if s.was_new && s.claim(id, next, digest)? {
            return Ok(None);
        }
        let found: Option<(u32, i64)> =
            s.find.query_row([id.to_i64()], row::sqlite).optional().doing("look a video up")?;
        s.was_new = found.is_none();
        if s.was_new {
            s.claim(id, next, digest)?;
        }
        Ok(found.map(|(video, digest)| (video, digest.cast_unsigned())))
    }

    fn set_digest(&mut self, id: VideoId, _video: u32, digest: u64) -> Result<(), StoreError> {
        self.videos
            .digest
            .execute((id.to_i64(), digest.cast_signed()))
            .map(|_| ())
            .doing("record a video's digest")
    }

    fn stored_video(&mut self, video: u32) -> Result<StoredVideo, StoreError> {
        self.videos.flush()?;
        self.videos.load.query_row([video], stored).doing("read a video")
    }

    fn make_video(
        &mut self,
        video: u32,
        id: VideoId,
        made: StoredVideo,
        reading: Option<Point<6>>,
    ) -> Result<(), StoreError> {
        self.snapshots_new += i64::from(reading.is_some());
        self.videos.make(NewVideo { video, id, made, reading })
    }

    fn change_video(&mut self, video: u32, _id: VideoId, after: StoredVideo) -> Result<(), StoreError> {
        self.videos.flush()?;
        // What came in with this transaction was never seen.
        if self.now != UNKNOWN && self.first.is_some_and(|first| video < first.video) {
            self.videos.supersede.execute((video, self.now)).doing("keep a video as it was")?;
            self.has_superseded = true;
        }
        let columns = after.columns();
        let (values, ats) = (columns.values, columns.at);
        self.videos
            .change
            .execute(params![
                video,
                after.author,
                after.create_time,
                after.region,
                after.observed_at,
                columns.rounded,
                values[0],
                values[1],
                values[2],
                values[3],
                values[4],
                values[5],
                ats[0],
                ats[1],
                ats[2],
                ats[3],
                ats[4],
                ats[5],
                tags_blob(&after.tags),
                after.handle,
                after.removed_at,
            ])
            .doing("change a video")?;
        self.videos
            .change_fragment
            .execute((video, &after.packed))
            .map(|_| ())
            .doing("record the JSON of a video")
    }

    fn write_video_point(&mut self, video: u32, point: Point<6>) -> Result<(), StoreError> {
        self.videos.flush()?;
        let [plays, likes, comments, shares, saves, downloads] = point.counts;
        let Point { at, source, rounded, .. } = point;
        let made = self
            .videos
            .snapshot
            .execute((video, at, source, rounded, plays, likes, comments, shares, saves, downloads))
            .doing("write a snapshot")?;
        self.snapshots_new += rows(made);
        if made == 0 {
            self.videos
                .fill
                .execute((video, at, source, rounded, plays, likes, comments, shares, saves, downloads))
                .doing("fill a snapshot")?;
        }
        Ok(())
    }

    fn first_nonzero_video(&mut self, video: u32, n: usize) -> Result<Option<i64>, StoreError> {
        self.videos.flush()?;
        self.videos.first_nonzero[n]
            .query_row([video], row::sqlite)
            .optional()
            .doing("look at earlier readings")
    }

    fn clear_zeros_video(&mut self, video: u32, n: usize, times: Times) -> Result<(), StoreError> {
        self.videos.flush()?;
        let within = (video, times.after, times.until);
        if self.videos.clear_zeros[n].execute(within).doing("clear zeros")? > 0 {
            let removed = self.videos.remove_empty.execute(within).doing("remove empty readings")?;
            self.snapshots_new -= rows(removed);
        }
        Ok(())
    }
}

/// A row of a video and TikTok's id of it.
pub(super) fn video_id(row: &Row<'_>) -> Result<(u32, VideoId), StoreError> {
    const DOING: &str = "read a video's id";
    let (video, id): (u32, i64) = row::read(row).doing(DOING)?;
    let wrong = |_| StoreError::Inconsistent { table: "videos", column: "id", row: video.to_string() };
    Ok((video, VideoId::from_i64(id).map_err(wrong)?))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredVideo> {
    let (columns, packed): (VideoColumns<'_>, Vec<u8>) = row::read(row)?;
    Ok(columns.video(packed))
}
