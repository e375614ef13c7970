//! Walks for trackers: the first videos under a hashtag, to a depth, once in a slot.

use super::{TrackedRead, UpstreamFault, WalkStep};
use crate::jobs::{WalkOrder, WalkState};
use crate::{Catalog, CatalogError, Prospect};
use domain::tracking::VideoDepth;
use domain::tracking::videos::VIDEOS_PER_PAGE;
use domain::{TagKey, Timestamp};
use sources::upstream::contract::COUNT_MAX;
use std::time::Duration;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};
use tokio::time::timeout;

/// Time limit of a walk: within the lease of its worker.
const WALK_DEADLINE: Duration = Duration::from_secs(90);
const _: () = assert!(COUNT_MAX == VIDEOS_PER_PAGE, "a walk is priced by full pages");

/// A walk that a tracker can pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopWalk {
    /// Time at which it began.
    pub at: Timestamp,
    /// Pages that brought videos.
    pub pages: u64,
}

impl Catalog {
    /// Walks through the first videos under a hashtag from `since` on and before `until`, unless that was done. The videos are
    /// stored when this returns. A walk that fails is made again from its beginning.
    pub async fn walk_tracked(
        &self,
        key: &TagKey,
        depth: VideoDepth,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<TrackedRead, CatalogError> {
        if let Some(walk) = self.top_walk_between(key, depth, since, until).await? {
            return Ok(TrackedRead::Read(walk.at));
        }
        if !self.has_upstream() {
            return Ok(TrackedRead::NoUpstream);
        }
        let at = self.inner.clock.now();
        if at < since || until <= at {
            return Ok(TrackedRead::Failed { cause: "the clock was set to another slot".to_owned() });
        }
        let pages = match timeout(WALK_DEADLINE, self.walk_to(key, depth)).await {
            Ok(walked) => match walked? {
                Ok(pages) => pages,
                Err(failed) => return Ok(failed),
            },
            Err(_) => {
                let cause = format!("the walk took longer than {} s", WALK_DEADLINE.as_secs());
                return Ok(TrackedRead::Failed { cause });
            }
        };
        let fetched = LastFetch { at, outcome: FetchOutcome::Found, cursor: Some(pages), has_more: false };
        self.inner.store.note_fetch(&fetch_of(key, depth), fetched).await?;
        Ok(TrackedRead::Read(at))
    }

    /// Returns the last walk of this depth, if it is from `since` on and before `until`.
    pub async fn top_walk_between(
        &self,
        key: &TagKey,
        depth: VideoDepth,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<TopWalk>, CatalogError> {
        let last = self.inner.store.last_fetch(&fetch_of(key, depth)).await?;
        let walk = last.map(|last| TopWalk { at: last.at, pages: last.cursor.unwrap_or(0) });
        Ok(walk.filter(|walk| since <= walk.at && walk.at < until))
    }

    /// Walks from the first page on. Returns the number of pages that brought videos, or the failure.
    async fn walk_to(
        &self,
        key: &TagKey,
        depth: VideoDepth,
    ) -> Result<Result<u64, TrackedRead>, CatalogError> {
        // With a #, a tag of digits is no id.
        let hashtag = format!("#{}", key.as_str());
        let order = WalkOrder { hashtag, region: None, max_credits: u64::from(depth.pages()) };
        let mut state = WalkState::default();
        loop {
            state = match self.walk_step(&order, state).await? {
                WalkStep::Page(state) | WalkStep::Idle(state) => state,
                WalkStep::Ended(state) => return Ok(Ok(state.counters.pages)),
                WalkStep::Missing(_) => return Ok(Err(TrackedRead::Missing)),
                WalkStep::Fault {
                    fault: UpstreamFault::Unavailable, prospect: Prospect::Lasting, ..
                } => {
                    return Ok(Err(TrackedRead::CallsUsedUp));
                }
                WalkStep::Fault { cause, .. } => return Ok(Err(TrackedRead::Failed { cause })),
            };
            let counters = state.counters;
            let is_deep = counters.unique >= u64::from(depth.get()) || counters.pages >= order.max_credits;
            if is_deep || state.stop_reason.is_some() {
                return Ok(Ok(counters.pages));
            }
        }
    }
}

fn fetch_of(key: &TagKey, depth: VideoDepth) -> Fetch {
    Fetch::new(FetchKind::TopVideos, &format!("{depth} {}", key.as_str()))
}
