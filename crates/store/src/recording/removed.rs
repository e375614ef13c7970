//! Taking in that a video is removed, and keeping out what was forgotten.
//!
//! A video is removed while no reading of it is later than the latest report that it is gone. So the order in which timed
//! records come in does not matter. A removed video has no links, and its hashtags' sums do not count it.

use super::Recording;
use super::rows::Rows;
use super::video::StoredVideo;
use crate::StoreError;
use crate::forget::ForgetKey;
use crate::record::{PreparedRemoval, PreparedVideo};
use domain::Creator;

/// SQL for whether a row of `videos` is removed.
pub(crate) const REMOVED_SQL: &str =
    "(removed_at IS NOT NULL AND (observed_at IS NULL OR observed_at <= removed_at))";

impl<R: Rows> Recording<'_, R> {
    /// Takes in that a video is removed.
    pub(super) fn removed(&mut self, removal: PreparedRemoval) -> Result<(), StoreError> {
        let Some(video) = self.rows.find_video(removal.id)? else {
            self.recorded.removals_unknown += 1;
            return Ok(());
        };
        let stored = self.rows.stored_video(video)?;
        let at = Some(removal.at.as_ms());
        // Without a time of its own a record is as old as its first import: again, it says nothing new.
        if stored.removed_at >= at || (stored.removed_at.is_some() && !removal.is_timed) {
            return Ok(());
        }
        let after = StoredVideo { removed_at: at, ..stored.clone() };
        self.recorded.videos_removed += u64::from(after.is_removed() && !stored.is_removed());
        self.relink(video, &stored, &after);
        self.rows.change_video(video, removal.id, after)
    }

    /// Returns whether a reading is of a video, or by a creator, that was forgotten.
    pub(super) fn is_forgotten(&mut self, reading: &PreparedVideo) -> Result<bool, StoreError> {
        match self.forget_key {
            Some(key) => self.rows.is_forgotten(&digests(key, reading)),
            None => Ok(false),
        }
    }
}

/// The digests by which a reading may be one of what was forgotten.
pub(crate) fn digests(key: ForgetKey, reading: &PreparedVideo) -> Vec<i64> {
    let creators = [reading.author.map(Creator::from), reading.handle.map(Creator::from)];
    let creators = creators.into_iter().flatten().map(|creator| key.creator(creator));
    std::iter::once(key.video(reading.id)).chain(creators).collect()
}
