//! Taking observations in: the rules, once for every backend. A backend gives the operations on rows ([`Rows`]); what is
//! done with them, and in which order, is here, so that both hold the same rows after the same observations.
//!
//! Videos are written as they come; what concerns hashtags is gathered and written in order at the end.

mod backfill;

mod creators;

mod forget;

mod hashtag;

mod links;

mod newest;

mod removed;

mod rows;

pub(crate) mod sums;

mod touched;

mod video;

mod waiting;

mod zeros;

pub(crate) use backfill::{Backfill, BackfillRows, backfill};
pub(crate) use creators::ChangedHandle;
pub(crate) use forget::{ForgetRows, forget};
pub(crate) use hashtag::HASHTAG_COLUMNS;
pub(crate) use links::Link;
pub(crate) use removed::{REMOVED_SQL, digests};
pub(crate) use rows::{Ended, HashtagRows, LinkRows, NewHashtag, Numbers, Point, Rows, VideoRows, WindowRow};
pub(crate) use touched::{KnownTags, Reported, ReportedColumns, Touched, reported_columns};
pub(crate) use video::{COUNTS, StoredVideo, VIDEO_COLUMNS, VideoColumns, count_columns, video_columns};
pub(crate) use waiting::{Part, Points, Rewritten, Waiting, Zeros, parts, rewrite};
pub(crate) use zeros::Times;

use crate::StoreError;
use crate::forget::ForgetKey;
use crate::record::{Prepared, Recorded};
use creators::Handles;
use domain::Timestamp;
use links::Links;
use newest::NewestReadings;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::mpsc;
use std::time::Duration;
use touched::{PrehashedHasher, TouchedTags};
use zeros::FirstNonzero;

/// Time that a transaction waits for its source before it commits.
const PAUSE: Duration = Duration::from_secs(1);

/// Batches of records from the importer.
pub(crate) type Chunks = mpsc::Receiver<Vec<Prepared>>;

/// Returns when a transaction's data has come in, in milliseconds since 1970: after all that came in before it, even if the
/// clock was set back. So what was known at the moment of one transaction stays the same whatever comes later.
pub(crate) fn arrival(at: Timestamp, last: i64) -> i64 {
    at.as_ms().max(last.saturating_add(1))
}

/// Takes the first chunk and what follows it in, until the source ends or pauses or `records_max` records are in.
/// The caller has begun a transaction and commits it afterwards.
pub(crate) fn fill<R: Rows>(
    rows: &mut R,
    known: &mut KnownTags,
    first: Vec<Prepared>,
    chunks: &Chunks,
    records_max: u64,
) -> Result<Recorded, StoreError> {
    let numbers = rows.numbers()?;
    let mut recording = Recording::new(rows, known, numbers);
    let mut records = first.len() as u64;
    let mut group = first;
    loop {
        let mut is_end = false;
        while !is_end && group.len() < R::GROUP_RECORDS_MAX {
            // A source that pauses (a pipe) must not keep other writers waiting: what is in is committed.
            match (records < records_max).then(|| chunks.recv_timeout(PAUSE)) {
                Some(Ok(chunk)) => {
                    records += chunk.len() as u64;
                    group.extend(chunk);
                }
                Some(Err(_)) | None => is_end = true,
            }
        }
        recording.group(std::mem::take(&mut group))?;
        if is_end {
            return recording.finish(numbers.sequence);
        }
    }
}

/// One transaction, under way.
struct Recording<'a, R> {
    rows: &'a mut R,
    tags: TouchedTags,
    known: &'a mut KnownTags,
    links: Links,
    handles: Handles,
    recorded: Recorded,
    /// The row the next new video gets.
    next_video: u32,
    /// Videos from this row on are made by the transaction.
    first_new_video: u32,
    /// Makes the digests of what was forgotten, if anything was.
    forget_key: Option<ForgetKey>,
    /// The newest reading of each source.
    newest: NewestReadings,
    /// Earliest counts above 0 of the videos that were read again.
    first_nonzero: HashMap<u32, FirstNonzero<COUNTS>, BuildHasherDefault<PrehashedHasher>>,
}

impl<'a, R: Rows> Recording<'a, R> {
    fn new(rows: &'a mut R, known: &'a mut KnownTags, numbers: Numbers) -> Self {
        Self {
            tags: TouchedTags::new(numbers.hashtag),
            links: Links::default(),
            handles: Handles::default(),
            recorded: Recorded::default(),
            next_video: numbers.video,
            first_new_video: numbers.video,
            forget_key: numbers.forget_key,
            newest: NewestReadings::default(),
            first_nonzero: HashMap::default(),
            rows,
            known,
        }
    }

    fn group(&mut self, records: Vec<Prepared>) -> Result<(), StoreError> {
        self.rows.begin_group(&records, self.known)?;
        for record in records {
            self.newest.see(&record);
            match record {
                Prepared::Video(video) => {
                    self.recorded.video_records += 1;
                    self.video(*video)?;
                }
                Prepared::Hashtag(hashtag) => {
                    self.recorded.hashtag_records += 1;
                    self.hashtag(*hashtag)?;
                }
                Prepared::Removed(removal) => {
                    self.recorded.removal_records += 1;
                    self.removed(removal)?;
                }
                Prepared::Window(window) => {
                    self.recorded.window_records += 1;
                    let hashtag = self.tags.row(self.rows, self.known, &window.tag)?;
                    self.rows.write_window(hashtag, &WindowRow::of(*window))?;
                }
            }
        }
        self.rows.end_group()
    }

    fn finish(mut self, sequence: u64) -> Result<Recorded, StoreError> {
        self.move_creators()?;
        links::write(self.rows, self.links, &mut self.tags)?;
        for hashtag in self.rows.hashtags_read()? {
            // A reading from before the newest moves no total and is news all the same, to whoever measures series.
            self.tags.entry(hashtag).is_stirred = true;
        }
        let next = Numbers {
            hashtag: self.tags.next(),
            video: self.next_video,
            sequence: sequence + 1,
            forget_key: self.forget_key,
        };
        let changed = hashtag::write(self.rows, self.tags, next.sequence, &mut self.recorded)?;
        self.recorded.sequence = if changed.is_empty() { sequence } else { next.sequence };
        let next = Numbers { sequence: self.recorded.sequence, ..next };
        let ended = Ended { next, changed, newest: self.newest.into_list() };
        self.recorded.snapshots_new = self.rows.finish(&ended)?;
        Ok(self.recorded)
    }
}
