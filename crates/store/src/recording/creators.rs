//! Creators of videos: by id if a record gave one, else by handle, which joins the id that another record gave with it.
//!
//! The user id of a handle follows from all records together, in whatever order they came: of none with an id, the
//! handle itself; of one id, that id; of two, the handle again, as nobody can know whose the videos are. So videos are
//! moved when what their handle stands for changes, all at the end of the transaction.

use super::Recording;
use super::rows::Rows;
use super::video::StoredVideo;
use crate::StoreError;
use domain::{AuthorId, Handle};
use std::collections::HashMap;

/// Stands for a handle that was given with two ids.
pub(crate) const AMBIGUOUS: i64 = 0;
/// Handles whose videos are moved at once.
const HANDLES_AT_ONCE: usize = 1_000;

/// User id of a handle: an id, [`AMBIGUOUS`], or none yet.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    stored: Option<i64>,
    now: Option<i64>,
}

/// The handles of a transaction.
#[derive(Debug, Default)]
pub(super) struct Handles(HashMap<i64, Meaning>);

/// A handle whose meaning changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChangedHandle {
    pub(crate) handle: i64,
    /// The id, or [`AMBIGUOUS`].
    pub(crate) author: i64,
    /// True if nothing was stored of it.
    pub(crate) is_new: bool,
}

/// Whose a video is, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ownership {
    pub(super) author: Option<i64>,
    pub(super) handle: Option<i64>,
}

impl StoredVideo {
    /// The id that a record gave for its creator.
    fn given_id(&self) -> Option<i64> {
        self.author.filter(|_| self.handle.is_none())
    }
}

impl<R: Rows> Recording<'_, R> {
    /// Whose a video is after a record that may name its creator by id, by handle or both. An id wins over every handle.
    /// Takes the lesser of two handles of one video, so that the order of the records does not matter.
    pub(super) fn ownership(
        &mut self,
        stored: Option<&StoredVideo>,
        id: Option<AuthorId>,
        handle: Option<Handle>,
    ) -> Result<Ownership, StoreError> {
        let (id, handle) = (id.map(AuthorId::to_i64), handle.map(Handle::to_i64));
        if let (Some(id), Some(handle)) = (id, handle) {
            self.learn(handle, id)?;
        }
        if let Some(id) = stored.and_then(StoredVideo::given_id).or(id) {
            return Ok(Ownership { author: Some(id), handle: None });
        }
        let handles = [stored.and_then(|stored| stored.handle), handle];
        let Some(handle) = handles.into_iter().flatten().min() else {
            return Ok(Ownership { author: None, handle: None });
        };
        Ok(Ownership { author: Some(self.creator_of(handle)?), handle: Some(handle) })
    }

    /// A record gave an id together with a handle.
    pub(super) fn learn(&mut self, handle: i64, id: i64) -> Result<(), StoreError> {
        let meaning = self.meaning(handle)?;
        meaning.now = match meaning.now {
            Some(known) if known != id => Some(AMBIGUOUS),
            _ => Some(id),
        };
        Ok(())
    }

    /// The creator that a handle stands for.
    pub(super) fn creator_of(&mut self, handle: i64) -> Result<i64, StoreError> {
        let now = self.meaning(handle)?.now;
        Ok(now.filter(|id| *id != AMBIGUOUS).unwrap_or(handle))
    }

    fn meaning(&mut self, handle: i64) -> Result<&mut Meaning, StoreError> {
        use std::collections::hash_map::Entry;
        Ok(match self.handles.0.entry(handle) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let stored = self.rows.find_handle(handle)?;
                place.insert(Meaning { stored, now: stored })
            }
        })
    }

    /// Stores what handles stand for now, and moves the videos of those that stand for somebody else than before.
    pub(super) fn move_creators(&mut self) -> Result<(), StoreError> {
        let changed = self.handles.0.iter().filter(|(_, meaning)| meaning.now != meaning.stored);
        let of = |(handle, meaning): (&i64, &Meaning)| ChangedHandle {
            handle: *handle,
            author: meaning.now.unwrap_or(AMBIGUOUS),
            is_new: meaning.stored.is_none(),
        };
        let mut changed: Vec<ChangedHandle> = changed.map(of).collect();
        changed.sort_unstable();
        for part in changed.chunks(HANDLES_AT_ONCE) {
            self.rows.write_handles(part)?;
            let handles: Vec<i64> = part.iter().map(|changed| changed.handle).collect();
            let videos = self.rows.videos_by_handle(&handles)?;
            let is_moved = !videos.is_empty();
            for (video, id) in videos {
                let stored = self.rows.stored_video(video)?;
                let Some(handle) = stored.handle else { continue };
                let author = Some(self.creator_of(handle)?);
                if author != stored.author {
                    let after = StoredVideo { author, ..stored.clone() };
                    self.relink(video, &stored, &after);
                    self.rows.change_video(video, id, after)?;
                }
            }
            if is_moved {
                self.rows.end_group()?;
            }
        }
        Ok(())
    }
}
