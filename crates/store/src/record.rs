//! Recording: prepared observations become rows, a whole transaction at a time.

use crate::{Store, StoreError};
use domain::observation::{TagRef, VideoCounts, WindowObservation};
use domain::{AuthorId, Handle, HashtagObservation, Region, Source, Timestamp, VideoId};
use std::sync::mpsc;

/// A video observation ready to store: all expensive work that needs no database is done.
#[derive(Debug)]
pub struct PreparedVideo {
    /// The video.
    pub id: VideoId,
    /// Digest of its record.
    pub digest: u64,
    /// Source.
    pub source: Source,
    /// Reading time, if known.
    pub observed_at: Option<Timestamp>,
    /// Creator, if known.
    pub author: Option<AuthorId>,
    /// Handle of the creator, if known.
    pub handle: Option<Handle>,
    /// Posting time, seconds since 1970, if known.
    pub create_time: Option<i64>,
    /// Country of the post, if known.
    pub region: Option<Region>,
    /// Tags, each key once.
    pub tags: Vec<TagRef>,
    /// True if tags were taken from the caption because the record lists none.
    pub has_caption_tags: bool,
    /// Counts.
    pub counts: VideoCounts,
    /// Rendered JSON, packed (`domain::fragment`).
    pub packed: Vec<u8>,
}

/// A removed video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreparedRemoval {
    /// The video.
    pub id: VideoId,
    /// Time of the observation, or of the import if the source reports no time.
    pub at: Timestamp,
    /// True if the source reports the time. A removal without a time counts only if none is stored: importing
    /// the same file again changes nothing.
    pub is_timed: bool,
}

/// An observation ready to be recorded.
#[derive(Debug)]
pub enum Prepared {
    /// A reading of a video.
    Video(Box<PreparedVideo>),
    /// A reading of a hashtag.
    Hashtag(Box<HashtagObservation>),
    /// A sum over a window of time.
    Window(Box<WindowObservation>),
    /// The removal of a video.
    Removed(PreparedRemoval),
}

/// Result of one transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Video records stored.
    pub video_records: u64,
    /// Videos that were not stored before.
    pub videos_new: u64,
    /// Records that changed a stored video.
    pub videos_changed: u64,
    /// Hashtag records stored.
    pub hashtag_records: u64,
    /// Sums over windows of time stored.
    pub window_records: u64,
    /// Records of removed videos.
    pub removal_records: u64,
    /// Stored videos that count as removed from now on.
    pub videos_removed: u64,
    /// Records of removed videos that are not stored; they are dropped.
    pub removals_unknown: u64,
    /// Removed videos that exist again.
    pub videos_reinstated: u64,
    /// Video records skipped because the video or its creator was forgotten.
    pub videos_forgotten: u64,
    /// Hashtags that were not stored before.
    pub hashtags_new: u64,
    /// Hashtags stored before that changed (totals, sums, description).
    pub hashtags_changed: u64,
    /// Snapshots of videos and hashtags, and sums over windows, that were not stored before.
    pub snapshots_new: u64,
    /// Change sequence of the store after the transaction.
    pub sequence: u64,
}

impl Recorded {
    /// Returns the number of records of all kinds.
    pub fn records(&self) -> u64 {
        self.video_records + self.hashtag_records + self.window_records + self.removal_records
    }

    /// Adds the figures of a later transaction.
    pub fn add(&mut self, later: &Self) {
        self.video_records += later.video_records;
        self.videos_new += later.videos_new;
        self.videos_changed += later.videos_changed;
        self.hashtag_records += later.hashtag_records;
        self.window_records += later.window_records;
        self.removal_records += later.removal_records;
        self.videos_removed += later.videos_removed;
        self.removals_unknown += later.removals_unknown;
        self.videos_reinstated += later.videos_reinstated;
        self.videos_forgotten += later.videos_forgotten;
        self.hashtags_new += later.hashtags_new;
        self.hashtags_changed += later.hashtags_changed;
        self.snapshots_new += later.snapshots_new;
        self.sequence = later.sequence;
    }
}

impl Store {
    /// Records observations from the channel, until it is closed or `records_max` records were read, in one
    /// transaction: all or none. They have come in `at` this moment, or right after what came in last if that is
    /// later. Returns the channel for the next transaction.
    pub async fn record(
        &self,
        chunks: mpsc::Receiver<Vec<Prepared>>,
        records_max: u64,
        at: Timestamp,
    ) -> Result<(Recorded, mpsc::Receiver<Vec<Prepared>>), StoreError> {
        self.record_chunks(chunks, records_max, Some(at)).await
    }

    /// Records a handful of observations in one transaction. They have come in as [`Self::record`] has it.
    pub async fn record_at(
        &self,
        observations: Vec<Prepared>,
        at: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let recorded = self.record_chunks(only(observations), u64::MAX, Some(at)).await;
        recorded.map(|(recorded, _)| recorded)
    }

    /// Records a handful of observations in one transaction, of which it is not known when they came in.
    pub async fn record_all(&self, observations: Vec<Prepared>) -> Result<Recorded, StoreError> {
        let recorded = self.record_chunks(only(observations), u64::MAX, None).await;
        recorded.map(|(recorded, _)| recorded)
    }

    async fn record_chunks(
        &self,
        chunks: mpsc::Receiver<Vec<Prepared>>,
        records_max: u64,
        at: Option<Timestamp>,
    ) -> Result<(Recorded, mpsc::Receiver<Vec<Prepared>>), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.record(chunks, records_max, at).await,
            Self::Postgres(postgres) => postgres.record(chunks, records_max, at).await,
        }
    }
}

/// Returns a channel with one chunk.
fn only(observations: Vec<Prepared>) -> mpsc::Receiver<Vec<Prepared>> {
    let (send, chunks) = mpsc::sync_channel(1);
    // The channel has room for one chunk, and its receiver is alive.
    let _ = send.send(observations);
    chunks
}
