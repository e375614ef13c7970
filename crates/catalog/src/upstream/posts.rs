//! The videos under a hashtag, with what an upstream has of them taken in on the way.
//!
//! A walk begins with what is stored and the upstream's first page. When it comes to the end of that and the upstream
//! has more, the next of its pages is taken in, and what is new in it is put at the end of the walk's frozen order. So
//! a walk still sees each video once, and what is stored grows beyond what an upstream will ever give at once.

use super::hashtag::Freshened;
use super::{
    CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, Live, late, no_answer,
};
use crate::cache::Ready;
use crate::walk::Keep;
use crate::{Catalog, CatalogError, HashtagRef, WalkPage, WalkRequest};
use domain::observation::TagRef;
use domain::{Hashtag, HashtagId, Observation, Region, VideoObservation, WalkCursor};
use sources::upstream::contract::{COUNT_MAX, Page, PostsRequest};
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

/// Times an upstream is asked again for a page that is empty and not its last.
pub(super) const EMPTY_PAGES_MAX: u32 = 3;
/// Pages of an upstream that one page of ours may take, as those before may bring nothing new.
const PAGES_MAX: u32 = 5;

/// Which list of an upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Feed {
    pub(super) id: HashtagId,
    pub(super) region: Option<Region>,
}

impl Feed {
    fn ask(self) -> Fetch {
        let region = self.region.map(|region| region.to_string()).unwrap_or_default();
        Fetch::new(FetchKind::Posts, &format!("{}/{region}", self.id))
    }
}

impl Catalog {
    /// A page of a walk as bytes; `None` if there is no such hashtag.
    pub async fn posts_answer(
        &self,
        reference: &HashtagRef,
        request: WalkRequest,
        requirement: FreshnessRequirement,
        render: fn(&WalkPage) -> Vec<u8>,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        let Some(live) = self.inner.live.as_ref() else {
            return Ok(self.walk_ready(reference, request, render).await?.map(CachedResponse::plain));
        };
        let Some(hashtag) = self.known(live, reference).await? else { return Ok(None) };
        let Some((hashtag, id)) =
            self.with_feed_id(live, reference, hashtag, FreshnessRequirement::default()).await?
        else {
            return Ok(self.walk_ready(reference, request, render).await?.map(CachedResponse::plain));
        };
        let feed = Feed { id, region: request.region };
        let stale = match request.cursor {
            WalkCursor::START => self.begin_feed(live, &hashtag, feed, requirement).await?,
            _ => false,
        };
        let Some(page) = self.fill(live, reference, feed, request).await? else { return Ok(None) };
        let asked_at = self.inner.store.last_fetch(&feed.ask()).await?.map(|asked| asked.at);
        let observed_at = asked_at.or(page.provenance.read_at);
        Ok(Some(CachedResponse { ready: Ready::new(render(&page), page.provenance), observed_at, stale }))
    }

    /// The id an upstream lists the videos of a hashtag under. Where TikTok's is not stored, the upstream is asked for the
    /// hashtag's record first; one that answers it without an id of TikTok's is a Tagmeter, which lists videos under the
    /// assigned id. `None` where no upstream knows the hashtag.
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
        let is_answered = freshened == Freshened::Held { stale: false };
        let id = hashtag.id.or_else(|| is_answered.then(|| hashtag.public_id()));
        Ok(id.map(|id| (hashtag, id)))
    }

    /// The hashtag, asked for where it is not held.
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
            Freshened::Held { .. } => self.hashtag(reference).await,
        }
    }

    /// Takes the first page of a feed in, unless that was done lately. Tells whether what is stored is older than wanted.
    async fn begin_feed(
        &self,
        live: &Live,
        hashtag: &Hashtag,
        feed: Feed,
        requirement: FreshnessRequirement,
    ) -> Result<bool, CatalogError> {
        let asked_at = self.inner.store.last_fetch(&feed.ask()).await?.map(|asked| asked.at);
        if requirement.accepts(asked_at, self.inner.clock.now(), live.freshness.posts) {
            return Ok(false);
        }
        let has_stored = hashtag.observed.videos > 0;
        let patience = Self::patience(live, has_stored);
        match self.take_in(live, hashtag, feed, 0, patience).await? {
            CallOutcome::Stored | CallOutcome::Missing => Ok(false),
            CallOutcome::NotYet | CallOutcome::Denied(_) if has_stored => Ok(true),
            CallOutcome::NotYet => Err(late()),
            CallOutcome::Denied(denied) => Err(no_answer(denied)),
        }
    }

    /// A page that is full, or the last one there is, here and at the upstream.
    async fn fill(
        &self,
        live: &Live,
        reference: &HashtagRef,
        feed: Feed,
        mut request: WalkRequest,
    ) -> Result<Option<WalkPage>, CatalogError> {
        let mut taken_in = 0;
        loop {
            let Some(hashtag) = self.held_now(reference).await? else { return Ok(None) };
            let page = self.page(&hashtag, request, Keep::Always).await?;
            let more = match self.inner.store.last_fetch(&feed.ask()).await? {
                Some(LastFetch { cursor: Some(cursor), has_more: true, .. }) if !page.has_more => cursor,
                _ => return Ok(Some(page)),
            };
            if taken_in == PAGES_MAX {
                return Ok(Some(WalkPage { has_more: !page.videos.is_empty(), ..page }));
            }
            taken_in += 1;
            let patience = Self::patience(live, false);
            match self.take_in(live, &hashtag, feed, more, patience).await? {
                CallOutcome::Stored | CallOutcome::Missing => {}
                // What is here goes out, and the next page may have better luck.
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

    /// Puts videos that are not in a walk's order yet at its end.
    async fn extend(&self, hashtag: &Hashtag, region: Option<Region>, slot: u64) -> Result<(), CatalogError> {
        let videos = self.ranking(hashtag, region).await?;
        let extended = self.inner.store.extend_generation(hashtag.row, slot, videos).await?;
        let extended = extended.ok_or(CatalogError::CursorUnknown)?;
        self.inner.cache.keep_generation(extended.generation);
        Ok(())
    }

    /// Takes a page of a feed in, once for all who ask for it.
    async fn take_in(
        &self,
        live: &Live,
        hashtag: &Hashtag,
        feed: Feed,
        cursor: u64,
        patience: std::time::Duration,
    ) -> Result<CallOutcome, CatalogError> {
        let flight = Flight::Posts { hashtag: hashtag.row, region: feed.region, cursor };
        let tag = TagRef { tag: hashtag.tag.clone(), id: Some(feed.id) };
        self.hear(live, flight, patience, |catalog| catalog.fetch_posts(tag, feed, cursor)).await
    }

    async fn fetch_posts(self, tag: TagRef, feed: Feed, cursor: u64) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let asked = PostsRequest { cursor, count: COUNT_MAX, region: feed.region };
        let mut empty = 0;
        let page = loop {
            let called = live.ask(|connector, at| {
                let tag = tag.clone();
                async move { connector.posts(&tag, feed.id, asked, at).await }
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
        Landed::of(self.keep_posts(feed, cursor, page).await)
    }

    pub(super) async fn keep_posts(
        &self,
        feed: Feed,
        cursor: u64,
        page: Page<VideoObservation>,
    ) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        // A page that stays empty, or leads back, is the end, whatever it says.
        let goes_on = page.has_more && page.cursor > cursor && !page.records.is_empty();
        if page.has_more && !goes_on {
            tracing::warn!(hashtag = %feed.id, cursor, "an upstream says that there is more and gives none");
        }
        let videos = page.records.into_iter().map(|video| Observation::Video(Box::new(video)));
        let videos: Vec<Observation> = videos.collect();
        let is_new = !videos.is_empty() && self.record(videos).await?.videos_new > 0;
        let now =
            LastFetch { at, outcome: FetchOutcome::Found, cursor: Some(page.cursor), has_more: goes_on };
        let before = self.inner.store.last_fetch(&feed.ask()).await?;
        // Where a walk begins anew with nothing new, it does not go through what was taken in before.
        let further = before.filter(|before| cursor == 0 && !is_new && before.cursor > now.cursor);
        let reached = further.map_or(now, |before| LastFetch { at, ..before });
        Ok(self.inner.store.note_fetch(&feed.ask(), reached).await?)
    }
}
