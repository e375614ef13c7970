//! Walking through the videos under a hashtag, a page at a time.
//!
//! A walk sees each video that was stored when it began exactly once, whatever is imported meanwhile: the order
//! is frozen in a ranking (a *generation*) when a walk begins and the hashtag has changed since the last one
//! was stored; cursors have the generation's number and a position in it. A hashtag that fits one page needs no
//! generation.

use crate::{Catalog, CatalogError, HashtagRef, Provenance};
use bytes::Bytes;
use domain::{Hashtag, Region, Timestamp, WalkCursor, fragment};
use store::videos::{ShownVideo, VideoRow};
use store::walks::Generation;

/// Maximum number of videos on one page.
pub const WALK_COUNT_MAX: u32 = 100;
/// Time for which new walks reuse a generation.
const BEGINS_FOR_MS: i64 = 24 * 3600 * 1000;
/// Time for which its cursors are valid.
const VALID_FOR_MS: i64 = 48 * 3600 * 1000;
/// Above this many videos a ranking is built on a blocking thread, one at a time.
const RANKED_INLINE_MAX: u64 = 5_000;

/// Request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkRequest {
    /// Cursor of the page; `WalkCursor::START` for the first.
    pub cursor: WalkCursor,
    /// Videos on the page, 1 to [`WALK_COUNT_MAX`].
    pub count: u32,
    /// Only videos of this region.
    pub region: Option<Region>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkPage {
    /// Rendered JSON of the videos, most plays first.
    pub videos: Vec<Bytes>,
    /// Cursor of the next page.
    pub cursor: WalkCursor,
    /// True if there is a next page.
    pub has_more: bool,
    /// Videos in the whole walk.
    pub stored: u64,
    /// Provenance of its videos' counts.
    pub provenance: Provenance,
}

/// Decides if a walk that fits its first page is stored as a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persist {
    /// No: it needs no order to continue in.
    IfLonger,
    /// Yes: more videos may follow.
    Always,
}

/// The videos of a page and its position.
struct Part {
    shown: Vec<ShownVideo>,
    generation: u64,
    position: u64,
    total: u64,
}

impl Catalog {
    /// Returns a page of a walk; `None` if there is no such hashtag.
    pub async fn walk(
        &self,
        reference: &HashtagRef,
        request: WalkRequest,
    ) -> Result<Option<WalkPage>, CatalogError> {
        self.follow().await?;
        match self.cached(reference).await? {
            Some(hashtag) => self.page(&hashtag, request, Persist::IfLonger).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn page(
        &self,
        hashtag: &Hashtag,
        request: WalkRequest,
        persist: Persist,
    ) -> Result<WalkPage, CatalogError> {
        let count = request.count.clamp(1, WALK_COUNT_MAX);
        let part = match request.cursor.generation() {
            0 => self.begin(hashtag, request, count, persist).await?,
            slot => self.go_on(hashtag, request, slot, count).await?,
        };
        let reached = part.position + part.shown.len() as u64;
        let cursor = WalkCursor::new(part.generation, reached).ok_or(CatalogError::CursorUnknown)?;
        Ok(WalkPage {
            videos: unpacked(&part.shown)?,
            cursor,
            has_more: reached < part.total && !part.shown.is_empty(),
            stored: part.total,
            provenance: Provenance::of_videos(&part.shown),
        })
    }

    /// Returns a page of the current order: the beginning of a walk, or a plain offset into it.
    async fn begin(
        &self,
        hashtag: &Hashtag,
        request: WalkRequest,
        count: u32,
        persist: Persist,
    ) -> Result<Part, CatalogError> {
        let (inner, region, position) = (&self.inner, request.region, request.cursor.position());
        if hashtag.observed.videos == 0 {
            return Ok(Part { shown: Vec::new(), generation: 0, position, total: 0 });
        }
        let now = inner.clock.now();
        if let Some(generation) = self.current(hashtag, region, now).await?
            && let Some(part) = self.cached_part(&generation, position, count).await?
        {
            return Ok(part);
        }
        let _one_at_a_time =
            if hashtag.observed.videos > RANKED_INLINE_MAX { Some(inner.ranking.lock().await) } else { None };
        if let Some(generation) = self.current(hashtag, region, now).await?
            && let Some(part) = self.cached_part(&generation, position, count).await?
        {
            return Ok(part);
        }
        let ranking = self.ranking(hashtag, region).await?;
        let total = ranking.len() as u64;
        if position == 0 && total <= u64::from(count) && (persist == Persist::IfLonger || total == 0) {
            let shown = inner.store.shown(&ranking).await?;
            return Ok(Part { shown, generation: 0, position, total });
        }
        let expired_before = Timestamp::from_ms(now.as_ms() - VALID_FOR_MS);
        let generation = inner
            .store
            .write_generation(hashtag.row, region, hashtag.changed, now, expired_before, ranking)
            .await?;
        inner.cache.insert_generation(generation);
        self.first_part(&generation, position, count).await
    }

    /// Returns the generation of the hashtag's current state, if there is one.
    async fn current(
        &self,
        hashtag: &Hashtag,
        region: Option<Region>,
        now: Timestamp,
    ) -> Result<Option<Generation>, CatalogError> {
        let is_current = |g: &Generation| {
            let age_ms = now.as_ms() - g.built_at.as_ms();
            g.changed == hashtag.changed && (0..BEGINS_FOR_MS).contains(&age_ms)
        };
        if let Some(generation) = self.inner.cache.generation(hashtag.row, region).filter(is_current) {
            return Ok(Some(generation));
        }
        let fitting = self.inner.store.newest_generation(hashtag.row, region).await?.filter(is_current);
        if let Some(generation) = fitting {
            self.inner.cache.insert_generation(generation);
        }
        Ok(fitting)
    }

    pub(crate) async fn ranking(
        &self,
        hashtag: &Hashtag,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, CatalogError> {
        let store = self.inner.store.clone();
        let row = hashtag.row;
        if hashtag.observed.videos <= RANKED_INLINE_MAX {
            return Ok(store.ranking(row, region).await?);
        }
        let runtime = tokio::runtime::Handle::current();
        let ranked = tokio::task::spawn_blocking(move || runtime.block_on(store.ranking(row, region))).await;
        ranked.map_err(store::StoreError::of_task)?.map_err(CatalogError::from)
    }

    async fn go_on(
        &self,
        hashtag: &Hashtag,
        request: WalkRequest,
        slot: u64,
        count: u32,
    ) -> Result<Part, CatalogError> {
        let now_ms = self.inner.clock.now().as_ms();
        let cached = self.inner.cache.generation(hashtag.row, request.region);
        // One with a time from a clock that was ahead is read again: the store corrects it.
        let cached = cached.filter(|g| g.slot == slot && g.built_at.as_ms() <= now_ms + VALID_FOR_MS);
        let generation = match cached {
            Some(generation) => Some(generation),
            None => self.inner.store.generation(hashtag.row, slot).await?,
        };
        // An expired one counts as dropped: the validity of a cursor must not depend on other walks.
        let oldest_ms = now_ms - VALID_FOR_MS;
        let is_of_this_walk = |g: &Generation| {
            g.hashtag == hashtag.row && g.region == request.region && g.built_at.as_ms() >= oldest_ms
        };
        let generation = generation.filter(is_of_this_walk).ok_or(CatalogError::CursorUnknown)?;
        self.part(&generation, request.cursor.position(), count).await
    }

    /// Returns a part of a generation; `None` if it was dropped while it was cached: the walk then begins with
    /// another one.
    async fn cached_part(
        &self,
        generation: &Generation,
        position: u64,
        count: u32,
    ) -> Result<Option<Part>, CatalogError> {
        match self.first_part(generation, position, count).await {
            Err(CatalogError::CursorUnknown) => Ok(None),
            part => part.map(Some),
        }
    }

    /// Returns a part of a current generation: its head is as fresh as the videos themselves.
    async fn first_part(
        &self,
        generation: &Generation,
        position: u64,
        count: u32,
    ) -> Result<Part, CatalogError> {
        if position == 0
            && let Some(shown) =
                self.inner.store.first_page(generation.hashtag, generation.slot, count).await?
        {
            return Ok(Part { shown, generation: generation.slot, position, total: generation.videos });
        }
        self.part(generation, position, count).await
    }

    async fn part(&self, generation: &Generation, position: u64, count: u32) -> Result<Part, CatalogError> {
        let rows = self.inner.store.ranked(generation.hashtag, generation.slot, position, count).await?;
        if rows.is_empty() && position < generation.videos {
            // It was dropped, as a video of it was forgotten, and is still cached.
            return Err(CatalogError::CursorUnknown);
        }
        let shown = self.inner.store.shown(&rows).await?;
        Ok(Part { shown, generation: generation.slot, position, total: generation.videos })
    }
}

/// Unpacks the videos' JSON, all in one allocation.
fn unpacked(videos: &[ShownVideo]) -> Result<Vec<Bytes>, CatalogError> {
    let mut json = Vec::with_capacity(videos.len() * 1536);
    let mut ends = Vec::with_capacity(videos.len());
    for ShownVideo { packed, .. } in videos {
        fragment::unpack(packed, &mut json).ok_or_else(|| store::StoreError::Inconsistent {
            table: "videos",
            column: "packed",
            row: String::from_utf8_lossy(&packed[..packed.len().min(24)]).into_owned(),
        })?;
        ends.push(json.len());
    }
    let json = Bytes::from(json);
    let mut begin = 0;
    Ok(ends.into_iter().map(|end| json.slice(std::mem::replace(&mut begin, end)..end)).collect())
}
