//! A page of a walk job: fetched under the upstream's rules, recorded, counted. The worker has the loop around
//! it, the charge and the state between two pages.
//!
//! A walk stays with one upstream, the first one unless it began with another, since their cursors differ. An
//! empty page that is not the last is fetched again, and skipped if it names a later one.

use super::posts::{EMPTY_PAGES_MAX, Feed};
use super::walk_end::end_reason;
use super::{Contract, Denied, FreshnessRequirement, Live, Prospect, no_answer};
use crate::jobs::{FIRST_REJECTS_MAX, StopReason, WalkOrder, WalkReject, WalkState, WalkTarget};
use crate::{Catalog, CatalogError, HashtagRef, UpstreamFault};
use domain::observation::TagRef;
use domain::{Hashtag, HashtagId, VideoId, VideoObservation};
use sources::upstream::contract::{COUNT_MAX, Page, PostsRequest};
use std::time::Duration;
use tokio::time::Instant;

/// Time limit of one call, including the wait for its place and retries. No client waits for a job.
const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// Maximum number of consecutive empty pages that are skipped, if each names a later one.
const SKIPPED_MAX: u32 = 3;
/// Consecutive pages without a new video after which a walk ends.
const IDLE_PAGES_MAX: u32 = 3;

/// Outcome of a step of a walk.
#[derive(Debug)]
pub enum WalkStep {
    /// A page with at least one video new to this walk, to be charged. With a `stop_reason` it was the last.
    Page(WalkState),
    /// A page with only repeats or only rejects, which is free. With a `stop_reason` it was the last.
    Idle(WalkState),
    /// There is no further page; nothing is charged.
    Ended(WalkState),
    /// There is no such hashtag, or no upstream has an id for it.
    Missing(WalkState),
    /// The upstream failed.
    Fault {
        /// State reached.
        state: WalkState,
        /// The fault as reported to clients.
        fault: UpstreamFault,
        /// Cause for the log.
        cause: String,
        /// Prospect of a retry.
        prospect: Prospect,
    },
}

/// End of a step before its page.
enum Cut {
    Step(Box<WalkStep>),
    Failed(CatalogError),
}

impl From<CatalogError> for Cut {
    fn from(error: CatalogError) -> Self {
        Self::Failed(error)
    }
}

impl Catalog {
    /// Returns true if there is an upstream to walk through.
    pub fn has_upstream(&self) -> bool {
        self.inner.live.is_some()
    }

    /// Advances a walk by one page that is not empty. Everything on the page is stored when this returns; a
    /// second call with the same state is harmless.
    pub async fn walk_step(&self, order: &WalkOrder, state: WalkState) -> Result<WalkStep, CatalogError> {
        let Some(live) = self.inner.live.as_ref() else {
            let cause = "no upstream is configured here".to_owned();
            let (fault, prospect) = (UpstreamFault::Unavailable, Prospect::MayPass);
            return Ok(WalkStep::Fault { state, fault, cause, prospect });
        };
        match self.next_page(live, order, state).await {
            Ok(step) => Ok(step),
            Err(Cut::Step(step)) => Ok(*step),
            Err(Cut::Failed(error)) => Err(error),
        }
    }

    async fn next_page(&self, live: &Live, order: &WalkOrder, mut state: WalkState) -> Result<WalkStep, Cut> {
        let (hashtag, id) = self.target(live, order, &mut state).await?;
        let contract = live.of_walk(&mut state)?;
        let feed = Feed { id, region: order.region() };
        let tag = TagRef { tag: hashtag.tag.clone(), id: Some(id) };
        let mut empty = 0;
        loop {
            let request = PostsRequest { cursor: state.cursor, count: COUNT_MAX, region: feed.region };
            let deadline = Instant::now() + CALL_DEADLINE;
            let called = contract.guard.call(deadline, |at| {
                let (connector, tag) = (contract.connector.clone(), tag.clone());
                async move { connector.posts(&tag, id, request, at).await }
            });
            let page = match called.await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(WalkStep::Missing(state)),
                Err(denied) => return Ok(fault(state, denied)),
            };
            state.faults = 0;
            if !page.records.is_empty() || page.rejects.count() > 0 {
                return Ok(self.write_page(feed, state, page).await?);
            }
            state.counters.empty_page += 1;
            empty += 1;
            if !page.has_more {
                return Ok(ended(self.end_of_walk(feed, &state).await?, state));
            }
            if empty > EMPTY_PAGES_MAX {
                if page.cursor <= state.cursor || state.skipped >= SKIPPED_MAX {
                    return Ok(ended(StopReason::Stall, state));
                }
                (state.cursor, empty) = (page.cursor, 0);
                state.skipped += 1;
            }
        }
    }

    /// Stores a page and counts its videos. Its charge depends on what this walk has seen and not on what was
    /// stored before: a page that is fetched again after a kill is the same page.
    async fn write_page(
        &self,
        feed: Feed,
        mut state: WalkState,
        page: Page<VideoObservation>,
    ) -> Result<WalkStep, CatalogError> {
        let (cursor, has_more, rejects) = (page.cursor, page.has_more, page.rejects.clone());
        let ids: Vec<VideoId> = page.records.iter().map(|video| video.id).collect();
        self.write_posts(feed, state.cursor, page).await?;
        let rows = self.inner.store.video_rows(&ids).await?;
        let new = rows.into_iter().filter(|row| state.seen.insert(*row)).count() as u64;
        if new == 0 {
            state.counters.idle_page += 1;
            state.idle_pages += 1;
        } else {
            state.counters.pages += 1;
            state.idle_pages = 0;
        }
        state.counters.unique += new;
        state.counters.duplicate += ids.len() as u64 - new;
        state.counters.rejects += rejects.count();
        let room = FIRST_REJECTS_MAX.saturating_sub(state.first_rejects.len());
        let noted = rejects.first().iter().map(|reject| WalkReject::of(state.cursor, reject)).take(room);
        state.first_rejects.extend(noted.collect::<Vec<_>>());
        state.skipped = 0;
        state.cursor = state.cursor.max(cursor);
        state.stop_reason = if !has_more {
            Some(self.end_of_walk(feed, &state).await?)
        } else if state.idle_pages >= IDLE_PAGES_MAX {
            Some(StopReason::Repeat)
        } else {
            None
        };
        Ok(if new == 0 { WalkStep::Idle(state) } else { WalkStep::Page(state) })
    }

    /// Returns why the upstream has no more.
    async fn end_of_walk(&self, feed: Feed, state: &WalkState) -> Result<StopReason, CatalogError> {
        let hashtag = self.stored_now(&HashtagRef::Id(feed.id)).await?;
        Ok(end_reason(state, hashtag.as_deref().filter(|_| feed.region.is_none())))
    }

    /// Returns the hashtag of the walk, which is looked up once and stored in the state.
    async fn target(
        &self,
        live: &Live,
        order: &WalkOrder,
        state: &mut WalkState,
    ) -> Result<(Hashtag, HashtagId), Cut> {
        if let Some(id) = state.target.as_ref().and_then(|target| target.id.parse().ok())
            && let Some(hashtag) = self.hashtag(&HashtagRef::Id(id)).await?
        {
            return Ok((hashtag, id));
        }
        match self.resolve(live, &order.hashtag).await {
            Ok(Some((hashtag, id))) => {
                state.target = Some(WalkTarget { id: id.to_string(), name: hashtag.tag.name().to_owned() });
                Ok((hashtag, id))
            }
            Ok(None) => Err(Cut::Step(Box::new(WalkStep::Missing(std::mem::take(state))))),
            Err(CatalogError::Upstream { fault, cause, prospect }) => {
                let state = std::mem::take(state);
                Err(Cut::Step(Box::new(WalkStep::Fault { state, fault, cause, prospect })))
            }
            Err(error) => Err(Cut::Failed(error)),
        }
    }

    /// Returns the hashtag that its owner typed, with its id, which is fetched if unknown.
    async fn resolve(&self, live: &Live, typed: &str) -> Result<Option<(Hashtag, HashtagId)>, CatalogError> {
        for reference in HashtagRef::candidates(typed)? {
            let known = self.known(live, &reference).await?;
            let Some(hashtag) = known else { continue };
            let found = self.with_feed_id(live, &reference, hashtag, FreshnessRequirement::FRESH).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl Live {
    /// Returns the upstream that a walk stays with.
    fn of_walk(&self, state: &mut WalkState) -> Result<&Contract, Cut> {
        let contract = match &state.upstream {
            Some(name) => self.contract.iter().find(|contract| contract.guard.name == *name),
            None => self.contract.first(),
        };
        let Some(contract) = contract else {
            let cause = "the upstream that this walk began with is no longer configured".to_owned();
            let state = std::mem::take(state);
            let (fault, prospect) = (UpstreamFault::Unavailable, Prospect::Lasting);
            return Err(Cut::Step(Box::new(WalkStep::Fault { state, fault, cause, prospect })));
        };
        state.upstream = Some(contract.guard.name.clone());
        Ok(contract)
    }
}

fn ended(reason: StopReason, state: WalkState) -> WalkStep {
    WalkStep::Ended(WalkState { stop_reason: Some(reason), ..state })
}

fn fault(state: WalkState, denied: Denied) -> WalkStep {
    let prospect = Prospect::of(&denied);
    let cause = denied.to_string();
    let fault = match no_answer(denied) {
        CatalogError::Upstream { fault, .. } => fault,
        _ => UpstreamFault::Error,
    };
    WalkStep::Fault { state, fault, cause, prospect }
}
