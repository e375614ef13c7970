//! Forgetting for good: selects the videos, and deletes all of their rows and copies.
//!
//! Run an interrupted forget again to finish it: it also drops the copies that were left.

use crate::{Catalog, CatalogError};
use domain::{Creator, Handle, HashtagRow, VideoId, fragment};
use std::collections::{BTreeMap, BTreeSet};
use store::forget::{FORGET_AT_ONCE, HandleOwner, Named, Wiped};
use store::videos::VideoRow;

/// Videos read at once to find those of a creator.
const READ_AT_ONCE: u64 = 10_000;

/// Videos and creators to forget.
#[derive(Debug, Clone, Default)]
pub struct ForgetOrder {
    /// Videos.
    pub videos: Vec<VideoId>,
    /// Creators: all of their videos, and their handles.
    pub handles: BTreeSet<Handle>,
    /// Rewrites the tables at the end, so that no bytes of deleted rows remain.
    pub is_rewritten: bool,
}

/// Report of what was forgotten, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgetReport {
    /// Videos requested by id, or by a requested creator.
    pub asked: u64,
    /// Videos among them that were stored.
    pub videos: u64,
    /// Their readings.
    pub snapshots: u64,
    /// Creators requested by handle.
    pub creators: u64,
    /// Creators among them without stored data.
    pub creators_unknown: u64,
    /// Their hashtags.
    pub hashtags: u64,
    /// Handles that were dropped, as no video of their owners is left.
    pub handles: u64,
    /// Stored answers that named any of it.
    pub answers: u64,
    /// Stored reports of shares that named any of it, from which those entries were removed.
    pub shares: u64,
    /// Files in which deleted bytes may remain.
    pub wiped: Wiped,
}

/// Creators of an order.
#[derive(Debug, Default)]
struct Wanted {
    /// Handles, and the ids that they belong to.
    creators: BTreeSet<Creator>,
    /// Handles that belong to several ids: only videos with these handles are forgotten.
    shared: BTreeSet<Handle>,
    owners: BTreeMap<Handle, HandleOwner>,
}

impl Catalog {
    /// Reports what an order would forget. Changes nothing.
    pub async fn would_forget(
        &self,
        order: ForgetOrder,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<ForgetReport, CatalogError> {
        let wanted = self.wanted(&order.handles).await?;
        let (videos, mut report) = self.meant(order, &wanted).await?;
        for part in videos.chunks(FORGET_AT_ONCE) {
            let found = self.inner.store.forgettable(part).await?;
            report.videos += found.videos;
            report.snapshots += found.snapshots;
            progress(part.len() as u64, report.asked);
        }
        Ok(report)
    }

    /// Forgets for good. Later imports skip what was forgotten.
    pub async fn forget(
        &self,
        order: ForgetOrder,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<ForgetReport, CatalogError> {
        let (store, is_rewritten) = (&self.inner.store, order.is_rewritten);
        // An interrupted one may have left any rankings.
        let was_forgetting = store.is_forgetting().await?;
        let wanted = self.wanted(&order.handles).await?;
        let handles_before = match wanted.creators.is_empty() {
            true => 0,
            // First, so that no import adds another video of theirs meanwhile.
            false => store.forget_creators(&wanted.creators).await?,
        };
        let handles = order.handles.iter().copied().collect();
        let (videos, mut report) = self.meant(order, &wanted).await?;
        report.handles = handles_before;
        let mut hashtags: BTreeSet<HashtagRow> = BTreeSet::new();
        let mut creators: BTreeSet<Creator> = BTreeSet::new();
        for part in videos.chunks(FORGET_AT_ONCE) {
            let forgotten = store.forget_videos(part.to_vec()).await?;
            report.videos += forgotten.videos;
            report.snapshots += forgotten.snapshots;
            hashtags.extend(forgotten.hashtags);
            creators.extend(forgotten.creators);
            progress(part.len() as u64, report.asked);
        }
        report.hashtags = hashtags.len() as u64;
        report.handles += store.drop_idle_handles(&creators).await?;
        if was_forgetting {
            store.drop_generations(None).await?;
        }
        let ids = videos.iter().map(|id| id.get());
        let owners = wanted.creators.iter().filter_map(|creator| creator.id()).map(|id| id.get());
        let named = Named { ids: ids.chain(owners).collect(), handles };
        report.answers = store.forget_answers(named.clone()).await?;
        report.shares = store.forget_in_shares(named).await?;
        self.invalidate_changed().await?;
        self.settle().await?;
        report.wiped = store.end_forgetting(is_rewritten).await?;
        Ok(report)
    }

    /// Lets imports store forgotten data again. Returns the number of videos and creators that were forgotten.
    pub async fn allow_again(&self, order: &ForgetOrder) -> Result<u64, CatalogError> {
        let creators: BTreeSet<Creator> = order.handles.iter().map(|handle| (*handle).into()).collect();
        Ok(self.inner.store.allow_again(&order.videos, &creators).await?)
    }

    async fn wanted(&self, handles: &BTreeSet<Handle>) -> Result<Wanted, CatalogError> {
        if handles.is_empty() {
            return Ok(Wanted::default());
        }
        let handles: Vec<Handle> = handles.iter().copied().collect();
        let owners = self.inner.store.owners_of(&handles).await?;
        let mut wanted = Wanted { owners, ..Wanted::default() };
        for (handle, owner) in &wanted.owners {
            wanted.creators.insert((*handle).into());
            match owner {
                HandleOwner::Unknown => {}
                HandleOwner::Creator(creator) => {
                    wanted.creators.insert(*creator);
                }
                HandleOwner::Several => {
                    wanted.shared.insert(*handle);
                }
            }
        }
        Ok(wanted)
    }

    /// Returns all videos of an order, each once.
    async fn meant(
        &self,
        order: ForgetOrder,
        wanted: &Wanted,
    ) -> Result<(Vec<VideoId>, ForgetReport), CatalogError> {
        let mut videos = order.videos;
        let seen = if wanted.creators.is_empty() {
            BTreeSet::new()
        } else {
            self.videos_by(wanted, &mut videos).await?
        };
        videos.sort_unstable();
        videos.dedup();
        let is_unknown = |(handle, owner): &(&Handle, &HandleOwner)| {
            **owner == HandleOwner::Unknown && !seen.contains(&Creator::from(**handle))
        };
        let report = ForgetReport {
            asked: videos.len() as u64,
            creators: wanted.owners.len() as u64,
            creators_unknown: wanted.owners.iter().filter(is_unknown).count() as u64,
            ..ForgetReport::default()
        };
        Ok((videos, report))
    }

    /// Adds the stored videos of creators; returns the creators with any. All videos are read, as they are not
    /// ordered by creator.
    async fn videos_by(
        &self,
        wanted: &Wanted,
        videos: &mut Vec<VideoId>,
    ) -> Result<BTreeSet<Creator>, CatalogError> {
        let store = &self.inner.store;
        let (last, mut seen) = (store.catalog_size().await?.last_video.0, BTreeSet::new());
        let mut first = 1;
        while first <= last {
            let end = last.min(first + READ_AT_ONCE - 1);
            let found = store.creators_of_rows(VideoRow(first)..=VideoRow(end)).await?;
            for (_, id, creator) in &found {
                if let Some(creator) = creator.filter(|creator| wanted.creators.contains(creator)) {
                    videos.push(*id);
                    seen.insert(creator);
                }
            }
            if !wanted.shared.is_empty() {
                let rows: Vec<VideoRow> = found.iter().map(|(row, ..)| *row).collect();
                for ((_, id, _), packed) in found.iter().zip(store.packed(&rows).await?) {
                    let handle = fragment::label(&packed).and_then(|label| Handle::new(&label.author));
                    if handle.is_some_and(|handle| wanted.shared.contains(&handle)) {
                        videos.push(*id);
                    }
                }
            }
            first = end + 1;
        }
        Ok(seen)
    }
}
