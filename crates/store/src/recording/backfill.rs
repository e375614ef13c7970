//! Completing rows that an older version stored: part by part, each part a whole transaction, from the highest row down. A
//! store that is cut off in between goes on where it was when it is opened again.

use super::creators::Ownership;
use super::hashtag::claim_assigned;
use super::rows::Rows;
use super::touched::KnownTags;
use super::waiting::{Rewritten, tidied};
use super::{Recording, StoredVideo};
use crate::StoreError;
use crate::record::Recorded;
use crate::runs::Run;
use domain::{AuthorId, Handle, HashtagId, Tag, TagKey, VideoId, fragment};

/// Hashtags in one transaction.
const HASHTAGS_PART: u32 = 20_000;
/// Videos in one transaction.
const VIDEOS_PART: u32 = 5_000;
/// Rows of readings in one transaction, unless one hashtag has more.
const RUNS_PART: u32 = 50_000;

/// Rows up to these numbers are still to be completed; 0 when none are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backfill {
    /// Hashtags without an assigned id.
    pub(crate) hashtag: u32,
    /// Videos without handles.
    pub(crate) video: u32,
    /// Hashtags whose equal readings are rows of their own.
    pub(crate) runs: u32,
}

impl Backfill {
    /// Returns whether any are.
    pub(crate) fn is_left(self) -> bool {
        self.hashtag > 0 || self.video > 0 || self.runs > 0
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
    /// Returns the hashtag of the stored run that has `runs_max` others above it, up to and with those of `last`; `None` if
    /// there are fewer.
    fn hashtag_below(&mut self, last: u32, runs_max: u32) -> Result<Option<u32>, StoreError>;
    /// Stored runs of the hashtags from one row to another, both included, in order of the hashtags.
    fn stored_runs(&mut self, first: u32, last: u32) -> Result<Vec<(u32, Run)>, StoreError>;
    /// Writes the changes of hashtags' runs.
    fn write_runs(&mut self, rewritten: Vec<(u32, Rewritten)>) -> Result<(), StoreError>;
}

/// Completes the next part. The caller has begun a transaction and commits it afterwards.
pub(crate) fn backfill<R: Rows + BackfillRows>(rows: &mut R) -> Result<Recorded, StoreError> {
    let numbers = rows.numbers()?;
    let mut left = rows.backfill()?;
    let mut known = KnownTags::default();
    let mut recording = Recording::new(rows, &mut known, numbers);
    if left.hashtag > 0 {
        left.hashtag = assign_ids(recording.rows, left.hashtag)?;
    } else if left.video > 0 {
        left.video = recording.identify(left.video)?;
    } else {
        left.runs = merge_runs(recording.rows, left.runs)?;
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

/// Merges equal readings of the hashtags of a part; gives the row up to which they are left. No reading changes.
fn merge_runs<R: BackfillRows>(rows: &mut R, last: u32) -> Result<u32, StoreError> {
    let below = rows.hashtag_below(last, RUNS_PART)?.unwrap_or(0);
    let left = below.min(last.saturating_sub(1));
    let stored = rows.stored_runs(left + 1, last)?;
    let mut rewritten = Vec::new();
    for of_hashtag in stored.chunk_by(|one, next| one.0 == next.0) {
        let runs = of_hashtag.iter().map(|(_, run)| run.clone()).collect();
        rewritten.push((of_hashtag[0].0, tidied(runs)?));
    }
    rows.write_runs(rewritten)?;
    Ok(left)
}
