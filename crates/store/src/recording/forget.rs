//! Forgetting videos for good: their links and sums go by the rules of taking in, then every row of theirs is deleted. All
//! of it in one transaction.

use super::rows::Rows;
use super::touched::KnownTags;
use super::{Recording, StoredVideo};
use crate::StoreError;
use crate::forget::{ForgetKey, ForgottenVideos};
use crate::record::Recorded;
use domain::{Creator, HashtagRow, VideoId};

/// Operations on single rows while videos are forgotten.
pub(crate) trait ForgetRows {
    /// Makes the digests of what is forgotten.
    fn forget_key(&mut self) -> Result<ForgetKey, StoreError>;
    /// Keeps digests, and notes that copies of what is forgotten may still be elsewhere.
    fn write_forgotten(&mut self, digests: &[i64]) -> Result<(), StoreError>;
    /// Returns the stored ones of these videos, with their rows.
    fn stored_of(&mut self, ids: &[VideoId]) -> Result<Vec<(u32, VideoId)>, StoreError>;
    /// Deletes every row of these videos. Returns how many readings of them were stored.
    fn delete_videos(&mut self, videos: &[(u32, VideoId)]) -> Result<u64, StoreError>;
}

/// Forgets videos. The caller has begun a transaction and commits it afterwards.
pub(crate) fn forget<R: Rows + ForgetRows>(
    rows: &mut R,
    ids: &[VideoId],
) -> Result<(Recorded, ForgottenVideos), StoreError> {
    let numbers = rows.numbers()?;
    let key = rows.forget_key()?;
    let digests: Vec<i64> = ids.iter().map(|id| key.video(*id)).collect();
    rows.write_forgotten(&digests)?;
    let stored = rows.stored_of(ids)?;
    let mut forgotten = ForgottenVideos { videos: stored.len() as u64, ..ForgottenVideos::default() };
    let mut known = KnownTags::default();
    let mut recording = Recording::new(rows, &mut known, numbers);
    for (video, _) in &stored {
        let before = recording.rows.stored_video(*video)?;
        forgotten.creators.extend(before.author.and_then(Creator::from_i64));
        forgotten.hashtags.extend(before.tags.iter().copied().map(HashtagRow));
        recording.forget(*video, &before);
    }
    let recorded = recording.finish(numbers.sequence)?;
    forgotten.snapshots = rows.delete_videos(&stored)?;
    Ok((recorded, forgotten))
}

impl<R: Rows> Recording<'_, R> {
    /// Notes what becomes of the links and sums of a video that goes.
    fn forget(&mut self, video: u32, before: &StoredVideo) {
        let gone = StoredVideo { removed_at: Some(i64::MAX), ..before.clone() };
        self.relink(video, before, &gone);
    }
}
