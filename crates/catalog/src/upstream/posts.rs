//! The videos under a hashtag, with those of an upstream recorded on the way.
//!
//! A walk begins with the stored videos and the upstream's first page. At the end of these, if the upstream has
//! more, its next page is recorded, and the new videos are appended to the walk's frozen order. So a walk still
//! sees each video once, and the store grows beyond what an upstream ever returns at once.

use super::hashtag::Freshened;
use super::{
    CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, Live, late, no_answer,
};
use crate::walk::Persist;
use crate::{Answers, Catalog, CatalogError, HashtagRef, WalkPage, WalkRequest};
use domain::observation::TagRef;
use domain::{Hashtag, HashtagId, Observation, Region, VideoObservation, WalkCursor};
use sources::upstream::contract::{COUNT_MAX, Page, PostsRequest};
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

/// Maximum number of retries of a page that is empty and not the last.
pub(super) const EMPTY_PAGES_MAX: u32 = 3;
/// Maximum number of an upstream's pages fetched for one page of ours, as some may have nothing new.
const PAGES_MAX: u32 = 5;

/// A list of videos at an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Feed {
    pub(super) id: HashtagId,
    pub(super) region: Option<Region>,
}

impl Feed {
    fn fetch(self) -> Fetch {
        let region = self.region.map(|region| region.to_string()).unwrap_or_default();
        Fetch::new(FetchKind::Posts, &format!("{}/{region}", self.id))
    }
}

impl Answers {
    /// Returns a page of a walk as bytes; `None` if there is no such hashtag.
    pub async fn posts(
        &self,
        reference: &HashtagRef,
        request: WalkRequest,
        requirement: FreshnessRequirement,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        match self.catalog.inner.live.as_ref() {
            Some(live) => Box::pin(self.fresh_posts(live, reference, request, requirement)).await,
            None => Ok(self.posts_ready(reference, request).await?.map(CachedResponse::plain)),
        }
    }

    async fn fresh_posts(
        &self,
        live: &Live,
        reference: &HashtagRef,
        request: WalkRequest,
        requirement: FreshnessRequirement,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        let catalog = &self.catalog;
        let Some(hashtag) = catalog.known(live, reference).await? else { return Ok(None) };
        let Some((hashtag, id)) =
            catalog.with_feed_id(live, reference, hashtag, FreshnessRequirement::default()).await?
        else {
            return Ok(self.posts_ready(reference, request).await?.map(CachedResponse::plain));
        };
        let feed = Feed { id, region: request.region };
        let stale = match request.cursor {
            WalkCursor::START => catalog.begin_feed(live, &hashtag, feed, requirement).await?,
            _ => false,
        };
        let Some(page) = catalog.fill(live, reference, feed, request).await? else { return Ok(None) };
        let fetched_at = catalog.store().last_fetch(&feed.fetch()).await?.map(|fetch| fetch.at);
        let observed_at = fetched_at.or(page.provenance.read_at);
        Ok(Some(CachedResponse { ready: self.render_posts(&page), observed_at, stale }))
    }
}

impl Catalog {
    /// Returns the hashtag with the id under which an upstream lists its videos. If TikTok's is not stored, the
    /// hashtag's record is fetched first; an upstream that answers without TikTok's id is a Tagmeter, which
    /// lists videos under the assigned id. `None` if no upstream knows the hashtag.
    pub(super) async fn with_feed_id(
        &self,
        live: &Live,
        reference: &HashtagRef,
        hashtag: Hashtag,
        requirement: FreshnessRequirement,
    ) -> Result<Option<(Hashtag, HashtagId)>, CatalogError> {
        if let Some(id) = hashtag.id {
            return Ok(Some((hashtag, id)));
        }
        let freshened = self.freshen(live, reference, requirement).await?;
        let Some(hashtag) = self.hashtag(reference).await? else { return Ok(None) };
        let is_answered = freshened == Freshened::Stored { stale: false };
        let id = hashtag.id.or_else(|| is_answered.then(|| hashtag.public_id()));
        Ok(id.map(|id| (hashtag, id)))
    }

    /// Returns the hashtag, fetched if it is not stored.
    pub(super) async fn known(
        &self,
        live: &Live,
        reference: &HashtagRef,
    ) -> Result<Option<Hashtag>, CatalogError> {
        if let Some(hashtag) = self.hashtag(reference).await? {
            return Ok(Some(hashtag));
        }
        match self.freshen(live, reference, FreshnessRequirement::default()).await? {
            Freshened::Missing => Ok(None),
            Freshened::Stored { .. } => self.hashtag(reference).await,
        }
    }

    /// Records the first page of a feed, unless that was done recently. Returns true if the stored data is
    /// older than required.
    async fn begin_feed(
        &self,
        live: &Live,
        hashtag: &Hashtag,
        feed: Feed,
        requirement: FreshnessRequirement,
    ) -> Result<bool, CatalogError> {
        let fetched_at = self.inner.store.last_fetch(&feed.fetch()).await?.map(|fetch| fetch.at);
        if requirement.accepts(fetched_at, self.inner.clock.now(), live.freshness.posts) {
            return Ok(false);
        }
        let has_stored = hashtag.observed.videos > 0;
        let patience = Self::patience(live, has_stored);
        match self.fetch_page(live, hashtag, feed, 0, patience).await? {
            CallOutcome::Stored | CallOutcome::Missing => Ok(false),
            CallOutcome::NotYet | CallOutcome::Denied(_) if has_stored => Ok(true),
            CallOutcome::NotYet => Err(late()),
            CallOutcome::Denied(denied) => Err(no_answer(denied)),
        }
    }

    /// Returns a page that is full, or the last one both here and at the upstream.
    async fn fill(
        &self,
        live: &Live,
        reference: &HashtagRef,
        feed: Feed,
        mut request: WalkRequest,
    ) -> Result<Option<WalkPage>, CatalogError> {
        let mut taken_in = 0;
        loop {
            let Some(hashtag) = self.stored_now(reference).await? else { return Ok(None) };
            let page = self.page(&hashtag, request, Persist::Always).await?;
            let more = match self.inner.store.last_fetch(&feed.fetch()).await? {
                Some(LastFetch { cursor: Some(cursor), has_more: true, .. }) if !page.has_more => cursor,
                _ => return Ok(Some(page)),
            };
            if taken_in == PAGES_MAX {
                return Ok(Some(WalkPage { has_more: !page.videos.is_empty(), ..page }));
            }
            taken_in += 1;
            let patience = Self::patience(live, false);
            match self.fetch_page(live, &hashtag, feed, more, patience).await? {
                CallOutcome::Stored | CallOutcome::Missing => {}
                // The stored videos are returned, and the next page may succeed.
                CallOutcome::NotYet | CallOutcome::Denied(_) if !page.videos.is_empty() => {
                    return Ok(Some(WalkPage { has_more: true, ..page }));
                }
                CallOutcome::NotYet => return Err(late()),
                CallOutcome::Denied(denied) => return Err(no_answer(denied)),
            }
            if page.cursor.generation() != 0 {
                self.extend(&hashtag, request.region, page.cursor.generation()).await?;
                let begins_at = page.cursor.position() - page.videos.len() as u64;
                request.cursor = WalkCursor::new(page.cursor.generation(), begins_at)
                    .ok_or(CatalogError::CursorUnknown)?;
            }
        }
    }

    /// Appends videos that are not in a walk's order yet.
    async fn extend(&self, hashtag: &Hashtag, region: Option<Region>, slot: u64) -> Result<(), CatalogError> {
        let videos = self.ranking(hashtag, region).await?;
        let extended = self.inner.store.extend_generation(hashtag.row, slot, videos).await?;
        let extended = extended.ok_or(CatalogError::CursorUnknown)?;
        self.inner.cache.insert_generation(extended.generation);
        Ok(())
    }

    /// Fetches and records a page of a feed, once for all concurrent callers.
    async fn fetch_page(
        &self,
        live: &Live,
        hashtag: &Hashtag,
        feed: Feed,
        cursor: u64,
        patience: std::time::Duration,
    ) -> Result<CallOutcome, CatalogError> {
        let flight = Flight::Posts { hashtag: hashtag.row, region: feed.region, cursor };
        let tag = TagRef { tag: hashtag.tag.clone(), id: Some(feed.id) };
        self.join(live, flight, patience, |catalog| catalog.fetch_posts(tag, feed, cursor)).await
    }

    async fn fetch_posts(self, tag: TagRef, feed: Feed, cursor: u64) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let request = PostsRequest { cursor, count: COUNT_MAX, region: feed.region };
        let mut empty = 0;
        let page = loop {
            let called = live.call(|connector, at| {
                let tag = tag.clone();
                async move { connector.posts(&tag, feed.id, request, at).await }
            });
            match called.await {
                Err(denied) => return Landed::Denied(denied),
                Ok(Some(page)) if page.records.is_empty() && page.has_more && empty < EMPTY_PAGES_MAX => {
                    empty += 1
                }
                Ok(page) => break page,
            }
        };
        let Some(page) = page else { return Landed::Missing };
        Landed::of(self.write_posts(feed, cursor, page).await)
    }

    pub(super) async fn write_posts(
        &self,
        feed: Feed,
        cursor: u64,
        page: Page<VideoObservation>,
    ) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        // A page that stays empty, or leads back, is the last, whatever it announces.
        let goes_on = page.has_more && page.cursor > cursor && !page.records.is_empty();
        if page.has_more && !goes_on {
            tracing::warn!(hashtag = %feed.id, cursor, "an upstream announces more and returns none");
        }
        let videos = page.records.into_iter().map(|video| Observation::Video(Box::new(video)));
        let videos: Vec<Observation> = videos.collect();
        let is_new = !videos.is_empty() && self.record(videos).await?.videos_new > 0;
        let now =
            LastFetch { at, outcome: FetchOutcome::Found, cursor: Some(page.cursor), has_more: goes_on };
        let before = self.inner.store.last_fetch(&feed.fetch()).await?;
        // A new walk without new videos skips the pages recorded before.
        let further = before.filter(|before| cursor == 0 && !is_new && before.cursor > now.cursor);
        let reached = further.map_or(now, |before| LastFetch { at, ..before });
        Ok(self.inner.store.note_fetch(&feed.fetch(), reached).await?)
    }
}
