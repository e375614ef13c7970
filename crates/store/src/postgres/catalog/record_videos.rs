//! Videos while observations are taken in: those that a group of records asks for, and those that wait to be written.

use super::super::connection::Parameter;
use super::record::PostgresRows;
use super::record_background::Background;
use super::record_copy::{CopyRows, Staged, Staging};
use super::record_nonzero::EarliestNonzero;
use super::record_snapshots::{Flushed, PendingPoints, PointsNames};
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::tags_blob;
use crate::record::Prepared;
use crate::recording::{
    COUNTS, ChangedHandle, Point, StoredVideo, Times, VIDEO_COLUMNS, VideoColumns, VideoRows, video_columns,
};
use crate::row;
use crate::runs::UNKNOWN;
use domain::VideoId;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Transaction};

const COLUMNS: i16 = 22;
const COPY: &str =
    concat!("COPY tagmeter.videos (video, id, ", video_columns!(), ") FROM STDIN (FORMAT binary)");
const COPY_FRAGMENTS: &str = "COPY tagmeter.video_fragments (video, packed) FROM STDIN (FORMAT binary)";
const STORED: &str = concat!(
    "SELECT video, id, ",
    video_columns!(),
    ", packed FROM tagmeter.videos JOIN tagmeter.video_fragments USING (video) WHERE video = ANY($1)"
);
/// The same, of those whose creators are known by these handles alone.
const BY_HANDLE: &str = concat!(
    "SELECT video, id, ",
    video_columns!(),
    ", packed FROM tagmeter.videos JOIN tagmeter.video_fragments USING (video) WHERE handle = ANY($1) ORDER BY video"
);
const COPY_SUPERSEDED: &str =
    "COPY tagmeter.video_superseded (video, superseded_at, author, create_time, region, observed_at,
    rounded, plays, likes, comments, shares, saves, downloads, tags, removed_at) FROM STDIN (FORMAT binary)";
/// Columns of [`COPY_SUPERSEDED`].
const COLUMNS_SUPERSEDED: i16 = 15;
const CHANGE: &str = concat!(
    "INSERT INTO tagmeter.videos (video, id, ",
    video_columns!(),
    ") SELECT video, id, ",
    video_columns!(),
    " FROM {staged} ON CONFLICT (video) DO UPDATE SET author = excluded.author, create_time = excluded.create_time, \
     region = excluded.region, observed_at = excluded.observed_at, rounded = excluded.rounded, \
     plays = excluded.plays, likes = excluded.likes, comments = excluded.comments, shares = excluded.shares, \
     saves = excluded.saves, downloads = excluded.downloads, plays_at = excluded.plays_at, \
     likes_at = excluded.likes_at, comments_at = excluded.comments_at, shares_at = excluded.shares_at, \
     saves_at = excluded.saves_at, downloads_at = excluded.downloads_at, tags = excluded.tags, handle = excluded.handle, \
     removed_at = excluded.removed_at",
);
const CHANGE_FRAGMENTS: &str = "INSERT INTO tagmeter.video_fragments (video, packed) SELECT video, packed FROM {staged} \
    ON CONFLICT (video) DO UPDATE SET packed = excluded.packed";
const POINTS: PointsNames<COUNTS> = PointsNames {
    whose: "video",
    counts: VIDEO_COLUMNS,
    new_rows: "video_snapshots",
    new_columns: "LIKE tagmeter.video_snapshots",
    clear: "video_snapshots_zeros",
    clear_columns: "video bigint, plays_after bigint, plays_until bigint, likes_after bigint, likes_until bigint, \
                    comments_after bigint, comments_until bigint, shares_after bigint, shares_until bigint, \
                    saves_after bigint, saves_until bigint, downloads_after bigint, downloads_until bigint",
};

/// A video that the transaction has met.
#[derive(Debug, Clone, Copy)]
struct Met {
    video: u32,
    digest: u64,
    /// Pending write to `video_ids`.
    write: Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Nothing,
    Row,
    Digest,
}

/// A video that waits to be written.
#[derive(Debug)]
struct Pending {
    id: i64,
    is_new: bool,
    stored: StoredVideo,
}

/// Videos of a transaction.
#[derive(Debug)]
pub(super) struct Videos {
    /// Rows from here on are of videos that the transaction makes.
    first_new: u32,
    /// By TikTok's id, all that were met.
    met: HashMap<i64, Met>,
    /// TikTok's ids of the same, by row.
    ids: HashMap<u32, i64>,
    /// Queried ids that have no row.
    absent: HashSet<i64>,
    /// Stored videos whose record differs now.
    stored: HashMap<u32, StoredVideo>,
    /// In the order of the table.
    pending: BTreeMap<u32, Pending>,
    /// When the transaction's data has come in, in milliseconds since 1970; unknown of what is moved about.
    now: i64,
    /// Videos that the transaction has changed, as they were before it, and their numbers.
    superseded: (CopyRows, HashSet<u32>),
    points: PendingPoints<COUNTS>,
    first_nonzero: EarliestNonzero<COUNTS>,
}

impl Videos {
    pub(super) fn new(first_new: u32) -> Self {
        Self {
            first_new,
            met: HashMap::new(),
            ids: HashMap::new(),
            absent: HashSet::new(),
            stored: HashMap::new(),
            pending: BTreeMap::new(),
            now: UNKNOWN,
            superseded: (CopyRows::new(COLUMNS_SUPERSEDED), HashSet::new()),
            points: PendingPoints::new(POINTS),
            first_nonzero: EarliestNonzero::new(POINTS.whose, POINTS.counts),
        }
    }

    /// States when the transaction's data has come in.
    pub(super) fn come_in(&mut self, now: i64) {
        self.now = now;
    }

    /// Returns true if the transaction changes a video that was stored before it.
    pub(super) fn has_superseded(&self) -> bool {
        !self.superseded.1.is_empty()
    }

    /// TikTok's id of a video that the transaction has met.
    pub(super) fn id_of(&self, video: u32) -> Result<i64, StoreError> {
        self.ids.get(&video).copied().ok_or_else(|| missing("id", video))
    }

    /// Reads what a group of records asks for.
    pub(super) async fn read(
        &mut self,
        transaction: &Transaction<'_>,
        background: &mut Background,
        records: &[Prepared],
    ) -> Result<(), StoreError> {
        let readings = || {
            records.iter().filter_map(|record| match record {
                Prepared::Video(video) => Some(video),
                Prepared::Hashtag(_) | Prepared::Window(_) | Prepared::Removed(_) => None,
            })
        };
        let removals = || {
            records.iter().filter_map(|record| match record {
                Prepared::Removed(removal) => Some(removal.id.to_i64()),
                Prepared::Video(_) | Prepared::Hashtag(_) | Prepared::Window(_) => None,
            })
        };
        let ids = readings().map(|r| r.id.to_i64()).chain(removals());
        let wanted: HashSet<i64> = ids.filter(|id| !self.met.contains_key(id)).collect();
        self.find(transaction, wanted).await?;
        let other = |id: i64, digest: u64| self.met.get(&id).filter(|m| m.digest != digest).map(|m| m.video);
        let read = readings().filter_map(|r| other(r.id.to_i64(), r.digest));
        let removed = removals().filter_map(|id| self.met.get(&id).map(|met| met.video));
        let rows: BTreeSet<u32> = read.chain(removed).collect();
        self.load(transaction, background, rows).await
    }

    /// TikTok's ids of a group's videos with a record that is new or differs from the stored one, once they were read. The
    /// records of all others are skipped.
    pub(super) fn stirred(&self, records: &[Prepared]) -> HashSet<i64> {
        let is_stored = |id: i64, digest: u64| self.met.get(&id).is_some_and(|met| met.digest == digest);
        let ids = records.iter().filter_map(|record| match record {
            Prepared::Video(video) => Some((video.id.to_i64(), video.digest)),
            Prepared::Hashtag(_) | Prepared::Window(_) | Prepared::Removed(_) => None,
        });
        ids.filter(|(id, digest)| !is_stored(*id, *digest)).map(|(id, _)| id).collect()
    }

    /// Reads those of these videos that are stored, by TikTok's ids.
    pub(super) async fn stored_of(
        &mut self,
        transaction: &Transaction<'_>,
        wanted: HashSet<i64>,
    ) -> Result<Vec<(u32, VideoId)>, StoreError> {
        self.find(transaction, wanted).await?;
        let rows: Vec<i64> = self.met.values().map(|met| i64::from(met.video)).collect();
        let mut stored = self.stored(transaction, &rows).await?;
        stored.sort_unstable();
        Ok(stored)
    }

    async fn find(&mut self, transaction: &Transaction<'_>, wanted: HashSet<i64>) -> Result<(), StoreError> {
        const DOING: &str = "look videos up";
        const SQL: &str = "SELECT id, video, digest FROM tagmeter.video_ids WHERE id = ANY($1)";
        // Before the first video nothing can be found.
        if wanted.is_empty() || self.first_new <= 1 {
            self.absent.extend(wanted);
            return Ok(());
        }
        let ids: Vec<i64> = wanted.iter().copied().collect();
        for row in transaction.query_typed(SQL, &[(&ids, Type::INT8_ARRAY)]).await.doing(DOING)? {
            let (id, video, digest): (i64, u32, i64) = row::read(&row).doing(DOING)?;
            self.met.insert(id, Met { video, digest: digest.cast_unsigned(), write: Write::Nothing });
            self.ids.insert(video, id);
        }
        self.absent.extend(wanted.into_iter().filter(|id| !self.met.contains_key(id)));
        Ok(())
    }

    async fn load(
        &mut self,
        transaction: &Transaction<'_>,
        background: &mut Background,
        rows: BTreeSet<u32>,
    ) -> Result<(), StoreError> {
        let Some(last) = rows.last() else { return Ok(()) };
        if *last >= self.first_new {
            // It may be on its way.
            background.settle()?;
        }
        let rows: Vec<i64> = rows.into_iter().map(i64::from).collect();
        let found =
            transaction.query_typed(STORED, &[(&rows, Type::INT8_ARRAY)]).await.doing("read videos")?;
        self.take_stored(&found).map(|_| ())
    }

    /// Reads these videos, with TikTok's ids of them.
    pub(super) async fn stored(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &Vec<i64>,
    ) -> Result<Vec<(u32, VideoId)>, StoreError> {
        let found =
            transaction.query_typed(STORED, &[(rows, Type::INT8_ARRAY)]).await.doing("read videos")?;
        self.take_stored(&found)
    }

    /// Takes stored videos in, with TikTok's ids of them.
    fn take_stored(&mut self, found: &[Row]) -> Result<Vec<(u32, VideoId)>, StoreError> {
        const DOING: &str = "read videos";
        let mut videos = Vec::with_capacity(found.len());
        for row in found {
            let (video, id, columns, packed): (u32, i64, VideoColumns<'_>, Vec<u8>) =
                row::read(row).doing(DOING)?;
            self.ids.insert(video, id);
            self.stored.insert(video, columns.video(packed));
            videos.push((video, VideoId::from_i64(id).map_err(|_| missing("id", video))?));
        }
        Ok(videos)
    }

    /// Writes what waits but `video_ids`.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
    ) -> Result<Flushed, StoreError> {
        self.absent.clear();
        self.stored.clear();
        let (mut new, mut changed) = (VideoCopies::new(), VideoCopies::new());
        let mut made = BTreeSet::new();
        for (video, pending) in std::mem::take(&mut self.pending) {
            if pending.is_new {
                made.insert(video);
                new.add(video, &pending);
            } else {
                changed.add(video, &pending);
            }
        }
        new.put(staging);
        staging.put("keep videos as they were", COPY_SUPERSEDED, &mut self.superseded.0);
        changed.take(transaction, staging).await?;
        self.points.flush(transaction, staging, &made).await
    }

    /// Writes the ways to the videos, in order of the ids: once a transaction, as they are in no order that grows.
    pub(super) async fn flush_ids(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
    ) -> Result<(), StoreError> {
        const COPY: &str = "COPY tagmeter.video_ids (id, video, digest) FROM STDIN (FORMAT binary)";
        let mut met: Vec<(i64, Met)> = std::mem::take(&mut self.met).into_iter().collect();
        met.sort_unstable_by_key(|(id, _)| *id);
        let (mut new, mut changed) = (CopyRows::new(3), CopyRows::new(3));
        for (id, met) in met {
            let rows = match met.write {
                Write::Nothing => continue,
                Write::Row => &mut new,
                Write::Digest => &mut changed,
            };
            rows.row().number(id).number(i64::from(met.video)).number(met.digest.cast_signed());
        }
        staging.put("record videos' ids", COPY, &mut new);
        staging.background.go()?;
        let staged = Staged {
            name: "video_ids_changed",
            columns: "LIKE tagmeter.video_ids",
            copied: "id, video, digest".to_owned(),
            apply: "INSERT INTO tagmeter.video_ids (id, video, digest) SELECT id, video, digest FROM {staged}
                ON CONFLICT (id) DO UPDATE SET digest = excluded.digest"
                .to_owned(),
        };
        staging.take(transaction, "record videos' digests", &staged, &mut changed).await.map(|_| ())
    }

    /// Keeps a stored video as it was before the transaction. What came in with it was never seen.
    fn supersede(&mut self, video: u32) {
        let Some(before) = self.stored.get(&video) else { return };
        let (rows, seen) = &mut self.superseded;
        if self.now == UNKNOWN || video >= self.first_new || !seen.insert(video) {
            return;
        }
        let counts = before.columns();
        rows.row().number(i64::from(video)).number(self.now).maybe(before.author).maybe(before.create_time);
        rows.number(i64::from(before.region)).maybe(before.observed_at).number(counts.rounded);
        let tags = i64::try_from(before.tags.len()).unwrap_or(i64::MAX);
        rows.each(&counts.values).number(tags).maybe(before.removed_at);
    }

    fn put(&mut self, video: u32, id: VideoId, stored: StoredVideo, is_new: bool) {
        match self.pending.get_mut(&video) {
            Some(pending) => pending.stored = stored,
            None => {
                self.pending.insert(video, Pending { id: id.to_i64(), is_new, stored });
            }
        }
    }
}

impl PostgresRows<'_> {
    /// A video that the transaction has met or the table holds, by TikTok's id.
    fn met(&mut self, id: i64) -> Result<Option<Met>, StoreError> {
        let videos = &mut self.videos;
        if !videos.met.contains_key(&id) && !videos.absent.contains(&id) {
            self.on.wait(videos.find(self.on.transaction, HashSet::from([id])))?;
        }
        Ok(videos.met.get(&id).copied())
    }
}

impl VideoRows for PostgresRows<'_> {
    fn find_handle(&mut self, handle: i64) -> Result<Option<i64>, StoreError> {
        self.handle(handle)
    }

    fn write_handles(&mut self, handles: &[ChangedHandle]) -> Result<(), StoreError> {
        self.put_handles(handles)
    }

    fn videos_by_handle(&mut self, handles: &[i64]) -> Result<Vec<(u32, VideoId)>, StoreError> {
        self.staging.background.settle()?;
        let wanted: [Parameter<'_>; 1] = [(&handles, Type::INT8_ARRAY)];
        let found = self
            .on
            .wait(self.on.transaction.query_typed(BY_HANDLE, &wanted))
            .doing("look up the videos of handles")?;
        self.videos.take_stored(&found)
    }

    fn is_forgotten(&mut self, digests: &[i64]) -> Result<bool, StoreError> {
        // Those of the group were looked up when it began.
        Ok(digests.iter().any(|digest| self.forgotten.contains(digest)))
    }

    fn find_video(&mut self, id: VideoId) -> Result<Option<u32>, StoreError> {
        Ok(self.met(id.to_i64())?.map(|met| met.video))
    }

    fn claim_video(&mut self, id: VideoId, next: u32, digest: u64) -> Result<Option<(u32, u64)>, StoreError> {
        let number = id.to_i64();
        if let Some(met) = self.met(number)? {
            return Ok(Some((met.video, met.digest)));
        }
        let videos = &mut self.videos;
        videos.met.insert(number, Met { video: next, digest, write: Write::Row });
        videos.ids.insert(next, number);
        Ok(None)
    }

    fn set_digest(&mut self, id: VideoId, video: u32, digest: u64) -> Result<(), StoreError> {
        let met = self.videos.met.get_mut(&id.to_i64()).ok_or_else(|| missing("video", video))?;
        met.digest = digest;
        if met.write == Write::Nothing {
            met.write = Write::Digest;
        }
        Ok(())
    }

    fn stored_video(&mut self, video: u32) -> Result<StoredVideo, StoreError> {
        let videos = &mut self.videos;
        if let Some(pending) = videos.pending.get(&video) {
            return Ok(pending.stored.clone());
        }
        if !videos.stored.contains_key(&video) {
            let background = &mut self.staging.background;
            self.on.wait(videos.load(self.on.transaction, background, BTreeSet::from([video])))?;
        }
        videos.stored.get(&video).cloned().ok_or_else(|| missing("video", video))
    }

    fn make_video(
        &mut self,
        video: u32,
        id: VideoId,
        made: StoredVideo,
        reading: Option<Point<6>>,
    ) -> Result<(), StoreError> {
        self.videos.put(video, id, made, true);
        if let Some(point) = reading {
            self.videos.points.add(video, point);
        }
        Ok(())
    }

    fn change_video(&mut self, video: u32, id: VideoId, stored: StoredVideo) -> Result<(), StoreError> {
        self.videos.supersede(video);
        self.videos.put(video, id, stored, false);
        Ok(())
    }

    fn write_video_point(&mut self, video: u32, point: Point<6>) -> Result<(), StoreError> {
        self.videos.points.add(video, point);
        Ok(())
    }

    fn first_nonzero_video(&mut self, video: u32, n: usize) -> Result<Option<i64>, StoreError> {
        let on = self.on;
        let Videos { first_nonzero, stored, .. } = &mut self.videos;
        let in_group: Vec<u32> = stored.keys().copied().collect();
        on.wait(first_nonzero.of(on.transaction, video, n, &in_group))
    }

    fn clear_zeros_video(&mut self, video: u32, n: usize, times: Times) -> Result<(), StoreError> {
        self.videos.points.clear_zeros(video, n, times);
        Ok(())
    }
}

/// Videos on their way: what is known of them, and their JSON.
struct VideoCopies {
    videos: CopyRows,
    fragments: CopyRows,
}

impl VideoCopies {
    fn new() -> Self {
        Self { videos: CopyRows::new(COLUMNS), fragments: CopyRows::new(2) }
    }

    fn add(&mut self, video: u32, pending: &Pending) {
        let Pending { id, stored, .. } = pending;
        let (number, counts, rows) = (i64::from(video), stored.columns(), &mut self.videos);
        rows.row().number(number).number(*id).maybe(stored.author).maybe(stored.create_time);
        rows.number(i64::from(stored.region)).maybe(stored.observed_at).number(counts.rounded);
        rows.each(&counts.values).each(&counts.at).bytes(&tags_blob(&stored.tags));
        rows.maybe(stored.handle).maybe(stored.removed_at);
        self.fragments.row().number(number).bytes(&stored.packed);
    }

    /// Writes new videos.
    fn put(mut self, staging: &mut Staging) {
        staging.put("record videos", COPY, &mut self.videos);
        staging.put("record videos' JSON", COPY_FRAGMENTS, &mut self.fragments);
    }

    /// Writes changed videos.
    async fn take(mut self, transaction: &Transaction<'_>, staging: &mut Staging) -> Result<(), StoreError> {
        let videos = Staged {
            name: "videos_changed",
            columns: "LIKE tagmeter.videos",
            copied: concat!("video, id, ", video_columns!()).to_owned(),
            apply: CHANGE.to_owned(),
        };
        staging.take(transaction, "change videos", &videos, &mut self.videos).await?;
        let fragments = Staged {
            name: "video_fragments_changed",
            columns: "LIKE tagmeter.video_fragments",
            copied: "video, packed".to_owned(),
            apply: CHANGE_FRAGMENTS.to_owned(),
        };
        staging.take(transaction, "change videos' JSON", &fragments, &mut self.fragments).await.map(|_| ())
    }
}

fn missing(column: &'static str, row: impl std::fmt::Display) -> StoreError {
    StoreError::Inconsistent { table: "video_ids", column, row: row.to_string() }
}
