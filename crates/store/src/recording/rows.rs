//! Operations on single rows while observations are recorded. All of them happen in one transaction, whose
//! earlier writes every later question sees.

use super::zeros::Times;
use super::{ChangedHandle, KnownTags, Link, Reported, StoredVideo, Touched};
use crate::StoreError;
use crate::forget::ForgetKey;
use crate::merge::{count_value, rounded_bits};
use crate::record::Prepared;
use domain::observation::WindowObservation;
use domain::{Count, HashtagId, Source, TagKey, Timestamp, VideoId};
use std::collections::BTreeSet;

/// The numbers that come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Row of the next new hashtag.
    pub(crate) hashtag: u32,
    /// Row of the next new video.
    pub(crate) video: u32,
    /// Change sequence of the catalog.
    pub(crate) sequence: u64,
    /// Makes the digests of what was forgotten, if anything was.
    pub(crate) forget_key: Option<ForgetKey>,
}

/// State in which a transaction leaves the store.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) next: Numbers,
    /// Rows of the hashtags that changed, ascending. When there are none the sequence is what it was.
    pub(crate) changed: Vec<u32>,
    /// Newest reading of each source of the transaction: the source's number, and milliseconds since 1970.
    pub(crate) newest: Vec<(u8, i64)>,
}

/// A reading of `N` counts as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point<const N: usize> {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) source: u8,
    /// Bit n is set when count n is rounded.
    pub(crate) rounded: i64,
    pub(crate) counts: [Option<i64>; N],
}

impl<const N: usize> Point<N> {
    /// `None` when nothing is reported.
    pub(crate) fn of(at: Timestamp, source: Source, counts: [Option<Count>; N]) -> Option<Self> {
        counts.iter().any(Option::is_some).then(|| Self {
            at: at.as_ms(),
            source: source.number(),
            rounded: rounded_bits(counts),
            counts: counts.map(|count| count.map(count_value)),
        })
    }

    /// Bit n is set when count n is known.
    pub(crate) fn known(&self) -> u8 {
        self.bits(|_| true)
    }

    /// Bit n is set when count n is above 0.
    pub(crate) fn positive(&self) -> u8 {
        self.bits(|count| count > 0)
    }

    fn bits(&self, is_set: impl Fn(i64) -> bool) -> u8 {
        let bit = |(n, count): (usize, &Option<i64>)| u8::from(count.is_some_and(&is_set)) << n;
        self.counts.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
    }

    /// Fills what this reading does not know, or has as 0, from a later one of the same moment and source. Every number
    /// above 0 that was read of a moment is thus stored, in however many transactions its readings come. Zeros fill only a
    /// reading without such a number.
    pub(crate) fn fill(&mut self, later: &Self) {
        let is_zero = self.positive() == 0;
        for (n, (count, later_count)) in self.counts.iter_mut().zip(later.counts).enumerate() {
            if count.unwrap_or(0) == 0 && later_count.is_some_and(|later| later > 0 || is_zero) {
                *count = later_count;
                self.rounded = (self.rounded & !(1 << n)) | (later.rounded & (1 << n));
            }
        }
    }
}

/// Videos and their snapshots.
pub(crate) trait VideoRows {
    /// Reads the user id of a handle; 0 if it was given with two.
    fn find_handle(&mut self, handle: i64) -> Result<Option<i64>, StoreError>;
    /// Stores what handles stand for.
    fn write_handles(&mut self, handles: &[ChangedHandle]) -> Result<(), StoreError>;
    /// The videos whose creator is known by one of these handles and by no id; all groups are in.
    fn videos_by_handle(&mut self, handles: &[i64]) -> Result<Vec<(u32, VideoId)>, StoreError>;
    /// Returns whether any of these digests is one of what was forgotten.
    fn is_forgotten(&mut self, digests: &[i64]) -> Result<bool, StoreError>;
    /// The row of a video, if it has one.
    fn find_video(&mut self, id: VideoId) -> Result<Option<u32>, StoreError>;
    /// Gives a video the row `next`, with the digest of the record it was read from. If it has a row already: that, and
    /// the digest it has.
    fn claim_video(&mut self, id: VideoId, next: u32, digest: u64) -> Result<Option<(u32, u64)>, StoreError>;
    /// Notes another digest.
    fn set_digest(&mut self, id: VideoId, video: u32, digest: u64) -> Result<(), StoreError>;
    /// Reads a video by its row.
    fn stored_video(&mut self, video: u32) -> Result<StoredVideo, StoreError>;
    /// Writes a new video and its first reading.
    fn make_video(
        &mut self,
        video: u32,
        id: VideoId,
        made: StoredVideo,
        reading: Option<Point<6>>,
    ) -> Result<(), StoreError>;
    /// Writes what is stored now.
    fn change_video(&mut self, video: u32, id: VideoId, stored: StoredVideo) -> Result<(), StoreError>;
    /// Keeps a reading. If there is one of the same moment and source, that stays, and is filled ([`Point::fill`]).
    fn write_video_point(&mut self, video: u32, point: Point<6>) -> Result<(), StoreError>;
    /// Returns the time (milliseconds) of the earliest stored reading of a video from before the transaction whose count `n` is
    /// not 0. Readings of the transaction itself may be left out.
    fn first_nonzero_video(&mut self, video: u32, n: usize) -> Result<Option<i64>, StoreError>;
    /// Makes count `n` unknown where it is 0, in readings within `times`. A reading that knows nothing more is removed.
    fn clear_zeros_video(&mut self, video: u32, n: usize, times: Times) -> Result<(), StoreError>;
}

/// A sum over a window of time as it is kept. Texts have no NUL; a length of 0 days is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WindowRow {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) source: i64,
    pub(crate) country: String,
    pub(crate) window_days: i64,
    /// Views, posts and rank.
    pub(crate) counts: [Option<i64>; 3],
    pub(crate) industry: String,
}

impl WindowRow {
    pub(crate) fn of(window: WindowObservation) -> Self {
        let count = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
        let text = |text: String| if text.contains('\0') { text.replace('\0', "") } else { text };
        Self {
            at: window.observed_at.as_ms(),
            source: i64::from(window.source.number()),
            country: text(window.country),
            window_days: i64::from(window.window_days.unwrap_or(0)),
            counts: [count(window.views), count(window.posts), count(window.rank)],
            industry: text(window.industry),
        }
    }
}

/// New hashtags that are written at once.
pub(crate) const MADE_AT_ONCE: usize = 16;

/// A new hashtag.
#[derive(Debug)]
pub(crate) struct NewHashtag {
    pub(crate) row: u32,
    pub(crate) name: Box<str>,
    /// The id that a source reported.
    pub(crate) id: Option<HashtagId>,
    pub(crate) touched: Touched,
}

/// Hashtags, the ways to them and their snapshots.
pub(crate) trait HashtagRows {
    /// The hashtag of a key that is in the database, and its id (0 when it has none).
    fn find_tag(&mut self, key: &str) -> Result<Option<(u32, u64)>, StoreError>;
    /// Reads the reported values of a hashtag. Default for one that is not stored yet.
    fn reported(&mut self, hashtag: u32) -> Result<Reported, StoreError>;
    /// Keeps a reading. If there is one of the same moment and source, that stays, and is filled ([`Point::fill`]).
    fn write_hashtag_point(&mut self, hashtag: u32, point: Point<3>) -> Result<(), StoreError>;
    /// Returns the time (milliseconds) of the earliest stored reading of a hashtag from before the transaction whose count `n` is
    /// not 0. Readings of the transaction itself may be left out.
    fn first_nonzero_hashtag(&mut self, hashtag: u32, n: usize) -> Result<Option<i64>, StoreError>;
    /// Makes count `n` unknown where it is 0, in readings within `times`. A reading that knows nothing more is removed.
    fn clear_zeros_hashtag(&mut self, hashtag: u32, n: usize, times: Times) -> Result<(), StoreError>;
    /// These ids are about to be claimed: what that needs can be read at once.
    fn expect_ids(&mut self, _ids: &[HashtagId]) -> Result<(), StoreError> {
        Ok(())
    }
    /// Notes that an id, which was expected, leads to a hashtag. `false` if it leads to one already.
    fn claim_id(&mut self, id: HashtagId, hashtag: u32) -> Result<bool, StoreError>;
    /// Claims ids in this order, each for its hashtag ([`Self::claim_id`]).
    fn claim_ids(&mut self, ids: &[(HashtagId, u32)]) -> Result<Vec<bool>, StoreError> {
        ids.iter().map(|(id, hashtag)| self.claim_id(*id, *hashtag)).collect()
    }
    /// Writes new hashtags, at most [`MADE_AT_ONCE`].
    fn make_hashtags(&mut self, made: &[NewHashtag], sequence: u64) -> Result<(), StoreError>;
    /// Writes what changed of a hashtag. The id is for one that has none.
    fn change_hashtag(
        &mut self,
        hashtag: u32,
        id: Option<HashtagId>,
        touched: &Touched,
        sequence: u64,
    ) -> Result<(), StoreError>;
    /// Writes the keys of new hashtags, in ascending order.
    fn make_keys(&mut self, keys: &[(TagKey, u32)]) -> Result<(), StoreError>;
}

/// Operations on links of hashtags and videos. Read and written in the order of the table, each link once.
pub(crate) trait LinkRows {
    /// These links are about to be written: what that needs can be read at once.
    fn expect_links(&mut self, _links: &[Link], _first_new_hashtag: u32) -> Result<(), StoreError> {
        Ok(())
    }
    /// Returns whether there was a link of this creator under the hashtag before the transaction.
    fn has_author(&mut self, hashtag: u32, author: i64) -> Result<bool, StoreError>;
    /// Counts the links of this creator under the hashtag before the transaction, called before any of them is
    /// written.
    fn author_links(&mut self, hashtag: u32, author: i64) -> Result<i64, StoreError>;
    /// Makes a link.
    fn make_link(&mut self, link: &Link) -> Result<(), StoreError>;
    /// Changes plays and region of a link.
    fn change_link(&mut self, link: &Link) -> Result<(), StoreError>;
    /// Removes a link.
    fn drop_link(&mut self, link: &Link) -> Result<(), StoreError>;
}

/// All of it.
pub(crate) trait Rows: VideoRows + HashtagRows + LinkRows {
    /// Records that are taken in between [`Self::begin_group`] and [`Self::end_group`]; chunks are not cut, so that it
    /// can be a chunk more.
    const GROUP_RECORDS_MAX: usize;

    /// The numbers that come next, asked once at the beginning.
    fn numbers(&mut self) -> Result<Numbers, StoreError>;
    /// These records come next: what they need can be read at once.
    fn begin_group(&mut self, _records: &[Prepared], _known: &KnownTags) -> Result<(), StoreError> {
        Ok(())
    }
    /// They are in.
    fn end_group(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
    /// Keeps a sum over a window, unless there is one of the same moment, source, country and length.
    fn write_window(&mut self, hashtag: u32, window: &WindowRow) -> Result<(), StoreError>;
    /// Returns the hashtags whose readings are others than before the transaction, once all groups are in.
    fn hashtags_read(&mut self) -> Result<BTreeSet<u32>, StoreError>;
    /// Everything is in: writes what is left, the list of changes and the numbers. Gives how many snapshots were new.
    fn finish(&mut self, ended: &Ended) -> Result<u64, StoreError>;
}
