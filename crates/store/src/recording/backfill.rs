//! Completing rows that an older version stored: part by part, each part a whole transaction, from the highest row down. A
//! store that is cut off in between goes on where it was when it is opened again.

use super::creators::Ownership;
use super::hashtag::claim_assigned;
use super::rows::Rows;
use super::touched::KnownTags;
use super::{Recording, StoredVideo};
use crate::StoreError;
use crate::record::Recorded;
use domain::{AuthorId, Handle, HashtagId, Tag, TagKey, VideoId, fragment};

/// Hashtags in one transaction.
const HASHTAGS_PART: u32 = 20_000;
/// Videos in one transaction.
const VIDEOS_PART: u32 = 5_000;

/// Rows up to these numbers are still to be completed; 0 when none are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backfill {
    pub(crate) hashtag: u32,
    pub(crate) video: u32,
}

impl Backfill {
    /// Returns whether any are.
    pub(crate) fn is_left(self) -> bool {
        self.hashtag > 0 || self.video > 0
    }
}

/// Operations on single rows while they are completed.
pub(crate) trait BackfillRows {
    /// Reads the rest.
    fn backfill(&mut self) -> Result<Backfill, StoreError>;
    /// Notes what is left.
    fn set_backfill(&mut self, left: Backfill) -> Result<(), StoreError>;
    /// Names of the stored hashtags from one row to another, both included.
    fn stored_names(&mut self, first: u32, last: u32) -> Result<Vec<(u32, String)>, StoreError>;
    /// The stored videos from one row to another, both included, with TikTok's ids of them.
    fn stored_videos(&mut self, first: u32, last: u32) -> Result<Vec<(u32, VideoId)>, StoreError>;
    /// Records that a hashtag has another assigned id than the usual one.
    fn set_assigned_id(&mut self, hashtag: u32, id: HashtagId) -> Result<(), StoreError>;
}

/// Completes the next part. The caller has begun a transaction and commits it afterwards.
pub(crate) fn backfill<R: Rows + BackfillRows>(rows: &mut R) -> Result<Recorded, StoreError> {
    let numbers = rows.numbers()?;
    let mut left = rows.backfill()?;
    let mut known = KnownTags::default();
    let mut recording = Recording::new(rows, &mut known, numbers);
    if left.hashtag > 0 {
        left.hashtag = assign_ids(recording.rows, left.hashtag)?;
    } else {
        left.video = recording.identify(left.video)?;
    }
    recording.rows.set_backfill(left)?;
    recording.finish(numbers.sequence)
}

impl<R: Rows + BackfillRows> Recording<'_, R> {
    /// Reads the handles of a part of the videos out of their JSON, as records have them now; gives the row up to which
    /// they are left.
    fn identify(&mut self, last: u32) -> Result<u32, StoreError> {
        let left = last.saturating_sub(VIDEOS_PART);
        for (video, id) in self.rows.stored_videos(left + 1, last)? {
            let stored = self.rows.stored_video(video)?;
            for &hashtag in &stored.tags {
                let touched = self.tags.entry(hashtag);
                touched.held_at = touched.held_at.max(stored.observed_at);
                touched.is_stirred = true;
            }
            let handle = fragment::label(&stored.packed).and_then(|label| Handle::new(&label.author));
            let author = stored.author.filter(|author| *author > 0).map(AuthorId::from_i64);
            let Ownership { author, handle } =
                self.ownership(Some(&stored), author.and_then(Result::ok), handle)?;
            if (author, handle) != (stored.author, stored.handle) {
                let after = StoredVideo { author, handle, ..stored.clone() };
                self.relink(video, &stored, &after);
                self.rows.change_video(video, id, after)?;
            }
        }
        self.rows.end_group()?;
        Ok(left)
    }
}

/// Assigns ids to the hashtags of a part; gives the row up to which they are left.
fn assign_ids<R: Rows + BackfillRows>(rows: &mut R, last: u32) -> Result<u32, StoreError> {
    let left = last.saturating_sub(HASHTAGS_PART);
    let mut assigned: Vec<(HashtagId, TagKey, u32)> = Vec::new();
    for (row, name) in rows.stored_names(left + 1, last)? {
        let tag = Tag::new(&name).map_err(|_| StoreError::Inconsistent {
            table: "hashtags",
            column: "name",
            row: row.to_string(),
        })?;
        assigned.push((HashtagId::assigned(tag.key(), 0), tag.key().clone(), row));
    }
    assigned.sort_unstable();
    let ids: Vec<HashtagId> = assigned.iter().map(|(id, ..)| *id).collect();
    rows.expect_ids(&ids)?;
    for (usual, key, row) in assigned {
        let id = claim_assigned(rows, row, &key)?;
        if id != usual {
            rows.set_assigned_id(row, id)?;
        }
    }
    Ok(left)
}
